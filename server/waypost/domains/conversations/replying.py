"""Adding threads to a conversation that exists: E19 to E23, mail that comes in, drafts that are sent."""

from __future__ import annotations

import msgspec

from waypost.domains import customers
from waypost.domains.accounts import Actor
from waypost.domains.conversations import (
    events,
    locking,
    participants,
    rules,
    store_threads,
    store_variables,
    store_writes,
    threads_in,
    variables,
)
from waypost.domains.conversations.models import (
    ConversationType,
    CreatedThread,
    NewThread,
    Status,
    ThreadState,
    ThreadType,
)
from waypost.domains.conversations.store_writes import Locked
from waypost.kit.errors import FieldError, Invalid, Unavailable
from waypost.kit.files import FileStore
from waypost.kit.html import clean_body, preview, to_text
from waypost.kit.tx import Tx


async def add_thread(tx: Tx, files: FileStore, actor: Actor, conversation_id: int, wanted: NewThread) -> CreatedThread:
    """Add a reply, note, call, chat line or customer's message (spec: 7A.2).

    Raises NotFound, Unavailable for the 101st thread through the API or a locked conversation, Invalid. A customer
    whose address is not known is created; a customer's thread never changes whose conversation it is.
    """
    conversation = await locking.lock(tx, actor, conversation_id)
    is_by_api = wanted.source_type == "api"
    if is_by_api and conversation.api_thread_count >= rules.MOST_API_THREADS:
        raise Unavailable("Conversation has reached the maximum number of threads")
    customer_id = await _customer(tx, actor, conversation, wanted)
    thread = wanted if wanted.user_id or rules.written_by_customer(wanted) else _by(wanted, actor.user_id or None)
    at = thread.created_at or tx.now
    after = rules.after(conversation.standing, thread, at)
    place = await _place(tx, actor, conversation, thread, customer_id, after.status)
    written = await threads_in.write(tx, files, actor, thread, place, is_imported=False, is_answer=True)
    is_published = written.state is ThreadState.PUBLISHED
    is_closing = after.status is Status.CLOSED
    await store_writes.add_thread(
        tx.connection,
        actor.account_id,
        conversation.id,
        store_writes.ThreadAdded(
            standing=after,
            at=tx.now,
            by_user=rules.written_by_person(thread),
            closed_at=(conversation.closed_at or tx.now) if is_closing else None,
            closed_by_user_id=(conversation.closed_by_user_id or thread.user_id) if is_closing else None,
            preview=preview(written.body) if is_published else None,
            counted=int(is_published),
            by_api=int(is_by_api),
            attachments=written.attachments,
            cc=thread.cc if is_published and rules.leaves_by_mail(thread, is_imported=False) else None,
            bcc=thread.bcc if is_published and rules.leaves_by_mail(thread, is_imported=False) else None,
        ),
    )
    threads_in.announce(tx, actor, thread, place, written, is_imported=False)
    await _follow(tx, actor, conversation, thread, after.status, written.id)
    return CreatedThread(written.id, conversation.id, thread.type, written.status, written.state, written.created_at)


def _by(thread: NewThread, user_id: int | None) -> NewThread:
    return msgspec.structs.replace(thread, user_id=user_id)


async def _customer(tx: Tx, actor: Actor, conversation: Locked, wanted: NewThread) -> int:
    errors: list[FieldError] = []
    await participants.check_user(tx, actor, wanted.user_id, "user", errors)
    if isinstance(wanted.assignee, int):
        await participants.check_user(tx, actor, wanted.assignee, "assignTo", errors)
    if wanted.customer is None:
        if errors:
            raise Invalid(errors)
        return conversation.primary_customer_id
    references = participants.References(tx, actor)
    customer_id = await references.resolve(
        wanted.customer,
        "customer",
        by_phone=participants.may_lack_address(ConversationType(conversation.type), wanted.source_type),
    )
    references.errors[:0] = errors
    references.done()
    return customer_id


async def _place(
    tx: Tx, actor: Actor, conversation: Locked, thread: NewThread, customer_id: int, status: Status
) -> threads_in.Place:
    email = ""
    if thread.type is ThreadType.MESSAGE:
        email = (await customers.load_people(tx.connection, actor.account_id, [customer_id]))[customer_id].email
    assignee = thread.assignee if isinstance(thread.assignee, int) else conversation.assignee_id
    return threads_in.Place(
        conversation_id=conversation.id,
        mailbox_id=conversation.mailbox_id,
        customer_id=customer_id,
        assignee_id=assignee or None,
        before=conversation.status,
        after=status,
        to=[email] if email else [],
        cc=conversation.cc if thread.cc is None else thread.cc,
        bcc=conversation.bcc if thread.bcc is None else thread.bcc,
    )


async def _follow(
    tx: Tx, actor: Actor, conversation: Locked, thread: NewThread, status: Status, thread_id: int
) -> None:
    """What a thread brings with it: another status, an assignee, waking up, calling off what was planned."""
    connection, account_id = tx.connection, actor.account_id
    if status is not conversation.status:
        tx.emit(
            actor,
            events.StatusChanged(
                subject_id=conversation.id,
                scope_id=conversation.mailbox_id,
                status=status.value,
                previous=conversation.status.value,
                thread_id=thread_id,
                is_imported=thread.is_imported and thread.source_type == "email",
            ),
        )
    if thread.assignee is not msgspec.UNSET and rules.state_of(thread) is ThreadState.PUBLISHED:
        await assign(tx, actor, conversation, thread.assignee or None)
    if rules.written_by_customer(thread) and not (thread.is_imported or thread.is_quiet):
        if conversation.snoozed_until is not None and conversation.unsnooze_on_customer_reply:
            await store_writes.set_snooze(connection, account_id, conversation.id, None, None, True, tx.now)
            tx.emit(
                actor,
                events.Unsnoozed(
                    subject_id=conversation.id, scope_id=conversation.mailbox_id, because="customer replied"
                ),
            )
        for draft_id in await store_threads.unschedule_on_reply(connection, account_id, conversation.id):
            tx.emit(
                actor,
                events.ThreadScheduled(
                    subject_id=conversation.id,
                    scope_id=conversation.mailbox_id,
                    thread_id=draft_id,
                    scheduled_for=None,
                ),
            )


async def assign(tx: Tx, actor: Actor, conversation: Locked, assignee_id: int | None) -> None:
    """Assign a locked conversation. The same assignee again changes nothing and emits nothing."""
    if assignee_id == conversation.assignee_id:
        return
    await store_writes.set_assignee(tx.connection, actor.account_id, conversation.id, assignee_id, tx.now)
    tx.emit(
        actor,
        events.Assigned(
            subject_id=conversation.id,
            scope_id=conversation.mailbox_id,
            assignee_id=assignee_id,
            previous_id=conversation.assignee_id,
        ),
    )


async def publish_draft(
    tx: Tx, actor: Actor, conversation: Locked, thread_id: int, as_user_id: int | None = None
) -> bool:
    """Send a draft reply of a locked conversation now. False when it is no draft any more."""
    status = Status.ACTIVE if conversation.status is Status.SPAM else conversation.status
    is_out = await store_threads.publish(
        tx.connection, actor.account_id, conversation.id, thread_id, "nochange", tx.now, as_user_id
    )
    if not is_out:
        return False
    body = await _with_values(tx, actor, conversation, thread_id, as_user_id)
    await store_writes.add_thread(
        tx.connection,
        actor.account_id,
        conversation.id,
        store_writes.ThreadAdded(
            standing=rules.Standing(status, "user", None),
            at=tx.now,
            by_user=True,
            closed_at=conversation.closed_at,
            closed_by_user_id=conversation.closed_by_user_id,
            preview=preview(body),
            counted=1,
            by_api=0,
            attachments=0,
            cc=None,
            bcc=None,
        ),
    )
    tx.emit(
        actor,
        events.AgentReplied(
            subject_id=conversation.id,
            scope_id=conversation.mailbox_id,
            thread_id=thread_id,
            type="message",
            deliver=True,
        ),
    )
    return True


async def _with_values(tx: Tx, actor: Actor, conversation: Locked, thread_id: int, as_user_id: int | None) -> str:
    """The body of a draft that leaves now, its variables filled in and stored so."""
    connection, account_id = tx.connection, actor.account_id
    found = await store_threads.find(connection, account_id, as_user_id or actor.user_id, conversation.id, thread_id)
    if found is None:
        return ""
    thread = found[0]
    body = await variables.filled(
        tx,
        account_id,
        thread.body,
        conversation_id=conversation.id,
        customer_id=thread.customer.id if thread.customer is not None else None,
        user_id=thread.created_by.id if thread.created_by.type == "user" else None,
    )
    if body != thread.body:
        body = clean_body(body)
        await store_variables.set_body(connection, account_id, conversation.id, thread_id, body, to_text(body))
    return body
