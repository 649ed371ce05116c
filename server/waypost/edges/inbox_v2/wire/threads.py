"""Threads and attachments (spec: 7.8, 7A.0)."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from waypost.domains.conversations import Attachment, CreatedThread, Thread, ThreadType
from waypost.domains.mail import Delivery
from waypost.edges.base.content_links import ContentLinks
from waypost.edges.inbox_v2.hal import Link, Links
from waypost.edges.inbox_v2.wire.conversations import SourceOut
from waypost.edges.inbox_v2.wire.people import PersonOut, address
from waypost.edges.inbox_v2.wire.thread_mail import ThreadMailOut
from waypost.edges.inbox_v2.wire.times import stamp


class AttachmentOut(msgspec.Struct, frozen=True, rename="camel"):
    """A file of a thread."""

    id: int
    filename: str
    mime_type: str
    width: int
    height: int
    size: int
    state: str
    links: Links = msgspec.field(name="_links")

    @classmethod
    def of(cls, item: Attachment, base_url: str, content: ContentLinks | None = None) -> AttachmentOut:
        """Render; with the viewer's links also where a browser gets the file without a token."""
        address_of = f"{base_url}/v2/conversations/{item.conversation_id}/attachments/{item.id}"
        links = {"self": Link(address_of), "data": Link(address_of + "/data"), "web": Link(address_of + "/file")}
        if content is not None:
            links["download"] = Link(content.attachment(item.id))
        return cls(item.id, item.file_name, item.mime_type, item.width, item.height, item.size, item.state, links)


class ActionOut(msgspec.Struct, frozen=True, rename="camel"):
    """What a line item tells; `default` on all others."""

    type: str
    associated_entities: dict[str, Any]
    text: str | UnsetType = UNSET


class ScheduledOut(msgspec.Struct, frozen=True, rename="camel"):
    """When a draft goes out."""

    scheduled_by: int
    send_as_id: int
    created_at: str
    scheduled_for: str
    unschedule_on_customer_reply: bool


class ThreadRatingOut(msgspec.Struct, frozen=True, rename="camel"):
    """What a customer thought of it."""

    customer_id: int
    rating: str
    comments: str


class DeliveryOut(msgspec.Struct, frozen=True, rename="camel"):
    """How a thread's mail stands. An extension: the platform does not say."""

    state: Literal["queued", "sent", "failed", "bounced", "undone"]
    at: str
    error: str | UnsetType = UNSET

    @classmethod
    def of(cls, item: Delivery) -> DeliveryOut:
        """Render."""
        return cls(item.state, stamp(item.at), item.error or UNSET)


class ThreadOut(msgspec.Struct, frozen=True, rename="camel"):
    """A thread. Keys without a value are absent."""

    id: int
    type: str
    status: str
    state: str
    action: ActionOut
    source: SourceOut
    created_by: PersonOut
    saved_reply_id: int
    to: list[str]
    cc: list[str]
    bcc: list[str]
    created_at: str
    embedded: dict[str, list[AttachmentOut]] = msgspec.field(name="_embedded")
    links: Links = msgspec.field(name="_links")
    body: str | UnsetType = UNSET
    customer: PersonOut | UnsetType = UNSET
    assigned_to: PersonOut | UnsetType = UNSET
    opened_at: str | UnsetType = UNSET
    linked_conversation_id: int | UnsetType = UNSET
    rating: ThreadRatingOut | UnsetType = UNSET
    scheduled: ScheduledOut | UnsetType = UNSET
    delivery: DeliveryOut | UnsetType = UNSET
    mail: ThreadMailOut | UnsetType = UNSET

    @classmethod
    def of(
        cls,
        item: Thread,
        base_url: str,
        *,
        v3: bool = False,
        content: ContentLinks | None = None,
        delivery: Delivery | None = None,
    ) -> ThreadOut:
        """Render; with the viewer's links also where a browser shows it by itself."""
        files = [AttachmentOut.of(attachment, base_url, content) for attachment in item.attachments]
        return cls(
            id=item.id,
            type=item.type.value,
            status=item.status,
            state=item.state.value,
            action=ActionOut(
                item.action_type,
                item.action_entities or {},
                item.action_text if item.action_text is not None else UNSET,
            ),
            source=SourceOut(item.source_type, item.source_via),
            created_by=PersonOut.of(item.created_by, v3=v3),
            saved_reply_id=item.saved_reply_id,
            to=item.to,
            cc=item.cc,
            bcc=item.bcc,
            created_at=stamp(item.created_at),
            embedded={"attachments": files},
            links=_links(item, base_url, content),
            body=UNSET if item.type is ThreadType.LINE_ITEM else item.body,
            customer=PersonOut.of(item.customer) if item.customer is not None else UNSET,
            assigned_to=PersonOut.of(item.assignee, v3=v3) if item.assignee is not None else UNSET,
            opened_at=stamp(item.opened_at) if item.opened_at is not None else UNSET,
            linked_conversation_id=item.linked_conversation_id if item.linked_conversation_id is not None else UNSET,
            rating=_rating(item),
            scheduled=_scheduled(item),
            delivery=DeliveryOut.of(delivery) if delivery is not None else UNSET,
            mail=ThreadMailOut.of(item.origin) if item.origin else UNSET,
        )


def _links(item: Thread, base_url: str, content: ContentLinks | None) -> Links:
    links = {"self": Link(f"{base_url}/v2/conversations/{item.conversation_id}/threads/{item.id}")}
    if content is not None and item.type is not ThreadType.LINE_ITEM:
        links["view"] = Link(content.thread(item.id))
    by = item.created_by
    if by.id:
        rel = "createdByCustomer" if by.type == "customer" else "createdByUser"
        links[rel] = Link(address(by, base_url))
    if item.customer is not None:
        links["customer"] = Link(address(item.customer, base_url))
    if item.assignee is not None:
        links["assignedTo"] = Link(address(item.assignee, base_url))
    return links


def _rating(item: Thread) -> ThreadRatingOut | UnsetType:
    rated = item.rating
    return ThreadRatingOut(rated.customer_id, rated.grade, rated.comments) if rated is not None else UNSET


def _scheduled(item: Thread) -> ScheduledOut | UnsetType:
    plan = item.schedule
    if plan is None:
        return UNSET
    return ScheduledOut(
        plan.scheduled_by_user_id,
        plan.send_as_user_id,
        stamp(plan.created_at),
        stamp(plan.scheduled_for),
        plan.unschedule_on_customer_reply,
    )


class CreatedThreadOut(msgspec.Struct, frozen=True, rename="camel"):
    """The answer to a new thread."""

    id: int
    type: str
    status: str
    state: str
    created_at: str
    links: Links = msgspec.field(name="_links")

    @classmethod
    def of(cls, made: CreatedThread, base_url: str) -> CreatedThreadOut:
        """Render."""
        links = {"self": Link(f"{base_url}/v2/conversations/{made.conversation_id}/threads/{made.id}")}
        return cls(made.id, made.type.value, made.status, made.state.value, stamp(made.created_at), links)
