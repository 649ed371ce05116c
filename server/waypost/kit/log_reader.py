"""The one reader of the event log: hands every fact, in order, exactly once, to each subscriber.

A subscriber's writes and the move of its position are one transaction, so a crash repeats nothing and skips nothing.
Several workers share the readers: whoever holds the lock of a position reads on from there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import asyncpg
import structlog
from prometheus_client import Counter

from waypost.kit import log_store
from waypost.kit.db import DATABASE_ERRORS
from waypost.kit.errors import Busy
from waypost.kit.events import Fact
from waypost.kit.log_store import Position
from waypost.kit.tx import Transactions, Tx
from waypost.kit.wakeups import Waiter

log = structlog.get_logger(__name__)

Handler = Callable[[Tx, list[Fact]], Awaitable[None]]

BATCH = 200
POLL_S = 1.0
#: Facts that are committed but not yet safe to read (an older transaction is still open) are looked for again so soon.
FIRST_UNSAFE_PAUSE_S = 0.005

FACTS = Counter("waypost_log_facts_total", "Facts handed to readers of the log.", ["reader"])
FAILURES = Counter("waypost_log_failures_total", "Batches that a reader of the log failed on.", ["reader"])
DEAD_LETTERS = Counter("waypost_log_dead_letters_total", "Facts that a reader of the log went on without.", ["reader"])

# The database's own troubles say nothing about the facts: wait, and count no failure. A statement that runs into its
# time limit is the handler's trouble, though PostgreSQL files it among the operator's interventions.
_DATABASE_TROUBLE = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.TransactionRollbackError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    ConnectionError,
)


#: What looking for unread facts may meet while the database is away.
_OUTAGES = (*DATABASE_ERRORS, Busy)


def _is_database_trouble(error: BaseException | None) -> bool:
    if isinstance(error, Busy) and error.__cause__ is not None:
        error = error.__cause__
    return isinstance(error, _DATABASE_TROUBLE) and not isinstance(error, asyncpg.QueryCanceledError)


@dataclass(frozen=True)
class Subscriber:
    """Who reads. The handler gets facts in the log's order and must write through the given transaction only.

    A new subscriber starts with the oldest fact, or with `from_now` at the end of the log.
    """

    name: str
    handle: Handler
    from_now: bool = False


@dataclass(frozen=True)
class Patience:
    """How failures are met: pauses double from first to longest; after so many tries a batch is taken apart, and after
    so many more the fact that fails becomes a dead letter."""

    attempts: int = 8
    first_pause_s: float = 1.0
    longest_pause_s: float = 60.0

    def pause_s(self, failures: int) -> float:
        """How long to wait after that many failures in a row."""
        return min(self.first_pause_s * 2.0 ** min(failures - 1, 30), self.longest_pause_s)


class HandlerFailed(Exception):
    """A subscriber could not take a batch; the cause is chained."""

    def __init__(self, last: Position) -> None:
        super().__init__()
        #: The end of the batch that failed.
        self.last = last


class _Reading:
    """Where one subscriber stands in this process."""

    def __init__(self, subscriber: Subscriber) -> None:
        self.subscriber = subscriber
        self.wake = asyncio.Event()
        self.failures = 0
        #: Up to here facts are taken one by one, because a batch that ends here failed.
        self.careful_until: Position | None = None

    @property
    def batch(self) -> int:
        return 1 if self.careful_until else BATCH


class LogReader:
    """Reads for all subscribers of this process, side by side: one that fails does not hold up the others."""

    def __init__(
        self,
        transactions: Transactions,
        subscribers: Sequence[Subscriber],
        waiter: Waiter | None = None,
        patience: Patience | None = None,
    ) -> None:
        names = [subscriber.name for subscriber in subscribers]
        if len(set(names)) != len(names):
            raise ValueError(f"two subscribers share a name: {names}")
        self._transactions = transactions
        self._readings = {subscriber.name: _Reading(subscriber) for subscriber in subscribers}
        self._waiter = waiter or Waiter()
        self._patience = patience or Patience()

    async def run(self) -> None:
        """Read until cancelled."""
        await self._register_patiently()
        async with asyncio.TaskGroup() as tasks:
            for reading in self._readings.values():
                tasks.create_task(self._follow(reading), name=f"log {reading.subscriber.name}")
            tasks.create_task(self._watch(), name="log watch")

    async def drain(self) -> int:
        """Read until no subscriber has anything left, and return how many facts were handed over. For tests and
        commands: a handler's error is raised, and facts that are not yet safe to read are waited for."""
        await self.register()
        total = 0
        while behind := await self._behind():
            for name, is_readable in behind.items():
                if is_readable:
                    total += await self.step(self._readings[name])
            if not any(behind.values()):
                await asyncio.sleep(FIRST_UNSAFE_PAUSE_S)
        return total

    async def register(self) -> None:
        """Give each subscriber its position, if it has none yet."""
        async with self._transactions.open() as tx:
            for name, reading in self._readings.items():
                await log_store.register(tx.connection, name, from_now=reading.subscriber.from_now)

    async def step(self, reading: _Reading) -> int:
        """Hand over one batch; returns its size, 0 when there is none or another process reads.

        Raises what reading raises; whatever goes wrong after that, the commit included, is the cause of HandlerFailed.
        """
        subscriber, last = reading.subscriber, None
        try:
            async with self._transactions.open() as tx:
                position = await log_store.lock(tx.connection, subscriber.name)
                if position is None:
                    return 0
                facts, end = await log_store.read(tx.connection, position, reading.batch)
                if not facts:
                    return 0
                last = end
                await subscriber.handle(tx, facts)
                await log_store.move(tx.connection, subscriber.name, last, tx.now)
        except Exception as error:
            # Constraints that are checked at the commit are broken by the handler too.
            if last is None:
                raise
            raise HandlerFailed(last) from error
        FACTS.labels(subscriber.name).inc(len(facts))
        reading.failures = 0
        if reading.careful_until and last >= reading.careful_until:
            reading.careful_until = None
        return len(facts)

    async def _follow(self, reading: _Reading) -> None:
        while True:
            await reading.wake.wait()
            reading.wake.clear()
            try:
                await self._catch_up(reading)
            except HandlerFailed as failure:
                await self._meet(reading, failure)
                reading.wake.set()
            except Exception as error:
                await self._sit_out(reading, error)

    async def _catch_up(self, reading: _Reading) -> None:
        while True:
            size = reading.batch
            if await self.step(reading) < size:
                return

    async def _meet(self, reading: _Reading, failure: HandlerFailed) -> None:
        name, cause = reading.subscriber.name, failure.__cause__
        if _is_database_trouble(cause):
            await self._sit_out(reading, cause)
            return
        reading.failures += 1
        FAILURES.labels(name).inc()
        is_last_try = reading.failures >= self._patience.attempts
        log.error("log.handler_failed", reader=name, failures=reading.failures, batch=reading.batch, exc_info=cause)
        if not is_last_try:
            await asyncio.sleep(self._patience.pause_s(reading.failures))
        elif reading.careful_until is None:
            reading.careful_until, reading.failures = failure.last, 0
        else:
            await self._set_aside(reading, failure)

    async def _set_aside(self, reading: _Reading, failure: HandlerFailed) -> None:
        name = reading.subscriber.name
        try:
            async with self._transactions.open() as tx:
                position = await log_store.lock(tx.connection, name)
                if position is None or position >= failure.last:
                    return
                await log_store.add_dead_letter(tx.connection, name, failure.last, repr(failure.__cause__))
                await log_store.move(tx.connection, name, failure.last, tx.now)
        except Exception as error:
            await self._sit_out(reading, error)
            return
        DEAD_LETTERS.labels(name).inc()
        log.error("log.dead_letter", reader=name, event_id=failure.last.event_id, error=repr(failure.__cause__))
        reading.failures = 0
        if reading.careful_until and failure.last >= reading.careful_until:
            reading.careful_until = None

    async def _sit_out(self, reading: _Reading, error: BaseException | None) -> None:
        log.warning("log.database_trouble", reader=reading.subscriber.name, error=repr(error))
        await asyncio.sleep(self._patience.first_pause_s)

    async def _register_patiently(self) -> None:
        while True:
            try:
                return await self.register()
            except _OUTAGES as error:
                log.warning("log.database_trouble", error=repr(error))
                await asyncio.sleep(self._patience.first_pause_s)

    async def _watch(self) -> None:
        """Wake those who have something to read: after a hint, else every second."""
        unsafe_pause_s = POLL_S
        while True:
            if await self._waiter.wait(unsafe_pause_s):
                unsafe_pause_s = POLL_S
            try:
                behind = await self._behind()
            except _OUTAGES as error:
                log.warning("log.database_trouble", error=repr(error))
                unsafe_pause_s = POLL_S
                continue
            for name, is_readable in behind.items():
                if is_readable:
                    self._readings[name].wake.set()
            if any(not is_readable for is_readable in behind.values()):
                unsafe_pause_s = FIRST_UNSAFE_PAUSE_S if unsafe_pause_s >= POLL_S else min(unsafe_pause_s * 2, POLL_S)
            else:
                unsafe_pause_s = POLL_S

    async def _behind(self) -> dict[str, bool]:
        async with self._transactions.read() as tx:
            return await log_store.behind(tx.connection, list(self._readings))


async def retry_dead_letters(transactions: Transactions, subscribers: Sequence[Subscriber]) -> tuple[int, int]:
    """Hand each dead letter to its reader once more; returns how many were taken, and how many failed again."""
    taken = refused = 0
    for subscriber in subscribers:
        after_event_id = 0
        while True:
            fact: Fact | None = None
            try:
                async with transactions.open() as tx:
                    fact = await log_store.take_dead_letter(tx.connection, subscriber.name, after_event_id)
                    if fact is None:
                        break
                    await subscriber.handle(tx, [fact])
                taken += 1
            except Exception as error:
                if fact is None:
                    raise
                refused += 1
                log.error("log.dead_letter_refused", reader=subscriber.name, event_id=fact.id, exc_info=error)
            after_event_id = fact.id
    return taken, refused
