"""Webhooks: who wants to be told of which events, at which address.

A subscription belongs to the user who made it and sends what that user may see. Bodies and requests are the edge's
(`hooks_out`).
"""

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
    "KINDS",
    "MASK",
    "SPELLINGS",
    "DisabledReason",
    "EventKind",
    "Means",
    "Profile",
    "RetryPolicy",
    "Webhook",
    "WebhookChanges",
    "WebhookState",
    "change",
    "get",
    "list_webhooks",
    "replace",
    "rotate_secret",
    "shown_secret",
    "subscribe",
    "unsubscribe",
]
