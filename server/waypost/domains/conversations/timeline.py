"""The conversation's timeline: a subscriber of the event log that writes line items (spec: 7A.0 `lineitem`)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from waypost.domains.conversations import store_names, store_threads
from waypost.domains.conversations.store_threads import LineItem
from waypost.kit.events import Fact
from waypost.kit.tx import Tx

NAME = "timeline"

_STATUS_TEXT = {"active": "Active", "closed": "Closed", "pending": "Pending", "spam": "Spam"}


async def on_facts(tx: Tx, facts: list[Fact]) -> None:
    """Write the line items of these facts. Told twice, it writes once: a line item is keyed by its event."""
    for fact in facts:
        describe = _DESCRIBED.get(fact.type)
        if describe is None or fact.subject_id is None:
            continue
        described = await describe(tx, fact)
        if described is None:
            continue
        action_type, text, entities, status = _by_workflow(fact, described)
        # The system acts as a user of its own, where it has one.
        by_user = fact.actor_id if fact.actor_kind in ("user", "system") else None
        by_customer = fact.actor_id if fact.actor_kind == "customer" else None
        await store_threads.insert_line_item(
            tx.connection,
            LineItem(
                account_id=fact.account_id,
                conversation_id=fact.subject_id,
                status=status,
                action_type=action_type,
                action_text=text,
                action_entities=entities,
                source_type="web" if fact.actor_kind == "user" else "workflows" if _workflow(fact) else "internal",
                source_via="customer" if by_customer else "user",
                by_customer_id=by_customer,
                by_user_id=by_user,
                created_at=fact.at,
                event_id=fact.id,
                stays=fact.type == "convo.merged.into",
            ),
        )


Described = tuple[str, str, dict[str, Any], str]


def _workflow(fact: Fact) -> dict[str, Any] | None:
    """Which workflow did it, if one did."""
    cause = fact.data.get("cause")
    return cause if isinstance(cause, dict) and "workflow_id" in cause else None


def _by_workflow(fact: Fact, described: Described) -> Described:
    """A line that names the workflow (spec: 7A.0 `action`). A move says more by its own type."""
    cause = _workflow(fact)
    if cause is None:
        return described
    action_type, text, entities, status = described
    if action_type == "default":
        action_type = "manual-workflow" if cause.get("is_manual") else "workflow"
    return action_type, text, {**entities, "workflow": cause["workflow_id"]}, status


async def _ran(tx: Tx, fact: Fact) -> Described:
    user_id = fact.data.get("started_by_user_id")
    if not user_id:
        return "default", f"Workflow “{fact.data['name']}” ran", {}, "nochange"
    name = await store_names.name_of_user(tx.connection, fact.account_id, user_id)
    return "default", f"{name} ran the workflow “{fact.data['name']}”", {"user": user_id}, "nochange"


async def _status(_: Tx, fact: Fact) -> Described | None:
    # A status that came with a reply shows on the reply itself.
    if fact.data.get("thread_id"):
        return None
    status = fact.data["status"]
    return "default", f"Marked as {_STATUS_TEXT.get(status, status)}", {}, status


async def _assigned(tx: Tx, fact: Fact) -> Described:
    assignee_id = fact.data["assignee_id"]
    if assignee_id is None:
        return "default", "Unassigned", {}, "nochange"
    name = await store_names.name_of_user(tx.connection, fact.account_id, assignee_id)
    return "default", f"Assigned to {name}", {"user": assignee_id}, "nochange"


async def _moved(tx: Tx, fact: Fact) -> Described:
    previous = fact.data["previous_mailbox_id"]
    name = await store_names.name_of_mailbox(tx.connection, fact.account_id, previous)
    return "moved-from-mailbox", f"Moved from {name}", {"mailbox": previous}, "nochange"


async def _customer(_: Tx, __: Fact) -> Described:
    return "changed-ticket-customer", "Changed the customer", {}, "nochange"


async def _subject(_: Tx, __: Fact) -> Described:
    return "default", "Changed the subject", {}, "nochange"


async def _snoozed(_: Tx, fact: Fact) -> Described:
    return "default", f"Snoozed until {fact.data['until']}", {}, "nochange"


async def _unsnoozed(_: Tx, fact: Fact) -> Described:
    return "default", f"No longer snoozed: {fact.data['because']}", {}, "nochange"


async def _took_in(_: Tx, fact: Fact) -> Described:
    number, original = fact.data["number"], fact.data["conversation_id"]
    return "merged", f"Merged conversation #{number} into this one", {"originalConversation": original}, "nochange"


async def _merged_away(_: Tx, fact: Fact) -> Described:
    number, survivor = fact.data["number"], fact.data["survivor_id"]
    return "ticket-merged", f"Merged into conversation #{number}", {"conversation": survivor}, "nochange"


async def _failed(_: Tx, fact: Fact) -> Described:
    return "default", f"The reply could not be delivered: {fact.data['error']}", {}, "nochange"


async def _retried(_: Tx, __: Fact) -> Described:
    return "default", "Sent the reply again", {}, "nochange"


async def _auto_replied(_: Tx, __: Fact) -> Described:
    return "default", "Sent the automatic reply", {}, "nochange"


_DESCRIBED: dict[str, Callable[[Tx, Fact], Awaitable[Described | None]]] = {
    "convo.status": _status,
    "convo.assigned": _assigned,
    "convo.moved": _moved,
    "convo.customer": _customer,
    "convo.subject": _subject,
    "convo.snoozed": _snoozed,
    "convo.unsnoozed": _unsnoozed,
    "convo.merged.from": _took_in,
    "convo.merged.into": _merged_away,
    "convo.workflow": _ran,
    "convo.reply.failed": _failed,
    "convo.reply.retried": _retried,
    "convo.auto-reply.sent": _auto_replied,
}
