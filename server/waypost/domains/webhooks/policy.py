"""Who may do what to subscriptions. Pure functions."""

from __future__ import annotations

from waypost.domains.accounts import Actor
from waypost.domains.webhooks.models import Webhook
from waypost.kit.errors import Forbidden, NotFound


def may_subscribe(actor: Actor) -> None:
    """Any user: a subscription sends what its user may see. Raises Forbidden for customers."""
    if actor.kind == "customer":
        raise Forbidden


def may_manage(actor: Actor, webhook: Webhook) -> None:
    """Its user, and administrators; for all others it does not exist. Raises NotFound."""
    if not actor.is_administrator and actor.user_id != webhook.user_id:
        raise NotFound


def owner_seen_by(actor: Actor) -> int | None:
    """Whose subscriptions the actor sees; None is everybody's."""
    return None if actor.is_administrator else actor.user_id


def may_hold_secret(actor: Actor, webhook: Webhook) -> bool:
    """Only the application that made the subscription, for the user it belongs to (spec: webhooks 4)."""
    is_application = actor.application_id is not None and actor.application_id == webhook.application_id
    return is_application and actor.user_id == webhook.user_id
