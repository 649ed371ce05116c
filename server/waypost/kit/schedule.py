"""Recurring work: each entry is done once per period, by whichever worker gets to it first."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from prometheus_client import Counter

from waypost.kit.tx import Transactions

log = structlog.get_logger(__name__)

FAILURES = Counter("waypost_schedule_failures_total", "Runs of recurring work that failed.", ["name"])

_CLAIM = """
insert into schedule (name, last_run_at) values ($1, now())
on conflict (name) do update set last_run_at = excluded.last_run_at
where schedule.last_run_at <= excluded.last_run_at - $2::interval
returning true
"""


@dataclass(frozen=True)
class Recurring:
    """Work that is due every so many seconds. A failure is logged, and the next period is the next try."""

    every_s: float
    name: str
    handle: Callable[[], Awaitable[object]]


def every(seconds: float, name: str, handle: Callable[[], Awaitable[object]]) -> Recurring:
    """An entry of the schedule."""
    return Recurring(seconds, name, handle)


async def run(transactions: Transactions, entries: Sequence[Recurring]) -> None:
    """Do the work when it is due, until cancelled."""
    async with asyncio.TaskGroup() as tasks:
        for entry in entries:
            tasks.create_task(_repeat(transactions, entry), name=f"schedule {entry.name}")


async def _repeat(transactions: Transactions, entry: Recurring) -> None:
    while True:
        try:
            if await claim(transactions, entry):
                await entry.handle()
        except Exception as error:
            FAILURES.labels(entry.name).inc()
            log.error("schedule.failed", name=entry.name, error=repr(error), exc_info=error)
        await asyncio.sleep(entry.every_s)


async def claim(transactions: Transactions, entry: Recurring) -> bool:
    """Whether the period is over and this caller is the one to do the work."""
    # A little less than the period: timers of several workers wander, and a tick just too early would skip one.
    period = timedelta(seconds=entry.every_s * 0.9)
    async with transactions.open() as tx:
        return bool(await tx.connection.fetchval(_CLAIM, entry.name, period))
