"""The unit of work: facts with their change or not at all, and what the database cannot do now said as such."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import ClassVar

import pytest

from waypost.domains.accounts import Actor
from waypost.kit.db import open_pool
from waypost.kit.errors import Busy
from waypost.kit.events import Event
from waypost.kit.tx import Transactions

pytestmark = pytest.mark.anyio


class Happened(Event, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "test.happened"
    SUBJECT: ClassVar[str] = "test"

    what: str


@pytest.fixture
async def transactions(database_url: str) -> AsyncIterator[Transactions]:
    pool = await open_pool(database_url, statement_timeout_s=1)
    yield Transactions(pool)
    await pool.close()


async def facts(transactions: Transactions) -> list[str]:
    async with transactions.read() as tx:
        rows = await tx.connection.fetch("select data ->> 'what' as what from event order by id")
        return [row["what"] for row in rows]


async def account(transactions: Transactions) -> Actor:
    async with transactions.open() as tx:
        return Actor.system(await tx.connection.fetchval("insert into account (name) values ('A') returning id"))


async def test_facts_are_there_with_their_change(transactions: Transactions) -> None:
    actor = await account(transactions)

    async with transactions.open() as tx:
        tx.emit(actor, Happened(subject_id=1, what="first"))
        tx.emit(actor, Happened(subject_id=None, what="second"))
        assert await facts(transactions) == []

    assert await facts(transactions) == ["first", "second"]
    assert transactions.new_events.is_set()


async def test_what_fails_leaves_neither_change_nor_fact_nor_hint(transactions: Transactions) -> None:
    actor = await account(transactions)
    hints: list[str] = []

    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - what fails is the whole unit of work
        async with transactions.open() as tx:
            await tx.connection.execute("update account set name = 'B'")
            tx.emit(actor, Happened(subject_id=1, what="never"))
            tx.after_commit(lambda: hints.append("never"))
            raise ZeroDivisionError

    async with transactions.read() as tx:
        assert await tx.connection.fetchval("select name from account") == "A"
    assert await facts(transactions) == []
    assert hints == []
    assert not transactions.new_events.is_set()


async def test_two_writers_who_wait_for_each_other_are_told_to_try_again(transactions: Transactions) -> None:
    one, two = await account(transactions), await account(transactions)
    both_hold = asyncio.Barrier(2)

    async def cross(first: int, second: int) -> None:
        async with transactions.open() as tx:
            await tx.connection.execute("update account set name = 'x' where id = $1", first)
            await both_hold.wait()
            await tx.connection.execute("update account set name = 'x' where id = $1", second)

    ended = await asyncio.gather(
        cross(one.account_id, two.account_id), cross(two.account_id, one.account_id), return_exceptions=True
    )

    assert any(isinstance(error, Busy) for error in ended)


async def test_a_statement_that_takes_too_long_is_ended(transactions: Transactions) -> None:
    with pytest.raises(Busy):
        async with transactions.read() as tx:
            await tx.connection.execute("select pg_sleep(30)")


async def test_a_database_that_goes_away_is_told_as_busy_and_comes_back(transactions: Transactions) -> None:
    with pytest.raises(Busy):  # noqa: PT012 - what fails is the whole unit of work
        async with transactions.open() as tx:
            async with transactions.read() as other:
                pid = await tx.connection.fetchval("select pg_backend_pid()")
                await other.connection.execute("select pg_terminate_backend($1)", pid)
            await asyncio.sleep(0.2)
            await tx.connection.execute("select 1")

    assert await facts(transactions) == []
