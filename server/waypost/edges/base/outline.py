"""The text of an article as a page shows it: with an outline, and with what browsers and screen readers need.

Texts are clean already; here they are fitted into a page. The page's title is its one `h1`, so headings begin below it
and leave out no level; each has an id that is nobody else's. Pictures say whether they say something, and what is wider
than the page can be scrolled by keyboard.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping

import msgspec

#: Ids of the page around the text, which nothing in the text may take.
PAGE_IDS = frozenset({
    "content", "mainNav", "searchBar", "docsSearch", "search-query", "fullArticle", "sidebar", "outline", "related",
    "serp-dd", "categoryHead", "contact", "vote", "menu",
})  # fmt: skip
#: Kinds of notes.
CALLOUTS = ("note", "tip", "important", "warning", "caution")
_TOP_LEVEL = 2
_DEEPEST = 6
#: What the outline lists: headings and those directly below them.
_OUTLINED = (2, 3)
_FEWEST = 2
#: Longer outlines are of reference works: their main headings are enough.
_MOST = 40
_MOST_MAIN = 100
_TAG = re.compile(r'<(/?)([a-zA-Z][a-zA-Z0-9]*)((?:[^<>"]|"[^"]*")*)>')
_ID = re.compile(r'\sid="([^"]*)"')
_REL = ' rel="noopener noreferrer"'
_WIDTH = re.compile(r'\swidth="(\d{1,4})"')
_HEADING = re.compile(r"h([1-6])")
_PICTURE = re.compile(r'<img\b[^>]*?\ssrc="(https?://[^"]*)"')
_TEXT_OF = re.compile(r"<[^>]*>")
_CALLOUT = re.compile(r"<blockquote>\s*<p>\s*\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]\s*(?:<br>\s*)?")
_NOT_IN_IDS = re.compile(r"\W+")


class Heading(msgspec.Struct, frozen=True):
    """A line of the outline."""

    id: str
    level: int
    text: str


class Outlined(msgspec.Struct, frozen=True):
    """A text and its outline; that is empty where there is little to outline."""

    html: str
    headings: list[Heading]


def first_picture(text: str) -> str:
    """The address of the first picture that stands on the web; nothing if there is none."""
    found = _PICTURE.search(text)
    return html.unescape(found[1]) if found else ""


def outlined(text: str, callouts: Mapping[str, str]) -> Outlined:
    """Fit a clean text into a page. `callouts` are what GitHub's notes (`[!TIP]`) are called, by their names there."""

    def called(found: re.Match[str]) -> str:
        kind = found[1].lower()
        return (
            f'<blockquote class="callout callout-{kind}"><p class="callout-title">{html.escape(callouts[kind])}</p><p>'
        )

    fitting = _Fitting(_CALLOUT.sub(called, text))
    written = "".join(fitting.parts())
    listed = [one for one in fitting.headings if one.level in _OUTLINED]
    if len(listed) > _MOST:
        listed = [one for one in listed if one.level == _TOP_LEVEL][:_MOST_MAIN]
    return Outlined(written, listed if len(listed) >= _FEWEST else [])


class _Fitting:
    """One pass over a text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.headings: list[Heading] = []
        self._taken = set(PAGE_IDS)
        self._wanted = {found[1] for found in _ID.finditer(text)}
        levels = [int(found[1]) for found in re.finditer(r"<h([1-6])\b", text)]
        self._shift = _TOP_LEVEL - min(levels) if levels else 0
        self._level = 1
        self._table_depth = 0

    def parts(self) -> Iterator[str]:
        """The text as it is to be shown."""
        position = 0
        for tag in _TAG.finditer(self._text):
            if tag.start() < position:
                continue
            yield self._text[position : tag.start()]
            name = tag[2].lower()
            heading = _HEADING.fullmatch(name)
            if heading is not None and not tag[1]:
                end = self._text.find(f"</{name}>", tag.end())
                if end >= 0:
                    yield self._heading(int(heading[1]), tag[3], self._text[tag.end() : end])
                    position = end + len(name) + 3
                    continue
            yield self._tag(tag[1], name, tag[3], tag[0])
            position = tag.end()
        yield self._text[position:]

    def _heading(self, level: int, attributes: str, inner: str) -> str:
        text = " ".join(html.unescape(_TEXT_OF.sub("", inner)).split())
        inner = "".join(_Inner(self, inner).parts())
        attributes, own_id = self._with_own_id(attributes)
        if not text:
            # A heading that says nothing is none; a picture in it stays.
            return f"<div{attributes}>{inner}</div>"
        self._level = min(level + self._shift, self._level + 1, _DEEPEST)
        self._level = max(self._level, _TOP_LEVEL)
        if not own_id:
            own_id = self._new_id(text)
            attributes += f' id="{html.escape(own_id)}"'
        self.headings.append(Heading(html.unescape(own_id), self._level, text))
        anchor = f'<a class="anchor" href="#{own_id}" tabindex="-1" aria-hidden="true">#</a>'
        return f"<h{self._level}{attributes}>{inner}{anchor}</h{self._level}>"

    def _tag(self, closing: str, name: str, attributes: str, whole: str) -> str:
        if name == "table":
            return self._table(closing, attributes)
        if closing:
            return whole
        changed, _ = self._with_own_id(attributes)
        if name == "img":
            if " alt=" not in changed:
                changed += ' alt=""'
            changed += ' loading="lazy" decoding="async"'
        elif name == "a" and " href=" not in changed:
            # Cleaning marks every link; one that leads nowhere has nothing to be marked.
            changed = changed.replace(_REL, "")
        elif name == "col":
            changed = _WIDTH.sub(r' style="width:\1px"', changed)
        elif name == "pre":
            changed += ' tabindex="0"'
        elif changed == attributes:
            return whole
        return f"<{name}{changed}>"

    def _table(self, closing: str, attributes: str) -> str:
        """Tables within tables scroll with the outer one."""
        if closing:
            self._table_depth = max(0, self._table_depth - 1)
            return "</table>" if self._table_depth else "</table></div>"
        self._table_depth += 1
        changed, _ = self._with_own_id(attributes)
        return f"<table{changed}>" if self._table_depth > 1 else f'<div class="wide" tabindex="0"><table{changed}>'

    def _with_own_id(self, attributes: str) -> tuple[str, str]:
        """Attributes without an id that is taken, and the id that is left."""
        found = _ID.search(attributes)
        if found is None:
            return attributes, ""
        if not found[1] or found[1] in self._taken:
            return attributes[: found.start()] + attributes[found.end() :], ""
        self._taken.add(found[1])
        return attributes, found[1]

    def _new_id(self, text: str) -> str:
        base = _NOT_IN_IDS.sub("-", text.lower())[:80].strip("-_") or "section"
        if base[0].isdigit():
            base = f"section-{base}"
        wanted, number = base, 1
        while wanted in self._taken or wanted in self._wanted:
            number += 1
            wanted = f"{base}-{number}"
        self._taken.add(wanted)
        return wanted


class _Inner:
    """What stands in a heading: no headings of its own, and the same rules for ids and pictures."""

    def __init__(self, around: _Fitting, text: str) -> None:
        self._around = around
        self._text = text

    def parts(self) -> Iterator[str]:
        position = 0
        for tag in _TAG.finditer(self._text):
            yield self._text[position : tag.start()]
            yield self._around._tag(tag[1], tag[2].lower(), tag[3], tag[0])
            position = tag.end()
        yield self._text[position:]
