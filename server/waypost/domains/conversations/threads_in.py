"""Writing a thread: the row, its files, and what it says in the log."""

from __future__ import annotations

from datetime import datetime

import msgspec

from waypost.domains.accounts import Actor
from waypost.domains.conversations import events, rules, store_files, store_threads, variables
from waypost.domains.conversations.models import (
    Attachment,
    NewAttachment,
    NewThread,
    Status,
    ThreadState,
    ThreadType,
    UsedAttachment,
)
from waypost.domains.mailboxes import saved_replies
from waypost.kit.errors import FieldError, Invalid, TooLarge
from waypost.kit.file_kinds import real_type
from waypost.kit.files import FileStore
from waypost.kit.html import clean_body, clean_body_to_text, clean_file_name, unfolded
from waypost.kit.image_sizes import dimensions
from waypost.kit.tx import Tx

#: Decoded size of one file (spec: 5.5).
MOST_ATTACHMENT_BYTES = 10 * 1024 * 1024
LARGEST_ID = 2**63 - 1
_EVENTS: dict[ThreadType, type[events.ThreadCreated]] = {
    ThreadType.CUSTOMER: events.CustomerReplied,
    ThreadType.MESSAGE: events.AgentReplied,
    ThreadType.NOTE: events.NoteCreated,
    ThreadType.PHONE: events.PhoneCreated,
    ThreadType.CHAT: events.ChatCreated,
    ThreadType.BEACON_CHAT: events.ChatCreated,
    ThreadType.FORWARD_CHILD: events.AgentReplied,
    ThreadType.FORWARD_PARENT: events.Forwarded,
}
_WITH_COPIES = frozenset({ThreadType.MESSAGE, ThreadType.CUSTOMER, ThreadType.FORWARD_CHILD, ThreadType.FORWARD_PARENT})


class Place(msgspec.Struct, frozen=True):
    """Where a thread goes, and what is known of the conversation by then."""

    conversation_id: int
    mailbox_id: int
    customer_id: int
    assignee_id: int | None
    before: Status
    after: Status
    #: Addresses that a reply goes to when the thread names none.
    to: list[str]
    cc: list[str]
    bcc: list[str]


class Written(msgspec.Struct, frozen=True):
    """A thread that is in: its id and what it looks like from outside."""

    id: int
    state: ThreadState
    status: str
    created_at: datetime
    body: str
    text: str
    attachments: int


async def write(
    tx: Tx,
    files: FileStore,
    actor: Actor,
    thread: NewThread,
    place: Place,
    *,
    is_imported: bool,
    is_answer: bool = False,
    path: str = "",
) -> Written:
    """Insert a thread with its files. The caller moves the conversation and calls `announce`.

    `path` is where the thread stood in the request. What a customer's answer quotes is in the threads before it, so it
    is found by its own words alone. Raises Invalid, TooLarge.
    """
    body = clean_body(await _with_values(tx, actor, thread, place, is_imported=is_imported))
    state = rules.state_of(thread)
    by_customer = rules.written_by_customer(thread)
    text = clean_body_to_text(unfolded(body) if by_customer and is_answer else body)
    if thread.source_type == "api":
        _check_content(thread, body, text, path)
    created_at = thread.created_at or tx.now
    status = place.after.value if place.after is not place.before else "nochange"
    row = store_threads.NewThreadRow(
        account_id=actor.account_id,
        conversation_id=place.conversation_id,
        type=thread.type.value,
        status=status,
        state=state.value,
        body=body,
        body_text=text,
        source_type=thread.source_type,
        source_via="customer" if by_customer else "user",
        customer_id=place.customer_id,
        created_by_customer_id=place.customer_id if by_customer else None,
        created_by_user_id=None if by_customer else (thread.user_id or actor.user_id or None),
        assignee_id=place.assignee_id,
        saved_reply_id=await _saved_reply(tx, actor, thread.saved_reply_id, place.mailbox_id),
        to_emails=_recipients(thread, place),
        cc=place.cc if thread.type in _WITH_COPIES else [],
        bcc=place.bcc if thread.type in _WITH_COPIES else [],
        is_imported=is_imported or thread.is_imported,
        created_at=created_at,
        message_id=thread.message_id,
        source_file=thread.source_file,
        is_automatic=thread.is_automatic,
        action_type=thread.action_type,
        action_entities=thread.action_entities,
    )
    thread_id = await store_threads.insert(tx.connection, row)
    count = await add_files(tx, files, actor, place.conversation_id, thread_id, thread.attachments)
    if thread.used_attachments:
        count += await _use(tx, actor, place.conversation_id, thread_id, thread.used_attachments)
    return Written(thread_id, state, status, created_at, body, text, count)


async def _with_values(tx: Tx, actor: Actor, thread: NewThread, place: Place, *, is_imported: bool) -> str:
    """The body of a reply that leaves with its variables filled in. A draft keeps them; workflows fill in their own."""
    is_reply = thread.type is ThreadType.MESSAGE and thread.action_type == "default"
    if not is_reply or not rules.leaves_by_mail(thread, is_imported=is_imported):
        return thread.body
    return await variables.filled(
        tx,
        actor.account_id,
        thread.body,
        conversation_id=place.conversation_id,
        customer_id=place.customer_id,
        user_id=thread.user_id or actor.user_id or None,
    )


def _recipients(thread: NewThread, place: Place) -> list[str]:
    if thread.type is not ThreadType.MESSAGE or (thread.is_imported and thread.to):
        return thread.to
    return place.to


async def _saved_reply(tx: Tx, actor: Actor, wanted: int | None, mailbox_id: int) -> int | None:
    """Noted where the mailbox has or had such a one. Anything else must not cost somebody what they have written."""
    if not wanted or not 0 < wanted <= LARGEST_ID:
        return None
    is_known = await saved_replies.was_in_mailbox(tx, actor.account_id, mailbox_id, wanted)
    return wanted if is_known else None


async def _use(tx: Tx, actor: Actor, conversation_id: int, thread_id: int, used: list[UsedAttachment]) -> int:
    """Put files of other threads on this one too; how many. Raises Invalid for those that the actor does not see."""
    wanted = [item.id for item in used if 0 < item.id < 2**63]
    known = await store_threads.copy_attachments(
        tx.connection, actor.account_id, actor.user_id, conversation_id, thread_id, wanted, tx.now
    )
    errors = [
        FieldError(item.at, "attachment does not exist", "Unknown", item.id) for item in used if item.id not in known
    ]
    if errors:
        raise Invalid(errors)
    return len(known)


def _check_content(thread: NewThread, body: str, text: str, path: str) -> None:
    """What callers can be told; mail is taken in as it is."""
    if not text.strip() and "<img" not in body:
        raise Invalid.one(f"{path}text", "may not be empty", "NotEmpty")
    for attachment in thread.attachments:
        check_size(attachment)


def check_size(attachment: NewAttachment) -> None:
    """Raises TooLarge for a file of more than 10 MB."""
    if len(attachment.data) > MOST_ATTACHMENT_BYTES:
        raise TooLarge("Attachments may be 10 MB at most")


async def add_files(
    tx: Tx, files: FileStore, actor: Actor, conversation_id: int, thread_id: int, attachments: list[NewAttachment]
) -> int:
    """Store files of a thread; how many. The bytes are in the file store before the rows are."""
    if len(attachments) == 1:
        await add_file(tx, files, actor, conversation_id, thread_id, attachments[0])
    elif attachments:
        async with files.together() as together:
            rows = [
                await _stored(together, actor, conversation_id, thread_id, attachment) for attachment in attachments
            ]
        await store_files.insert_several(tx.connection, actor.account_id, conversation_id, thread_id, rows, tx.now)
    return len(attachments)


async def add_file(
    tx: Tx, files: FileStore, actor: Actor, conversation_id: int, thread_id: int, attachment: NewAttachment
) -> int:
    """Store one file of a thread; its id. The bytes are in the file store before the row is."""
    row = await _stored(files, actor, conversation_id, thread_id, attachment)
    return await store_threads.insert_attachment(tx.connection, actor.account_id, row, tx.now)


async def _stored(
    files: FileStore, actor: Actor, conversation_id: int, thread_id: int, attachment: NewAttachment
) -> Attachment:
    key = files.new_key(actor.account_id, "attachments")
    await files.write_durably({key: attachment.data})
    mime_type = real_type(attachment.mime_type, attachment.data)
    width, height = dimensions(attachment.data, mime_type)
    return Attachment(
        0, conversation_id, thread_id, clean_file_name(attachment.file_name) or "attachment",
        mime_type, width, height, len(attachment.data), "valid", attachment.content_id,
        attachment.is_inline, key,
    )  # fmt: skip


def announce(tx: Tx, actor: Actor, thread: NewThread, place: Place, written: Written, *, is_imported: bool) -> None:
    """Say in the log that the thread is there."""
    made = events.DraftSaved if written.state is ThreadState.DRAFT else _EVENTS[thread.type]
    tx.emit(
        actor,
        made(
            subject_id=place.conversation_id,
            scope_id=place.mailbox_id,
            thread_id=written.id,
            type=thread.type.value,
            deliver=rules.leaves_by_mail(thread, is_imported=is_imported),
            is_imported=is_imported or thread.is_imported,
        ),
    )
