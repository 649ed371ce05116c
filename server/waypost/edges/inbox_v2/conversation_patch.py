"""Operations on conversations and threads, turned into verbs (spec: 7.4, 7A.3)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from waypost.domains import conversations
from waypost.domains.accounts import Actor
from waypost.edges.inbox_v2.wire.conversations_in import StatusIn, status_of
from waypost.edges.inbox_v2.wire.operations import Operation
from waypost.kit.errors import FieldError, Invalid
from waypost.kit.tx import Tx

#: Keys of a plain object, which one client sends in place of operations (spec: X9).
PLAIN = {
    "subject": "/subject",
    "status": "/status",
    "assignTo": "/assignTo",
    "mailboxId": "/mailboxId",
    "tags": "/tags",
    "draft": "/draft",
}
#: What a conversation may begin to be changed to: `all` is a word of threads alone.
_STATUSES = [status for status in StatusIn if status is not StatusIn.ALL]
_LARGEST_ID = 2**63 - 1

Verb = Callable[[Tx, Actor, int, Operation], Awaitable[None]]


async def apply(tx: Tx, actor: Actor, conversation_id: int, operations: list[Operation]) -> None:
    """Carry out the operations in order, in one transaction. Raises Invalid with every mistake of form at once."""
    if not operations:
        await conversations.get(tx, actor, conversation_id)
        return
    errors: list[FieldError] = []
    for operation in operations:
        errors += _mistakes(operation)
    if errors:
        raise Invalid(errors)
    for operation in operations:
        try:
            await _PATHS[operation.path][1](tx, actor, conversation_id, operation)
        except Invalid as error:
            raise Invalid([_placed(field, operation) for field in error.errors]) from error


def _placed(field: FieldError, operation: Operation) -> FieldError:
    path = operation.at + field.path if field.path in ("value", "op", "path") else field.path
    return FieldError(path, field.message, field.kind, field.rejected, field.source)


def _mistakes(operation: Operation) -> list[FieldError]:
    known = _PATHS.get(operation.path)
    if known is None:
        return operation.refuse("path", "cannot be changed", "EnumValue").errors
    operators, _, check = known
    if operation.op not in operators:
        names = ", ".join(repr(name) for name in operators)
        return operation.refuse("op", f"must be one of {names}", "EnumValue").errors
    return [] if operation.op == "remove" else check(operation)


def _text(operation: Operation) -> list[FieldError]:
    if not isinstance(operation.value, str):
        return operation.refuse("value", "must be a string", "Type").errors
    if not operation.value.strip():
        return operation.refuse("value", "may not be empty", "NotEmpty").errors
    return []


def _status(operation: Operation) -> list[FieldError]:
    if operation.value in [status.value for status in _STATUSES]:
        return []
    names = ", ".join(repr(status.value) for status in _STATUSES)
    return operation.refuse("value", f"must be one of {names}", "EnumValue").errors


def _number(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST_ID:
        return value
    return None


def _id(operation: Operation) -> list[FieldError]:
    return [] if _number(operation.value) else operation.refuse("value", "invalid identifier", "Identifier").errors


def _id_or_nobody(operation: Operation) -> list[FieldError]:
    if operation.value is None or _number(operation.value) is not None:
        return []
    return operation.refuse("value", "invalid identifier", "Identifier").errors


def _boolean(operation: Operation) -> list[FieldError]:
    if isinstance(operation.value, bool):
        return []
    return operation.refuse("value", "must be true or false", "Type").errors


def _texts(operation: Operation) -> list[FieldError]:
    if isinstance(operation.value, list) and all(isinstance(item, str) for item in operation.value):
        return []
    return operation.refuse("value", "must be an array of strings", "Type").errors


async def _change_subject(tx: Tx, actor: Actor, conversation_id: int, operation: Operation) -> None:
    await conversations.change_subject(tx, actor, conversation_id, operation.value)


async def _change_status(tx: Tx, actor: Actor, conversation_id: int, operation: Operation) -> None:
    status = status_of(StatusIn(operation.value))
    if status is not None:
        await conversations.change_status(tx, actor, conversation_id, status)


async def _assign(tx: Tx, actor: Actor, conversation_id: int, operation: Operation) -> None:
    assignee = None if operation.op == "remove" else _number(operation.value)
    await conversations.assign(tx, actor, conversation_id, assignee or None)


async def _move(tx: Tx, actor: Actor, conversation_id: int, operation: Operation) -> None:
    await conversations.move(tx, actor, conversation_id, _number(operation.value) or 0)


async def _to_folder(tx: Tx, actor: Actor, conversation_id: int, operation: Operation) -> None:
    await conversations.put_in_folder(tx, actor, conversation_id, _number(operation.value) or 0)


async def _change_customer(tx: Tx, actor: Actor, conversation_id: int, operation: Operation) -> None:
    await conversations.change_customer(tx, actor, conversation_id, _number(operation.value) or 0)


async def _set_draft(tx: Tx, actor: Actor, conversation_id: int, operation: Operation) -> None:
    found = await conversations.get(tx, actor, conversation_id)
    if operation.value is False:
        await conversations.publish(tx, actor, conversation_id)
    elif found.state != "draft":
        raise conversations.refuse_unpublishing()


def as_php_means(operations: list[Operation]) -> list[Operation]:
    """The PHP client's `publishDraft` says `draft: true` where the documentation says `false`; it has no other use."""
    return [
        msgspec.structs.replace(operation, value=False)
        if (operation.op, operation.path, operation.value) == ("replace", "/draft", True)
        else operation
        for operation in operations
    ]


async def _put_tags(tx: Tx, actor: Actor, conversation_id: int, operation: Operation) -> None:
    await conversations.put_tags(tx, actor, conversation_id, operation.value)


_SET = ("replace", "add")
_PATHS: dict[str, tuple[tuple[str, ...], Verb, Callable[[Operation], list[FieldError]]]] = {
    "/subject": (_SET, _change_subject, _text),
    "/status": (_SET, _change_status, _status),
    "/assignTo": ((*_SET, "remove"), _assign, _id_or_nobody),
    "/mailboxId": (("move", *_SET), _move, _id),
    "/folderId": (("move", *_SET), _to_folder, _id),
    "/primaryCustomer.id": (_SET, _change_customer, _id),
    "/primaryCustomer/id": (_SET, _change_customer, _id),
    "/draft": (_SET, _set_draft, _boolean),
    "/tags": (_SET, _put_tags, _texts),
}


async def apply_to_thread(
    tx: Tx, actor: Actor, conversation_id: int, thread_id: int, operations: list[Operation]
) -> None:
    """Change a thread's text or hide it."""
    errors: list[FieldError] = []
    for operation in operations:
        check = {"/text": _text, "/hidden": _boolean}.get(operation.path)
        if check is None:
            errors += operation.refuse("path", "must be one of '/text', '/hidden'", "EnumValue").errors
        elif operation.op not in _SET:
            errors += operation.refuse("op", "must be one of 'replace', 'add'", "EnumValue").errors
        else:
            errors += check(operation)
    if errors:
        raise Invalid(errors)
    if not operations:
        await conversations.get_thread(tx, actor, conversation_id, thread_id)
    for operation in operations:
        if operation.path == "/text":
            await conversations.edit_text(tx, actor, conversation_id, thread_id, operation.value)
        else:
            await conversations.set_hidden(tx, actor, conversation_id, thread_id, hidden=operation.value)


async def apply_to_schedule(
    tx: Tx, actor: Actor, conversation_id: int, thread_id: int, operations: list[Operation]
) -> None:
    """Send a scheduled draft now, which is all that can be done to a schedule so (helpscout-mailbox does it)."""
    errors: list[FieldError] = []
    for operation in operations:
        if operation.path != "/state":
            errors += operation.refuse("path", "must be one of '/state'", "EnumValue").errors
        elif operation.op not in _SET:
            errors += operation.refuse("op", "must be one of 'replace', 'add'", "EnumValue").errors
        elif operation.value != "published":
            errors += operation.refuse("value", "must be one of 'published'", "EnumValue").errors
    if errors:
        raise Invalid(errors)
    if not operations:
        await conversations.get_thread(tx, actor, conversation_id, thread_id)
        return
    await conversations.send_scheduled(tx, actor, conversation_id, thread_id)
