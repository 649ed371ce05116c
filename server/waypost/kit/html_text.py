"""HTML read as plain text: the text twin of a mail, what search indexes, and one-line previews."""

import html
import re
from collections.abc import Callable, Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from waypost.kit.html_bounds import MOST_CHARACTERS, PLAIN, TooComplex, beginnings, bounded, text_only
from waypost.kit.html_policy import QUOTE_CLASS, SIGNATURE_CLASS
from waypost.kit.text import clean_text

# A preview needs no more of a message than its beginning.
_PREVIEW_CHARACTERS = 60_000
_PREVIEW_MARGIN = 50
_MOST_QUOTE_LEVELS = 8
_MOST_LIST_LEVELS = 8

_MOST_BREAKS = 3

# Any white space but a single space, which is what it becomes.
_SPACE = re.compile("[ \t\n\f\r\u00a0]{2,}|[\t\n\f\r\u00a0]")
# Joiners mean something between letters only; runs of them with spaces are how newsletters pad their previews.
_INVISIBLE = re.compile("[\u00ad\u034f\u200b\u2060\ufeff]+|[\u200c\u200d]+(?=\\s)|(?<=\\s)[\u200c\u200d]+")
_JOINERS = "\u200c\u200d"
_SPACE_BEFORE_BREAK = re.compile(r"(?<!\s)\s++\0")
_MANY_BREAKS = re.compile(rf"\0{{{_MOST_BREAKS + 1},}}+")
_DIV = re.compile(r'<(/?)div((?: [a-zA-Z-]+="[^"]*+")*+)>')
_SMALL_NUMBER = re.compile("[0-9]{1,6}")
_TOLD_ADDRESS = re.compile(r"(?:https?://|mailto:|tel:)[^\s<>]+\Z", re.IGNORECASE)
_TWO_BREAKS = frozenset("blockquote dl figure h1 h2 h3 h4 h5 h6 ol p pre table ul".split())
_ONE_BREAK = frozenset(
    "address article aside caption center dd details div dt figcaption footer header hr li main nav section summary"
    " tbody tfoot thead tr".split()
)


def to_text(source: str) -> str:
    """The text of any HTML: paragraphs parted by an empty line, `- ` and `1. ` for list items, `> ` for quotes,
    `words <address>` for links, ` | ` between table cells. Takes linear time and never raises."""
    source = clean_text(source)[:MOST_CHARACTERS]
    if PLAIN.fullmatch(source):
        lines = html.unescape(source.replace("\n", " ").replace("<br>", "\n")).replace("\u00a0", " ").split("\n")
        return "\n".join([line.rstrip() for line in lines]).strip("\n")
    try:
        return clean_html_to_text(bounded(source))
    except TooComplex:
        return text_only(source)


def clean_body_to_text(source: str) -> str:
    """The same, to the letter, of HTML that `sanitise` has returned, which needs no bounds any more."""
    return to_text(source) if PLAIN.fullmatch(source) else clean_html_to_text(source)


def clean_html_to_text(source: str) -> str:
    """The same of HTML that `sanitise` has returned, which needs no bounds any more."""
    if PLAIN.fullmatch(source):
        return _plain_to_text(source)
    body = LexborHTMLParser(source).body
    if body is None:
        return ""
    writer = _Writer()
    for node, enters in _walk(body):
        writer.enter(node) if enters else writer.leave(node)
    return writer.result()


def _plain_to_text(source: str) -> str:
    """What `_Writer` would write of HTML that holds no tags but `<br>`, without a tree of it, which takes a hundred
    times the room."""
    # No such HTML holds a zero byte.
    text = source.lstrip(" \t\n\f\r").replace("<br>", "\0")
    text = (html.unescape(text) if "&" in text else text).replace("\n", " ")
    text = text if text.isascii() else _INVISIBLE.sub("", text)
    text = _SPACE_BEFORE_BREAK.sub("\0", _SPACE.sub(" ", text).replace("\0 ", "\0"))
    return _MANY_BREAKS.sub("\0" * _MOST_BREAKS, text).rstrip().strip("\0").strip(" ").replace("\0", "\n")


def unfolded(source: str) -> str:
    """The sanitised HTML without quotes and signatures that are marked to be folded. All of it where no word would be
    left."""
    if QUOTE_CLASS not in source and SIGNATURE_CLASS not in source:
        return source
    kept: list[str] = []
    open_ones: list[bool] = []
    hidden = position = 0
    for tag in _DIV.finditer(source):
        if not hidden:
            kept.append(source[position : tag.start()])
        position = tag.start()
        if tag[1]:
            was_fold = bool(open_ones) and open_ones.pop()
            hidden -= was_fold
            position = tag.end() if was_fold else position
        else:
            open_ones.append(f'"{QUOTE_CLASS}"' in tag[2] or f'"{SIGNATURE_CLASS}"' in tag[2])
            hidden += open_ones[-1]
    if not hidden:
        kept.append(source[position:])
    rest = "".join(kept)
    return rest if any(beginnings(rest, 1)) else source


def preview(source: str, limit: int = 260) -> str:
    """The beginning of the HTML's text on one line, at most `limit` characters, without what is folded where anything
    else is to be read. spec: inbox-api "preview"."""
    words = ""
    for text in beginnings(clean_text(unfolded(source[:_PREVIEW_CHARACTERS])), 3 * limit):
        # Whether joiners at the end of an attempt mean something is seen in the next.
        words = " ".join(_INVISIBLE.sub("", text).rstrip(_JOINERS).split())
        if len(words) >= limit + _PREVIEW_MARGIN:
            break
    return words[:limit].rstrip()


def _walk(root: LexborNode) -> Iterator[tuple[LexborNode, bool]]:
    """Each node below the root on entering (True) and, for elements, on leaving (False), without recursion."""
    node = root.child
    while node is not None:
        yield node, True
        below = node.child
        if below is not None:
            node = below
            continue
        while True:
            if node.is_element_node:
                yield node, False
            beside = node.next
            if beside is not None:
                node = beside
                break
            above = node.parent
            if above is None or above.mem_id == root.mem_id:
                return
            node = above


class _Writer:
    """Collects lines. Breaks and spaces are held back until text follows, so that they collapse."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._line_quotes = 0
        self._breaks = 0
        self._space = False
        self._new_cell = False
        self._quotes = 0
        self._preformatted = 0
        self._lists: list[int | None] = []  # the next number of each open ordered list, None for bullets
        self._marker = ""
        self._address = ""
        self._label: list[str] = []  # what was written since the open link began

    def enter(self, node: LexborNode) -> None:
        name = node.tag or ""
        if name == "-text":
            text = node.text_content or ""
            self._preformatted_text(text) if self._preformatted else self._text(text)
            return
        self._block(name)
        if starts := _STARTS.get(name):
            starts(self, node)

    def leave(self, node: LexborNode) -> None:
        name = node.tag or ""
        if ends := _ENDS.get(name):
            ends(self)
        self._block(name)

    def result(self) -> str:
        self._end_line()
        return "\n".join(self._lines).strip("\n")

    def _block(self, name: str) -> None:
        if name in _TWO_BREAKS:
            nested = name in ("ol", "ul") and (self._lists or self._marker)
            self._break(1 if nested else 2)
        elif name in _ONE_BREAK:
            self._break(1)

    def _break(self, count: int) -> None:
        self._breaks = max(self._breaks, count)
        self._space = False

    def _text(self, text: str) -> None:
        words = _SPACE.sub(" ", _INVISIBLE.sub("", text))
        if not words or words == " ":
            self._space = self._space or bool(words)
            return
        self._space = self._space or words[0] == " "
        self._write(words.strip(" "))
        self._space = words[-1] == " "

    def _preformatted_text(self, text: str) -> None:
        first, *others = text.split("\n")
        self._write(first)
        for line in others:
            self._breaks += 1
            if line.strip():
                self._write(line)

    def _write(self, words: str) -> None:
        if self._breaks:
            self._end_line()
            if self._lines:
                between = "> " * min(self._quotes, self._line_quotes)
                self._lines.extend([between.rstrip()] * (self._breaks - 1))
            self._breaks = 0
        if not self._line:
            self._line_quotes = min(self._quotes, _MOST_QUOTE_LEVELS)
            self._line.append("> " * self._line_quotes + self._indent())
        elif self._new_cell:
            self._line.append(" | ")
        elif self._space:
            self._line.append(" ")
        self._space = self._new_cell = False
        self._line.append(words)
        if self._address:
            self._label.append(words)

    def _end_line(self) -> None:
        if self._line:
            self._lines.append("".join(self._line).rstrip())
            self._line = []

    def _indent(self) -> str:
        if not self._lists:
            return ""
        marker, self._marker = self._marker or "  ", ""
        return "  " * (min(len(self._lists), _MOST_LIST_LEVELS) - 1) + marker

    def start_line_break(self, _node: LexborNode) -> None:
        self._breaks = min(self._breaks + 1, _MOST_BREAKS)
        self._space = False

    def start_rule(self, _node: LexborNode) -> None:
        self._write("---")

    def start_cell(self, _node: LexborNode) -> None:
        self._new_cell = bool(self._line) and not self._breaks

    def start_image(self, node: LexborNode) -> None:
        words = " ".join((node.attributes.get("alt") or "").split())
        if words:
            self._write(f"[{words}]")

    def start_quote(self, _node: LexborNode) -> None:
        self._quotes += 1

    def end_quote(self) -> None:
        self._quotes -= 1

    def start_preformatted(self, _node: LexborNode) -> None:
        self._preformatted += 1

    def end_preformatted(self) -> None:
        self._preformatted -= 1

    def start_bullets(self, _node: LexborNode) -> None:
        self._lists.append(None)

    def start_numbers(self, node: LexborNode) -> None:
        start = node.attributes.get("start") or "1"
        self._lists.append(int(start) if _SMALL_NUMBER.fullmatch(start) else 1)

    def end_list(self) -> None:
        self._lists.pop()
        self._marker = ""

    def start_item(self, _node: LexborNode) -> None:
        number = self._lists[-1] if self._lists else None
        if number is not None:
            self._lists[-1] = number + 1
        self._marker = "- " if number is None else f"{number}. "

    def start_link(self, node: LexborNode) -> None:
        address = (node.attributes.get("href") or "").strip()
        self._address = address if _TOLD_ADDRESS.match(address) else ""
        self._label = []

    def end_link(self) -> None:
        address, self._address = self._address, ""
        label = "".join(self._label)
        bare = address.removeprefix("mailto:").removeprefix("tel:")
        # A link around a picture without words is decoration or a tracker; its address would only be noise.
        if label and label.rstrip("/") not in (address.rstrip("/"), bare, bare.split("://")[-1].rstrip("/")):
            self._space = True
            self._write(f"<{bare}>")


_STARTS: dict[str, Callable[[_Writer, LexborNode], None]] = {
    "a": _Writer.start_link,
    "blockquote": _Writer.start_quote,
    "br": _Writer.start_line_break,
    "hr": _Writer.start_rule,
    "img": _Writer.start_image,
    "li": _Writer.start_item,
    "ol": _Writer.start_numbers,
    "pre": _Writer.start_preformatted,
    "td": _Writer.start_cell,
    "th": _Writer.start_cell,
    "ul": _Writer.start_bullets,
}
_ENDS: dict[str, Callable[[_Writer], None]] = {
    "a": _Writer.end_link,
    "blockquote": _Writer.end_quote,
    "ol": _Writer.end_list,
    "pre": _Writer.end_preformatted,
    "ul": _Writer.end_list,
}
