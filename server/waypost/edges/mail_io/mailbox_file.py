"""Mail kept in files: an mbox, a maildir, a folder of .eml files, or one .eml. Read one message at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import structlog

from waypost.edges.mail_io import mbox
from waypost.kit.errors import NotFound, TooLarge

log = structlog.get_logger(__name__)

#: A message that is larger than this ends an import with an error, rather than the process for want of memory.
MOST_MESSAGE_BYTES = 256 * 2**20
_MAILDIR_FOLDERS = ("cur", "new")
_ENDINGS = (".eml", ".mbox", ".mbx")


def iterate(path: Path) -> Iterator[tuple[str, bytes]]:
    """Each message with the name of its source: a path below `path`, and `#` and a number where a file has several.

    Folders are read to their depth, in order of names. Links that lead out of the folder, and files that are no mail,
    are left out. Raises NotFound, TooLarge and OSError.
    """
    for name, file in _files(path):
        if mbox.is_mbox(file):
            for number, raw in enumerate(mbox.messages(file, MOST_MESSAGE_BYTES), 1):
                yield f"{name}#{number}", raw
        else:
            yield name, _read(file)


def count(path: Path) -> int:
    """How many messages `iterate` finds, without reading them into memory."""
    return sum(mbox.count(file) if mbox.is_mbox(file) else 1 for _, file in _files(path))


def _files(path: Path) -> Iterator[tuple[str, Path]]:
    if not path.exists():
        raise NotFound(f"{path} does not exist")
    if not path.is_dir():
        if not path.is_file():
            raise NotFound(f"{path} is neither a file nor a folder")
        yield _shown(Path(path.name)), path
        return
    root = path.resolve()
    for folder, subfolders, names in os.walk(root, onerror=_raise):
        subfolders.sort()
        place = Path(folder)
        is_maildir = place.name in _MAILDIR_FOLDERS and all((place.parent / each).is_dir() for each in _MAILDIR_FOLDERS)
        if place.name == "tmp" and (place.parent / "cur").is_dir():
            continue  # what a maildir's writers have not finished
        for name in sorted(names):
            file = place / name
            if (is_maildir and not name.startswith(".")) or _has_mail(name):
                inside = _inside(root, file)
                if inside is not None and (is_maildir or _is_mail(inside)):
                    yield _shown(file.relative_to(root)), inside


def _raise(error: OSError) -> None:
    raise error


def _shown(path: Path) -> str:
    """Names in file systems need not be text."""
    return os.fsencode(path).decode("utf-8", "replace")


def _has_mail(name: str) -> bool:
    lower = name.lower()
    if name.startswith("."):
        return False
    # Names without an ending are how Thunderbird calls its mboxes, and numbers are the messages of MH.
    return lower.endswith(_ENDINGS) or "." not in name


def _is_mail(file: Path) -> bool:
    return "." in file.name or file.name.isdecimal() or mbox.is_mbox(file)


def _inside(root: Path, file: Path) -> Path | None:
    """The regular file behind a name, or None where it lies elsewhere or is something else."""
    real = file.resolve()
    if not real.is_relative_to(root):
        log.warning("mailbox_file.link_left_out", name=file.name)
        return None
    return real if real.is_file() else None


def _read(file: Path) -> bytes:
    size = file.stat().st_size
    if size > MOST_MESSAGE_BYTES:
        raise TooLarge(f"{file} has {size} bytes; a message may have {MOST_MESSAGE_BYTES}")
    return file.read_bytes()
