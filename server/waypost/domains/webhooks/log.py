"""The log of deliveries: reading it, sending again, and sending a test (spec: webhooks 8)."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

import msgspec

from waypost.domains.accounts import Actor
from waypost.domains.webhooks import store, store_deliveries, store_log, subscribing
from waypost.domains.webhooks.delivery import Attempt, Delivery, DeliveryState, NewDelivery
from waypost.domains.webhooks.fan_out import Compose
from waypost.domains.webhooks.models import Webhook, WebhookState
from waypost.domains.webhooks.names import SPELLINGS, TEST
from waypost.domains.webhooks.occurrences import Occurrence
from waypost.domains.webhooks.samples import sample
from waypost.domains.webhooks.store_log import DeliveryFilter
from waypost.kit.errors import Conflict, FieldError, Invalid, NotFound, Throttled
from waypost.kit.paging import Page, PageRequest
from waypost.kit.tx import Tx
from waypost.kit.wakeups import DELIVERIES, hint_after

MOST_REPLAYED = 10_000
#: A subscription is replayed no more often than this.
BETWEEN_REPLAYS = timedelta(seconds=60)
_REQUEST_ID_LIMIT = 255
#: What a replay means that names no states: all that did not arrive.
_NOT_ARRIVED = [DeliveryState.FAILED.value, DeliveryState.DISCARDED.value, DeliveryState.CANCELLED.value]


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """What to send again, unchecked. One that is sent twice with the same id is carried out once."""

    since: datetime | None = None
    until: datetime | None = None
    states: list[str] | None = None
    event_types: list[str] | None = None
    request_id: str | None = None


async def list_deliveries(
    tx: Tx, actor: Actor, webhook_id: int, wanted: DeliveryFilter, page: PageRequest
) -> Page[Delivery]:
    """A subscription's deliveries of the last 30 days, newest first. Raises NotFound."""
    await subscribing.get(tx, actor, webhook_id)
    return await store_log.list_page(tx.connection, actor.account_id, webhook_id, wanted, page)


async def get_delivery(tx: Tx, actor: Actor, webhook_id: int, delivery_id: int) -> Delivery:
    """One delivery. Raises NotFound."""
    await subscribing.get(tx, actor, webhook_id)
    found = await store_log.find(tx.connection, actor.account_id, webhook_id, delivery_id)
    if found is None:
        raise NotFound
    return found


async def list_attempts(tx: Tx, actor: Actor, webhook_id: int, delivery_id: int) -> tuple[bytes, list[Attempt]]:
    """What is sent with each attempt of a delivery, and how they went. Raises NotFound."""
    found = await get_delivery(tx, actor, webhook_id, delivery_id)
    body = await store_log.body(tx.connection, actor.account_id, found.id)
    return body, await store_log.attempts(tx.connection, actor.account_id, found.id)


async def redeliver(tx: Tx, actor: Actor, webhook_id: int, delivery_id: int) -> Delivery:
    """Send one again, with the same body and event: a copy, or the same one sooner if it still waits.

    Raises NotFound, Conflict for a subscription that is off.
    """
    await _lock_enabled(tx, actor, webhook_id)
    await get_delivery(tx, actor, webhook_id, delivery_id)
    sent = await store_log.send_one_again(tx.connection, actor.account_id, webhook_id, delivery_id, tx.now)
    await _hurry(tx, actor, webhook_id)
    return await get_delivery(tx, actor, webhook_id, sent)


async def replay(tx: Tx, actor: Actor, webhook_id: int, wanted: Replay) -> int:
    """Send everything again that matches, the oldest ten thousand at most; how many.

    Raises NotFound, Conflict, Invalid, and Throttled within a minute of the last one.
    """
    await _lock_enabled(tx, actor, webhook_id)
    matching = _checked(wanted)
    request_id = wanted.request_id or secrets.token_hex(16)
    done = await store_log.find_replay(tx.connection, actor.account_id, webhook_id, request_id)
    if done is not None:
        return done
    last = await store_log.last_replay(tx.connection, actor.account_id, webhook_id)
    if last is not None and tx.now - last < BETWEEN_REPLAYS:
        raise Throttled("A webhook is replayed once a minute at most", int((last + BETWEEN_REPLAYS - tx.now).seconds))
    count = await store_log.send_again(tx.connection, actor.account_id, webhook_id, matching, MOST_REPLAYED, tx.now)
    await store_log.keep_replay(tx.connection, actor.account_id, webhook_id, request_id, count, tx.now)
    await _hurry(tx, actor, webhook_id)
    return count


async def send_test(tx: Tx, actor: Actor, compose: Compose, webhook_id: int, event_type: str | None) -> Delivery:
    """Send a made-up event: `helpscout.test`, or a sample of another type. Raises NotFound, Conflict, Invalid."""
    webhook = await _lock_enabled(tx, actor, webhook_id)
    spelling = event_type or TEST
    if spelling not in SPELLINGS:
        raise Invalid.one("eventType", "unknown event", "EnumValue", spelling)
    if not SPELLINGS[spelling].is_produced:
        raise Invalid.one("eventType", "there is no sample of this event", "EnumValue", spelling)
    event, material = sample(webhook, SPELLINGS[spelling].name, tx.now)
    [made] = await store_deliveries.queue(
        tx.connection, [_new(webhook, spelling, event, compose(webhook, spelling, event, material) or b"{}")]
    )
    await _hurry(tx, actor, webhook_id)
    return await get_delivery(tx, actor, webhook_id, made)


def _new(webhook: Webhook, spelling: str, event: Occurrence, body: bytes) -> NewDelivery:
    return NewDelivery(
        account_id=webhook.account_id,
        webhook_id=webhook.id,
        event_id=event.event_id,
        event_type=spelling,
        resource_kind=event.resource_kind,
        resource_id=event.resource_id,
        sequence=event.fact_id,
        body=body,
        created_at=event.at,
    )


async def _lock_enabled(tx: Tx, actor: Actor, webhook_id: int) -> Webhook:
    await subscribing.get(tx, actor, webhook_id)
    webhook = await store.lock(tx.connection, actor.account_id, webhook_id)
    if webhook is None:
        raise NotFound
    if webhook.state is WebhookState.DISABLED:
        raise Conflict("The webhook is disabled")
    return webhook


async def _hurry(tx: Tx, actor: Actor, webhook_id: int) -> None:
    await store_log.unpause(tx.connection, actor.account_id, webhook_id)
    hint_after(tx, DELIVERIES)


def _checked(wanted: Replay) -> DeliveryFilter:
    errors = [
        FieldError(f"states[{index}]", f"must be one of {', '.join(map(repr, store_log.STATES))}", "EnumValue", state)
        for index, state in enumerate(wanted.states or [])
        if state not in store_log.STATES
    ]
    errors += [
        FieldError(f"eventTypes[{index}]", "unknown event", "EnumValue", name)
        for index, name in enumerate(wanted.event_types or [])
        if name not in SPELLINGS
    ]
    if len(wanted.request_id or "") > _REQUEST_ID_LIMIT:
        errors.append(FieldError("requestId", f"size must be between 0 and {_REQUEST_ID_LIMIT}", "Size"))
    if errors:
        raise Invalid(errors)
    return DeliveryFilter(
        states=wanted.states or _NOT_ARRIVED,
        event_types=wanted.event_types or None,
        since=wanted.since,
        until=wanted.until,
    )
