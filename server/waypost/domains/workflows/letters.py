"""Mails that workflows send beside replies: written in the run's transaction, sent by a job of their own."""

from __future__ import annotations

import html as markup
from datetime import datetime

import msgspec

from waypost.domains import customers
from waypost.domains.mailboxes import Channel, store_channel
from waypost.domains.workflows import store_mails
from waypost.domains.workflows.store_mails import Said
from waypost.kit.files import FileStore
from waypost.kit.html import clean_body
from waypost.kit.jobs import enqueue
from waypost.kit.tx import Tx

MAIL_JOB = "workflows.mail"


class Letter(msgspec.Struct, frozen=True):
    """A mail to be written. `thread_id` names the thread whose files go along."""

    kind: str
    to_name: str
    to_email: str
    subject: str
    html: str
    thread_id: int | None = None


async def queue(tx: Tx, account_id: int, conversation_id: int, run_id: int, letter: Letter) -> None:
    """Keep a mail and queue its job: both exist exactly when the run does."""
    cleaned = msgspec.structs.replace(letter, html=clean_body(letter.html))
    mail_id = await store_mails.insert(tx.connection, account_id, conversation_id, run_id, cleaned, tx.now)
    await enqueue(tx, MAIL_JOB, {"account_id": account_id, "mail_id": mail_id})


def copy_of(heading: str, html: str) -> str:
    """What agents see of a mail that left."""
    return f"<p><strong>{markup.escape(heading)}</strong></p>{html}"


def forwarded(text: str, said: Said) -> str:
    """A message of the conversation below a few words, as mail programs forward."""
    when = _when(said.at)
    head = (
        f"---------- Forwarded message ----------<br>From: {markup.escape(said.author)}"
        f"<br>Date: {when}<br>Subject: {markup.escape(said.subject)}"
    )
    return f"{text}<p>{head}</p><blockquote>{said.body}</blockquote>"


def _when(moment: datetime) -> str:
    return moment.strftime("%d %b %Y %H:%M UTC")


class MailFile(msgspec.Struct, frozen=True):
    """A file that goes along."""

    name: str
    mime_type: str
    data: bytes


class WorkflowMail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail ready to be sent, and the mailbox that it comes from."""

    id: int
    kind: str
    to_name: str
    to_email: str
    subject: str
    html: str
    queued_at: datetime
    conversation_id: int
    channel: Channel
    files: list[MailFile]


async def prepare_mail(tx: Tx, files: FileStore, key: bytes, account_id: int, mail_id: int) -> WorkflowMail | None:
    """A mail that has yet to be sent; None when it has left, failed for good or is gone. Raises NotFound for a file."""
    row = await store_mails.lock_queued(tx.connection, account_id, mail_id)
    if row is None:
        return None
    channel = await store_channel.find(tx.connection, key, account_id, row["mailbox_id"])
    if channel is None:
        return None
    attached = await store_mails.files(tx.connection, account_id, row["thread_id"]) if row["thread_id"] else []
    return WorkflowMail(
        id=row["id"],
        kind=row["kind"],
        to_name=row["to_name"],
        to_email=row["to_email"],
        subject=row["subject"],
        html=row["html"],
        queued_at=row["queued_at"],
        conversation_id=row["conversation_id"],
        channel=channel,
        files=[
            MailFile(file["file_name"], file["mime_type"], await files.read(file["storage_key"])) for file in attached
        ],
    )


async def note_returned(tx: Tx, account_id: int, conversation_id: int, mail_id: int, failed: dict[str, str]) -> None:
    """A mail came back: its address is marked as one whose replies come back. Others' addresses are no matter."""
    to_email = await store_mails.sent_to(tx.connection, account_id, conversation_id, mail_id)
    if to_email is not None and (detail := failed.get(to_email.lower())):
        await customers.note_bounced_address(tx, account_id, to_email, detail)


async def settle_mail(tx: Tx, account_id: int, mail_id: int, state: str, error: str | None) -> None:
    """What became of a try: `sent`, `failed` for good, or `queued` still."""
    await store_mails.settle(tx.connection, account_id, mail_id, state, error, tx.now)
