"""Messages in archives. Attacks 49 (names that are paths, links) and 31 (archives that unpack without end)."""

from __future__ import annotations

import gzip
import io
import tarfile
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from waypost.edges.mail_io import archives
from waypost.edges.mail_io.archives import BadArchive
from waypost.edges.mail_io.mailbox_file import count, read
from waypost.kit.errors import TooLarge

LETTER = b"Subject: Words\n\nText\n"


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def tarred(path: Path, mode: str, files: dict[str, bytes | str]) -> Path:
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            if isinstance(content, str):
                member.type, member.linkname = tarfile.SYMTYPE, content
                archive.addfile(member)
            else:
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return path


def names(path: Path) -> list[str]:
    found = [one.name for one in read(path)]
    assert count(path) == len(found)
    return found


@pytest.mark.parametrize(
    ("ending", "mode"), [("tar", "w"), ("tar.gz", "w:gz"), ("tgz", "w:gz"), ("tar.xz", "w:xz"), ("tar.bz2", "w:bz2")]
)
def test_the_messages_of_a_tar_are_read(tmp_path: Path, ending: str, mode: str) -> None:
    path = tarred(tmp_path / f"box.{ending}", mode, {"a/1.eml": LETTER, "readme.txt": b"x", "2.EML": b"Subject: B\n\n"})
    assert [(one.name, one.raw) for one in read(path)] == [
        (f"box.{ending}#a/1.eml", LETTER),
        (f"box.{ending}#2.EML", b"Subject: B\n\n"),
    ]
    assert count(path) == 2


def test_the_messages_of_a_zip_and_a_gzipped_one_are_read(tmp_path: Path) -> None:
    zipped(tmp_path / "box.zip", {"a/1.eml": LETTER, "a/._1.eml": b"", "picture.png": b"x"})
    (tmp_path / "one.eml.gz").write_bytes(gzip.compress(LETTER))
    assert names(tmp_path) == ["box.zip#a/1.eml", "one.eml.gz"]
    assert {one.raw for one in read(tmp_path)} == {LETTER}


def test_names_in_archives_are_labels_and_never_paths(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    evil = {"../../up.eml": LETTER, "/etc/abs.eml": LETTER, "c:\\x\\y.eml": LETTER}
    zipped(tmp_path / "in/a.zip", evil)
    tarred(tmp_path / "in/b.tar", "w", {**evil, "link.eml": "/etc/passwd", "up.eml": "../secret.eml"})
    (tmp_path / "secret.eml").write_bytes(b"secret")
    before = sorted(tmp_path.iterdir())
    found = list(read(tmp_path / "in"))
    assert len(found) == 6
    assert {one.raw for one in found} == {LETTER}
    assert sorted(tmp_path.iterdir()) == before


def test_an_archive_that_unpacks_without_end_is_refused_early(tmp_path: Path) -> None:
    bomb = b"Subject: x\n\n" + b"\0" * 20_000_000
    zipped(tmp_path / "bomb.zip", {f"{number}.eml": bomb for number in range(8)})
    tarred(tmp_path / "bomb.tar.gz", "w:gz", {f"{number}.eml": bomb for number in range(8)})
    for name in ("bomb.zip", "bomb.tar.gz"):
        tracemalloc.start()
        try:
            with pytest.raises(TooLarge, match="unpacks to more than"):
                [found.name for found in read(tmp_path / name)]
            assert tracemalloc.get_traced_memory()[1] < 100 * 2**20
        finally:
            tracemalloc.stop()


def test_a_member_that_is_too_large_is_named_and_the_next_one_read(tmp_path: Path) -> None:
    path = zipped(tmp_path / "box.zip", {"big.eml": b"x" * 5000, "small.eml": LETTER})
    big, small = archives.messages(path, 4000)
    assert isinstance(big[1], TooLarge)
    assert "big.eml" in big[1].message
    assert small == ("small.eml", LETTER)
    (tmp_path / "one.eml.gz").write_bytes(gzip.compress(b"x" * 5000))
    assert isinstance(next(archives.messages(tmp_path / "one.eml.gz", 4000))[1], TooLarge)


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tgz", "a.tar.xz", "a.tar.bz2", "a.eml.gz"])
@pytest.mark.parametrize(
    "content",
    [b"no archive at all", b"PK\x03\x04half", gzip.compress(b"x" * 999)[:20]],
    ids=["text", "zip", "gzip"],
)
def test_a_broken_archive_is_told(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadArchive, match=f"{name} cannot be read"):
        list(read(tmp_path / name))


def test_an_encrypted_zip_is_told(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"1.eml": LETTER})
    content = bytearray(path.read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + place] |= 1
    path.write_bytes(content)
    with pytest.raises(BadArchive, match="encrypted"):
        list(read(path))
