"""The conversation object (spec: 7.0)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from waypost.domains.conversations import Conversation, CreatedConversation
from waypost.edges.inbox_v2.hal import Link, Links
from waypost.edges.inbox_v2.wire.people import PersonOut, address
from waypost.edges.inbox_v2.wire.times import stamp


class WaitingOut(msgspec.Struct, frozen=True, rename="camel"):
    """Since when the customer waits, and who spoke last."""

    friendly: str
    time: str | UnsetType = UNSET
    latest_reply_from: str | UnsetType = UNSET


class SourceOut(msgspec.Struct, frozen=True):
    """Where something came from."""

    type: str
    via: str


class TagOut(msgspec.Struct, frozen=True):
    """A tag of a conversation; `tag` is the documented key, `name` and `slug` are read by clients."""

    id: int
    color: str
    tag: str
    name: str
    slug: str


class SnoozeOut(msgspec.Struct, frozen=True, rename="camel"):
    """Present only while snoozed."""

    snoozed_by: int
    snoozed_until: str
    unsnooze_on_customer_reply: bool


class NextEventOut(msgspec.Struct, frozen=True, rename="camel"):
    """What will happen by itself."""

    time: str
    event_type: str
    user_id: int
    cancel_on_customer_reply: bool


class FieldValueOut(msgspec.Struct, frozen=True):
    """A custom field that has a value."""

    id: int
    name: str
    value: str
    text: str


class ConversationOut(msgspec.Struct, frozen=True, rename="camel"):
    """A conversation. Keys without a value are absent."""

    id: int
    number: int
    threads: int
    type: str
    folder_id: int
    status: str
    state: str
    subject: str
    preview: str
    mailbox_id: int
    created_by: PersonOut
    created_at: str
    user_updated_at: str
    modified_at: str
    customer_waiting_since: WaitingOut
    source: SourceOut
    tags: list[TagOut]
    cc: list[str]
    bcc: list[str]
    primary_customer: PersonOut
    custom_fields: list[FieldValueOut]
    embedded: dict[str, list[Any]] = msgspec.field(name="_embedded")
    links: Links = msgspec.field(name="_links")
    assignee: PersonOut | UnsetType = UNSET
    closed_by: int | UnsetType = UNSET
    closed_by_user: PersonOut | UnsetType = UNSET
    closed_at: str | UnsetType = UNSET
    snooze: SnoozeOut | UnsetType = UNSET
    next_event: NextEventOut | UnsetType = UNSET

    @classmethod
    def of(
        cls, item: Conversation, base_url: str, now: datetime, threads: list[Any] | None = None, *, v3: bool = False
    ) -> ConversationOut:
        """Render, with its threads where they were asked for."""
        assignee, closed_by = item.assignee, item.closed_by
        primary = PersonOut.of(item.primary_customer)
        by = item.created_by
        return cls(
            id=item.id,
            number=item.number,
            threads=item.thread_count,
            type=item.type,
            folder_id=item.folder_id,
            status=item.status,
            state=item.state,
            subject=item.subject,
            preview=item.preview,
            mailbox_id=item.mailbox_id,
            created_by=primary if by is item.primary_customer else PersonOut.of(by, v3=v3),
            created_at=stamp(item.created_at),
            user_updated_at=stamp(item.user_updated_at),
            modified_at=stamp(item.modified_at),
            customer_waiting_since=_waiting(item, now),
            source=SourceOut(item.source_type, item.source_via),
            tags=[TagOut(tag.id, tag.color, tag.name, tag.name, tag.slug) for tag in item.tags],
            cc=item.cc,
            bcc=item.bcc,
            primary_customer=primary,
            custom_fields=[FieldValueOut(value.id, value.name, value.value, value.text) for value in item.fields],
            embedded={"threads": threads or []},
            links=_links(item, base_url),
            assignee=PersonOut.of(assignee, v3=v3) if assignee is not None else UNSET,
            closed_by=closed_by.id if closed_by is not None else UNSET,
            closed_by_user=PersonOut.of(closed_by, v3=v3) if closed_by is not None else UNSET,
            closed_at=stamp(item.closed_at) if item.closed_at is not None and closed_by is not None else UNSET,
            snooze=_snooze(item),
            next_event=_next_event(item),
        )


def _links(item: Conversation, base_url: str) -> Links:
    address_of = f"{base_url}/v2/conversations/{item.id}"
    customer = address(item.primary_customer, base_url)
    links = {
        "self": Link(address_of),
        "mailbox": Link(f"{base_url}/v2/mailboxes/{item.mailbox_id}"),
        "primaryCustomer": Link(customer),
        "threads": Link(address_of + "/threads/"),
        "web": Link(web_address(base_url, item.id, item.number)),
    }
    if item.created_by is item.primary_customer:
        links["createdByCustomer"] = Link(customer)
    else:
        rel = "createdByCustomer" if item.created_by.type == "customer" else "createdByUser"
        links[rel] = Link(address(item.created_by, base_url))
    if item.closed_by is not None:
        links["closedBy"] = Link(address(item.closed_by, base_url))
    if item.assignee is not None:
        links["assignee"] = Link(address(item.assignee, base_url))
    return links


def web_address(base_url: str, conversation_id: int, number: int) -> str:
    """Where an agent opens the conversation."""
    return f"{base_url}/conversation/{conversation_id}/{number}"


def _waiting(item: Conversation, now: datetime) -> WaitingOut:
    since = item.waiting_since
    latest = item.latest_reply_from if item.latest_reply_from is not None else UNSET
    if since is None:
        return WaitingOut("", UNSET, latest)
    return WaitingOut(friendly(since, now), stamp(since), latest)


_UNITS = ((365 * 86400, "year"), (30 * 86400, "month"), (86400, "day"), (3600, "hour"), (60, "minute"))


def friendly(moment: datetime, now: datetime) -> str:
    """`5 hours ago`."""
    seconds = int((now - moment).total_seconds())
    for length, name in _UNITS:
        count = seconds // length
        if count >= 1:
            return f"{count} {name}{'' if count == 1 else 's'} ago"
    return "just now"


def _snooze(item: Conversation) -> SnoozeOut | UnsetType:
    if item.snooze is None:
        return UNSET
    return SnoozeOut(item.snooze.by_user_id, stamp(item.snooze.until), item.snooze.unsnooze_on_customer_reply)


def _next_event(item: Conversation) -> NextEventOut | UnsetType:
    """The nearer of waking up and a scheduled reply."""
    snooze = item.snooze
    if item.next_send_at is not None and (snooze is None or item.next_send_at < snooze.until):
        by_user = item.next_send_by_user_id or 0
        return NextEventOut(stamp(item.next_send_at), "scheduled", by_user, item.next_send_unschedule)
    if snooze is not None:
        return NextEventOut(stamp(snooze.until), "snooze", snooze.by_user_id, snooze.unsnooze_on_customer_reply)
    return UNSET


class CreatedConversationOut(msgspec.Struct, frozen=True, rename="camel"):
    """The answer to a create (seed)."""

    id: int
    number: int
    subject: str
    status: str
    created_at: str
    links: Links = msgspec.field(name="_links")

    @classmethod
    def of(cls, made: CreatedConversation, base_url: str) -> CreatedConversationOut:
        """Render."""
        links = {"self": Link(f"{base_url}/v2/conversations/{made.id}")}
        return cls(made.id, made.number, made.subject, made.status, stamp(made.created_at), links)
