"""Playing the demo's conversations and mails: each verb at the moment at which it would have been called."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from waypost.demo import material
from waypost.demo.shapes import Channel, DemoConversation, DemoCustomer, DemoEmail, DemoMessage
from waypost.demo.stage import Stage, go_to
from waypost.domains import conversations, customers, mail
from waypost.domains.accounts import Actor
from waypost.domains.conversations import (
    ConversationType,
    CustomerReference,
    Grade,
    NewConversation,
    NewThread,
    Status,
    ThreadType,
)
from waypost.domains.customers import CustomerProfile, EntryKind, NewAddress, NewCustomer, NewEntry, SetProperty
from waypost.edges.mail_io.parse import parse_message
from waypost.kit.files import FileStore
from waypost.kit.html import text_to_html
from waypost.kit.tx import Tx

DRAFT_PAUSE = timedelta(minutes=20)
CLOSING_PAUSE = timedelta(minutes=5)
RATING_PAUSE = timedelta(minutes=3)

_SOURCES: dict[Channel, str] = {"email": "email", "chat": "chat", "phone": "web"}
_GRADES: dict[str, Grade] = {"great": Grade.GREAT, "okay": Grade.OKAY, "not-good": Grade.NOT_GOOD}
#: Calls are rated by nobody.
_RATED = frozenset({"email", "chat"})
_ANSWERS: dict[Channel, ThreadType] = {"email": ThreadType.MESSAGE, "phone": ThreadType.PHONE}


async def add_customer(tx: Tx, stage: Stage, wanted: DemoCustomer) -> None:
    """Make one of the customers of whom everything is known."""
    address = wanted.address
    collections = (
        (EntryKind.EMAIL, wanted.emails),
        (EntryKind.PHONE, wanted.phones),
        (EntryKind.CHAT, wanted.chats),
        (EntryKind.SOCIAL_PROFILE, wanted.social_profiles),
        (EntryKind.WEBSITE, wanted.websites),
    )
    new = NewCustomer(
        first_name=wanted.first_name,
        last_name=wanted.last_name,
        job_title=wanted.job_title,
        organization=wanted.organization,
        location=wanted.location,
        background=wanted.background,
        age=wanted.age,
        gender=wanted.gender,
        photo_type=wanted.photo_type,
        entries=[
            NewEntry(kind=kind, value=entry.value, type=entry.type or None)
            for kind, entries in collections
            for entry in entries
        ],
        address=NewAddress(
            lines=list(address.lines),
            city=address.city,
            state=address.state,
            postal_code=address.postal_code,
            country=address.country,
        ),
        properties=[SetProperty(slug=slug, value=stage.text_of(value)) for slug, value in wanted.properties.items()],
    )
    await customers.create(tx, stage.owner, new)


async def play_conversation(tx: Tx, files: FileStore, stage: Stage, item: DemoConversation) -> None:
    """Let a conversation happen: first message, answers, notes, assignment, closing, draft and snooze.

    A chat is written down when it is over, with all its lines.
    """
    told = item.messages if item.channel == "chat" else item.messages[:1]
    await go_to(tx, stage.at(told[-1].age_s))
    customer = CustomerReference(id=await _customer(tx, stage, item))
    conversation_id, thread_ids = await _start(tx, files, stage, item, customer, len(told))
    is_assigned = any(message.sender == "agent" for message in told)
    last_word = next(message for message in reversed(item.messages) if message.sender != "note")
    for index, message in enumerate(item.messages[len(told) :], len(told)):
        await go_to(tx, stage.at(message.age_s))
        thread = _thread(stage, item, index, customer)
        if message.sender == "agent":
            if item.assignee and not is_assigned:
                thread = msgspec.structs.replace(thread, assignee=stage.users[item.assignee].user_id)
                is_assigned = True
            if message is last_word and item.status in ("closed", "pending"):
                thread = msgspec.structs.replace(thread, status=Status(item.status))
        added = await conversations.add_thread(tx, files, _author(stage, item, message), conversation_id, thread)
        thread_ids.append(added.id)
    answers = [key for key, message in zip(thread_ids, item.messages, strict=True) if message.sender == "agent"]
    if item.rating is not None and answers and item.channel in _RATED:
        await go_to(tx, min(stage.at(item.messages[-1].age_s) + RATING_PAUSE, stage.now))
        rater = Actor.for_customer(stage.account_id, customer.id or 0)
        await conversations.rate(tx, rater, answers[-1], _GRADES[item.rating.grade], item.rating.comment)
    await _finish(tx, files, stage, item, conversation_id, is_assigned=is_assigned)


async def _start(
    tx: Tx, files: FileStore, stage: Stage, item: DemoConversation, customer: CustomerReference, lines: int
) -> tuple[int, list[int]]:
    author = _author(stage, item, item.messages[0])
    is_answered = any(message.sender == "agent" for message in item.messages[:lines])
    is_over = lines == len(item.messages) or item.status == "spam"
    wanted = NewConversation(
        subject=item.subject,
        type=ConversationType(item.channel),
        mailbox_id=stage.mailboxes[item.mailbox].id,
        status=Status(item.status) if is_over else Status.ACTIVE,
        customer=customer,
        threads=[_thread(stage, item, index, customer) for index in range(lines)],
        assignee=stage.users[item.assignee].user_id if is_answered and item.assignee else msgspec.UNSET,
        is_imported=True,
        created_at=stage.at(item.messages[0].age_s),
        tags=list(item.tags),
        fields=[
            (stage.fields[item.mailbox, name], stage.text_of(value)) for name, value in sorted(item.fields.items())
        ],
        user_id=author.user_id or None,
        source_type=_SOURCES[item.channel],
    )
    made = await conversations.create(tx, files, author, wanted)
    return made.id, made.thread_ids


async def _finish(
    tx: Tx, files: FileStore, stage: Stage, item: DemoConversation, conversation_id: int, *, is_assigned: bool
) -> None:
    last_at = stage.at(item.messages[-1].age_s)
    keeper = stage.users[item.assignee] if item.assignee else stage.owner
    if item.assignee and not is_assigned:
        await conversations.assign(tx, keeper, conversation_id, keeper.user_id)
    if item.status != "active":
        # Where the last answer has closed it already, this changes nothing and says nothing.
        await go_to(tx, min(last_at + CLOSING_PAUSE, stage.now))
        await conversations.change_status(tx, keeper, conversation_id, Status(item.status))
    if item.draft is not None:
        await go_to(tx, min(last_at + DRAFT_PAUSE, stage.now))
        draft = NewThread(
            type=ThreadType.MESSAGE, body=text_to_html(item.draft), user_id=keeper.user_id, is_draft=True,
            created_at=tx.now, source_type="web",
        )  # fmt: skip
        await conversations.add_thread(tx, files, keeper, conversation_id, draft)
    if item.snoozed_for_s is not None:
        await go_to(tx, min(last_at + CLOSING_PAUSE, stage.now))
        until = stage.now + timedelta(seconds=item.snoozed_for_s)
        await conversations.snooze(tx, keeper, conversation_id, until, unsnooze_on_customer_reply=True)


def _author(stage: Stage, item: DemoConversation, message: DemoMessage) -> Actor:
    if message.sender == "customer":
        return stage.system
    return stage.users[material.user_for(message.author, item.mailbox).key]


async def _customer(tx: Tx, stage: Stage, item: DemoConversation) -> int:
    first, _, last = item.customer_name.partition(" ")
    profile = CustomerProfile(first_name=first or None, last_name=last or None)
    return (await customers.find_or_create_by_email(tx, stage.system, item.customer_email, profile)).id


def _thread(stage: Stage, item: DemoConversation, index: int, customer: CustomerReference) -> NewThread:
    message = item.messages[index]
    author = _author(stage, item, message)
    is_customer = message.sender == "customer"
    if message.sender == "note":
        kind, source = ThreadType.NOTE, "web"
    elif item.channel == "chat":
        kind, source = ThreadType.CHAT, "chat"
    elif is_customer:
        kind, source = ThreadType.CUSTOMER, "email"
    else:
        kind, source = _ANSWERS[item.channel], "web"
    address = item.customer_email if is_customer else stage.mailboxes[item.mailbox].email
    is_mail = kind in (ThreadType.CUSTOMER, ThreadType.MESSAGE)
    return NewThread(
        type=kind,
        body=message.html if message.html is not None else text_to_html(message.text or ""),
        customer=customer if is_customer else None,
        user_id=author.user_id or None,
        is_imported=True,
        created_at=stage.at(message.age_s),
        source_type=source,
        # So that answers to them name what they answer, as between mail programs.
        message_id=f"<{item.id}.{index}@{address.partition('@')[2]}>" if is_mail else None,
    )


async def play_mail(tx: Tx, files: FileStore, stage: Stage, item: DemoEmail) -> None:
    """Let a mail arrive at its moment; what it says of its own time is years ago."""
    await go_to(tx, stage.at(item.age_s))
    message = msgspec.structs.replace(parse_message(item.raw), sent_at=tx.now)
    await mail.receive(
        tx,
        files,
        stage.account_id,
        stage.mailboxes[item.mailbox].id,
        message,
        item.raw,
        mail.Arrival(is_imported=True, status=Status(item.status)),
    )
