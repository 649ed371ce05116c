"""Writing files to a local disk so that they outlast a crash of the machine: their bytes, and the names that lead to
them."""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from waypost.kit.errors import StorageFull

T = TypeVar("T")
_AT_ONCE = 4
_FULL = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))


async def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files, each under its path within the folder: all of them or none. Some are flushed at the same time.

    Raises StorageFull, and OSError for other trouble with the disk.
    """
    parents = dict.fromkeys((folder / key).parent for key in files)
    # The names are on disk when their folders are, and so is each folder that was made for them.
    folders = await asyncio.to_thread(_make_folders, folder, parents)
    places = [(str(folder / key), data) for key, data in files.items()]
    faults = await _side_by_side(_write, places)
    if not faults:
        faults = await _side_by_side(_sync_folders, folders)
    if faults:
        await asyncio.to_thread(_remove, [folder / key for key in files])
        raise faults[0]


async def _side_by_side(work: Callable[[Sequence[T]], None], items: Sequence[T]) -> list[BaseException]:
    """Have a few threads do it; what they raised. A thread for each would take longer than most of the files do."""
    shares = [items[first::_AT_ONCE] for first in range(min(_AT_ONCE, len(items)))]
    done = await asyncio.gather(*(asyncio.to_thread(work, share) for share in shares), return_exceptions=True)
    return [each for each in done if isinstance(each, BaseException)]


def _write(files: Sequence[tuple[str, bytes]]) -> None:
    """Write files, flush them, and give them their names."""
    fresh: list[tuple[int, str, str]] = []
    try:
        for place, data in files:
            name = f"{place}.{secrets.token_hex(4)}.new"
            descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
            fresh.append((descriptor, name, place))
            _write_all(descriptor, data)
        for descriptor, name, place in fresh:
            os.fsync(descriptor)
            Path(name).rename(place)
    except OSError as error:
        _remove([Path(name) for _, name, _ in fresh])
        if error.errno in _FULL:
            raise StorageFull(f"the file could not be stored: {os.strerror(error.errno or 0)}") from error
        raise
    finally:
        for descriptor, _, _ in fresh:
            os.close(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def _make_folders(folder: Path, wanted: Iterable[Path]) -> list[Path]:
    """Make what is missing; the folders that are to be flushed for what stands in the wanted ones."""
    flushed: dict[Path, None] = {}
    for each in wanted:
        missing = [one for one in (each, *each.parents) if folder in (one, *one.parents) and not one.exists()]
        try:
            each.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            if error.errno in _FULL:
                raise StorageFull(f"the folder could not be made: {os.strerror(error.errno or 0)}") from error
            raise
        flushed.update(dict.fromkeys((each, each.parent, *(one.parent for one in missing))))
    return list(flushed)


def _sync_folders(folders: Sequence[Path]) -> None:
    for folder in folders:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _remove(places: list[Path]) -> None:
    for place in places:
        # What cannot be removed either must not keep the others, and the first fault is what is told.
        with suppress(OSError):
            place.unlink()
