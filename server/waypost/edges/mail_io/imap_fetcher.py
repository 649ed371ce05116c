"""Fetches the mail of every mailbox that has a server, as long as the worker runs: each folder by one worker only.

A lock of the database's session says whose a folder is, so that several workers share the folders, and those of a
killed worker are taken over at once.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import NamedTuple

import msgspec
import structlog

from waypost.domains import mail
from waypost.domains.mailboxes import IncomingServer, store_channel
from waypost.edges.mail_io.imap_folder import FolderReader, Parts
from waypost.kit.db import DATABASE_ERRORS
from waypost.kit.errors import Busy
from waypost.kit.lock_keeper import LockKeeper, keeping

log = structlog.get_logger(__name__)

#: How soon a new, changed or paused mailbox is noticed.
LOOK_S = 2.0
_OUTAGE_PAUSE_S = 1.0
_OUTAGES = (*DATABASE_ERRORS, TimeoutError, Busy)


class Place(NamedTuple):
    """A folder that is to be read."""

    account_id: int
    mailbox_id: int
    folder: str

    @property
    def lock(self) -> str:
        """The name of its lock."""
        return f"mail.fetch:{self.account_id}:{self.mailbox_id}:{self.folder}"


class Fetcher:
    """The readers of folders in one process."""

    def __init__(self, parts: Parts, key: bytes, *, look_s: float = LOOK_S) -> None:
        self._parts = parts
        self._key = key
        self._look_s = look_s
        self._tasks: dict[Place, asyncio.Task[None]] = {}
        self._servers: dict[Place, IncomingServer] = {}

    async def run(self, dsn: str, stop: asyncio.Event) -> None:
        """Fetch until `stop` is set. What is under way then is given up: it is fetched again at the next start."""
        while not stop.is_set():
            try:
                async with keeping(dsn) as locks:
                    await self._serve(locks, stop)
            except _OUTAGES as error:
                log.warning("mail.fetcher_database_trouble", error=type(error).__name__)
                await _stopped_within(stop, _OUTAGE_PAUSE_S)

    async def _serve(self, locks: LockKeeper, stop: asyncio.Event) -> None:
        try:
            while not stop.is_set() and not locks.lost.is_set():
                wanted = await self._wanted()
                for place in list(self._tasks):
                    if wanted.get(place) != self._servers[place] or self._tasks[place].done():
                        await self._end(place)
                        await locks.give_back(place.lock)
                for place, server in wanted.items():
                    if place not in self._tasks and await locks.try_take(place.lock):
                        self._begin(place, server)
                await locks.beat()
                await _stopped_within(stop, self._look_s)
        finally:
            # The locks go with the connection, so nobody may go on reading.
            for place in list(self._tasks):
                await self._end(place)

    async def _wanted(self) -> dict[Place, IncomingServer]:
        wanted: dict[Place, IncomingServer] = {}
        async with self._parts.transactions.read() as tx:
            for account_id in await mail.folders.accounts(tx):
                for channel in await store_channel.incoming(tx.connection, self._key, account_id):
                    assert channel.incoming is not None
                    server = _without_refresh_token(channel.incoming)
                    for folder in dict.fromkeys(server.folders):
                        wanted[Place(account_id, channel.mailbox_id, folder)] = server
        return wanted

    def _begin(self, place: Place, server: IncomingServer) -> None:
        reader = FolderReader(self._parts, place.account_id, place.mailbox_id, server, place.folder)
        self._servers[place] = server
        self._tasks[place] = asyncio.create_task(reader.run(), name=place.lock)

    async def _end(self, place: Place) -> None:
        task = self._tasks.pop(place)
        del self._servers[place]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _without_refresh_token(server: IncomingServer) -> IncomingServer:
    """What a change of calls for another connection; the refresh token changes by itself, and is read when needed."""
    if server.oauth2 is None:
        return server
    return msgspec.structs.replace(server, oauth2=msgspec.structs.replace(server.oauth2, refresh_token=""))


async def _stopped_within(stop: asyncio.Event, limit_s: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), limit_s)
