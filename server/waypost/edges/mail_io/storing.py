"""The transactions that messages are stored in: some messages together where that goes well, else one by one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from waypost.kit.db import DATABASE_ERRORS, give_way, know_new_tables
from waypost.kit.files import FileStore
from waypost.kit.tx import Transactions, Tx

log = structlog.get_logger(__name__)

#: After so many messages a desk that was empty holds enough for the database to plan by, and then enough of the rest.
_TELLING = (64, 1024)
#: Messages of one transaction: it costs less for each, and others wait longer for what it holds.
TOGETHER = 16


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


class Growth:
    """Counts what one process has stored, and has the database know the tables that it filled."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        self._count = 0

    async def add(self, messages: int) -> None:
        """So many more messages are stored."""
        before = self._count
        self._count += messages
        if not any(before < each <= self._count for each in _TELLING):
            return
        try:
            names = await know_new_tables(self._transactions.pool)
        except DATABASE_ERRORS as error:
            # It makes things quick, not right; whoever needs the database next will tell what it has.
            log.debug("mail.tables_not_known", error=type(error).__name__)
        else:
            log.debug("mail.tables_known", tables=len(names))
