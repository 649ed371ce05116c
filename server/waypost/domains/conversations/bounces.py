"""Replies that come back."""

from __future__ import annotations

from waypost.domains.accounts import Actor
from waypost.domains.conversations import editing, events, locking
from waypost.domains.conversations.models import Status
from waypost.kit.tx import Tx


async def note_bounce(
    tx: Tx,
    actor: Actor,
    conversation_id: int,
    thread_id: int,
    detail: str,
    *,
    reopens: bool,
    is_by_workflow: bool = False,
) -> None:
    """Say that a reply did not arrive. With `reopens` a closed conversation is active again, as somebody has to act.

    Raises NotFound, Unavailable.
    """
    conversation = await locking.lock(tx, actor, conversation_id)
    tx.emit(
        actor,
        events.ReplyBounced(
            subject_id=conversation.id,
            scope_id=conversation.mailbox_id,
            thread_id=thread_id,
            detail=detail,
            is_by_workflow=is_by_workflow,
        ),
    )
    if reopens and conversation.status is Status.CLOSED:
        await editing.change_status(tx, actor, conversation_id, Status.ACTIVE)
