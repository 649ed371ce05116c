"""The nouns of workflows: the rule with its conditions and actions, and what one run of it did."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType


class WorkflowType(Enum):
    """Whether a user starts it, or what happens does (spec: 11.12)."""

    MANUAL = "manual"
    AUTOMATIC = "automatic"


class WorkflowStatus(Enum):
    """Invalid ones name something that is gone; they do not run and cannot be activated (spec: 11.12)."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    INVALID = "invalid"


class Condition(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One test. `field_id` names a custom field, `slug` a customer property; what `value` is, `catalog` says."""

    field: str = ""
    operator: str = ""
    value: Any = None
    field_id: int | None = None
    slug: str | None = None
    timezone: str | None = None


class Group(msgspec.Struct, frozen=True):
    """Conditions of which one is enough."""

    any: list[Condition]


class Action(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing to do. Which of the keys belong to which type, `action_checks` says."""

    type: str = ""
    assign_to: int | UnsetType | None = UNSET
    tags: list[str] | None = None
    status: str | None = None
    field_id: int | None = None
    value: str | None = None
    text: str | None = None
    saved_reply_id: int | None = None
    subject: str | None = None
    to: list[int] | None = None
    email: str | None = None
    mailbox_id: int | None = None
    url: str | None = None


class Definition(msgspec.Struct, frozen=True):
    """What a workflow looks for (all of the groups) and does (in this order)."""

    conditions: list[Group]
    actions: list[Action]


class Problem(msgspec.Struct, frozen=True):
    """A part of a definition that cannot work any more: where it stands and why."""

    path: str
    message: str


class Workflow(msgspec.Struct, frozen=True):
    """A rule of one mailbox."""

    id: int
    account_id: int
    mailbox_id: int
    type: WorkflowType
    status: WorkflowStatus
    name: str
    position: int
    definition: Definition
    problems: list[Problem]
    created_at: datetime
    modified_at: datetime


class WorkflowDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A workflow as a caller describes it; what is wrong with it is found by `service`."""

    mailbox_id: int | None = None
    type: str | None = None
    status: str | None = None
    name: str | None = None
    conditions: list[Group] | None = None
    actions: list[Action] | None = None


class Outcome(Enum):
    """What became of a run. `cut`: too many workflows set each other off."""

    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"
    CUT = "cut"


class Finding(msgspec.Struct, frozen=True):
    """What one condition came to for one conversation: whether it held, and what stood there."""

    path: str
    field: str
    operator: str
    holds: bool
    actual: str


class ActionDone(msgspec.Struct, frozen=True):
    """What one action of a run did: `done`, or `unchanged` when there was nothing to do."""

    type: str
    outcome: str
    detail: str


class Run(msgspec.Struct, frozen=True):
    """One meeting of a workflow and a conversation."""

    id: int
    workflow_id: int
    workflow_name: str
    conversation_id: int
    conversation_number: int
    conversation_subject: str
    cause: str
    event_type: str | None
    request_id: str | None
    started_by_user_id: int | None
    outcome: Outcome
    reason: str
    conditions: list[Finding]
    actions: list[ActionDone]
    chain: list[int]
    at: datetime


class Trial(msgspec.Struct, frozen=True):
    """What a dry run says of one conversation."""

    conversation_id: int
    number: int
    subject: str
    would_run: bool
    conditions: list[Finding]
