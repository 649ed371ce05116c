"""Mail: messages that come in and find their conversation, replies that go out. MIME and SMTP are the edge's."""

from waypost.domains.mail.models import (
    Address,
    Bounce,
    FailedRecipient,
    Forwarded,
    MailAttachment,
    OutgoingMessage,
    ReceivedMessage,
    Verdict,
)
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
    "Bounce",
    "FailedRecipient",
    "Forwarded",
    "MailAttachment",
    "Outgoing",
    "OutgoingMessage",
    "Received",
    "ReceivedMessage",
    "Verdict",
    "note_failure",
    "note_sent",
    "prepare",
    "receive",
    "subscriber",
    "without_prefix",
]
