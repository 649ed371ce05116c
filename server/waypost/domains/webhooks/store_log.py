"""SQL of the log of deliveries: looking, and sending again."""

from __future__ import annotations

from datetime import datetime

import msgspec

from waypost.domains.webhooks.delivery import Attempt, Delivery, DeliveryState
from waypost.domains.webhooks.store_deliveries import delivery_of
from waypost.kit.db import Connection
from waypost.kit.paging import Page, PageRequest

_COLUMNS = """d.account_id, d.id, d.webhook_id, d.event_id, d.event_type, d.resource_kind, d.resource_id, d.sequence,
  d.is_redelivery, d.state, d.attempts, d.next_attempt_at, d.created_at, d.delivered_at"""
_MATCHING = """d.account_id = $1 and d.webhook_id = $2
  and ($3::text[] is null or d.state = any ($3)) and ($4::text[] is null or d.event_type = any ($4))
  and ($5::timestamptz is null or d.created_at >= $5) and ($6::timestamptz is null or d.created_at < $6)
  and ($7::bigint is null or d.resource_id = $7)"""
LIST = f"""
select (select count(*) from webhook_delivery d where {_MATCHING}) as total, rows.*
from (select 1) one left join (
  select {_COLUMNS} from webhook_delivery d where {_MATCHING} order by d.id desc limit $8 offset $9
) rows on true
order by rows.id desc
"""
FIND = f"select {_COLUMNS} from webhook_delivery d where d.account_id = $1 and d.webhook_id = $2 and d.id = $3"
BODY = "select body from webhook_delivery where account_id = $1 and id = $2"
ATTEMPTS = """
select number, started_at, duration_ms, request_headers, response_status, response_headers, response_body, error,
       error_detail
from webhook_attempt where account_id = $1 and delivery_id = $2 order by number
"""
#: What still waits goes out now; of all else a copy is sent, with the same body and the same event.
HASTEN = f"""
update webhook_delivery d set next_attempt_at = least(d.next_attempt_at, $8)
where {_MATCHING} and d.state in ('pending', 'failed')
"""
COPY = f"""
insert into webhook_delivery (account_id, webhook_id, event_id, event_type, resource_kind, resource_id, sequence, body,
                              is_redelivery, next_attempt_at, created_at)
select d.account_id, d.webhook_id, d.event_id, d.event_type, d.resource_kind, d.resource_id, d.sequence, d.body, true,
       $8, $8
from webhook_delivery d where {_MATCHING} and d.state not in ('pending', 'failed') order by d.id limit $9
"""
HASTEN_ONE = """
update webhook_delivery set next_attempt_at = least(next_attempt_at, $4)
where account_id = $1 and webhook_id = $2 and id = $3 and state in ('pending', 'failed') returning id
"""
COPY_ONE = """
insert into webhook_delivery (account_id, webhook_id, event_id, event_type, resource_kind, resource_id, sequence, body,
                              is_redelivery, next_attempt_at, created_at)
select account_id, webhook_id, event_id, event_type, resource_kind, resource_id, sequence, body, true, $4, $4
from webhook_delivery where account_id = $1 and webhook_id = $2 and id = $3
returning id
"""
UNPAUSE = "update webhook set paused_until = null where account_id = $1 and id = $2 and paused_until is not null"
FIND_REPLAY = "select count from webhook_replay where account_id = $1 and webhook_id = $2 and request_id = $3"
LAST_REPLAY = "select max(created_at) from webhook_replay where account_id = $1 and webhook_id = $2"
KEEP_REPLAY = """
insert into webhook_replay (account_id, webhook_id, request_id, count, created_at) values ($1, $2, $3, $4, $5)
"""


class DeliveryFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which deliveries; None is all. `until` is the first moment that is not meant any more."""

    states: list[str] | None = None
    event_types: list[str] | None = None
    since: datetime | None = None
    until: datetime | None = None
    resource_id: int | None = None


def _matching(account_id: int, webhook_id: int, wanted: DeliveryFilter) -> tuple[object, ...]:
    return (
        account_id, webhook_id, wanted.states, wanted.event_types, wanted.since, wanted.until, wanted.resource_id,
    )  # fmt: skip


async def list_page(
    connection: Connection, account_id: int, webhook_id: int, wanted: DeliveryFilter, page: PageRequest
) -> Page[Delivery]:
    """Deliveries of a subscription, newest first."""
    rows = await connection.fetch(LIST, *_matching(account_id, webhook_id, wanted), page.size, page.offset)
    return Page([delivery_of(row) for row in rows if row["id"] is not None], rows[0]["total"], page)


async def find(connection: Connection, account_id: int, webhook_id: int, delivery_id: int) -> Delivery | None:
    """One delivery."""
    row = await connection.fetchrow(FIND, account_id, webhook_id, delivery_id)
    return delivery_of(row) if row is not None else None


async def body(connection: Connection, account_id: int, delivery_id: int) -> bytes:
    """What every attempt sends."""
    found: bytes = await connection.fetchval(BODY, account_id, delivery_id)
    return found


async def attempts(connection: Connection, account_id: int, delivery_id: int) -> list[Attempt]:
    """The attempts of a delivery, in order."""
    return [Attempt(**dict(row)) for row in await connection.fetch(ATTEMPTS, account_id, delivery_id)]


async def send_again(
    connection: Connection, account_id: int, webhook_id: int, wanted: DeliveryFilter, most: int, now: datetime
) -> int:
    """Send what matches again, the oldest `most` of it; how many."""
    matching = _matching(account_id, webhook_id, wanted)
    hastened = await connection.execute(HASTEN, *matching, now)
    copied = await connection.execute(COPY, *matching, now, most)
    return sum(int(str(status).rpartition(" ")[2]) for status in (hastened, copied))


async def send_one_again(
    connection: Connection, account_id: int, webhook_id: int, delivery_id: int, now: datetime
) -> int:
    """The same for one; the id of the delivery that will be sent."""
    for statement in (HASTEN_ONE, COPY_ONE):
        sent: int | None = await connection.fetchval(statement, account_id, webhook_id, delivery_id, now)
        if sent is not None:
            return sent
    raise AssertionError(delivery_id)


async def unpause(connection: Connection, account_id: int, webhook_id: int) -> None:
    """Do not wait any longer with a receiver that failed."""
    await connection.execute(UNPAUSE, account_id, webhook_id)


async def find_replay(connection: Connection, account_id: int, webhook_id: int, request_id: str) -> int | None:
    """How many deliveries a replay of that id has sent again."""
    count: int | None = await connection.fetchval(FIND_REPLAY, account_id, webhook_id, request_id)
    return count


async def last_replay(connection: Connection, account_id: int, webhook_id: int) -> datetime | None:
    """When the subscription's last replay was."""
    at: datetime | None = await connection.fetchval(LAST_REPLAY, account_id, webhook_id)
    return at


async def keep_replay(
    connection: Connection, account_id: int, webhook_id: int, request_id: str, count: int, now: datetime
) -> None:
    """Remember a replay."""
    await connection.execute(KEEP_REPLAY, account_id, webhook_id, request_id, count, now)


STATES = tuple(state.value for state in DeliveryState)
