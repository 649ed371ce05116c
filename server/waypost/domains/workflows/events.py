"""What happens to workflows, and that one has run for a conversation."""

from __future__ import annotations

from typing import ClassVar

from waypost.kit.events import Event


class WorkflowEvent(Event, frozen=True, kw_only=True):
    """About one workflow; seen by those who see its mailbox."""

    NAME: ClassVar[str] = ""
    SUBJECT: ClassVar[str] = "workflow"


class WorkflowCreated(WorkflowEvent, frozen=True, kw_only=True):
    """A workflow was made."""

    NAME: ClassVar[str] = "workflow.created"

    name: str


class WorkflowUpdated(WorkflowEvent, frozen=True, kw_only=True):
    """A workflow was given another definition."""

    NAME: ClassVar[str] = "workflow.updated"


class WorkflowStatusChanged(WorkflowEvent, frozen=True, kw_only=True):
    """A workflow was switched on or off, or has become invalid."""

    NAME: ClassVar[str] = "workflow.status"

    status: str
    previous: str


class WorkflowsOrdered(WorkflowEvent, frozen=True, kw_only=True):
    """The workflows of a mailbox got another order."""

    NAME: ClassVar[str] = "workflow.ordered"
    SUBJECT: ClassVar[str] = "mailbox"

    workflow_ids: list[int]


class WorkflowDeleted(WorkflowEvent, frozen=True, kw_only=True):
    """A workflow was deleted."""

    NAME: ClassVar[str] = "workflow.deleted"


class WorkflowRequested(WorkflowEvent, frozen=True, kw_only=True):
    """A user started a manual workflow for some conversations."""

    NAME: ClassVar[str] = "workflow.requested"

    request_id: str
    conversation_ids: list[int]


class WorkflowRan(Event, frozen=True, kw_only=True):
    """A workflow has done something for a conversation. The timeline shows it (spec: 7A.0 `action`)."""

    NAME: ClassVar[str] = "convo.workflow"
    SUBJECT: ClassVar[str] = "conversation"

    workflow_id: int
    name: str
    run_id: int
    is_manual: bool
    started_by_user_id: int | None
