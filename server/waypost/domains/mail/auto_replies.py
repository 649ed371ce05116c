"""The mailbox's automatic reply: once to whoever begins a conversation by mail, and never to a program.

Its text is the mailbox's, with variables; nothing that the sender wrote is repeated to an address that may be forged.
"""

from __future__ import annotations

import re

from waypost.domains.conversations import variables
from waypost.domains.mail import answering, origin, store_auto_replies
from waypost.domains.mail.letters import BY_A_PROGRAM, reply_to
from waypost.domains.mail.models import Address, OutgoingMessage, is_made_up
from waypost.domains.mail.store_sending import Letter, Note
from waypost.domains.mailboxes import Channel, store_channel
from waypost.kit import placeholders
from waypost.kit.events import Fact
from waypost.kit.files import FileStore
from waypost.kit.html import clean_body
from waypost.kit.text import clean_name
from waypost.kit.tx import Tx

#: Tells the Message-ID from that of a reply about the same thread.
SERIAL = 1
#: The source of what visitors of a help center write (domains/docs/contact.py).
BY_FORM = "docs"
SUBJECT = "We have received your message"
_LONGEST_SUBJECT = 200
#: What senders write does not come back to an address that may be somebody else's, or the desk relays their words.
#: A name does as far as it is one: no addresses, no digits, no sentences.
_NAMES = ("customer.fullName", "customer.firstName", "customer.lastName")
_SAFE = ("conversation.number", "mailbox.name", "mailbox.email", "customer.email")
_NAME = re.compile(r"[^\W\d_]+(?:[ '\u2019-][^\W\d_]+){0,3}")
_LONGEST_NAME = 40


async def due(tx: Tx, key: bytes, fact: Fact) -> int | None:
    """The customer's message that a new conversation's automatic reply answers; None where there is to be none.

    Mail is answered where the mailbox says so, and so are the forms of help centers; what the API has made only where
    the call says so too (spec: 7.2).
    """
    if fact.data.get("is_imported") or fact.data.get("is_draft"):
        return None
    found = await store_auto_replies.first_message(tx.connection, fact.account_id, fact.subject_id or 0)
    is_asked_for = bool(fact.data.get("auto_reply"))
    if found is None or not (is_asked_for or found["source_type"] == "email"):
        return None
    channel = await store_channel.find(tx.connection, key, fact.account_id, found["mailbox_id"])
    if channel is None or not channel.is_auto_reply_on or not channel.auto_reply_body.strip():
        return None
    if found["source_type"] == BY_FORM and origin.is_unread(found["email"]):
        # Whoever fills in a form may name any address; a caller of the API knows whom it asks for.
        return None
    thread_id = int(found["thread_id"])
    if is_asked_for:
        answer = await answering.may_write(
            tx, fact.account_id, fact.subject_id or 0, found["mailbox_id"], found["email"]
        )
    else:
        answer = await answering.may_answer(tx, fact.account_id, thread_id)
    return thread_id if answer else None


async def write(
    tx: Tx, files: FileStore, key: bytes, account_id: int, channel: Channel, note: Note, letter: Letter
) -> OutgoingMessage:
    """The automatic reply to the customer's message `letter`."""
    del files
    known = await variables.values(tx, account_id, note.conversation_id, letter.customer_id, None)
    values = {name: known.get(name, "") for name in _SAFE}
    values.update((name, known.get(name, "")) for name in _NAMES if _is_name(known.get(name, "")))
    body = placeholders.filled(channel.auto_reply_body, values, is_html=True)
    subject = placeholders.filled(channel.auto_reply_subject, values, is_html=False)
    is_known = letter.message_id and letter.message_id != note.message_id and not is_made_up(letter.message_id)
    answered = (letter.message_id,) if letter.message_id and is_known else ()
    return OutgoingMessage(
        message_id=note.message_id,
        sender=Address(channel.from_name.strip() or channel.name, channel.email),
        to=(Address("", letter.customer_email),) if letter.customer_email else (),
        cc=(),
        bcc=(),
        reply_to=reply_to(key, channel, account_id, note.conversation_id),
        subject=clean_name(subject, _LONGEST_SUBJECT) or SUBJECT,
        html=clean_body(body),
        text="",
        attachments=(),
        in_reply_to=answered,
        references=answered,
        sent_at=note.queued_at,
        headers=dict(BY_A_PROGRAM),
    )


def _is_name(text: str) -> bool:
    return len(text) <= _LONGEST_NAME and _NAME.fullmatch(text) is not None
