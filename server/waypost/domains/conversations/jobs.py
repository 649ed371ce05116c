"""What is done to conversations in the background."""

from __future__ import annotations

from functools import partial
from typing import Any

from waypost.domains.accounts import Actor
from waypost.domains.conversations import tags
from waypost.kit.jobs import Job
from waypost.kit.tx import Transactions

#: A tag may be on a hundred thousand conversations.
LONG_TIMEOUT_S = 1800.0


def jobs(transactions: Transactions) -> list[Job]:
    """The kinds of job, for the worker."""
    return [
        Job(name=tags.RETAG_JOB, handle=partial(_retag, transactions), timeout_s=LONG_TIMEOUT_S),
        Job(name=tags.REINDEX_JOB, handle=partial(_reindex, transactions), timeout_s=LONG_TIMEOUT_S),
    ]


async def _retag(transactions: Transactions, payload: dict[str, Any]) -> None:
    # Whoever asked may have lost rights since; it was allowed then, and the log still names them.
    actor = Actor(account_id=payload["account_id"], kind="system", user_id=payload["user_id"])
    await tags.carry_out_retagging(transactions, actor, payload["tag_ids"], payload["into_id"])


async def _reindex(transactions: Transactions, payload: dict[str, Any]) -> None:
    await tags.reindex(transactions, payload["account_id"], payload["tag_id"])
