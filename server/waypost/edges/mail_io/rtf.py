"""Rich text as Outlook hides it in winmail.dat: decompressed (MS-OXRTFCP), and read as the HTML or text that it wraps
(MS-OXRTFEX). Formatting of other rich text is not kept; its words are."""

from __future__ import annotations

import re
import struct

from waypost.edges.mail_io.charsets import decode

MOST_BYTES = 8_000_000
_FIRST_DICTIONARY = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans Serif"
    rb"SymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
_SIZE = 4096
_TOKEN = re.compile(
    r"\\'([0-9a-fA-F]{2})|\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\([^a-zA-Z'])|([{}])|([^\\{}\r\n]+)|[\r\n]+|\\"
)
_DESTINATIONS = frozenset(
    "fonttbl colortbl stylesheet info pict object header footer headerl headerr footerl footerr generator listtable"
    " listoverridetable revtbl rsidtbl xmlnstbl themedata colorschememapping datastore latentstyles mhtmltag pntext"
    " pnseclvl fldinst bkmkstart bkmkend filetbl".split()
)
_CHARACTERS = {
    **dict.fromkeys(("par", "line", "row", "sect", "page"), "\n"),
    **dict.fromkeys(("tab", "cell"), "\t"),
    **dict.fromkeys(("emspace", "enspace"), " "),
    "emdash": "\u2014",
    "endash": "\u2013",
    "lquote": "\u2018",
    "rquote": "\u2019",
    "ldblquote": "\u201c",
    "rdblquote": "\u201d",
    "bullet": "\u2022",
}
_CODE_PAGES = {
    "1361": "johab",
    "10000": "mac_roman",
    "65001": "utf-8",
    "932": "cp932",
    "936": "gb18030",
    "949": "cp949",
}
_MOST_DEPTH = 200


def decompressed(data: bytes) -> bytes:
    """The rich text itself. Raises ValueError where the bytes are none."""
    if len(data) < 16:
        raise ValueError("too short")
    _, size, kind, _ = struct.unpack("<IIII", data[:16])
    if kind == 0x414C454D:  # MELA: not compressed
        return data[16 : 16 + min(size, MOST_BYTES)]
    if kind != 0x75465A4C or size > MOST_BYTES:
        raise ValueError("no compressed rich text")
    window = bytearray(_FIRST_DICTIONARY.ljust(_SIZE, b"\0"))
    place = len(_FIRST_DICTIONARY)
    written = bytearray()
    position = 16
    while position < len(data) and len(written) < size:
        control = data[position]
        position += 1
        for bit in range(8):
            if position >= len(data) or len(written) >= size:
                break
            if not control >> bit & 1:
                window[place % _SIZE] = data[position]
                written.append(data[position])
                place, position = place + 1, position + 1
                continue
            reference = int.from_bytes(data[position : position + 2], "big")
            position += 2
            start = reference >> 4
            if start == place % _SIZE:
                return bytes(written)
            for offset in range((reference & 15) + 2):
                byte = window[(start + offset) % _SIZE]
                window[place % _SIZE] = byte
                written.append(byte)
                place += 1
    return bytes(written)


def read(data: bytes) -> tuple[str, str]:
    """The HTML that rich text wraps, or else its text: one of both is empty."""
    source = data[:MOST_BYTES].decode("latin-1")
    reader = _Reader(is_html="\\fromhtml" in source[:1_000])
    for token in _TOKEN.finditer(source):
        reader.take(token)
    written = reader.result()
    return (written, "") if reader.is_html else ("", written)


class _Reader:
    """Follows the groups. In rich text that wraps HTML, `htmltag` holds tags, and what `htmlrtf` surrounds is for
    programs that do not know HTML."""

    def __init__(self, *, is_html: bool) -> None:
        self.is_html = is_html
        self._written: list[str] = []
        self._bytes = bytearray()
        self._charset = "cp1252"
        # For each open group: whether it is left out, and whether it is for others.
        self._groups: list[tuple[bool, bool]] = []
        self._is_left_out = self._is_for_others = False
        self._is_starred = False
        self._after_unicode = 1
        self._skipped = 0

    def take(self, token: re.Match[str]) -> None:
        code, word, number, symbol, brace, text = token.groups()
        if code:
            self._byte(int(code, 16))
            return
        if text:
            self._text(text)
            return
        if brace:
            self._brace(brace)
        elif word:
            self._word(word, number)
        elif symbol:
            self._symbol(symbol)

    def result(self) -> str:
        self._flush()
        return "".join(self._written).strip()

    def _byte(self, code: int) -> None:
        if self._skipped:
            self._skipped -= 1
        elif not self._is_hidden():
            self._bytes.append(code)

    def _text(self, text: str) -> None:
        if self._skipped:
            skipped = min(self._skipped, len(text))
            self._skipped -= skipped
            text = text[skipped:]
        if text and not self._is_hidden():
            self._flush()
            self._written.append(text)

    def _brace(self, brace: str) -> None:
        self._skipped = 0
        if brace == "{":
            if len(self._groups) < _MOST_DEPTH:
                self._groups.append((self._is_left_out, self._is_for_others))
        elif self._groups:
            self._is_left_out, self._is_for_others = self._groups.pop()
        self._is_starred = False

    def _word(self, word: str, number: str | None) -> None:
        if word == "u" and number:
            self._unicode(int(number))
        elif word == "uc":
            self._after_unicode = min(int(number or 1), 10) if int(number or 1) >= 0 else 1
        elif word == "ansicpg" and number:
            self._charset = _CODE_PAGES.get(number, f"cp{number}")
        elif word == "htmlrtf":
            self._is_for_others = self.is_html and number != "0"
        elif word == "htmltag":
            self._is_left_out = not self.is_html
            self._is_for_others = False
        elif word in _DESTINATIONS or self._is_starred:
            self._is_left_out = True
        elif word in _CHARACTERS:
            self._text("\r\n" if self.is_html and word in ("par", "line") else _CHARACTERS[word])
        self._is_starred = False

    def _symbol(self, symbol: str) -> None:
        if symbol == "*":
            self._is_starred = True
        elif symbol in "\\{}":
            self._text(symbol)
        elif symbol == "~":
            self._text("\u00a0" if not self.is_html else "&nbsp;")
        elif symbol == "_":
            self._text("-")
        elif symbol in "\r\n":
            self._text("\n")

    def _unicode(self, code: int) -> None:
        self._flush()
        if not self._is_hidden():
            self._written.append(chr(code % 65_536))
        self._skipped = self._after_unicode

    def _is_hidden(self) -> bool:
        return self._is_left_out or self._is_for_others

    def _flush(self) -> None:
        if self._bytes:
            self._written.append(decode(bytes(self._bytes), self._charset)[0])
            self._bytes.clear()
