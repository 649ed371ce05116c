"""The nouns of mail: a message as it was received and one that is to be sent. No MIME, no SMTP."""

from __future__ import annotations

from datetime import datetime

import msgspec


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
