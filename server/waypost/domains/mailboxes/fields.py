"""Looking after the custom fields of a mailbox: adding, changing, ordering and removing them. For administrators.

What a field holds belongs to conversations, a later domain: it says what is to happen to values through `before_loss`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from msgspec import UNSET, UnsetType

from waypost.domains.accounts import Actor, scope_of
from waypost.domains.mailboxes import events, store, store_fields
from waypost.domains.mailboxes.models import CustomField, FieldOption, FieldType
from waypost.kit.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from waypost.kit.text import clean_name
from waypost.kit.tx import Tx

NAME_LIMIT = 255
MOST_FIELDS = 100
MOST_OPTIONS = 500

#: Called with the field and the options that go (None: the whole field); says how many conversations lose a value.
BeforeLoss = Callable[[Tx, Actor, CustomField, list[int] | None], Awaitable[int]]
before_loss: list[BeforeLoss] = []


class OptionChange(msgspec.Struct, frozen=True):
    """A choice that a dropdown shall have: a known one by its id, or (None) a new one. `at` is where it stood."""

    label: str
    id: int | None = None
    at: str = "options"


class FieldChange(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller says of a field; what is UNSET stays. `options` is the whole list, in order."""

    name: str | UnsetType = UNSET
    type: str | UnsetType = UNSET
    required: bool | UnsetType = UNSET
    position: int | UnsetType = UNSET
    options: list[OptionChange] | UnsetType = UNSET


async def get(tx: Tx, actor: Actor, mailbox_id: int, field_id: int) -> CustomField:
    """A field of a visible mailbox. Raises NotFound."""
    return _field(await _all(tx, actor, mailbox_id), field_id)


async def add(tx: Tx, actor: Actor, mailbox_id: int, wanted: FieldChange) -> CustomField:
    """A new field, at the end unless told otherwise. Raises NotFound, Forbidden, Invalid, Conflict for too many."""
    fields = await _administered(tx, actor, mailbox_id)
    errors: list[FieldError] = []
    name = _name("" if wanted.name is UNSET else wanted.name, "name", errors)
    kind = _type(wanted.type, errors)
    position = _position(wanted.position, len(fields) + 1, errors)
    options = _options(kind, [], [] if wanted.options is UNSET else wanted.options, errors)
    if errors:
        raise Invalid(errors)
    if len(fields) >= MOST_FIELDS:
        raise Conflict(f"A mailbox has {MOST_FIELDS} custom fields at most")
    is_required = bool(wanted.required) if wanted.required is not UNSET else False
    field_id = await store_fields.insert(
        tx.connection, actor.account_id, mailbox_id, name, kind, is_required, len(fields) + 1
    )
    await store_fields.put_options(tx.connection, actor.account_id, field_id, options)
    await _order(tx, actor, mailbox_id, [field.id for field in fields], field_id, position)
    tx.emit(
        actor,
        events.CustomFieldCreated(
            subject_id=mailbox_id, scope_id=mailbox_id, field_id=field_id, name=name, type=kind.value
        ),
    )
    return await get(tx, actor, mailbox_id, field_id)


async def update(tx: Tx, actor: Actor, mailbox_id: int, field_id: int, change: FieldChange) -> None:
    """Change what is given. Options that are left out go, with the values that conversations have of them.

    The type stays what it is. Raises NotFound, Forbidden, Invalid.
    """
    fields = await _administered(tx, actor, mailbox_id)
    before = _field(fields, field_id)
    errors: list[FieldError] = []
    name = before.name if change.name is UNSET else _name(change.name, "name", errors)
    if change.type is not UNSET and change.type.strip().lower() != before.type.value:
        errors.append(FieldError("type", f"is {before.type.value!r} and stays so", "EnumValue", change.type))
    position = _position(change.position, before.position, errors)
    options = before.options
    if change.options is not UNSET:
        options = _options(before.type, before.options, change.options, errors)
    if errors:
        raise Invalid(errors)
    is_required = before.required if change.required is UNSET else change.required
    removed = sorted({option.id for option in before.options} - {option.id for option in options})
    position = min(position, len(fields))
    changed = [
        part
        for part, is_other in (
            ("name", name != before.name),
            ("required", is_required != before.required),
            ("order", position != before.position),
            ("options", options != before.options),
        )
        if is_other
    ]
    if not changed:
        return
    emptied = await _lose(tx, actor, before, removed) if removed else 0
    await store_fields.update(tx.connection, actor.account_id, field_id, name, is_required)
    if "options" in changed:
        await store_fields.put_options(tx.connection, actor.account_id, field_id, options)
    if "order" in changed:
        others = [field.id for field in fields if field.id != field_id]
        await _order(tx, actor, mailbox_id, others, field_id, position)
    tx.emit(
        actor,
        events.CustomFieldUpdated(
            subject_id=mailbox_id,
            scope_id=mailbox_id,
            field_id=field_id,
            changed=changed,
            removed_option_ids=removed,
            emptied=emptied,
        ),
    )


async def delete(tx: Tx, actor: Actor, mailbox_id: int, field_id: int) -> None:
    """Remove a field and what conversations have in it. Raises NotFound, Forbidden."""
    fields = await _administered(tx, actor, mailbox_id)
    gone = _field(fields, field_id)
    emptied = await _lose(tx, actor, gone, None)
    await store_fields.delete(tx.connection, actor.account_id, field_id)
    rest = [field.id for field in fields if field.id != field_id]
    await store_fields.reorder(tx.connection, actor.account_id, mailbox_id, rest)
    tx.emit(
        actor,
        events.CustomFieldDeleted(
            subject_id=mailbox_id,
            scope_id=mailbox_id,
            field_id=field_id,
            name=gone.name,
            type=gone.type.value,
            emptied=emptied,
        ),
    )


async def hold(tx: Tx, account_id: int, mailbox_id: int) -> list[CustomField]:
    """A mailbox's fields for somebody who is about to give values: none of them goes before the transaction ends."""
    await store_fields.hold_fields(tx.connection, account_id, mailbox_id)
    return await store.list_fields(tx.connection, account_id, [mailbox_id])


async def _lose(tx: Tx, actor: Actor, field: CustomField, option_ids: list[int] | None) -> int:
    await store_fields.lock_field(tx.connection, actor.account_id, field.id)
    return sum([await prepare(tx, actor, field, option_ids) for prepare in before_loss])


async def _all(tx: Tx, actor: Actor, mailbox_id: int) -> list[CustomField]:
    if await store.find(tx.connection, scope_of(actor), mailbox_id) is None:
        raise NotFound
    return await store.list_fields(tx.connection, actor.account_id, [mailbox_id])


async def _administered(tx: Tx, actor: Actor, mailbox_id: int) -> list[CustomField]:
    """The fields of a mailbox, which nobody else changes until the transaction ends."""
    if await store.find(tx.connection, scope_of(actor), mailbox_id) is None:
        raise NotFound
    if not actor.is_administrator:
        raise Forbidden
    await store_fields.lock_mailbox(tx.connection, actor.account_id, mailbox_id)
    return await store.list_fields(tx.connection, actor.account_id, [mailbox_id])


def _field(fields: list[CustomField], field_id: int) -> CustomField:
    found = next((field for field in fields if field.id == field_id), None)
    if found is None:
        raise NotFound
    return found


async def _order(tx: Tx, actor: Actor, mailbox_id: int, others: list[int], field_id: int, position: int) -> None:
    """Put the field in its place; the others keep their order."""
    ids = [*others[: position - 1], field_id, *others[position - 1 :]]
    await store_fields.reorder(tx.connection, actor.account_id, mailbox_id, ids)


def _name(sent: str, path: str, errors: list[FieldError]) -> str:
    name = clean_name(sent, limit=NAME_LIMIT)
    if not name:
        errors.append(FieldError(path, "may not be empty", "NotEmpty"))
    elif len(sent.strip()) > NAME_LIMIT:
        errors.append(FieldError(path, f"size must be between 1 and {NAME_LIMIT}", "Size", sent))
    return name


def _type(sent: str | UnsetType, errors: list[FieldError]) -> FieldType:
    if sent is UNSET:
        errors.append(FieldError("type", "may not be null", "NotNull"))
        return FieldType.SINGLELINE
    try:
        return FieldType(sent.strip().lower())
    except ValueError:
        names = ", ".join(repr(kind.value) for kind in FieldType)
        errors.append(FieldError("type", f"must be one of {names}", "EnumValue", sent))
        return FieldType.SINGLELINE


def _position(sent: int | UnsetType, default: int, errors: list[FieldError]) -> int:
    if sent is UNSET:
        return default
    if sent < 1:
        errors.append(FieldError("order", "must be 1 or more", "Number", sent))
    return sent


def _options(
    kind: FieldType, known: list[FieldOption], wanted: list[OptionChange], errors: list[FieldError]
) -> list[FieldOption]:
    """The options as they shall be; a new one has the id 0 until it is stored."""
    if kind is not FieldType.DROPDOWN:
        if wanted:
            errors.append(FieldError("options", "only a dropdown has options", "Size"))
        return []
    if not wanted:
        errors.append(FieldError("options", "may not be empty", "NotEmpty"))
    if len(wanted) > MOST_OPTIONS:
        errors.append(FieldError("options", f"size must be between 1 and {MOST_OPTIONS}", "Size"))
        return []
    ids, labels = {option.id for option in known}, set()
    made: list[FieldOption] = []
    for position, option in enumerate(wanted, 1):
        label = _name(option.label, f"{option.at}.label", errors)
        # Values may be given by label, whatever the case (spec: 7.6).
        if label and label.lower() in labels:
            errors.append(FieldError(f"{option.at}.label", "is there already", "Unknown", option.label))
        labels.add(label.lower())
        if option.id is not None and option.id not in ids:
            errors.append(FieldError(f"{option.at}.id", "option does not exist", "Unknown", option.id))
        ids.discard(option.id or 0)
        made.append(FieldOption(option.id or 0, position, label))
    return made
