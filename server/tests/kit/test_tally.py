from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest

from waypost.kit.tally import Tally, fold
from waypost.kit.tx import Transactions

TALLY = Tally("shelf_tally", ("account_id", "colour"))
_EXACT = """
select account_id, colour, sum(n)::bigint as n
from (select * from shelf_tally union all select * from shelf_tally_delta) every
group by account_id, colour
"""


@pytest.fixture(autouse=True)
async def tables(transactions: Transactions) -> None:
    await transactions.pool.execute("""
        create table shelf_tally (account_id bigint, colour text, n bigint not null, primary key (account_id, colour));
        create table shelf_tally_delta (account_id bigint, colour text, n integer not null);
    """)


async def add(transactions: Transactions, *rows: tuple[int, str, int]) -> None:
    async with transactions.open() as tx:
        await tx.connection.executemany("insert into shelf_tally_delta values ($1, $2, $3)", rows)


async def exact(transactions: Transactions) -> dict[tuple[int, str], int]:
    return {(row["account_id"], row["colour"]): row["n"] for row in await transactions.pool.fetch(_EXACT)}


async def test_deltas_move_into_the_base(transactions: Transactions) -> None:
    await add(transactions, (1, "red", 1), (1, "red", 1), (1, "blue", 5), (2, "red", 7), (1, "blue", -5))
    assert await fold(transactions, (TALLY,)) == 5
    assert await fold(transactions, (TALLY,)) == 0
    rows = await transactions.pool.fetch("select * from shelf_tally order by 1, 2")
    assert [tuple(row) for row in rows] == [(1, "red", 2), (2, "red", 7)]
    await add(transactions, (1, "red", -2))
    await fold(transactions, (TALLY,))
    assert await transactions.pool.fetchval("select n from shelf_tally where account_id = 1") == 0


async def test_many_deltas_are_folded_in_small_transactions(transactions: Transactions) -> None:
    await add(transactions, *[(1, "red", 1)] * 25)
    assert await fold(transactions, (TALLY,), limit=10) == 25
    assert await exact(transactions) == {(1, "red"): 25}


async def test_exact_at_every_moment_with_writers_and_folders_at_once(transactions: Transactions) -> None:
    written: Counter[tuple[int, str]] = Counter()
    writing = True

    async def write(seed: int) -> None:
        choice = random.Random(seed)
        for _ in range(40):
            rows = [(choice.randint(1, 2), choice.choice(["red", "blue", "green"]), 1) for _ in range(5)]
            await add(transactions, *rows)
            written.update((account, colour) for account, colour, _ in rows)

    async def keep_folding() -> None:
        while writing:
            await fold(transactions, (TALLY,), limit=7)
            await asyncio.sleep(0)

    async def look() -> None:
        # What was written before a look is counted by it; nothing is counted twice.
        while writing:
            before = written.total()
            seen = sum((await exact(transactions)).values())
            assert before <= seen <= written.total() + 6 * 5

    others = [asyncio.create_task(keep_folding()) for _ in range(3)] + [asyncio.create_task(look())]
    await asyncio.gather(*(write(seed) for seed in range(6)))
    writing = False
    await asyncio.gather(*others)
    await fold(transactions, (TALLY,))
    assert await exact(transactions) == dict(written)
    assert await transactions.pool.fetchval("select count(*) from shelf_tally_delta") == 0


async def test_a_locked_delta_is_left_for_later(transactions: Transactions) -> None:
    await add(transactions, (1, "red", 1), (1, "red", 1))
    async with transactions.open() as tx:
        await tx.connection.execute("select 1 from shelf_tally_delta limit 1 for update")
        assert await fold(transactions, (TALLY,)) == 1
    assert await fold(transactions, (TALLY,)) == 1
    assert await exact(transactions) == {(1, "red"): 2}
