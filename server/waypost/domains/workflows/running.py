"""One run: a workflow's actions and the note of what they did, together or not at all."""

from __future__ import annotations

from dataclasses import dataclass

from waypost.domains.accounts import WORKFLOW_USER, Actor
from waypost.domains.workflows import events, store, store_runs
from waypost.domains.workflows.cases import Case
from waypost.domains.workflows.models import ActionDone, Finding, Outcome, Workflow
from waypost.domains.workflows.perform import DONE, Scene, perform
from waypost.kit.errors import Busy, Conflict, Invalid, Unavailable, WaypostError
from waypost.kit.files import FileStore
from waypost.kit.tx import Tx

#: So many workflows may set each other off, one after the other; then it ends (spec: webhooks, "loops are cut").
LONGEST_CHAIN = 25


@dataclass(frozen=True, kw_only=True)
class Start:
    """What set a run off, and which workflows' changes led to it."""

    cause: str
    chain: list[int]
    depth: int
    event_id: int | None = None
    event_type: str | None = None
    request_id: str | None = None
    started_by_user_id: int | None = None


async def actor_for(tx: Tx, account_id: int, start: Start, workflow_id: int, run_id: int) -> Actor:
    """The platform's user "Workflow"; its facts say which run they come from."""
    user_id = await store.workflow_user(tx.connection, account_id, WORKFLOW_USER)
    cause = {
        "workflow_id": workflow_id,
        "run_id": run_id,
        "chain": [*start.chain, workflow_id],
        "depth": start.depth + 1,
        "is_manual": start.cause == "manual",
    }
    return Actor(account_id=account_id, kind="system", user_id=user_id, cause=cause)


async def note(
    tx: Tx, workflow: Workflow, case: Case | int, start: Start, outcome: Outcome, reason: str, findings: list[Finding]
) -> int | None:
    """Put a run into the history; its id, or None when this very one is there already."""
    return await store_runs.insert(
        tx.connection,
        store_runs.NewRun(
            account_id=workflow.account_id,
            workflow_id=workflow.id,
            conversation_id=case if isinstance(case, int) else case.id,
            cause=start.cause,
            event_id=start.event_id,
            event_type=start.event_type,
            request_id=start.request_id,
            started_by_user_id=start.started_by_user_id,
            outcome=outcome,
            reason=reason,
            conditions=findings,
            chain=[*start.chain, workflow.id],
            depth=start.depth + 1,
            at=tx.now,
        ),
    )


async def run(
    tx: Tx, files: FileStore, workflow: Workflow, case: Case, start: Start, findings: list[Finding]
) -> Outcome | None:
    """Carry out all actions in order, or none of them where one fails; the history says why. None: it ran before.

    Raises Busy and Unavailable, after which the whole is to be tried again.
    """
    run_id = await note(tx, workflow, case, start, Outcome.DONE, "", findings)
    if run_id is None:
        return None
    actor = await actor_for(tx, workflow.account_id, start, workflow.id, run_id)
    scene = Scene(
        tx=tx, files=files, actor=actor, workflow=workflow, run_id=run_id, case=case, is_manual=start.cause == "manual"
    )
    done: list[ActionDone] = []
    try:
        async with tx.attempt():
            for action in workflow.definition.actions:
                done.append(await perform(scene, action))  # noqa: PERF401 (as far as it got tells which one failed)
            if any(one.outcome == DONE for one in done):
                tx.emit(actor, _ran(workflow, case, start, run_id))
    except (Busy, Unavailable):
        raise
    except WaypostError as error:
        failed = workflow.definition.actions[len(done)]
        reason = f"{failed.type}: {_told(error)}"
        await store_runs.settle(tx.connection, workflow.account_id, run_id, Outcome.FAILED, reason, [])
        return Outcome.FAILED
    await store_runs.settle(tx.connection, workflow.account_id, run_id, Outcome.DONE, "", done)
    return Outcome.DONE


def _ran(workflow: Workflow, case: Case, start: Start, run_id: int) -> events.WorkflowRan:
    return events.WorkflowRan(
        subject_id=case.id,
        scope_id=case.mailbox_id,
        workflow_id=workflow.id,
        name=workflow.name,
        run_id=run_id,
        is_manual=start.cause == "manual",
        started_by_user_id=start.started_by_user_id,
    )


def _told(error: WaypostError) -> str:
    if isinstance(error, (Invalid, Conflict)) and error.errors:
        return "; ".join(f"{field.message}" for field in error.errors)
    return error.message or type(error).__name__
