"""What the query language means for customers (spec: 12.4).

Conditions are about a row of `customer` called by that name, in a statement whose first argument is the account.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

from waypost.kit.clock import system_clock
from waypost.kit.search_query import (
    ACCOUNT,
    ANY_RUN,
    FALSE,
    Clause,
    FieldCompiler,
    How,
    Leaf,
    Node,
    Parameters,
    Pattern,
    Predicate,
    Search,
    Searchable,
    SqlCondition,
    Wildcard,
    Word,
    date_field,
    hits_by_words,
    is_anything,
    number_field,
    truth,
    wildcards,
)

_COLUMN = re.compile(r"\bcustomer\.(\w+)")
_DOCUMENT = "s.document"
_ITS_DOCUMENT = "from customer_search s where s.account_id = customer.account_id and s.customer_id = customer.id"
#: What is compared whole in `email`; anything less is a part of an address (spec: 12.4).
_FULL_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


def compile(  # noqa: A001 - the verb's name
    node: Node, offset: int, now: datetime | None = None, how: How = "once"
) -> SqlCondition:
    """The condition for a query, its arguments numbered from `offset` + 1. `now` is what NOW means; `how`: see Search.

    Raises BadParameter for a value that its field cannot have.
    """
    return _CUSTOMERS.condition(node, Search(now or system_clock(), Parameters(offset), how=how))


def is_told(node: Node) -> bool:
    """Whether the search documents alone tell which customers match, and their index finds these."""
    search = Search(system_clock(), Parameters(), how="here")
    sql = _CUSTOMERS.condition(node, search).sql
    return search.is_narrowed and set(_COLUMN.findall(sql)) <= {"id", "account_id", "document"}


def score(node: Node, offset: int, now: datetime | None = None) -> SqlCondition:
    """A number that is larger the better a customer matches the query's words; 0 if it has none."""
    return _CUSTOMERS.score(node, Search(now or system_clock(), Parameters(offset)))


def _name(kind: str, column: str) -> FieldCompiler:
    """A name: words in any order, with wildcards in the words."""
    by_words = hits_by_words(kind, loose=kind)

    def leaf(clause: Clause, search: Search) -> Leaf:
        if is_anything(clause):
            return by_words(clause, search)
        pattern = wildcards(clause)
        if pattern.shape in {"whole", "beginning"}:
            return by_words(clause, search)
        words = _words(pattern)
        each = [f"exists (select from unnest(s.{column}) w where w like {search.text(word.like())})" for word in words]
        return Predicate(f"exists (select {_ITS_DOCUMENT} and {' and '.join(each)})") if words else FALSE

    return leaf


def _words(pattern: Pattern) -> list[Pattern]:
    """A pattern cut into patterns of single words, folded as the names in the search document are."""
    words: list[list[str | Wildcard]] = [[]]
    for part in pattern.parts:
        if not isinstance(part, str):
            words[-1].append(part)
            continue
        folded = "".join(
            sign for sign in unicodedata.normalize("NFKD", part).lower() if not unicodedata.combining(sign)
        )
        first, *others = re.split(r"[^\w]|_", folded)
        words[-1].append(first)
        words += [[other] for other in others]
    made = (Pattern.of(*(part for part in word if part != "")).collapsed() for word in words)
    return [word for word in made if word.parts]


def _email(clause: Clause, search: Search) -> Leaf:
    if is_anything(clause):
        return search.asked("search_whole_beginning", "e", "")
    pattern = wildcards(clause, in_quotes=True)
    match pattern.shape:
        case "beginning":
            return search.asked("search_whole_beginning", "e", pattern.literal)
        case "whole" if isinstance(clause.value, Word) and not _FULL_ADDRESS.fullmatch(pattern.text):
            return _some_address(Pattern.of(ANY_RUN, pattern.text, ANY_RUN), search)
        case "whole":
            return search.asked("search_whole", "e", pattern.text)
    return _some_address(pattern, search)


def _some_address(pattern: Pattern, search: Search) -> Leaf:
    """An address with wildcards anywhere: the index finds its literal parts by three signs in a row."""
    asked = [search.asked("search_containing", "q", part).sql for part in _parts_of_an_address(pattern)]
    narrowed = f"{_DOCUMENT} @@ ({' && '.join(asked)}) and " if asked else ""
    like = f"like lower({search.text(pattern.like())})"
    return Predicate(
        f"exists (select {_ITS_DOCUMENT} and {narrowed}exists (select from unnest(s.addresses) a where a {like}))"
    )


def _parts_of_an_address(pattern: Pattern) -> list[str]:
    """The literal parts, with the blanks by which the index marks where an address begins and ends."""
    parts = [" ", *pattern.parts, "  "]
    return [part for part in Pattern.of(*parts).parts if isinstance(part, str) and part.strip()]


def _email_domain(clause: Clause, search: Search) -> Leaf:
    if is_anything(clause):
        return search.asked("search_whole_beginning", "d", "")
    pattern = wildcards(clause)
    match pattern.shape:
        case "whole":
            return search.asked("search_whole", "d", pattern.text)
        case "beginning":
            return search.asked("search_whole_beginning", "d", pattern.literal)
    return _some_address(Pattern.of(ANY_RUN, "@", *pattern.parts), search)


def _phone(clause: Clause, search: Search) -> Leaf:
    """A number by its digits, however it is written."""
    if is_anything(clause):
        return search.asked("search_whole_beginning", "h", "")
    digits = [re.sub(r"[^0-9]", "", part) if isinstance(part, str) else part for part in wildcards(clause).parts]
    pattern = Pattern.of(*(part for part in digits if part != "")).collapsed()
    if not pattern.parts:
        return FALSE
    match pattern.shape:
        case "whole":
            return search.asked("search_whole", "h", pattern.text)
        case "beginning" | "any":
            return search.asked("search_whole_beginning", "h", pattern.literal)
    like = f"like {search.text(pattern.like())}"
    return Predicate(f"exists (select {_ITS_DOCUMENT} and exists (select from unnest(s.phones) p where p {like}))")


#: Whether mail to an address of the customer's comes back.
_BOUNCED = truth(
    f"(customer.id in (select b.customer_id from customer_entry b where b.account_id = {ACCOUNT}"
    " and b.bounced_at is not null))"
)

_CUSTOMERS = Searchable(
    fields={
        "firstname": _name("f", "first_name"),
        "lastname": _name("l", "last_name"),
        "email": _email,
        "emaildomain": _email_domain,
        "modifiedat": date_field("customer.updated_at"),
        "modifiedsince": date_field("customer.updated_at"),
        "createdat": date_field("customer.created_at"),
        "organization": hits_by_words("o"),
        "id": number_field("customer.id"),
        "phone": _phone,
        "jobtitle": hits_by_words("j"),
        "location": hits_by_words("w"),
        "bounced": _BOUNCED,
    },
    # spec: 12.4, no field: names, addresses, organization
    free=hits_by_words("f", "l", "m", "o", loose=("f", "l")),
    matches=f"exists (select {_ITS_DOCUMENT} and {_DOCUMENT} @@ {{}})",
    is_among="customer.id in (select s.customer_id from customer_search s "
    f"where s.account_id = {ACCOUNT} and {_DOCUMENT} @@ {{}} offset 0)",
    here="customer.document @@ {}",
    rank=f"coalesce((select ts_rank({_DOCUMENT}, {{}}) {_ITS_DOCUMENT}), 0)",
)
