"""From a judged working copy to rows: what needs the database to be judged, then the writing itself."""

from __future__ import annotations

from waypost.domains.accounts import Actor
from waypost.domains.customers import events
from waypost.domains.customers.errors import DuplicateEmail
from waypost.domains.customers.models import Entry, EntryKind
from waypost.domains.customers.organizations import linking
from waypost.domains.customers.organizations import store as organizations
from waypost.domains.customers.service.draft import Draft, DraftEntry
from waypost.domains.customers.store import entries as entry_store
from waypost.domains.customers.store import people
from waypost.domains.customers.store.properties import CUSTOMER_TABLES
from waypost.kit.errors import FieldError, Invalid
from waypost.kit.tx import Tx


async def judge(tx: Tx, actor: Actor, draft: Draft) -> int | None:
    """Refuse the copy if anything in it is wrong, with all that is. Gives the id of the organization to link."""
    organization_id = await _organization(tx, actor, draft)
    taken = await _taken_addresses(tx, actor, draft)
    if draft.problems:
        raise Invalid([*draft.problems, *taken])
    if taken:
        raise DuplicateEmail(taken)
    name = draft.fields.get("organization")
    if draft.wants_organization and "organization" in draft.organization_at and name:
        organization_id = await linking.by_name(tx, actor, name)
    if organization_id is None and not draft.wants_organization:
        organization_id = await linking.by_addresses(tx, actor.account_id, draft.written_addresses())
    return organization_id


async def write_new(tx: Tx, actor: Actor, draft: Draft) -> int:
    """Store a new customer; its id."""
    organization_id = await judge(tx, actor, draft)
    email = next((entry.value for entry in draft.entries if entry.kind is EntryKind.EMAIL), "")
    row = draft.row(organization_id)
    customer_id = await people.insert(tx.connection, actor.account_id, row, tx.now, email)
    await _write_parts(tx, actor, customer_id, draft)
    tx.emit(actor, events.CustomerCreated(subject_id=customer_id, is_draft=row.is_draft))
    return customer_id


async def write_changes(tx: Tx, actor: Actor, customer_id: int, draft: Draft) -> list[Entry]:
    """Store what is another than before; nothing at all if nothing is. Gives the entries that were written."""
    organization_id = await judge(tx, actor, draft)
    changed = draft.changed_fields(organization_id)
    if not changed:
        return []
    written = await _write_parts(tx, actor, customer_id, draft)
    await people.update(tx.connection, actor.account_id, customer_id, draft.row(organization_id), tx.now)
    tx.emit(actor, events.CustomerUpdated(subject_id=customer_id, fields=changed))
    return written


async def _organization(tx: Tx, actor: Actor, draft: Draft) -> int | None:
    if not draft.wants_organization:
        return draft.before.organization.id if draft.before and draft.before.organization else None
    wanted = draft.fields.get("organization_id") if "organization_id" in draft.organization_at else None
    if wanted is None:
        return None
    found = await organizations.find_link(tx.connection, actor.account_id, wanted)
    if found is None:
        at = draft.organization_at["organization_id"]
        draft.problems.append(FieldError(at, "organization does not exist", "Unknown", wanted))
        return None
    return found.id


async def _taken_addresses(tx: Tx, actor: Actor, draft: Draft) -> list[FieldError]:
    written = [entry for entry in draft.entries_to_write() if entry.kind is EntryKind.EMAIL and entry.value]
    if not written:
        return []
    kept = draft.kept_ids()
    seen = {entry.value.lower() for entry in draft.entries if entry.kind is EntryKind.EMAIL and entry.id in kept}
    taken: list[DraftEntry] = []
    for entry in written:
        if entry.value.lower() in seen:
            taken.append(entry)
        seen.add(entry.value.lower())
    positions = await entry_store.find_taken(
        tx.connection, actor.account_id, [entry.value for entry in written], draft.entries_to_delete()
    )
    elsewhere = {id(written[position]) for position in positions} | {id(entry) for entry in taken}
    return [_duplicate(entry) for entry in written if id(entry) in elsewhere]


def _duplicate(entry: DraftEntry) -> FieldError:
    return FieldError(entry.value_at, "email already exists", "Unknown", entry.value)


async def _write_parts(tx: Tx, actor: Actor, customer_id: int, draft: Draft) -> list[Entry]:
    gone = draft.entries_to_delete()
    if gone:
        await entry_store.delete(tx.connection, actor.account_id, customer_id, gone)
    wanted = draft.entries_to_write()
    written: list[Entry] = []
    if wanted:
        rows = [entry.row for entry in wanted]
        written = await entry_store.insert(tx.connection, actor.account_id, customer_id, rows)
        if len(written) < len(wanted):
            # Somebody took an address between the look and the writing.
            got = {entry.value for entry in written}
            raise DuplicateEmail([_duplicate(entry) for entry in wanted if entry.value not in got])
    if draft.has_other_address():
        await entry_store.put_address(tx.connection, actor.account_id, customer_id, draft.address)
    values = draft.property_changes()
    dropped = [id_ for id_, value in values.items() if value is None]
    await CUSTOMER_TABLES.delete_values(tx.connection, actor.account_id, customer_id, dropped)
    kept = {id_: value for id_, value in values.items() if value is not None}
    await CUSTOMER_TABLES.put_values(tx.connection, actor.account_id, customer_id, kept)
    return written
