"""What is done to the knowledge base in the background."""

from __future__ import annotations

from functools import partial
from typing import Any

from waypost.domains.docs import asset_removal, indexing
from waypost.kit.files import FileStore
from waypost.kit.jobs import Job
from waypost.kit.tx import Transactions

#: Ten thousand articles take some minutes.
LONG_TIMEOUT_S = 3600.0


def jobs(transactions: Transactions, files: FileStore) -> list[Job]:
    """The kinds of job, for the worker."""
    return [
        Job(name=indexing.LANGUAGE_JOB, handle=partial(_index, transactions), timeout_s=LONG_TIMEOUT_S),
        Job(name=asset_removal.JOB, handle=partial(_remove_assets, transactions, files)),
    ]


async def _index(transactions: Transactions, payload: dict[str, Any]) -> None:
    await indexing.index_in_new_language(transactions, payload["account_id"], payload["site_id"])


async def _remove_assets(transactions: Transactions, files: FileStore, payload: dict[str, Any]) -> None:
    await asset_removal.remove(transactions, files, payload["account_id"], payload["article_ids"])
