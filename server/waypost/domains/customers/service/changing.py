"""How customers change: everything goes through one list of operations, judged as a whole and stored as a whole."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from waypost.domains.accounts import Actor, scope_of
from waypost.domains.customers import content, policy
from waypost.domains.customers.changes import (
    AddEntry,
    ChangeEntry,
    NewAddress,
    NewEntry,
    Operation,
    PlainFields,
    RemoveEntry,
    ReplaceEntries,
    SetAddress,
    SetField,
    SetProperty,
)
from waypost.domains.customers.models import Entry, EntryKind
from waypost.domains.customers.service import writing
from waypost.domains.customers.service.draft import Draft
from waypost.domains.customers.store import people
from waypost.domains.customers.store.properties import CUSTOMER_TABLES
from waypost.kit.errors import NotFound
from waypost.kit.tx import Tx


async def patch(tx: Tx, actor: Actor, customer_id: int, operations: Sequence[Operation]) -> None:
    """Carry out operations in their order, all or none. What changes nothing emits nothing.

    Raises NotFound for an unknown customer or entry, Invalid with every bad value, DuplicateEmail.
    """
    await _apply(tx, actor, customer_id, operations)


async def overwrite(tx: Tx, actor: Actor, customer_id: int, fields: PlainFields) -> None:
    """Put these in the place of all single-valued fields; what is not given is cleared (spec: 8.4)."""
    operations = [
        SetField(name=name, value=getattr(fields, name), at=path)
        for name, path in content.FIELD_PATHS.items()
        if not name.startswith("organization")
    ]
    if fields.organization_id is not None:
        operations.append(SetField(name="organization_id", value=fields.organization_id, at="organizationId"))
    else:
        operations.append(SetField(name="organization", value=fields.organization, at="organization"))
    await _apply(tx, actor, customer_id, operations)


async def add_entry(tx: Tx, actor: Actor, customer_id: int, entry: NewEntry) -> Entry:
    """One more address, number, handle, profile or website."""
    written = await _apply(tx, actor, customer_id, [AddEntry(entry=entry)])
    return written[0]


async def replace_entry(tx: Tx, actor: Actor, customer_id: int, entry_id: int, entry: NewEntry) -> None:
    """Another value and type for an entry, under its id."""
    change = ChangeEntry(
        kind=entry.kind, entry_id=entry_id, value=entry.value, type=msgspec.UNSET if entry.type is None else entry.type
    )
    await _apply(tx, actor, customer_id, [change])


async def remove_entry(tx: Tx, actor: Actor, customer_id: int, kind: EntryKind, entry_id: int) -> None:
    """Take an entry away, be it the last address."""
    await _apply(tx, actor, customer_id, [RemoveEntry(kind=kind, entry_id=entry_id)])


async def put_address(tx: Tx, actor: Actor, customer_id: int, address: NewAddress) -> None:
    """Keep this address in the place of any that is there."""
    await _apply(tx, actor, customer_id, [SetAddress(address=address)])


async def remove_address(tx: Tx, actor: Actor, customer_id: int) -> None:
    """Forget the address. Raises NotFound when there is none."""
    draft = await _begin(tx, actor, customer_id)
    if draft.address is None:
        raise NotFound
    draft.apply(SetAddress(address=None))
    await writing.write_changes(tx, actor, customer_id, draft)


async def _apply(tx: Tx, actor: Actor, customer_id: int, operations: Sequence[Operation]) -> list[Entry]:
    needs_definitions = any(isinstance(operation, SetProperty) for operation in operations)
    may_move = any(_may_move(operation) for operation in operations)
    draft = await _begin(tx, actor, customer_id, with_definitions=needs_definitions, exclusively=may_move)
    for operation in operations:
        draft.apply(operation)
    return await writing.write_changes(tx, actor, customer_id, draft)


def _may_move(operation: Operation) -> bool:
    """Whether the customer may be of another organization afterwards: named, or found by the domain of an address."""
    match operation:
        case SetField(name="organization" | "organization_id"):
            return True
        case AddEntry(entry=NewEntry(kind=kind)) | ChangeEntry(kind=kind) | ReplaceEntries(kind=kind):
            return kind is EntryKind.EMAIL
    return False


async def _begin(
    tx: Tx, actor: Actor, customer_id: int, *, with_definitions: bool = False, exclusively: bool = False
) -> Draft:
    """Lock a customer and copy it. Who moves to another organization is locked exclusively from the start, because
    the conversations that come and go must wait, and a lock that grows later could meet theirs halfway."""
    policy.may_edit(actor, customer_id)
    standing = await people.lock(tx.connection, actor.account_id, customer_id, exclusively=exclusively)
    if standing is None or standing.state != "active":
        raise NotFound
    found = await people.find(tx.connection, scope_of(actor), customer_id)
    if found is None:
        raise NotFound
    definitions = []
    if with_definitions:
        definitions = await CUSTOMER_TABLES.list_definitions(tx.connection, actor.account_id)
    return Draft.of(found[1], definitions)
