"""Starting a conversation: E4, and everything that takes one in (mail, imports)."""

from __future__ import annotations

import msgspec

from waypost.domains import customers, mailboxes
from waypost.domains.accounts import Actor
from waypost.domains.conversations import (
    events,
    fields,
    labels,
    participants,
    policy,
    rules,
    store_labels,
    store_writes,
    threads_in,
)
from waypost.domains.conversations.models import (
    CreatedConversation,
    NewConversation,
    NewThread,
    State,
    Status,
    ThreadState,
    ThreadType,
)
from waypost.domains.conversations.rules import Standing
from waypost.kit import placeholders
from waypost.kit.errors import FieldError, Invalid, Unavailable
from waypost.kit.files import FileStore
from waypost.kit.html import clean_body, clean_text, preview
from waypost.kit.tx import Tx


async def create(tx: Tx, files: FileStore, actor: Actor, wanted: NewConversation) -> CreatedConversation:
    """Start a conversation with its first threads, oldest first (spec: 7.2).

    Raises Invalid with every reference that fails, Forbidden for a mailbox out of reach, Unavailable for more than 100
    threads. Replies that are neither drafts nor imported leave by mail after the commit.
    """
    if len(wanted.threads) > rules.MOST_API_THREADS:
        raise Unavailable("Conversation has reached the maximum number of threads")
    customer_ids, tags, values = await _resolve(tx, actor, wanted)
    author = wanted.user_id or actor.user_id or None
    threads = [_cleaned(_with_author(thread, author)) for thread in wanted.threads]
    created_at = wanted.created_at or threads[0].created_at or tx.now
    standing = Standing(wanted.status, None, None)
    for thread in threads:
        after = rules.after(standing, thread, thread.created_at or created_at)
        standing = Standing(wanted.status, after.latest_reply_from, after.waiting_since)
    standing = rules.settled(standing)
    published = [thread for thread in threads if rules.state_of(thread) is ThreadState.PUBLISHED]
    by_customer = rules.written_by_customer(threads[0])
    is_closed = wanted.status is Status.CLOSED
    email = await _address_for(tx, actor, customer_ids[0], threads)
    row = store_writes.NewRow(
        account_id=actor.account_id,
        mailbox_id=wanted.mailbox_id,
        type=wanted.type.value,
        status=wanted.status.value,
        state=(State.PUBLISHED if published else State.DRAFT).value,
        subject=clean_text(wanted.subject).strip(),
        primary_customer_id=customer_ids[0],
        assignee_id=(wanted.assignee or None) if isinstance(wanted.assignee, int) else None,
        created_by_customer_id=customer_ids[1] if by_customer else None,
        created_by_user_id=None if by_customer else (threads[0].user_id or author),
        source_type=wanted.source_type,
        source_via="customer" if by_customer else "user",
        cc=(threads[0].cc or []) if wanted.reply_cc is None else wanted.reply_cc,
        bcc=(threads[0].bcc or []) if wanted.reply_cc is None else [],
        created_at=created_at,
        modified_at=max(created_at, *(thread.created_at or created_at for thread in threads)),
        user_updated_at=standing.waiting_since or created_at,
        closed_at=(wanted.closed_at or tx.now) if is_closed else None,
        closed_by_user_id=author if is_closed else None,
        latest_reply_from=standing.latest_reply_from,
        waiting_since=standing.waiting_since,
        preview=preview((published or threads)[-1].body),
        thread_count=len(published),
        api_thread_count=len(threads) if wanted.source_type == "api" else 0,
        attachment_count=sum(len(thread.attachments) for thread in threads),
    )
    conversation_id, number = await store_writes.insert(tx.connection, row)
    tx.emit(
        actor,
        events.Created(
            subject_id=conversation_id,
            scope_id=wanted.mailbox_id,
            number=number,
            status=wanted.status.value,
            customer_id=customer_ids[0],
            is_imported=wanted.is_imported,
            stays_unassigned=wanted.assignee is not msgspec.UNSET and not wanted.assignee,
            is_draft=not published,
            auto_reply=wanted.has_auto_reply,
        ),
    )
    ids = []
    for index, thread in enumerate(threads):
        place = threads_in.Place(
            conversation_id=conversation_id,
            mailbox_id=wanted.mailbox_id,
            customer_id=customer_ids[index + 1],
            assignee_id=row.assignee_id,
            before=wanted.status,
            after=wanted.status,
            to=[email] if email else [],
            cc=row.cc if thread.cc is None else thread.cc,
            bcc=row.bcc if thread.bcc is None else thread.bcc,
        )
        dated = thread if thread.created_at else _at(thread, created_at)
        written = await threads_in.write(
            tx, files, actor, dated, place, is_imported=wanted.is_imported, path=f"threads[{index}]."
        )
        # The conversation's own fact covers the customer's first message.
        if index or not by_customer:
            threads_in.announce(tx, actor, thread, place, written, is_imported=wanted.is_imported)
        ids.append(written.id)
        if thread is (published or threads)[-1] and placeholders.has_any(thread.body):
            await store_writes.set_shown(
                tx.connection, actor.account_id, conversation_id, 0, preview(written.body), row.modified_at
            )
    if tags:
        await labels.put_first_tags(tx, actor, conversation_id, wanted.mailbox_id, tags)
    if values:
        await store_labels.put_fields(tx.connection, actor.account_id, conversation_id, values)
    return CreatedConversation(conversation_id, number, row.subject, row.status, created_at, ids)


async def _resolve(tx: Tx, actor: Actor, wanted: NewConversation) -> tuple[list[int], list[str], dict[int, str]]:
    """Customers (the conversation's, then each thread's), clean tags and field values. Raises all that is wrong."""
    policy.may_file_under(actor, wanted.mailbox_id)
    errors: list[FieldError] = []
    known = await mailboxes.fields.hold(tx, actor.account_id, wanted.mailbox_id) if wanted.fields else []
    # Mail has been asked for its mailbox in this very transaction.
    if wanted.source_type != "email" and not await mailboxes.exists(tx, actor, wanted.mailbox_id):
        errors.append(FieldError("mailboxId", "mailbox does not exist", "Unknown", wanted.mailbox_id))
    tags, problems = labels.clean_tags(wanted.tags)
    errors += problems
    values, problems = fields.check_all(known, wanted.fields)
    errors += problems
    if isinstance(wanted.assignee, int):
        await participants.check_user(tx, actor, wanted.assignee, "assignTo", errors)
    await participants.check_user(tx, actor, wanted.user_id, "user", errors)
    await participants.check_authors(tx, actor, wanted.threads, errors, "threads[{}].user")
    if errors:
        raise Invalid(errors)
    references = participants.References(tx, actor)
    by_phone = participants.may_lack_address(wanted.type, wanted.source_type)
    primary = await references.resolve(wanted.customer, "customer", by_phone=by_phone)
    ids = [primary]
    for index, thread in enumerate(wanted.threads):
        if thread.customer is None or thread.customer == wanted.customer:
            ids.append(primary)
        else:
            ids.append(await references.resolve(thread.customer, f"threads[{index}].customer", by_phone=by_phone))
    references.done()
    return ids, tags, {field_id: value for field_id, value in values.items() if value}


async def _address_for(tx: Tx, actor: Actor, customer_id: int, threads: list[NewThread]) -> str:
    """Where replies go that name no recipient; not looked up where there are none."""
    if not any(thread.type is ThreadType.MESSAGE for thread in threads):
        return ""
    return (await customers.load_people(tx.connection, actor.account_id, [customer_id]))[customer_id].email


def _cleaned(thread: NewThread) -> NewThread:
    return msgspec.structs.replace(thread, body=clean_body(thread.body), is_clean=True)


def _with_author(thread: NewThread, author: int | None) -> NewThread:
    if thread.user_id or rules.written_by_customer(thread):
        return thread
    return msgspec.structs.replace(thread, user_id=author)


def _at(thread: NewThread, moment: object) -> NewThread:
    return msgspec.structs.replace(thread, created_at=moment)
