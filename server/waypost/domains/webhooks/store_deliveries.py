"""SQL of deliveries: queueing, taking what is due, recording attempts, and cleaning up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from asyncpg import Record

from waypost.domains.webhooks.delivery import (
    Attempt,
    Delivery,
    DeliveryState,
    DueDelivery,
    NewDelivery,
)
from waypost.domains.webhooks.models import Webhook, WebhookState
from waypost.domains.webhooks.store import COLUMNS, read
from waypost.kit.db import Connection

QUEUE = """
insert into webhook_delivery (account_id, webhook_id, event_id, event_type, resource_kind, resource_id, sequence, body,
                              next_attempt_at, created_at, is_redelivery)
select n.account_id, n.webhook_id, n.event_id, n.event_type, n.resource_kind, n.resource_id, n.sequence, n.body,
       n.created_at, n.created_at, n.is_redelivery
from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::bytea[],
            $9::timestamptz[], $10::boolean[])
  with ordinality n (account_id, webhook_id, event_id, event_type, resource_kind, resource_id, sequence, body,
                     created_at, is_redelivery, place)
order by n.place
returning id
"""
#: One look into an index for each subscription, however long its queue is.
NEXT_DUE = """
select w.account_id, w.id, greatest(d.next_attempt_at, w.paused_until) as due_at
from webhook w
cross join lateral (
  select next_attempt_at from webhook_delivery d
  where d.account_id = w.account_id and d.webhook_id = w.id and d.state in ('pending', 'failed')
  order by d.next_attempt_at limit 1
) d
where w.state = 'enabled'
"""
_OF_DUE = """d.account_id, d.id, d.webhook_id, d.event_id, d.event_type, d.resource_kind, d.resource_id, d.sequence,
  d.is_redelivery, d.attempts, d.body"""
#: In order; no more than fits into the memory of a worker, but one at least. Sizes are read without the bodies.
TAKE = f"""
with held as (
  select resource_kind, resource_id, min(id) as first_id from webhook_delivery
  where $5 and account_id = $1 and webhook_id = $2 and state = 'failed' and next_attempt_at > $3 and created_at > $6
  group by resource_kind, resource_id
), next as (
  select q.id, octet_length(q.body) as size from webhook_delivery q
  where q.account_id = $1 and q.webhook_id = $2 and q.state in ('pending', 'failed') and q.next_attempt_at <= $3
    and q.id <> all ($4::bigint[])
    and not exists (select from held where held.resource_kind = q.resource_kind and held.resource_id = q.resource_id
                    and held.first_id < q.id)
  order by q.id limit $7
), fitting as (
  select id from (select id, size, sum(size) over (order by id) as total from next) sized where total - size < $8
)
select {_OF_DUE} from fitting join webhook_delivery d on d.account_id = $1 and d.id = fitting.id order by d.id
"""
RECORD = """
update webhook_delivery d set
  state = r.state, attempts = r.attempts, next_attempt_at = coalesce(r.next_attempt_at, d.next_attempt_at),
  delivered_at = case when r.state = 'delivered' then r.at end
from unnest($1::bigint[], $2::bigint[], $3::text[], $4::integer[], $5::timestamptz[], $6::timestamptz[])
  r (account_id, id, state, attempts, next_attempt_at, at)
where d.account_id = r.account_id and d.id = r.id and d.state in ('pending', 'failed')
"""
ADD_ATTEMPTS = """
insert into webhook_attempt (account_id, delivery_id, number, started_at, duration_ms, request_headers, response_status,
                             response_headers, response_body, error, error_detail)
select n.* from unnest($1::bigint[], $2::bigint[], $3::integer[], $4::timestamptz[], $5::integer[], $6::jsonb[],
                       $7::integer[], $8::jsonb[], $9::bytea[], $10::text[], $11::text[])
  n (account_id, delivery_id, number, started_at, duration_ms, request_headers, response_status, response_headers,
     response_body, error, error_detail)
join webhook_delivery d on d.account_id = n.account_id and d.id = n.delivery_id
on conflict do nothing
"""
NOTE_HEALTH = """
update webhook set last_success_at = $3, consecutive_failures = $4, consecutive_discards = $5, failing_since = $6,
  paused_until = $7
where account_id = $1 and id = $2
"""
DISABLE = """
update webhook set state = 'disabled', disabled_reason = $3, disabled_at = $4, updated_at = $4
where account_id = $1 and id = $2 and state = 'enabled'
"""
DISABLE_OF_USER = """
update webhook set state = 'disabled', disabled_reason = $3, disabled_at = $4, updated_at = $4
where account_id = $1 and user_id = $2 and state = 'enabled' returning id
"""
#: Subscriptions that are on, with what their users may see: null is every mailbox.
ENABLED = f"""
select {COLUMNS}, case when u.role = 'user' then
  (select coalesce(array_agg(m.mailbox_id), '{{}}') from mailbox_user m
   where m.account_id = w.account_id and m.user_id = w.user_id) end as visible
from webhook w join account_user u on u.account_id = w.account_id and u.id = w.user_id
where w.account_id = any ($1::bigint[]) and w.state = 'enabled' and u.status = 'active'
order by w.account_id, w.id
"""
GATHER = """
insert into webhook_gathering (account_id, customer_id, fields, event_id, at, actor_kind, actor_id, due_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (account_id, customer_id) do update set
  fields = (select array_agg(distinct f order by f) from unnest(webhook_gathering.fields || excluded.fields) f),
  event_id = excluded.event_id, at = excluded.at, actor_kind = excluded.actor_kind, actor_id = excluded.actor_id
"""
FORGET_GATHERED = "delete from webhook_gathering where account_id = $1 and customer_id = $2"
NEXT_GATHERED = "select min(due_at) from webhook_gathering"
TAKE_GATHERED = """
with due as (
  select account_id, customer_id from webhook_gathering where due_at <= $1
  order by due_at limit $2 for update skip locked
)
delete from webhook_gathering g using due where g.account_id = due.account_id and g.customer_id = due.customer_id
returning g.account_id, g.customer_id, g.fields, g.event_id, g.at, g.actor_kind, g.actor_id
"""
CANCEL_STALE = """
with stale as (
  select d.account_id, d.id from webhook w
  join webhook_delivery d on d.account_id = w.account_id and d.webhook_id = w.id
  where w.state = 'disabled' and w.disabled_at < $1 and d.state in ('pending', 'failed') limit $2
)
update webhook_delivery d set state = 'cancelled' from stale where d.account_id = stale.account_id and d.id = stale.id
"""
TRIM = """
delete from webhook_delivery where (account_id, id) in (
  select account_id, id from webhook_delivery where created_at < $1 order by created_at limit $2
)
"""
TRIM_REPLAYS = "delete from webhook_replay where created_at < $1"
TRIM_ORPHANS = """
delete from webhook_delivery where (account_id, id) in (
  select d.account_id, d.id from webhook_delivery d
  where not exists (select from webhook w where w.account_id = d.account_id and w.id = d.webhook_id) limit $1
)
"""


class NextDue(NamedTuple):
    """When a subscription has something to send next."""

    account_id: int
    webhook_id: int
    due_at: datetime


class Recorded(NamedTuple):
    """An attempt and what it makes of its delivery."""

    account_id: int
    delivery_id: int
    attempt: Attempt
    state: DeliveryState
    next_attempt_at: datetime | None
    ended_at: datetime


class Gathered(NamedTuple):
    """Changes of a customer within two seconds."""

    account_id: int
    customer_id: int
    fields: list[str]
    event_id: int
    at: datetime
    actor_kind: str
    actor_id: int | None


async def queue(connection: Connection, deliveries: Sequence[NewDelivery]) -> list[int]:
    """Queue deliveries in this order; their ids."""
    columns = zip(
        *(
            (
                new.account_id, new.webhook_id, new.event_id, new.event_type, new.resource_kind, new.resource_id,
                new.sequence, new.body, new.created_at, new.is_redelivery,
            )
            for new in deliveries
        ),
        strict=True,
    )  # fmt: skip
    return [row["id"] for row in await connection.fetch(QUEUE, *(list(column) for column in columns))]


async def next_due(connection: Connection) -> list[NextDue]:
    """For each subscription that is on and has a queue: when its next delivery is due."""
    return [NextDue(*row.values()) for row in await connection.fetch(NEXT_DUE)]


async def take(
    connection: Connection,
    webhook: Webhook,
    now: datetime,
    besides: list[int],
    hold: timedelta,
    most: int,
    most_bytes: int,
) -> list[DueDelivery]:
    """What is due of a subscription, oldest first, without those that are under way already.

    Of an ordered one, without what follows an event that waits to be tried again, for as long as `hold`.
    """
    rows = await connection.fetch(
        TAKE, webhook.account_id, webhook.id, now, besides, webhook.ordered, now - hold, most, most_bytes
    )
    return [DueDelivery(**dict(row)) for row in rows]


async def record(connection: Connection, recorded: Sequence[Recorded]) -> None:
    """Write how attempts went."""
    await connection.execute(
        RECORD,
        [item.account_id for item in recorded],
        [item.delivery_id for item in recorded],
        [item.state.value for item in recorded],
        [item.attempt.number for item in recorded],
        [item.next_attempt_at for item in recorded],
        [item.ended_at for item in recorded],
    )
    attempts = [item.attempt for item in recorded]
    await connection.execute(
        ADD_ATTEMPTS,
        [item.account_id for item in recorded],
        [item.delivery_id for item in recorded],
        [attempt.number for attempt in attempts],
        [attempt.started_at for attempt in attempts],
        [attempt.duration_ms for attempt in attempts],
        [attempt.request_headers for attempt in attempts],
        [attempt.response_status for attempt in attempts],
        [attempt.response_headers for attempt in attempts],
        [attempt.response_body for attempt in attempts],
        [attempt.error for attempt in attempts],
        [attempt.error_detail for attempt in attempts],
    )


async def note_health(connection: Connection, webhook: Webhook) -> None:
    """Write how a subscription fares."""
    await connection.execute(
        NOTE_HEALTH,
        webhook.account_id,
        webhook.id,
        webhook.last_success_at,
        webhook.consecutive_failures,
        webhook.consecutive_discards,
        webhook.failing_since,
        webhook.paused_until,
    )


async def disable(connection: Connection, account_id: int, webhook_id: int, reason: str, at: datetime) -> bool:
    """Switch a subscription off; False when it was off already."""
    return str(await connection.execute(DISABLE, account_id, webhook_id, reason, at)) == "UPDATE 1"


async def disable_of_user(
    connection: Connection, account_id: int, user_id: int, reason: str, at: datetime
) -> list[int]:
    """Switch a user's subscriptions off; their ids."""
    return [row["id"] for row in await connection.fetch(DISABLE_OF_USER, account_id, user_id, reason, at)]


async def enabled(connection: Connection, account_ids: list[int]) -> list[tuple[Webhook, frozenset[int] | None]]:
    """The subscriptions that are on, and the mailboxes that their users see (None: all)."""
    rows = await connection.fetch(ENABLED, account_ids)
    return [(read(row), None if row["visible"] is None else frozenset(row["visible"])) for row in rows]


async def gather(connection: Connection, changes: Gathered, due_at: datetime) -> None:
    """Add changes of a customer to those that wait already; the time when they are told stays the first's."""
    await connection.execute(
        GATHER, changes.account_id, changes.customer_id, changes.fields, changes.event_id, changes.at,
        changes.actor_kind, changes.actor_id, due_at,
    )  # fmt: skip


async def forget_gathered(connection: Connection, account_id: int, customer_id: int) -> None:
    """The customer is gone: nothing is told of changes any more."""
    await connection.execute(FORGET_GATHERED, account_id, customer_id)


async def next_gathered(connection: Connection) -> datetime | None:
    """When gathered changes are to be told next."""
    due_at: datetime | None = await connection.fetchval(NEXT_GATHERED)
    return due_at


async def take_gathered(connection: Connection, now: datetime, most: int) -> list[Gathered]:
    """Remove and return changes whose time has come."""
    return [Gathered(*row.values()) for row in await connection.fetch(TAKE_GATHERED, now, most)]


async def clean_up(connection: Connection, disabled_before: datetime, created_before: datetime, most: int) -> int:
    """Cancel what a disabled subscription keeps too long, delete what is old or nobody's; how many rows at most."""
    done = [
        await connection.execute(CANCEL_STALE, disabled_before, most),
        await connection.execute(TRIM, created_before, most),
        await connection.execute(TRIM_ORPHANS, most),
    ]
    await connection.execute(TRIM_REPLAYS, created_before)
    return max(int(str(status).rpartition(" ")[2]) for status in done)


def delivery_of(row: Record) -> Delivery:
    """A row with the columns of a delivery."""
    values = {name: row[name] for name in Delivery.__struct_fields__}
    return Delivery(**{**values, "state": DeliveryState(row["state"])})


def is_on(webhook: Webhook | None) -> bool:
    """Whether there is anything to send to it."""
    return webhook is not None and webhook.state is WebhookState.ENABLED
