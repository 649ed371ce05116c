"""The unit of work: one database transaction, one clock reading, and the facts that it will leave in the log.

Only this module commits. Whatever a verb changes and the events that it emits become visible together or not at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime
from typing import Any, Protocol

import asyncpg

from waypost.kit.clock import Clock, system_clock
from waypost.kit.db import DATABASE_ERRORS, Connection, Pool, plan_for_good
from waypost.kit.dear_reads import DearReads
from waypost.kit.errors import Busy
from waypost.kit.events import Event


class Origin(Protocol):
    """Who acts: what an event records beside itself."""

    @property
    def account_id(self) -> int: ...
    @property
    def origin_kind(self) -> str: ...
    @property
    def origin_id(self) -> int | None: ...
    @property
    def cause(self) -> dict[str, Any] | None: ...


_APPEND = """
insert into event (account_id, type, at, actor_kind, actor_id, subject_kind, subject_id, scope_id, data)
select * from unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::text[], $5::bigint[],
                     $6::text[], $7::bigint[], $8::bigint[], $9::jsonb[])
"""


def _data(by: Origin, event: Event) -> dict[str, Any]:
    """The fact's data; what made the doer do it stands beside it, as `cause`."""
    return event.data() if by.cause is None else {**event.data(), "cause": by.cause}


class Tx:
    """One open transaction. `now` is fixed for its whole length."""

    __slots__ = ("_after_commit", "_events", "_keeps_plans", "connection", "dear_reads", "had_events", "memory", "now")

    def __init__(self, connection: Connection, now: datetime, dear_reads: DearReads | None = None) -> None:
        self.connection = connection
        self.now = now
        self.dear_reads = dear_reads or DearReads()
        self._events: list[tuple[Origin, Event]] = []
        self.had_events = False
        self._after_commit: list[Callable[[], None]] = []
        self._keeps_plans = False
        #: What verbs have looked up and hold for others of this transaction, by keys of their own.
        self.memory: dict[tuple[object, ...], object] = {}

    async def keep_plans(self) -> None:
        """Plan each statement of this transaction once and by the indexes alone: see `plan_for_good`."""
        if not self._keeps_plans:
            await plan_for_good(self.connection)
            self._keeps_plans = True

    def emit(self, by: Origin, event: Event) -> None:
        """Record that something happened; written when the transaction commits."""
        self._events.append((by, event))

    def after_commit(self, action: Callable[[], None]) -> None:
        """Run something once the change is durable. It must not fail and is lost in a crash: hints only, never work."""
        self._after_commit.append(action)

    @property
    def pending(self) -> int:
        """How many events wait to be appended."""
        return len(self._events)

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator[None]:
        """A part that may fail alone: when the block raises, what it changed, emitted and planned is undone."""
        await self.flush()
        planned = len(self._after_commit)
        try:
            async with self.connection.transaction():
                yield
        except BaseException:
            self._events.clear()
            # Undone with the rest, if it was done within.
            self._keeps_plans = False
            self.memory.clear()
            del self._after_commit[planned:]
            raise

    async def flush(self) -> None:
        """Append the pending events. `Transactions` calls this before it commits."""
        if not self._events:
            return
        self.had_events = True
        pending, self._events = self._events, []
        await self.connection.execute(
            _APPEND,
            [by.account_id for by, _ in pending],
            [event.NAME for _, event in pending],
            [self.now] * len(pending),
            [by.origin_kind for by, _ in pending],
            [by.origin_id for by, _ in pending],
            [event.SUBJECT for _, event in pending],
            [event.subject_id for _, event in pending],
            [event.scope_id for _, event in pending],
            [_data(by, event) for by, event in pending],
        )


#: What the database says when it cannot now, though the statement is right.
_BUSY = (
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.TooManyConnectionsError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.InternalClientError,
    ConnectionError,
)


@contextmanager
def told_as_busy() -> Iterator[None]:
    """Raise Busy for what another try may settle."""
    try:
        yield
    except _BUSY as error:
        raise Busy(f"{type(error).__name__}: {error}") from error
    except asyncpg.InterfaceError as error:
        # The driver's word for everything from a lost connection to a wrong argument: only the former may pass.
        if "released back to the pool" in str(error) or "closed" in str(error):
            raise Busy(str(error)) from error
        raise


class Transactions:
    """Opens units of work over a pool and wakes the readers of the log after each commit that left events."""

    def __init__(self, pool: Pool, clock: Clock = system_clock, dear_reads: DearReads | None = None) -> None:
        self.pool = pool
        self.clock = clock
        self.dear_reads = dear_reads or DearReads()
        #: Set after a commit with events; readers in this process wait on it, readers elsewhere poll or are notified.
        self.new_events = asyncio.Event()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Tx]:
        """A read-write transaction: commits when the block ends, rolls back when it raises."""
        with told_as_busy():
            async with self._transaction() as tx:
                yield tx

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Tx]:
        async with self.pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            tx = Tx(connection, self.clock().replace(microsecond=0), self.dear_reads)
            try:
                yield tx
                await tx.flush()
            except BaseException:
                # A connection that is gone has rolled back already; what matters is the first error.
                with suppress(*DATABASE_ERRORS):
                    await transaction.rollback()
                raise
            await transaction.commit()
        if tx.had_events:
            self.new_events.set()
        for action in tx._after_commit:
            action()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Tx]:
        """A connection for queries, each statement seeing its own snapshot. Nothing may be emitted or changed."""
        with told_as_busy():
            async with self.pool.acquire() as connection:
                yield Tx(connection, self.clock().replace(microsecond=0), self.dear_reads)
