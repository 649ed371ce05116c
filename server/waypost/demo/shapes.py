"""The demo material's shapes: frozen records without any behaviour and without any wire or table in mind."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

MailboxKey: TypeAlias = Literal["support", "orders"]
Channel: TypeAlias = Literal["email", "chat", "phone"]
Status: TypeAlias = Literal["active", "pending", "closed", "spam"]
Sender: TypeAlias = Literal["customer", "agent", "note"]
Role: TypeAlias = Literal["owner", "admin", "user"]
FieldType: TypeAlias = Literal["dropdown", "singleline", "multiline", "number", "date"]
PropertyType: TypeAlias = Literal["number", "text", "url", "date", "dropdown"]
Grade: TypeAlias = Literal["great", "okay", "not-good"]


class DemoDay(msgspec.Struct, frozen=True):
    """A calendar date as a distance: `days` after (or, negative, before) the day of seeding."""

    days: int


DemoValue: TypeAlias = str | DemoDay


class DemoMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message, `age_s` seconds before the reference moment; exactly one of `html` and `text` is set."""

    sender: Sender = msgspec.field(name="from")
    age_s: int
    author: str
    html: str | None = None
    text: str | None = None


class DemoRating(msgspec.Struct, frozen=True):
    """What the customer thought of the last answer."""

    grade: Grade
    comment: str


class DemoConversation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A conversation, messages oldest first. What stands after `messages` is invented, never part of the source."""

    id: str
    source: str
    mailbox: MailboxKey
    channel: Channel
    subject: str
    customer_name: str
    customer_email: str
    status: Status
    tags: tuple[str, ...]
    locale: str
    messages: tuple[DemoMessage, ...]
    assignee: str | None = None
    fields: dict[str, DemoValue] = {}
    draft: str | None = None
    snoozed_for_s: int | None = None
    rating: DemoRating | None = None


class DemoEmail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail as it came over the wire, received `age_s` seconds before the reference moment."""

    id: str
    source: str
    mailbox: MailboxKey
    status: Literal["active", "spam"]
    raw: bytes
    age_s: int


class DemoMailbox(msgspec.Struct, frozen=True):
    key: MailboxKey
    name: str
    email: str


class DemoUser(msgspec.Struct, frozen=True, kw_only=True):
    key: str
    first_name: str
    last_name: str
    email: str
    role: Role
    job_title: str
    timezone: str
    mention: str
    phone: str = ""
    mailboxes: tuple[MailboxKey, ...] = ("support", "orders")

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"


class DemoTeam(msgspec.Struct, frozen=True):
    key: str
    name: str
    mention: str
    timezone: str
    members: tuple[str, ...]


class DemoField(msgspec.Struct, frozen=True):
    """A custom field of a mailbox; `options` are the labels of a dropdown in order."""

    mailbox: MailboxKey
    name: str
    type: FieldType
    required: bool = False
    options: tuple[str, ...] = ()


class DemoTag(msgspec.Struct, frozen=True):
    name: str
    color: str


class DemoProperty(msgspec.Struct, frozen=True):
    """The definition of a property of customers or organizations."""

    slug: str
    name: str
    type: PropertyType
    options: tuple[str, ...] = ()


class DemoOrganization(msgspec.Struct, frozen=True, kw_only=True):
    """A firm, school or household that customers belong to, by their addresses in its domains."""

    name: str
    domains: tuple[str, ...]
    website: str
    location: str
    description: str
    note: str
    phones: tuple[str, ...]
    brand_color: str
    properties: dict[str, DemoValue]


class DemoEntry(msgspec.Struct, frozen=True):
    """A contact entry; websites have no `type`."""

    type: str
    value: str


class DemoAddress(msgspec.Struct, frozen=True):
    lines: tuple[str, ...]
    city: str
    state: str
    postal_code: str
    country: str


class DemoCustomer(msgspec.Struct, frozen=True, kw_only=True):
    """A customer with every kind of entry; the first of `emails` is the address that writes in the conversations."""

    first_name: str
    last_name: str
    job_title: str
    organization: str
    location: str
    background: str
    age: str
    gender: Literal["male", "female", "unknown"]
    photo_type: str
    emails: tuple[DemoEntry, ...]
    phones: tuple[DemoEntry, ...]
    chats: tuple[DemoEntry, ...]
    social_profiles: tuple[DemoEntry, ...]
    websites: tuple[DemoEntry, ...]
    address: DemoAddress
    properties: dict[str, DemoValue]


class DemoSavedReply(msgspec.Struct, frozen=True):
    mailbox: MailboxKey
    name: str
    text: str
    chat_text: str = ""


class DemoStatus(msgspec.Struct, frozen=True):
    """Somebody who is not at the desk, or says something beside it."""

    user: str
    status: Literal["active", "away"]
    text: str
    emoji: str
    emoji_name: str


class DemoRouting(msgspec.Struct, frozen=True):
    """How a mailbox hands out what is new."""

    mailbox: MailboxKey
    method: Literal["round_robin", "balanced"]
    limit: int
    users: tuple[str, ...]
