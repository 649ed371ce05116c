"""What a reply or a forwarded conversation says as a mail: its people, its text with the signature, its files."""

from __future__ import annotations

from waypost.domains.conversations import variables
from waypost.domains.mail import pictures, signed_ids, store_sending
from waypost.domains.mail.models import Address, MailAttachment, OutgoingMessage, is_made_up
from waypost.domains.mail.store_sending import Letter, Note
from waypost.domains.mailboxes import Channel, FromKind
from waypost.kit.files import FileStore
from waypost.kit.html import clean_body, to_text
from waypost.kit.tx import Tx

#: What keeps programs from answering a program: RFC 3834, 5, and what Exchange and older ones go by.
BY_A_PROGRAM = {
    "Auto-Submitted": "auto-replied",
    "Precedence": "auto_reply",
    "X-Auto-Response-Suppress": "All",
}


async def write(
    tx: Tx, files: FileStore, key: bytes, account_id: int, channel: Channel, note: Note, letter: Letter
) -> OutgoingMessage:
    """The mail of a thread. Raises NotFound for a file that is gone."""
    html, attachments = await _with_files(tx, files, account_id, channel, note, letter.body)
    signature = await _signature(tx, account_id, channel, note, letter)
    earlier = [one for one in letter.earlier if not is_made_up(one)]
    return OutgoingMessage(
        message_id=note.message_id,
        sender=Address(sender_name(channel, letter.author or ""), channel.email),
        to=tuple(_recipient(email, letter) for email in letter.to_emails),
        cc=tuple(Address("", email) for email in letter.cc),
        bcc=tuple(Address("", email) for email in letter.bcc),
        reply_to=reply_to(key, channel, account_id, note.conversation_id),
        subject=_subject(letter),
        html=html + (f'<div class="waypost_signature"><br>{signature}</div>' if signature else ""),
        # RFC 3676, 4.3: the line by which programs know where the text ends.
        text=letter.body_text + (f"\n\n-- \n{to_text(signature)}" if signature else ""),
        attachments=attachments,
        in_reply_to=tuple(earlier[:1]),
        references=tuple(reversed(earlier)),
        sent_at=letter.created_at,
        headers=dict(BY_A_PROGRAM) if letter.action_type == "workflow" else {},
    )


async def _with_files(
    tx: Tx, files: FileStore, account_id: int, channel: Channel, note: Note, html: str
) -> tuple[str, tuple[MailAttachment, ...]]:
    rows = {row["id"]: row for row in await store_sending.files(tx.connection, account_id, note.thread_id)}
    shown = pictures.stored_ids(html, note.conversation_id)
    others = [number for number in shown if number not in rows]
    if others:
        found = await store_sending.shown_files(tx.connection, account_id, note.conversation_id, others)
        rows.update((row["id"], row) for row in found)
    stored = {
        number: MailAttachment(
            row["file_name"],
            row["mime_type"],
            await files.read(row["storage_key"]),
            row["content_id"],
            row["is_inline"],
        )
        for number, row in rows.items()
    }
    host = channel.email.rpartition("@")[2]
    html, parts, used = pictures.embedded(html, note.conversation_id, stored, host)
    attached = [attachment for number, attachment in stored.items() if number not in used]
    return html, (*attached, *parts)


async def _signature(tx: Tx, account_id: int, channel: Channel, note: Note, letter: Letter) -> str:
    """The mailbox's signature as HTML. What a workflow writes has no user whose name could stand there."""
    if not channel.signature.strip():
        return ""
    filled = await variables.filled(
        tx,
        account_id,
        channel.signature,
        conversation_id=note.conversation_id,
        customer_id=letter.customer_id,
        user_id=letter.user_id,
    )
    # After the values are in: an address that a value has made is looked at as well.
    return clean_body(filled)


def sender_name(channel: Channel, author: str) -> str:
    """Whose name stands in From."""
    if channel.from_kind is FromKind.CUSTOM and channel.from_name.strip():
        return channel.from_name
    if channel.from_kind is FromKind.USER and author:
        return f"{author} ({channel.name})"
    return channel.name


def reply_to(key: bytes, channel: Channel, account_id: int, conversation_id: int) -> tuple[Address, ...]:
    """Where answers go, if not to the sender."""
    email = signed_ids.reply_address(key, channel, account_id, conversation_id)
    return (Address(channel.name, email),) if email != channel.email else ()


def _recipient(email: str, letter: Letter) -> Address:
    is_customer = email.lower() == (letter.customer_email or "").lower()
    return Address((letter.customer_name or "") if is_customer else "", email)


def _subject(letter: Letter) -> str:
    is_first = not letter.earlier
    return letter.subject if is_first or letter.subject.lower().startswith("re:") else f"Re: {letter.subject}"
