"""Customers are found by their organization's name. Where it changes and they are many, a job sees to that."""

from __future__ import annotations

from functools import partial
from typing import Any

from waypost.kit import jobs
from waypost.kit.jobs import Job
from waypost.kit.tx import Transactions, Tx

SEARCH_JOB = "organizations.search"
#: Up to so many are found by the new name at once: the trigger organization_search_on_change knows this number.
AT_ONCE = 200
TIMEOUT_S = 1800.0

_MEMBERS = """
select id from customer where account_id = $1 and organization_id = $2 and id > $3 order by id limit $4
"""
_REFRESH = "select customer_search_refresh($1, $2::bigint[])"


async def request(tx: Tx, account_id: int, organization_id: int, customer_count: int) -> None:
    """Have the customers of a renamed organization found by its new name."""
    if customer_count > AT_ONCE:
        await jobs.enqueue(tx, SEARCH_JOB, {"account_id": account_id, "organization_id": organization_id})


def search_job(transactions: Transactions) -> Job:
    """The kind of job, for the worker."""
    return Job(name=SEARCH_JOB, handle=partial(_carry_out, transactions), timeout_s=TIMEOUT_S)


async def _carry_out(transactions: Transactions, payload: dict[str, Any]) -> None:
    account_id, organization_id, last = payload["account_id"], payload["organization_id"], 0
    while True:
        async with transactions.open() as tx:
            rows = await tx.connection.fetch(_MEMBERS, account_id, organization_id, last, AT_ONCE)
            ids = [row["id"] for row in rows]
            if not ids:
                return
            await tx.connection.execute(_REFRESH, account_id, ids)
            last = ids[-1]
