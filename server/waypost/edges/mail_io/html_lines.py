"""Sanitised HTML seen as lines, and parts of it wrapped or left out by line. The sanitiser writes well-formed HTML in
one form, so that its tags can be found without a parser and every other byte stays where it is."""

from __future__ import annotations

import html as entities
import re
from collections.abc import Sequence

from waypost.edges.mail_io.quote_lines import Kind, Line
from waypost.kit.html_policy import QUOTE_CLASS, SIGNATURE_CLASS

_TOKEN = re.compile(r'<(?P<end>/?)(?P<name>[a-z][a-z0-9]*)(?P<attributes>(?: [a-zA-Z-]+="[^"]*+")*+)>|[^<]++|<')
_MARKS = re.compile(r' (?:class|id|name)="([^"]*)"')
_MAIL_LINK = re.compile(r' href="mailto:([^"?]{3,200})["?]')
_OWN_MARKS = re.compile(rf' (?:class|id|name)="[^"]*(?:{QUOTE_CLASS}|{SIGNATURE_CLASS})[^"]*"')
_VOID = frozenset("br hr img wbr col".split())
_INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code del dfn em font i ins kbd mark q rp rt ruby s samp small span strike strong"
    " sub sup td th time tt u var".split()
)
# Between these and their children no other element may stand.
_NO_WRAPPING = frozenset("p table tbody thead tfoot tr ul ol dl colgroup ruby rt rp".split())
#: HTML with more tags is no letter; it is shown as it is.
MOST_TAGS = 50_000
_MOST_DEPTH = 140
_OBJECT = "\ufffc"
# Any white space but a single space, which is what it becomes.
_SPACE = re.compile(r"[ \t\n\f\r\u00a0]{2,}|[\t\n\f\r\u00a0]")

# Where one of these holds blockquotes, only these are quoted: answers stand between them.
_QUOTE_MARKS = frozenset(
    "gmail_quote gmail_quote_container yahoo_quoted zmail_extra protonmail_quote tutanota_quote OLK_SRC_BODY_SECTION"
    " mail-editor-reference-message-container ms-outlook-mobile-reference-message isReplyContent quote"
    " messageReplySection sh-quoted-content front-blockquote missive_quote qt ntes-mailmaster-quote history_container"
    " bloop_original_html".split()
)
_SIGNATURE_MARKS = frozenset(
    "gmail_signature moz-signature AppleMailSignature protonmail_signature-block ms-outlook-mobile-signature Signature"
    " messageSignatureSection bloop_sign front-signature missive_signature sh-signature zmail_signature"
    " tutanota_signature ntes-mailmaster-signature".split()
)
_FORWARD_MARKS = frozenset(("moz-forward-container", "isForwardContent"))
PROGRAM_MARKS = _QUOTE_MARKS | _SIGNATURE_MARKS | _FORWARD_MARKS
_MOST_RUNS = 100


class _Element:
    __slots__ = ("allows", "children", "close", "first", "has_blockquote", "last", "mark", "name", "open", "parent")

    def __init__(self, name: str, at: int, parent: _Element | None, mark: Kind, *, allows: bool) -> None:
        self.name = name
        self.open = self.close = at
        self.first = self.last = -1  # the tokens within that show something
        self.parent = parent
        self.mark = mark
        self.allows = allows
        self.has_blockquote = False
        self.children: list[_Element | int] = []

    def shows(self, first: int, last: int) -> None:
        """Note that the tokens from `first` to `last` show something."""
        self.first = first if self.first < 0 else self.first
        self.last = last


class HtmlLines:
    """The lines of some HTML in `lines`, and what can be done by their numbers."""

    def __init__(self, html: str) -> None:
        self._tokens: list[str] = []
        self._line_of: list[int] = []
        self._root = _Element("", -1, None, Kind.OWN, allows=True)
        self._texts: list[list[str]] = [[]]
        self._where: list[_Element] = [self._root]
        self._first: list[int] = [-1]  # of each line: the first and the last token that shows something
        self._last: list[int] = [-1]
        self._preformatted = 0
        self._address = ""
        self._read(html)
        self.lines = [self._line(number) for number in range(len(self._texts))]

    def _read(self, html: str) -> None:
        current, depth = self._root, 0
        for found in _TOKEN.finditer(html):
            name = found["name"]
            if name is None:
                for piece in self._pieces(found[0]):
                    self._text(piece, current)
            elif name in _VOID:
                self._void(name, found[0], current)
            elif not found["end"]:
                depth += 1
                current = self._start(name, found, current, is_deep=depth >= _MOST_DEPTH)
            else:
                depth -= current.parent is not None
                current = self._end(name, found[0], current)
        while current.parent is not None:
            current = self._left(current, len(self._tokens) - 1)

    def _pieces(self, text: str) -> list[str]:
        return text.splitlines(keepends=True) if self._preformatted else [text]

    def _token(self, token: str) -> int:
        self._tokens.append(token)
        self._line_of.append(len(self._texts) - 1)
        return len(self._tokens) - 1

    def _text(self, piece: str, current: _Element) -> None:
        at = self._token(piece)
        current.children.append(at)
        words = entities.unescape(piece) if "&" in piece else piece
        self._add(_SPACE.sub(" ", words), at, current)
        if self._preformatted and piece.endswith("\n"):
            if not self._texts[-1]:
                self._shown("", at, current)
            self._break()

    def _start(self, name: str, found: re.Match[str], current: _Element, *, is_deep: bool) -> _Element:
        if name not in _INLINE:
            self._break()
        at = self._token(found[0])
        if name in ("td", "th") and self._texts[-1]:
            self._texts[-1].append(" ")
        self._preformatted += name == "pre"
        if name == "a" and (link := _MAIL_LINK.search(found["attributes"])):
            self._address = link[1]
        is_cell = name in ("td", "th", "li", "dd", "caption")
        allows = name not in _NO_WRAPPING and (current.allows or is_cell) and not is_deep
        element = _Element(name, at, current, _mark_of(name, found["attributes"]), allows=allows)
        current.children.append(element)
        return element

    def _end(self, name: str, token: str, current: _Element) -> _Element:
        at = self._token(token)
        if name == "a" and self._address:
            # The address behind a name tells that a line is a field of a header block.
            if self._texts[-1] and self._address not in "".join(self._texts[-1][-3:]):
                self._texts[-1].append(f" <{self._address}>")
            self._address = ""
        self._preformatted -= name == "pre" and self._preformatted > 0
        if current.name == name and current.parent is not None:
            current = self._left(current, at)
        else:
            current.children.append(at)
        if name not in _INLINE:
            self._break()
        return current

    def _left(self, element: _Element, at: int) -> _Element:
        element.close = at
        parent = element.parent or self._root
        if element.name == "blockquote" or element.has_blockquote:
            parent.has_blockquote = True
        if element.first >= 0:
            parent.shows(element.first, element.last)
        return parent

    def _void(self, name: str, token: str, current: _Element) -> None:
        if name == "hr":
            self._break()
        at = self._token(token)
        current.children.append(at)
        if name == "br":
            self._shown("", at, current)
            self._break()
        elif name == "hr":
            self._shown("________", at, current)
            self._break()
        elif name == "img":
            self._shown(_OBJECT, at, current)

    def _add(self, text: str, at: int, current: _Element) -> None:
        if text.strip(" "):
            self._shown(text, at, current)
        elif self._texts[-1] and text:
            self._texts[-1].append(" ")

    def _shown(self, text: str, at: int, current: _Element) -> None:
        if not self._texts[-1]:
            self._where[-1] = current
            self._first[-1] = at
        self._last[-1] = at
        self._texts[-1].append(text)
        current.shows(at, at)

    def _break(self) -> None:
        if self._texts[-1]:
            self._texts.append([])
            self._where.append(self._root)
            self._first.append(-1)
            self._last.append(-1)

    def _line(self, number: int) -> Line:
        text = "".join(self._texts[number]).strip(" ")
        depth = boxes = 0
        mark = Kind.OWN
        element: _Element | None = self._where[number]
        while element is not None:
            if element.name == "blockquote":
                boxes += 1
                depth += element.mark is Kind.QUOTE
            elif (
                element.mark is not Kind.OWN
                and mark in (Kind.OWN, Kind.SIGNATURE)
                and not (element.mark is Kind.QUOTE and element.has_blockquote)
            ):
                mark = element.mark
            if element.mark is Kind.QUOTE and boxes:
                depth = max(depth, 1)
            element = element.parent
        if text[:1] == ">":
            beginning = text[:60].replace(" ", "")
            depth += len(beginning) - len(beginning.lstrip(">"))
            boxes = max(boxes, depth)
        if mark is Kind.SIGNATURE and boxes:
            mark = Kind.OWN
        return Line(text, depth, boxes, mark)

    def wrapped(self, runs: Sequence[tuple[str, int, int]]) -> str:
        """The HTML with the lines of each run (a class, first line, end) in a `div` of that class. Where a run begins
        inside an element that ends before the run does, there are several; where none may stand, there is none."""
        before: dict[int, str] = {}
        after: dict[int, str] = {}
        for name, first, end in runs[:_MOST_RUNS]:
            shown = [number for number in range(first, end) if self._first[number] >= 0]
            if shown:
                for start, stop in self._stretches(self._first[shown[0]], self._last[shown[-1]]):
                    before[start] = f'<div class="{name}">'
                    after[stop] = "</div>"
        pieces: list[str] = []
        for at, token in enumerate(self._tokens):
            if at in before:
                pieces.append(before[at])
            pieces.append(token)
            if at in after:
                pieces.append(after[at])
        return "".join(pieces)

    def _stretches(self, first: int, last: int) -> list[tuple[int, int]]:
        """From which to which token elements can be put around all that tokens `first` to `last` show."""
        found: list[tuple[int, int]] = []
        waiting = [self._root]
        while waiting:
            element = waiting.pop()
            stretch: list[tuple[int, int, int, int]] = []
            for child in element.children:
                span = self._span(child)
                if span[2] < 0:  # it shows nothing
                    if stretch:
                        stretch.append(span)
                    continue
                if span[3] < first or span[2] > last:
                    continue
                is_inside = first <= span[2] and span[3] <= last
                if is_inside and element.allows:
                    stretch.append(span)
                    continue
                self._end_stretch(stretch, found)
                stretch = []
                if isinstance(child, _Element):
                    waiting.append(child)
            self._end_stretch(stretch, found)
        return found

    def _span(self, child: _Element | int) -> tuple[int, int, int, int]:
        """First and last token, and the first and last of them that show something (-1 for none)."""
        if isinstance(child, _Element):
            return child.open, child.close, child.first, child.last
        is_shown = self._first[self._line_of[child]] <= child <= self._last[self._line_of[child]]
        is_shown = is_shown and (self._tokens[child][0] == "<" or bool(self._tokens[child].strip()))
        return child, child, child if is_shown else -1, child if is_shown else -1

    def _end_stretch(self, stretch: list[tuple[int, int, int, int]], found: list[tuple[int, int]]) -> None:
        """Keep a stretch without what shares its line with something outside."""
        begin, end = 0, len(stretch)
        while begin < end and not self._begins_line(stretch[begin][2]):
            begin += 1
        while end > begin and not self._ends_line(stretch[end - 1][3]):
            end -= 1
        if begin < end:
            found.append((stretch[begin][0], stretch[end - 1][1]))

    def _begins_line(self, at: int) -> bool:
        return at >= 0 and self._first[self._line_of[at]] == at

    def _ends_line(self, at: int) -> bool:
        return at >= 0 and self._last[self._line_of[at]] == at

    def without(self, hidden: Sequence[int]) -> str:
        """The HTML without the text of some lines."""
        lines = set(hidden)
        return "".join(
            [
                token
                for at, token in enumerate(self._tokens)
                if self._line_of[at] not in lines or (token[0] == "<" and not token.startswith(_SHOWN_TAGS))
            ]
        )

    def after(self, line: int) -> str:
        """The HTML from a line on; elements that were open before are not opened again."""
        return "".join(self._tokens[self._first_token(line) :])

    def before(self, line: int) -> str:
        """The HTML above a line; open elements are not closed."""
        return "".join(self._tokens[: self._first_token(line)])

    def _first_token(self, line: int) -> int:
        """The first token of a line, with the elements that begin with it."""
        at = next((first for first in self._first[line:] if first >= 0), len(self._tokens))
        while at > 0 and self._tokens[at - 1][0] == "<" and self._tokens[at - 1][1] != "/":
            if self._tokens[at - 1].startswith(_SHOWN_TAGS):
                break
            at -= 1
        return at


def without_own_marks(html: str) -> str:
    """The HTML without the classes that Waypost marks folded parts with: nobody else may hide words with them."""
    if QUOTE_CLASS not in html and SIGNATURE_CLASS not in html:
        return html
    return _TOKEN.sub(_unmarked, html)


def _unmarked(found: re.Match[str]) -> str:
    attributes = found["attributes"] or ""
    if QUOTE_CLASS not in attributes and SIGNATURE_CLASS not in attributes:
        return found[0]
    return _OWN_MARKS.sub("", found[0])


_SHOWN_TAGS = ("<br", "<hr", "<img")


def _mark_of(name: str, attributes: str) -> Kind:
    if not attributes:
        return Kind.OWN
    marks = {mark.removeprefix("x_") for value in _MARKS.findall(attributes) for mark in value.split()}
    if name == "blockquote":
        return Kind.QUOTE if ' type="cite"' in attributes or marks & _QUOTE_MARKS else Kind.OWN
    if not marks:
        return Kind.OWN
    if marks & _QUOTE_MARKS:
        return Kind.QUOTE
    if marks & _FORWARD_MARKS:
        return Kind.FORWARDED
    return Kind.SIGNATURE if marks & _SIGNATURE_MARKS else Kind.OWN
