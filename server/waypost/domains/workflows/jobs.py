"""Background work: looking at what happened to conversations, and running manual workflows for many of them."""

from __future__ import annotations

from functools import partial
from typing import Any

from waypost.domains.accounts import Actor, scope_of
from waypost.domains.workflows import automatic, calls, cases, evaluate, references, store, store_pending
from waypost.domains.workflows.clock import LOOK_JOB
from waypost.domains.workflows.models import Outcome, Workflow, WorkflowStatus
from waypost.domains.workflows.running import Start, note, run
from waypost.domains.workflows.service import RUN_JOB
from waypost.kit.errors import Unavailable
from waypost.kit.files import FileStore
from waypost.kit.jobs import Job, TryLater
from waypost.kit.safe_http import Outgoing
from waypost.kit.tx import Transactions, Tx

#: A merge or a move holds a conversation for moments only.
BUSY_PAUSE_S = 5.0


def jobs(transactions: Transactions, files: FileStore, outgoing: Outgoing) -> list[Job]:
    """The kinds of job of this domain."""
    return [
        Job(name=LOOK_JOB, handle=partial(look, transactions, files)),
        Job(name=RUN_JOB, handle=partial(run_manually, transactions, files)),
        Job(
            name=calls.CALL_JOB,
            handle=partial(calls.call, transactions, outgoing),
            attempts=calls.CALL_ATTEMPTS,
            first_pause_s=calls.FIRST_PAUSE_S,
            give_up=partial(calls.give_up, transactions),
        ),
    ]


async def look(transactions: Transactions, files: FileStore, payload: dict[str, Any]) -> None:
    """Let automatic workflows look at some conversations, each in a transaction of its own."""
    busy = 0
    for conversation_id in payload["conversation_ids"]:
        try:
            async with transactions.open() as tx:
                await automatic.look(tx, files, payload["account_id"], conversation_id)
        except Unavailable:
            busy += 1
    if busy:
        raise TryLater(BUSY_PAUSE_S, f"{busy} conversations are locked")


async def run_manually(transactions: Transactions, files: FileStore, payload: dict[str, Any]) -> None:
    """Run a manual workflow for some conversations, each in a transaction of its own, and each once."""
    busy = 0
    for conversation_id in payload["conversation_ids"]:
        try:
            async with transactions.open() as tx:
                await _run_one(tx, files, payload, conversation_id)
        except Unavailable:
            busy += 1
    if busy:
        raise TryLater(BUSY_PAUSE_S, f"{busy} conversations are locked")


async def _run_one(tx: Tx, files: FileStore, payload: dict[str, Any], conversation_id: int) -> None:
    account_id = payload["account_id"]
    workflow = await store.find(tx.connection, scope_of(Actor.system(account_id)), payload["workflow_id"])
    if workflow is None:
        return
    start = Start(
        cause="manual",
        chain=[],
        depth=0,
        request_id=payload["request_id"],
        started_by_user_id=payload["user_id"] or None,
    )
    is_there, is_busy = await store_pending.lock_conversation(tx.connection, account_id, conversation_id)
    if is_there and is_busy:
        raise Unavailable("Conversation is locked")
    found = await cases.load(
        tx.connection, account_id, [conversation_id], with_bodies=cases.needs_bodies([workflow.definition])
    )
    if not found:
        return
    case, definition = found[0], workflow.definition
    reason = _hindrance(workflow, case, is_there=is_there)
    if reason:
        await note(tx, workflow, case, start, Outcome.SKIPPED, reason, [])
        return
    known = None
    if evaluate.names_things(definition):
        known = await references.load(tx, account_id, workflow.mailbox_id)
    verdict = evaluate.explain(definition, case, known, evaluate.Moment(tx.now))
    if not verdict.holds:
        await note(tx, workflow, case, start, Outcome.SKIPPED, "its conditions do not hold", verdict.findings)
        return
    await run(tx, files, workflow, case, start, verdict.findings)


def _hindrance(workflow: Workflow, case: cases.Case, *, is_there: bool) -> str:
    if not is_there:
        return "the conversation is gone"
    if workflow.status is not WorkflowStatus.ACTIVE:
        return f"the workflow is {workflow.status.value}"
    if case.mailbox_id != workflow.mailbox_id:
        return "the conversation is in another mailbox"
    return ""


async def forget_customer(tx: Tx, actor: Actor, customer_id: int) -> None:
    """The history of a customer who is being deleted goes too: it quotes what stood in their conversations."""
    await store_pending.forget_customer(tx.connection, actor.account_id, customer_id)
