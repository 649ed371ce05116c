"""Calls that workflows make to addresses on the web: queued in the run's transaction, made by a job of their own."""

from __future__ import annotations

from typing import Any

import msgspec

from waypost.domains.workflows import store_runs
from waypost.domains.workflows.cases import Case
from waypost.domains.workflows.models import Workflow
from waypost.kit.jobs import TryLater, enqueue
from waypost.kit.safe_http import Outgoing, OutgoingFailure
from waypost.kit.tx import Transactions, Tx

CALL_JOB = "workflows.call"
CALL_ATTEMPTS = 8
FIRST_PAUSE_S = 10.0
DELIVERED, FAILED = "done", "failed"


async def queue(tx: Tx, workflow: Workflow, case: Case, run_id: int, place: int, url: str) -> None:
    """Queue a call that tells of the conversation as it stood when the workflow met it."""
    body = {
        "workflow": {"id": workflow.id, "name": workflow.name},
        "runId": run_id,
        "at": tx.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "conversation": {
            "id": case.id,
            "number": case.number,
            "subject": case.subject,
            "status": case.status,
            "type": case.type,
            "mailboxId": case.mailbox_id,
            "assigneeId": case.assignee_id,
            "tags": case.tags,
            "customer": {
                "id": case.customer_id,
                "email": case.customer_email,
                "firstName": case.customer_first_name,
                "lastName": case.customer_last_name,
            },
        },
    }
    payload = {"account_id": workflow.account_id, "run_id": run_id, "place": place, "url": url, "body": body}
    await enqueue(tx, CALL_JOB, payload)


async def call(transactions: Transactions, outgoing: Outgoing, payload: dict[str, Any]) -> None:
    """Make a call. Raises TryLater where another try may help; what will never work is noted at once."""
    url = payload["url"]
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Waypost workflows",
        # The same with every try, so that a receiver can tell a repetition.
        "X-Waypost-Delivery": f"{payload['run_id']}-{payload['place']}",
    }
    try:
        answer = await outgoing.post(url, msgspec.json.encode(payload["body"]), headers)
    except OutgoingFailure as failure:
        if failure.kind == "blocked-address":
            await _note(transactions, payload, FAILED, str(failure))
            return
        raise TryLater(FIRST_PAUSE_S, str(failure)) from failure
    told = f"{url} answered {answer.status}"
    if 200 <= answer.status < 300:
        await _note(transactions, payload, DELIVERED, told)
    elif answer.status in (408, 425, 429) or answer.status >= 500:
        raise TryLater(FIRST_PAUSE_S, told)
    else:
        await _note(transactions, payload, FAILED, told)


async def give_up(transactions: Transactions, payload: dict[str, Any], error: BaseException) -> None:
    """Note that it has been tried long enough."""
    await _note(transactions, payload, FAILED, f"given up: {error}")


async def _note(transactions: Transactions, payload: dict[str, Any], outcome: str, detail: str) -> None:
    async with transactions.open() as tx:
        await store_runs.note_action(
            tx.connection, payload["account_id"], payload["run_id"], payload["place"], outcome, detail
        )
