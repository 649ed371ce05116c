"""The request of one attempt: its header around the body of the delivery (spec: webhooks 5, 7)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from waypost import __version__
from waypost.domains.webhooks import DueDelivery, Webhook
from waypost.edges.hooks_out import signing

USER_AGENT = f"Waypost/{__version__}"


def headers(webhook: Webhook, secrets: Sequence[str], delivery: DueDelivery, now: datetime) -> dict[str, str]:
    """Everything but what the transport adds. The first secret is the one that holds; a second one is on its way out.

    Both profiles name the event and sign; they differ in the form of `X-HelpScout-Signature`.
    """
    timestamp = int(now.timestamp())
    found = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": USER_AGENT,
        "X-HelpScout-Event": delivery.event_type,
        "X-HelpScout-Signature": signing.signature(webhook.profile, secrets[0], delivery.body),
        "X-HelpScout-Signature-256": signing.signature_256(secrets, delivery.body),
        "X-HelpScout-Delivery": delivery.event_id,
        "X-HelpScout-Attempt": str(delivery.attempts + 1),
        "X-HelpScout-Webhook-Id": str(webhook.id),
        "X-HelpScout-Sequence": str(delivery.sequence),
        "webhook-id": delivery.event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signing.standard_signature(secrets, delivery.event_id, timestamp, delivery.body),
    }
    if delivery.is_redelivery:
        found["X-HelpScout-Redelivery"] = "true"
    return found
