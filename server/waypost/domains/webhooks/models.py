"""The nouns of webhooks: a subscription, and what is asked of one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

import msgspec
from msgspec import UNSET, UnsetType

from waypost.kit.safe_http import Outgoing

#: What stands in the place of a secret that is not shown; sent back, it changes nothing.
MASK = "********"


class Profile(Enum):
    """Whose receivers a subscription is for (spec: webhooks 5): the seed's envelope or the platform's resource."""

    SEED = "seed"
    PLATFORM = "platform"


class WebhookState(Enum):
    """Whether events are sent."""

    ENABLED = "enabled"
    DISABLED = "disabled"


class RetryPolicy(Enum):
    """How long failed deliveries are tried again (spec: webhooks 7): about nine minutes, or three days."""

    FAST = "fast"
    EXTENDED = "extended"


class DisabledReason(Enum):
    """Why a subscription is off."""

    REQUESTED = "requested"
    DISCARDED = "ten events in a row were discarded"
    FAILING = "every delivery failed for five days"
    GONE = "the receiver answered 410 Gone"
    OWNER = "the user it belongs to is not active"


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription. It belongs to the user who made it and sends what that user may see."""

    account_id: int
    id: int
    user_id: int
    application_id: int | None
    url: str
    events: list[str]
    #: Sealed, as is the one before it, which still signs until then.
    secret: bytes
    previous_secret: bytes | None
    previous_secret_until: datetime | None
    label: str
    notification: bool
    payload_version: str
    mailbox_ids: list[int]
    state: WebhookState
    profile: Profile
    retry_policy: RetryPolicy
    ordered: bool
    include_spam: bool
    disabled_reason: str | None
    disabled_at: datetime | None
    last_success_at: datetime | None
    consecutive_failures: int
    consecutive_discards: int
    failing_since: datetime | None
    paused_until: datetime | None
    created_at: datetime
    updated_at: datetime


class WebhookChanges(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller said of a subscription, unchecked; what is UNSET was not said."""

    url: str | UnsetType | None = UNSET
    events: list[str] | UnsetType | None = UNSET
    secret: str | UnsetType | None = UNSET
    label: str | UnsetType | None = UNSET
    notification: bool | UnsetType | None = UNSET
    payload_version: str | UnsetType | None = UNSET
    mailbox_ids: list[int] | UnsetType | None = UNSET
    state: str | UnsetType | None = UNSET
    profile: str | UnsetType | None = UNSET
    retry_policy: str | UnsetType | None = UNSET
    ordered: bool | UnsetType | None = UNSET
    include_spam: bool | UnsetType | None = UNSET


@dataclass(frozen=True)
class Means:
    """What verbs need beside the transaction: the key that seals secrets, and the client that checks addresses."""

    secret_key: bytes
    outgoing: Outgoing
