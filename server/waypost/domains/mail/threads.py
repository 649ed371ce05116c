"""Threads as they are made from received messages."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime

import msgspec

from waypost.domains.conversations import NewAttachment, NewThread, ThreadType
from waypost.domains.mail import people
from waypost.domains.mail.models import Forwarded, MailAttachment, ReceivedMessage
from waypost.kit.html import text_to_html


def of(
    key: bytes, message: ReceivedMessage, own_addresses: AbstractSet[str], stored_as: str, when: datetime
) -> NewThread:
    """A customer's thread of what the message says, with everybody whom it names beside the mailbox."""
    return NewThread(
        type=ThreadType.CUSTOMER,
        body=message.html or text_to_html(message.text),
        customer=people.customer_of(people.writer_of(message, own_addresses).address),
        cc=people.others(key, message.cc, own_addresses),
        bcc=people.others(key, message.bcc, own_addresses),
        attachments=[_attachment(file) for file in message.attachments],
        created_at=when,
        source_type="email",
        to=people.others(key, message.to, own_addresses),
        is_automatic=message.is_automatic or message.is_bounce,
        message_id=message.message_id,
        source_file=stored_as,
    )


def of_forwarded(key: bytes, thread: NewThread, inner: Forwarded, own_addresses: AbstractSet[str]) -> NewThread:
    """The thread of a customer's mail inside one that passes it on."""
    return msgspec.structs.replace(
        thread,
        body=inner.html or text_to_html(inner.text),
        customer=people.customer_of(inner.sender),
        to=people.others(key, inner.to, own_addresses),
        cc=people.others(key, inner.cc, own_addresses),
        bcc=[],
        is_automatic=False,
    )


def _attachment(file: MailAttachment) -> NewAttachment:
    return NewAttachment(file.file_name, file.mime_type, file.data, file.content_id, file.is_inline)
