"""Background jobs: enqueued in the caller's transaction, so that a job exists exactly when the change does.

Jobs run at least once, so each must be able to run again. The queue is PgQueuer's: its tables, its way of taking jobs,
its heartbeats by which the jobs of a killed worker are taken up again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from waypost.kit import wakeups
from waypost.kit.db import Connection
from waypost.kit.tx import Tx

Handler = Callable[[dict[str, Any]], Awaitable[None]]

_encode = msgspec.json.Encoder().encode
_AT_ONCE = timedelta(0)

# PgQueuer's own statement also writes a row of statistics and looks its sequence up by name at each call.
_ENQUEUE = """
insert into pgqueuer (priority, entrypoint, payload, execute_after, dedupe_key, status)
values (0, $1, $2, now() + $3::interval, $4, 'queued')
on conflict (dedupe_key) where status in ('queued', 'picked') and dedupe_key is not null do nothing
returning id
"""
_FAILED = """
select q.id, q.entrypoint, q.attempts, q.updated,
       (select l.traceback from pgqueuer_log l where l.job_id = q.id and l.traceback is not null
        order by l.created desc, l.id desc limit 1) as trace
from pgqueuer q where q.status = 'failed' order by q.updated desc, q.id desc limit $1
"""
_COUNTS = """
select count(*) filter (where status = 'queued' and execute_after <= now()) as due,
       count(*) filter (where status = 'queued' and execute_after > now()) as later,
       count(*) filter (where status = 'picked') as running,
       count(*) filter (where status = 'failed') as failed
from pgqueuer
"""
_BRING_FORWARD = """
update pgqueuer set execute_after = execute_after - $1::interval where status = 'queued' and execute_after > now()
"""
_RETRY_FAILED = """
update pgqueuer set status = 'queued', attempts = 0, execute_after = now(), updated = now()
where status = 'failed' and ($1::bigint is null or id = $1)
returning id
"""


class TryLater(Exception):
    """Raised by a handler for an expected obstacle: the job runs again after the delay. It counts as a try."""

    def __init__(self, delay_s: float, reason: str) -> None:
        super().__init__(reason)
        self.delay_s = delay_s


@dataclass(frozen=True, kw_only=True)
class Job:
    """A kind of job. After a failure it pauses, each time twice as long, and after the last try it is kept as failed.

    `give_up` is called before that, with the payload and the error; it must not fail.
    """

    name: str
    handle: Handler
    attempts: int = 10
    first_pause_s: float = 2.0
    longest_pause_s: float = 3600.0
    timeout_s: float = 300.0
    #: At most so many at a time, over all workers; 0 is no limit.
    concurrency: int = 0
    give_up: Callable[[dict[str, Any], BaseException], Awaitable[None]] | None = None

    def pause_s(self, failures: int) -> float:
        """How long to wait after that many failures."""
        return min(self.first_pause_s * 2.0 ** min(failures - 1, 30), self.longest_pause_s)


class JobCounts(msgspec.Struct, frozen=True):
    """How full the queue is."""

    due: int
    later: int
    running: int
    failed: int


class FailedJob(msgspec.Struct, frozen=True):
    """A job that has used up its tries. `error` may be empty after a crash of the database."""

    id: int
    name: str
    attempts: int
    failed_at: datetime
    error: str


async def enqueue(
    tx: Tx, name: str, payload: dict[str, Any], run_at: datetime | None = None, dedupe_key: str | None = None
) -> int | None:
    """Queue a job; it runs once the transaction has committed, not before `run_at`, at least once. Returns its id.

    With a `dedupe_key` nothing is queued, and None returned, while a job with that key waits *or runs*. So the key fits
    work that is to be done once (send this thread), not work that must see the newest state (count this again).
    """
    # The queue goes by the database's time, which the desk's clock may be ahead of.
    delay = _AT_ONCE if run_at is None else run_at - tx.now
    job_id: int | None = await tx.connection.fetchval(_ENQUEUE, name, _encode(payload), delay, dedupe_key)
    wakeups.hint_after(tx, wakeups.JOBS)
    return job_id


async def bring_forward(tx: Tx, by: timedelta) -> None:
    """Let every job that waits for a time run that much earlier; a negative time postpones."""
    await tx.connection.execute(_BRING_FORWARD, by)


async def counts(connection: Connection) -> JobCounts:
    """How full the queue is."""
    row = await connection.fetchrow(_COUNTS)
    assert row is not None
    return JobCounts(*row.values())


async def failed(connection: Connection, limit: int) -> list[FailedJob]:
    """The jobs that have used up their tries, newest first."""
    return [
        FailedJob(row["id"], row["entrypoint"], row["attempts"], row["updated"], _error_in(row["trace"]))
        for row in await connection.fetch(_FAILED, limit)
    ]


async def retry_failed(tx: Tx, job_id: int | None = None) -> int:
    """Give a failed job (None: all of them) its tries back; returns how many."""
    rows = await tx.connection.fetch(_RETRY_FAILED, job_id)
    wakeups.hint_after(tx, wakeups.JOBS)
    return len(rows)


def _error_in(trace: Any) -> str:
    if isinstance(trace, str):
        trace = msgspec.json.decode(trace)
    if not isinstance(trace, dict):
        return ""
    return f"{trace.get('exception_type', '')}: {trace.get('exception_message', '')}"
