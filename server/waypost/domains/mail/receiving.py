"""Taking a message in: once per mailbox, into the conversation that it belongs to.

The raw message is in the file store before the transaction ends (arriving mail's before it begins), and its claim, its
thread and the facts of both are one transaction: a crash leaves either all of it or a message that can be delivered
again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from waypost.domains import conversations, customers
from waypost.domains.accounts import Actor
from waypost.domains.conversations import ConversationType, NewConversation, Status
from waypost.domains.customers import is_email_address
from waypost.domains.mail import (
    bouncing,
    by_users,
    finding,
    origin,
    people,
    store_finding,
    subjects,
    threads,
)
from waypost.domains.mail.finding import Signs
from waypost.domains.mail.house import House, sent_by_us
from waypost.domains.mail.models import ReceivedMessage
from waypost.domains.mail.origin import Verdicts
from waypost.domains.mail.store_finding import Found, Mailbox, MailboxFacts
from waypost.kit.errors import NotFound
from waypost.kit.files import FileStore
from waypost.kit.tx import Tx

#: A conversation found may be merged into another, and that one again, before it is locked; not over and over.
_TRIES = 3


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """How a message came. `key` is the desk's key, without which no signed id or address counts.

    `recipients` are those of the envelope, where they are known. Imported messages keep their own time and wake nobody;
    `status` is that of a conversation that the message begins. `stored_as` is where the bytes lie, if they do already.
    In imports, what people of the `house` wrote is theirs, and with `is_reviving` a closed conversation that a message
    joins gets the `status` too.
    """

    key: bytes = b""
    recipients: tuple[str, ...] = ()
    stored_as: str = ""
    is_imported: bool = False
    status: Status = Status.ACTIVE
    house: House | None = None
    is_reviving: bool = False

    def __repr__(self) -> str:
        return f"Arrival(recipients={self.recipients!r}, is_imported={self.is_imported!r})"


SOMEHOW = Arrival()


class Received(msgspec.Struct, frozen=True):
    """What became of a message. A duplicate names no conversation, nor does the desk's own mail that came back."""

    outcome: Literal["conversation", "thread", "duplicate", "own"]
    conversation_id: int | None = None
    thread_id: int | None = None


class _Case(msgspec.Struct, frozen=True):
    """A message with everything that is known of it before its conversation is."""

    account_id: int
    mailbox_id: int
    message: ReceivedMessage
    arrival: Arrival
    mailbox: MailboxFacts
    signs: Signs
    verdicts: Verdicts
    stored_as: str
    when: datetime


class _Placed(msgspec.Struct, frozen=True):
    outcome: Literal["conversation", "thread"]
    conversation_id: int
    thread_id: int
    shown: origin.Shown


async def look_ahead(
    tx: Tx, account_id: int, mailbox_id: int, messages: Sequence[tuple[ReceivedMessage, Arrival]]
) -> Mailbox:
    """Look up for several messages at once what `receive` would for each, and hold what they need.

    Raises NotFound for a mailbox that is not there.
    """
    await tx.keep_plans()
    locks: list[int] = []
    addresses: list[str] = []
    for message, arrival in messages:
        addresses += [_sender_of(message), *finding.addressed(message, ())]
        # Imports put their messages in order themselves, and take in several at once.
        if not arrival.is_imported:
            signs = finding.signs_of(arrival.key, account_id, message, arrival.recipients)
            locks += finding.locks_of(account_id, mailbox_id, message, signs)
    mailbox = await store_finding.mailbox(tx.connection, account_id, mailbox_id, addresses, locks)
    if mailbox is None:
        raise NotFound
    if len(messages) > 1:
        writers = [people.writer_of(message, mailbox.addresses).address for message, _ in messages]
        await customers.hold_by_emails(tx, account_id, [writer.email for writer in writers if writer is not None])
    return mailbox


async def receive(
    tx: Tx,
    files: FileStore,
    account_id: int,
    mailbox_id: int,
    message: ReceivedMessage,
    raw: bytes,
    arrival: Arrival = SOMEHOW,
    mailbox: Mailbox | None = None,
) -> Received:
    """Store a message and put it where it belongs.

    The same message again, by whatever way it came, changes nothing: the same content, or the same Message-ID, sender
    and time. `mailbox` is what `look_ahead` returned in this transaction for this message and others. Raises NotFound
    for a mailbox that is not there.
    """
    seen = mailbox or await look_ahead(tx, account_id, mailbox_id, [(message, arrival)])
    signs = finding.signs_of(arrival.key, account_id, message, arrival.recipients)
    facts = seen.facts(_sender_of(message), finding.addressed(message, ()))
    stored_as = arrival.stored_as or files.new_key(account_id, "mail")
    if not arrival.stored_as:
        await files.write(stored_as, raw)
    when = min(message.sent_at or tx.now, tx.now) if arrival.is_imported else tx.now
    verdicts = origin.trusted(message, facts.trusted_authority)
    case = _Case(account_id, mailbox_id, message, arrival, facts, signs, verdicts, stored_as, when)
    search = _search(case)
    claim = store_finding.Claim(
        message.content_digest, message.message_id, finding.identity_of(message), stored_as, tx.now
    )
    claimed = await store_finding.claim_and_find(tx.connection, search, claim)
    if claimed is None:
        if not arrival.stored_as:
            await files.delete(stored_as)
        return Received("duplicate")
    claim_id, found = claimed
    if _is_own_mail(case):
        await store_finding.release(tx.connection, account_id, claim_id)
        return Received("own")
    placed = None
    for attempt in range(_TRIES):
        if attempt:
            found = await store_finding.find(tx.connection, search)
        if found is None or not _continues(case, found):
            break
        try:
            placed = await _add(tx, files, case, found)
            break
        except NotFound:
            # Merged or deleted since it was found.
            continue
    placed = placed or await _begin(tx, files, case)
    await _settle(tx, case, claim_id, placed)
    return Received(placed.outcome, placed.conversation_id, placed.thread_id)


def _sender_of(message: ReceivedMessage) -> str:
    return message.sender.email.lower() if message.sender is not None else ""


async def find_conversation(
    tx: Tx, account_id: int, mailbox_id: int, message: ReceivedMessage, when: datetime
) -> int | None:
    """The conversation that an imported message would continue. Changes nothing."""
    signs = finding.signs_of(b"", account_id, message, ())
    search = finding.search_for(account_id, mailbox_id, message, signs, (), (), when, is_imported=True)
    found = await store_finding.find(tx.connection, search)
    return found.conversation_id if found is not None else None


def _search(case: _Case) -> store_finding.Search:
    notice = case.signs.notice_of(case.mailbox.user_id) if case.mailbox.user_id else None
    # Whoever has a notice that went to somebody else has it from somewhere: it leads nowhere.
    others = [token for token in case.signs.tokens if token.purpose == "reply"]
    return finding.search_for(
        case.account_id,
        case.mailbox_id,
        case.message,
        case.signs,
        (*([notice] if notice is not None else []), *others),
        case.arrival.recipients,
        case.when,
        is_imported=case.arrival.is_imported,
    )


def _is_own_mail(case: _Case) -> bool:
    """Whether the desk's own mail has come back: a notice that a user's mail program passes on to the desk, which would
    be told of again, or a reply in the mailbox that sent it."""
    own = case.signs.own
    if own is None or case.arrival.is_imported:
        return False
    is_ours = case.message.sender is not None and case.message.sender.email.lower() in case.mailbox.addresses
    # What workflows send names no thread, and comes from an address of the desk's.
    is_by_workflow = own.thread_id == 0 and case.message.is_automatic
    return own.purpose == "notice" or is_ours or is_by_workflow


def _continues(case: _Case, found: Found) -> bool:
    """Whether the message goes into the conversation found: not a stranger's that is only akin to it, nor his spam."""
    if found.is_participant or case.arrival.is_imported or case.message.is_bounce or case.mailbox.user_id:
        return True
    return not (found.is_related or case.verdicts.is_spam)


async def _add(tx: Tx, files: FileStore, case: _Case, found: Found) -> _Placed:
    """Add the message to a conversation. Raises NotFound when that is there no more, Unavailable when it is held."""
    message, account_id, user_id = case.message, case.account_id, case.mailbox.user_id
    desk = Actor.system(account_id)
    thread = threads.of(case.arrival.key, message, case.mailbox.addresses, case.stored_as, case.when)
    if message.is_bounce:
        returned = await bouncing.returned_mail(tx, account_id, message.bounce)
        note = by_users.bounce_note(thread, message)
        added = await conversations.add_thread(tx, files, desk, found.conversation_id, note)
        if returned is not None and message.bounce is not None:
            await bouncing.note(tx, account_id, returned, message.bounce)
        elif message.bounce is not None:
            bouncing.note_letter(tx, case.arrival.key, account_id, message.bounce)
        return _Placed("thread", added.conversation_id, added.id, _shown(case))
    if user_id and not case.arrival.is_imported:
        notice = case.signs.notice_of(user_id)
        if notice is not None or not found.is_author:
            made = await by_users.contribution(tx, account_id, user_id, message, thread, case.verdicts, notice, found)
            added = await conversations.add_thread(tx, files, made.actor, found.conversation_id, made.thread)
            return _Placed("thread", added.conversation_id, added.id, _shown(case, user_id=user_id))
    if case.arrival.is_reviving and found.status == Status.CLOSED.value:
        thread = msgspec.structs.replace(thread, status=case.arrival.status)
    ours = sent_by_us(
        case.arrival.house, account_id, message, thread, is_forged=case.verdicts.is_forged, is_first=False
    )
    if ours is not None:
        added = await conversations.add_thread(tx, files, ours.actor, found.conversation_id, ours.thread)
        return _Placed("thread", added.conversation_id, added.id, _shown(case, found))
    is_stranger = not found.is_participant
    thread = msgspec.structs.replace(
        thread,
        is_imported=case.arrival.is_imported,
        is_quiet=origin.is_auto_reply(message),
        # Reply-To cannot make somebody out to be another one within a conversation.
        customer=people.customer_of(message.sender) if found.is_author else thread.customer,
    )
    added = await conversations.add_thread(tx, files, desk, found.conversation_id, thread)
    return _Placed("thread", added.conversation_id, added.id, _shown(case, found, is_stranger=is_stranger))


async def _begin(tx: Tx, files: FileStore, case: _Case) -> _Placed:
    """Begin a conversation with the message, or with the customer's mail that a user passes on by it."""
    message, account_id, user_id = case.message, case.account_id, case.mailbox.user_id
    thread = threads.of(case.arrival.key, message, case.mailbox.addresses, case.stored_as, case.when)
    comment = None
    passed_on = message.forwarded if user_id and not case.arrival.is_imported else None
    is_customers = passed_on is not None and is_email_address(passed_on.sender.email)
    if passed_on is not None and is_customers and passed_on.sender.email.lower() not in case.mailbox.addresses:
        thread = threads.of_forwarded(case.arrival.key, thread, passed_on, case.mailbox.addresses)
        comment = await by_users.comment(tx, account_id, user_id, message, case.verdicts)
        subject = passed_on.subject or subjects.without_prefix(message.subject)[0]
        shown = _shown(case, user_id=user_id, is_forwarded=True)
    else:
        subject = message.subject
        shown = _shown(case)
    ours = sent_by_us(case.arrival.house, account_id, message, thread, is_forged=case.verdicts.is_forged, is_first=True)
    if ours is not None:
        thread = ours.thread
    thread = msgspec.structs.replace(thread, is_imported=case.arrival.is_imported)
    is_spam = bool(case.verdicts.is_spam) and not case.arrival.is_imported
    made = await conversations.create(
        tx,
        files,
        ours.actor if ours is not None else Actor.system(account_id),
        NewConversation(
            subject=subjects.of_conversation(subject),
            type=ConversationType.EMAIL,
            mailbox_id=case.mailbox_id,
            status=Status.SPAM if is_spam else case.arrival.status,
            customer=thread.customer or people.customer_of(None),
            threads=[thread],
            is_imported=case.arrival.is_imported,
            created_at=case.when,
            source_type="email",
            reply_cc=None if case.arrival.is_imported else [],
        ),
    )
    if comment is not None:
        await conversations.add_thread(tx, files, comment.actor, made.id, comment.thread)
    return _Placed("conversation", made.id, made.thread_ids[0], shown)


def _shown(
    case: _Case,
    found: Found | None = None,
    *,
    user_id: int = 0,
    is_stranger: bool = False,
    is_forwarded: bool = False,
) -> origin.Shown:
    return origin.Shown(
        user_id=user_id,
        is_stranger=is_stranger,
        is_forwarded=is_forwarded,
        known=case.mailbox.addresses | case.mailbox.colleagues | (found.known if found is not None else frozenset()),
    )


async def _settle(tx: Tx, case: _Case, claim_id: int, placed: _Placed) -> None:
    settled = _settled(case, claim_id, placed)
    if await store_finding.settle(tx.connection, case.account_id, settled):
        # An address from which mail comes is one that works.
        await customers.note_working_address(tx, case.account_id, settled.sender)


def _settled(case: _Case, claim_id: int, placed: _Placed) -> store_finding.Settled:
    message = case.message
    is_news = not (case.arrival.is_imported or case.verdicts.is_forged)
    unanswerable = "not-received" if case.arrival.is_imported else ""
    if not unanswerable and placed.shown.user_id:
        unanswerable = "by-user"
    unanswerable = unanswerable or origin.refusal(
        case.arrival.key,
        message,
        case.verdicts,
        case.mailbox.addresses,
        is_own_sender=case.mailbox.is_own_sender,
    )
    return store_finding.Settled(
        received_id=claim_id,
        outcome=placed.outcome,
        conversation_id=placed.conversation_id,
        thread_id=placed.thread_id,
        unanswerable=unanswerable,
        detail=origin.detail(case.arrival.key, message, case.verdicts, placed.shown),
        root_id=case.signs.root,
        is_stranger=placed.shown.is_stranger,
        sender=message.sender.email.lower() if message.sender is not None and is_news else "",
    )
