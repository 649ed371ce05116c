"""Workflows, their definitions and their history (spec: 11.12)."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from waypost.domains.workflows import (
    Action,
    Condition,
    DryRun,
    Finding,
    Group,
    Run,
    Trial,
    Workflow,
    WorkflowDraft,
)
from waypost.edges.inbox_v2.body import Id
from waypost.edges.inbox_v2.hal import Link, Links, PageInfo
from waypost.edges.inbox_v2.wire.times import stamp


class ConditionIn(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One test. `fieldId` goes with `customField`, `slug` with `customerProperty`, `timezone` with days and hours."""

    field: str = ""
    operator: str = ""
    value: Any = None
    field_id: Id | None = None
    slug: str | None = None
    timezone: str | None = None

    def to_command(self) -> Condition:
        """Read."""
        return Condition(**msgspec.structs.asdict(self))

    @classmethod
    def of(cls, condition: Condition) -> ConditionIn:
        """Render: what goes out can be sent back."""
        return cls(**msgspec.structs.asdict(condition))


class GroupIn(msgspec.Struct, frozen=True):
    """Conditions of which one is enough. All groups must hold."""

    any: list[ConditionIn] = []

    def to_command(self) -> Group:
        """Read."""
        return Group([condition.to_command() for condition in self.any])


class ActionIn(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One thing to do; the guide lists the types and their keys."""

    type: str = ""
    assign_to: Id | UnsetType | None = UNSET
    tags: list[str] | None = None
    status: str | None = None
    field_id: Id | None = None
    value: str | None = None
    text: str | None = None
    saved_reply_id: Id | None = None
    subject: str | None = None
    to: list[Id] | None = None
    email: str | None = None
    mailbox_id: Id | None = None
    url: str | None = None

    def to_command(self) -> Action:
        """Read."""
        return Action(**msgspec.structs.asdict(self))

    @classmethod
    def of(cls, action: Action) -> ActionIn:
        """Render: what goes out can be sent back."""
        return cls(**msgspec.structs.asdict(action))


class WorkflowIn(msgspec.Struct, frozen=True, rename="camel"):
    """A workflow to be made or described anew. The core says what is missing."""

    mailbox_id: Id | None = None
    type: str | None = None
    status: str | None = None
    name: str | None = None
    conditions: list[GroupIn] | None = None
    actions: list[ActionIn] | None = None

    def to_command(self) -> WorkflowDraft:
        """Read."""
        return WorkflowDraft(
            mailbox_id=self.mailbox_id,
            type=self.type,
            status=self.status,
            name=self.name,
            conditions=None if self.conditions is None else [group.to_command() for group in self.conditions],
            actions=None if self.actions is None else [action.to_command() for action in self.actions],
        )


class OrderIn(msgspec.Struct, frozen=True, rename="camel"):
    """The workflows of a mailbox, in the order in which they are to look at things."""

    workflow_ids: list[Id] = []


class RunIn(msgspec.Struct, frozen=True, rename="camel"):
    """The conversations to run a workflow for, 1 to 50. `conversation_ids` is another spelling (spec: 16)."""

    conversation_ids: list[Id] | None = None
    also: Annotated[list[Id] | None, msgspec.Meta(description="As conversationIds.")] = msgspec.field(
        name="conversation_ids", default=None
    )

    @property
    def ids(self) -> list[int] | None:
        """Whichever spelling was sent."""
        return self.conversation_ids if self.conversation_ids is not None else self.also


class ProblemOut(msgspec.Struct, frozen=True):
    """Why a workflow is invalid: the part that names something that is gone."""

    path: str
    message: str


class WorkflowOut(msgspec.Struct, frozen=True, rename="camel"):
    """A workflow as lists show it."""

    id: int
    mailbox_id: int
    type: str
    status: str
    order: int
    name: str
    created_at: str
    modified_at: str
    links: Links = msgspec.field(name="_links")

    @classmethod
    def of(cls, workflow: Workflow, base_url: str) -> WorkflowOut:
        """Render."""
        return cls(*_head(workflow), links=_links(workflow, base_url))


class WorkflowWholeOut(msgspec.Struct, frozen=True, rename="camel"):
    """A workflow with its definition. `problems` is empty unless it is invalid."""

    id: int
    mailbox_id: int
    type: str
    status: str
    order: int
    name: str
    created_at: str
    modified_at: str
    conditions: list[GroupIn]
    actions: list[ActionIn]
    problems: list[ProblemOut]
    links: Links = msgspec.field(name="_links")

    @classmethod
    def of(cls, workflow: Workflow, base_url: str) -> WorkflowWholeOut:
        """Render."""
        definition = workflow.definition
        return cls(
            *_head(workflow),
            [GroupIn([ConditionIn.of(condition) for condition in group.any]) for group in definition.conditions],
            [ActionIn.of(action) for action in definition.actions],
            [ProblemOut(problem.path, problem.message) for problem in workflow.problems],
            links=_links(workflow, base_url),
        )


def _head(workflow: Workflow) -> tuple[int, int, str, str, int, str, str, str]:
    return (
        workflow.id,
        workflow.mailbox_id,
        workflow.type.value,
        workflow.status.value,
        workflow.position,
        workflow.name,
        stamp(workflow.created_at),
        stamp(workflow.modified_at),
    )


def _links(workflow: Workflow, base_url: str) -> Links:
    address = address_of(workflow.id, base_url)
    return {
        "self": Link(address),
        "mailbox": Link(f"{base_url}/v2/mailboxes/{workflow.mailbox_id}"),
        "runs": Link(f"{address}/runs"),
    }


def address_of(workflow_id: int, base_url: str) -> str:
    """Where a workflow is."""
    return f"{base_url}/v2/workflows/{workflow_id}"


class FindingOut(msgspec.Struct, frozen=True):
    """What one condition came to, and what stood there."""

    path: str
    field: str
    operator: str
    holds: bool
    actual: str

    @classmethod
    def of(cls, finding: Finding) -> FindingOut:
        """Render."""
        return cls(finding.path, finding.field, finding.operator, finding.holds, finding.actual)


class ActionDoneOut(msgspec.Struct, frozen=True):
    """What one action did: `done`, `unchanged`, or `left out` with the reason as its detail."""

    type: str
    outcome: str
    detail: str


class RunOut(msgspec.Struct, frozen=True, rename="camel"):
    """One meeting of a workflow and a conversation: what it did, or why it did not."""

    id: int
    workflow_id: int
    workflow_name: str
    conversation_id: int
    conversation_number: int
    conversation_subject: str
    trigger: str
    outcome: str
    reason: str
    conditions: list[FindingOut]
    actions: list[ActionDoneOut]
    chain: list[int]
    at: str
    links: Links = msgspec.field(name="_links")
    event: str | UnsetType = UNSET
    request_id: str | UnsetType = UNSET
    started_by: int | UnsetType = UNSET

    @classmethod
    def of(cls, run: Run, base_url: str) -> RunOut:
        """Render."""
        return cls(
            id=run.id,
            workflow_id=run.workflow_id,
            workflow_name=run.workflow_name,
            conversation_id=run.conversation_id,
            conversation_number=run.conversation_number,
            conversation_subject=run.conversation_subject,
            trigger=run.cause,
            outcome=run.outcome.value,
            reason=run.reason,
            conditions=[FindingOut.of(finding) for finding in run.conditions],
            actions=[ActionDoneOut(done.type, done.outcome, done.detail) for done in run.actions],
            chain=run.chain,
            at=stamp(run.at),
            event=run.event_type if run.event_type is not None else UNSET,
            request_id=run.request_id if run.request_id is not None else UNSET,
            started_by=run.started_by_user_id if run.started_by_user_id is not None else UNSET,
            links={
                "workflow": Link(address_of(run.workflow_id, base_url)),
                "conversation": Link(f"{base_url}/v2/conversations/{run.conversation_id}"),
            },
        )


class TrialOut(msgspec.Struct, frozen=True, rename="camel"):
    """What a dry run says of one conversation, condition by condition."""

    conversation_id: int
    number: int
    subject: str
    would_run: bool
    conditions: list[FindingOut]
    links: Links = msgspec.field(name="_links")

    @classmethod
    def of(cls, trial: Trial, base_url: str) -> TrialOut:
        """Render."""
        return cls(
            trial.conversation_id,
            trial.number,
            trial.subject,
            trial.would_run,
            [FindingOut.of(finding) for finding in trial.conditions],
            {"conversation": Link(f"{base_url}/v2/conversations/{trial.conversation_id}")},
        )


class DryRunOut(msgspec.Struct, frozen=True, rename="camel"):
    """A page of the conversations that a rule would have touched; how many were looked at, and how many fit."""

    since: str
    examined: int
    matched: int
    embedded: dict[str, list[TrialOut]] = msgspec.field(name="_embedded")
    page: PageInfo
    links: Links = msgspec.field(name="_links")

    @classmethod
    def of(cls, found: DryRun, page: PageInfo, links: Links, base_url: str) -> DryRunOut:
        """Render."""
        trials = [TrialOut.of(trial, base_url) for trial in found.page.items]
        return cls(stamp(found.since), found.examined, found.matched, {"conversations": trials}, page, links)
