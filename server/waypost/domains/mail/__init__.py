"""Mail: messages that come in and find their conversation, replies that go out. MIME and SMTP are the edge's."""

from waypost.domains.mail.answering import MayAnswer, may_answer
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
from waypost.domains.mail.receiving import Arrival, Received, receive, without_prefix
from waypost.domains.mail.sending import (
    NAME,
    SEND_JOB,
    Outgoing,
    note_failure,
    note_sent,
    prepare,
    subscriber,
)
from waypost.domains.mail.signed_ids import MailToken, new_message_id, read_token, reply_address

__all__ = [
    "NAME",
    "SEND_JOB",
    "Address",
    "Arrival",
    "Bounce",
    "FailedRecipient",
    "Forwarded",
    "MailAttachment",
    "MailToken",
    "MayAnswer",
    "Outgoing",
    "OutgoingMessage",
    "Received",
    "ReceivedMessage",
    "Verdict",
    "may_answer",
    "new_message_id",
    "note_failure",
    "note_sent",
    "prepare",
    "read_token",
    "receive",
    "reply_address",
    "subscriber",
    "without_prefix",
]
