"""Attack 31: files that unpack to gigabytes are looked at, never unpacked."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from waypost.kit.image_sizes import dimensions


def png(width: int, height: int) -> bytes:
    """The first bytes of a PNG of that size, with a body that would be all zeros."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))


JPEG = (
    b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    b"\xff\xc0\x00\x11\x08\x02\x80\x04\x70\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01"
)


@pytest.mark.parametrize(
    ("data", "mime_type", "size"),
    [
        (png(1136, 640), "image/png", (1136, 640)),
        (b"GIF89a" + struct.pack("<HH", 12, 34) + bytes(20), "image/gif", (12, 34)),
        (JPEG, "image/jpeg", (1136, 640)),
        (b"BM" + bytes(16) + struct.pack("<ii", 7, -9), "image/bmp", (7, 9)),
        (b"RIFF\x00\x00\x00\x00WEBPVP8X" + bytes(8) + b"\x09\x00\x00\x13\x00\x00", "image/webp", (10, 20)),
        (png(50_000_000, 50_000_000), "image/png", (0, 0)),
        (b"\xff\xd8" + b"\xff\xe0\x00\x02" * 100_000, "image/jpeg", (0, 0)),
        (b"\xff\xd8" + b"\xff" * 100_000, "image/jpeg", (0, 0)),
        (b"", "image/png", (0, 0)),
        (png(10, 10)[:18], "image/png", (0, 0)),
        (png(10, 10), "text/plain", (0, 0)),
        (b"<svg width='10' height='10'/>", "image/svg+xml", (0, 0)),
    ],
    ids=range(12),
)
def test_sizes_are_read_from_the_head_alone(data: bytes, mime_type: str, size: tuple[int, int]) -> None:
    assert dimensions(data, mime_type) == size


@given(st.sampled_from([b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8", b"RIFF", b"BM"]), st.binary(max_size=200))
@settings(max_examples=300, derandomize=True, deadline=None, database=None)
def test_any_bytes_have_a_size_or_none(head: bytes, rest: bytes) -> None:
    width, height = dimensions(head + rest, "image/png")

    assert 0 <= width <= 65_535
    assert 0 <= height <= 65_535
