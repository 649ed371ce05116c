"""Reads whose cost the caller decides are ended, turned away and remembered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from waypost.kit.db import Pool, open_pool
from waypost.kit.dear_reads import DearReads
from waypost.kit.errors import Busy, TooDear


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with await open_pool(database_url, max_size=2) as pool:
        yield pool


async def test_a_statement_ends_at_the_limit_and_the_connection_is_as_before(pool: Pool) -> None:
    async with pool.acquire() as connection:
        with pytest.raises(TooDear) as refused:
            async with DearReads(limit_s=0.05).bounded(connection):
                await connection.execute("select pg_sleep(60)")
        assert await connection.fetchval("show statement_timeout") == "15s"
        assert await connection.fetchval("show enable_seqscan") == "on"
    (error,) = refused.value.errors
    assert (error.path, error.source) == ("query", "QUERY")
    assert "longer than 0.05 s" in error.message


async def test_within_a_transaction_the_limit_ends_with_the_read(pool: Pool) -> None:
    async with pool.acquire() as connection, connection.transaction():
        async with DearReads(limit_s=3).bounded(connection):
            assert await connection.fetchval("show statement_timeout") == "3s"
        assert await connection.fetchval("show statement_timeout") == "15s"


async def test_one_too_many_is_turned_away_and_the_next_is_let_in(pool: Pool) -> None:
    reads = DearReads(at_once=1, patience_s=0.01)
    async with pool.acquire() as first, pool.acquire() as second:
        async with reads.bounded(first):
            with pytest.raises(Busy):
                async with reads.bounded(second):
                    pass
        async with reads.bounded(second):
            assert await second.fetchval("select 1") == 1


async def test_a_waiting_read_goes_on_when_another_ends(pool: Pool) -> None:
    reads = DearReads(at_once=1, patience_s=30)
    async with pool.acquire() as first, pool.acquire() as second:

        async def wait() -> int:
            async with reads.bounded(second):
                number: int = await second.fetchval("select 1")
                return number

        async with reads.bounded(first):
            waiting = asyncio.create_task(wait())
            await asyncio.sleep(0)
        assert await waiting == 1


async def test_a_dear_total_is_counted_once_and_a_cheap_one_each_time() -> None:
    counted = []

    async def count() -> int:
        counted.append(1)
        return len(counted)

    dear = DearReads(dear_s=0)
    assert [await dear.total(("a",), count), await dear.total(("a",), count), await dear.total(("b",), count)] == [
        1,
        1,
        2,
    ]
    assert dear.known_total(("a",)) == 1
    cheap = DearReads(dear_s=60)
    assert [await cheap.total(("a",), count), await cheap.total(("a",), count)] == [3, 4]
    assert cheap.known_total(("a",)) is None
