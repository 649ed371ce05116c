"""Reading a described workflow: every mistake at once, with its place; and finding what has gone since."""

from __future__ import annotations

from typing import Any

import msgspec

from waypost.domains.workflows import catalog
from waypost.domains.workflows.action_checks import check_actions
from waypost.domains.workflows.condition_checks import check_groups
from waypost.domains.workflows.models import (
    Condition,
    Definition,
    Group,
    Problem,
    WorkflowDraft,
    WorkflowStatus,
    WorkflowType,
)
from waypost.domains.workflows.references import References
from waypost.kit.errors import FieldError
from waypost.kit.text import clean_name

_TYPES = tuple(kind.value for kind in WorkflowType)
_STATUSES = (WorkflowStatus.ACTIVE.value, WorkflowStatus.INACTIVE.value)


def check(draft: WorkflowDraft, known: References, *, with_name: bool = True) -> list[FieldError]:
    """All that is wrong with a described workflow whose mailbox is there, in document order."""
    errors: list[FieldError] = []
    if draft.type not in _TYPES:
        errors.append(_choice("type", draft.type, _TYPES))
    if draft.status is not None and draft.status not in _STATUSES:
        errors.append(_choice("status", draft.status, _STATUSES))
    if with_name:
        errors += _name_problems(draft.name)
    groups = draft.conditions or []
    errors += check_groups(groups, known)
    if draft.type == WorkflowType.AUTOMATIC.value and not groups:
        errors.append(FieldError("conditions", "may not be empty", "NotEmpty"))
    if draft.type == WorkflowType.MANUAL.value:
        errors += _events_in(groups)
    return errors + check_actions(draft.actions or [], known)


def _choice(path: str, value: str | None, choices: tuple[str, ...]) -> FieldError:
    if value is None:
        return FieldError(path, "may not be empty", "NotEmpty")
    return FieldError(path, f"must be one of {', '.join(repr(name) for name in choices)}", "EnumValue", value)


def _name_problems(name: str | None) -> list[FieldError]:
    if not clean_name(name or ""):
        return [FieldError("name", "may not be empty", "NotEmpty", name)]
    if len(name or "") > catalog.NAME_LIMIT:
        return [FieldError("name", f"size must be between 1 and {catalog.NAME_LIMIT}", "Size", name)]
    return []


def _events_in(groups: list[Group]) -> list[FieldError]:
    """Nothing happens when somebody starts a workflow, so nothing can be asked about it."""
    return [
        FieldError(
            f"conditions[{outer}].any[{inner}].field",
            "manual workflows are started by users, not by events",
            "EnumValue",
            condition.field,
        )
        for outer, group in enumerate(groups)
        for inner, condition in enumerate(group.any)
        if condition.field == catalog.EVENT
    ]


def problems_of(definition: Definition, kind: WorkflowType, known: References) -> list[Problem]:
    """What cannot work any more in a definition that was right when it was written."""
    draft = WorkflowDraft(
        mailbox_id=known.mailbox_id, type=kind.value, conditions=definition.conditions, actions=definition.actions
    )
    return [Problem(error.path, error.message) for error in check(draft, known, with_name=False)]


def conditions_of(definition: Definition) -> list[Condition]:
    """All conditions, in order."""
    return [condition for group in definition.conditions for condition in group.any]


def has_clock(definition: Definition) -> bool:
    """Whether a condition comes true as time passes."""
    return any(condition.operator == catalog.MATURING for condition in conditions_of(definition))


def has_event(definition: Definition) -> bool:
    """Whether it asks for something to have happened just now."""
    return any(condition.field == catalog.EVENT for condition in conditions_of(definition))


def definition_of(draft: WorkflowDraft) -> Definition:
    """The definition of a draft that has been checked, without keys that its parts do not use."""
    return Definition(draft.conditions or [], draft.actions or [])


def as_document(value: Any) -> Any:
    """A struct as plain JSON values."""
    return msgspec.to_builtins(value)
