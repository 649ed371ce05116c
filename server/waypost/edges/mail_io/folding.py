"""Messages with their quotes and signatures wrapped, so that whoever shows them can fold these parts. Nothing is lost:
without the wrapping elements the HTML is what it was, byte for byte."""

from __future__ import annotations

from typing import NamedTuple

from waypost.edges.mail_io.html_lines import MOST_TAGS, HtmlLines
from waypost.edges.mail_io.quote_lines import MOST_LINES, Kind, Line, kinds_of
from waypost.kit.html import clean_html_to_text, text_to_html
from waypost.kit.html_policy import QUOTE_CLASS, SIGNATURE_CLASS

_CLASSES = {Kind.QUOTE: QUOTE_CLASS, Kind.SIGNATURE: SIGNATURE_CLASS}


class Folded(NamedTuple):
    """HTML with wrapped parts, and the sender's own words as text."""

    html: str
    own_text: str
    is_folded: bool
    is_forward: bool = False


class Run(NamedTuple):
    """Lines from `first` to before `end` that are folded together."""

    kind: Kind
    first: int
    end: int


def fold_text(text: str) -> Folded:
    """Plain text as HTML."""
    # What stands below is of one kind, so it stays in one piece.
    texts = text.split("\n", MOST_LINES)
    kinds = kinds_of([text_line(line) for line in texts])
    own = own_words(texts, kinds)
    runs = runs_of(kinds)
    is_forward = Kind.FORWARDED in kinds
    if not runs:
        return Folded(text_to_html(text), own, is_folded=False, is_forward=is_forward)
    pieces: list[str] = []
    place = 0
    for run in runs:
        pieces.append(_lines_html(texts[place : run.first]))
        inside = _lines_html(texts[run.first : run.end], is_last=run.end == len(texts))
        pieces.append(f'<div class="{_CLASSES[run.kind]}">{inside}</div>')
        place = run.end
    pieces.append(_lines_html(texts[place:], is_last=True))
    return Folded("".join(pieces), own, is_folded=True, is_forward=is_forward)


def text_line(line: str) -> Line:
    """A line of plain text: `>` counts as a quote."""
    depth = 0
    if line[:1] == ">" or line[:2] == " >":
        beginning = line[:100].replace(" ", "")
        depth = len(beginning) - len(beginning.lstrip(">"))
        if line.startswith(">From "):
            depth = 0
    return Line(line, depth, depth)


def fold_html(html: str) -> Folded:
    """Sanitised HTML."""
    if html.count("<") > MOST_TAGS:
        return Folded(html, "", is_folded=False)
    lines = HtmlLines(html)
    kinds = kinds_of(lines.lines)
    runs = runs_of(kinds)
    if not runs and Kind.FORWARDED not in kinds and Kind.ATTRIBUTION not in kinds:
        return Folded(html, "", is_folded=False)
    folded = lines.wrapped([(_CLASSES[run.kind], run.first, run.end) for run in runs]) if runs else html
    hidden = [place for place, kind in enumerate(kinds) if kind is not Kind.OWN]
    own = clean_html_to_text(lines.without(hidden)) if Kind.OWN in _shown(lines.lines, kinds) else ""
    return Folded(folded, own, is_folded=True, is_forward=Kind.FORWARDED in kinds)


def _shown(lines: list[Line], kinds: list[Kind]) -> set[Kind]:
    return {kind for line, kind in zip(lines, kinds, strict=True) if line.text.strip()}


def runs_of(kinds: list[Kind]) -> list[Run]:
    """What is to be folded: each stretch of quoted lines with the attribution above it, each signature."""
    runs: list[Run] = []
    place = 0
    while place < len(kinds):
        kind = kinds[place]
        group = {Kind.QUOTE, Kind.ATTRIBUTION} if kind in (Kind.QUOTE, Kind.ATTRIBUTION) else {kind}
        end = place + 1
        while end < len(kinds) and kinds[end] in group:
            end += 1
        if kind is Kind.SIGNATURE or Kind.QUOTE in kinds[place:end]:
            runs.append(Run(Kind.SIGNATURE if kind is Kind.SIGNATURE else Kind.QUOTE, place, end))
        place = end
    return runs


def own_words(texts: list[str], kinds: list[Kind]) -> str:
    """The own lines. What was only forwarded counts where nothing was written above it."""
    own = [text for text, kind in zip(texts, kinds, strict=True) if kind is Kind.OWN]
    return "\n".join(own).strip("\n").rstrip()


def _lines_html(texts: list[str], *, is_last: bool = False) -> str:
    if not texts:
        return ""
    return text_to_html("\n".join(texts)) + ("" if is_last else "<br>")
