"""Locks by name: one holder at a time, on any connection, and none that is forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.kit.waiting import until
from waypost.kit import named_locks
from waypost.kit.db import Pool, open_pool


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with await open_pool(database_url, max_size=4) as opened:
        yield opened


#: Other tests have databases of their own on the same server.
_HOLDERS = """
from pg_locks where locktype = 'advisory'
and database = (select oid from pg_database where datname = current_database())
"""


async def _nobody_holds(pool: Pool) -> bool:
    holders: int = await pool.fetchval(f"select count(*) {_HOLDERS}")
    return holders == 0


async def test_one_holds_it_and_others_are_told_at_once(pool: Pool) -> None:
    async with named_locks.try_hold(pool, "this") as first:
        async with named_locks.try_hold(pool, "this") as second, named_locks.try_hold(pool, "that") as other:
            assert (first, second, other) == (True, False, True)
        # Whoever did not get it has not given it back either.
        async with named_locks.try_hold(pool, "this") as third:
            assert not third
    async with named_locks.try_hold(pool, "this") as again:
        assert again


async def test_other_processes_respect_it(pool: Pool, database_url: str) -> None:
    async with (
        await open_pool(database_url) as elsewhere,
        named_locks.try_hold(pool, "this"),
        named_locks.try_hold(elsewhere, "this") as is_held,
    ):
        assert not is_held


async def test_errors_and_cancellation_give_it_back(pool: Pool) -> None:
    with pytest.raises(ZeroDivisionError):
        async with named_locks.try_hold(pool, "this"):
            raise ZeroDivisionError
    entered = asyncio.Event()

    async def hold() -> None:
        async with named_locks.try_hold(pool, "this"):
            entered.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hold())
    await entered.wait()
    task.cancel()
    await asyncio.wait({task})
    async with named_locks.try_hold(pool, "this") as is_held:
        assert is_held


async def test_a_lost_connection_ends_it(pool: Pool) -> None:
    async with named_locks.try_hold(pool, "this"):
        await pool.execute(f"select pg_terminate_backend(pid) {_HOLDERS} and pid <> pg_backend_pid()")
        await until(lambda: _nobody_holds(pool))
        async with named_locks.try_hold(pool, "this") as is_held:
            assert is_held
    assert await pool.fetchval("select 1") == 1


async def test_holding_it_keeps_no_transaction_open(pool: Pool) -> None:
    async with named_locks.try_hold(pool, "this"):
        numbered = (
            "select count(*) from pg_stat_activity where backend_xid is not null and datname = current_database()"
        )
        assert await pool.fetchval(numbered) == 0
