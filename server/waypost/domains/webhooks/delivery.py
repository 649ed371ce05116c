"""The nouns of delivering, and the rules of trying again: pure functions (spec: webhooks 7)."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from enum import Enum

import msgspec

from waypost.domains.webhooks.models import DisabledReason, RetryPolicy, Webhook

MOST_ATTEMPTS = 10
JITTER = 0.1
#: Seconds before the attempt of that place in the list, the second one first.
PAUSES: dict[RetryPolicy, tuple[float, ...]] = {
    RetryPolicy.FAST: tuple(float(2**power) for power in range(MOST_ATTEMPTS - 1)),
    RetryPolicy.EXTENDED: (5, 300, 1800, 7200, 18000, 36000, 36000, 86400, 86400),
}
LONGEST_WISH_S = 3600.0
MOST_DISCARDS = 10
FAILING_FOR = timedelta(days=5)
#: So many failures, each within so long of the one before, and a subscription rests for a while.
QUICK_FAILURES = 5
QUICK_S = 10.0
REST = timedelta(seconds=30)
IN_FLIGHT = 4
#: How long an ordered subscription holds up what follows an event that fails.
LONGEST_HOLD = timedelta(minutes=10)
KEPT_WHILE_DISABLED = timedelta(hours=72)
KEPT = timedelta(days=30)
GONE = 410
_WISHES = (429, 503)


class DeliveryState(Enum):
    """Where a delivery stands. `failed` waits for its next attempt; `discarded` has used them up."""

    PENDING = "pending"
    FAILED = "failed"
    DELIVERED = "delivered"
    DISCARDED = "discarded"
    CANCELLED = "cancelled"


class NewDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery about to be queued."""

    account_id: int
    webhook_id: int
    event_id: str
    event_type: str
    resource_kind: str
    resource_id: int
    sequence: int
    body: bytes
    created_at: datetime
    is_redelivery: bool = False


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery as the log shows it."""

    account_id: int
    id: int
    webhook_id: int
    event_id: str
    event_type: str
    resource_kind: str
    resource_id: int
    sequence: int
    is_redelivery: bool
    state: DeliveryState
    attempts: int
    next_attempt_at: datetime
    created_at: datetime
    delivered_at: datetime | None


class DueDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery on its way out."""

    account_id: int
    id: int
    webhook_id: int
    event_id: str
    event_type: str
    resource_kind: str
    resource_id: int
    sequence: int
    is_redelivery: bool
    attempts: int
    body: bytes

    @property
    def lane(self) -> tuple[str, int]:
        """What it is about: deliveries of one lane go out one after another."""
        return self.resource_kind, self.resource_id


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One try: what was sent and what came of it. Without a status there is an error."""

    number: int
    started_at: datetime
    duration_ms: int
    request_headers: dict[str, str]
    response_status: int | None = None
    response_headers: dict[str, str] | None = None
    response_body: bytes | None = None
    error: str | None = None
    error_detail: str | None = None
    #: How long the receiver asks to be left alone, in seconds.
    wish_s: float | None = None

    @property
    def is_success(self) -> bool:
        """Any 2xx."""
        return self.response_status is not None and 200 <= self.response_status < 300


class Outcome(msgspec.Struct, frozen=True):
    """What an attempt makes of its delivery."""

    state: DeliveryState
    next_attempt_at: datetime | None


def outcome(
    policy: RetryPolicy, made: int, attempt: Attempt, ended_at: datetime, *, is_single: bool = False
) -> Outcome:
    """Delivered, to be tried again at a time, or given up; `made` counts the attempts so far, this one included."""
    if attempt.is_success:
        return Outcome(DeliveryState.DELIVERED, None)
    if made >= MOST_ATTEMPTS or is_single:
        return Outcome(DeliveryState.DISCARDED, None)
    return Outcome(DeliveryState.FAILED, ended_at + timedelta(seconds=pause_s(policy, made, attempt)))


def pause_s(policy: RetryPolicy, made: int, attempt: Attempt) -> float:
    """How long to wait: the schedule with its jitter, or what the receiver asks for, if that is longer."""
    scheduled = PAUSES[policy][made - 1] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - no secret
    wished = attempt.wish_s if attempt.wish_s is not None and attempt.response_status in _WISHES else 0.0
    return max(scheduled, min(wished, LONGEST_WISH_S))


def reason_to_disable(webhook: Webhook, attempt: Attempt, discards: int, now: datetime) -> DisabledReason | None:
    """Whether the subscription ends with this attempt; `webhook` and `discards` are as the attempt leaves them."""
    if attempt.response_status == GONE:
        return DisabledReason.GONE
    if discards >= MOST_DISCARDS:
        return DisabledReason.DISCARDED
    is_patient = webhook.retry_policy is RetryPolicy.EXTENDED
    if is_patient and webhook.failing_since is not None and now - webhook.failing_since >= FAILING_FOR:
        return DisabledReason.FAILING
    return None
