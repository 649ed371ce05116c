"""The nouns of conversations: the conversation, its threads, attachments and tags, and how lists are asked for."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any, Literal, NewType

import msgspec

from waypost.domains.customers import CustomerProfile

ConversationId = NewType("ConversationId", int)
ThreadId = NewType("ThreadId", int)
AttachmentId = NewType("AttachmentId", int)
TagId = NewType("TagId", int)


class ConversationType(Enum):
    """By which channel it began."""

    CHAT = "chat"
    EMAIL = "email"
    PHONE = "phone"


class Status(Enum):
    """Where a conversation stands (spec: 7.0; `open` is a wire word for active and pending)."""

    ACTIVE = "active"
    CLOSED = "closed"
    PENDING = "pending"
    SPAM = "spam"


class State(Enum):
    """Whether a conversation is there for others. Merged ones live on in the survivor."""

    DRAFT = "draft"
    PUBLISHED = "published"
    DELETED = "deleted"
    MERGED = "merged"


class ThreadType(Enum):
    """What a thread is (spec: 7A.0). A reply is a `message`."""

    CHAT = "chat"
    BEACON_CHAT = "beaconchat"
    CUSTOMER = "customer"
    FORWARD_CHILD = "forwardchild"
    FORWARD_PARENT = "forwardparent"
    LINE_ITEM = "lineitem"
    MESSAGE = "message"
    NOTE = "note"
    PHONE = "phone"


class ThreadState(Enum):
    """Whether a thread has been sent, is being written, or is hidden."""

    DRAFT = "draft"
    HIDDEN = "hidden"
    PUBLISHED = "published"
    REVIEW = "review"


class Person(msgspec.Struct, frozen=True):
    """A customer, user or team as conversations and threads show one."""

    id: int
    type: Literal["customer", "user", "team", "system_user"]
    first: str
    last: str
    email: str
    photo_url: str


class Tag(msgspec.Struct, frozen=True):
    """A tag on a conversation."""

    id: int
    color: str
    name: str
    slug: str


class TagSummary(msgspec.Struct, frozen=True):
    """A tag of the account, with how many conversations carry it (spec: 11.11)."""

    id: int
    slug: str
    name: str
    color: str
    created_at: datetime
    updated_at: datetime
    conversation_count: int


class FieldValue(msgspec.Struct, frozen=True):
    """A custom field's value: as stored (a dropdown's option id) and as read."""

    id: int
    name: str
    value: str
    text: str


class Snooze(msgspec.Struct, frozen=True):
    """Asleep until then, or until the customer writes."""

    by_user_id: int
    until: datetime
    unsnooze_on_customer_reply: bool


class Conversation(msgspec.Struct, frozen=True):
    """A conversation as lists and single reads show it (spec: 7.0)."""

    id: int
    number: int
    thread_count: int
    type: str
    folder_id: int
    status: str
    state: str
    subject: str
    preview: str
    mailbox_id: int
    assignee: Person | None
    created_by: Person
    primary_customer: Person
    closed_by: Person | None
    created_at: datetime
    closed_at: datetime | None
    user_updated_at: datetime
    modified_at: datetime
    waiting_since: datetime | None
    latest_reply_from: str | None
    source_type: str
    source_via: str
    cc: list[str]
    bcc: list[str]
    tags: list[Tag]
    fields: list[FieldValue]
    snooze: Snooze | None
    next_send_at: datetime | None
    next_send_by_user_id: int | None
    next_send_unschedule: bool


class Attachment(msgspec.Struct, frozen=True):
    """A file of a thread (spec: 7.8). `size` is bytes of the decoded file."""

    id: int
    conversation_id: int
    thread_id: int
    file_name: str
    mime_type: str
    width: int
    height: int
    size: int
    state: str
    content_id: str | None
    is_inline: bool
    storage_key: str


class Schedule(msgspec.Struct, frozen=True):
    """When a draft reply goes out by itself."""

    scheduled_by_user_id: int
    send_as_user_id: int
    created_at: datetime
    scheduled_for: datetime
    unschedule_on_customer_reply: bool


class ThreadRating(msgspec.Struct, frozen=True):
    """A rating as the rated thread shows it: the newest one."""

    customer_id: int
    grade: str
    comments: str


class Thread(msgspec.Struct, frozen=True):
    """One message, note, call, chat line or line item (spec: 7A.0)."""

    id: int
    conversation_id: int
    type: ThreadType
    status: str
    state: ThreadState
    action_type: str
    action_text: str | None
    action_entities: dict[str, Any] | None
    body: str
    source_type: str
    source_via: str
    customer: Person | None
    created_by: Person
    assignee: Person | None
    saved_reply_id: int
    to: list[str]
    cc: list[str]
    bcc: list[str]
    created_at: datetime
    opened_at: datetime | None
    linked_conversation_id: int | None
    schedule: Schedule | None
    has_source: bool
    attachments: list[Attachment]
    rating: ThreadRating | None = None
    #: Where a received mail came from, by names that mail gives it.
    origin: dict[str, Any] | None = None


class Grade(Enum):
    """What a customer thinks of an answer (spec: 11.14)."""

    GREAT = "great"
    OKAY = "okay"
    NOT_GOOD = "not_good"


class Rating(msgspec.Struct, frozen=True):
    """A customer's rating of a thread. `user` wrote the thread."""

    id: int
    thread_id: int
    conversation_id: int
    conversation_number: int
    mailbox_id: int
    grade: Grade
    comments: str
    customer: Person
    user: Person | None
    created_at: datetime
    modified_at: datetime


class Answer(msgspec.Struct, frozen=True):
    """What somebody who is asked for a rating may be told of the answer: whose it was, and when. Not what it says."""

    thread_id: int
    mailbox_name: str
    #: The first name of who answered; empty when that is not known any more.
    answered_by: str
    answered_at: datetime


# ---------------------------------------------------------------- what callers ask for


class CustomerReference(msgspec.Struct, frozen=True, kw_only=True):
    """Who wrote or is written to: by id, or by e-mail with what is known of an unknown one (spec: 7.2)."""

    id: int | None = None
    email: str | None = None
    profile: CustomerProfile = CustomerProfile()


class NewAttachment(msgspec.Struct, frozen=True):
    """A decoded file on its way in."""

    file_name: str
    mime_type: str
    data: bytes
    content_id: str | None = None
    is_inline: bool = False


class UsedAttachment(msgspec.Struct, frozen=True):
    """A file of the conversation that is to be on another thread too; `at` is where a request named it."""

    id: int
    at: str


class NewThread(msgspec.Struct, frozen=True, kw_only=True):
    """A thread to be added. None for `status` leaves the rule of its type in force (spec: 7A.2)."""

    type: ThreadType
    body: str
    customer: CustomerReference | None = None
    user_id: int | None = None
    cc: list[str] | None = None
    bcc: list[str] | None = None
    attachments: list[NewAttachment] = []
    used_attachments: list[UsedAttachment] = []
    is_draft: bool = False
    is_imported: bool = False
    created_at: datetime | None = None
    status: Status | None = None
    assignee: int | msgspec.UnsetType | None = msgspec.UNSET
    source_type: str = "api"
    saved_reply_id: int | None = None
    message_id: str | None = None
    source_file: str | None = None
    #: Whom a customer's message was addressed to, or something is forwarded to; replies go to the customer.
    to: list[str] = []
    #: Written by a program, as out-of-office notices are.
    is_automatic: bool = False
    #: Changes nothing of how the conversation stands, as out-of-office notices do: it neither reopens nor wakes it.
    is_quiet: bool = False
    #: `body` is sanitised already.
    is_clean: bool = False
    #: `workflow` and `manual-workflow` for what workflows write, with the workflow's id (spec: 7A.0 `action`).
    action_type: str = "default"
    action_entities: dict[str, Any] | None = None


class NewConversation(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation to be started, with its first threads, oldest first (spec: 7.2)."""

    subject: str
    type: ConversationType
    mailbox_id: int
    status: Status
    customer: CustomerReference
    threads: list[NewThread]
    assignee: int | msgspec.UnsetType | None = msgspec.UNSET
    is_imported: bool = False
    created_at: datetime | None = None
    closed_at: datetime | None = None
    tags: list[str] = []
    fields: list[tuple[int, str]] = []
    user_id: int | None = None
    source_type: str = "api"
    #: Whether the mailbox's automatic reply is to be sent for what is no mail.
    has_auto_reply: bool = False
    #: Who gets a copy of every reply, and nobody a blind one; None takes both from the first thread.
    reply_cc: list[str] | None = None


class CreatedConversation(msgspec.Struct, frozen=True):
    """The short form that answers a create."""

    id: int
    number: int
    subject: str
    status: str
    created_at: datetime
    thread_ids: list[int]


class CreatedThread(msgspec.Struct, frozen=True):
    """The short form that answers a new thread."""

    id: int
    conversation_id: int
    type: ThreadType
    status: str
    state: ThreadState
    created_at: datetime


class Sort(Enum):
    """What conversation lists can be ordered by (spec: 7.1)."""

    CREATED_AT = "createdAt"
    CUSTOMER_EMAIL = "customerEmail"
    CUSTOMER_NAME = "customerName"
    MAILBOX_ID = "mailboxid"
    MODIFIED_AT = "modifiedAt"
    NUMBER = "number"
    SCORE = "score"
    STATUS = "status"
    SUBJECT = "subject"
    WAITING_SINCE = "waitingSince"


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which conversations a list is about. None means no restriction."""

    mailbox_ids: list[int] | None = None
    statuses: tuple[Status, ...] | None = None
    #: 0 stands for nobody.
    assignee_id: int | None = None
    #: Assigned to anybody.
    is_assigned: bool = False
    drafts_only: bool = False
    tags: list[str] | None = None
    modified_since: datetime | None = None
    number: int | None = None
    customer_id: int | None = None
    organization_id: int | None = None
    query: str | None = None
    #: (field id, wanted value): all must match.
    fields: list[tuple[int, str]] = []
