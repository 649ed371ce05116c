"""Webhooks: who wants to be told of which events, at which address.

A subscription belongs to the user who made it and sends what that user may see. Bodies and requests are the edge's
(`hooks_out`).
"""

from waypost.domains.webhooks import log, sending
from waypost.domains.webhooks.delivery import (
    IN_FLIGHT,
    QUICK_FAILURES,
    QUICK_S,
    REST,
    Attempt,
    Delivery,
    DeliveryState,
    DueDelivery,
)
from waypost.domains.webhooks.fan_out import NAME, Compose, subscriber, tell_gathered
from waypost.domains.webhooks.log import Replay
from waypost.domains.webhooks.material import Material
from waypost.domains.webhooks.models import (
    MASK,
    DisabledReason,
    Means,
    Profile,
    RetryPolicy,
    Webhook,
    WebhookChanges,
    WebhookState,
)
from waypost.domains.webhooks.names import KINDS, SPELLINGS, EventKind
from waypost.domains.webhooks.occurrences import Occurrence
from waypost.domains.webhooks.sending import Result, SendMail, Target
from waypost.domains.webhooks.store_log import DeliveryFilter
from waypost.domains.webhooks.subscribing import (
    change,
    get,
    list_webhooks,
    replace,
    rotate_secret,
    shown_secret,
    subscribe,
    unsubscribe,
)

__all__ = [
    "IN_FLIGHT",
    "KINDS",
    "MASK",
    "NAME",
    "QUICK_FAILURES",
    "QUICK_S",
    "REST",
    "SPELLINGS",
    "Attempt",
    "Compose",
    "Delivery",
    "DeliveryFilter",
    "DeliveryState",
    "DisabledReason",
    "DueDelivery",
    "EventKind",
    "Material",
    "Means",
    "Occurrence",
    "Profile",
    "Replay",
    "Result",
    "RetryPolicy",
    "SendMail",
    "Target",
    "Webhook",
    "WebhookChanges",
    "WebhookState",
    "change",
    "get",
    "list_webhooks",
    "log",
    "replace",
    "rotate_secret",
    "sending",
    "shown_secret",
    "subscribe",
    "subscriber",
    "tell_gathered",
    "unsubscribe",
]
