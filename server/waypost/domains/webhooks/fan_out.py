"""The subscriber of the event log that queues deliveries: who wants what, in the transaction that reads the facts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from typing import Protocol

from waypost.domains.webhooks import material as materials
from waypost.domains.webhooks import occurrences, store_deliveries
from waypost.domains.webhooks.delivery import NewDelivery
from waypost.domains.webhooks.material import Material
from waypost.domains.webhooks.models import DisabledReason, Profile, Webhook
from waypost.domains.webhooks.names import SPELLINGS, TAGS_ADDED, TAGS_REMOVED, spelling_for, spelling_of_tag_change
from waypost.domains.webhooks.occurrences import CREATED, CUSTOMER_UPDATED, Occurrence
from waypost.domains.webhooks.store_deliveries import Gathered
from waypost.kit.db import Connection
from waypost.kit.events import Fact
from waypost.kit.tx import Tx
from waypost.kit.wakeups import DELIVERIES, hint_after

NAME = "webhooks"
#: Changes of one customer within two seconds are told as one (spec: webhooks 10). Transactions know whole seconds only,
#: so it takes a third for two to be over.
GATHERED_FOR = timedelta(seconds=3)
MOST_GATHERED = 200
_USER_GONE = frozenset({"user.deactivated", "user.deleted"})
#: The facts that belong to a beginning or an end: one transaction wrote both.
PARTS = """
select f.id from event f
where (f.account_id, f.id) in (select * from unnest($1::bigint[], $2::bigint[])) and exists (
  select from event c
  where c.account_id = f.account_id and c.subject_kind = f.subject_kind and c.subject_id = f.subject_id
    and c.transaction = f.transaction and c.type = any ($3::text[])
)
"""

Subscribers = list[tuple[Webhook, "frozenset[int] | None"]]


class Compose(Protocol):
    """Makes the body that a subscription gets; the edge that knows the formats provides it."""

    def __call__(self, webhook: Webhook, spelling: str, event: Occurrence, material: Material, /) -> bytes | None: ...


def subscriber(compose: Compose) -> Callable[[Tx, list[Fact]], Awaitable[None]]:
    """The handler for the reader of the log."""

    async def on_facts(tx: Tx, facts: list[Fact]) -> None:
        await _part_with_users(tx, facts)
        telling = [fact for fact in facts if fact.type in occurrences.TYPES]
        if not telling:
            return
        subscribers = await store_deliveries.enabled(tx.connection, sorted({fact.account_id for fact in telling}))
        if not subscribers:
            return
        parts = await _parts(tx.connection, telling)
        events = [event for fact in telling for event in occurrences.of(fact, is_part=fact.id in parts)]
        await queue(tx, compose, await _without_gathered(tx, events, subscribers), subscribers)

    return on_facts


async def tell_gathered(tx: Tx, compose: Compose) -> int:
    """Queue deliveries for changes of customers whose time has come; how many changes that were."""
    due = await store_deliveries.take_gathered(tx.connection, tx.now, MOST_GATHERED)
    if not due:
        return 0
    subscribers = await store_deliveries.enabled(tx.connection, sorted({changes.account_id for changes in due}))
    events = [
        Occurrence(
            account_id=changes.account_id,
            name=CUSTOMER_UPDATED,
            fact_id=changes.event_id,
            at=changes.at,
            actor_kind=changes.actor_kind,
            actor_id=changes.actor_id,
            resource_kind="customer",
            resource_id=changes.customer_id,
            mailbox_id=None,
            data={"fields": changes.fields},
        )
        for changes in due
    ]
    await queue(tx, compose, events, subscribers)
    return len(due)


async def queue(tx: Tx, compose: Compose, events: list[Occurrence], subscribers: Subscribers) -> None:
    """Queue a delivery for each event and subscription that wants it."""
    wanted = [
        (event, webhook, spelling)
        for event in events
        for webhook, visible in subscribers
        if (spelling := _wish(event, webhook, visible)) is not None
    ]
    made: list[NewDelivery] = []
    for account_id in dict.fromkeys(event.account_id for event, _, _ in wanted):
        of_account = [item for item in wanted if item[0].account_id == account_id]
        whole = {
            event.resource_id
            for event, webhook, _ in of_account
            if webhook.profile is Profile.PLATFORM
            and not webhook.notification
            and event.resource_kind == "conversation"
        }
        material = await materials.load(tx, account_id, (item[0] for item in of_account), with_threads=whole)
        made += _composed(tx, compose, of_account, material)
    if made:
        await store_deliveries.queue(tx.connection, made)
        hint_after(tx, DELIVERIES)


def _composed(
    tx: Tx, compose: Compose, wanted: Iterable[tuple[Occurrence, Webhook, str]], material: Material
) -> list[NewDelivery]:
    made = []
    for event, webhook, spelling in wanted:
        if not _is_told(event, webhook, material):
            continue
        body = compose(webhook, spelling, event, material)
        if body is not None:
            made.append(
                NewDelivery(
                    account_id=event.account_id,
                    webhook_id=webhook.id,
                    event_id=event.event_id,
                    event_type=spelling,
                    resource_kind=event.resource_kind,
                    resource_id=event.resource_id,
                    sequence=event.fact_id,
                    body=body,
                    created_at=tx.now,
                )
            )
    return made


def _wish(event: Occurrence, webhook: Webhook, visible: frozenset[int] | None) -> str | None:
    """How the subscription spells the event; None when it does not want it or its user may not see it."""
    if webhook.account_id != event.account_id or event.at < webhook.created_at:
        return None
    if event.name in (TAGS_ADDED, TAGS_REMOVED):
        spelling = spelling_of_tag_change(event.name, webhook.events)
    else:
        spelling = spelling_for(event.name, webhook.events)
    if spelling is None or not SPELLINGS[spelling].is_of_mailbox:
        return spelling
    mailbox_id = event.mailbox_id
    is_seen = visible is None or mailbox_id in visible
    is_chosen = not webhook.mailbox_ids or mailbox_id in webhook.mailbox_ids
    return spelling if is_seen and is_chosen else None


def _is_told(event: Occurrence, webhook: Webhook, material: Material) -> bool:
    """Nothing is told of drafts and who is known from them alone, and of spam's beginning only on request."""
    customer = material.customers.get(event.resource_id) if event.resource_kind == "customer" else None
    if customer is not None and customer.is_draft:
        return False
    conversation = material.conversations.get(event.resource_id) if event.resource_kind == "conversation" else None
    if conversation is None:
        return True
    if conversation.state == "draft":
        return False
    return webhook.include_spam or event.name != CREATED or event.data.get("status", conversation.status) != "spam"


async def _without_gathered(tx: Tx, events: list[Occurrence], subscribers: Subscribers) -> list[Occurrence]:
    """Set changes of customers aside, to be told together; the rest goes out now."""
    interested = {webhook.account_id for webhook, _ in subscribers if spelling_for(CUSTOMER_UPDATED, webhook.events)}
    now: list[Occurrence] = []
    for event in events:
        if event.name == "customer.deleted":
            await store_deliveries.forget_gathered(tx.connection, event.account_id, event.resource_id)
        if event.name != CUSTOMER_UPDATED:
            now.append(event)
        elif event.account_id in interested:
            changes = Gathered(
                event.account_id,
                event.resource_id,
                sorted(event.data.get("fields", [])),
                event.fact_id,
                event.at,
                event.actor_kind,
                event.actor_id,
            )
            await store_deliveries.gather(tx.connection, changes, tx.now + GATHERED_FOR)
            hint_after(tx, DELIVERIES)
    return now


async def _parts(connection: Connection, facts: list[Fact]) -> set[int]:
    asked = [fact for fact in facts if occurrences.may_be_part(fact)]
    if not asked:
        return set()
    accounts, ids = [fact.account_id for fact in asked], [fact.id for fact in asked]
    rows = await connection.fetch(PARTS, accounts, ids, list(occurrences.PART_OF))
    return {row["id"] for row in rows}


async def _part_with_users(tx: Tx, facts: list[Fact]) -> None:
    """What a user subscribed to ends with the user, until somebody takes it over."""
    for fact in facts:
        if fact.type in _USER_GONE and fact.subject_id is not None:
            await store_deliveries.disable_of_user(
                tx.connection, fact.account_id, fact.subject_id, DisabledReason.OWNER.value, tx.now
            )
