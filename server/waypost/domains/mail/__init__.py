"""Mail: messages that come in and find their conversation, replies that go out. MIME and SMTP are the edge's."""

from waypost.domains.mail.models import Address, MailAttachment, OutgoingMessage, ReceivedMessage
from waypost.domains.mail.receiving import Received, receive, without_prefix
from waypost.domains.mail.sending import (
    NAME,
    SEND_JOB,
    Outgoing,
    note_failure,
    note_sent,
    prepare,
    subscriber,
)

__all__ = [
    "NAME",
    "SEND_JOB",
    "Address",
    "MailAttachment",
    "Outgoing",
    "OutgoingMessage",
    "Received",
    "ReceivedMessage",
    "note_failure",
    "note_sent",
    "prepare",
    "receive",
    "subscriber",
    "without_prefix",
]
