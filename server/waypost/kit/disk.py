"""Writing files to a local disk so that they outlast a crash of the machine: their bytes, and the names that lead to
them."""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from waypost.kit.errors import StorageFull

_FULL = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))


async def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files, each under its path within the folder: all of them or none. They are flushed at the same time.

    Raises StorageFull, and OSError for other trouble with the disk.
    """
    writing = [asyncio.to_thread(_write, folder, key, data) for key, data in files.items()]
    done = await asyncio.gather(*writing, return_exceptions=True)
    faults = [each for each in done if isinstance(each, BaseException)]
    if not faults:
        # The names are on disk when their folders are, and so is each folder that was made for them.
        folders = dict.fromkeys(each for some in done if not isinstance(some, BaseException) for each in some)
        syncing = [asyncio.to_thread(_sync_folder, each) for each in folders]
        faults = [each for each in await asyncio.gather(*syncing, return_exceptions=True) if each is not None]
    if faults:
        await asyncio.to_thread(_remove, [folder / key for key in files])
        raise faults[0]


def _write(folder: Path, key: str, data: bytes) -> list[Path]:
    """Write one file; the folders that are to be flushed for it."""
    place = folder / key
    fresh = place.with_name(f"{place.name}.{secrets.token_hex(4)}.new")
    made = _make_folders(folder, place.parent)
    try:
        with fresh.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(place)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        if error.errno in _FULL:
            raise StorageFull(f"the file could not be stored: {os.strerror(error.errno or 0)}") from error
        raise
    return [place.parent, place.parent.parent, *made]


def _make_folders(folder: Path, wanted: Path) -> list[Path]:
    """Make what is missing; the folders in which new ones stand."""
    missing = [each for each in (wanted, *wanted.parents) if folder in (each, *each.parents) and not each.exists()]
    try:
        wanted.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull(f"the folder could not be made: {os.strerror(error.errno or 0)}") from error
        raise
    return [each.parent for each in missing]


def _sync_folder(folder: Path) -> None:
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
