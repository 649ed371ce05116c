"""A query as it was typed, and as the database has it: words with their stems, a beginning, phrases."""

from __future__ import annotations

import re

import msgspec

from waypost.domains.docs import store_search, words
from waypost.kit.text import clean_text
from waypost.kit.tx import Tx

LONGEST_QUERY = 1000
_MOST_WORDS, _MOST_PHRASES = 16, 4
_PHRASE = re.compile(r'"([^"]*)"')


class Terms(msgspec.Struct, frozen=True):
    """A query cut into words and phrases."""

    words: list[str]
    phrases: list[str]

    @classmethod
    def of(cls, query: str) -> Terms:
        """Read a query; what is no word is passed over."""
        query = clean_text(query)[:LONGEST_QUERY]
        phrases = [" ".join(words.words_of(found)) for found in _PHRASE.findall(query)]
        rest = words.words_of(_PHRASE.sub(" ", query))
        return cls(list(dict.fromkeys(rest))[:_MOST_WORDS], [one for one in phrases if one][:_MOST_PHRASES])

    @property
    def spoken(self) -> str:
        """The words in a row, the last one as a beginning: as a title has them that is meant. Empty for one word."""
        if len(self.words) < 2 and not self.phrases:
            return ""
        row = [f"'{word}'" for word in self.words]
        if row:
            row[-1] += ":*"
        quoted = [" <-> ".join(f"'{word}'" for word in phrase.split()) for phrase in self.phrases]
        return " & ".join(f"({part})" for part in [*quoted, " <-> ".join(row)] if part)


class Asked(msgspec.Struct, frozen=True):
    """A query for the database. `every` is what a hit must hold; each of `any_of` makes it a better one."""

    every: str
    any_of: str
    spoken: str


async def ask(tx: Tx, terms: Terms, account_id: int, site_id: str | None) -> Asked | None:
    """The query in all languages of the sites that are searched; None where it asks for nothing.

    Words that say nothing (the, and) count for titles alone, and only where there are no others.
    """
    if not terms.words and not terms.phrases:
        return None
    last = terms.words[-1] if terms.words else None
    rows = await tx.connection.fetch(store_search.QUERY, account_id, site_id, terms.words, last, terms.phrases)
    every: list[str] = []
    any_of: list[str] = []
    for language in dict.fromkeys(row["language"] for row in rows):
        parts = [(row["stems"] != "", _part(row)) for row in rows if row["language"] == language]
        told = [part for is_telling, part in parts if is_telling and part] or [part for _, part in parts if part]
        if told:
            every.append(" & ".join(f"({part})" for part in told))
            any_of += told
    if not every:
        return None
    return Asked(" | ".join(f"({part})" for part in every), " | ".join(dict.fromkeys(any_of)), terms.spoken)


def _part(row: store_search.Row) -> str:
    """One word in all its forms. What a beginning finds anyway is not asked for again: each form costs."""
    word, forms = row["word"], [row["stems"], row["plain"], *row["begun"]]
    if row["is_last"]:
        beginning = f"'{word}"
        forms = [form for form in forms if not (form.startswith(beginning) and form.count("'") == 2)]
        forms.append(f"{beginning}':*")
    return " | ".join(dict.fromkeys(form for form in forms if form))
