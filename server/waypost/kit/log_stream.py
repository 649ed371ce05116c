"""The event log as it grows, for any number of followers in this process.

One task reads the log for all of them. A follower has a bounded queue: one that does not keep up loses its queue, never
a fact, and reads on from the log by itself until it has caught up. So nobody slow holds up the others or the memory.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import structlog
from prometheus_client import Gauge

from waypost.kit import log_store
from waypost.kit.db import DATABASE_ERRORS
from waypost.kit.errors import Busy
from waypost.kit.log_store import Entry, Position
from waypost.kit.wakeups import Waiter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from waypost.kit.tx import Transactions

log = structlog.get_logger(__name__)

BATCH = 200
POLL_S = 1.0
#: What a follower may leave unread before it has to read for itself.
MOST_QUEUED = 1000
#: Facts that are committed but not yet safe to read are looked for again so soon, then less and less often.
FIRST_UNSAFE_PAUSE_S = 0.005

FOLLOWERS = Gauge("waypost_log_followers", "Live followers of the log in this process.")


class TooFarBehind(Exception):
    """The place to go on from is not in this log, or too much has happened since: start anew."""


class _Follower:
    """The queue of one follower."""

    def __init__(self) -> None:
        self._batches: deque[list[Entry]] = deque()
        self._queued = 0
        self._heard = asyncio.Event()
        self.has_overflowed = False
        self.is_closed = False

    def offer(self, entries: list[Entry]) -> None:
        if self._queued + len(entries) > MOST_QUEUED:
            self._batches.clear()
            self._queued = 0
            self.has_overflowed = True
        elif not self.has_overflowed:
            self._batches.append(entries)
            self._queued += len(entries)
        self._heard.set()

    def close(self) -> None:
        self.is_closed = True
        self._heard.set()

    async def wait(self, timeout_s: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._heard.wait(), timeout_s)
        self._heard.clear()

    def take(self) -> list[Entry]:
        taken = [entry for batch in self._batches for entry in batch]
        self._batches.clear()
        self._queued = 0
        return taken


class LogStream:
    """Hands the log's facts to followers. `ear` makes a waiter that hears of new events."""

    def __init__(self, transactions: Transactions, ear: Callable[[], Waiter] = Waiter, poll_s: float = POLL_S) -> None:
        self._transactions = transactions
        self._ear = ear
        self._poll_s = poll_s
        self._followers: dict[int, set[_Follower]] = {}
        self._reading: asyncio.Task[None] | None = None
        self._position: Position | None = None
        #: Set once the shared reader has a place: what is committed from then on reaches every follower's queue.
        self._has_begun = asyncio.Event()

    async def follow(
        self, account_id: int, after: Position | None = None, *, most_behind: int = 10_000, heartbeat_s: float = 15.0
    ) -> AsyncIterator[tuple[Position, list[Entry]]]:
        """The account's facts in the log's order from `after` on (None: from now on), until the stream is closed.

        Yields the place reached and the facts up to it: first none, to say where the stream begins, and later none as
        a sign of life. Raises TooFarBehind for a place that is unknown or has more than `most_behind` facts after it.
        """
        with self._joined(account_id) as follower:
            position = await self._begin(after, most_behind)
            yield position, []
            is_behind = True
            while not follower.is_closed:
                if is_behind:
                    entries = await self._read(account_id, position)
                    is_behind = len(entries) == BATCH
                    if not entries:
                        continue
                else:
                    await follower.wait(heartbeat_s)
                    entries = [entry for entry in follower.take() if entry.position > position]
                    is_behind, follower.has_overflowed = follower.has_overflowed, False
                    if is_behind or follower.is_closed:
                        continue
                position = entries[-1].position if entries else position
                yield position, entries

    def close(self) -> None:
        """End every follower's stream, for good."""
        for follower in self._everyone():
            follower.close()
        self._stop_reading()
        self._has_begun.set()

    @contextmanager
    def _joined(self, account_id: int) -> Iterator[_Follower]:
        follower = _Follower()
        self._followers.setdefault(account_id, set()).add(follower)
        FOLLOWERS.inc()
        if self._reading is None:
            self._reading = asyncio.create_task(self._run(), name="log stream")
        try:
            yield follower
        finally:
            FOLLOWERS.dec()
            self._followers[account_id].discard(follower)
            if not self._followers[account_id]:
                del self._followers[account_id]
            if not self._followers:
                self._stop_reading()

    def _stop_reading(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
        self._reading = self._position = None
        self._has_begun.clear()

    def _everyone(self) -> list[_Follower]:
        return [follower for followers in self._followers.values() for follower in followers]

    async def _begin(self, after: Position | None, most_behind: int) -> Position:
        await self._has_begun.wait()
        async with self._transactions.read() as tx:
            if after is None:
                return await log_store.tail(tx.connection)
            if not await log_store.is_within(tx.connection, after, most_behind):
                raise TooFarBehind
            return after

    async def _read(self, account_id: int, after: Position) -> list[Entry]:
        async with self._transactions.read() as tx:
            return await log_store.read_entries(tx.connection, after, BATCH, account_id)

    async def _run(self) -> None:
        waiter, pause_s = self._ear(), self._poll_s
        while True:
            try:
                is_more, is_settled = await self._step()
            except (*DATABASE_ERRORS, Busy) as error:
                log.warning("log_stream.database_trouble", error=repr(error))
                await asyncio.sleep(self._poll_s)
                continue
            if is_more:
                continue
            if is_settled:
                pause_s = self._poll_s
            else:
                pause_s = FIRST_UNSAFE_PAUSE_S if pause_s >= self._poll_s else min(pause_s * 2, self._poll_s)
            await waiter.wait(pause_s)

    async def _step(self) -> tuple[bool, bool]:
        """Read and hand out one batch: whether there may be more at once, and whether nothing waits to become safe."""
        async with self._transactions.read() as tx:
            if self._position is None:
                self._position = await log_store.tail(tx.connection)
                self._has_begun.set()
            entries = await log_store.read_entries(tx.connection, self._position, BATCH)
            if not entries:
                return False, await log_store.is_settled(tx.connection, self._position)
        self._position = entries[-1].position
        by_account: dict[int, list[Entry]] = {}
        for entry in entries:
            by_account.setdefault(entry.fact.account_id, []).append(entry)
        for account_id, own in by_account.items():
            for follower in self._followers.get(account_id, ()):
                follower.offer(own)
        return len(entries) == BATCH, True
