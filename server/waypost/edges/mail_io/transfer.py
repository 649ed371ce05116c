"""Bodies out of their transfer encoding; never raises, and keeps what it cannot decode."""

from __future__ import annotations

import binascii
import re

from waypost.edges.mail_io.header_block import lenient_base64

_UU_BEGIN = re.compile(rb"(?:\A|(?<=[\r\n]))begin [0-7]{3,4} ([^\r\n]{1,255})\r?\n")
_UU_END = re.compile(rb"\r?\nend[ \t]*(?:\r?\n|\Z)")
_Y_BEGIN = re.compile(rb"(?:\A|(?<=[\r\n]))=ybegin ([^\r\n]{1,200}?) name=([^\r\n]{1,255})\r?\n")
_Y_END = re.compile(rb"\r?\n=yend[^\r\n]{0,200}(?:\r?\n|\Z)")
_Y_SIZE = re.compile(rb"\bsize=(\d{1,12})")
_Y_ESCAPED = re.compile(rb"=(.)", re.DOTALL)
_Y_SHIFTED = bytes([(code - 42) % 256 for code in range(256)])
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=\r\n]")
_IDENTITY = frozenset(("", "7bit", "8bit", "binary", "none", "plain", "7-bit", "8-bit", "7bits", "8bits", "8 bit"))
MOST_UUENCODED = 100
_MOST_FOREIGN = 0.05
_MOST_MISSES = 8


def decoded(data: bytes, encoding: str) -> tuple[bytes, str | None]:
    """The bytes that were sent, and a warning where the encoding is unknown or does not fit."""
    if encoding in _IDENTITY:
        return data, None
    if encoding == "base64":
        return _base64(data)
    if encoding in ("quoted-printable", "quotedprintable", "quoted_printable", "quoted printable"):
        return binascii.a2b_qp(data), None
    if encoding in ("x-uuencode", "uuencode", "x-uue", "uue"):
        files, _ = uuencoded_files(data)
        return (files[0][1], None) if files else (data, "uuencoded part without content")
    return data, f"unknown transfer encoding {encoding[:40]!r}"


def uuencoded_files(data: bytes) -> tuple[list[tuple[str, bytes]], bytes]:
    """The uuencoded files in a text, and the text without them."""
    files: list[tuple[str, bytes]] = []
    rest: list[bytes] = []
    position = misses = 0
    for begin in _UU_BEGIN.finditer(data):
        if begin.start() < position:
            continue
        end = _UU_END.search(data, begin.end() - 1)
        # Behind a beginning that is none another may stand, yet each costs a look at everything up to the end.
        if not end or len(files) >= MOST_UUENCODED or misses >= _MOST_MISSES:
            break
        content = _uu_lines(data[begin.end() : end.start()])
        misses += content is None
        if content is not None:
            files.append((begin[1].decode("utf-8", "replace").strip(), content))
            rest.append(data[position : begin.start()])
            position = end.end()
    return files, b"".join([*rest, data[position:]])


def yencoded_files(data: bytes) -> tuple[list[tuple[str, bytes]], bytes, bool]:
    """The yEnc files in a text, the text without them, and whether all of them are whole."""
    files: list[tuple[str, bytes]] = []
    rest: list[bytes] = []
    position, is_whole = 0, True
    for begin in _Y_BEGIN.finditer(data):
        if begin.start() < position or len(files) >= MOST_UUENCODED:
            continue
        end = _Y_END.search(data, begin.end())
        block = data[begin.end() : end.start() if end else len(data)]
        size = _Y_SIZE.search(begin[1])
        if block.startswith(b"=ypart "):
            block = block.partition(b"\n")[2]
            is_whole = False
        content = _Y_ESCAPED.sub(_y_unescaped, block.replace(b"\r", b"").replace(b"\n", b"")).translate(_Y_SHIFTED)
        is_whole = is_whole and end is not None and (size is None or int(size[1]) == len(content))
        files.append((begin[2].decode("utf-8", "replace").strip(), content))
        rest.append(data[position : begin.start()])
        position = end.end() if end else len(data)
    return files, b"".join([*rest, data[position:]]), is_whole


def _y_unescaped(found: re.Match[bytes]) -> bytes:
    return bytes(((found[1][0] - 64) % 256,))


def _base64(data: bytes) -> tuple[bytes, str | None]:
    foreign = len(_NOT_BASE64.findall(data[:10_000]))
    if foreign > max(3, _MOST_FOREIGN * min(len(data), 10_000)):
        return data, "part declared as base64 is not"
    return lenient_base64(data), None


def _uu_lines(block: bytes) -> bytes | None:
    """The content of the lines between begin and end; None where they are not uuencoded."""
    content: list[bytes] = []
    for line in block.splitlines():
        if line in (b"`", b" ", b""):
            continue
        try:
            content.append(binascii.a2b_uu(line))
        except binascii.Error:
            # Some encoders write more than the length says.
            length = (((line[0] - 32) & 63) * 4 + 5) // 3
            try:
                content.append(binascii.a2b_uu(line[:length]))
            except binascii.Error:
                return None
    return b"".join(content)
