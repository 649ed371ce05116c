"""The bench, for all tests of customers."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.domains.customers.bench import Bench, make_account
from waypost.kit.db import open_pool


@pytest.fixture
async def bench(database_url: str) -> AsyncIterator[Bench]:
    pool = await open_pool(database_url, max_size=20)
    try:
        yield Bench(pool, await make_account(pool, "acme"), await make_account(pool, "rival"))
    finally:
        await pool.close()
