"""Rewrites any HTML so that a parser reads it in linear time and small memory.

HTML parsers have quadratic corners: deep nesting, thousands of attributes, unclosed formatting elements that are
opened again in each block, long texts with many entities. This pass sees the tags as a browser does, lets
through only those it has counted, and keeps every text. What is safe to show is not decided here."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

from waypost.kit.html_policy import ALLOWED_ELEMENTS, DROPPED_WITH_CONTENT, FORMATTING_ELEMENTS

MOST_CHARACTERS = 5_000_000
MOST_DEPTH = 160
MOST_OPEN_FORMATTING = 48
MOST_ATTRIBUTES = 48
# A tree takes some hundred bytes for each tag and each attribute: these together.
MOST_TAGS = 80_000
# Elements that a parser may have to open again, summed over all tags: what a hostile mail blows up.
MOST_REOPENED = 100_000
# Below so many characters attributes are not counted.
_UNCOUNTED_ATTRIBUTES = 100_000
_ENTITIES_A_TEXT = 256
_SHORT_ATTRIBUTES = 400
# Parsers and serialisers copy a value anew for each entity in it: entities times characters.
_MOST_COPYING = 20_000_000
MOST_TANGLED_CHARACTERS = 1_000_000

_SPACE = r"[ \t\n\f\r]"
# The standard's tokenizer to the letter: a first `=` belongs to the name, quotes count only where a value begins.
_ATTRIBUTE = (
    r"[^ \t\n\f\r/>][^ \t\n\f\r/>=]*+"
    rf"(?:{_SPACE}*+={_SPACE}*+(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z)|[^ \t\n\f\r>\"'][^ \t\n\f\r>]*+|(?=>|\Z)))?+"
)
_TAG = re.compile(
    rf"""<(?:
        (?P<close>/?)(?P<name>[a-zA-Z][^ \t\n\f\r/>]*+)
        (?P<attributes>(?:[ \t\n\f\r/]++|{_ATTRIBUTE})*+)
        (?P<end>>|\Z)
      | (?P<comment>!--)
      | (?:[!?]|/(?=[^a-zA-Z]))[^>]*+(?:>|\Z)
    )""",
    re.VERBOSE,
)
_ONE_ATTRIBUTE = re.compile(_ATTRIBUTE)
_COMMENT_END = re.compile("--!?>")
_RIGHT_TO_LEFT = re.compile(rf"{_SPACE}dir{_SPACE}*={_SPACE}*[\"']?rtl", re.IGNORECASE)
_MANY_ENTITIES = re.compile(rf"(?:[^&]*+&){{{_ENTITIES_A_TEXT}}}[^&]*+(?=&)")
_LONG_REFERENCE = re.compile(r"&#[xX]?[0-9a-fA-F]{9,}+;?")

# A parser closes these by itself, so that they nest only through an element that is counted.
_SELF_CLOSING = frozenset("br wbr hr img col".split())
_IMPLIED = _SELF_CLOSING | frozenset("p li dd dt td th tr tbody thead tfoot caption colgroup rt rp".split())
_CELLS = frozenset("td th caption".split())
_CELL_ENDS = _CELLS | frozenset("tr tbody thead tfoot table".split())
_LINE_BREAKERS = frozenset(
    "address article aside blockquote br caption center dd div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header"
    " hr li main nav ol p pre section table tr ul".split()
)


# Text with line breaks, as the sanitiser and a parser would leave it: it needs neither.
PLAIN = re.compile(r"(?:[^<>&\r\0\u00a0]|&(?:amp|lt|gt|nbsp);|<br>)*+")


class TooComplex(Exception):
    """The HTML would cost a parser too much; its text is all that can be shown."""


# Text before the tag, element name in lower case or nothing, is an end tag, attributes.
Token: TypeAlias = tuple[str, str, bool, str]


# What to write for a frame with these attributes: nothing, or an element that is known.
ForFrame: TypeAlias = Callable[[list[tuple[str, str]]], str]


def bounded(source: str, for_frame: ForFrame | None = None) -> str:
    """The same HTML with only known elements, of bounded depth, without comments, scripts and style sheets.
    Raises TooComplex where no rewriting bounds the cost."""
    if len(source) > MOST_CHARACTERS:
        raise TooComplex
    written: list[str] = []
    nesting = _Nesting()
    entities = 0
    for text, name, is_end, attributes in tokens(source.replace("\u00a0", "&nbsp;")):
        if "&" in text:
            safe_text, entities = _counted(text, entities)
            written.append(safe_text)
        else:
            written.append(text)
        if name not in ALLOWED_ELEMENTS:
            if not is_end:
                written.append(_instead(name, attributes, nesting, for_frame))
            continue
        if is_end:
            if nesting.closes(name):
                written.append(f"</{name}>")
                entities = 0
        elif nesting.opens(name, attributes):
            written.append(f"<{name}{_few(attributes)}>")
            entities = 0
    result = "".join(written)
    if len(result) > MOST_CHARACTERS:
        raise TooComplex
    return result


def _instead(name: str, attributes: str, nesting: _Nesting, for_frame: ForFrame | None) -> str:
    """What to write for the start tag of an element that is not kept."""
    if name == "body" and _RIGHT_TO_LEFT.search(attributes):
        return '<div dir="rtl">'
    if name == "iframe" and for_frame is not None:
        nesting.counts_frame()
        return for_frame(_read(attributes))
    return ""


def text_only(source: str) -> str:
    """The text of the HTML with line breaks where blocks end, found without parsing. For HTML that is TooComplex;
    of such, the first million characters."""
    return next(beginnings(source, MOST_TANGLED_CHARACTERS + 1))


def beginnings(source: str, size: int) -> Iterator[str]:
    """The same in attempts, for whoever needs only its beginning: the text of so many characters or somewhat more, of
    twice as many, and so on to all of it. What stands at the end of an attempt may come out otherwise in the next."""
    # A list of so many short strings would take far more room.
    written = io.StringIO()
    for text, name, _, _ in tokens(source[:MOST_TANGLED_CHARACTERS]):
        written.write(text.replace("\n", " "))
        if name in _LINE_BREAKERS:
            written.write("\n")
        elif name in _CELLS:
            written.write(" ")
        if written.tell() >= size:
            yield _finished(written.getvalue())
            size = 2 * written.tell()
    yield _finished(written.getvalue())


def _finished(written: str) -> str:
    text = html.unescape(_LONG_REFERENCE.sub("\ufffd", written))
    lines = re.sub(r" ?\n ?", "\n", re.sub(r"[^\S\n]{2,}|[^\S\n ]", " ", text))
    return re.sub(r"\n{3,}", "\n\n", lines).strip()


def tokens(source: str) -> Iterator[Token]:
    """Each tag with the text before it, in order; the name is empty where only text is left. Comments, declarations
    and the content of scripts and the like are left out. `<` in a text is escaped."""
    position = 0
    never_ends: set[str] = set()
    while found := _TAG.search(source, position):
        text = source[position : found.start()].replace("<", "&lt;")
        position = found.end()
        name = (found["name"] or "").lower()
        if name and not found["end"]:
            # A browser drops an unfinished tag with all that follows; a reader would miss it.
            yield text + found[0].replace("<", "&lt;"), "", False, ""
            continue
        yield text, name, bool(found["close"]), found["attributes"] or ""
        if found["comment"]:
            position = _after_comment(source, position, never_ends)
        elif name in DROPPED_WITH_CONTENT and not found["close"]:
            position = _after_element(source, position, name, never_ends)
    yield source[position:].replace("<", "&lt;"), "", False, ""


def _after_comment(source: str, start: int, never_ends: set[str]) -> int:
    if source.startswith((">", "->"), start):
        return source.index(">", start) + 1
    # An unfinished comment hides nothing: all that follows is shown.
    if "!--" in never_ends:
        return start
    end = _COMMENT_END.search(source, start)
    if not end:
        never_ends.add("!--")
    return end.end() if end else start


def _after_element(source: str, start: int, name: str, never_ends: set[str]) -> int:
    if name in never_ends:
        return start
    end = re.compile(rf"</{name}(?=[ \t\n\f\r/>])[^>]*+>?", re.IGNORECASE).search(source, start)
    if not end:
        never_ends.add(name)
    return end.end() if end else start


def _few(attributes: str) -> str:
    """At most MOST_ATTRIBUTES of a start tag's attributes, without those that are costly to read."""
    if len(attributes) <= _SHORT_ATTRIBUTES:
        return attributes
    few = _ONE_ATTRIBUTE.findall(attributes)[:MOST_ATTRIBUTES]
    return "".join([" " + one for one in few if (one.count("&") + one.count("\u00a0")) * len(one) <= _MOST_COPYING])


def _read(attributes: str) -> list[tuple[str, str]]:
    """Names and values of a start tag's first attributes."""
    found = []
    for one in _ONE_ATTRIBUTE.findall(_few(attributes))[:MOST_ATTRIBUTES]:
        # A `=` that a name begins with belongs to it.
        place = one.find("=", 1)
        name, value = (one, "") if place < 0 else (one[:place].rstrip(" \t\n\f\r"), one[place + 1 :].strip(" \t\n\f\r"))
        if value[:1] in ("'", '"'):
            value = value[1:].removesuffix(value[0])
        found.append((name, html.unescape(value)))
    return found


def _counted(text: str, entities: int) -> tuple[str, int]:
    """The text as it is written after so many entities, and how many there are now in the text run."""
    entities += text.count("&")
    return (text, entities) if entities <= _ENTITIES_A_TEXT else ("<!---->" + _parted(text), 0)


def _parted(text: str) -> str:
    """The text with a comment after every few entities, which parsers would copy it for."""
    parts: list[str] = []
    position = 0
    while found := _MANY_ENTITIES.match(text, position):
        parts.append(found[0])
        position = found.end()
    return "<!---->".join([*parts, text[position:]])


class _Nesting:
    """Counts what a parser would have open. Where its rules differ from the standard's, it counts more, never
    less; so what it admits stays within the limits."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._hidden: dict[str, int] = {}  # start tags that were left out for their depth, so their end tags go too
        self._formatting: list[str] = []
        self._cells: list[int | None] = []  # for each open table: how much formatting its open cell began with
        self._tags = 0
        self._reopened = 0
        self._attributes = 0  # characters of them

    def opens(self, name: str, attributes: str) -> bool:
        """Count a start tag; False when it has to be left out."""
        if attributes:
            self._attributes += len(attributes)
            if self._attributes > _UNCOUNTED_ATTRIBUTES:
                self._tags += min(len(_ONE_ATTRIBUTE.findall(attributes)), MOST_ATTRIBUTES)
        self._count()
        if name in _IMPLIED:
            if name in _CELL_ENDS:
                self._end_cell()
                if name in _CELLS and self._cells:
                    self._cells[-1] = len(self._formatting)
            return True
        is_formatting = name in FORMATTING_ELEMENTS
        if len(self._open) >= MOST_DEPTH or (is_formatting and len(self._formatting) >= MOST_OPEN_FORMATTING):
            self._hidden[name] = self._hidden.get(name, 0) + 1
            return False
        self._open.append(name)
        if is_formatting:
            self._formatting.append(name)
        elif name == "table":
            self._cells.append(None)
        return True

    def counts_frame(self) -> None:
        """Count what stands for a frame: a start tag and an end tag."""
        self._count()
        self._count()

    def closes(self, name: str) -> bool:
        """Count an end tag; False when it has to be left out."""
        self._count()
        if name in _IMPLIED:
            if name in _CELL_ENDS:
                self._end_cell()
            return True
        if self._hidden.get(name):
            self._hidden[name] -= 1
            return False
        if name in FORMATTING_ELEMENTS:
            _remove_last(self._open, name)
            _remove_last(self._formatting, name)
        elif name == "table":
            self._end_table()
        else:
            self._end_element(name)
        return True

    def _count(self) -> None:
        self._tags += 1
        self._reopened += len(self._formatting)
        if self._tags > MOST_TAGS or self._reopened > MOST_REOPENED:
            raise TooComplex

    def _end_element(self, name: str) -> None:
        """An end tag reaches through formatting and, where it ends a block, through blocks, but not out of a table."""
        for place in range(len(self._open) - 1, -1, -1):
            if self._open[place] == name:
                del self._open[place:]
                return
            if self._open[place] == "table" or (name == "span" and self._open[place] not in FORMATTING_ELEMENTS):
                return

    def _end_table(self) -> None:
        if "table" in self._open:
            self._end_cell()
            self._cells.pop()
            del self._open[len(self._open) - 1 - self._open[::-1].index("table") :]

    def _end_cell(self) -> None:
        """Formatting that was opened in a cell ends with it."""
        if self._cells and self._cells[-1] is not None:
            del self._formatting[self._cells[-1] :]
            self._cells[-1] = None


def _remove_last(names: list[str], name: str) -> None:
    for place in range(len(names) - 1, -1, -1):
        if names[place] == name:
            del names[place]
            return
