"""The verbs of subscriptions: E105 to E109, and changing their secret."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from waypost.domains.accounts import Actor
from waypost.domains.webhooks import checking, events, policy, store
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
from waypost.kit import sealing
from waypost.kit.errors import Conflict, NotFound
from waypost.kit.paging import Page, PageRequest
from waypost.kit.secrets import new_token
from waypost.kit.tx import Tx

MOST_WEBHOOKS = 50
#: For so long after a change of secret both sign (spec: webhooks 7.1).
OVERLAP = timedelta(hours=24)
_SECRET_BYTES = 24
_REQUIRED = ("url", "events", "secret")


async def list_webhooks(tx: Tx, actor: Actor, page: PageRequest) -> Page[Webhook]:
    """The subscriptions that the actor may manage, by id."""
    return await store.list_page(tx.connection, actor.account_id, policy.owner_seen_by(actor), page)


async def get(tx: Tx, actor: Actor, webhook_id: int) -> Webhook:
    """One subscription. Raises NotFound."""
    found = await store.find(tx.connection, actor.account_id, webhook_id)
    if found is None:
        raise NotFound
    policy.may_manage(actor, found)
    return found


def shown_secret(actor: Actor, means: Means, webhook: Webhook) -> str:
    """The secret for those who may hold it, a mask for all others."""
    if not policy.may_hold_secret(actor, webhook):
        return MASK
    return sealing.unseal(means.secret_key, webhook.secret).decode()


async def subscribe(tx: Tx, actor: Actor, means: Means, wanted: WebhookChanges, default_profile: Profile) -> Webhook:
    """Subscribe. Raises Invalid with every field that fails, Forbidden, and Conflict beyond 50 in an account."""
    policy.may_subscribe(actor)
    values = await checking.check(tx, actor, means, wanted, _REQUIRED)
    if await store.lock_account(tx.connection, actor.account_id) >= MOST_WEBHOOKS:
        raise Conflict(f"An account has at most {MOST_WEBHOOKS} webhooks")
    values = {
        **checking.REPLACED,
        "state": WebhookState.ENABLED,
        "profile": default_profile,
        "retry_policy": RetryPolicy.FAST,
        "ordered": False,
        "include_spam": False,
        "disabled_reason": None,
        "disabled_at": None,
        **values,
    }
    if values["state"] is WebhookState.DISABLED:
        values.update(disabled_reason=DisabledReason.REQUESTED.value, disabled_at=tx.now)
    values["secret"] = sealing.seal(means.secret_key, values["secret"].encode())
    made = await store.insert(tx.connection, actor.account_id, actor.user_id, actor.application_id, values, tx.now)
    tx.emit(actor, events.WebhookCreated(subject_id=made.id))
    return made


async def replace(tx: Tx, actor: Actor, means: Means, webhook_id: int, wanted: WebhookChanges) -> None:
    """Replace a subscription. A secret that is left out stays, as do settings that the platform does not know."""
    before = await _lock(tx, actor, webhook_id)
    values = await checking.check(tx, actor, means, wanted, ("url", "events"))
    await _write(tx, actor, means, before, {**checking.REPLACED, **values})


async def change(tx: Tx, actor: Actor, means: Means, webhook_id: int, wanted: WebhookChanges) -> None:
    """Change what is said and nothing else."""
    before = await _lock(tx, actor, webhook_id)
    await _write(tx, actor, means, before, await checking.check(tx, actor, means, wanted, ()))


async def unsubscribe(tx: Tx, actor: Actor, webhook_id: int) -> None:
    """End a subscription; what waits to be delivered is dropped. Raises NotFound."""
    found = await _lock(tx, actor, webhook_id)
    await store.delete(tx.connection, actor.account_id, found.id)
    tx.emit(actor, events.WebhookDeleted(subject_id=found.id))


async def rotate_secret(tx: Tx, actor: Actor, means: Means, webhook_id: int, secret: str | None) -> tuple[Webhook, str]:
    """Give a subscription another secret (None: a random one) and return it in plain, for this once.

    For a day the one before signs too, so that receivers can change over without losing a delivery.
    """
    before = await _lock(tx, actor, webhook_id)
    if secret is None:
        secret = new_token(_SECRET_BYTES)
    await checking.check(tx, actor, means, WebhookChanges(secret=secret), ())
    after = msgspec.structs.replace(
        before,
        secret=sealing.seal(means.secret_key, secret.encode()),
        previous_secret=before.secret,
        previous_secret_until=tx.now + OVERLAP,
        updated_at=tx.now,
    )
    await store.update(tx.connection, after)
    tx.emit(actor, events.WebhookSecretRotated(subject_id=before.id))
    return after, secret


async def _lock(tx: Tx, actor: Actor, webhook_id: int) -> Webhook:
    found = await store.lock(tx.connection, actor.account_id, webhook_id)
    if found is None:
        raise NotFound
    policy.may_manage(actor, found)
    return found


async def _write(tx: Tx, actor: Actor, means: Means, before: Webhook, values: dict[str, Any]) -> None:
    if "secret" in values:
        same = values["secret"].encode() == sealing.unseal(means.secret_key, before.secret)
        values["secret"] = before.secret if same else sealing.seal(means.secret_key, values["secret"].encode())
        if not same:
            # A secret that is replaced may have leaked: unlike one that is rotated, it ends at once.
            values.update(previous_secret=None, previous_secret_until=None)
    values = {**values, **_switched(tx, actor, before, values.get("state"))}
    changed = sorted(name for name, value in values.items() if value != getattr(before, name))
    if not changed:
        return
    await store.update(tx.connection, msgspec.structs.replace(before, **values, updated_at=tx.now))
    tx.emit(actor, events.WebhookUpdated(subject_id=before.id, changed=changed))


def _switched(tx: Tx, actor: Actor, before: Webhook, state: WebhookState | None) -> dict[str, Any]:
    """What goes with a change of state. Whoever switches one on whose user is gone takes it over."""
    if state is WebhookState.DISABLED and before.state is WebhookState.ENABLED:
        return {"disabled_reason": DisabledReason.REQUESTED.value, "disabled_at": tx.now}
    if state is not WebhookState.ENABLED:
        return {}
    cleared: dict[str, Any] = {
        "disabled_reason": None,
        "disabled_at": None,
        "consecutive_failures": 0,
        "consecutive_discards": 0,
        "failing_since": None,
        "paused_until": None,
    }
    if before.disabled_reason == DisabledReason.OWNER.value:
        cleared["user_id"] = actor.user_id
    return cleared
