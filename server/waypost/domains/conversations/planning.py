"""What is to happen later: snoozes (E11, E12) and scheduled replies (E26, E27), and the clock that carries them out."""

from __future__ import annotations

from datetime import UTC, datetime

from waypost.domains.accounts import Actor
from waypost.domains.conversations import editing, events, locking, replying, store_threads, store_writes
from waypost.domains.conversations.models import Schedule, State, Status, ThreadState, ThreadType
from waypost.kit.errors import FieldError, Invalid, NotFound
from waypost.kit.tx import Tx

#: Later dates are mistakes (spec: 7.7).
LATEST = datetime(2101, 1, 1, tzinfo=UTC)
BATCH = 100


async def snooze(
    tx: Tx, actor: Actor, conversation_id: int, until: datetime, *, unsnooze_on_customer_reply: bool
) -> None:
    """Put a conversation to sleep. Raises NotFound, Invalid for a time that is past or absurd."""
    conversation = await locking.lock(tx, actor, conversation_id)
    _check_future(tx, until, "snoozedUntil")
    await store_writes.set_snooze(
        tx.connection,
        actor.account_id,
        conversation.id,
        until,
        actor.user_id or None,
        unsnooze_on_customer_reply,
        tx.now,
    )
    tx.emit(actor, events.Snoozed(subject_id=conversation.id, scope_id=conversation.mailbox_id, until=until))


def _check_future(tx: Tx, moment: datetime, path: str) -> None:
    if moment <= tx.now:
        raise Invalid.one(path, "must be in the future", "Date", moment.isoformat())
    if moment >= LATEST:
        raise Invalid.one(path, "must not be after the year 2100", "Date", moment.isoformat())


async def unsnooze(tx: Tx, actor: Actor, conversation_id: int) -> None:
    """Wake a conversation. One that is awake stays so (spec: 7.7)."""
    conversation = await locking.lock(tx, actor, conversation_id)
    if conversation.snoozed_until is None:
        return
    await store_writes.set_snooze(tx.connection, actor.account_id, conversation.id, None, None, True, tx.now)
    tx.emit(
        actor, events.Unsnoozed(subject_id=conversation.id, scope_id=conversation.mailbox_id, because="woken by a user")
    )


async def wake_due(tx: Tx) -> int:
    """Wake what is due: it becomes active (spec: 7.7). Returns how many; call again until it is 0."""
    due = await store_writes.due_snoozes(tx.connection, tx.now, BATCH)
    for account_id, conversation_id, mailbox_id, status in due:
        clock = Actor.system(account_id)
        await store_writes.set_snooze(tx.connection, account_id, conversation_id, None, None, True, tx.now)
        tx.emit(clock, events.Unsnoozed(subject_id=conversation_id, scope_id=mailbox_id, because="time is up"))
        if status is not Status.ACTIVE:
            await store_writes.set_status(tx.connection, account_id, conversation_id, Status.ACTIVE, None, tx.now)
            tx.emit(
                clock,
                events.StatusChanged(
                    subject_id=conversation_id,
                    scope_id=mailbox_id,
                    status=Status.ACTIVE.value,
                    previous=status.value,
                ),
            )
    return len(due)


async def schedule(
    tx: Tx,
    actor: Actor,
    conversation_id: int,
    thread_id: int,
    scheduled_for: datetime,
    *,
    unschedule_on_customer_reply: bool,
    send_as_creator: bool,
) -> None:
    """Give a draft reply a time to go out (spec: 7A.5). Raises NotFound, Invalid."""
    conversation = await locking.lock(tx, actor, conversation_id)
    found = await store_threads.find(tx.connection, actor.account_id, actor.user_id, conversation.id, thread_id)
    if found is None:
        raise NotFound
    thread = found[0]
    errors: list[FieldError] = []
    if thread.state is not ThreadState.DRAFT or thread.type is not ThreadType.MESSAGE:
        errors.append(FieldError("threadId", "only draft replies can be scheduled", "EnumValue", source="PATH"))
    if not tx.now < scheduled_for < LATEST:
        errors.append(FieldError("scheduledFor", "must be in the future", "Date", scheduled_for.isoformat()))
    if errors:
        raise Invalid(errors)
    sender = thread.created_by.id if send_as_creator and thread.created_by.type == "user" else actor.user_id
    plan = Schedule(actor.user_id, sender, tx.now, scheduled_for, unschedule_on_customer_reply)
    await store_threads.set_schedule(tx.connection, actor.account_id, conversation.id, thread_id, plan)
    await store_writes.touch(tx.connection, actor.account_id, conversation.id, tx.now)
    _announce(tx, actor, conversation, thread_id, scheduled_for)


async def unschedule(tx: Tx, actor: Actor, conversation_id: int, thread_id: int) -> None:
    """Take the time away; the thread stays a draft. Raises NotFound."""
    conversation = await locking.lock(tx, actor, conversation_id)
    found = await store_threads.find(tx.connection, actor.account_id, actor.user_id, conversation.id, thread_id)
    if found is None:
        raise NotFound
    if found[0].schedule is None:
        return
    await store_threads.set_schedule(tx.connection, actor.account_id, conversation.id, thread_id, None)
    _announce(tx, actor, conversation, thread_id, None)


async def send_scheduled(tx: Tx, actor: Actor, conversation_id: int, thread_id: int) -> None:
    """Send a draft reply that has a time now instead of then, as the user it was to be sent as.

    One that has been sent meanwhile stays as it is. Raises NotFound; Invalid for a draft without a time.
    """
    conversation = await locking.lock(tx, actor, conversation_id)
    found = await store_threads.find(tx.connection, actor.account_id, actor.user_id, conversation.id, thread_id)
    if found is None:
        raise NotFound
    thread = found[0]
    if thread.type is ThreadType.MESSAGE and thread.state is ThreadState.PUBLISHED:
        return
    if thread.schedule is None:
        raise Invalid.one("path", "the thread is not scheduled", "EnumValue", thread_id)
    if conversation.state == State.DRAFT.value:
        await editing.publish(tx, actor, conversation.id)
    await replying.publish_draft(tx, actor, conversation, thread_id, thread.schedule.send_as_user_id)


def _announce(tx: Tx, actor: Actor, conversation: store_writes.Locked, thread_id: int, moment: datetime | None) -> None:
    tx.emit(
        actor,
        events.ThreadScheduled(
            subject_id=conversation.id, scope_id=conversation.mailbox_id, thread_id=thread_id, scheduled_for=moment
        ),
    )


async def send_due(tx: Tx) -> int:
    """Send the drafts whose time has come. Returns how many; call again until it is 0."""
    due = await store_threads.due_schedules(tx.connection, tx.now, BATCH)
    for row in due:
        sender = row["send_as_user_id"] or row["scheduled_by_user_id"]
        # Sees every mailbox: what was planned is carried out whatever the planner may see by now.
        clock = Actor(account_id=row["account_id"], kind="user", user_id=sender)
        conversation = await locking.lock_for_clock(tx, clock, row["conversation_id"])
        if conversation is None:
            # Deleted, or merged away: there is nobody to send it to any more.
            await store_threads.set_schedule(tx.connection, row["account_id"], row["conversation_id"], row["id"], None)
        else:
            if conversation.state == State.DRAFT.value:
                await editing.publish(tx, clock, conversation.id)
            await replying.publish_draft(tx, clock, conversation, row["id"], sender)
    return len(due)
