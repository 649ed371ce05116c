"""The verbs of workflows: making, changing, ordering, switching and starting them."""

from __future__ import annotations

from uuid import uuid4

import msgspec

from waypost.domains import conversations, mailboxes
from waypost.domains.accounts import Actor, scope_of
from waypost.domains.workflows import definitions, events, policy, references, store, store_runs
from waypost.domains.workflows.models import (
    Problem,
    Run,
    Workflow,
    WorkflowDraft,
    WorkflowStatus,
    WorkflowType,
)
from waypost.domains.workflows.references import References
from waypost.kit.errors import FieldError, Invalid, NotFound
from waypost.kit.jobs import enqueue
from waypost.kit.paging import Page, PageRequest
from waypost.kit.text import clean_name
from waypost.kit.tx import Tx

RUN_JOB = "workflows.run"
#: Conversations that one call may start a workflow for (spec: 11.12).
MOST_CONVERSATIONS = 50


async def list_workflows(
    tx: Tx, actor: Actor, page: PageRequest, *, mailbox_id: int | None = None, kind: WorkflowType | None = None
) -> Page[Workflow]:
    """The workflows of the mailboxes that the actor sees, by mailbox and order."""
    return await store.list_page(tx.connection, scope_of(actor), mailbox_id, kind.value if kind else None, page)


async def get(tx: Tx, actor: Actor, workflow_id: int) -> Workflow:
    """A workflow of a visible mailbox. Raises NotFound."""
    found = await store.find(tx.connection, scope_of(actor), workflow_id)
    if found is None:
        raise NotFound
    return found


async def _locked(tx: Tx, actor: Actor, workflow_id: int) -> Workflow:
    found = await store.lock(tx.connection, scope_of(actor), workflow_id)
    if found is None:
        raise NotFound
    policy.may_manage(actor)
    return found


async def checked(tx: Tx, actor: Actor, draft: WorkflowDraft, *, with_name: bool = True) -> References:
    """What a described workflow may name, once everything in it has been found right.

    Raises Invalid with every mistake, Forbidden for a mailbox out of reach.
    """
    if draft.mailbox_id is None:
        raise Invalid.one("mailboxId", "may not be null", "NotNull")
    policy.may_file_under(actor, draft.mailbox_id)
    policy.may_manage(actor)
    known = await references.load(tx, actor.account_id, draft.mailbox_id)
    errors = []
    if draft.mailbox_id not in known.mailbox_ids:
        errors.append(FieldError("mailboxId", "mailbox does not exist", "Unknown", draft.mailbox_id))
    errors += definitions.check(draft, known, with_name=with_name)
    if errors:
        raise Invalid(errors)
    return known


async def create(tx: Tx, actor: Actor, draft: WorkflowDraft) -> Workflow:
    """A new workflow, last in its mailbox, and inactive unless it says otherwise. Raises Invalid, Forbidden."""
    known = await checked(tx, actor, draft)
    definition = definitions.definition_of(draft)
    new = Workflow(
        id=0,
        account_id=actor.account_id,
        mailbox_id=known.mailbox_id,
        type=WorkflowType(draft.type),
        status=WorkflowStatus(draft.status or WorkflowStatus.INACTIVE.value),
        name=clean_name(draft.name or ""),
        position=0,
        definition=definition,
        problems=[],
        created_at=tx.now,
        modified_at=tx.now,
    )
    made = await store.insert(tx.connection, new, has_clock=definitions.has_clock(definition))
    tx.emit(actor, events.WorkflowCreated(subject_id=made.id, scope_id=made.mailbox_id, name=made.name))
    return made


async def replace(tx: Tx, actor: Actor, workflow_id: int, draft: WorkflowDraft) -> None:
    """Describe a workflow anew. What is left out of mailbox, type, name and status stays.

    It begins afresh: conversations that it ran for before are new to it, and time conditions count from now on.
    Raises NotFound, Forbidden, Invalid.
    """
    before = await _locked(tx, actor, workflow_id)
    kept = before.status if before.status is not WorkflowStatus.INVALID else WorkflowStatus.INACTIVE
    whole = msgspec.structs.replace(
        draft,
        mailbox_id=draft.mailbox_id or before.mailbox_id,
        type=draft.type or before.type.value,
        status=draft.status or kept.value,
        name=before.name if draft.name is None else draft.name,
        conditions=before.definition.conditions if draft.conditions is None else draft.conditions,
        actions=before.definition.actions if draft.actions is None else draft.actions,
    )
    known = await checked(tx, actor, whole)
    position = before.position
    if known.mailbox_id != before.mailbox_id:
        position = await store.last_position(tx.connection, actor.account_id, known.mailbox_id) + 1
    definition = definitions.definition_of(whole)
    after = msgspec.structs.replace(
        before,
        mailbox_id=known.mailbox_id,
        type=WorkflowType(whole.type),
        status=WorkflowStatus(whole.status),
        name=clean_name(whole.name or ""),
        position=position,
        definition=definition,
        problems=[],
        modified_at=tx.now,
    )
    await store.replace(tx.connection, after, has_clock=definitions.has_clock(definition))
    await store.forget(tx.connection, actor.account_id, workflow_id)
    tx.emit(actor, events.WorkflowUpdated(subject_id=after.id, scope_id=after.mailbox_id))
    if after.status is not before.status:
        _tell_status(tx, actor, before, after.status)


async def delete(tx: Tx, actor: Actor, workflow_id: int) -> None:
    """Remove a workflow; what it did stays in the history of the conversations. Raises NotFound, Forbidden."""
    before = await _locked(tx, actor, workflow_id)
    await store.delete(tx.connection, actor.account_id, workflow_id, tx.now)
    tx.emit(actor, events.WorkflowDeleted(subject_id=before.id, scope_id=before.mailbox_id))


async def set_status(tx: Tx, actor: Actor, workflow_id: int, status: WorkflowStatus) -> None:
    """Switch on or off; the same again changes nothing. Raises NotFound, Forbidden, Invalid (spec: 11.12)."""
    before = await _locked(tx, actor, workflow_id)
    if status is before.status:
        return
    if status is WorkflowStatus.ACTIVE:
        known = await references.load(tx, actor.account_id, before.mailbox_id)
        problems = definitions.problems_of(before.definition, before.type, known)
        if problems:
            reasons = "; ".join(f"{problem.path}: {problem.message}" for problem in problems)
            raise Invalid.one(
                "value", f"an invalid workflow cannot be activated ({reasons})", "EnumValue", status.value
            )
    if before.status is WorkflowStatus.INVALID and status is WorkflowStatus.INACTIVE:
        return
    await store.set_status(tx.connection, before, status, [], tx.now)
    if status is WorkflowStatus.ACTIVE:
        await store.forget(tx.connection, actor.account_id, workflow_id)
    _tell_status(tx, actor, before, status)


def _tell_status(tx: Tx, actor: Actor, before: Workflow, status: WorkflowStatus) -> None:
    tx.emit(
        actor,
        events.WorkflowStatusChanged(
            subject_id=before.id, scope_id=before.mailbox_id, status=status.value, previous=before.status.value
        ),
    )


async def put_in_order(tx: Tx, actor: Actor, mailbox_id: int, ids: list[int]) -> None:
    """Give the workflows of a mailbox their order: all of them, each once. Raises NotFound, Forbidden, Invalid."""
    await mailboxes.get(tx, actor, mailbox_id)
    policy.may_manage(actor)
    present = await store.lock_ids(tx.connection, actor.account_id, mailbox_id)
    errors = [
        FieldError(f"workflowIds[{index}]", "workflow does not exist", "Unknown", one)
        for index, one in enumerate(ids)
        if one not in present
    ]
    if not errors and sorted(ids) != sorted(present):
        errors.append(FieldError("workflowIds", "must name every workflow of the mailbox once", "Size", ids))
    if errors:
        raise Invalid(errors)
    if ids == present:
        return
    await store.set_order(tx.connection, actor.account_id, mailbox_id, ids)
    tx.emit(actor, events.WorkflowsOrdered(subject_id=mailbox_id, scope_id=mailbox_id, workflow_ids=ids))


async def request_run(tx: Tx, actor: Actor, workflow_id: int, conversation_ids: list[int] | None) -> str:
    """Start a manual workflow for some conversations, in the background; the id that its runs bear (spec: 11.12).

    Raises NotFound, and Invalid where it is not manual or not active, or a conversation is not in its mailbox.
    """
    workflow = await get(tx, actor, workflow_id)
    errors: list[FieldError] = []
    ids = list(dict.fromkeys(conversation_ids or []))
    if not ids:
        errors.append(FieldError("conversationIds", "may not be empty", "NotEmpty"))
    elif len(conversation_ids or []) > MOST_CONVERSATIONS:
        errors.append(FieldError("conversationIds", f"size must be between 1 and {MOST_CONVERSATIONS}", "Size"))
    else:
        there = await store_runs.conversations_in(tx.connection, actor.account_id, workflow.mailbox_id, ids)
        errors += [
            FieldError(f"conversationIds[{index}]", "conversation does not exist in this mailbox", "Unknown", one)
            for index, one in enumerate(conversation_ids or [])
            if one not in there
        ]
    if workflow.type is not WorkflowType.MANUAL:
        errors.append(FieldError("workflowId", "only manual workflows can be run", "EnumValue", source="PATH"))
    if workflow.status is not WorkflowStatus.ACTIVE:
        message = f"the workflow is {workflow.status.value}"
        errors.append(FieldError("workflowId", message, "EnumValue", source="PATH"))
    if errors:
        raise Invalid(errors)
    request_id = str(uuid4())
    await enqueue(
        tx,
        RUN_JOB,
        {
            "account_id": actor.account_id,
            "workflow_id": workflow_id,
            "conversation_ids": ids,
            "user_id": actor.user_id,
            "request_id": request_id,
        },
    )
    tx.emit(
        actor,
        events.WorkflowRequested(
            subject_id=workflow.id, scope_id=workflow.mailbox_id, request_id=request_id, conversation_ids=ids
        ),
    )
    return request_id


async def list_runs(tx: Tx, actor: Actor, workflow_id: int, page: PageRequest, outcome: str | None = None) -> Page[Run]:
    """What a workflow did, newest first, for the conversations that the actor sees now. Raises NotFound."""
    await get(tx, actor, workflow_id)
    return await store_runs.list_of_workflow(tx.connection, scope_of(actor), workflow_id, outcome, page)


async def list_runs_of_conversation(tx: Tx, actor: Actor, conversation_id: int, page: PageRequest) -> Page[Run]:
    """Which workflows met a conversation and what they did, newest first. Raises NotFound."""
    await conversations.get(tx, actor, conversation_id)
    return await store_runs.list_of_conversation(tx.connection, scope_of(actor), conversation_id, page)


async def revalidate(tx: Tx, account_id: int) -> None:
    """Something that workflows may name has gone or changed: those that cannot work any more become invalid.

    Those that were invalid and can work again become inactive; nobody but a person activates.
    """
    actor = Actor.system(account_id)
    known: dict[int, References] = {}
    for workflow in await store.lock_all(tx.connection, account_id):
        if workflow.mailbox_id not in known:
            known[workflow.mailbox_id] = await references.load(tx, account_id, workflow.mailbox_id)
        problems: list[Problem] = definitions.problems_of(
            workflow.definition, workflow.type, known[workflow.mailbox_id]
        )
        if problems == workflow.problems and bool(problems) == (workflow.status is WorkflowStatus.INVALID):
            continue
        was_invalid = workflow.status is WorkflowStatus.INVALID
        status = WorkflowStatus.INVALID if problems else WorkflowStatus.INACTIVE if was_invalid else workflow.status
        await store.set_status(tx.connection, workflow, status, problems, tx.now)
        if status is not workflow.status:
            _tell_status(tx, actor, workflow, status)
