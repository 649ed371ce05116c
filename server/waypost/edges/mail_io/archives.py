"""Messages in archives: the .eml files of a .zip or .tar, and a gzipped .eml. Nothing is unpacked onto the disk.

So a name in an archive is a label and never a path (security: 49), links and devices in it are nothing, and what an
archive claims to unpack to is read a message at a time and up to a limit (security: 31).
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

from waypost.kit.errors import TooLarge

ENDINGS = (".eml.gz", ".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
#: Mail packs to a fifth, a bomb to a thousandth.
MOST_RATIO = 100


def _gunzipped(file: IO[bytes]) -> gzip.GzipFile:
    return gzip.GzipFile(fileobj=file)


_UNPACKERS: dict[tuple[str, ...], Callable[..., Any]] = {
    (".gz", ".tgz"): _gunzipped,
    (".bz2",): bz2.BZ2File,
    (".xz",): lzma.LZMAFile,
}
_FAULTS = (
    zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError,
)  # fmt: skip
_ALWAYS_ALLOWED_BYTES = 64 * 2**20
_MOST_MEMBERS = 2_000_000


class BadArchive(OSError):
    """An archive that cannot be read, or only in part."""


def is_archive(path: Path) -> bool:
    """Whether a file's name is that of an archive."""
    return path.name.lower().endswith(ENDINGS)


def messages(path: Path, most_bytes: int) -> Iterator[tuple[str, bytes | TooLarge]]:
    """Each message with its name in the archive; TooLarge in place of one that is larger than `most_bytes`.

    Raises BadArchive, and TooLarge for an archive that unpacks to far more than mail does.
    """
    with _told(path):
        if path.name.lower().endswith(".eml.gz"):
            with gzip.open(path) as file:
                yield "", _bounded(file, most_bytes, path.name)
        elif path.name.lower().endswith(".zip"):
            yield from _zipped(path, most_bytes)
        else:
            yield from _tarred(path, most_bytes)


def count(path: Path) -> int:
    """How many messages the archive holds. Raises as `messages` does."""
    lower = path.name.lower()
    if lower.endswith(".eml.gz"):
        return 1
    with _told(path):
        if lower.endswith(".zip"):
            with zipfile.ZipFile(path) as archive:
                return sum(_is_message(member.filename) for member in archive.infolist())
        with _opened_tar(path) as archive:
            return sum(member.isreg() and _is_message(member.name) for member in _members(archive, path))


def _zipped(path: Path, most_bytes: int) -> Iterator[tuple[str, bytes | TooLarge]]:
    limit, read = _limit(path), 0
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if not _is_message(member.filename):
                continue
            if member.flag_bits & 1:
                raise BadArchive(f"{path.name} is encrypted")
            with archive.open(member) as file:
                found = _bounded(file, min(most_bytes, limit - read), member.filename)
            read += most_bytes if isinstance(found, TooLarge) else len(found)
            if read > limit:
                raise TooLarge(f"{path.name} unpacks to more than {MOST_RATIO} times its size")
            yield member.filename, found


def _tarred(path: Path, most_bytes: int) -> Iterator[tuple[str, bytes | TooLarge]]:
    with _opened_tar(path) as archive:
        for member in _members(archive, path):
            file = archive.extractfile(member) if member.isreg() and _is_message(member.name) else None
            if file is not None:
                # Asked for more than there is, it takes memory for all that was asked for.
                yield member.name, _bounded(file, min(most_bytes, member.size), member.name)


@contextmanager
def _opened_tar(path: Path) -> Iterator[tarfile.TarFile]:
    """Unpacked as it is read: tarfile's own unpacking takes as much memory as a bomb likes."""
    lower = path.name.lower()
    with ExitStack() as stack:
        file: Any = stack.enter_context(path.open("rb"))
        for endings, unpack in _UNPACKERS.items():
            if lower.endswith(endings):
                file = stack.enter_context(unpack(file))
        yield stack.enter_context(tarfile.open(fileobj=file, mode="r|"))


def _members(archive: tarfile.TarFile, path: Path) -> Iterator[tarfile.TarInfo]:
    limit = _limit(path)
    for number, member in enumerate(archive):
        if member.offset_data + member.size > limit or number > _MOST_MEMBERS:
            raise TooLarge(f"{path.name} unpacks to more than {MOST_RATIO} times its size")
        yield member
        # The archive keeps every member that it has met, which would grow with their number.
        archive.members.clear()  # type: ignore[attr-defined]


def _limit(path: Path) -> int:
    return max(_ALWAYS_ALLOWED_BYTES, MOST_RATIO * path.stat().st_size)


def _bounded(file: IO[bytes] | gzip.GzipFile, most_bytes: int, name: str) -> bytes | TooLarge:
    raw = file.read(most_bytes + 1)
    return raw if len(raw) <= most_bytes else TooLarge(f"{name} has more than {most_bytes} bytes")


def _is_message(name: str) -> bool:
    last = name.rpartition("/")[2]
    return last.lower().endswith(".eml") and not last.startswith(".")


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except _FAULTS as error:
        raise BadArchive(f"{path.name} cannot be read: {error}") from error
    except OSError as error:
        if error.errno is None and not isinstance(error, BadArchive):
            raise BadArchive(f"{path.name} cannot be read: {error}") from error
        raise
