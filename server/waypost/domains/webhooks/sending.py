"""What the sender of deliveries asks of the core: what is due, what an attempt means, who is given up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from html import escape

import msgspec

from waypost.domains import accounts
from waypost.domains.accounts import Actor, UserStatus
from waypost.domains.webhooks import delivery, events, store, store_deliveries
from waypost.domains.webhooks.delivery import Attempt, DeliveryState, DueDelivery
from waypost.domains.webhooks.models import DisabledReason, Webhook
from waypost.domains.webhooks.store_deliveries import NextDue, Recorded
from waypost.kit import sealing
from waypost.kit.tx import Tx

SendMail = Callable[[Tx, int, str, str, str, str], Awaitable[None]]

BATCH = 100
BATCH_BYTES = 4 * 1024 * 1024
#: Failures in a row after which its user is told of it in the log.
FAILING_AFTER = 5
_CLEAN_UP_BATCH = 1000


class Target(msgspec.Struct, frozen=True):
    """A subscription that is on, and the secrets that sign, in plain: the present one, then the one that ends."""

    webhook: Webhook
    secrets: list[str]


class Result(msgspec.Struct, frozen=True):
    """An attempt that has been made. `paused_until` is when a receiver that fails quickly is tried again."""

    webhook: Webhook
    delivery: DueDelivery
    attempt: Attempt
    ended_at: datetime
    paused_until: datetime | None = None


async def next_due(tx: Tx) -> tuple[list[NextDue], datetime | None]:
    """When each subscription has something to send next, and when gathered changes are to be told."""
    return await store_deliveries.next_due(tx.connection), await store_deliveries.next_gathered(tx.connection)


async def target(tx: Tx, secret_key: bytes, account_id: int, webhook_id: int, now: datetime) -> Target | None:
    """The subscription to send to; None when it is off, resting or gone."""
    webhook = await store.find(tx.connection, account_id, webhook_id)
    if webhook is None or not store_deliveries.is_on(webhook):
        return None
    if webhook.paused_until is not None and webhook.paused_until > now:
        return None
    sealed = [webhook.secret]
    if webhook.previous_secret is not None and (webhook.previous_secret_until or now) > now:
        sealed.append(webhook.previous_secret)
    return Target(webhook, [sealing.unseal(secret_key, item).decode() for item in sealed])


async def take(tx: Tx, webhook: Webhook, besides: Sequence[int], now: datetime) -> list[DueDelivery]:
    """The next deliveries that are due, in order, without those under way."""
    return await store_deliveries.take(
        tx.connection, webhook, now, list(besides), delivery.LONGEST_HOLD, BATCH, BATCH_BYTES
    )


async def record(tx: Tx, results: Sequence[Result], send_mail: SendMail) -> set[int]:
    """Record attempts and what they mean for their subscriptions; the ids of those that are off now."""
    recorded: list[Recorded] = []
    off: set[int] = set()
    by_webhook: dict[tuple[int, int], list[Result]] = {}
    for result in results:
        by_webhook.setdefault((result.webhook.account_id, result.webhook.id), []).append(result)
    # In one order, so that two workers that record for the same subscriptions do not wait for each other.
    for (account_id, webhook_id), of_webhook in sorted(by_webhook.items(), key=lambda item: item[0]):
        webhook = await store.lock(tx.connection, account_id, webhook_id)
        policy = (webhook or of_webhook[0].webhook).retry_policy
        states = []
        for result in of_webhook:
            is_test = result.delivery.event_type == "helpscout.test"
            made = delivery.outcome(
                policy, result.delivery.attempts + 1, result.attempt, result.ended_at, is_single=is_test
            )
            states.append(made.state)
            recorded.append(
                Recorded(
                    account_id, result.delivery.id, result.attempt, made.state, made.next_attempt_at, result.ended_at
                )
            )
        if webhook is None or not await _note(tx, webhook, of_webhook, states, send_mail):
            off.add(webhook_id)
    await store_deliveries.record(tx.connection, recorded)
    return off


async def _note(
    tx: Tx, webhook: Webhook, results: Sequence[Result], states: Sequence[DeliveryState], send_mail: SendMail
) -> bool:
    """Note how a subscription fares; False when it is off now."""
    before, reason = webhook, None
    for result, state in zip(results, states, strict=True):
        if result.delivery.event_type == "helpscout.test":
            continue
        webhook = _after(webhook, result, state)
        reason = reason or delivery.reason_to_disable(
            webhook, result.attempt, webhook.consecutive_discards, result.ended_at
        )
    if webhook != before:
        await store_deliveries.note_health(tx.connection, webhook)
    system = Actor.system(webhook.account_id)
    if before.consecutive_failures < FAILING_AFTER <= webhook.consecutive_failures:
        tx.emit(system, events.WebhookFailing(subject_id=webhook.id, failures=webhook.consecutive_failures))
    if before.consecutive_failures >= FAILING_AFTER > webhook.consecutive_failures:
        tx.emit(system, events.WebhookRecovered(subject_id=webhook.id))
    if reason is not None:
        await _disable(tx, webhook, reason, send_mail)
    return reason is None and store_deliveries.is_on(before)


def _after(webhook: Webhook, result: Result, state: DeliveryState) -> Webhook:
    if result.attempt.is_success:
        return msgspec.structs.replace(
            webhook,
            last_success_at=result.ended_at,
            consecutive_failures=0,
            consecutive_discards=0,
            failing_since=None,
            paused_until=None,
        )
    return msgspec.structs.replace(
        webhook,
        consecutive_failures=webhook.consecutive_failures + 1,
        consecutive_discards=webhook.consecutive_discards + (state is DeliveryState.DISCARDED),
        failing_since=webhook.failing_since or result.ended_at,
        paused_until=result.paused_until or webhook.paused_until,
    )


async def _disable(tx: Tx, webhook: Webhook, reason: DisabledReason, send_mail: SendMail) -> None:
    if not await store_deliveries.disable(tx.connection, webhook.account_id, webhook.id, reason.value, tx.now):
        return
    tx.emit(Actor.system(webhook.account_id), events.WebhookDisabled(subject_id=webhook.id, reason=reason.value))
    owner = (await accounts.load_users(tx, webhook.account_id, [webhook.user_id])).get(webhook.user_id)
    if owner is None or owner.status is not UserStatus.ACTIVE or not owner.email:
        return
    name = escape(webhook.label or webhook.url)
    await send_mail(
        tx,
        webhook.account_id,
        f"{owner.first_name} {owner.last_name}".strip(),
        owner.email,
        "A webhook has been switched off",
        f"<p>The webhook <strong>{name}</strong> has been switched off: {escape(reason.value)}.</p>"
        f"<p>Address: {escape(webhook.url)}</p>"
        "<p>What could not be delivered is kept for 72 hours and sent when you switch it on again: set its state to"
        " <code>enabled</code>.</p>",
    )


async def clean_up(tx: Tx) -> int:
    """Cancel what waits for a subscription that has been off for 72 hours; forget what is older than 30 days."""
    disabled_before, created_before = tx.now - delivery.KEPT_WHILE_DISABLED, tx.now - delivery.KEPT
    done = await store_deliveries.clean_up(tx.connection, disabled_before, created_before, _CLEAN_UP_BATCH)
    return done if done >= _CLEAN_UP_BATCH else 0
