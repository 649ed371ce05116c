"""What hits say about a query: passages of their texts, with what was found marked.

Texts are read here, and only the question which of their words are forms of those asked for is put to the database,
which has the stems: it would take far longer to go through whole texts itself.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable

import msgspec

from waypost.domains.docs import words
from waypost.domains.docs.models import Hit
from waypost.domains.docs.search import SearchScope
from waypost.domains.docs.terms import Terms
from waypost.kit.tx import Tx

#: How far into a text is looked.
_FAR = 30_000
_PASSAGE, _MOST_PASSAGES = 200, 2
#: Words with other endings begin alike in these languages; in others stems may also lose their beginning.
_ENDINGS_ONLY = frozenset(
    "danish english finnish french italian norwegian portuguese romanian russian simple spanish swedish".split()
)
_GAPS = re.compile(r"\s+")

TEXTS = """
select a.id, a.name, left(a.plain, $3) as text, s.language
from docs_article a join docs_site s on s.account_id = a.account_id and s.id = a.site_id
where a.account_id = $1 and a.id = any($2::text[])
"""
#: Which of the words of $2 have a stem in common with those of $3.
FORMS = """
select w.word from unnest($2::text[]) w (word)
where tsvector_to_array(to_tsvector($1::text::regconfig, w.word))
  && tsvector_to_array(to_tsvector($1::text::regconfig, $3))
"""

Span = tuple[int, int]


class _Passage(msgspec.Struct):
    """A text, and where words stand in it that may have been asked for."""

    text: str
    spans: list[tuple[int, int, str]]

    def found(self, forms: set[str]) -> list[Span]:
        """Where those of the forms stand, what overlaps as one."""
        merged: list[Span] = []
        for start, end, word in self.spans:
            if word in forms:
                if merged and start <= merged[-1][1]:
                    merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
                else:
                    merged.append((start, end))
        return merged


async def highlights(
    tx: Tx, scope: SearchScope, query: str, hits: list[Hit], *, with_texts: bool = True
) -> dict[str, tuple[str, str]]:
    """For each hit its name and what it says about the query, as HTML with `<mark>` around what was found; without its
    texts that is nothing."""
    terms = Terms.of(query)
    asked = [*terms.words, *(word for phrase in terms.phrases for word in phrase.split())]
    # A single letter says something only where nothing else does.
    asked = [word for word in asked if len(word) > 1] or asked
    if not asked or not hits:
        return {}
    rows = await tx.connection.fetch(TEXTS, scope.account_id, [hit.id for hit in hits], _FAR * with_texts)
    made = {}
    for language in dict.fromkeys(row["language"] for row in rows):
        pattern = _pattern(language, asked)
        read = {
            row["id"]: (_read(row["name"], pattern), _read(row["text"], pattern))
            for row in rows
            if row["language"] == language
        }
        forms = await _forms(tx, language, [part for both in read.values() for part in both], asked, terms.words[-1:])
        made.update({key: (_marked(name, forms), _passages(text, forms)) for key, (name, text) in read.items()})
    return made


def _pattern(language: str, asked: list[str]) -> re.Pattern[str]:
    """What finds the words of which one may be a form of those asked for, also one within another."""
    unspaced = "|".join(re.escape(word) for word in asked if words.is_unspaced(word))
    starts = sorted({re.escape(start) for word in asked if not words.is_unspaced(word) for start in _starts(word)})
    spaced = rf"(?:{'|'.join(starts)})[^\W_]*" if language in _ENDINGS_ONLY else words.SPACED_WORD
    parts = [f"(?=({unspaced}))"] if unspaced else []
    if starts:
        parts.append(spaced)
    return re.compile("|".join(parts))


def _starts(word: str) -> set[str]:
    """How forms of a word begin, of which some languages' stems leave out the accents."""
    plain = word if word.isascii() else unicodedata.normalize("NFKD", word).encode("ascii", "ignore").decode()
    alike = 3 if len(word) > 4 else 2
    return {word[:alike], *([plain[:alike]] if plain else [])}


def _read(text: str, pattern: re.Pattern[str]) -> _Passage:
    lower = text.lower()
    if len(lower) != len(text):
        # A few letters become two in lower case.
        lower = "".join(letter if len(letter.lower()) > 1 else letter.lower() for letter in text)
    found, is_unspaced = [], bool(pattern.groups)
    for one in pattern.finditer(lower):
        start, end = one.span()
        if is_unspaced and one[1]:
            found.append((*one.span(1), one[1]))
        elif start == 0 or not lower[start - 1].isalnum():
            found.append((start, end, lower[start:end]))
    return _Passage(text, found)


async def _forms(tx: Tx, language: str, read: Iterable[_Passage], asked: list[str], beginnings: list[str]) -> set[str]:
    """The words of the texts that are meant: forms of those asked for, and what begins as the last one does."""
    held = {word for one in read for _, _, word in one.spans}
    begun = {word for word in held if beginnings and len(beginnings[0]) > 1 and word.startswith(beginnings[0])}
    forms = begun | {word for word in asked if words.is_unspaced(word)}
    if others := held - begun:
        rows = await tx.connection.fetch(FORMS, language, list(others), " ".join(asked))
        forms |= {row["word"] for row in rows}
    # Words that say nothing (the, and) are no forms of anything; they are marked where nothing else was asked for.
    return forms or set(asked)


def _passages(one: _Passage, forms: set[str]) -> str:
    """The text around the places that lie closest together, in its order; else its beginning."""
    spans = one.found(forms)
    if not spans:
        return html.escape(_GAPS.sub(" ", one.text[: _end(one.text, _PASSAGE)]).strip())
    ranked = sorted(range(len(spans)), key=lambda at: (-_company(spans, at), at))
    chosen: list[int] = []
    for at in ranked:
        start = spans[at][0]
        if all(abs(start - other) > _PASSAGE for other in chosen):
            chosen.append(start)
        if len(chosen) == _MOST_PASSAGES:
            break
    parts = []
    for place in sorted(chosen):
        start, end = _start(one.text, place), _end(one.text, place + _PASSAGE * 3 // 4)
        parts.append(_mark(one.text, start, end, spans))
    more = "… " if _start(one.text, min(chosen)) > 0 else ""
    return more + " … ".join(parts)


def _marked(one: _Passage, forms: set[str]) -> str:
    return _mark(one.text, 0, len(one.text), one.found(forms))


def _mark(text: str, start: int, end: int, spans: list[Span]) -> str:
    made, at = "", start
    for begins, ends in spans:
        if start <= begins and ends <= end:
            made += f"{_shown(text[at:begins])}<mark>{_shown(text[begins:ends])}</mark>"
            at = ends
    return (made + _shown(text[at:end])).strip()


def _shown(text: str) -> str:
    return html.escape(_GAPS.sub(" ", text))


def _company(spans: list[Span], at: int) -> int:
    """How many more stand in the passage that begins at a place; more than a few make it no better."""
    return sum(1 for other in spans[at + 1 : at + 5] if other[0] - spans[at][0] < _PASSAGE // 2)


def _start(text: str, place: int) -> int:
    """The beginning of a word some way before a place; a script without spaces is cut anywhere."""
    at = place - _PASSAGE // 4
    if at <= 0:
        return 0
    gap = _GAPS.search(text, at, place)
    return gap.end() if gap else at


def _end(text: str, at: int) -> int:
    if at >= len(text):
        return len(text)
    gap = max(text.rfind(" ", at - 40, at), text.rfind("\n", at - 40, at))
    return gap if gap > 0 else at
