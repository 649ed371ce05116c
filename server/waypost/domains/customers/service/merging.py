"""How several customers become one: what is known of them at once, what hangs on them as far as that is quick."""

from __future__ import annotations

from typing import Any, Protocol

from waypost.domains.accounts import Actor, scope_of
from waypost.domains.customers import events, policy
from waypost.domains.customers.models import Customer, Gender
from waypost.domains.customers.service.draft import COLLECTIONS, MOST_ENTRIES
from waypost.domains.customers.store import merging as store
from waypost.domains.customers.store import people
from waypost.kit import jobs
from waypost.kit.errors import FieldError, Invalid, NotFound
from waypost.kit.tx import Transactions, Tx

MERGE_JOB = "customers.merge"
#: With more than so much to be moved or indexed anew the rest is left to a job; this many take about a second.
MOST_AT_ONCE = 300
BATCH = 200

_FIELDS = ("first_name", "last_name", "job_title", "location", "age", "background")


class Belongings(Protocol):
    """What a later domain keeps of customers, and how it goes over to another."""

    async def hold(self, tx: Tx, account_id: int, survivor_id: int, ids: list[int], most: int) -> bool:
        """Lock what is going to be moved, before the customers are locked; False when it is more than `most`."""
        ...

    async def move(self, tx: Tx, account_id: int, survivor_id: int, ids: list[int], most: int) -> int:
        """Move at most so much; how much there was."""
        ...

    async def refresh(self, tx: Tx, account_id: int, survivor_id: int, beyond: int, most: int) -> int | None:
        """Index what the survivor has anew, after the id `beyond`; the last id, or None at the end."""
        ...


#: Later domains enter theirs here.
belongings: list[Belongings] = []


async def merge(tx: Tx, actor: Actor, customer_id: int, others: list[int], path: str = "customerIds") -> None:
    """Put what is known of other customers, and all that is theirs, to this one.

    What it says of itself stands; of the others the first in the order given fills a gap. Their addresses, numbers,
    handles and profiles are added, each once. Where a merge has much to move, it is moved in the background. The
    others are gone from every list, cannot be changed, and reading one leads here. Those that were merged into it
    before are passed over, so a call may be repeated. Raises Forbidden for customers, NotFound, Invalid.
    """
    policy.may_merge(actor)
    account_id, wanted = actor.account_id, list(dict.fromkeys(others))
    await store.queue_up(tx.connection, account_id)
    # Conversations are locked before their customers, as by everything else that changes both.
    is_quick = True
    for belonging in belongings:
        is_quick &= await belonging.hold(tx, account_id, customer_id, wanted, MOST_AT_ONCE)
    found = await store.lock(tx.connection, account_id, [customer_id, *wanted])
    if customer_id not in found or found[customer_id].state != "active":
        raise NotFound
    done = {other for other in wanted if other in found and found[other].merged_into_id == customer_id}
    _check(customer_id, others, {other for other in found if found[other].state == "active"} | done, path)
    merged = [other for other in wanted if other not in done]
    if merged:
        await _merge(tx, actor, customer_id, merged, path)
        await _hand_over(tx, account_id, customer_id, merged, is_quick=is_quick)


def _check(survivor_id: int, others: list[int], known: set[int], path: str) -> None:
    errors = [
        FieldError(f"{path}[{index}]", "cannot be merged into itself", "Unknown", other)
        if other == survivor_id
        else FieldError(f"{path}[{index}]", "customer does not exist", "Unknown", other)
        for index, other in enumerate(others)
        if other == survivor_id or other not in known
    ]
    if errors:
        raise Invalid(errors)


async def _merge(tx: Tx, actor: Actor, survivor_id: int, ids: list[int], path: str) -> None:
    connection, account_id = tx.connection, actor.account_id
    survivor = await _read(tx, actor, survivor_id)
    others = [await _read(tx, actor, other) for other in ids]
    await people.index_by_batch(connection)
    moved = await store.move_details(connection, account_id, ids, survivor_id)
    if moved.fullest > MOST_ENTRIES:
        raise Invalid.one(path, f"have more than {MOST_ENTRIES} entries of one kind together", "Size")
    row = _filled(survivor, others)
    await people.update(connection, account_id, survivor_id, row, tx.now)
    await store.mark_merged(connection, account_id, ids, survivor_id, tx.now)
    changed = _changed(survivor, row)
    changed += [COLLECTIONS[kind] for kind in COLLECTIONS if kind in moved.kinds]
    changed += ["address"] * moved.has_address + ["properties"] * moved.has_properties
    if changed:
        tx.emit(actor, events.CustomerUpdated(subject_id=survivor_id, fields=changed))
    tx.emit(actor, events.CustomerMerged(subject_id=survivor_id, merged_customer_ids=ids))


async def _read(tx: Tx, actor: Actor, customer_id: int) -> Customer:
    found = await people.find(tx.connection, scope_of(actor), customer_id)
    if found is None:
        raise NotFound
    return found[1]


def _filled(survivor: Customer, others: list[Customer]) -> people.CustomerRow:
    """The survivor's single values, its gaps filled by the others."""

    def first(name: str) -> Any:
        return next((value for one in (survivor, *others) if (value := getattr(one, name))), getattr(survivor, name))

    photo = next((one for one in (survivor, *others) if one.photo_url or one.photo_type), survivor)
    organization = first("organization")
    return people.CustomerRow(
        **{name: first(name) for name in _FIELDS},
        gender=next((one.gender for one in (survivor, *others) if one.gender is not Gender.UNKNOWN), survivor.gender),
        organization_id=organization.id if organization else None,
        photo_type=photo.photo_type,
        photo_url=photo.photo_url,
        is_draft=all(one.is_draft for one in (survivor, *others)),
    )


def _changed(survivor: Customer, row: people.CustomerRow) -> list[str]:
    names = (*_FIELDS, "gender", "photo_type", "photo_url", "is_draft")
    changed = [name for name in names if getattr(row, name) != getattr(survivor, name)]
    before = survivor.organization.id if survivor.organization else None
    return changed + ["organization"] * (row.organization_id != before)


async def _hand_over(tx: Tx, account_id: int, survivor_id: int, ids: list[int], *, is_quick: bool) -> None:
    if not is_quick:
        payload = {"account_id": account_id, "customer_id": survivor_id, "merged_ids": ids}
        await jobs.enqueue(tx, MERGE_JOB, payload)
        return
    for belonging in belongings:
        # What was begun for one of them since the look comes too: it is committed, or waits for the customer's lock.
        while await belonging.move(tx, account_id, survivor_id, ids, BATCH):
            pass
        beyond: int | None = 0
        while beyond is not None:
            beyond = await belonging.refresh(tx, account_id, survivor_id, beyond, BATCH)


async def carry_on(transactions: Transactions, account_id: int, customer_id: int, ids: list[int]) -> None:
    """Move the rest in the background, batch by batch; may be called again."""
    for belonging in belongings:
        moved = 1
        while moved:
            async with transactions.open() as tx:
                await people.index_by_batch(tx.connection)
                survivor_id = await store.current(tx.connection, account_id, customer_id) or customer_id
                moved = await belonging.move(tx, account_id, survivor_id, ids, BATCH)
        beyond: int | None = 0
        while beyond is not None:
            async with transactions.open() as tx:
                survivor_id = await store.current(tx.connection, account_id, customer_id) or customer_id
                beyond = await belonging.refresh(tx, account_id, survivor_id, beyond, BATCH)
