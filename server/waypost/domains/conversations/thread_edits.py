"""Changing threads and their files: E13 to E16, E24, E25."""

from __future__ import annotations

from waypost.domains.accounts import Actor
from waypost.domains.conversations import (
    events,
    locking,
    policy,
    reading,
    store_merging,
    store_threads,
    store_writes,
    threads_in,
)
from waypost.domains.conversations.models import Attachment, NewAttachment, Thread, ThreadState, ThreadType
from waypost.kit.errors import Forbidden, Invalid, NotFound
from waypost.kit.files import FileStore
from waypost.kit.html import clean_body, preview, to_text
from waypost.kit.tx import Tx


async def edit_text(tx: Tx, actor: Actor, conversation_id: int, thread_id: int, text: str) -> None:
    """Give a thread another text. Raises NotFound, Forbidden for plain users, Invalid for line items and empty text."""
    conversation, thread = await _editable(tx, actor, conversation_id, thread_id)
    body = clean_body(text)
    plain = to_text(body)
    if not plain.strip() and "<img" not in body:
        raise Invalid.one("value", "may not be empty", "NotEmpty")
    await store_threads.set_body(tx.connection, actor.account_id, conversation.id, thread.id, body, plain, tx.now)
    await store_writes.touch(tx.connection, actor.account_id, conversation.id, tx.now)
    tx.emit(
        actor, events.ThreadEdited(subject_id=conversation.id, scope_id=conversation.mailbox_id, thread_id=thread.id)
    )


async def set_hidden(tx: Tx, actor: Actor, conversation_id: int, thread_id: int, *, hidden: bool) -> None:
    """Hide a customer's message or a reply, or show it again (spec: 7A.3). A hidden one is in no count or preview."""
    conversation, thread = await _editable(tx, actor, conversation_id, thread_id)
    if thread.type not in (ThreadType.CUSTOMER, ThreadType.MESSAGE) or thread.state is ThreadState.DRAFT:
        raise Invalid.one("path", "only customer and reply threads that are no drafts can be hidden", "EnumValue")
    state = ThreadState.HIDDEN if hidden else ThreadState.PUBLISHED
    if state is thread.state:
        return
    await store_threads.set_state(tx.connection, actor.account_id, conversation.id, thread.id, state)
    said = await store_merging.said(tx.connection, actor.account_id, conversation.id)
    await store_writes.set_shown(
        tx.connection, actor.account_id, conversation.id, -1 if hidden else 1, preview(said.newest or ""), tx.now
    )
    tx.emit(
        actor,
        events.ThreadHidden(
            subject_id=conversation.id, scope_id=conversation.mailbox_id, thread_id=thread.id, hidden=hidden
        ),
    )


async def _editable(tx: Tx, actor: Actor, conversation_id: int, thread_id: int) -> tuple[store_writes.Locked, Thread]:
    conversation = await locking.lock(tx, actor, conversation_id)
    found = await store_threads.find(tx.connection, actor.account_id, actor.user_id, conversation.id, thread_id)
    if found is None:
        raise NotFound
    policy.may_edit_threads(actor)
    if found[0].type is ThreadType.LINE_ITEM:
        raise Invalid.one("path", "line items cannot be changed", "EnumValue")
    return conversation, found[0]


async def add_attachment(
    tx: Tx, files: FileStore, actor: Actor, conversation_id: int, thread_id: int, wanted: NewAttachment
) -> int:
    """Add a file to a thread; its id. Raises NotFound, TooLarge."""
    conversation = await locking.lock(tx, actor, conversation_id)
    found = await store_threads.find(tx.connection, actor.account_id, actor.user_id, conversation.id, thread_id)
    if found is None:
        raise NotFound
    if found[0].type is ThreadType.LINE_ITEM:
        raise Invalid.one("threadId", "line items have no files", "EnumValue")
    threads_in.check_size(wanted)
    attachment_id = await threads_in.add_file(tx, files, actor, conversation.id, thread_id, wanted)
    await store_threads.count_attachments(tx.connection, actor.account_id, conversation.id, 1, tx.now)
    tx.emit(
        actor,
        events.AttachmentAdded(
            subject_id=conversation.id,
            scope_id=conversation.mailbox_id,
            thread_id=thread_id,
            attachment_id=attachment_id,
        ),
    )
    return attachment_id


async def get_attachment(tx: Tx, actor: Actor, conversation_id: int, attachment_id: int) -> Attachment:
    """A file of a visible conversation. Raises NotFound."""
    await reading.get_brief(tx, actor, conversation_id)
    found = await store_threads.find_attachment(
        tx.connection, actor.account_id, actor.user_id, conversation_id, attachment_id
    )
    if found is None:
        raise NotFound
    return found


async def readable_attachment(tx: Tx, actor: Actor, conversation_id: int, attachment_id: int) -> Attachment:
    """The same, if its bytes may be handed out: one found to be a virus may not (spec: 7.8)."""
    found = await get_attachment(tx, actor, conversation_id, attachment_id)
    if found.state == "virus":
        raise Forbidden
    return found


async def delete_attachment(tx: Tx, files: FileStore, actor: Actor, conversation_id: int, attachment_id: int) -> None:
    """Take a file off its thread. Plain users only off drafts and threads of their own, else Forbidden (spec: 7.8)."""
    conversation = await locking.lock(tx, actor, conversation_id)
    attachment = await get_attachment(tx, actor, conversation_id, attachment_id)
    found = await store_threads.find(
        tx.connection, actor.account_id, actor.user_id, conversation.id, attachment.thread_id
    )
    author = found[0].created_by if found is not None else None
    is_own = author is not None and author.type == "user" and author.id == actor.user_id
    if not (actor.is_administrator or is_own):
        raise Forbidden
    is_unused = await store_threads.delete_attachment(tx.connection, actor.account_id, attachment)
    await store_threads.count_attachments(tx.connection, actor.account_id, conversation.id, -1, tx.now)
    tx.emit(
        actor,
        events.AttachmentDeleted(
            subject_id=conversation.id,
            scope_id=conversation.mailbox_id,
            thread_id=attachment.thread_id,
            attachment_id=attachment.id,
        ),
    )
    if is_unused:
        tx.after_commit(lambda: files.delete_later(attachment.storage_key))


async def original_source(tx: Tx, files: FileStore, actor: Actor, conversation_id: int, thread_id: int) -> bytes:
    """The raw mail that a thread was made from. Raises NotFound when it did not come by mail."""
    await reading.get_brief(tx, actor, conversation_id)
    found = await store_threads.find(tx.connection, actor.account_id, actor.user_id, conversation_id, thread_id)
    if found is None or found[1] is None:
        raise NotFound
    return await files.read(found[1])
