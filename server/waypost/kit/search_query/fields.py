"""Field types of the language (spec: 12.2), made for a column or a kind of lexeme by the domain that is searched."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from waypost.kit.errors import BadParameter
from waypost.kit.search_query.compose import ACCOUNT, FALSE, TRUE, FieldCompiler, Found, Leaf, Predicate, Search
from waypost.kit.search_query.dates import SECOND, Period, period
from waypost.kit.search_query.limits import malformed
from waypost.kit.search_query.nodes import Clause, Phrase, Range, Word
from waypost.kit.search_query.patterns import ANY_RUN, Pattern

_INTEGER = re.compile(r"[+-]?[0-9]+")
_LARGEST = 2**63 - 1


def is_anything(clause: Clause) -> bool:
    """`field:*` and `field:[* TO *]`: any value will do."""
    value = clause.value
    return value.is_open if isinstance(value, Range) else isinstance(value, Word) and value.pattern.shape == "any"


def single(clause: Clause) -> Pattern:
    """The value of a field that takes no range."""
    if isinstance(clause.value, Word | Phrase):
        return clause.value.pattern
    raise malformed(clause.place, f"{clause.field} takes no range")


def wildcards(clause: Clause, *, in_quotes: bool = False) -> Pattern:
    """The value of an exact field; in quotes a `*` is a wildcard only where the field says so (spec: 12.2)."""
    pattern = single(clause)
    if isinstance(clause.value, Phrase) and not in_quotes:
        return Pattern.of(pattern.text)
    return pattern.collapsed()


def number_field(column: str) -> FieldCompiler:
    """Integers and ranges of them; the column is never NULL."""

    def leaf(clause: Clause, search: Search) -> Leaf:
        return TRUE if is_anything(clause) else within(column, *numbers(clause), search)

    return leaf


def numbers(clause: Clause) -> tuple[int | None, int | None]:
    """The lowest and the highest integer that are meant; None is open. Equal for a single number."""
    value = clause.value
    if not isinstance(value, Range):
        number = _integer(single(clause).text, clause)
        return number, number
    low = None if value.low is None else _integer(value.low, clause) + (not value.includes_low)
    high = None if value.high is None else _integer(value.high, clause) - (not value.includes_high)
    return low, high


def within(column: str, low: int | None, high: int | None, search: Search) -> Leaf:
    """The column, a bigint, lies between the bounds, both included."""
    if (low is not None and low > _LARGEST) or (high is not None and high < -_LARGEST):
        return FALSE
    parts = []
    if low is not None and low > -_LARGEST:
        parts.append(f"{column} >= {search.parameters.bind(low, 'bigint')}")
    if high is not None and high < _LARGEST:
        parts.append(f"{column} <= {search.parameters.bind(high, 'bigint')}")
    if low is not None and low == high:
        parts = [f"{column} = {search.parameters.bind(low, 'bigint')}"]
    return Predicate(f"({' and '.join(parts)})") if parts else TRUE


def _integer(text: str, clause: Clause) -> int:
    if not _INTEGER.fullmatch(text):
        raise malformed(clause.place, f"{clause.field} needs a whole number", "Number", text)
    # Beyond a bigint all numbers are alike, and reading thousands of digits costs time.
    digits = text.lstrip("+-0")[:40] or "0"
    return -int(digits) if text.startswith("-") else int(digits)


def date_field(column: str, *, nullable: bool = False) -> FieldCompiler:
    """Dates, periods and ranges of them (spec: 12.2)."""

    def leaf(clause: Clause, search: Search) -> Leaf:
        exists = [f"{column} is not null"] if nullable else []
        low, high = _span(clause, search.now)
        if low is not None:
            exists.append(f"{column} >= {search.parameters.bind(low, 'timestamptz')}")
        if high is not None:
            exists.append(f"{column} < {search.parameters.bind(high, 'timestamptz')}")
        return Predicate(f"({' and '.join(exists)})") if exists else TRUE

    return leaf


def _span(clause: Clause, now: datetime) -> tuple[datetime | None, datetime | None]:
    """From the first on and before the second; None is open."""
    value = clause.value
    if is_anything(clause):
        return None, None
    if not isinstance(value, Range):
        found = _period(single(clause).text, clause, now)
        return found.start, found.end
    low = None if value.low is None else _period(value.low, clause, now).start
    high = None if value.high is None else _period(value.high, clause, now)
    return (
        _after(low) if low is not None and not value.includes_low else low,
        None if high is None else high.end if value.includes_high else high.start,
    )


def _after(moment: datetime) -> datetime:
    try:
        return moment + SECOND
    except OverflowError:
        return moment


def _period(text: str, clause: Clause, now: datetime) -> Period:
    try:
        return period(text, now)
    except ValueError:
        raise _no_date(clause, text) from None


def _no_date(clause: Clause, text: str) -> BadParameter:
    return malformed(clause.place, f"{clause.field} needs a date", "Date", text)


def truth(when_true: str) -> FieldCompiler:
    """`true` or `false` about a boolean SQL expression that is never NULL."""

    def leaf(clause: Clause, _: Search) -> Leaf:
        if is_anything(clause):
            return TRUE
        written = single(clause).text.lower()
        if written not in {"true", "false"}:
            raise malformed(clause.place, f"{clause.field} is true or false", "EnumValue", written)
        return Predicate(when_true if written == "true" else f"(not {when_true})")

    return leaf


def one_of(column: str, values: Collection[str], groups: dict[str, Sequence[str]] | None = None) -> FieldCompiler:
    """A column with a fixed set of values; `groups` are further words, each for several of them."""
    everything = set(values)

    def leaf(clause: Clause, search: Search) -> Leaf:
        if is_anything(clause):
            return TRUE
        asked = wildcards(clause)
        meant = (groups or {}).get(asked.text.lower()) if asked.shape == "whole" else None
        matched = set(meant or filter(asked.matches, values))
        if matched == everything:
            return TRUE
        return (
            Predicate(f"({column} = any ({search.parameters.bind(sorted(matched), 'text[]')}))") if matched else FALSE
        )

    return leaf


def values_among(column: str, rows: str, *, nullable: bool = False) -> FieldCompiler:
    """A column that refers to rows found by name: `rows` selects their ids, `{like}` being `like` and a pattern."""

    def leaf(clause: Clause, search: Search) -> Leaf:
        exists = f"{column} is not null"
        if is_anything(clause):
            return Predicate(exists) if nullable else TRUE
        ids = rows.replace("{account}", ACCOUNT)
        ids = ids.replace("{like}", f"like lower({search.text(wildcards(clause).like())})")
        among = f"{column} = any (array({ids}))"
        return Predicate(f"({exists} and {among})" if nullable else f"({among})")

    return leaf


def begins_a_word(pattern: Pattern) -> bool:
    """Whether a `*` stands right behind a letter or digit at the end."""
    match pattern.parts:
        case (*_, str() as literal, last) if last is ANY_RUN:
            return unicodedata.category(literal[-1])[0] in "LMN"
    return False


def words_of(clause: Clause, kind: str, search: Search, *, loose: bool = False, stems: str = "") -> Found:
    """A word or phrase among the words of that kind; `loose` takes the words of a phrase in any place.

    Words outside quotes are found in all their forms where there are `stems` of that kind. Only a `*` behind a word is
    a wildcard; other signs of that sort part words, as all signs do.
    """
    pattern = single(clause)
    if isinstance(clause.value, Phrase):
        return search.asked("search_every_word" if loose else "search_phrase", kind, pattern.text)
    if begins_a_word(pattern):
        return search.asked("search_beginning", kind, Pattern(pattern.parts[:-1]).text)
    if stems and set(search.languages) != {"simple"}:
        return search.forms(kind, stems, pattern.text)
    return search.asked("search_phrase", kind, pattern.text)


def hits_by_words(
    *kinds: str, loose: Collection[str] = (), stems: Mapping[str, str] = MappingProxyType({})
) -> FieldCompiler:
    """Text that is found by its words in one of the kinds of lexeme (spec: 12.2 `text`).

    `stems` tells for a kind which one holds the stems of its words.
    """

    def leaf(clause: Clause, search: Search) -> Leaf:
        if is_anything(clause):
            return TRUE
        asked = [words_of(clause, kind, search, loose=kind in loose, stems=stems.get(kind, "")).sql for kind in kinds]
        return Found(asked[0] if len(asked) == 1 else f"({' || '.join(asked)})")

    return leaf
