"""The queries of the audit trail. There are no verbs: entries are written by the log's reader and by nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator

from waypost.domains.accounts import Actor
from waypost.domains.audit import policy, store
from waypost.domains.audit.listeners import NAME
from waypost.domains.audit.models import FIRST_DIGEST, AuditFilter, Entry, Verdict
from waypost.kit.db import Connection
from waypost.kit.paging import Page, PageRequest
from waypost.kit.tx import Transactions, Tx

BATCH = 1000
_AFTER_ALL = 2**63 - 1


async def list_entries(tx: Tx, actor: Actor, wanted: AuditFilter, page: PageRequest) -> Page[Entry]:
    """One page of the account's trail, newest first. Raises Forbidden for all but administrators."""
    policy.may_read(actor)
    items = await store.list_entries(tx.connection, actor.account_id, wanted, page.size, page.offset)
    return Page(items, await store.count(tx.connection, actor.account_id, wanted), page)


async def entries_before(transactions: Transactions, actor: Actor, wanted: AuditFilter) -> AsyncIterator[list[Entry]]:
    """The whole trail in batches, newest first, for exports. Raises Forbidden before the first batch."""
    policy.may_read(actor)
    before_id = _AFTER_ALL
    while True:
        async with transactions.read() as tx:
            batch = await store.list_before(tx.connection, actor.account_id, wanted, before_id, BATCH)
        if batch:
            yield batch
        if len(batch) < BATCH:
            return
        before_id = batch[-1].id


async def verify(connection: Connection, account_id: int) -> Verdict:
    """Check every entry of the account's trail against its predecessor, and the trail against the event log."""
    previous, count, broken_at = FIRST_DIGEST, 0, None
    while batch := await store.list_after(connection, account_id, count, BATCH):
        for entry in batch:
            count += 1
            if entry.id != count or entry.digest != entry.digest_after(previous):
                broken_at = entry.id
                break
            previous = entry.digest
        if broken_at is not None:
            break
    unrecorded = await store.count_unrecorded(connection, account_id, NAME)
    return Verdict(account_id, count, broken_at, unrecorded, previous)
