"""Reads whose cost is the caller's choice, such as searches: only so many at once, and none of them for long."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg
from prometheus_client import Counter

from waypost.kit.db import Connection
from waypost.kit.errors import Busy, TooDear

LIMIT_S = 5.0
#: Fewer than the connections of the smallest useful pool, so that other requests always find one.
AT_ONCE = 6
#: How long a caller waits, holding a connection, until others are through.
PATIENCE_S = 1.0
#: Totals that took this long are remembered ...
DEAR_S = 0.05
#: ... for less than what the specification allows searches to lag behind (spec: 13, 10 s).
REMEMBERED_S = 8.0
MOST_REMEMBERED = 500

# What a plan without the index costs cannot be seen by the planner: documents lie beside their rows. Many hits are
# counted by two processes at once; few are not worth a second one to it.
_SETTINGS = (
    "set local statement_timeout = {}; set local enable_seqscan = off; set local max_parallel_workers_per_gather = 1"
)
_DEFAULTS = (
    "set local statement_timeout to default; set local enable_seqscan to default; "
    "set local max_parallel_workers_per_gather to default"
)

REFUSED = Counter("waypost_dear_reads_refused_total", "Searches that were ended or turned away.", ["reason"])

#: Everything that decides a total.
Key = tuple[object, ...]


class DearReads:
    """One for a process."""

    def __init__(
        self, limit_s: float = LIMIT_S, at_once: int = AT_ONCE, patience_s: float = PATIENCE_S, dear_s: float = DEAR_S
    ) -> None:
        self.limit_s = limit_s
        self.patience_s = patience_s
        self.dear_s = dear_s
        self._slots = asyncio.Semaphore(at_once)
        self._totals: OrderedDict[Key, tuple[float, int]] = OrderedDict()

    @asynccontextmanager
    async def bounded(self, connection: Connection) -> AsyncIterator[None]:
        """Run statements with the time limit on each, and never by reading a whole table where an index serves.

        Raises Busy when too many others are at it, TooDear for a statement that reaches the limit.
        """
        await self._enter()
        try:
            async with connection.transaction():
                await connection.execute(_SETTINGS.format(max(1, int(self.limit_s * 1000))))
                yield
                # Of an enclosing transaction these would otherwise stay.
                await connection.execute(_DEFAULTS)
        except asyncpg.QueryCanceledError as error:
            REFUSED.labels("too dear").inc()
            raise TooDear(self.limit_s) from error
        finally:
            self._slots.release()

    async def _enter(self) -> None:
        try:
            async with asyncio.timeout(self.patience_s):
                await self._slots.acquire()
        except TimeoutError:
            REFUSED.labels("busy").inc()
            raise Busy("too many searches at once") from None

    def known_total(self, key: Key) -> int | None:
        """A total that was dear to count and still holds."""
        until, total = self._totals.get(key, (0.0, 0))
        return total if until > time.monotonic() else None

    async def total(self, key: Key, count: Callable[[], Awaitable[int]]) -> int:
        """A total, counted now unless it was dear to count some seconds ago."""
        known = self.known_total(key)
        if known is not None:
            return known
        began = time.monotonic()
        total = await count()
        if time.monotonic() - began >= self.dear_s:
            self._totals[key] = (time.monotonic() + REMEMBERED_S, total)
            self._totals.move_to_end(key)
            while len(self._totals) > MOST_REMEMBERED:
                self._totals.popitem(last=False)
        return total
