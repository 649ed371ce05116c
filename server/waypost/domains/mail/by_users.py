"""Mail that users write from their own mail programs: answers to notices, and customers' mail that they pass on."""

from __future__ import annotations

import msgspec

from waypost.domains.accounts import Actor, actor_for_user
from waypost.domains.conversations import NewThread, ThreadType
from waypost.domains.mail import own_words
from waypost.domains.mail.models import ReceivedMessage
from waypost.domains.mail.origin import Verdicts
from waypost.domains.mail.signed_ids import MailToken
from waypost.domains.mail.store_finding import Found
from waypost.kit.html import text_to_html
from waypost.kit.tx import Tx


class Contribution(msgspec.Struct, frozen=True):
    """What a user adds to a conversation. Without an actor of their own it is the desk's: nobody vouches for them."""

    actor: Actor
    thread: NewThread


async def contribution(
    tx: Tx,
    account_id: int,
    user_id: int,
    message: ReceivedMessage,
    thread: NewThread,
    verdicts: Verdicts,
    notice: MailToken | None,
    found: Found,
) -> Contribution:
    """What a mail in a user's name adds to the conversation that it answers.

    A reply to the customer it becomes only as an answer to a notice that this desk has sent to this very user about
    this conversation, unless the mailbox's own server knows From as forged; an answer to a notice of a note is a note,
    and so is one without words. All else is a note: in the user's name where the server vouches for From, else in
    nobody's.
    """
    actor = await actor_for_user(tx.connection, account_id, user_id)
    is_notice = notice is not None and found.is_signed and found.place == 0
    words = own_words.html_of(message)
    is_theirs = actor is not None and not verdicts.is_forged and not message.is_automatic
    if actor is not None and is_theirs and is_notice and words:
        kind = ThreadType.NOTE if found.type == ThreadType.NOTE.value else ThreadType.MESSAGE
        # Its own id is that of the mail that leaves; the user's one is remembered with the received mail.
        return Contribution(
            actor, _by(thread, user_id, kind, words, None if kind is ThreadType.MESSAGE else message.message_id)
        )
    if actor is not None and is_theirs and (is_notice or verdicts.is_vouched_for):
        return Contribution(actor, _by(thread, user_id, ThreadType.NOTE, thread.body, message.message_id))
    return Contribution(Actor.system(account_id), _by(thread, None, ThreadType.NOTE, thread.body, message.message_id))


def _by(thread: NewThread, user_id: int | None, kind: ThreadType, body: str, message_id: str | None) -> NewThread:
    is_reply = kind is ThreadType.MESSAGE
    return msgspec.structs.replace(
        thread,
        type=kind,
        body=body,
        user_id=user_id,
        customer=None,
        message_id=message_id,
        to=[] if is_reply else thread.to,
        cc=None if is_reply else thread.cc,
        bcc=None if is_reply else thread.bcc,
        is_automatic=not is_reply and thread.is_automatic,
        is_quiet=False,
    )


async def comment(
    tx: Tx, account_id: int, user_id: int, message: ReceivedMessage, verdicts: Verdicts
) -> Contribution | None:
    """The note of a user who passes a customer's mail on; None where they wrote nothing above it."""
    if message.forwarded is None or not message.forwarded.comment.strip():
        return None
    actor = await actor_for_user(tx.connection, account_id, user_id) if verdicts.is_vouched_for else None
    note = NewThread(
        type=ThreadType.NOTE,
        body=message.forwarded.comment,
        user_id=user_id if actor is not None else None,
        source_type="email",
    )
    return Contribution(actor or Actor.system(account_id), note)


def bounce_note(thread: NewThread, message: ReceivedMessage) -> NewThread:
    """A bounce as it stands in the conversation that it is about: a note of the desk's."""
    body = thread.body or text_to_html(message.text)
    return msgspec.structs.replace(thread, type=ThreadType.NOTE, body=body, customer=None, is_automatic=True)
