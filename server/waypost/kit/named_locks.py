"""Locks by name, held across processes: for work with the world outside, which one transaction must not span.

They are PostgreSQL's advisory locks of a session. A locked row would do the same, but its transaction has a number, and
readers of the event log wait for the oldest numbered transaction: one slow mail server would hold up everything.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncpg
import structlog

from waypost.kit.db import DATABASE_ERRORS, Connection, Pool

log = structlog.get_logger(__name__)

_TAKE = "select pg_try_advisory_lock($1)"
_GIVE_BACK = "select pg_advisory_unlock($1)"


@asynccontextmanager
async def try_hold(pool: Pool, name: str) -> AsyncIterator[bool]:
    """Whether the lock is the caller's until the block ends; False at once while somebody else has it.

    Takes one connection of the pool for that time. A process that dies loses its locks with its connections.
    """
    key = key_of(name)
    async with pool.acquire() as connection:
        is_held: bool = await connection.fetchval(_TAKE, key)
        try:
            yield is_held
        finally:
            if is_held:
                await _give_back(connection, key)


async def _give_back(connection: Connection, key: int) -> None:
    # The pool does not reset sessions, so an unlock that is cut short would leave the lock with the connection.
    try:
        await asyncio.shield(connection.fetchval(_GIVE_BACK, key))
    except DATABASE_ERRORS as error:
        log.warning("named_locks.connection_lost", error=repr(error))
        _end(connection)
    except asyncio.CancelledError:
        _end(connection)
        raise


def _end(connection: Connection) -> None:
    with suppress(asyncpg.InterfaceError, asyncpg.InternalClientError):  # it has ended already
        connection.terminate()


def key_of(name: str) -> int:
    """The number that PostgreSQL knows the lock by."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
