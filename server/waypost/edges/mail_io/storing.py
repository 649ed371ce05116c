"""The transactions that messages are stored in: some messages together where that goes well, else one by one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from waypost.kit.db import give_way
from waypost.kit.files import FileStore
from waypost.kit.tx import Transactions, Tx

#: Messages of one transaction: it costs less for each, and others wait longer for what it holds.
TOGETHER = 8


@asynccontextmanager
async def storing(
    transactions: Transactions, files: FileStore, *, is_together: bool = False
) -> AsyncIterator[tuple[Tx, FileStore]]:
    """A transaction, and where its files go: they are safe on disk before it is committed.

    One that fails leaves no files. With `is_together` it is of several messages, and fails rather than wait long: its
    messages hold what others may need, and can be stored one by one.
    """
    async with transactions.open() as tx:
        if is_together:
            await give_way(tx.connection)
        async with files.together() as together:
            yield tx, together
            # Once the files are there, only the commit may fail: whether it did is not always told, so they stay.
            await tx.flush()
