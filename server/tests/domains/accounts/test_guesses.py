"""Counting guesses, against a real database."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from waypost.domains.accounts import guesses
from waypost.domains.accounts.guesses import Limit
from waypost.kit.errors import Throttled
from waypost.kit.tx import Transactions

FEW = Limit("test", 3, timedelta(minutes=15))
MANY = Limit("test.many", 100, timedelta(minutes=15))


async def is_let_through(transactions: Transactions, *counted: tuple[Limit, str]) -> bool:
    try:
        await guesses.count(transactions, *counted)
    except Throttled:
        return False
    return True


async def test_a_thousand_at_once_are_a_thousand_counts(transactions: Transactions) -> None:
    passed = await asyncio.gather(*(is_let_through(transactions, (FEW, "one")) for _ in range(1000)))
    assert sum(passed) == 3
    assert await transactions.pool.fetchval("select guesses from guess_counter") == 1000


async def test_another_subject_and_another_question_count_apart(transactions: Transactions) -> None:
    for _ in range(3):
        assert await is_let_through(transactions, (FEW, "one"))
    assert not await is_let_through(transactions, (FEW, "one"))
    assert await is_let_through(transactions, (FEW, "two"))
    assert await is_let_through(transactions, (MANY, "one"))


async def test_a_refused_guess_uses_up_no_later_limit(transactions: Transactions) -> None:
    for _ in range(5):
        await is_let_through(transactions, (FEW, "caller"), (MANY, "user"))
    counts = await transactions.pool.fetch("select guesses from guess_counter order by guesses")
    assert [row["guesses"] for row in counts] == [3, 5]


async def test_a_new_window_begins_when_the_old_one_is_over(transactions: Transactions, clock: Any) -> None:
    for _ in range(4):
        await is_let_through(transactions, (FEW, "one"))
    clock.move(minutes=14, seconds=59)
    with pytest.raises(Throttled) as refused:
        await guesses.count(transactions, (FEW, "one"))
    assert refused.value.retry_after_s == 1
    clock.move(seconds=1)
    assert await is_let_through(transactions, (FEW, "one"))


async def test_the_table_tells_nobody_what_was_typed(transactions: Transactions) -> None:
    await guesses.count(transactions, (FEW, "my password in the wrong field \x00 \ud800"))
    assert "password" not in await transactions.pool.fetchval("select subject from guess_counter")


@pytest.mark.parametrize(
    ("ip", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("not an address", "not an address"),
    ],
)
def test_one_customer_of_a_provider_is_one_caller(ip: str, network: str) -> None:
    assert guesses.network_of(ip) == network
