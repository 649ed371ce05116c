"""Messages that stand for what could not be read, or was not fetched: nobody's mail ends in a log file."""

from __future__ import annotations

import hashlib

import msgspec

from waypost.domains.mail import Address, Intake, MailAttachment, ReceivedMessage
from waypost.edges.mail_io.message_ids import made_up_id
from waypost.edges.mail_io.parse import parse_message
from waypost.edges.mail_io.preview import preview
from waypost.kit.html import text_to_html

UNREAD = (
    "This message could not be read. The message as it came is attached; open it with a mail program, and with care."
)
_NO_SUBJECT = "Message that could not be read"


def unread(intake: Intake, raw: bytes, error: str) -> ReceivedMessage:
    """A message that only holds the raw one, with what its header says plainly."""
    seen = preview(raw)
    digest = hashlib.sha256(raw).hexdigest()
    return ReceivedMessage(
        message_id=seen.message_id or made_up_id(digest),
        in_reply_to=(),
        references=(),
        subject=seen.subject or _NO_SUBJECT,
        sender=Address("", seen.sender) if seen.sender else None,
        reply_to=(),
        to=(),
        cc=(),
        bcc=(),
        sent_at=None,
        html=text_to_html(UNREAD),
        text=UNREAD,
        attachments=(MailAttachment(f"message-{intake.id}.eml", "message/rfc822", raw),),
        # Nobody answers by itself what nobody has read.
        is_automatic=True,
        is_bounce=False,
        list_id=None,
        content_digest=digest,
        warnings=(f"the message could not be read: {error}",),
        headers={},
        own_text=UNREAD,
    )


def noted(intake: Intake, raw: bytes) -> ReceivedMessage:
    """A message of which only the header is here: what the header says, and a note why there is no more."""
    note = intake.envelope.note
    return msgspec.structs.replace(
        parse_message(raw),
        html=text_to_html(note),
        text=note,
        own_text=note,
        attachments=(MailAttachment(f"header-{intake.id}.eml", "message/rfc822", raw),),
        is_automatic=True,
        warnings=(note,),
    )
