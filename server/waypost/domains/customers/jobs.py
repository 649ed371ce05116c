"""What is done to customers and organizations in the background."""

from __future__ import annotations

from functools import partial
from typing import Any

from waypost.domains.accounts import Actor
from waypost.domains.customers import organizations
from waypost.domains.customers.service import deleting, merging
from waypost.kit.jobs import Job
from waypost.kit.tx import Transactions

#: A customer may have a hundred thousand conversations.
LONG_TIMEOUT_S = 1800.0


def jobs(transactions: Transactions) -> list[Job]:
    """The kinds of job, for the worker."""
    return [
        Job(name=deleting.DELETE_JOB, handle=partial(_delete, transactions), timeout_s=LONG_TIMEOUT_S),
        Job(name=merging.MERGE_JOB, handle=partial(_merge, transactions), timeout_s=LONG_TIMEOUT_S),
        *organizations.linking_jobs(transactions),
        organizations.search_job(transactions),
    ]


async def _delete(transactions: Transactions, payload: dict[str, Any]) -> None:
    # Whoever asked may have lost rights since; it was allowed then, and the log still names them.
    actor = Actor(account_id=payload["account_id"], kind="system", user_id=payload["user_id"])
    async with transactions.open() as tx:
        await deleting.carry_out_deletion(tx, actor, payload["customer_id"])


async def _merge(transactions: Transactions, payload: dict[str, Any]) -> None:
    await merging.carry_on(transactions, payload["account_id"], payload["customer_id"], payload["merged_ids"])
