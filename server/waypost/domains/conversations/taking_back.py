"""Calling a reply back before it leaves, and what the log says of mail that left, came back or was sent again."""

from __future__ import annotations

from waypost.domains.accounts import Actor
from waypost.domains.conversations import events, locking, store_merging, store_taking_back, store_threads, store_writes
from waypost.domains.conversations.models import State, Status, ThreadState, ThreadType
from waypost.domains.conversations.rules import Standing, settled
from waypost.domains.conversations.store_writes import Locked
from waypost.kit.errors import Conflict, Forbidden, NotFound
from waypost.kit.html import preview
from waypost.kit.tx import Tx

_ON_THEIR_WAY = frozenset({ThreadType.MESSAGE, ThreadType.FORWARD_CHILD})


async def hold_reply(tx: Tx, actor: Actor, conversation_id: int, thread_id: int) -> None:
    """Check that the actor may say what becomes of a reply, its conversation locked.

    Authors may, and administrators. Raises NotFound, Forbidden, Conflict for what never leaves by mail.
    """
    conversation = await locking.lock(tx, actor, conversation_id)
    found = await store_threads.find(tx.connection, actor.account_id, actor.user_id, conversation.id, thread_id)
    if found is None:
        raise NotFound
    thread = found[0]
    if not actor.is_administrator and thread.created_by.id != actor.user_id:
        raise Forbidden("somebody else's reply")
    is_imported = await store_taking_back.is_imported(tx.connection, actor.account_id, thread_id)
    if thread.type not in _ON_THEIR_WAY or thread.state is not ThreadState.PUBLISHED or is_imported:
        raise Conflict("the thread does not leave by mail")


async def take_back(tx: Tx, actor: Actor, conversation_id: int, thread_id: int) -> None:
    """Make a reply a draft again; the conversation stands as it did before it. The caller keeps the mail from leaving.

    Raises NotFound; Conflict for anything but a published reply.
    """
    connection, account_id = tx.connection, actor.account_id
    conversation = await locking.lock(tx, actor, conversation_id)
    found = await store_threads.find(connection, account_id, actor.user_id, conversation.id, thread_id)
    if found is None:
        raise NotFound
    if found[0].type is not ThreadType.MESSAGE or found[0].state is not ThreadState.PUBLISHED:
        raise Conflict("only replies can be called back")
    await store_threads.set_state(connection, account_id, conversation.id, thread_id, ThreadState.DRAFT)
    status = await _status_before(tx, actor, conversation, thread_id)
    said = await store_merging.said(connection, account_id, conversation.id)
    is_closed = status is Status.CLOSED
    await store_writes.add_thread(
        connection,
        account_id,
        conversation.id,
        store_writes.ThreadAdded(
            standing=settled(Standing(status, said.latest_reply_from, said.waiting_since)),
            at=tx.now,
            by_user=True,
            closed_at=(conversation.closed_at or tx.now) if is_closed else None,
            closed_by_user_id=conversation.closed_by_user_id if is_closed else None,
            preview=preview(said.newest or found[0].body),
            counted=-1,
            by_api=0,
            attachments=0,
            cc=None,
            bcc=None,
        ),
    )
    if said.newest is None:
        # It was all that there was: a draft conversation, which can be sent as one.
        await store_writes.set_state(connection, account_id, conversation.id, State.DRAFT.value, tx.now)
    tx.emit(
        actor,
        events.ReplyTakenBack(subject_id=conversation.id, scope_id=conversation.mailbox_id, thread_id=thread_id),
    )


async def _status_before(tx: Tx, actor: Actor, conversation: Locked, thread_id: int) -> Status:
    """The status that the reply has changed, unless somebody has changed it since."""
    change = await store_taking_back.status_change(tx.connection, actor.account_id, conversation.id, thread_id)
    if change is None or change[1] != conversation.status.value:
        return conversation.status
    tx.emit(
        actor,
        events.StatusChanged(
            subject_id=conversation.id,
            scope_id=conversation.mailbox_id,
            status=change[0],
            previous=conversation.status.value,
            thread_id=thread_id,
        ),
    )
    return Status(change[0])


async def note_failed_reply(tx: Tx, actor: Actor, conversation_id: int, thread_id: int, error: str) -> None:
    """Say in the log that a reply did not reach everybody."""
    place = await store_taking_back.place(tx.connection, actor.account_id, conversation_id, thread_id)
    if place is not None:
        tx.emit(
            actor,
            events.ReplyFailed(
                subject_id=place["conversation_id"],
                scope_id=place["mailbox_id"],
                thread_id=thread_id,
                user_id=place["user_id"],
                error=error,
                is_by_workflow=place["is_by_workflow"],
            ),
        )


async def note_retried_reply(tx: Tx, actor: Actor, conversation_id: int, thread_id: int, *, has_failed: bool) -> None:
    """Somebody sends a reply again: the thread has changed, and the log says so where it had failed."""
    place = await store_taking_back.place(tx.connection, actor.account_id, conversation_id, thread_id)
    await store_taking_back.touch(tx.connection, actor.account_id, thread_id)
    await store_writes.touch(tx.connection, actor.account_id, conversation_id, tx.now)
    if place is not None and has_failed:
        tx.emit(
            actor,
            events.ReplyRetried(subject_id=place["conversation_id"], scope_id=place["mailbox_id"], thread_id=thread_id),
        )


async def note_auto_reply(tx: Tx, actor: Actor, conversation_id: int, thread_id: int) -> None:
    """Say in the log that the automatic reply to a customer's message has left."""
    place = await store_taking_back.place(tx.connection, actor.account_id, conversation_id, thread_id)
    if place is not None:
        tx.emit(
            actor,
            events.AutoReplied(subject_id=place["conversation_id"], scope_id=place["mailbox_id"], thread_id=thread_id),
        )
