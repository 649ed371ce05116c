"""Time conditions: which conversations have crossed a limit since the last look. Never a walk over all of them.

Each limit ("waiting longer than two days") is a moment, and the conversations that cross it between two looks lie in
one short range of an index. The ranges follow each other without a gap, so a worker that was away catches up.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from waypost.domains.workflows import catalog, store_pending
from waypost.domains.workflows.definitions import conditions_of
from waypost.domains.workflows.evaluate import span_of
from waypost.domains.workflows.models import Definition
from waypost.kit.jobs import enqueue
from waypost.kit.tx import Tx

LOOK_JOB = "workflows.look"
#: Conversations in one job.
IN_ONE_JOB = 20
BATCH = 1000
#: A job that has not done its work by then was lost with its worker.
LOST_AFTER = timedelta(minutes=10)


async def ripen(tx: Tx) -> int:
    """Have workflows look at what has crossed the limits of their time conditions. Returns 0: one call does it all."""
    done = []
    for row in await store_pending.with_clock(tx.connection, tx.now):
        definition = msgspec.convert(row["definition"], Definition)
        for condition in conditions_of(definition):
            if condition.operator != catalog.MATURING:
                continue
            span = span_of(condition)
            for statement in store_pending.MATURED[condition.field]:
                await store_pending.add_matured(
                    tx.connection, statement, row["account_id"], row["id"], row["mailbox_id"],
                    row["clock_checked_at"] - span, tx.now - span, tx.now,
                )  # fmt: skip
        done.append((row["account_id"], row["id"]))
    if done:
        await store_pending.checked(tx.connection, done, tx.now)
    return 0


async def queue_due(tx: Tx) -> int:
    """Queue jobs for what is due. Returns how many conversations that is; call again until it is 0."""
    due = await store_pending.claim_due(tx.connection, tx.now, tx.now - LOST_AFTER, BATCH)
    await queue_looks(tx, due)
    return len(due)


async def queue_looks(tx: Tx, due: list[tuple[int, int]]) -> None:
    """Jobs that look at these (account, conversation)."""
    by_account: dict[int, list[int]] = {}
    for account_id, conversation_id in due:
        by_account.setdefault(account_id, []).append(conversation_id)
    for account_id, ids in by_account.items():
        for start in range(0, len(ids), IN_ONE_JOB):
            payload = {"account_id": account_id, "conversation_ids": ids[start : start + IN_ONE_JOB]}
            await enqueue(tx, LOOK_JOB, payload)
