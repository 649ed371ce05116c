"""Which lines of a message its sender wrote now, and which are quoted, forwarded or a signature. Lines come from plain
text or from HTML; nothing is decided by a parser's tree here. Takes linear time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import IntEnum
from itertools import pairwise
from typing import NamedTuple

from waypost.edges.mail_io.header_lines import (
    attribution,
    bare,
    ends_like_attribution,
    header_block,
    is_forward_mark,
    is_original_mark,
    label_of,
    may_introduce,
    split_forward_line,
)
from waypost.edges.mail_io.quote_words import DEVICE, FOOTER, SENT_FROM, SEPARATOR, SIGNATURE_MARK

_MOST_SIGNATURE_LINES = 20
_LONGEST_NAME = 160
_LONGEST_UNSURE_NAME = 80
# What forums write above a quote.
_SAID = re.compile(r"\s*\S.{0,60}\bsaid\s*:?\s*$")
# Some marks with space between are a drawing.
_DRAWN = re.compile(r"(\S)\1+\s+\1\1")
_MOST_FOOTER_LINES = 12
_MOST_FOOTER_CHARACTERS = 800
_LONG_LEADING_QUOTE = 10
#: Below so many lines nothing begins any more.
MOST_LINES = 20_000
_PGP_SIGNATURE = "-----BEGIN PGP SIGNATURE"
_MOST_PGP_LINES = 60
# Beginnings that turn out to be none; a text with more of them is no mail, and is only searched for marks.
_MOST_ATTEMPTS = 400


class Kind(IntEnum):
    """What a line is. ATTRIBUTION stands above a quote. FORWARDED is another person's message passed on."""

    OWN = 0
    QUOTE = 1
    ATTRIBUTION = 2
    SIGNATURE = 3
    FORWARDED = 4


class Line(NamedTuple):
    """A line as it is seen. `depth` counts the quotes around it that are surely quotes, `boxes` all that may be one;
    `mark` is what the program that wrote the HTML calls it."""

    text: str
    depth: int = 0
    boxes: int = 0
    mark: Kind = Kind.OWN


def kinds_of(lines: Sequence[Line]) -> list[Kind]:
    """The kind of each line. Where the sender's own words stand between or below quotes, these are left as they are,
    for they are what the answers mean: such quotes are OWN. If nothing would be left, everything is OWN."""
    if len(lines) > MOST_LINES:
        rest = [Kind.OWN] * (len(lines) - MOST_LINES)
        kinds = kinds_of(lines[:MOST_LINES])
        last = kinds[-1] if kinds[-1] in (Kind.QUOTE, Kind.FORWARDED) else Kind.OWN
        return kinds + [last] * len(rest)
    reader = _Reader(lines)
    reader.read()
    return reader.result()


class _Reader:
    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = lines
        self._texts = [line.text for line in lines]
        self._is_blank = [not line.text.strip(" \t\u00a0\u200b\ufeff\r") for line in lines]
        self._kinds = [line.mark for line in lines]
        self._attempts = 0
        self._own_count = 0

    def read(self) -> None:
        place, floor = 0, 0
        count = len(self._lines)
        while place < count:
            line = self._lines[place]
            if self._is_blank[place] and line.mark is Kind.OWN and not line.depth:
                place += 1
            elif (line.depth or line.mark is Kind.QUOTE) and self._begins_forward(place):
                self._rest(place, Kind.FORWARDED)
                return
            elif line.depth or line.mark is Kind.QUOTE:
                self._kinds[place] = Kind.QUOTE
                place += 1
                floor = place
            elif line.mark is not Kind.OWN:
                place += 1
                floor = place
            elif line.text.startswith(_PGP_SIGNATURE):
                floor = place = self._pgp_signature(place)
            else:
                stop = self._own_line(place, floor)
                if stop is None:
                    self._own_count += 1
                else:
                    floor = stop
                place = stop if stop is not None else place + 1

    def _pgp_signature(self, place: int) -> int:
        for other in range(place, min(len(self._lines), place + _MOST_PGP_LINES)):
            self._kinds[other] = Kind.SIGNATURE
            if self._texts[other].startswith("-----END PGP SIGNATURE"):
                return other + 1
        return min(len(self._lines), place + _MOST_PGP_LINES)

    def _own_line(self, place: int, floor: int) -> int | None:
        """Read a line that no mark names; where something begins in it, the line after it."""
        text = self._texts[place]
        if not may_introduce(text):
            following = self._next(place + 1)
            if following is None or not self._is_quoted(following, self._lines[place].boxes):
                return None
        if is_forward_mark(text) or split_forward_line(text):
            self._rest(place, Kind.FORWARDED)
            return len(self._lines)
        return self._introduced(place, floor, text)

    def _introduced(self, place: int, floor: int, text: str) -> int | None:
        """The same for a line that may stand above a quote."""
        following = self._next(place + 1)
        if is_original_mark(text):
            if following is not None and self._lines[following].depth:
                self._kinds[place] = Kind.ATTRIBUTION
                return place + 1
            self._rest(place, Kind.QUOTE)
            return len(self._lines)
        if self._attempts > _MOST_ATTEMPTS:
            return None
        if label_of(text):
            self._attempts += 1
            block = header_block(self._texts, place, is_marked=self._is_ruled_above(place))
            if block:
                self._rest(self._with_rule(place), Kind.QUOTE)
                return len(self._lines)
        is_before_quote = following is not None and self._is_quoted(following, self._lines[place].boxes)
        if not ends_like_attribution(text, is_before_quote=is_before_quote):
            return None
        found = attribution(self._texts, place, floor, is_before_quote=is_before_quote)
        if found is None:
            self._attempts += 1
            return None
        return self._attributed(found.first, found.last, following, is_before_quote=is_before_quote)

    def _begins_forward(self, place: int) -> bool:
        """Whether a quote is a forwarded message, which some programs write as one."""
        if not is_forward_mark(self._texts[place]):
            return False
        above = next((other for other in range(place - 1, max(-1, place - 6), -1) if not self._is_blank[other]), -1)
        return above < 0 or self._kinds[above] not in (Kind.QUOTE, Kind.ATTRIBUTION)

    def _attributed(self, first: int, last: int, following: int | None, *, is_before_quote: bool) -> int:
        for place in range(first, last + 1):
            self._kinds[place] = Kind.ATTRIBUTION
        if is_before_quote and following is not None:
            base = self._lines[last].boxes
            place = following
            while place < len(self._lines) and (self._is_blank[place] or self._is_quoted(place, base)):
                if not self._is_blank[place]:
                    self._kinds[place] = Kind.QUOTE
                place += 1
            return place
        if self._own_count > last - first:
            self._rest(first, Kind.QUOTE)
            return len(self._lines)
        return last + 1

    def _is_quoted(self, place: int, base: int) -> bool:
        line = self._lines[place]
        return bool(line.depth) or line.boxes > base or line.mark is Kind.QUOTE

    def _next(self, place: int) -> int | None:
        for other in range(place, min(len(self._lines), place + 6)):
            if not self._is_blank[other]:
                return other
        return None

    def _is_ruled_above(self, place: int) -> bool:
        above = place - 1
        while above >= 0 and above >= place - 3:
            if not self._is_blank[above]:
                text = self._texts[above]
                return bool(SEPARATOR.match(text[:200])) or is_original_mark(text)
            above -= 1
        return False

    def _with_rule(self, place: int) -> int:
        for above in range(place - 1, max(-1, place - 4), -1):
            if not self._is_blank[above]:
                return above if SEPARATOR.match(self._texts[above][:200]) else place
        return place

    def _rest(self, place: int, kind: Kind) -> None:
        """All from here on is of one kind."""
        for other in range(place, len(self._lines)):
            self._kinds[other] = kind

    def _has_own_before(self, place: int) -> bool:
        return any(self._kinds[other] is Kind.OWN and not self._is_blank[other] for other in range(place))

    def result(self) -> list[Kind]:
        self._find_signatures()
        if not self._has_own_before(len(self._lines)) or self._only_names_a_speaker():
            self._show_what_is_all_there_is()
        self._show_quotes_between()
        self._close_gaps()
        return self._kinds

    def _own_runs(self) -> list[tuple[int, int]]:
        """Ranges of own lines without the blank ones around them."""
        runs: list[tuple[int, int]] = []
        for place, kind in enumerate(self._kinds):
            if kind is not Kind.OWN or self._is_blank[place]:
                continue
            if runs and all(self._kinds[between] is Kind.OWN for between in range(runs[-1][1], place)):
                runs[-1] = (runs[-1][0], place + 1)
            else:
                runs.append((place, place + 1))
        return runs

    def _find_signatures(self) -> None:
        runs = self._own_runs()
        for number, (start, end) in enumerate(runs):
            is_last = number == len(runs) - 1
            begins = self._signature_start(start, end, is_first=number == 0, is_last=is_last)
            for place in range(begins, end):
                self._kinds[place] = Kind.SIGNATURE

    def _signature_start(self, start: int, end: int, *, is_first: bool, is_last: bool) -> int:
        """Where the signature of a run of own lines begins, `end` if it has none."""
        begins = self._without_footer(start, end) if is_last else end
        while True:
            before = begins
            begins = self._without_sent_from(start, begins)
            begins = self._without_marked(start, begins)
            if begins == before:
                break
        if is_first and begins <= start and is_last:
            return end
        return max(begins, start)

    def _without_footer(self, start: int, end: int) -> int:
        """Without what mailing lists and scanners add below."""
        first = max(start, end - _MOST_FOOTER_LINES)
        footers = [place for place in range(first, end) if FOOTER.match(self._texts[place][:300])]
        if not footers or sum(len(self._texts[place]) for place in range(footers[0], end)) > _MOST_FOOTER_CHARACTERS:
            return end
        for place in range(max(first, footers[0] - 3), footers[0] + 1):
            text = self._texts[place][:300]
            if SEPARATOR.match(text) or SIGNATURE_MARK.match(text):
                return self._back_over_blank(start, place)
        if footers[0] == start or self._is_blank[footers[0] - 1]:
            return self._back_over_blank(start, footers[0])
        return end

    def _without_sent_from(self, start: int, end: int) -> int:
        place = end
        while place > start:
            above = place - 1
            if self._is_blank[above]:
                place = above
                continue
            text = bare(self._texts[above])
            if len(text) > 160 or not SENT_FROM.match(text):
                break
            is_sentence = text[:4].lower() == "this"
            if not DEVICE.search(text) and (is_sentence or not self._begins_paragraph(above, start)):
                break
            place = end = above
        return self._back_over_blank(start, end)

    def _begins_paragraph(self, place: int, start: int) -> bool:
        if place == start or self._is_blank[place - 1]:
            return True
        return bool(SENT_FROM.match(bare(self._texts[place - 1])))

    def _without_marked(self, start: int, end: int) -> int:
        """Without what stands below `-- ` and its like. Lines of marks alone at the end go, too."""
        while end > start and (self._is_blank[end - 1] or self._is_only_marks(end - 1)):
            end -= 1
        lines_below = 0
        for place in range(end - 1, start - 1, -1):
            text = self._texts[place][:100]
            is_mark = SIGNATURE_MARK.match(text) and not self._is_long_below(place, end, is_sure=text.startswith("-- "))
            if is_mark and (text.startswith("-- ") or place == start or self._may_be_mark(place)):
                return self._back_over_blank(start, place)
            lines_below += not self._is_blank[place]
            if lines_below > _MOST_SIGNATURE_LINES:
                break
        return end

    def _is_long_below(self, place: int, end: int, *, is_sure: bool) -> bool:
        """Whether a paragraph follows: people part their thoughts with dashes, too."""
        below = next((self._texts[other] for other in range(place + 1, end) if not self._is_blank[other]), "")
        is_sentence = not is_sure and len(below) > _LONGEST_UNSURE_NAME and below.rstrip().endswith((".", "!", "?"))
        return is_sentence or len(below) > _LONGEST_NAME

    def _may_be_mark(self, place: int) -> bool:
        return self._is_blank[place - 1] or self._texts[place].strip() in ("--", "—")

    def _is_only_marks(self, place: int) -> bool:
        text = self._texts[place].strip()
        return text == "ᐧ" or bool(SEPARATOR.match(text[:200]) and not _DRAWN.match(text[:200]))

    def _back_over_blank(self, start: int, place: int) -> int:
        while place > start and self._is_blank[place - 1]:
            place -= 1
        return place

    def _only_names_a_speaker(self) -> bool:
        own = [place for place, kind in enumerate(self._kinds) if kind is Kind.OWN and not self._is_blank[place]]
        return len(own) == 1 and Kind.QUOTE in self._kinds and bool(_SAID.match(self._texts[own[0]][:_LONGEST_NAME]))

    def _show_what_is_all_there_is(self) -> None:
        """A message that only quotes or only signs says that; a forwarded one is shown with what it forwards."""
        if Kind.FORWARDED in self._kinds:
            return
        shown = Kind.QUOTE if Kind.QUOTE in self._kinds else Kind.SIGNATURE
        if shown is Kind.SIGNATURE or not self._has_marked_signature():
            self._kinds = [Kind.OWN if kind in (Kind.QUOTE, Kind.SIGNATURE) else kind for kind in self._kinds]
        else:
            self._kinds = [Kind.OWN if kind is Kind.QUOTE else kind for kind in self._kinds]

    def _has_marked_signature(self) -> bool:
        return Kind.SIGNATURE in self._kinds

    def _show_quotes_between(self) -> None:
        """Quotes above the last own words are what these answer."""
        runs = self._own_runs()
        if not runs:
            return
        last = runs[-1][0]
        quotes = [place for place in range(last) if self._kinds[place] is Kind.QUOTE and not self._is_blank[place]]
        if not quotes:
            return
        is_below = len(runs) == 1 and all(after - before < 12 for before, after in pairwise(quotes))
        if is_below and len(quotes) >= _LONG_LEADING_QUOTE and runs[0][0] > quotes[-1]:
            return
        for place in quotes:
            self._kinds[place] = Kind.OWN

    def _close_gaps(self) -> None:
        """Blank lines between two lines of one kind, or below the last line, are of that kind."""
        last = Kind.OWN
        gap: list[int] = []
        for place, kind in enumerate(self._kinds):
            if self._is_blank[place] and kind is not Kind.QUOTE:
                gap.append(place)
                continue
            same = kind is last or {kind, last} <= {Kind.QUOTE, Kind.ATTRIBUTION}
            for blank in gap:
                self._kinds[blank] = last if same else Kind.OWN
            gap, last = [], kind
        for blank in gap:
            self._kinds[blank] = last
