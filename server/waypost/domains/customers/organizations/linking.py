"""How customers come to their organization, and leave it: by its name, by the domain of an address, and in batches.

Whoever writes from a domain of an organization belongs to it, unless they belong to one already or somebody has just
said otherwise. Addresses of free mail say nothing. Jobs go through many customers, a batch a transaction; run again
they find those that are left, so nothing is done twice.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from waypost.domains.accounts import Actor
from waypost.domains.customers import events
from waypost.domains.customers.organizations import free_mail, store
from waypost.domains.customers.organizations.models import OrganizationRow
from waypost.kit import jobs
from waypost.kit.errors import Conflict
from waypost.kit.jobs import Job
from waypost.kit.tx import Transactions, Tx

LINK_JOB = "organizations.link"
UNLINK_JOB = "organizations.unlink"
BATCH = 200
#: An organization may gain the customers of many years.
TIMEOUT_S = 1800.0
_TRIES = 3


async def by_name(tx: Tx, actor: Actor, name: str) -> int:
    """The id of the organization of that name, made if there is none. Safe under parallel calls."""
    for _ in range(_TRIES):
        found = await store.find_link_by_name(tx.connection, actor.account_id, name)
        if found is not None:
            return found.id
        made = await store.insert(tx.connection, actor.account_id, OrganizationRow(name=name), tx.now)
        if made is not None:
            tx.emit(actor, events.OrganizationCreated(subject_id=made, name=name, domains=[]))
            return made
    raise Conflict("organization keeps changing")


async def by_addresses(tx: Tx, account_id: int, addresses: list[str]) -> int | None:
    """The id of the organization that one of the addresses belongs to by its domain."""
    domains = free_mail.domains_of(addresses)
    if not domains:
        return None
    found = await store.find_link_by_domain(tx.connection, account_id, domains)
    return found.id if found else None


async def request(tx: Tx, account_id: int, organization_id: int, gained: list[str]) -> None:
    """Have customers of the domains that an organization has gained linked in the background."""
    if free_mail.own_domains(gained):
        # Not joined with one that runs already, which may have read the domains before this one was there.
        await jobs.enqueue(tx, LINK_JOB, {"account_id": account_id, "organization_id": organization_id})


async def unlink_first(tx: Tx, actor: Actor, organization_id: int) -> None:
    """Unlink a deleted organization's customers: the first here, any others in the background."""
    if not await _unlink(tx, actor, organization_id):
        payload = {"account_id": actor.account_id, "organization_id": organization_id, "user_id": actor.user_id}
        await jobs.enqueue(tx, UNLINK_JOB, payload, dedupe_key=f"{UNLINK_JOB}:{organization_id}")


def linking_jobs(transactions: Transactions) -> list[Job]:
    """The kinds of job, for the worker."""
    return [
        Job(name=LINK_JOB, handle=partial(_carry_out_link, transactions), timeout_s=TIMEOUT_S),
        Job(name=UNLINK_JOB, handle=partial(_carry_out_unlink, transactions), timeout_s=TIMEOUT_S),
    ]


async def _carry_out_link(transactions: Transactions, payload: dict[str, Any]) -> None:
    actor, organization_id = Actor.system(payload["account_id"]), payload["organization_id"]
    while True:
        async with transactions.open() as tx:
            # It may have been deleted, or have other domains by now.
            kept = await store.find_link(tx.connection, actor.account_id, organization_id)
            domains = await store.domains_of(tx.connection, actor.account_id, organization_id)
            own = free_mail.own_domains(domains)
            if kept is None or not own:
                return
            linked = await store.link(tx.connection, actor.account_id, organization_id, own, BATCH, tx.now)
            for customer_id in linked:
                tx.emit(actor, events.CustomerUpdated(subject_id=customer_id, fields=["organization"]))
        if len(linked) < BATCH:
            return


async def _carry_out_unlink(transactions: Transactions, payload: dict[str, Any]) -> None:
    actor = Actor(account_id=payload["account_id"], kind="system", user_id=payload["user_id"])
    is_done = False
    while not is_done:
        async with transactions.open() as tx:
            _, is_deleted = await store.lock_for_deletion(tx.connection, actor.account_id, payload["organization_id"])
            is_done = not is_deleted or await _unlink(tx, actor, payload["organization_id"])


async def _unlink(tx: Tx, actor: Actor, organization_id: int) -> bool:
    """Unlink a batch. With the last one the organization's row goes; whether that was it."""
    unlinked = await store.unlink(tx.connection, actor.account_id, organization_id, BATCH, tx.now)
    for customer_id, is_active in unlinked:
        if is_active:
            tx.emit(actor, events.CustomerUpdated(subject_id=customer_id, fields=["organization"]))
    if len(unlinked) == BATCH:
        return False
    await store.delete(tx.connection, actor.account_id, organization_id)
    return True
