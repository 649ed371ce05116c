"""The demo material ready to use: conversations, mails and customers from the data files, dressed with what was invented.

Everything is deterministic: two calls give equal results, and nothing depends on the clock.
"""

from __future__ import annotations

import base64
import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeVar
from zlib import crc32

import msgspec

from waypost.demo.cast import USERS
from waypost.demo.people import draw, rich_customers
from waypost.demo.shapes import (
    DemoConversation,
    DemoCustomer,
    DemoDay,
    DemoEmail,
    DemoMessage,
    DemoRating,
    DemoUser,
    DemoValue,
    Grade,
    MailboxKey,
    Status,
)
from waypost.demo.written import DRAFTS, NOTES, PHONE_CALLS, RATING_COMMENTS, SNOOZES_S

CONVERSATION_FILES: Final = ("thunderbird-support", "firefox-support", "irc-help-channels", "multidogo", "abcd")
RATED_SHARE: Final = 0.3
DETAILED_SHARE: Final = 0.08

NOTE_DELAY_S: Final = 20 * 60

T = TypeVar("T")


class _StoredMail(msgspec.Struct, frozen=True):
    id: str
    source: str
    mailbox: MailboxKey
    status: Status
    age_s: int
    raw: str


def data_dir() -> Path:
    """The folder with the data files and their NOTICE.md."""
    return Path(__file__).resolve().parent / "data"


def emails() -> Iterator[DemoEmail]:
    """The mails, oldest first, so that an answer comes after what it answers."""
    stored = sorted(_records("mails", _StoredMail), key=lambda mail: -mail.age_s)
    for mail in stored:
        yield DemoEmail(
            id=mail.id,
            source=mail.source,
            mailbox=mail.mailbox,
            status="spam" if mail.status == "spam" else "active",
            raw=base64.b64decode(mail.raw, validate=True),
            age_s=mail.age_s,
        )


def conversations() -> Iterator[DemoConversation]:
    """All conversations, the one that began first first; with assignee, fields, notes, drafts, snoozes and ratings."""
    found = [item for name in CONVERSATION_FILES for item in _records(name, DemoConversation)]
    found += PHONE_CALLS
    found.sort(key=lambda item: (-item.messages[0].age_s, item.id))
    for item in found:
        yield _with_details(_with_staff_writing(item))


def customers() -> tuple[DemoCustomer, ...]:
    """The twelve customers of whom everything is known; each also writes in `conversations()`."""
    return rich_customers(conversations())


def user_for(author: str, mailbox: MailboxKey = "support") -> DemoUser:
    """The member of staff who plays this author: themselves, or for a name from the sources always the same one.

    The owner answers nobody; only users of the mailbox do.
    """
    for user in USERS:
        if author in (user.name, user.key):
            return user
    answering = [user for user in USERS if user.role != "owner" and mailbox in user.mailboxes]
    return draw(answering, "author", author)


def initials(name: str) -> str:
    """What stands in the circle where there is no photograph: first and last word's first letters, or "?"."""
    words = [word for word in re.split(r"[\s.-]+", name) if word and word[0].isalpha()]
    letters = [words[0][0], words[-1][0]] if len(words) > 1 else [word[0] for word in words]
    return "".join(letters).upper() or "?"


def _records(name: str, shape: type[T]) -> list[T]:
    decode = msgspec.json.Decoder(shape).decode
    with gzip.open(data_dir() / f"{name}.jsonl.gz", "rb") as lines:
        return [decode(line) for line in lines]


def _with_staff_writing(item: DemoConversation) -> DemoConversation:
    messages = list(item.messages)
    for note in NOTES:
        if note.conversation == item.id:
            age_s = max(30, messages[-1].age_s - NOTE_DELAY_S)
            author = user_for(note.author).name
            messages.append(DemoMessage(sender="note", age_s=age_s, author=author, text=note.text))
    draft = next((written for written in DRAFTS if written.conversation == item.id), None)
    return msgspec.structs.replace(
        item,
        messages=tuple(messages),
        draft=draft.text if draft else None,
        assignee=draft.author if draft else item.assignee,
        snoozed_for_s=SNOOZES_S.get(item.id),
    )


def _share(*parts: str) -> float:
    return crc32("|".join(parts).encode()) / (1 << 32)


def _with_details(item: DemoConversation) -> DemoConversation:
    answers = [message for message in item.messages if message.sender == "agent"]
    assignee = item.assignee
    if assignee is None and answers:
        assignee = user_for(answers[-1].author, item.mailbox).key
    rating = None
    if answers and item.status == "closed" and item.channel == "email" and _share("rated", item.id) < RATED_SHARE:
        rating = _rating(item.id)
    return msgspec.structs.replace(item, assignee=assignee, fields=_field_values(item), rating=rating)


def _rating(conversation_id: str) -> DemoRating:
    grades: tuple[Grade, ...] = ("great", "great", "great", "great", "okay", "okay", "not-good")
    grade = draw(grades, "grade", conversation_id)
    return DemoRating(grade, draw(RATING_COMMENTS[grade], "comment", conversation_id))


def _field_values(item: DemoConversation) -> dict[str, DemoValue]:
    text = " ".join(message.html or message.text or "" for message in item.messages)
    values: dict[str, DemoValue] = {}
    detailed = _share("detail", item.id) < DETAILED_SHARE
    if item.mailbox == "orders":
        values["Plan"] = draw(("Free", "Personal", "Family", "Business"), "plan", item.customer_email)
        if number := re.search(r"\border (?:id|number|no\.?|#)\D{0,12}(\d{4,12})\b", text, re.IGNORECASE):
            values["Order number"] = number[1]
        if detailed or item.channel == "phone":
            values["Order number"] = str(40000 + crc32(item.id.encode()) % 9000)
            values["Renewal date"] = DemoDay(10 + crc32(item.id.encode()) % 300)
        return values
    for platform, words in (
        ("Windows", r"\bwindows\b"),
        ("macOS", r"\bmac ?os|\bmacbook|\bos x"),
        ("Linux", r"\blinux|ubuntu"),
    ):
        if re.search(words, text, re.IGNORECASE) or platform.lower() in item.tags:
            values["Platform"] = platform
            break
    if version := re.search(r"\b(?:version|thunderbird|firefox|TB) v?(\d{2,3}(?:\.\d+)*)", text, re.IGNORECASE):
        values["Version"] = version[1]
    if detailed:
        values["Accounts affected"] = str(1 + crc32(item.id.encode()) % 5)
        values["Started on"] = DemoDay(-(item.messages[0].age_s // 86400) - 2)
        values["Steps to reproduce"] = (
            "1. Start the program.\n2. Do what the first message describes.\n3. Compare with a new profile."
        )
    return values
