"""Mail on its way out: queued from the log, taken up by a worker, noted as sent or failed. What it says: `letters`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import msgspec

from waypost.domains import conversations
from waypost.domains.accounts import Actor
from waypost.domains.mail import auto_replies, letters, signed_ids, store_sending
from waypost.domains.mail.models import OutgoingMessage
from waypost.domains.mailboxes import Channel, store_channel
from waypost.kit.events import Fact
from waypost.kit.files import FileStore
from waypost.kit.tx import Tx

NAME = "mail"
SEND_JOB = "mail.send"
#: While a mailbox is paused, its mail looks again so often.
PAUSED = timedelta(minutes=5)

Enqueue = Callable[..., Awaitable[object]]


class Outgoing(msgspec.Struct, frozen=True):
    """A mail ready to be sent. `remaining` are those still to be reached, None for all of its recipients.

    `is_repeat` says that a try before was cut off when the server may have had the message already. `return_path` is
    where failures are reported to, empty where to nobody.
    """

    message: OutgoingMessage
    channel: Channel
    return_path: str
    attempts: int
    remaining: tuple[str, ...] | None
    refused: tuple[str, ...]
    is_repeat: bool
    #: Who is asked what they think of it; None where nobody is.
    rated_by: int | None = None


class Waiting(msgspec.Struct, frozen=True):
    """A mail that is not to leave yet."""

    wait_s: float
    reason: str


def subscriber(enqueue: Enqueue, key: bytes) -> Callable[[Tx, list[Fact]], Awaitable[None]]:
    """A subscriber of the log that queues all mail that has to leave, once; `enqueue` joins its transaction."""

    async def on_facts(tx: Tx, facts: list[Fact]) -> None:
        for fact in facts:
            if fact.subject_id is None:
                continue
            if fact.type == "convo.agent.reply.created" and fact.data.get("deliver"):
                kind = "forward" if fact.data["type"] == "forwardchild" else "reply"
                await queue(tx, enqueue, key, fact, fact.data["thread_id"], kind)
            elif fact.type == "convo.created":
                thread_id = await auto_replies.due(tx, key, fact)
                if thread_id is not None:
                    await queue(tx, enqueue, key, fact, thread_id, "auto")

    return on_facts


async def queue(tx: Tx, enqueue: Enqueue, key: bytes, fact: Fact, thread_id: int, kind: str) -> None:
    """Note that a mail has to leave and queue its job. The Message-ID is fixed here: every try sends the same one.

    A reply waits out the time in which it can be called back; one that was called back before this is none any more.
    """
    account_id, conversation_id = fact.account_id, fact.subject_id or 0
    place = await store_sending.mailbox_of(tx.connection, account_id, thread_id)
    if place is None or place["state"] == "draft":
        return
    channel = await store_channel.find(tx.connection, key, account_id, place["mailbox_id"])
    if channel is None:
        return
    undo = timedelta(seconds=channel.undo_seconds if kind == "reply" else 0)
    due_at = fact.at + undo if undo and fact.at + undo > tx.now else None
    host = channel.email.rpartition("@")[2]
    serial = auto_replies.SERIAL if kind == "auto" else 0
    message_id = signed_ids.new_message_id(key, account_id, conversation_id, thread_id, host, serial=serial)
    if await store_sending.queue(
        tx.connection, account_id, conversation_id, thread_id, kind, message_id, tx.now, due_at
    ):
        await enqueue(tx, SEND_JOB, {"account_id": account_id, "thread_id": thread_id}, run_at=due_at)


async def prepare(tx: Tx, files: FileStore, key: bytes, account_id: int, thread_id: int) -> Outgoing | Waiting | None:
    """Take up a queued mail: from now on it counts as under way. None when it has left, failed for good or is gone."""
    note = await store_sending.lock(tx.connection, account_id, thread_id)
    letter = await store_sending.letter(tx.connection, account_id, thread_id)
    if note is None or note.state != "queued" or letter is None or letter.state == "draft":
        return None
    if note.due_at is not None and (wait := note.due_at - tx.now) > timedelta(0):
        return Waiting(wait.total_seconds(), "it can still be called back")
    channel = await store_channel.find(tx.connection, key, account_id, letter.mailbox_id)
    if channel is None:
        return None
    if channel.is_paused:
        await store_sending.not_sent(
            tx.connection, account_id, thread_id, "the mailbox is paused", for_good=False, tries=0
        )
        return Waiting(PAUSED.total_seconds(), "the mailbox is paused")
    write = auto_replies.write if note.kind == "auto" else letters.write
    message = await write(tx, files, key, account_id, channel, note, letter)
    await store_sending.begin(tx.connection, account_id, thread_id, tx.now)
    return Outgoing(
        message=message,
        channel=channel,
        # An automatic mail comes from nobody, so that nothing is ever sent back (RFC 3834, 3.3).
        return_path="" if note.kind == "auto" else channel.email,
        attempts=note.attempts,
        remaining=tuple(note.remaining) if note.remaining is not None else None,
        refused=tuple(note.refused),
        is_repeat=note.handed_over_at is not None,
        rated_by=letter.customer_id if _is_rated(channel, note, letter) else None,
    )


def _is_rated(channel: Channel, note: store_sending.Note, letter: store_sending.Letter) -> bool:
    """What a person has written to a customer, where the mailbox asks."""
    is_by_user = letter.user_id is not None and letter.action_type == "default"
    return channel.are_ratings_on and note.kind == "reply" and is_by_user


async def note_handing_over(tx: Tx, account_id: int, thread_id: int) -> None:
    """The end of the message is about to be given to the server: from here on nobody but the server knows."""
    await store_sending.hand_over(tx.connection, account_id, thread_id, tx.now)


async def note_taken(
    tx: Tx, account_id: int, thread_id: int, *, remaining: Sequence[str], later: str, refused: Sequence[str]
) -> None:
    """The server has taken it for some. `remaining` are to be reached still, `later` says why they have not been.

    `refused` are those that it does not take at all, with its words; once nobody remains, they make a failure.
    """
    note = await store_sending.lock(tx.connection, account_id, thread_id)
    if note is None:
        return
    everybody = [*note.refused, *refused]
    if remaining:
        state, error = "queued", later or None
    elif everybody:
        state, error = "failed", f"sent to the others, refused for {'; '.join(everybody)}"[:1000]
    else:
        state, error = "sent", None
    sent_at = tx.now if state != "queued" else None
    await store_sending.report(
        tx.connection,
        account_id,
        thread_id,
        list(remaining),
        list(refused),
        state,
        sent_at,
        error,
        int(bool(later) or not remaining),
    )
    if state == "failed":
        await _tell(tx, account_id, note, error or "")
    elif state == "sent" and note.kind == "auto":
        await conversations.note_auto_reply(tx, Actor.system(account_id), note.conversation_id, thread_id)


async def note_failure(
    tx: Tx, account_id: int, thread_id: int, error: str, *, for_good: bool, in_doubt: bool = False
) -> None:
    """The server has not taken it: the job comes again, unless it is for good, which the log then says.

    With `in_doubt` it was given the message and has not said what became of it.
    """
    note = await store_sending.lock(tx.connection, account_id, thread_id)
    if note is None:
        return
    if for_good and note.refused:
        error = f"sent to the others, refused for {'; '.join(note.refused)}; {error}"
    await store_sending.not_sent(tx.connection, account_id, thread_id, error, for_good=for_good, in_doubt=in_doubt)
    if for_good:
        await _tell(tx, account_id, note, error)


async def _tell(tx: Tx, account_id: int, note: store_sending.Note, error: str) -> None:
    if note.kind != "auto":
        await conversations.note_failed_reply(
            tx, Actor.system(account_id), note.conversation_id, note.thread_id, error[:1000]
        )
