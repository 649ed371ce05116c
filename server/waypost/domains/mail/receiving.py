"""Taking a message in: once per mailbox, into the conversation that it belongs to.

The raw message is in the file store before anything else happens, and its claim, its thread and the facts of both are
one transaction: a crash leaves either all of it or a message that can be delivered again.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from waypost.domains import conversations
from waypost.domains.accounts import Actor
from waypost.domains.conversations import (
    ConversationType,
    CustomerReference,
    NewAttachment,
    NewConversation,
    NewThread,
    Status,
    ThreadType,
)
from waypost.domains.customers import CustomerProfile, is_email_address
from waypost.domains.mail import origin, store
from waypost.domains.mail.models import Address, MailAttachment, ReceivedMessage
from waypost.kit.errors import NotFound
from waypost.kit.files import FileStore
from waypost.kit.html import text_to_html
from waypost.kit.tx import Tx

NO_SUBJECT = "(no subject)"
SUBJECT_LIMIT = 998
#: Answers that name no message are taken for answers by their subject only so long after the last word.
SUBJECT_WINDOW = timedelta(days=60)
#: `Re:` and `Fwd:` in the languages that mail programs write them in, with counters as in `Re[2]:`.
_PREFIX = re.compile(
    r"\s*(?:re|aw|sv|vs|antw|odp|ref|rif|res|ynt|ответ|回复|回覆|答复|fwd?|wg|tr|rv|enc|vb|doorst|转发)(?:\[\d{1,4}\])?\s*[:\uff1a]",
    re.IGNORECASE,
)
_MOST_PREFIXES = 20
_MOST_REFERENCES = 100
#: A conversation found may be merged into another, and that one again, before it is locked; not over and over.
_TRIES = 3


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """How a message came. `key` is the desk's key, without which no signed id or address counts.

    `recipients` are those of the envelope, where they are known. Imported messages keep their own time and wake nobody;
    `status` is that of a conversation that the message begins. `stored_as` is where the bytes lie, if they do already.
    """

    key: bytes = b""
    recipients: tuple[str, ...] = ()
    stored_as: str = ""
    is_imported: bool = False
    status: Status = Status.ACTIVE

    def __repr__(self) -> str:
        return f"Arrival(recipients={self.recipients!r}, is_imported={self.is_imported!r})"


SOMEHOW = Arrival()


class Received(msgspec.Struct, frozen=True):
    """What became of a message. A duplicate names no conversation."""

    outcome: Literal["conversation", "thread", "duplicate"]
    conversation_id: int | None = None
    thread_id: int | None = None


async def receive(
    tx: Tx,
    files: FileStore,
    account_id: int,
    mailbox_id: int,
    message: ReceivedMessage,
    raw: bytes,
    arrival: Arrival = SOMEHOW,
) -> Received:
    """Store a message and put it where it belongs.

    Imported messages keep their own time and wake nobody. The same message again, by whatever way it
    came, changes nothing: the same content, or the same Message-ID, sender and time. Raises NotFound for a mailbox
    that is not there.
    """
    sender = message.sender.email if message.sender is not None else ""
    mailbox = await store.mailbox(tx.connection, account_id, mailbox_id, sender)
    if mailbox is None:
        raise NotFound
    stored_as = arrival.stored_as or files.new_key(account_id, "mail")
    if not arrival.stored_as:
        await files.write(stored_as, raw)
    claim = await store.note_received(tx.connection, account_id, mailbox_id, message, stored_as, tx.now)
    if claim is None:
        if not arrival.stored_as:
            await files.delete(stored_as)
        return Received("duplicate")
    when = min(message.sent_at or tx.now, tx.now) if arrival.is_imported else tx.now
    verdicts = origin.trusted(message, mailbox.trusted_authority)
    unanswerable = (
        "not-received"
        if arrival.is_imported
        else origin.refusal(arrival.key, message, verdicts, mailbox.addresses, is_own_sender=mailbox.is_own_sender)
    )
    detail: dict[str, Any] = {}
    thread = _thread(message, stored_as, when, mailbox.email, is_imported=arrival.is_imported)
    actor = Actor.system(account_id)
    for _ in range(_TRIES):
        conversation_id = await find_conversation(tx, account_id, mailbox_id, message, when)
        if conversation_id is None:
            break
        try:
            added = await conversations.add_thread(tx, files, actor, conversation_id, thread)
        except NotFound:
            # Merged or deleted since it was found.
            continue
        settled = store.Settled(claim, "thread", conversation_id, added.id, unanswerable, detail)
        await store.settle_received(tx.connection, account_id, settled)
        return Received("thread", conversation_id, added.id)
    made = await conversations.create(
        tx,
        files,
        actor,
        NewConversation(
            subject=subject_of(message),
            type=ConversationType.EMAIL,
            mailbox_id=mailbox_id,
            status=arrival.status,
            customer=_customer(message),
            threads=[thread],
            is_imported=arrival.is_imported,
            created_at=when,
            source_type="email",
        ),
    )
    thread_id = made.thread_ids[0]
    settled = store.Settled(claim, "conversation", made.id, thread_id, unanswerable, detail)
    await store.settle_received(tx.connection, account_id, settled)
    return Received("conversation", made.id, thread_id)


async def find_conversation(
    tx: Tx, account_id: int, mailbox_id: int, message: ReceivedMessage, when: datetime
) -> int | None:
    """The conversation that a message continues: by the messages it refers to, else by subject and people."""
    ancestors = [*message.in_reply_to, *reversed(message.references)][:_MOST_REFERENCES]
    if ancestors:
        found = await store.conversation_by_reference(tx.connection, account_id, mailbox_id, ancestors)
        if found is not None:
            return found
    subject, is_answer = without_prefix(message.subject)
    if not is_answer or not subject:
        return None
    people = [message.sender] if message.sender is not None else []
    addresses = [person.email.lower() for person in [*people, *message.to, *message.cc]]
    key = subject[:100].lower()
    return await store.conversation_by_subject(
        tx.connection, account_id, mailbox_id, [key], when - SUBJECT_WINDOW, when + SUBJECT_WINDOW, addresses
    )


def without_prefix(subject: str) -> tuple[str, bool]:
    """The subject without `Re:` and its like, and whether there was one."""
    rest = subject
    for _ in range(_MOST_PREFIXES):
        match = _PREFIX.match(rest)
        if match is None:
            break
        rest = rest[match.end() :]
    rest = rest.strip()
    return rest, rest != subject.strip()


def subject_of(message: ReceivedMessage) -> str:
    """The subject of a new conversation; something, whatever the message says."""
    return message.subject.strip()[:SUBJECT_LIMIT] or NO_SUBJECT


def _customer(message: ReceivedMessage) -> CustomerReference:
    sender = message.sender
    if sender is None or not is_email_address(sender.email):
        name = sender.name or sender.email if sender is not None else ""
        return CustomerReference(profile=CustomerProfile(first_name=name[:40] or "Unknown", last_name=None))
    first, last = names_of(sender)
    return CustomerReference(
        email=sender.email, profile=CustomerProfile(first_name=first or None, last_name=last or None)
    )


def names_of(address: Address) -> tuple[str, str]:
    """First and last name out of a display name: `Smith, Jane` and `Jane Smith` are the same person."""
    name = " ".join(address.name.split())
    if "@" in name:
        return "", ""
    last, comma, first = name.partition(", ")
    if comma and first:
        return first[:40], last[:40]
    first, _, last = name.partition(" ")
    return first[:40], last[:40]


def _thread(message: ReceivedMessage, key: str, when: datetime, own_address: str, *, is_imported: bool) -> NewThread:
    own = own_address.lower()
    return NewThread(
        type=ThreadType.CUSTOMER,
        body=message.html or text_to_html(message.text),
        customer=_customer(message),
        cc=_addresses(message.cc, own),
        bcc=_addresses(message.bcc, own),
        attachments=[_attachment(file) for file in message.attachments],
        is_imported=is_imported,
        created_at=when,
        source_type="email",
        to=_addresses(message.to, own),
        is_automatic=message.is_automatic or message.is_bounce,
        message_id=message.message_id,
        source_file=key,
    )


def _addresses(people: tuple[Address, ...], own: str) -> list[str]:
    return list(dict.fromkeys(person.email for person in people if person.email.lower() != own))


def _attachment(file: MailAttachment) -> NewAttachment:
    return NewAttachment(file.file_name, file.mime_type, file.data, file.content_id, file.is_inline)
