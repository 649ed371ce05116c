"""Replies on their way out: queued from the log, made into messages, noted as sent or failed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from waypost.domains.mail import store
from waypost.domains.mail.models import Address, MailAttachment, OutgoingMessage
from waypost.kit.events import Fact
from waypost.kit.files import FileStore
from waypost.kit.secrets import new_token
from waypost.kit.tx import Tx

NAME = "mail"
SEND_JOB = "mail.send"
_DELIVERED = frozenset({"convo.agent.reply.created"})

Enqueue = Callable[..., Awaitable[object]]


class Outgoing(msgspec.Struct, frozen=True):
    """A reply ready to be sent. `smtp_url` is the mailbox's own server, if it has one."""

    message: OutgoingMessage
    smtp_url: str | None
    attempts: int


def subscriber(enqueue: Enqueue) -> Callable[[Tx, list[Fact]], Awaitable[None]]:
    """A subscriber of the log that queues every reply that has to leave, once; `enqueue` joins its transaction."""

    async def on_facts(tx: Tx, facts: list[Fact]) -> None:
        for fact in facts:
            if fact.type in _DELIVERED and fact.data.get("deliver") and fact.subject_id is not None:
                await queue(tx, enqueue, fact.account_id, fact.subject_id, fact.data["thread_id"])

    return on_facts


async def queue(tx: Tx, enqueue: Enqueue, account_id: int, conversation_id: int, thread_id: int) -> None:
    """Note that a reply has to leave and queue the job. The Message-ID is fixed here: every try sends the same one."""
    letter = await store.letter(tx.connection, account_id, thread_id)
    if letter is None:
        return
    host = letter.mailbox_email.rpartition("@")[2] or "localhost"
    message_id = f"<reply-{account_id}-{thread_id}-{new_token(9)}@{host}>"
    if await store.queue(tx.connection, account_id, conversation_id, thread_id, message_id, tx.now):
        await enqueue(tx, SEND_JOB, {"account_id": account_id, "thread_id": thread_id})


async def prepare(tx: Tx, files: FileStore, account_id: int, thread_id: int) -> Outgoing | None:
    """The message of a queued reply, its note locked; None when it has left, failed for good or is gone."""
    note = await store.lock_queued(tx.connection, account_id, thread_id)
    letter = await store.letter(tx.connection, account_id, thread_id)
    if note is None or note["state"] != "queued" or letter is None:
        return None
    attachments = [
        MailAttachment(
            row["file_name"],
            row["mime_type"],
            await files.read(row["storage_key"]),
            row["content_id"],
            row["is_inline"],
        )
        for row in await store.files(tx.connection, account_id, thread_id)
    ]
    message = OutgoingMessage(
        message_id=note["message_id"],
        sender=Address(_sender_name(letter), letter.mailbox_email),
        to=tuple(_recipient(email, letter) for email in letter.to),
        cc=tuple(Address("", email) for email in letter.cc),
        bcc=tuple(Address("", email) for email in letter.bcc),
        reply_to=(),
        subject=_subject(letter),
        html=letter.body,
        text=letter.text,
        attachments=tuple(attachments),
        in_reply_to=tuple(letter.earlier[:1]),
        references=tuple(reversed(letter.earlier)),
        sent_at=letter.created_at,
        headers={"Auto-Submitted": "auto-replied"} if letter.action_type == "workflow" else {},
    )
    return Outgoing(message, letter.smtp_url, note["attempts"])


def _sender_name(letter: store.Letter) -> str:
    return f"{letter.author} ({letter.mailbox_name})" if letter.author else letter.mailbox_name


def _recipient(email: str, letter: store.Letter) -> Address:
    is_customer = email.lower() == letter.customer_email.lower()
    return Address(letter.customer_name if is_customer else "", email)


def _subject(letter: store.Letter) -> str:
    is_first = not letter.earlier
    return letter.subject if is_first or letter.subject.lower().startswith("re:") else f"Re: {letter.subject}"


async def note_sent(tx: Tx, account_id: int, thread_id: int) -> None:
    """The server has taken it."""
    await store.sent(tx.connection, account_id, thread_id, tx.now)


async def note_failure(tx: Tx, account_id: int, thread_id: int, error: str, *, for_good: bool) -> None:
    """The server has not taken it: the job comes again, unless it is for good."""
    await store.not_sent(tx.connection, account_id, thread_id, error, for_good=for_good)
