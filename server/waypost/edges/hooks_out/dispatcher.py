"""Sends what is queued, as long as the worker runs: each subscription through a channel of its own, by one worker only.

No delivery is marked while it is under way. A lock of the database's session says whose a subscription is, so what a
killed worker had begun is sent again at once by the next: at least once, and nothing lost.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime
from functools import partial

import structlog
from prometheus_client import Gauge

from waypost.domains import webhooks
from waypost.domains.webhooks import Compose, SendMail, sending
from waypost.edges.hooks_out.channel import Channel, Parts
from waypost.edges.hooks_out.recorder import Recorder
from waypost.kit.db import DATABASE_ERRORS
from waypost.kit.errors import Busy
from waypost.kit.lock_keeper import LockKeeper, keeping
from waypost.kit.safe_http import Outgoing
from waypost.kit.tx import Transactions
from waypost.kit.wakeups import Waiter

log = structlog.get_logger(__name__)

POLL_S = 1.0
#: Looks for what is due follow each other no closer than this.
_LEAST_S = 0.005
_OUTAGE_PAUSE_S = 1.0
#: How long requests under way may take to end when the worker is stopped.
GRACE_S = 12.0
_OUTAGES = (*DATABASE_ERRORS, TimeoutError, Busy)
Key = tuple[int, int]

BEHIND = Gauge("waypost_webhook_behind_seconds", "How long the oldest delivery that is due has waited.")


class Dispatcher:
    """The sender of webhooks in one process."""

    def __init__(
        self,
        transactions: Transactions,
        outgoing: Outgoing,
        secret_key: bytes,
        compose: Compose,
        send_mail: SendMail,
        waiter: Waiter | None = None,
    ) -> None:
        self._transactions = transactions
        self._compose = compose
        self._waiter = waiter or Waiter()
        self._recorder = Recorder(transactions, send_mail)
        self._parts = Parts(transactions, outgoing, secret_key, self._recorder)
        self._channels: dict[Key, Channel] = {}
        self._tasks: dict[Key, asyncio.Task[None]] = {}
        self._held: dict[Key, set[int]] = {}

    async def run(self, dsn: str, stop: asyncio.Event) -> None:
        """Send until `stop` is set, then let what is under way end."""
        recording = asyncio.create_task(self._recorder.run(), name="webhooks recorder")
        try:
            while not stop.is_set():
                try:
                    async with keeping(dsn) as locks:
                        await self._serve(locks, stop)
                except _OUTAGES as error:
                    log.warning("webhooks.database_trouble", error=repr(error))
                    with suppress(TimeoutError):
                        await asyncio.wait_for(stop.wait(), _OUTAGE_PAUSE_S)
        finally:
            recording.cancel()
            await asyncio.gather(recording, return_exceptions=True)

    async def drain(self) -> int:
        """Send what is due until nothing is; returns how many attempts that took. For tests and commands."""
        made = 0
        while True:
            told = await self._tell_gathered()
            async with self._transactions.read() as tx:
                due, _ = await sending.next_due(tx)
            now = self._parts.now()
            channels = [
                Channel(self._parts, item.account_id, item.webhook_id, set()) for item in due if item.due_at <= now
            ]
            recording = asyncio.create_task(self._recorder.run())
            try:
                await asyncio.gather(*(channel.run() for channel in channels))
            finally:
                recording.cancel()
                await asyncio.gather(recording, return_exceptions=True)
            made += (sent := sum(channel.sent for channel in channels))
            if not sent and not told:
                return made

    async def _serve(self, locks: LockKeeper, stop: asyncio.Event) -> None:
        stopping = asyncio.create_task(stop.wait())
        lost = asyncio.create_task(locks.lost.wait())
        try:
            while not stop.is_set() and not locks.lost.is_set():
                pause_s = await self._look(locks)
                hint = asyncio.create_task(self._waiter.wait(pause_s))
                await asyncio.wait({hint, stopping, lost}, return_when=asyncio.FIRST_COMPLETED)
                hint.cancel()
                await asyncio.sleep(_LEAST_S)
        finally:
            stopping.cancel()
            lost.cancel()
            await self._end_channels(GRACE_S if stop.is_set() else 0.0)

    async def _end_channels(self, grace_s: float) -> None:
        tasks = set(self._tasks.values())
        for channel in self._channels.values():
            channel.stop()
        if tasks and grace_s:
            await asyncio.wait(tasks, timeout=grace_s)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _look(self, locks: LockKeeper) -> float:
        """Open channels for what is due; how long nothing new will be."""
        await self._tell_gathered()
        async with self._transactions.read() as tx:
            due, gathered_at = await sending.next_due(tx)
        now = self._parts.now()
        later = [item.due_at for item in due if item.due_at > now]
        waited = [now - item.due_at for item in due if item.due_at <= now]
        BEHIND.set(max((age.total_seconds() for age in waited), default=0.0))
        for item in due:
            if item.due_at <= now:
                await self._open(locks, (item.account_id, item.webhook_id))
        if not self._tasks:
            await locks.beat()
        return _until([*later, *([gathered_at] if gathered_at is not None else [])], now)

    async def _open(self, locks: LockKeeper, key: Key) -> None:
        if key in self._channels:
            self._channels[key].wake()
            return
        name = f"webhook:{key[0]}:{key[1]}"
        if not await locks.try_take(name):
            return
        channel = Channel(self._parts, *key, self._held.setdefault(key, set()))
        self._channels[key] = channel
        task = asyncio.create_task(self._follow(channel, locks, name), name=name)
        self._tasks[key] = task
        task.add_done_callback(partial(self._closed, key))

    async def _follow(self, channel: Channel, locks: LockKeeper, name: str) -> None:
        try:
            await channel.run()
        except _OUTAGES as error:
            log.warning("webhooks.database_trouble", error=repr(error))
            await asyncio.sleep(_OUTAGE_PAUSE_S)
        finally:
            if not locks.lost.is_set():
                with suppress(*_OUTAGES):
                    await asyncio.shield(locks.give_back(name))

    def _closed(self, key: Key, task: asyncio.Task[None]) -> None:
        self._channels.pop(key, None)
        self._tasks.pop(key, None)
        if not self._held.get(key):
            self._held.pop(key, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            # Looked at again with the next poll, not at once: it may fail for ever.
            log.error("webhooks.channel_failed", account_id=key[0], webhook_id=key[1], exc_info=error)
            return
        # Something may have become due between the channel's last look and its end.
        self._waiter.wake()

    async def _tell_gathered(self) -> int:
        total = 0
        while True:
            async with self._transactions.open() as tx:
                told = await webhooks.tell_gathered(tx, self._compose)
            if not told:
                return total
            total += told


def _until(moments: list[datetime], now: datetime) -> float:
    """Seconds to the first of them, no more than the poll's."""
    return min([POLL_S, *(max(0.0, (moment - now).total_seconds()) for moment in moments)])
