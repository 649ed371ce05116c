"""Where bodies of files lie: raw mails and attachments, in a local folder or an object store, behind one face."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import obstore
from obstore.exceptions import NotFoundError as _Missing
from obstore.store import LocalStore, from_url

from waypost.kit import disk
from waypost.kit.errors import NotFound


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

    def new_key(self, account_id: int, kind: str) -> str:
        """A fresh key: account, kind and 128 random bits, spread over 256 folders."""
        return _key(account_id, kind, secrets.token_hex(1))

    async def write(self, key: str, data: bytes) -> None:
        """Store the bytes; they are complete under the key or not there at all."""
        await obstore.put_async(self._store, key, data)

    async def write_durably(self, files: Mapping[str, bytes]) -> None:
        """Store files, each under its key, so that they outlast a crash of the machine; all of them or none.

        An object store promises that by itself. Raises StorageFull, and OSError for other trouble with the disk.
        """
        if self._folder is not None:
            await disk.write(self._folder, files)
            return
        tasks = [asyncio.create_task(self.write(key, data)) for key, data in files.items()]
        try:
            await asyncio.gather(*tasks)
        except BaseException:
            await asyncio.gather(*tasks, return_exceptions=True)
            for key in files:
                self.delete_later(key)
            raise

    @asynccontextmanager
    async def together(self) -> AsyncIterator[FileStore]:
        """A store whose files are written durably when the block ends, and not at all when it raises.

        For the files of a transaction: their flushes to disk overlap, and a transaction that fails leaves none behind.
        """
        some = _Together(self)
        yield some
        if some.held:
            await self.write_durably(some.held)

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


class _Together(FileStore):
    """Files that are held in memory until they are written together. They share a folder, which is flushed once."""

    def __init__(self, store: FileStore) -> None:
        self._store = store._store
        self._folder = store._folder
        self._deletions = store._deletions
        self._place = secrets.token_hex(1)
        self.held: dict[str, bytes] = {}

    def new_key(self, account_id: int, kind: str) -> str:
        return _key(account_id, kind, self._place)

    async def write(self, key: str, data: bytes) -> None:
        self.held[key] = data

    async def write_durably(self, files: Mapping[str, bytes]) -> None:
        self.held.update(files)

    async def read(self, key: str) -> bytes:
        return self.held[key] if key in self.held else await super().read(key)

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        if key in self.held:
            yield self.held[key]
            return
        async for chunk in super().stream(key):
            yield chunk

    async def delete(self, key: str) -> None:
        if self.held.pop(key, None) is None:
            await super().delete(key)


def _key(account_id: int, kind: str, place: str) -> str:
    return f"{account_id}/{kind}/{place}/{place}{secrets.token_hex(15)}"
