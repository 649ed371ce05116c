"""What happens to subscriptions. No secret and no address of a receiver stands in a fact."""

from __future__ import annotations

from typing import ClassVar

from waypost.kit.events import Event


class WebhookEvent(Event, frozen=True, kw_only=True):
    """About one subscription."""

    NAME: ClassVar[str] = ""
    SUBJECT: ClassVar[str] = "webhook"


class WebhookCreated(WebhookEvent, frozen=True, kw_only=True):
    """Somebody subscribed."""

    NAME: ClassVar[str] = "webhook.created"


class WebhookUpdated(WebhookEvent, frozen=True, kw_only=True):
    """Settings of a subscription changed; `changed` names which."""

    NAME: ClassVar[str] = "webhook.updated"

    changed: list[str]


class WebhookSecretRotated(WebhookEvent, frozen=True, kw_only=True):
    """A subscription has a new secret; the one before signs for a day more."""

    NAME: ClassVar[str] = "webhook.secret_rotated"


class WebhookFailing(WebhookEvent, frozen=True, kw_only=True):
    """Several attempts in a row have failed."""

    NAME: ClassVar[str] = "webhook.failing"

    failures: int


class WebhookRecovered(WebhookEvent, frozen=True, kw_only=True):
    """A receiver that failed takes deliveries again."""

    NAME: ClassVar[str] = "webhook.recovered"


class WebhookDisabled(WebhookEvent, frozen=True, kw_only=True):
    """A subscription was switched off by itself."""

    NAME: ClassVar[str] = "webhook.disabled"

    reason: str


class WebhookDeleted(WebhookEvent, frozen=True, kw_only=True):
    """A subscription ended."""

    NAME: ClassVar[str] = "webhook.deleted"
