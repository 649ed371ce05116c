"""SQL that makes one customer of several."""

from __future__ import annotations

from datetime import datetime

import msgspec

from waypost.domains.customers.models import EntryKind
from waypost.kit.db import Connection

# One merge of an account at a time: each changes rows that others of its trail have locked in orders of their own.
_QUEUE_UP = "select pg_advisory_xact_lock(hashtextextended('customers.merge', $1))"
_LOCK = """
select id, state, merged_into_id from customer where account_id = $1 and id = any($2::bigint[]) order by id for update
"""
# What is there twice stays once: the survivor's own, else that of the first in the order given.
_DROP_COPIES = """
with ranked as (
  select id, customer_id, row_number() over (
    partition by kind, coalesce(
      nullif(case when kind = 'phone' then regexp_replace(value, '[^0-9+]', '', 'g') end, ''), lower(value))
    order by coalesce(array_position($2::bigint[], customer_id), 0), id) as place
  from customer_entry where account_id = $1 and (customer_id = $3 or customer_id = any($2::bigint[]))
)
delete from customer_entry
where account_id = $1 and id in (select id from ranked where place > 1 and customer_id <> $3)
"""
# New ids, because the oldest address is the one that is written to: the survivor's stays that.
_MOVE_ENTRIES = """
update customer_entry set customer_id = $3, id = moved.new_id
from (select id, nextval(pg_get_serial_sequence('customer_entry', 'id')) as new_id from (
        select id from customer_entry where account_id = $1 and customer_id = any($2::bigint[])
        order by array_position($2::bigint[], customer_id), id) ordered) moved
where customer_entry.account_id = $1 and customer_entry.id = moved.id
returning customer_entry.kind
"""
_FULLEST = """
select count(*) from customer_entry where account_id = $1 and customer_id = $2
group by kind order by count(*) desc limit 1
"""
_FILL_ADDRESS = """
insert into customer_address (account_id, customer_id, lines, city, state, postal_code, country)
select $1, $3, lines, city, state, postal_code, country from customer_address
where account_id = $1 and customer_id = any($2::bigint[]) order by array_position($2::bigint[], customer_id) limit 1
on conflict do nothing
returning id
"""
_FILL_PROPERTIES = """
insert into customer_property_value (account_id, customer_id, property_id, value, source)
select distinct on (property_id) $1, $3, property_id, value, source from customer_property_value
where account_id = $1 and customer_id = any($2::bigint[])
order by property_id, array_position($2::bigint[], customer_id)
on conflict do nothing
returning property_id
"""
_DROP_ADDRESSES = "delete from customer_address where account_id = $1 and customer_id = any($2::bigint[])"
_DROP_PROPERTIES = "delete from customer_property_value where account_id = $1 and customer_id = any($2::bigint[])"
# Those merged into these before point to the survivor at once, so that a trail is one step long.
_SHORTEN_TRAILS = """
update customer set merged_into_id = $3 where account_id = $1 and merged_into_id = any($2::bigint[])
"""
_MARK_MERGED = """
update customer set state = 'merged', merged_into_id = $3, updated_at = $4
where account_id = $1 and id = any($2::bigint[])
"""
_CURRENT = """
select survivor.id from customer
join customer survivor on survivor.account_id = customer.account_id
                      and survivor.id = coalesce(customer.merged_into_id, customer.id)
where customer.account_id = $1 and customer.id = $2 and survivor.state = 'active'
"""


class Standing(msgspec.Struct, frozen=True):
    """A locked customer."""

    id: int
    state: str
    merged_into_id: int | None


class Moved(msgspec.Struct, frozen=True):
    """What the survivor has got, and how full its fullest collection is now."""

    kinds: set[EntryKind]
    has_address: bool
    has_properties: bool
    fullest: int


async def queue_up(connection: Connection, account_id: int) -> None:
    """Wait until no other merge of customers of the account is under way."""
    await connection.execute(_QUEUE_UP, account_id)


async def lock(connection: Connection, account_id: int, ids: list[int]) -> dict[int, Standing]:
    """Customers in whatever state, by id, held against everything until the transaction ends."""
    return {row["id"]: Standing(*row.values()) for row in await connection.fetch(_LOCK, account_id, ids)}


async def move_details(connection: Connection, account_id: int, ids: list[int], survivor_id: int) -> Moved:
    """Give the survivor all entries, and an address and properties where it has none."""
    await connection.execute(_DROP_COPIES, account_id, ids, survivor_id)
    moved = await connection.fetch(_MOVE_ENTRIES, account_id, ids, survivor_id)
    address = await connection.fetch(_FILL_ADDRESS, account_id, ids, survivor_id)
    properties = await connection.fetch(_FILL_PROPERTIES, account_id, ids, survivor_id)
    await connection.execute(_DROP_ADDRESSES, account_id, ids)
    await connection.execute(_DROP_PROPERTIES, account_id, ids)
    fullest = await connection.fetchval(_FULLEST, account_id, survivor_id) or 0
    return Moved({EntryKind(row["kind"]) for row in moved}, bool(address), bool(properties), fullest)


async def mark_merged(connection: Connection, account_id: int, ids: list[int], survivor_id: int, at: datetime) -> None:
    """Take customers out of every list and leave the way to the survivor."""
    await connection.execute(_SHORTEN_TRAILS, account_id, ids, survivor_id)
    await connection.execute(_MARK_MERGED, account_id, ids, survivor_id, at)


async def current(connection: Connection, account_id: int, customer_id: int) -> int | None:
    """The customer's own id, or that of the one it was merged into; None when it is gone."""
    found: int | None = await connection.fetchval(_CURRENT, account_id, customer_id)
    return found
