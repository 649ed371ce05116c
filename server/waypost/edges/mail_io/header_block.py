"""The header fields of a message or part: found, unfolded, and read as text or parameters. What single fields mean is
for other modules."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from email.message import Message
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from waypost.edges.mail_io.charsets import decode

#: Fields beyond this many bytes are not read; the raw message keeps them.
MOST_HEADER_BYTES = 1_000_000
_MOST_OF_A_NAME = 100
_MOST_PARAMETER_BYTES = 8_000
_MOST_PARAMETERS = 64

_BLANK_LINE = re.compile(rb"\r\n\r\n|\n\r?\n|\r\r(?!\n)")
_FIELD = re.compile(rb"([!-9;-~]{1,100})[ \t]*:(.*)", re.DOTALL)
_MBOX_LINE = re.compile(rb">?From (?![ \t]*:)[^\r\n]*(?:\r\n|\n|\r)")
# An encoded word (RFC 2047), with room for question marks and spaces that the RFC forbids and senders write.
_WORD = re.compile(rb"=\?([^?\s]{1,60})\?([bBqQ])\?((?:[^?\r\n]|\?(?!=)){0,1000}+)\?=")
_NO_SEMICOLON = re.compile(rb"\A[ \t]*([\w.+/-]{1,150})[ \t]+(?=[\w*-]{1,60}[ \t]*=)")


class Headers:
    """Header fields by lower-case name, in order, as raw unfolded bytes."""

    def __init__(self) -> None:
        self._fields: dict[str, list[bytes]] = {}
        self._places: dict[str, list[int]] = {}
        self._count = 0

    def add(self, name: str, value: bytes) -> None:
        values = self._fields.setdefault(name, [])
        if len(values) < _MOST_OF_A_NAME:
            values.append(value)
            self._places.setdefault(name, []).append(self._count)
            self._count += 1

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __bool__(self) -> bool:
        return bool(self._fields)

    def all(self, name: str) -> list[bytes]:
        """Every value of a field."""
        return self._fields.get(name, [])

    def places(self, name: str) -> list[int]:
        """Where each value of a field stands among all fields, counted from the top."""
        return self._places.get(name, [])

    def first(self, name: str) -> bytes:
        """The first value that is not blank, or nothing."""
        return next((value for value in self._fields.get(name, []) if value.strip()), b"")

    def text(self, name: str, limit: int = 16_000) -> str:
        """The first value as text, encoded words decoded."""
        return read_text(self.first(name)[:limit]) if name in self._fields else ""


class Block(NamedTuple):
    """Header fields, where the body begins, and whether fields beyond the limit were left unread."""

    headers: Headers
    body_start: int
    is_cut: bool


def read_block(raw: bytes, start: int, end: int) -> Block:
    """Read the header fields from `start`. Where none are, the body begins at `start`."""
    start = _after_mbox_line(raw, start, end)
    if raw[start : start + 1] in (b"\n", b"\r"):
        return Block(Headers(), start + (2 if raw[start : start + 2] == b"\r\n" else 1), is_cut=False)
    window_end = min(end, start + MOST_HEADER_BYTES)
    blank = _BLANK_LINE.search(raw, start, window_end)
    is_cut = blank is None and window_end < end
    fields_end, body_start = (blank.start(), blank.end()) if blank else (window_end, end)
    if is_cut:
        body_start = _after_blank_line(raw, window_end, end)
    lines = raw[start:fields_end].splitlines(keepends=True)
    headers, used = _fields(lines)
    if used < len(lines):
        body_start = start + sum(map(len, lines[:used]))
    return Block(headers, body_start, is_cut)


def _after_blank_line(raw: bytes, start: int, end: int) -> int:
    """Found by plain search, which passes a hundred megabytes in a moment; a pattern would take seconds."""
    found = [(place, len(line)) for line in (b"\n\r\n", b"\n\n") if (place := raw.find(line, start, end)) >= 0]
    return sum(min(found)) if found else end


def _after_mbox_line(raw: bytes, start: int, end: int) -> int:
    found = _MBOX_LINE.match(raw, start, end)
    return found.end() if found else start


def _fields(lines: list[bytes]) -> tuple[Headers, int]:
    """The fields, and how many lines belong to the header: a line that is no field ends it, unless fields follow."""
    headers = Headers()
    name, value = "", [b""]
    last = _last_field(lines)
    for place, line in enumerate(lines):
        if line[:1] in (b" ", b"\t"):
            value.append(line.strip())
            continue
        found = _FIELD.match(line)
        if found:
            if name:
                headers.add(name, b" ".join(value))
            name, value = found[1].decode("ascii").lower(), [found[2].strip()]
        elif place > last:
            if name:
                headers.add(name, b" ".join(value))
            return headers, place
    if name:
        headers.add(name, b" ".join(value))
    return headers, len(lines)


def _last_field(lines: list[bytes]) -> int:
    """The place of the last field. A boundary's line ends the search: fields behind it are a part's."""
    boundary = next((place for place, line in enumerate(lines) if line.startswith(b"--")), len(lines))
    for place in range(boundary - 1, -1, -1):
        if _FIELD.match(lines[place]):
            return place
    return -1


def read_text(value: bytes) -> str:
    """A field's value as text. Encoded words of one charset are joined before decoding: senders split characters."""
    if b"=?" not in value:
        return decode(value)[0]
    pieces: list[tuple[str | None, bytes]] = []
    position = 0
    for found in _WORD.finditer(value):
        between = value[position : found.start()]
        if between.strip() or (between and not pieces):
            pieces.append((None, between))
        charset = found[1].decode("latin-1").partition("*")[0].lower()
        pieces.append((charset, _word_bytes(found[2], found[3])))
        position = found.end()
    if position < len(value):
        pieces.append((None, value[position:]))
    runs = groupby(pieces, key=lambda piece: piece[0])
    return "".join([decode(b"".join([data for _, data in run]), charset)[0] for charset, run in runs])


def _word_bytes(encoding: bytes, encoded: bytes) -> bytes:
    if encoding in b"qQ":
        return binascii.a2b_qp(encoded, header=True)
    return lenient_base64(encoded)


def lenient_base64(encoded: bytes) -> bytes:
    """Base64 with foreign characters, wrong padding or a broken end: all that can be decoded."""
    try:
        return binascii.a2b_base64(encoded)
    except binascii.Error:
        alphabet = re.sub(rb"[^A-Za-z0-9+/]", b"", encoded)
        whole = len(alphabet) - (len(alphabet) % 4 == 1)
        return binascii.a2b_base64(alphabet[:whole] + b"=" * (-whole % 4))


class Parameterised(NamedTuple):
    """A field such as Content-Type: its value in lower case, and its parameters by lower-case name."""

    value: str
    parameters: dict[str, str]


@lru_cache(maxsize=1024)
def read_parameters(field: bytes) -> Parameterised:
    """Read a field with parameters (RFC 2045, 2231). Broken parameters are left out."""
    field = field[:_MOST_PARAMETER_BYTES]
    # Some programs forget the semicolon: `application/pdf name="x.pdf"`.
    field = _NO_SEMICOLON.sub(rb"\1; ", field)
    value = field.partition(b";")[0].strip().lower().decode("ascii", "ignore")
    if b";" not in field:
        return Parameterised(value, {})
    carrier = Message()
    carrier["Content-Type"] = decode(b";".join(field.split(b";")[:_MOST_PARAMETERS]))[0]
    try:
        found = carrier.get_params(failobj=[], unquote=True)
    except (ValueError, IndexError, TypeError, LookupError):
        found = []
    parameters: dict[str, str] = {}
    for name, parameter in found[1:]:
        parameters.setdefault(name.lower(), _parameter_text(parameter))
    return Parameterised(value, parameters)


def _parameter_text(parameter: str | tuple[str | None, str | None, str]) -> str:
    if isinstance(parameter, tuple):
        charset, _, text = parameter
        return decode(text.encode("latin-1", "replace"), charset)[0]
    return read_text(parameter.encode())
