"""The mbox format in the forms that programs write it: where each message begins and ends, and its bytes.

A message begins at a line `From …` that looks like a postmark and has header fields below it. Bodies may hold lines
that begin with `From `: some writers put `>` before them (mboxo, mboxrd), some count the body's bytes in
Content-Length instead (mboxcl2), and some do neither.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from waypost.kit.errors import TooLarge

_LINE = 65_536  # what is read of a line at once; longer ones come in pieces
_FIRST_READ = 8_192  # of a body, to find its end; then twice as much each time
_LONGEST_FIELD_NAME = 200
_EMPTY = (b"\n", b"\r\n")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# `From -` (Netscape), `From 123@xxx` (Google Takeout), or something and a date.
_POSTMARK = re.compile(
    rb"""From\ (?:-
          |[^\s@]{1,300}@[^\s@]{1,300}
          |[^\r\n]{0,300}\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b(?=[^\r\n]{1,80}\b(?:19|20)\d\d\b)[^\r\n]{1,40}\b\d{1,2}:\d\d[^\r\n]{0,40}
          |[^\r\n]{0,300}\b(?:19|20)\d\d-\d\d-\d\d[T\ ]\d\d:\d\d[^\r\n]{0,40}
        )[ \t]*\r?\n?""",
    re.VERBOSE,
)
_FIELD = re.compile(rb"[!-9;-~]{1,100}[ \t]*:|>From ")
_CONTENT_LENGTH = re.compile(rb"content-length[ \t]*:[ \t]*(\d{1,12})[ \t]*\r?\n", re.IGNORECASE)
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)
_FROM_LINE = re.compile(b"\nFrom ")
_BARE_FROM = re.compile(rb"^From ", re.MULTILINE)


class Span(NamedTuple):
    """Where a message lies in the file, without its postmark; `is_counted` if Content-Length told its end."""

    start: int
    body: int
    end: int
    is_counted: bool


def is_mbox(path: Path) -> bool:
    """Whether a file is an mbox: by its first line. An .eml with a postmark is still one message."""
    if path.suffix.lower() == ".eml":
        return False
    with path.open("rb") as file:
        return file.read(64).removeprefix(_BYTE_ORDER_MARK).lstrip(b"\r\n").startswith(b"From ")


def count(path: Path) -> int:
    """How many messages the file holds."""
    with path.open("rb") as file:
        return sum(1 for _ in _spans(file))


def messages(path: Path, most_bytes: int) -> Iterator[bytes | TooLarge]:
    """The messages as they were before they were put into the file; TooLarge in place of one of more than
    `most_bytes`."""
    with path.open("rb") as scanned, path.open("rb") as file:
        for number, span in enumerate(_spans(scanned), 1):
            if span.end - span.start > most_bytes:
                yield TooLarge(f"message {number} of {path} has {span.end - span.start} bytes")
                continue
            file.seek(span.start)
            header = file.read(span.body - span.start)
            yield header + _unquoted(file.read(span.end - span.body), span)


def _unquoted(body: bytes, span: Span) -> bytes:
    if b">From " not in body or (span.is_counted and _BARE_FROM.search(body)):
        return body
    return _QUOTED_FROM.sub(rb"\1", body)


def _spans(file: BinaryIO) -> Iterator[Span]:
    scan = _Scan(file)
    start = scan.first()
    while start is not None:
        span, start = scan.message(start)
        yield span


class _Scan:
    """Walks through a file by lines, and by jumps where Content-Length can be believed."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._place = 0
        # A sender can write a Content-Length of his own and swallow the mails behind his: lengths count only in files
        # whose writer gave one to every message.
        self._counts = True

    def first(self) -> int | None:
        """The place below the first postmark."""
        while line := self._line():
            if line.removeprefix(_BYTE_ORDER_MARK).startswith(b"From "):
                return self._place
            if line.strip():
                return None
        return None

    def message(self, start: int) -> tuple[Span, int | None]:
        """The message that begins at `start`, and where the next one does."""
        told, is_over = self._header()
        body = self._place
        if is_over:
            line = self._line()
            return Span(start, body, body, is_counted=False), self._place if line else None
        if told is not None and self._counts and self._is_end(body + told):
            self._go(body + told)
            return Span(start, body, body + told, is_counted=True), self._next()
        self._counts = False
        self._go(body)
        return self._body(start, body)

    def _header(self) -> tuple[int | None, bool]:
        """What Content-Length tells, and whether the message ends without a body."""
        told = None
        starts_line = True
        while line := self._line():
            if starts_line and line in _EMPTY:
                return told, False
            if starts_line and line.startswith(b"From ") and self._is_postmark(line):
                self._go(self._place - len(line))
                return told, True
            found = _CONTENT_LENGTH.fullmatch(line) if starts_line else None
            told = int(found[1]) if found else told
            starts_line = line.endswith(b"\n")
        return told, True

    def _body(self, start: int, body: int) -> tuple[Span, int | None]:
        for place in self._from_lines(body):
            self._go(place)
            if self._is_postmark(self._line()):
                below, end = self._place, self._without_blank(body, place)
                self._go(below)
                return Span(start, body, end, is_counted=False), below
        end = self._file.seek(0, os.SEEK_END)
        return Span(start, body, self._without_blank(body, end), is_counted=False), None

    def _from_lines(self, place: int) -> Iterator[int]:
        """Where lines begin with `From `, from the beginning of a line on."""
        before, size = b"\n", _FIRST_READ
        while True:
            self._file.seek(place)
            read = self._file.read(size)
            if not read:
                return
            window = before + read
            for found in _FROM_LINE.finditer(window):
                yield place - len(before) + found.start() + 1
            place += len(read)
            before, size = window[1 - len(_FROM_LINE.pattern) :], min(2 * size, _LINE)

    def _without_blank(self, body: int, end: int) -> int:
        """The end without an empty line just before it: that parts messages and belongs to none."""
        self._file.seek(max(body, end - 4))
        last = (b"\n" if end - body < 4 else b"") + self._file.read(end - self._file.tell())
        return end - (2 if last.endswith(b"\n\r\n") else 1 if last.endswith(b"\n\n") else 0)

    def _is_end(self, place: int) -> bool:
        """Whether a message can end there: the end of the file or a postmark follows, after empty lines at most."""
        if place > os.fstat(self._file.fileno()).st_size:
            return False
        self._go(place)
        for _ in range(3):
            line = self._line()
            if line not in _EMPTY:
                return not line or (line.startswith(b"From ") and self._is_postmark(line))
        return False

    def _next(self) -> int | None:
        while (line := self._line()) in _EMPTY and line:
            pass
        return self._place if line else None

    def _is_postmark(self, line: bytes) -> bool:
        """Whether the line that was just read begins a message: a field is below it."""
        if not _POSTMARK.fullmatch(line):
            return False
        place = self._file.tell()
        below = self._file.readline(_LONGEST_FIELD_NAME)
        self._file.seek(place)
        return _FIELD.match(below) is not None

    def _line(self) -> bytes:
        line = self._file.readline(_LINE)
        self._place += len(line)
        return line

    def _go(self, place: int) -> None:
        self._file.seek(place)
        self._place = place
