"""Units of work over a fresh database."""

from collections.abc import AsyncIterator

import pytest

from waypost.kit.db import open_pool
from waypost.kit.tx import Transactions


@pytest.fixture
async def transactions(database_url: str) -> AsyncIterator[Transactions]:
    async with await open_pool(database_url, max_size=20) as pool:
        yield Transactions(pool)
