"""Where bodies of files lie: raw mails and attachments, in a local folder or an object store, behind one face."""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import obstore
from obstore.exceptions import NotFoundError as _Missing
from obstore.store import LocalStore, from_url

from waypost.kit.errors import NotFound, StorageFull

_FULL = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))


class FileStore:
    """Stores bytes under keys that it makes up itself, so that no name from outside ever becomes a path."""

    def __init__(self, location: str | Path) -> None:
        self._deletions: set[asyncio.Task[None]] = set()
        text = str(location)
        self._folder: Path | None = None
        if "://" in text:
            self._store = from_url(text)
        else:
            Path(text).mkdir(parents=True, exist_ok=True)
            self._folder = Path(text)
            self._store = LocalStore(prefix=text)

    @staticmethod
    def new_key(account_id: int, kind: str) -> str:
        """A fresh key: account, kind and 128 random bits, spread over 256 folders."""
        name = secrets.token_hex(16)
        return f"{account_id}/{kind}/{name[:2]}/{name}"

    async def write(self, key: str, data: bytes) -> None:
        """Store the bytes; they are complete under the key or not there at all."""
        await obstore.put_async(self._store, key, data)

    async def write_durably(self, key: str, data: bytes) -> None:
        """Store the bytes so that they outlast a crash of the machine; an object store promises that by itself.

        Raises StorageFull, and OSError for other trouble with the disk.
        """
        if self._folder is None:
            await self.write(key, data)
        else:
            await asyncio.to_thread(_write_to_disk, self._folder, key, data)

    async def read(self, key: str) -> bytes:
        """The whole file. Raises NotFound."""
        try:
            result = await obstore.get_async(self._store, key)
        except (_Missing, FileNotFoundError) as error:
            raise NotFound("file is gone") from error
        return bytes(await result.bytes_async())

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        """The file in chunks. Raises NotFound before the first one."""
        try:
            result = await obstore.get_async(self._store, key)
        except (_Missing, FileNotFoundError) as error:
            raise NotFound("file is gone") from error
        async for chunk in result.stream(min_chunk_size=256 * 1024):
            yield bytes(chunk)

    def delete_later(self, key: str) -> None:
        """Remove the file soon, without waiting: for use after a commit. A crash in between leaves it behind."""
        task = asyncio.get_running_loop().create_task(self.delete(key))
        self._deletions.add(task)
        task.add_done_callback(self._deletions.discard)

    async def delete(self, key: str) -> None:
        """Remove the file; one that is not there is fine."""
        try:
            await obstore.delete_async(self._store, key)
        except (_Missing, FileNotFoundError):
            return


def _write_to_disk(folder: Path, key: str, data: bytes) -> None:
    place = folder / key
    fresh = place.with_name(f"{place.name}.{secrets.token_hex(4)}.new")
    made = _make_folders(folder, place.parent)
    try:
        with fresh.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(place)
        # The name is on disk when its folder is, and so is each folder that was made for it.
        for each in dict.fromkeys((place.parent, place.parent.parent, *made)):
            _sync_folder(each)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        if error.errno in _FULL:
            raise StorageFull(f"the file could not be stored: {os.strerror(error.errno or 0)}") from error
        raise


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
