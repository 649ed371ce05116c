"""How large a picture is, read from its first bytes alone.

Nothing is decoded: a file that claims to unpack to gigabytes costs no more than any other (security: 31).
"""

from __future__ import annotations

import struct

#: A claim beyond this is no picture that anybody sends to a help desk.
MOST_PIXELS_A_SIDE = 65_535


def dimensions(data: bytes, mime_type: str) -> tuple[int, int]:
    """The size of what is declared to be a picture; (0, 0) for anything else."""
    return size_of(data) if mime_type.startswith("image/") else (0, 0)


def size_of(data: bytes) -> tuple[int, int]:
    """(width, height) of a PNG, GIF, JPEG, WebP or BMP; (0, 0) for anything else and for what cannot be read."""
    try:
        width, height = _read(data)
    except (struct.error, IndexError):
        return 0, 0
    if 0 < width <= MOST_PIXELS_A_SIDE and 0 < height <= MOST_PIXELS_A_SIDE:
        return width, height
    return 0, 0


def _read(data: bytes) -> tuple[int, int]:
    if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR":
        return struct.unpack(">II", data[16:24])
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return struct.unpack("<HH", data[6:10])
    if data.startswith(b"\xff\xd8"):
        return _jpeg(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _webp(data)
    if data.startswith(b"BM"):
        width, height = struct.unpack("<ii", data[18:26])
        return width, abs(height)
    return 0, 0


def _jpeg(data: bytes) -> tuple[int, int]:
    position = 2
    while position + 9 <= len(data):
        if data[position] != 0xFF:
            return 0, 0
        marker = data[position + 1]
        if marker == 0xFF:
            position += 1
            continue
        # Start-of-frame markers; C4, C8 and CC share the range and mean other things.
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[position + 5 : position + 9])
            return width, height
        (length,) = struct.unpack(">H", data[position + 2 : position + 4])
        position += 2 + max(length, 2)
    return 0, 0


def _webp(data: bytes) -> tuple[int, int]:
    kind = data[12:16]
    if kind == b"VP8X":
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", data[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return 0, 0
