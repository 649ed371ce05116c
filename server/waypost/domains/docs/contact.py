"""What visitors of a help center write to those behind it (spec: 11.7).

Each message begins a conversation of its own: nothing that a stranger types leads into one that is there, and nothing
of one is shown. Who wrote is what they say of themselves, as with mail. Where no mailbox is meant to get it, it leaves
as a letter to the site's contact address.
"""

from __future__ import annotations

import hashlib
import re

import msgspec

from waypost.domains import conversations, customers, mailboxes
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
from waypost.domains.customers import CustomerProfile
from waypost.domains.docs import errors
from waypost.domains.docs.assets import is_program
from waypost.domains.docs.models import Site
from waypost.domains.docs.texts import paragraphs
from waypost.kit import idempotency
from waypost.kit.errors import FieldError, NotFound
from waypost.kit.file_kinds import real_type
from waypost.kit.files import FileStore
from waypost.kit.html import clean_file_name, clean_name, clean_text
from waypost.kit.named_locks import key_of
from waypost.kit.tx import Tx

#: How such conversations and their first threads are marked (spec: inbox 7.0 `source`).
SOURCE = "docs"
LONGEST_NAME = 80
LONGEST_SUBJECT = 250
LONGEST_TEXT = 50_000
MOST_FILES = 3
MOST_FILE_BYTES = conversations.MOST_ATTACHMENT_BYTES
_LONGEST_NAME_PART = 40
_LOCK = "select pg_advisory_xact_lock($1)"
_LINES = re.compile(r"\r\n?")


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody has typed. `form` is the random name of the form that it was typed into."""

    name: str
    email: str
    subject: str
    text: str
    attachments: list[NewAttachment] = []
    form: bytes = b""

    @property
    def digest(self) -> bytes:
        """Tells the same message from the same form, sent twice, from another."""
        files = [(one.file_name, hashlib.sha256(one.data).digest()) for one in self.attachments]
        content = (self.form, self.name, self.email, self.subject, self.text, files)
        return hashlib.sha256(msgspec.msgpack.encode(content)).digest()


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """Where messages go: into a mailbox, or to an address that reaches none of the account's."""

    mailbox_id: int | None = None
    email: str = ""


class LetterFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a letter, which lies in the file store until the letter has left."""

    storage_key: str
    file_name: str
    mime_type: str


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A message as a mail of the desk's own. `name` and `email` are whom an answer goes to; the HTML is safe."""

    id: str
    account_id: int
    to_email: str
    name: str
    email: str
    subject: str
    html: str
    files: list[LetterFile] = []


async def way_of(tx: Tx, account_id: int, site: Site) -> Way | None:
    """Where messages of the site go; None where there is no form, or nobody to get them.

    It is the site's mailbox, or without one the mailbox that the site's contact address reaches, or else that address.
    """
    fields = site.fields
    address = fields.look.contact_email or ""
    if not fields.has_contact_form:
        return None
    for meant in (fields.mailbox, address):
        mailbox_id = await mailboxes.find_meant(tx, account_id, meant) if meant else None
        if mailbox_id is not None:
            return Way(mailbox_id=mailbox_id)
    return Way(email=address) if customers.is_email_address(address) else None


async def was_written(tx: Tx, account_id: int, message: Message) -> bool:
    """Whether this very message has come from this very form before. Others that send the same wait until the end."""
    key = _key(account_id, message)
    await tx.connection.execute(_LOCK, key_of(f"docs.contact {account_id} {message.digest.hex()}"))
    return await idempotency.find(tx, key) is not None


async def write(tx: Tx, files: FileStore, account_id: int, site: Site, message: Message) -> int | Letter:
    """Take a visitor's message: begin a conversation, whose id is returned, or make a letter, which the caller queues.

    The mailbox's automatic reply follows the conversation, within its budgets; to a letter the desk answers nothing.
    Raises Invalid with every field that is not as it should be, NotFound where the site takes no messages.
    """
    way = await way_of(tx, account_id, site)
    if way is None:
        raise NotFound("no contact form")
    errors.raise_any(await problems_of(tx, account_id, message))
    made: int | Letter
    if way.mailbox_id is None:
        made, location = await _letter(files, account_id, site, way.email, message), ""
    else:
        made = await _begin(tx, files, account_id, way.mailbox_id, message)
        location = f"/v2/conversations/{made}"
    await idempotency.keep(tx, _key(account_id, message), idempotency.Answer(message.digest, 201, [], b""), location)
    return made


async def _begin(tx: Tx, files: FileStore, account_id: int, mailbox_id: int, message: Message) -> int:
    first, _, last = clean_name(message.name, LONGEST_NAME).partition(" ")
    customer = CustomerReference(
        email=message.email.strip(),
        profile=CustomerProfile(first_name=first[:_LONGEST_NAME_PART], last_name=last[:_LONGEST_NAME_PART] or None),
    )
    made = await conversations.create(
        tx,
        files,
        Actor.system(account_id),
        NewConversation(
            subject=clean_name(message.subject, LONGEST_SUBJECT),
            type=ConversationType.EMAIL,
            mailbox_id=mailbox_id,
            status=Status.ACTIVE,
            customer=customer,
            threads=[
                NewThread(
                    type=ThreadType.CUSTOMER,
                    body=paragraphs(clean_text(message.text)),
                    customer=customer,
                    attachments=message.attachments,
                    source_type=SOURCE,
                )
            ],
            source_type=SOURCE,
            has_auto_reply=True,
        ),
    )
    return made.id


async def _letter(files: FileStore, account_id: int, site: Site, to_email: str, message: Message) -> Letter:
    attached = [
        LetterFile(
            storage_key=files.new_key(account_id, "letters"),
            file_name=clean_file_name(one.file_name, "attachment"),
            mime_type=real_type(one.mime_type, one.data),
        )
        for one in message.attachments
    ]
    if attached:
        data = (one.data for one in message.attachments)
        await files.write_durably({file.storage_key: each for file, each in zip(attached, data, strict=True)})
    name, email = clean_name(message.name, LONGEST_NAME), message.email.strip()
    look = site.fields.look
    about = f"{name} <{email}>\n{look.title or look.company_name or site.fields.sub_domain}"
    return Letter(
        id=message.digest.hex(),
        account_id=account_id,
        to_email=to_email,
        name=name,
        email=email,
        subject=clean_name(message.subject, LONGEST_SUBJECT),
        html=f"{paragraphs(about)}{paragraphs(clean_text(message.text))}",
        files=attached,
    )


async def problems_of(tx: Tx, account_id: int, message: Message) -> list[FieldError]:
    """What is not as it should be, by the names of the fields."""
    found: list[FieldError] = []
    texts = (
        ("name", clean_name(message.name, 2 * LONGEST_NAME), LONGEST_NAME),
        ("subject", clean_name(message.subject, 2 * LONGEST_SUBJECT), LONGEST_SUBJECT),
        ("message", _LINES.sub("\n", clean_text(message.text)).strip(), LONGEST_TEXT),
    )
    for name, text, longest in texts:
        if not text:
            found.append(errors.required(name))
        elif len(text) > longest:
            found.append(errors.too_long(name))
    email = message.email.strip()
    if not email:
        found.append(errors.required("email"))
    elif not customers.is_email_address(email):
        found.append(FieldError("email", "not a well-formed email address", "Email"))
    elif await mailboxes.find_meant(tx, account_id, email) is not None:
        # Its answers would come back as new questions.
        found.append(FieldError("email", "is an address of ours", "Identifier"))
    return found + _problems_of_files(message.attachments)


def _problems_of_files(files: list[NewAttachment]) -> list[FieldError]:
    if len(files) > MOST_FILES:
        return [errors.too_long("files")]
    for file in files:
        if len(file.data) > MOST_FILE_BYTES:
            return [FieldError("files", "is too large", "Size", clean_name(file.file_name))]
        if is_program(file.file_name, file.data):
            return [FieldError("files", "is a program", "Type", clean_name(file.file_name))]
    return []


def _key(account_id: int, message: Message) -> idempotency.Key:
    return idempotency.Key(account_id, 0, 0, message.digest)
