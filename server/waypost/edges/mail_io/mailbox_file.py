"""Mail kept in files: an mbox, a maildir, .eml files in a folder or an archive, one .eml. A message at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import NamedTuple

import structlog

from waypost.edges.mail_io import archives, marks, mbox
from waypost.edges.mail_io.marks import NO_MARKS, Marks
from waypost.kit.errors import NotFound, TooLarge

log = structlog.get_logger(__name__)

#: A larger message is named and left out, rather than the process lost for want of memory.
MOST_MESSAGE_BYTES = 256 * 2**20
_MAILDIR_FOLDERS = ("cur", "new")
_MAILBOX_ENDINGS = (".mbox", ".mbx")
_MESSAGE_ENDINGS = (".eml", ".emlx")


class Kind(Enum):
    """Which files of a folder count."""

    ANY = "any"
    EML = "eml"
    MAILDIR = "maildir"


class Found(NamedTuple):
    """A message with the name of its source: a path below the folder, and `#` and its place where a file has several.

    `fault` says why it could not be read; `raw` is empty then.
    """

    name: str
    raw: bytes
    marks: Marks = NO_MARKS
    fault: str = ""


class _File(NamedTuple):
    name: str
    path: Path
    marks: Marks | None = None


def read(path: Path, kind: Kind = Kind.ANY) -> Iterator[Found]:
    """Each message. Folders are read to their depth, in order of names. Links that lead out of the folder, and files
    that are no mail, are left out.

    Raises NotFound, OSError (BadArchive), and TooLarge for an archive that unpacks to far more than mail does.
    """
    for file in _files(path, kind):
        if archives.is_archive(file.path):
            for inner, raw in archives.messages(file.path, MOST_MESSAGE_BYTES):
                yield _found(f"{file.name}#{_printable(inner)}" if inner else file.name, raw, file.marks)
        elif _is_mbox(file, kind):
            for number, raw in enumerate(mbox.messages(file.path, MOST_MESSAGE_BYTES), 1):
                yield _found(f"{file.name}#{number}", raw, file.marks)
        else:
            yield _found(file.name, _read(file.path), file.marks)


def iterate(path: Path, kind: Kind = Kind.ANY) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each message. Raises TooLarge for one that is too large too."""
    for found in read(path, kind):
        if found.fault:
            raise TooLarge(found.fault)
        yield found.name, found.raw


def count(path: Path, kind: Kind = Kind.ANY) -> int:
    """How many messages `read` finds, without reading them into memory."""
    return sum(_count(file, kind) for file in _files(path, kind))


def _count(file: _File, kind: Kind) -> int:
    if archives.is_archive(file.path):
        return archives.count(file.path)
    return mbox.count(file.path) if _is_mbox(file, kind) else 1


def _is_mbox(file: _File, kind: Kind) -> bool:
    return kind is Kind.ANY and file.marks is None and mbox.is_mbox(file.path)


def _found(name: str, raw: bytes | TooLarge, known: Marks | None) -> Found:
    if isinstance(raw, TooLarge):
        return Found(name, b"", fault=raw.message)
    return Found(name, raw, marks.of_header(raw) if known is None else known)


def _files(path: Path, kind: Kind) -> Iterator[_File]:
    if not path.exists():
        raise NotFound(f"{path} does not exist")
    if path.is_dir():
        yield from _in_folder(path.resolve(), kind)
    elif not path.is_file():
        raise NotFound(f"{path} is neither a file nor a folder")
    elif kind is Kind.MAILDIR:
        raise NotFound(f"{path} is a file; a maildir is a folder with cur and new in it")
    else:
        yield _File(_shown(Path(path.name)), path)


def _in_folder(root: Path, kind: Kind) -> Iterator[_File]:
    has_maildir = False
    for folder, subfolders, names in os.walk(root, onerror=_raise):
        subfolders.sort()
        place = Path(folder)
        if place.name == "tmp" and (place.parent / "cur").is_dir():
            continue  # what a maildir's writers have not finished
        if place.name in _MAILDIR_FOLDERS and all((place.parent / each).is_dir() for each in _MAILDIR_FOLDERS):
            has_maildir = True
            if kind is not Kind.EML:
                yield from _of_maildir(root, place, sorted(names))
        elif kind is not Kind.MAILDIR:
            yield from _of_folder(root, place, sorted(names), kind)
    if kind is Kind.MAILDIR and not has_maildir:
        raise NotFound(f"{root} has no maildir in it: a folder with cur and new")


def _of_maildir(root: Path, place: Path, names: list[str]) -> Iterator[_File]:
    keywords = marks.dovecot_keywords(place.parent)
    is_dropped = marks.is_dropped_folder(place.parent) and place.parent != root
    for name in names:
        inside = None if name.startswith(".") else _inside(root, place / name)
        if inside is not None:
            noted = marks.of_maildir_file(name, keywords)
            dropped = noted._replace(is_dropped=noted.is_dropped or is_dropped)
            yield _File(_shown((place / name).relative_to(root)), inside, dropped)


def _of_folder(root: Path, place: Path, names: list[str], kind: Kind) -> Iterator[_File]:
    for name in names:
        inside = _inside(root, place / name) if _may_be_mail(name, kind) else None
        if inside is not None and _is_mail(inside):
            yield _File(_shown((place / name).relative_to(root)), inside)


def _raise(error: OSError) -> None:
    raise error


def _shown(path: Path) -> str:
    """Names in file systems need not be text."""
    return os.fsencode(path).decode("utf-8", "replace")


def _printable(name: str) -> str:
    return name.encode("utf-8", "replace").decode("utf-8", "replace")


def _may_be_mail(name: str, kind: Kind) -> bool:
    lower = name.lower()
    if name.startswith("."):
        return False
    is_message = lower.endswith((*_MESSAGE_ENDINGS, *archives.ENDINGS))
    # Names without an ending are how Thunderbird calls its mboxes, and numbers are the messages of MH.
    is_mailbox = lower.endswith(_MAILBOX_ENDINGS) or "." not in name
    return is_message or (is_mailbox and kind is not Kind.EML)


def _is_mail(file: Path) -> bool:
    return "." in file.name or file.name.isdecimal() or mbox.is_mbox(file)


def _inside(root: Path, file: Path) -> Path | None:
    """The regular file behind a name, or None where it lies elsewhere or is something else."""
    real = file.resolve()
    if not real.is_relative_to(root):
        log.warning("mailbox_file.link_left_out", name=file.name)
        return None
    return real if real.is_file() else None


def _read(file: Path) -> bytes | TooLarge:
    size = file.stat().st_size
    if size > MOST_MESSAGE_BYTES:
        return TooLarge(f"{file} has {size} bytes; a message may have {MOST_MESSAGE_BYTES}")
    raw = file.read_bytes()
    return _out_of_emlx(raw) if file.name.lower().endswith(".emlx") else raw


def _out_of_emlx(raw: bytes) -> bytes:
    """Apple Mail writes the number of the message's bytes above it, and its own notes below."""
    size, newline, rest = raw.partition(b"\n")
    return rest[: int(size)] if newline and size.strip().isdigit() and len(size) < 20 else raw
