"""Many locks by name over one connection: for a worker that looks after many things at once, each by one worker only.

As with kit.named_locks they are PostgreSQL's advisory locks of a session, so they end with the process that holds them,
at once and without a timeout to wait for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from waypost.kit.named_locks import key_of

_TAKE = "select pg_try_advisory_lock($1)"
_GIVE_BACK = "select pg_advisory_unlock($1)"
_PATIENCE_S = 10.0


class LockKeeper:
    """Holds locks until they are given back or `lost` is set: the connection is gone, and all locks with it."""

    def __init__(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        self._connection = connection
        self._turn = asyncio.Lock()
        self.lost = asyncio.Event()
        connection.add_termination_listener(lambda _: self.lost.set())

    async def try_take(self, name: str) -> bool:
        """Whether the lock is this keeper's now. It must not be asked for what it holds."""
        async with self._turn:
            is_taken: bool = await self._connection.fetchval(_TAKE, key_of(name), timeout=_PATIENCE_S)
        return is_taken

    async def give_back(self, name: str) -> None:
        """Let others have it."""
        async with self._turn:
            await self._connection.fetchval(_GIVE_BACK, key_of(name), timeout=_PATIENCE_S)

    async def beat(self) -> None:
        """Notice a connection that went silently. Raises what the connection raises."""
        async with self._turn:
            await self._connection.execute("select 1", timeout=_PATIENCE_S)


@asynccontextmanager
async def keeping(dsn: str) -> AsyncIterator[LockKeeper]:
    """A keeper with a connection of its own."""
    connection = await asyncpg.connect(dsn, timeout=10, server_settings={"application_name": "waypost locks"})
    try:
        yield LockKeeper(connection)
    finally:
        connection.terminate()
