"""Attack 31: files that unpack to gigabytes are looked at, never unpacked, and never handed to a browser to unpack."""

from __future__ import annotations

import ast
import gzip
import io
import struct
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.desk import Desk
from tests.edges.content.messages import Part, downloads_of, received
from tests.edges.inbox_v2.office import open_office
from waypost.kit.file_kinds import MOST_PIXELS, picture_type, shown_type
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


#: Who may unpack anything: the import of mail archives that an operator names, which bounds what comes out; and those
#: who only pack, the desk's own files and pages.
UNPACKERS = {
    "edges/mail_io/archives.py",
    "edges/base/static_files.py",
    "edges/docs_site/kept.py",
}
MODULES = {"zipfile", "tarfile", "gzip", "bz2", "lzma", "zlib", "PIL", "brotli", "zstandard", "rarfile", "py7zr"}


def test_nothing_that_takes_files_from_others_can_unpack_them() -> None:
    folder = Path(__file__).parents[2] / "waypost"
    found = {}
    for path in folder.rglob("*.py"):
        # The demo's own material is packed.
        if path.is_relative_to(folder / "demo"):
            continue
        names = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            if isinstance(node, ast.ImportFrom) and node.module:
                names |= {node.module.partition(".")[0]} - (
                    {"zlib"} if {"crc32"} == {a.name for a in node.names} else set()
                )
        if names & MODULES:
            found[path.relative_to(folder).as_posix()] = names & MODULES

    assert set(found) <= UNPACKERS, found


def bombs() -> dict[str, tuple[bytes, str]]:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(50_000_000))
    return {
        "bomb.zip": (packed.getvalue(), "application/zip"),
        "bomb.docx": (packed.getvalue(), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        "bomb.gz": (gzip.compress(bytes(50_000_000)), "application/gzip"),
        "bomb.svgz": (gzip.compress(b"<svg>" + bytes(50_000_000)), "image/svg+xml"),
        "bomb.png": (png(20_000, 20_000) + zlib.compress(bytes(10_000_000)), "image/png"),
        "bomb.gif": (b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + bytes(20), "image/gif"),
    }


@pytest.mark.anyio
async def test_bombs_by_mail_are_kept_as_they_are_and_only_saved(module_desk: Desk) -> None:
    office, browser = await open_office(module_desk), await module_desk.client()
    made = bombs()
    parts = [Part(data, mime_type, name) for name, (data, mime_type) in made.items()]
    tracemalloc.start()
    thread = await received(office, "<p>Look</p>", *parts)
    answers = [await browser.get(link + "?inline=1") for link in downloads_of(thread)]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 40_000_000
    assert [answer.content for answer in answers] == [data for data, _ in made.values()]
    assert {answer.headers["content-type"] for answer in answers} == {"application/octet-stream"}
    assert all(answer.headers["content-disposition"].startswith("attachment;") for answer in answers)
    assert all("content-encoding" not in answer.headers for answer in answers)


def test_pictures_beyond_the_bound_are_no_pictures_and_cameras_stay_below() -> None:
    assert picture_type(png(20_000, 20_000)) is None
    assert shown_type(png(50_000, 50_000)) is None
    assert shown_type(png(12_000, 9_000)) == "image/png"
    assert 12_000 * 9_000 < MOST_PIXELS < 20_000 * 20_000
