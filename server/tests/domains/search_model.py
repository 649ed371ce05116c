"""The meaning of queries, told a second time in plain Python: slow, without SQL, to compare the product with.

Shares the parser and the dates with the product, whose own tests they have; nothing of what comes behind them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from tests.domains.search_desk import NOW, Conversation, Customer
from waypost.kit.search_query import (
    And,
    Clause,
    Everything,
    Group,
    Node,
    Not,
    Or,
    Pattern,
    Phrase,
    Range,
    Stray,
    Word,
)
from waypost.kit.search_query.dates import period

WRITERS = ("message", "chat", "beaconchat")
#: A word's stem, as PostgreSQL's dictionary has it: data, taken from there by whoever compares.
Stemmer = Callable[[str], str]
Test = Callable[[Any], bool]


class Refused(Exception):
    """The value is none that its field can have."""


def words(text: str) -> list[str]:
    """The words of a text, folded."""
    folded = unicodedata.normalize("NFKD", text).lower()
    folded = "".join(sign for sign in folded if not "\u0300" <= sign <= "\u036f").replace("ß", "ss")
    return re.findall(r"[^\W_]+", folded)


def has_phrase(text: str, sought: list[str], *, last_begins: bool = False) -> bool:
    """Whether the words stand side by side."""
    there = words(text)
    for start in range(len(there) - len(sought) + 1):
        found = there[start : start + len(sought)]
        if found == sought or (last_begins and found[:-1] == sought[:-1] and found[-1].startswith(sought[-1])):
            return bool(sought)
    return False


def has_forms(text: str, sought: list[str], stem: Stemmer) -> bool:
    """Whether the words stand side by side, each in any of its forms; what holds a digit has no others."""

    def forms(found: list[str]) -> list[str]:
        return [word if re.search("[0-9]", word) else stem(word) for word in found]

    there, wanted = forms(words(text)), forms(sought)
    return bool(wanted) and any(
        there[start : start + len(wanted)] == wanted for start in range(len(there) - len(wanted) + 1)
    )


def fits(pattern: Pattern, text: str) -> bool:
    """Whether the whole text fits the wildcards, case ignored."""
    signs = {"*": ".*", "?": "."}
    regex = "".join(re.escape(p.lower()) if isinstance(p, str) else signs[p.value] for p in pattern.parts)
    return re.fullmatch(regex, text.lower(), re.DOTALL) is not None


def is_any(value: Any) -> bool:
    return (isinstance(value, Range) and value.low is None and value.high is None) or (
        isinstance(value, Word)
        and bool(value.pattern.parts)
        and value.pattern.text.strip("*") == ""
        and value.pattern.shape == "any"
    )


def pattern_of(value: Any) -> Pattern:
    if isinstance(value, Range):
        raise Refused
    return value.pattern  # type: ignore[no-any-return]


def text_test(value: Any, *, loose: bool = False, stem: Stemmer | None = None) -> Callable[[Iterable[str]], bool]:
    """For a field of text: do its texts hold the word or phrase? With a stemmer, words outside quotes in any form."""
    if is_any(value):
        return lambda _: True
    pattern = pattern_of(value)
    sought = words(pattern.text)
    if isinstance(value, Phrase):
        if loose:
            return lambda texts: any(sought and set(sought) <= set(words(text)) for text in texts)
        return lambda texts: any(has_phrase(text, sought) for text in texts)
    begins = pattern.text.endswith("*") and pattern.text[-2:-1].isalnum() and not isinstance(pattern.parts[-1], str)
    if stem is not None and not begins:
        return lambda texts: any(has_forms(text, sought, stem) for text in texts)
    return lambda texts: any(has_phrase(text, sought, last_begins=begins) for text in texts)


def exact_test(value: Any, *, in_quotes: bool = False) -> Callable[[Iterable[str]], bool]:
    """For an exact field: is one of its values meant?"""
    if is_any(value):
        return lambda texts: any(True for _ in texts)
    pattern = pattern_of(value)
    if isinstance(value, Phrase) and not in_quotes:
        pattern = Pattern((pattern.text,))
    return lambda texts: any(fits(pattern, text) for text in texts)


def number(text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        raise Refused
    return int(text)


def number_test(value: Any) -> Callable[[Iterable[int]], bool]:
    """For a field of numbers."""
    if is_any(value):
        return lambda numbers: any(True for _ in numbers)
    if isinstance(value, Range):
        low = None if value.low is None else number(value.low) + (not value.includes_low)
        high = None if value.high is None else number(value.high) - (not value.includes_high)
    else:
        low = high = number(value.pattern.text)
    return lambda numbers: any((low is None or low <= n) and (high is None or n <= high) for n in numbers)


def date_test(value: Any) -> Callable[[datetime | None], bool]:
    """For a field of dates."""
    if is_any(value):
        return lambda moment: moment is not None
    try:
        if not isinstance(value, Range):
            span = period(value.pattern.text, NOW)
            return lambda moment: moment is not None and span.start <= moment < span.end
        low = None if value.low is None else period(value.low, NOW).start
        high = None if value.high is None else period(value.high, NOW)
    except ValueError:
        raise Refused from None
    if low and not value.includes_low and low.year < 9999:
        low += timedelta(seconds=1)
    end = None if high is None else high.end if value.includes_high else high.start
    return lambda moment: moment is not None and (low is None or low <= moment) and (end is None or moment < end)


def shown(talk: Conversation) -> list[Any]:
    return [thread for thread in talk.threads if thread.state == "published" and thread.type != "lineitem"]


def addresses(talk: Conversation) -> list[str]:
    there = [*talk.customer.emails, *talk.cc]
    for thread in shown(talk):
        there += [*thread.to, *thread.cc]
    return there


def people(talk: Conversation) -> list[int]:
    return [talk.customer.id, *(thread.customer_id for thread in shown(talk) if thread.customer_id)]


def repliers(talk: Conversation) -> list[int]:
    return [thread.user_id for thread in shown(talk) if thread.type in WRITERS and thread.user_id]


def tag_values(talk: Conversation) -> list[str]:
    return [value for tag in talk.tags for value in (tag, tag.lower().replace(" ", "-"))]


def status_test(value: Any) -> Test:
    if is_any(value):
        return lambda _: True
    pattern = pattern_of(value)
    text = pattern.text.lower()
    if text == "all":
        return lambda _: True
    if text == "open":
        return lambda talk: talk.status in {"active", "pending"}
    test = exact_test(value)
    return lambda talk: test([talk.status])


def assigned_test(value: Any) -> Test:
    if not is_any(value) and pattern_of(value).text.lower() == "unassigned":
        return lambda talk: talk.assignee is None
    test = exact_test(value)
    return lambda talk: talk.assignee is not None and test([talk.assignee])


def files_test(value: Any) -> Test:
    if is_any(value):
        return lambda _: True
    text = pattern_of(value).text.lower()
    if text not in {"true", "false"}:
        raise Refused
    return lambda talk: (talk.files > 0) == (text == "true")


def of(test: Callable[[Any], bool], *values: Callable[[Any], Any]) -> Test:
    """The test on what a row has in one of these ways."""
    return lambda row: any(test(value(row)) for value in values)


def subject_test(value: Any, stem: Stemmer | None) -> Test:
    return of(text_test(value, loose=True, stem=stem), lambda talk: [talk.subject])


def body_test(value: Any, stem: Stemmer | None) -> Test:
    if is_any(value):
        return lambda talk: bool(shown(talk))
    return of(text_test(value, stem=stem), lambda talk: [thread.body for thread in shown(talk)])


def free_test(value: Any, stem: Stemmer | None) -> Test:
    subject, body, plain = text_test(value, loose=True, stem=stem), text_test(value, stem=stem), text_test(value)
    return lambda talk: (
        subject([talk.subject])
        or body(thread.body for thread in shown(talk))
        or plain([f"{talk.customer.first_name} {talk.customer.last_name}", *talk.customer.emails])
        or plain(talk.tags)
        or plain([str(talk.number)])
    )


def conversation_fields(stem: Stemmer | None) -> dict[str | None, Callable[[Any], Test]]:
    """The fields of conversations in an account with this stemmer, or with none."""
    return {
        None: lambda value: free_test(value, stem),
        "subject": lambda value: subject_test(value, stem),
        "body": lambda value: body_test(value, stem),
        **_CONVERSATIONS,
    }


_CONVERSATIONS: dict[str | None, Callable[[Any], Test]] = {
    "tag": lambda value: of(exact_test(value), tag_values),
    "email": lambda value: of(exact_test(value, in_quotes=True), addresses),
    "mailbox": lambda value: of(exact_test(value), lambda talk: [talk.mailbox]),
    "mailboxid": lambda value: of(number_test(value), lambda talk: [talk.mailbox_id]),
    "status": status_test,
    "number": lambda value: of(number_test(value), lambda talk: [talk.number]),
    "id": lambda value: of(number_test(value), lambda talk: [talk.id]),
    "customerids": lambda value: of(number_test(value), people),
    "replyuserids": lambda value: of(number_test(value), repliers),
    "assigned": assigned_test,
    "attachments": files_test,
    "createdat": lambda value: of(date_test(value), lambda talk: talk.created_at),
    "modifiedat": lambda value: of(date_test(value), lambda talk: talk.modified_at),
    "closedat": lambda value: of(date_test(value), lambda talk: talk.closed_at),
    "waitingsince": lambda value: of(date_test(value), lambda talk: talk.waiting_since),
    "type": lambda value: of(exact_test(value), lambda talk: [talk.type]),
}


def name_test(attribute: str) -> Callable[[Any], Test]:
    def make(value: Any) -> Test:
        if isinstance(value, Word) and not is_any(value) and value.pattern.shape in {"ending", "mixed", "any"}:
            sought = [part for part in re.split(r"[^\w*?]+|_", words_with_wildcards(value.pattern)) if part]
            return lambda person: (
                bool(sought)
                and all(
                    any(
                        re.fullmatch(part.replace("*", ".*").replace("?", "."), word)
                        for word in words(getattr(person, attribute))
                    )
                    for part in sought
                )
            )
        return of(text_test(value, loose=True), lambda person: [getattr(person, attribute)])

    return make


def words_with_wildcards(pattern: Pattern) -> str:
    """The pattern as text, folded; literal stars and question marks, which part words, as blanks."""
    parts = [" ".join(re.split(r"[*?]", part)) if isinstance(part, str) else part.value for part in pattern.parts]
    return "".join(
        sign for sign in unicodedata.normalize("NFKD", "".join(parts)).lower() if not unicodedata.combining(sign)
    )


def some_email_test(value: Any) -> Test:
    full = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
    if isinstance(value, Word) and value.pattern.shape == "whole" and not full.fullmatch(value.pattern.text):
        return lambda person: any(value.pattern.text.lower() in email.lower() for email in person.emails)
    return of(exact_test(value, in_quotes=True), lambda person: person.emails)


def customer_free_test(value: Any) -> Test:
    loose, plain = text_test(value, loose=True), text_test(value)
    return lambda person: (
        loose([person.first_name])
        or loose([person.last_name])
        or plain(person.emails)
        or plain([person.organization or ""])
    )


CUSTOMERS: dict[str | None, Callable[[Any], Test]] = {
    None: customer_free_test,
    "firstname": name_test("first_name"),
    "lastname": name_test("last_name"),
    "email": some_email_test,
    "emaildomain": lambda value: of(exact_test(value), lambda k: [email.split("@")[1] for email in k.emails]),
    "modifiedat": lambda value: of(date_test(value), lambda k: k.updated_at),
    "createdat": lambda value: of(date_test(value), lambda k: k.created_at),
    "organization": lambda value: of(text_test(value), lambda k: [k.organization or ""]),
    "id": lambda value: of(number_test(value), lambda k: [k.id]),
}


def test_of(node: Node, fields: dict[str | None, Callable[[Any], Test]]) -> Test:
    """What a query means. Raises Refused for a value that its field cannot have."""
    match node:
        case Everything():
            return lambda _: True
        case Not():
            child = test_of(node.child, fields)
            return lambda row: not child(row)
        case And() | Or():
            tests = [test_of(child, fields) for child in node.children]
            combined = all if isinstance(node, And) else any
            return lambda row: combined([test(row) for test in tests])
        case Group():
            return test_of(node.child, fields) if node.field.lower() in fields else lambda _: False
    return clause_test(node, fields)


def clause_test(clause: Clause, fields: dict[str | None, Callable[[Any], Test]]) -> Test:
    field = clause.field and clause.field.lower()
    if field in fields:
        if isinstance(clause.value, Stray):
            raise Refused
        return fields[field](clause.value)
    free = fields[None]
    match clause.value:
        case Stray():
            return free(Word(Pattern((f"{clause.field}:{clause.value.text}",))))
        case Word():
            glue = " " if clause.is_apart else ""
            parts = (f"{clause.field}:{glue}", *clause.value.pattern.parts)
            if clause.is_apart:
                name, value = free(Word(Pattern((f"{clause.field}:",)))), free(clause.value)
                return lambda row: name(row) and value(row)
            return free(Word(Pattern.of(*parts)))
    return lambda _: False


def expected(
    node: Node, fields: dict[str | None, Callable[[Any], Test]], rows: Sequence[Conversation | Customer]
) -> set[int]:
    """Ids of the rows that match."""
    test = test_of(node, fields)
    return {row.id for row in rows if test(row)}
