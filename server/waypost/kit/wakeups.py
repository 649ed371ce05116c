"""Hints that there is something to do: events in the log, jobs and deliveries in their queues. Never the only way to
learn of it.

A hint reaches readers in this process at once and readers elsewhere through PostgreSQL's NOTIFY, which is sent after
the commit, on its own and at most every 20 ms: inside the transaction it would let only one commit happen at a time.
Whoever waits for a hint also polls, because a hint may be lost with the process that would have sent it.
"""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from functools import partial
from weakref import WeakSet

import asyncpg
import structlog

from waypost.kit.db import DATABASE_ERRORS, Pool
from waypost.kit.tx import Transactions, Tx

log = structlog.get_logger(__name__)

EVENTS = "waypost_events"
JOBS = "waypost_jobs"
DELIVERIES = "waypost_deliveries"
CLOCK = "waypost_clock"
CHANNELS = (EVENTS, JOBS, DELIVERIES, CLOCK)

NOTIFY_INTERVAL_S = 0.02
_NOTIFY = "select pg_notify(channel, $2) from unnest($1::text[]) as channel"
_HEARTBEAT_S = 10.0
_LONGEST_PAUSE_S = 5.0

# Weak: one that nobody uses any more need not sign off. Several in one process (tests) wake each other, harmlessly.
_everyone: WeakSet[Wakeups] = WeakSet()


def hint_after(tx: Tx, channel: str) -> None:
    """Wake those who wait on the channel once the transaction has committed."""
    tx.after_commit(_HINTS[channel])


def _say(channel: str) -> None:
    for wakeups in list(_everyone):
        wakeups.say(channel)


_HINTS = {channel: partial(_say, channel) for channel in CHANNELS}


class Waiter:
    """One reader's ear: set by every hint on its channel since it last waited."""

    def __init__(self) -> None:
        self._heard = asyncio.Event()

    def wake(self) -> None:
        """There may be something to do."""
        self._heard.set()

    async def wait(self, timeout_s: float) -> bool:
        """Wait for a hint; False when there was none in that time."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._heard.wait(), timeout_s)
        heard = self._heard.is_set()
        self._heard.clear()
        return heard


class Wakeups:
    """Carries hints between the writers and readers of one database. Nothing is carried before `run`."""

    def __init__(self, transactions: Transactions, dsn: str) -> None:
        self._transactions = transactions
        self._dsn = dsn
        self._name = secrets.token_hex(8)
        self._waiters: dict[str, WeakSet[Waiter]] = {channel: WeakSet() for channel in CHANNELS}
        self._unsent: set[str] = set()
        self._to_send = asyncio.Event()
        _everyone.add(self)

    def waiter(self, channel: str) -> Waiter:
        """A new ear on the channel; it ends with its last reference."""
        made = Waiter()
        self._waiters[channel].add(made)
        return made

    def say(self, channel: str) -> None:
        """Wake readers here now, and those elsewhere within some milliseconds."""
        self._wake(channel)
        self._unsent.add(channel)
        self._to_send.set()

    async def run(self) -> None:
        """Carry hints until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._forward_events())
            tasks.create_task(self._send(self._transactions.pool))
            tasks.create_task(self._listen())

    def _wake(self, channel: str) -> None:
        for waiter in self._waiters[channel]:
            waiter.wake()

    async def _forward_events(self) -> None:
        new_events = self._transactions.new_events
        while True:
            await new_events.wait()
            new_events.clear()
            self.say(EVENTS)

    async def _send(self, pool: Pool) -> None:
        while True:
            await self._to_send.wait()
            self._to_send.clear()
            channels, self._unsent = self._unsent, set()
            try:
                await pool.execute(_NOTIFY, channels, self._name)
            except DATABASE_ERRORS as error:
                log.warning("wakeups.notify_failed", error=repr(error))
            await asyncio.sleep(NOTIFY_INTERVAL_S)

    async def _listen(self) -> None:
        pause_s = 0.1
        while True:
            try:
                connection = await asyncpg.connect(
                    self._dsn, timeout=10, server_settings={"application_name": "waypost wakeups"}
                )
                try:
                    pause_s = 0.1
                    await self._hear_until_lost(connection)
                finally:
                    connection.terminate()
            except (TimeoutError, *DATABASE_ERRORS) as error:
                log.warning("wakeups.listener_down", error=repr(error), retry_in_s=pause_s)
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    async def _hear_until_lost(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        ended = asyncio.Event()
        connection.add_termination_listener(lambda _: ended.set())
        for channel in CHANNELS:
            await connection.add_listener(channel, self._hear)
            # What was said before LISTEN took hold was not heard.
            self._wake(channel)
        while not ended.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), _HEARTBEAT_S)
            if not ended.is_set():
                await connection.execute("select 1", timeout=_HEARTBEAT_S)

    def _hear(self, _connection: object, _pid: int, channel: str, payload: object) -> None:
        # One's own hints have woken their readers already.
        if payload != self._name:
            self._wake(channel)
