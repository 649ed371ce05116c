"""The subscriber of the event log: keeps what automatic workflows have to look at, and finds rules that have broken."""

from __future__ import annotations

from waypost.domains.workflows import catalog, clock, letters, service, store, store_pending
from waypost.domains.workflows.store_pending import ToLookAt
from waypost.kit.events import Fact
from waypost.kit.tx import Tx

NAME = "workflows"
#: A mail beside the replies came back.
RETURNED = "convo.letter.returned"

#: Facts about a conversation that change nothing that conditions can ask about.
_IDLE = frozenset(
    {
        "convo.deleted",
        "convo.draft.saved",
        RETURNED,
        "convo.thread.edited",
        "convo.thread.hidden",
        "convo.thread.scheduled",
        "convo.workflow",
    }
)
#: Kinds of fact after which a rule may name something that is gone, or that is there again.
_NAMED = (
    "user.activated",
    "user.deactivated",
    "user.deleted",
    "team.",
    "mailbox.",
    "saved-reply.",
    "custom-field.",
    "customer_property.",
)


async def on_facts(tx: Tx, facts: list[Fact]) -> None:
    """Keep the facts that workflows look at, each once, and queue the jobs that let them."""
    broken = {fact.account_id for fact in facts if fact.type.startswith(_NAMED)}
    for account_id in await store.accounts_with_any(tx.connection, sorted(broken)) if broken else []:
        await service.revalidate(tx, account_id)
    for fact in facts:
        if fact.type == RETURNED and fact.subject_id is not None:
            serial, failed = fact.data["serial"], fact.data["failed"]
            await letters.note_returned(tx, fact.account_id, fact.subject_id, serial, failed)
    about = [fact for fact in facts if _is_told(fact)]
    if not about:
        return
    watched = await store.mailboxes_with_automatic(tx.connection, sorted({fact.account_id for fact in about}))
    items = [_item(fact) for fact in about if (fact.account_id, fact.scope_id) in watched]
    if items:
        await store_pending.add_facts(tx.connection, items, tx.now)
        due = {(item.fact.account_id, item.fact.subject_id or 0): None for item in items}
        await clock.queue_looks(tx, list(due))


def _is_told(fact: Fact) -> bool:
    return (
        fact.subject_kind == "conversation"
        and fact.subject_id is not None
        and fact.type not in _IDLE
        and not fact.data.get("is_imported")
    )


def _item(fact: Fact) -> ToLookAt:
    cause = fact.data.get("cause") or {}
    # What a workflow writes is no event: `agentReply` and `note` are what people do. Nor is it one that its reply does
    # not arrive: a rule that replies to that would go on for ever.
    is_told = not cause and not fact.data.get("is_by_workflow")
    happened = catalog.EVENTS.get(fact.type) if is_told else None
    return ToLookAt(fact, happened, cause.get("chain") or [], cause.get("depth") or 0)
