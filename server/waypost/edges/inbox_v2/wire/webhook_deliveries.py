"""Deliveries of webhooks and their attempts on the wire (spec: webhooks 8)."""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec import UNSET, UnsetType

from waypost.domains.webhooks import Attempt, Delivery, DeliveryState, Replay
from waypost.edges.inbox_v2.hal import Link, Links
from waypost.edges.inbox_v2.wire.times import stamp

_WAITING = (DeliveryState.PENDING, DeliveryState.FAILED)


class ResourceOut(msgspec.Struct, frozen=True):
    """What an event is about."""

    type: str
    id: int


class DeliveryOut(msgspec.Struct, frozen=True, rename="camel"):
    """A delivery. `nextAttemptAt` only while it waits, `deliveredAt` once it has arrived."""

    id: int
    event_id: str
    event_type: str
    resource: ResourceOut
    state: str
    attempts: int
    sequence: int
    is_redelivery: bool
    created_at: str
    links: Links = msgspec.field(name="_links")
    next_attempt_at: str | UnsetType = UNSET
    delivered_at: str | UnsetType = UNSET

    @classmethod
    def of(cls, item: Delivery, base_url: str) -> DeliveryOut:
        """Render."""
        own = address_of(item, base_url)
        return cls(
            id=item.id,
            event_id=item.event_id,
            event_type=item.event_type,
            resource=ResourceOut(item.resource_kind, item.resource_id),
            state=item.state.value,
            attempts=item.attempts,
            sequence=item.sequence,
            is_redelivery=item.is_redelivery,
            created_at=stamp(item.created_at),
            links={
                "self": Link(own),
                "attempts": Link(f"{own}/attempts"),
                "webhook": Link(f"{base_url}/v2/webhooks/{item.webhook_id}"),
            },
            next_attempt_at=stamp(item.next_attempt_at) if item.state in _WAITING else UNSET,
            delivered_at=stamp(item.delivered_at) if item.delivered_at is not None else UNSET,
        )


class AttemptOut(msgspec.Struct, frozen=True, rename="camel"):
    """An attempt: what was sent, and what came back or went wrong."""

    number: int
    started_at: str
    duration_ms: int
    request_headers: dict[str, str]
    request_body: str
    response_status: int | UnsetType = UNSET
    response_headers: dict[str, str] | UnsetType = UNSET
    response_body: str | UnsetType = UNSET
    error: str | UnsetType = UNSET
    error_detail: str | UnsetType = UNSET

    @classmethod
    def of(cls, item: Attempt, body: bytes) -> AttemptOut:
        """Render."""
        return cls(
            number=item.number,
            started_at=stamp(item.started_at),
            duration_ms=item.duration_ms,
            request_headers=item.request_headers,
            request_body=body.decode("utf-8", "replace"),
            response_status=UNSET if item.response_status is None else item.response_status,
            response_headers=UNSET if item.response_headers is None else item.response_headers,
            response_body=UNSET if item.response_body is None else item.response_body.decode("utf-8", "replace"),
            error=UNSET if item.error is None else item.error,
            error_detail=UNSET if item.error_detail is None else item.error_detail,
        )


class ReplayIn(msgspec.Struct, frozen=True, rename="camel"):
    """What to send again. Without `states`: all that did not arrive. The same `requestId` is carried out once."""

    since: datetime | None = None
    until: datetime | None = None
    states: list[str] | None = None
    event_types: list[str] | None = None
    request_id: str | None = None

    def to_command(self) -> Replay:
        """Read."""
        return Replay(**{name: getattr(self, name) for name in self.__struct_fields__})


class ReplayOut(msgspec.Struct, frozen=True):
    """How many deliveries are sent again."""

    count: int


class EventIn(msgspec.Struct, frozen=True, rename="camel"):
    """Which event to send a sample of; `helpscout.test` where none is named."""

    event_type: str | None = None


def address_of(item: Delivery, base_url: str) -> str:
    """Where a delivery is."""
    return f"{base_url}/v2/webhooks/{item.webhook_id}/deliveries/{item.id}"
