"""Changing a conversation: the operations of E7, deletion (E8)."""

from __future__ import annotations

from waypost.domains import customers, mailboxes
from waypost.domains.accounts import Actor
from waypost.domains.conversations import (
    events,
    labels,
    locking,
    participants,
    policy,
    replying,
    store_labels,
    store_ratings,
    store_threads,
    store_writes,
)
from waypost.domains.conversations.models import State, Status
from waypost.kit.errors import FieldError, Invalid, NotFound
from waypost.kit.html import clean_text
from waypost.kit.tx import Tx

SUBJECT_LIMIT = 998


async def change_subject(tx: Tx, actor: Actor, conversation_id: int, subject: str) -> None:
    """Give it another subject."""
    conversation = await locking.lock(tx, actor, conversation_id)
    text = clean_text(subject).strip()
    if not text:
        raise Invalid.one("value", "may not be empty", "NotEmpty")
    if len(text) > SUBJECT_LIMIT:
        raise Invalid.one("value", f"size must be between 1 and {SUBJECT_LIMIT}", "Size", subject)
    if text == conversation.subject:
        return
    await store_writes.set_subject(tx.connection, actor.account_id, conversation.id, text, tx.now)
    tx.emit(
        actor,
        events.SubjectChanged(
            subject_id=conversation.id, scope_id=conversation.mailbox_id, previous=conversation.subject
        ),
    )


async def change_status(tx: Tx, actor: Actor, conversation_id: int, status: Status) -> None:
    """Close it, or open it again. The same status again changes nothing and emits nothing."""
    conversation = await locking.lock(tx, actor, conversation_id)
    if status is conversation.status:
        return
    await store_writes.set_status(tx.connection, actor.account_id, conversation.id, status, _closer(actor), tx.now)
    tx.emit(
        actor,
        events.StatusChanged(
            subject_id=conversation.id,
            scope_id=conversation.mailbox_id,
            status=status.value,
            previous=conversation.status.value,
        ),
    )


def _closer(actor: Actor) -> int | None:
    """The platform itself closes as nobody (spec: 7.0 `closedByUser`)."""
    return actor.user_id if actor.kind == "user" and actor.user_id else None


async def assign(tx: Tx, actor: Actor, conversation_id: int, assignee_id: int | None) -> None:
    """Assign to a user or team, or (None) to nobody."""
    conversation = await locking.lock(tx, actor, conversation_id)
    errors: list[FieldError] = []
    await participants.check_user(tx, actor, assignee_id, "value", errors)
    if errors:
        raise Invalid(errors)
    await replying.assign(tx, actor, conversation, assignee_id)


async def move(tx: Tx, actor: Actor, conversation_id: int, mailbox_id: int) -> None:
    """Move to another mailbox. Values of fields that the new one lacks are dropped (spec: 7.4)."""
    conversation = await locking.lock(tx, actor, conversation_id)
    policy.may_file_under(actor, mailbox_id)
    if not await mailboxes.exists(tx, actor, mailbox_id):
        raise Invalid.one("value", "mailbox does not exist", "Unknown", mailbox_id)
    if mailbox_id == conversation.mailbox_id:
        return
    account_id = actor.account_id
    await store_writes.set_mailbox(tx.connection, account_id, conversation.id, mailbox_id, tx.now)
    values = await store_labels.fields_of(tx.connection, account_id, conversation.id)
    if values:
        await store_labels.clear_fields(tx.connection, account_id, conversation.id, list(values))
    tx.emit(
        actor,
        events.Moved(
            subject_id=conversation.id,
            scope_id=mailbox_id,
            mailbox_id=mailbox_id,
            previous_mailbox_id=conversation.mailbox_id,
        ),
    )


async def put_in_folder(tx: Tx, actor: Actor, conversation_id: int, folder_id: int) -> None:
    """Folders are views, so none can be filled by hand: the folder must exist, and nothing changes (spec: 7.4)."""
    await locking.lock(tx, actor, conversation_id)
    if await mailboxes.find_folder(tx.connection, locking.reach(actor), folder_id) is None:
        raise Invalid.one("value", "folder does not exist", "Unknown", folder_id)


async def change_customer(tx: Tx, actor: Actor, conversation_id: int, customer_id: int) -> None:
    """Make it another customer's."""
    conversation = await locking.lock(tx, actor, conversation_id)
    if customer_id == conversation.primary_customer_id:
        return
    try:
        await customers.keep(tx, actor, customer_id)
    except NotFound as error:
        raise Invalid.one("value", "customer does not exist", "Unknown", customer_id) from error
    await store_writes.set_customer(tx.connection, actor.account_id, conversation.id, customer_id, tx.now)
    tx.emit(
        actor,
        events.CustomerChanged(
            subject_id=conversation.id,
            scope_id=conversation.mailbox_id,
            customer_id=customer_id,
            previous_id=conversation.primary_customer_id,
        ),
    )


async def publish(tx: Tx, actor: Actor, conversation_id: int) -> None:
    """Send a draft conversation, and its draft replies with it. One that is published already stays as it is."""
    conversation = await locking.lock(tx, actor, conversation_id)
    if conversation.state != State.DRAFT.value:
        return
    account_id = actor.account_id
    await store_writes.set_state(tx.connection, account_id, conversation.id, State.PUBLISHED.value, tx.now)
    tx.emit(actor, events.Published(subject_id=conversation.id, scope_id=conversation.mailbox_id))
    for thread_id in await store_threads.lock_drafts(tx.connection, account_id, conversation.id):
        await replying.publish_draft(tx, actor, conversation, thread_id)


def refuse_unpublishing() -> Invalid:
    """What has been sent cannot become a draft again (spec: 7.4)."""
    return Invalid.one("value", "a published conversation cannot become a draft", "EnumValue", True)


async def delete(tx: Tx, actor: Actor, conversation_id: int) -> None:
    """Take it out of every list, with its threads and files (spec: 7.5). Raises NotFound, Forbidden."""
    conversation = await locking.lock(tx, actor, conversation_id)
    policy.may_delete(actor)
    await delete_locked(tx, actor, conversation.id, conversation.mailbox_id, conversation.number)


async def delete_locked(tx: Tx, actor: Actor, conversation_id: int, mailbox_id: int, number: int) -> None:
    """The deletion itself."""
    await store_writes.set_state(tx.connection, actor.account_id, conversation_id, State.DELETED.value, tx.now)
    await labels.change_tags(tx, actor, conversation_id, mailbox_id, [])
    tx.emit(actor, events.Deleted(subject_id=conversation_id, scope_id=mailbox_id, number=number))


async def delete_of_customer(tx: Tx, actor: Actor, customer_id: int) -> None:
    """All conversations of a customer who is being deleted; customers.delete has checked the rights."""
    await store_ratings.drop(tx.connection, actor.account_id, customer_id)
    rows = await store_writes.lock_of_customer(tx.connection, actor.account_id, customer_id)
    for conversation_id, mailbox_id, number in rows:
        await delete_locked(tx, actor, conversation_id, mailbox_id, number)
