"""The connection pool. Statements are written by hand; rows come back as asyncpg records."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeAlias, Union

import asyncpg
import msgspec

Connection: TypeAlias = Union["asyncpg.Connection[asyncpg.Record]", "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"]
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"

#: What a statement can raise when the server refuses it or the connection is lost. The driver has no base class for
#: that: a connection that breaks between two steps of its protocol ends in an InternalClientError.
DATABASE_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)

_NEW_TABLES = """
select format('%I.%I', n.nspname, c.relname) as name
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = current_schema() and c.relkind = 'r' and c.reltuples <= 0 and pg_relation_size(c.oid) > 0
  and pg_has_role(c.relowner, 'usage')
"""

_BY_INDEXES = """
set local plan_cache_mode = force_generic_plan; set local enable_seqscan = off; set local enable_hashjoin = off;
set local enable_mergejoin = off; set local enable_material = off
"""

_encode = msgspec.json.Encoder().encode


async def _prepare_connection(connection: Any) -> None:
    # Binary jsonb: a version byte, then the text. Saves the round through str.
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: b"\x01" + _encode(value),
        decoder=lambda data: msgspec.json.decode(data[1:]),
        format="binary",
    )


async def _keep_session(connection: Any) -> None:
    """Nothing in the product changes session state, so the pool need not spend a round trip on resetting it."""


async def open_pool(dsn: str, *, min_size: int = 1, max_size: int = 10, statement_timeout_s: float = 15.0) -> Pool:
    """Open the pool. No statement runs longer than the timeout, so that one caller cannot starve the others."""
    return await asyncpg.create_pool(
        dsn,
        min_size=min_size,
        max_size=max_size,
        init=_prepare_connection,
        reset=_keep_session,
        server_settings={
            "application_name": "waypost",
            "statement_timeout": str(int(statement_timeout_s * 1000)),
            "idle_in_transaction_session_timeout": "60000",
            "jit": "off",
        },
    )


@asynccontextmanager
async def planned_once(connection: Connection) -> AsyncIterator[None]:
    """Let the database plan a statement once and keep the plan, in place of planning it anew for each call.

    For large statements whose best plan is the same whatever the values: planning a page of conversations took twice
    as long as running it (4.1 ms to 1.5 ms at 200,000 conversations).
    """
    await connection.execute("set plan_cache_mode = force_generic_plan")
    try:
        yield
    finally:
        # In a transaction that has failed the setting goes with it.
        with suppress(asyncpg.PostgresError):
            await connection.execute("set plan_cache_mode = auto")


@asynccontextmanager
async def planned_by_indexes(connection: Connection) -> AsyncIterator[None]:
    """The same, by the indexes alone.

    For statements whose conditions cost far more than the database thinks: to look for words in a text it has to be
    fetched and unpacked, which an index on the words spares (5 ms to 150 ms at 10,000 articles).
    """
    await connection.execute("set plan_cache_mode = force_generic_plan; set enable_seqscan = off")
    try:
        yield
    finally:
        with suppress(asyncpg.PostgresError):
            await connection.execute("set plan_cache_mode = auto; set enable_seqscan = on")


async def plan_for_good(connection: Connection) -> None:
    """For the rest of this transaction, plan each statement once and by the indexes alone.

    For transactions whose statements look up single rows, where planning takes longer than running: finding a message's
    conversation among a million took 10 ms, of which 8 were the plan. A kept plan must not depend on how large a table
    happened to be when it was made: one that reads a small table whole, or makes a hash of it, would go on doing so.
    """
    await connection.execute(_BY_INDEXES)


async def know_new_tables(pool: Pool) -> list[str]:
    """Let the database look now at the tables that have got their first rows since it last did; their names.

    It looks by itself once a minute at most. Until then kept plans are those for empty tables, to which it was all the
    same whether a row is found by its key or among all of the account's: they cost more with every row.
    """
    async with pool.acquire() as connection:
        names = [row["name"] for row in await connection.fetch(_NEW_TABLES)]
        if names:
            await connection.execute(f"analyze {', '.join(names)}")
    return names


async def give_way(connection: Connection) -> None:
    """For the rest of this transaction, fail rather than wait long for what others hold.

    For transactions that hold much and can be done again in parts: shorter than the time after which the database looks
    for transactions that wait for each other, so that it never ends the others.
    """
    await connection.execute("set local lock_timeout = '500ms'")


@asynccontextmanager
async def connect(dsn: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """One connection outside any pool, for commands."""
    connection = await asyncpg.connect(dsn, server_settings={"application_name": "waypost", "jit": "off"})
    try:
        await _prepare_connection(connection)
        yield connection
    finally:
        await connection.close()
