"""Background jobs: enqueued in the caller's transaction, so that a job exists exactly when the change does."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from waypost.kit import wakeups
from waypost.kit.tx import Tx

_encode = msgspec.json.Encoder().encode

# PgQueuer's own statement also writes a statistics row and resolves its sequence by name at each call.
_ENQUEUE = """
insert into pgqueuer (priority, entrypoint, payload, execute_after, dedupe_key, status)
values (0, $1, $2, coalesce($3, now()), $4, 'queued')
on conflict (dedupe_key) where status in ('queued', 'picked') and dedupe_key is not null do nothing
returning id
"""


async def enqueue(
    tx: Tx, name: str, payload: dict[str, Any], run_at: datetime | None = None, dedupe_key: str | None = None
) -> int | None:
    """Queue a job; it runs once the transaction has committed, not before `run_at`, at least once.

    With a `dedupe_key`, nothing is queued while a job with that key waits or runs: None.
    """
    job_id: int | None = await tx.connection.fetchval(_ENQUEUE, name, _encode(payload), run_at, dedupe_key)
    wakeups.hint_after(tx, wakeups.JOBS)
    return job_id
