"""The nouns of mail: a message as it was received and one that is to be sent. No MIME, no SMTP."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

#: Names the ids of messages that came without one. They are for finding the message here and mean nothing elsewhere.
MADE_UP_HOST = "no-message-id.invalid"


class Address(msgspec.Struct, frozen=True):
    """A mail address with the name written beside it, which may be empty."""

    name: str
    email: str


class MailAttachment(msgspec.Struct, frozen=True):
    """A file of a message. `is_inline` says that the message's HTML shows it, as `cid:` and the content id."""

    file_name: str
    mime_type: str
    data: bytes
    content_id: str | None = None
    is_inline: bool = False


class FailedRecipient(msgspec.Struct, frozen=True):
    """An address that a message did not reach. `status` is the enhanced code (`5.1.1`), empty where there is none."""

    email: str
    status: str = ""
    diagnostic: str = ""


class Bounce(msgspec.Struct, frozen=True):
    """What a report of failed delivery says: `delayed` ones are no failure yet, `temporary` ones may pass.

    `original_message_id` and `original_references` are those of the message that came back, where the report has them.
    """

    kind: Literal["permanent", "temporary", "delayed"]
    recipients: tuple[FailedRecipient, ...]
    original_message_id: str | None = None
    original_references: tuple[str, ...] = ()


class Forwarded(msgspec.Struct, frozen=True):
    """A message inside another one that somebody forwarded: its own sender and text, and what was written above it.

    `html` is sanitised. `comment` is the forwarder's own text as sanitised HTML, empty where there is none.
    """

    sender: Address
    subject: str
    sent_at: datetime | None
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    html: str
    text: str
    comment: str


class Verdict(msgspec.Struct, frozen=True):
    """What a mail server says it has found about the origin of a message: RFC 8601 results such as `pass` or `fail`.

    Empty where it says nothing. `authority` is the server's name for itself: only the mailbox's own server proves
    anything, everybody else can write such a field. `is_spam` is its spam filter's opinion, None when it has none.
    """

    authority: str
    spf: str = ""
    dkim: str = ""
    dmarc: str = ""
    is_spam: bool | None = None


class ReceivedMessage(msgspec.Struct, frozen=True):
    """A message as read from its raw bytes; whatever could not be read is named in `warnings`.

    Message ids carry their angle brackets. `references` runs from the oldest message to the newest. `sent_at` is what
    the message claims, in UTC, and None where that is absurd. `html` is sanitised and keeps `cid:` references; `text`
    is the message's own plain text or one made from the HTML. `sender` has an empty address where the message gives
    a name alone, and is None where it names nobody; every other address can be written to.
    """

    message_id: str
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    subject: str
    sender: Address | None
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    bcc: tuple[Address, ...]
    sent_at: datetime | None
    html: str
    text: str
    attachments: tuple[MailAttachment, ...]
    #: Written by a program (auto-reply, vacation notice, bulk or list mail): it is never answered automatically.
    is_automatic: bool
    #: A report that a message could not be delivered.
    is_bounce: bool
    list_id: str | None
    #: SHA-256 of the raw message, in hex.
    content_digest: str
    warnings: tuple[str, ...]
    #: A few header fields by their lower-case name, the first of each.
    headers: dict[str, str]
    #: What a bounce reports; None for everything else, and for bounces that nobody can read.
    bounce: Bounce | None = None
    #: The message that this one forwards; None where it forwards none, or none that can be told from its text.
    forwarded: Forwarded | None = None
    #: Every verdict that stands in the header, the one that was added last first.
    verdicts: tuple[Verdict, ...] = ()
    #: `signed` and `encrypted`, by S/MIME or PGP: shown and not verified. Empty for plain mail.
    protection: tuple[Literal["pgp-signed", "pgp-encrypted", "smime-signed", "smime-encrypted"], ...] = ()
    #: The words that the sender wrote now: `text` without what it quotes and without the signature.
    own_text: str = ""


class OutgoingMessage(msgspec.Struct, frozen=True):
    """A message to be sent. An empty `text` is made from the HTML. `headers` are further fields by name."""

    message_id: str
    sender: Address
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    bcc: tuple[Address, ...]
    reply_to: tuple[Address, ...]
    subject: str
    html: str
    text: str
    attachments: tuple[MailAttachment, ...]
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    sent_at: datetime
    headers: dict[str, str]


def is_made_up(message_id: str) -> bool:
    """Whether a message came without an id and got this one here: no other program has ever seen it."""
    return message_id.endswith(f"@{MADE_UP_HOST}>")
