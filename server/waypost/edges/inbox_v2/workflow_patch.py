"""Operations on workflows (spec: 11.12)."""

from __future__ import annotations

from typing import Any

from waypost.domains import workflows
from waypost.domains.accounts import Actor
from waypost.domains.workflows import WorkflowStatus
from waypost.edges.inbox_v2.wire import operations
from waypost.edges.inbox_v2.wire.operations import Operation
from waypost.kit.errors import FieldError, Invalid
from waypost.kit.tx import Tx

STATUSES = (WorkflowStatus.ACTIVE.value, WorkflowStatus.INACTIVE.value)


async def apply(tx: Tx, actor: Actor, workflow_id: int, sent: Any) -> None:
    """Carry out the operations in order, in one transaction. Raises Unparsable, Invalid, and what the verb raises."""
    await workflows.get(tx, actor, workflow_id)
    read = operations.read([_righted(item) for item in sent] if isinstance(sent, list) else _righted(sent))
    errors: list[FieldError] = []
    for operation in read:
        errors += _mistakes(operation)
    if errors:
        raise Invalid(errors)
    for operation in read:
        try:
            await workflows.set_status(tx, actor, workflow_id, WorkflowStatus(operation.value))
        except Invalid as error:
            placed = [FieldError(operation.at + one.path, one.message, one.kind, one.rejected) for one in error.errors]
            raise Invalid(placed) from error


def _righted(item: Any) -> Any:
    """The official PHP client puts the three values into each other's places (spec: 11.12)."""
    if (
        isinstance(item, dict)
        and item.get("op") in STATUSES
        and item.get("path") == "/replace"
        and item.get("value") == "/status"
    ):
        return {"op": "replace", "path": "/status", "value": item["op"]}
    return item


def _mistakes(operation: Operation) -> list[FieldError]:
    errors: list[FieldError] = []
    if operation.op not in ("replace", "add"):
        errors += operation.refuse("op", "must be one of 'replace'", "EnumValue").errors
    if operation.path != "/status":
        errors += operation.refuse("path", "must be one of '/status'", "EnumValue").errors
    elif operation.value not in STATUSES:
        names = ", ".join(repr(status) for status in STATUSES)
        errors += operation.refuse("value", f"must be one of {names}", "EnumValue").errors
    return errors
