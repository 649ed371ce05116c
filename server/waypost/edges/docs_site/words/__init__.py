"""All words that visitors of a help center read, in the language of its site.

A phrase is looked up by its name: `words.search_placeholder` in Python, `t.search_placeholder` in templates. Languages
that we have no words of get English ones; the pages still say in which language their articles are.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from waypost.edges.docs_site.words import contact, contact_faults, dates, doors, faults, pages, searching

#: What a site's language (spec: the names of PostgreSQL's stemmers) is called in HTML.
TAGS = {
    "arabic": "ar", "armenian": "hy", "basque": "eu", "catalan": "ca", "danish": "da", "dutch": "nl", "english": "en",
    "finnish": "fi", "french": "fr", "german": "de", "greek": "el", "hindi": "hi", "hungarian": "hu",
    "indonesian": "id", "irish": "ga", "italian": "it", "japanese": "ja", "lithuanian": "lt", "nepali": "ne",
    "norwegian": "no", "portuguese": "pt", "romanian": "ro", "russian": "ru", "serbian": "sr", "spanish": "es",
    "swedish": "sv", "tamil": "ta", "turkish": "tr", "yiddish": "yi",
}  # fmt: skip
RIGHT_TO_LEFT = frozenset({"ar", "yi"})
LANGUAGES = ("en", "de", "fr", "es", "ja", "it", "nl", "pt")
_ENGLISH = "en"
#: Every phrase in every language: those of the pages here, others beside them.
PHRASES: dict[str, dict[str, str]] = {
    **pages.PHRASES,
    **faults.PHRASES,
    **searching.PHRASES,
    **contact.PHRASES,
    **contact_faults.PHRASES,
    **doors.PHRASES,
}


#: Shorter ones were not cut: they only end without a full stop.
_LONG = 120
_SENTENCE_ENDS = (".", "!", "?", "…", "。", "！", "？")


def shortened(preview: str) -> str:
    """The beginning of a text, marked as such where it breaks off."""
    if preview.endswith(_SENTENCE_ENDS):
        return preview
    whole, blank, _ = preview.rpartition(" ")
    # Languages without blanks break off anywhere.
    return f"{(whole if blank and len(preview) > _LONG else preview).rstrip(' ,;:–-')}…"


class Words:
    """The phrases of one language."""

    def __init__(self, tag: str) -> None:
        #: What `<html lang>` says, and in which language the words are: the same, or English for want of others.
        self.tag = tag
        self.spoken = tag if tag in LANGUAGES else _ENGLISH
        self.direction = "rtl" if tag in RIGHT_TO_LEFT else "ltr"

    def __getattr__(self, name: str) -> str:
        try:
            phrase = PHRASES[name]
        except KeyError:
            raise AttributeError(name) from None
        return phrase.get(self.spoken) or phrase[_ENGLISH]

    def number_of(self, things: str, count: int) -> str:
        """`3 articles`: the phrase `<things>_one` or `<things>_other` with the number in it."""
        phrase: str = getattr(self, f"{things}_{'one' if self._is_one(count) else 'other'}")
        return phrase.format(number=self.number(count))

    def fill(self, name: str, /, **values: object) -> str:
        """A phrase with values in its places."""
        phrase: str = getattr(self, name)
        return phrase.format(**values)

    def number(self, count: int) -> str:
        """A whole number with its thousands apart."""
        return f"{count:,}".replace(",", dates.THOUSANDS[self.spoken])

    def day(self, at: datetime) -> str:
        """A day, written out."""
        day = at.astimezone(UTC)
        form = dates.FORMS[self.spoken]
        return form.format(day=day.day, month=dates.MONTHS[self.spoken][day.month - 1], year=day.year)

    def _is_one(self, count: int) -> bool:
        return count == 1 or (count == 0 and self.spoken in ("fr", "pt"))


@lru_cache(maxsize=64)
def words_of(language: str) -> Words:
    """The words of a site's language; English for `simple`, which is any."""
    return Words(TAGS.get(language, _ENGLISH))
