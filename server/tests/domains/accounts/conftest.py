from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.domains.accounts.make import Desk
from waypost.kit.db import open_pool
from waypost.kit.tx import Transactions


class Clock:
    """Stands still until moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def transactions(database_url: str, clock: Clock) -> AsyncIterator[Transactions]:
    pool = await open_pool(database_url, max_size=8)
    yield Transactions(pool, clock)
    await pool.close()


@pytest.fixture
async def desk(transactions: Transactions) -> Desk:
    return await Desk.new(transactions)
