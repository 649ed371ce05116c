"""Words as they are indexed and searched: the same cut on both sides, and what is left of a word without a letter."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

#: PostgreSQL's documents hold a megabyte; words, their places and their stems fit into it from this many bytes.
MOST_BYTES = 250_000
MOST_VOCABULARY = 5_000
_WORD = re.compile(r"[^\W_]+")
_LONGEST_WORD = 100
# Scripts that put no spaces between words are cut into pairs of signs.
_UNSPACED_SIGNS = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_UNSPACED = re.compile(f"[{_UNSPACED_SIGNS}]+")
#: Text of a pattern: a word of a script that puts spaces between words.
SPACED_WORD = rf"[^\W_{_UNSPACED_SIGNS}]+"
_SHORTEST_KNOWN, _LONGEST_KNOWN = 4, 30


def words_of(text: str) -> list[str]:
    """The words of a text in their order, in lower case."""
    found: list[str] = []
    for word in _WORD.findall(unicodedata.normalize("NFKC", text).lower()):
        if word.isascii():
            found.append(word[:_LONGEST_WORD])
        else:
            found += _parts(word)
    return found


def _parts(word: str) -> Iterable[str]:
    at = 0
    for run in _UNSPACED.finditer(word):
        if run.start() > at:
            yield word[at : run.start()][:_LONGEST_WORD]
        signs = run[0]
        yield from (signs[index : index + 2] for index in range(max(1, len(signs) - 1)))
        at = run.end()
    if at < len(word):
        yield word[at:][:_LONGEST_WORD]


def document_of(words: Iterable[str]) -> str:
    """Words as the text that PostgreSQL makes an index of, as many as fit."""
    return " ".join(words).encode()[:MOST_BYTES].decode(errors="ignore")


def is_unspaced(word: str) -> bool:
    """Whether a word is of a script that puts no spaces between words."""
    return _UNSPACED.match(word) is not None


def vocabulary_of(words: Iterable[str]) -> list[str]:
    """The distinct words that a slip of the pen is told by: not the short ones, nor numbers."""
    return sorted({word for word in words if is_known(word)})[:MOST_VOCABULARY]


def is_known(word: str) -> bool:
    """Whether a word is of the kind that the vocabulary holds."""
    return _SHORTEST_KNOWN <= len(word) <= _LONGEST_KNOWN and word.isalpha() and not is_unspaced(word)


def traces_of(word: str) -> list[str]:
    """The word, and all that is left of it when one letter is taken out.

    Two words that differ by one letter missing, added, exchanged or in the wrong place have a trace in common.
    """
    return sorted({word, *(word[:index] + word[index + 1 :] for index in range(len(word)))})


def kept_traces_of(word: str) -> list[str]:
    """The traces that the vocabulary keeps of a word: also those without its last letter, which is mostly an ending."""
    shorter = traces_of(word[:-1]) if len(word) > _SHORTEST_KNOWN else []
    return sorted({*traces_of(word), *shorter})


def slips(typed: str, word: str) -> int:
    """How far a word is from what was typed, be it without its last letter."""
    return min(distance(typed, word), distance(typed, word[:-1]) if len(word) > _SHORTEST_KNOWN else len(word))


def distance(one: str, other: str) -> int:
    """How many letters are missing, added, exchanged or swapped with their neighbour between two words."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        current = [row]
        for column, wanted in enumerate(other, 1):
            cost = min(last[column] + 1, current[column - 1] + 1, last[column - 1] + (letter != wanted))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == wanted:
                cost = min(cost, before[column - 2] + 1)
            current.append(cost)
        before, last = last, current
    return last[-1]
