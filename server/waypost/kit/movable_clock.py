"""A clock that can be moved forward, for development: whatever waits for a time happens at once when it has come.

How far it is ahead of the machine's stands in the database, so that all processes of a desk agree.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from waypost.kit import jobs, wakeups
from waypost.kit.clock import system_clock
from waypost.kit.db import DATABASE_ERRORS, Connection
from waypost.kit.errors import Busy

if TYPE_CHECKING:
    from waypost.kit.tx import Transactions, Tx
    from waypost.kit.wakeups import Waiter

log = structlog.get_logger(__name__)

POLL_S = 5.0
_READ = "select ahead from moved_clock"
_MOVE = """
insert into moved_clock (ahead) values ($1)
on conflict (only_row) do update set ahead = moved_clock.ahead + excluded.ahead
returning ahead
"""
_RESET = "delete from moved_clock returning ahead"
_NOT_AHEAD = timedelta(0)


class MovableClock:
    """The machine's time and what the desk's clock is ahead of it. Give it to `Transactions` as its clock."""

    def __init__(self) -> None:
        self.ahead = _NOT_AHEAD

    def __call__(self) -> datetime:
        """The desk's time."""
        return system_clock() + self.ahead

    async def load(self, connection: Connection) -> None:
        """Take over what the database says."""
        self.ahead = await connection.fetchval(_READ) or _NOT_AHEAD

    async def advance(self, tx: Tx, by: timedelta) -> None:
        """Move the desk's clock forward, for every process of the desk. ValueError unless `by` is positive."""
        if by <= _NOT_AHEAD:
            raise ValueError("the clock goes forward only")
        ahead = await tx.connection.fetchval(_MOVE, by)
        await jobs.bring_forward(tx, by)
        self._tell(tx, ahead)

    async def reset(self, tx: Tx) -> None:
        """Go back to the machine's time."""
        ahead = await tx.connection.fetchval(_RESET) or _NOT_AHEAD
        await jobs.bring_forward(tx, -ahead)
        self._tell(tx, _NOT_AHEAD)

    async def follow(self, transactions: Transactions, waiter: Waiter) -> None:
        """Hear of other processes' moves, until cancelled."""
        while True:
            await waiter.wait(POLL_S)
            try:
                async with transactions.read() as tx:
                    await self.load(tx.connection)
            except (*DATABASE_ERRORS, Busy) as error:
                log.warning("clock.database_trouble", error=repr(error))
                await asyncio.sleep(POLL_S)

    def _tell(self, tx: Tx, ahead: timedelta) -> None:
        def take_over() -> None:
            self.ahead = ahead

        tx.after_commit(take_over)
        wakeups.hint_after(tx, wakeups.CLOCK)
        wakeups.hint_after(tx, wakeups.JOBS)
