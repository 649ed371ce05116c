"""The tree of a message's parts, found by position in the raw bytes.

The standard library's parser reads line by line, keeps every line as text and recurses; a hostile message then costs
seconds and hundreds of megabytes. This one searches for boundaries only, copies nothing, and stops at limits."""

from __future__ import annotations

import re

from waypost.edges.mail_io.header_block import Headers, Parameterised, read_block, read_parameters

MOST_PARTS = 500
MOST_DEPTH = 50
_MOST_FALSE_BOUNDARIES = 100_000
_LONGEST_BOUNDARY = 2_000
_SNIFFED_BYTES = 65_536

# Behind white space, anything may stand on a boundary's line (RFC 2046, 5.1.1).
_LINE_END = re.compile(rb"(--)?(?:[ \t][^\r\n]*)?(?:\r\n|\n|\r|\Z)")
_SNIFFED_BOUNDARY = re.compile(rb"(?<![^\r\n])--([^\r\n \t][^\r\n]{0,200}?)[ \t]*\r?\n(?=[A-Za-z-]{1,60}:|\r?\n)")
_TYPE = re.compile(r"[\w.+!#$&^-]{1,60}/[\w.+!#$&^-]{1,80}", re.ASCII)


class Part:
    """A part: its header fields, where its body lies in the raw message, and the parts within it."""

    __slots__ = (
        "children",
        "depth",
        "end",
        "headers",
        "is_beside_data",
        "media_type",
        "parameters",
        "raw",
        "start",
        "whole_start",
    )

    def __init__(
        self, raw: bytes, headers: Headers, whole: tuple[int, int, int], default_type: str, depth: int
    ) -> None:
        self.raw = raw
        self.headers = headers
        self.whole_start, self.start, self.end = whole
        self.depth = depth
        self.children: list[Part] = []
        self.is_beside_data = False  # in an AppleDouble, whose other part is the file itself
        written = self._field("content-type")
        self.parameters = written.parameters
        self.media_type = self._media_type(written.value, default_type)

    @property
    def is_multipart(self) -> bool:
        return self.media_type.startswith("multipart/")

    def body(self) -> bytes:
        """The body as it was transferred, still encoded."""
        return self.raw[self.start : self.end]

    def whole(self) -> bytes:
        """Header and body."""
        return self.raw[self.whole_start : self.end]

    def disposition(self) -> Parameterised:
        return self._field("content-disposition")

    def transfer_encoding(self) -> str:
        return self._field("content-transfer-encoding").value

    def file_name(self) -> str:
        """The name as the sender wrote it; may be anything."""
        return self.disposition().parameters.get("filename") or self.parameters.get("name") or ""

    def content_id(self) -> str | None:
        return self.headers.text("content-id", 1_000).strip().strip("<>").strip() or None

    def _field(self, name: str) -> Parameterised:
        return read_parameters(self.headers.first(name))

    def _media_type(self, written: str, default: str) -> str:
        if not written or _TYPE.fullmatch(written):
            return written or default
        is_file = bool(self.file_name()) or self.transfer_encoding() == "base64"
        return "application/octet-stream" if is_file else "text/plain"


class Tree:
    """A message's parts and what was wrong with them. Parts that never appear through limits stay inside a part
    that is kept whole, so no byte is lost."""

    def __init__(self, raw: bytes, start: int = 0) -> None:
        self.warnings: list[str] = []
        self._raw = raw
        self._count = 0
        self.root = self._part(start, len(raw), "text/plain", 0)
        waiting = [self.root]
        while waiting:
            part = waiting.pop()
            if part.is_multipart:
                self._split(part)
                waiting.extend(reversed(part.children))

    def _part(self, start: int, end: int, default_type: str, depth: int) -> Part:
        block = read_block(self._raw, start, end)
        if block.is_cut:
            self._warn("header too long: its end was not read")
        self._count += 1
        return Part(self._raw, block.headers, (start, min(block.body_start, end), end), default_type, depth)

    def _split(self, part: Part) -> None:
        if part.depth >= MOST_DEPTH:
            self._warn(f"parts nested more than {MOST_DEPTH} deep: the inner ones are kept as one file")
            part.media_type = "application/octet-stream"
            return
        default = "message/rfc822" if part.media_type == "multipart/digest" else "text/plain"
        ranges = [(start, end) for start, end in self._ranges(part) if start < end]
        if not ranges:
            if part.body().strip():
                self._warn("multipart without parts")
            part.media_type = "text/plain"
        for start, end in ranges:
            if self._count >= MOST_PARTS:
                self._warn(f"more than {MOST_PARTS} parts: the further ones are kept as one file")
                whole = (start, start, ranges[-1][1])
                part.children.append(Part(self._raw, Headers(), whole, "application/octet-stream", part.depth + 1))
                return
            part.children.append(self._part(start, end, default, part.depth + 1))
        if part.media_type == "multipart/appledouble" and len(part.children) > 1:
            part.children[0].is_beside_data = True

    def _ranges(self, part: Part) -> list[tuple[int, int]]:
        boundary = part.parameters.get("boundary", "").rstrip(" \t").encode(errors="replace")
        if 0 < len(boundary) <= _LONGEST_BOUNDARY:
            found = self._between(part, b"--" + boundary)
            if found:
                return found
        sniffed = _SNIFFED_BOUNDARY.search(self._raw, part.start, min(part.end, part.start + _SNIFFED_BYTES))
        if not sniffed or sniffed[1].endswith(b"--"):
            return []
        self._warn("boundary missing or wrong: guessed")
        return self._between(part, b"--" + sniffed[1])

    def _between(self, part: Part, delimiter: bytes) -> list[tuple[int, int]]:
        """Where the parts between the delimiter's lines lie. The line break before a delimiter belongs to it."""
        raw, end = self._raw, part.end
        starts: list[int] = []
        ends: list[int] = []
        position, false_ones = part.start, 0
        while (place := raw.find(delimiter, position, end)) >= 0:
            position = place + len(delimiter)
            line_end = _LINE_END.match(raw, position, end)
            if line_end is None or (place > part.start and raw[place - 1] not in b"\r\n"):
                false_ones += 1
                if false_ones > _MOST_FALSE_BOUNDARIES:
                    self._warn("too many lines that look like boundaries")
                    break
                continue
            if len(starts) > MOST_PARTS:
                break
            if starts:
                ends.append(_before_line_break(raw, starts[-1], place))
            if line_end[1]:
                break
            starts.append(line_end.end())
            position = line_end.end()
        else:
            if starts:
                self._warn("the last boundary is missing")
        ends.extend([end] * (len(starts) - len(ends)))
        return list(zip(starts, ends, strict=True))

    def _warn(self, warning: str) -> None:
        if warning not in self.warnings:
            self.warnings.append(warning)


def _before_line_break(raw: bytes, start: int, end: int) -> int:
    if raw[end - 2 : end] == b"\r\n":
        end -= 2
    elif raw[end - 1 : end] in (b"\n", b"\r"):
        end -= 1
    return max(start, end)
