"""The subscriber of the event log that tells users by mail what they want to be told of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from waypost.domains.notifications import policy, store
from waypost.domains.notifications.models import Notice
from waypost.kit.events import Fact
from waypost.kit.tx import Tx

NAME = "notifications"

_TOLD = frozenset(
    {
        "convo.created",
        "convo.assigned",
        "convo.customer.reply.created",
        "convo.agent.reply.created",
        "convo.note.created",
        "convo.reply.failed",
        "convo.reply.bounced",
    }
)

#: A report that a reply did not arrive is told of by its own fact. A notice of any other, itself undeliverable, would
#: bring the next one.
_BY_MAIL_SERVERS = frozenset({"convo.created", "convo.note.created"})

Send = Callable[[Tx, Notice], Awaitable[None]]


def subscriber(send: Send) -> Callable[[Tx, list[Fact]], Awaitable[None]]:
    """A subscriber that hands each notice to `send`, which queues it in the reader's transaction."""

    async def on_facts(tx: Tx, facts: list[Fact]) -> None:
        for fact in facts:
            if fact.type in _TOLD and fact.subject_id is not None and not fact.data.get("is_imported"):
                for notice in await _notices(tx, fact, fact.subject_id):
                    await send(tx, notice)

    return on_facts


async def _notices(tx: Tx, fact: Fact, conversation_id: int) -> list[Notice]:
    if fact.type == "convo.assigned" and fact.data["assignee_id"] is None:
        return []
    by = (fact.actor_kind, fact.actor_id)
    talk = await store.talk(
        tx.connection,
        fact.account_id,
        conversation_id,
        by,
        thread_id=fact.data.get("thread_id"),
        assignee_id=fact.data.get("assignee_id"),
    )
    if talk is None or (talk.is_report and fact.type in _BY_MAIL_SERVERS):
        return []
    if fact.type in ("convo.reply.failed", "convo.reply.bounced"):
        # Why it failed says more than the reply, which they know.
        talk = msgspec.structs.replace(talk, text=fact.data.get("error") or fact.data.get("detail"))
    doer = fact.actor_id if fact.actor_kind == "user" and fact.actor_id else 0
    mentioned = policy.mentions_in(talk.text or "") if fact.type == "convo.note.created" else frozenset[str]()
    notices = []
    for reader in await store.readers(tx.connection, fact.account_id, talk.mailbox_id, doer):
        occasion = policy.occasion_for(reader, fact.type, talk, mentioned, fact.data.get("user_id"))
        if occasion is not None:
            notices.append(
                Notice(
                    account_id=fact.account_id,
                    event_id=fact.id,
                    user_name=reader.name,
                    user_email=reader.email,
                    occasion=occasion,
                    conversation_id=conversation_id,
                    talk=talk,
                    user_id=reader.user_id,
                    thread_id=fact.data.get("thread_id") or 0,
                    is_about_note=fact.type == "convo.note.created",
                )
            )
    return notices
