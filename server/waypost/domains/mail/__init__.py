"""Mail: messages that come in and find their conversation, replies that go out. MIME and SMTP are the edge's.

`intake` keeps what has come in and was not read yet, `folders` how far the folders of mail servers have been read.
"""

from waypost.domains.mail import folders, imported, intake
from waypost.domains.mail.answering import MayAnswer, may_answer
from waypost.domains.mail.house import House, house_of
from waypost.domains.mail.intake_models import (
    Bookmark,
    Envelope,
    FolderState,
    Intake,
    IntakeFilter,
    NewIntake,
    Preview,
)
from waypost.domains.mail.letters import BY_A_PROGRAM
from waypost.domains.mail.models import (
    MADE_UP_HOST,
    Address,
    Bounce,
    FailedRecipient,
    Forwarded,
    MailAttachment,
    OutgoingMessage,
    ReceivedMessage,
    Verdict,
)
from waypost.domains.mail.origin import LOOK_ALIKE, OTHER_ADDRESS, TURNED_NAME, deceptions
from waypost.domains.mail.outbox import Delivery, deliveries, retry, undo
from waypost.domains.mail.own_words import ANSWER_LINE
from waypost.domains.mail.receiving import Arrival, Received, look_ahead, receive
from waypost.domains.mail.sending import (
    NAME,
    SEND_JOB,
    Outgoing,
    Waiting,
    note_failure,
    note_handing_over,
    note_taken,
    prepare,
    subscriber,
)
from waypost.domains.mail.signed_ids import MailToken, new_message_id, read_token, reply_address
from waypost.domains.mail.store_finding import Mailbox
from waypost.domains.mail.subjects import without_prefix

__all__ = [
    "ANSWER_LINE",
    "BY_A_PROGRAM",
    "LOOK_ALIKE",
    "MADE_UP_HOST",
    "NAME",
    "OTHER_ADDRESS",
    "SEND_JOB",
    "TURNED_NAME",
    "Address",
    "Arrival",
    "Bookmark",
    "Bounce",
    "Delivery",
    "Envelope",
    "FailedRecipient",
    "FolderState",
    "Forwarded",
    "House",
    "Intake",
    "IntakeFilter",
    "MailAttachment",
    "MailToken",
    "Mailbox",
    "MayAnswer",
    "NewIntake",
    "Outgoing",
    "OutgoingMessage",
    "Preview",
    "Received",
    "ReceivedMessage",
    "Verdict",
    "Waiting",
    "deceptions",
    "deliveries",
    "folders",
    "house_of",
    "imported",
    "intake",
    "look_ahead",
    "may_answer",
    "new_message_id",
    "note_failure",
    "note_handing_over",
    "note_taken",
    "prepare",
    "read_token",
    "receive",
    "reply_address",
    "retry",
    "subscriber",
    "undo",
    "without_prefix",
]
