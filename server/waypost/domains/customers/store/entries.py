"""Entry and address rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from asyncpg import Record

from waypost.domains.customers.changes import NewAddress
from waypost.domains.customers.models import AddressBounce, Entry, EntryKind
from waypost.kit.db import Connection

_TAKEN = """
select wanted.position
from unnest($2::text[]) with ordinality as wanted (value, position)
join customer_entry entry on entry.account_id = $1 and entry.kind = 'email' and lower(entry.value) = lower(wanted.value)
where not (entry.id = any($3::bigint[]))
"""
# A changed entry is taken out and put back under its id, so that two can swap their addresses.
_INSERT = """
insert into customer_entry (account_id, id, customer_id, kind, type, value, bounced_at, bounce_reason)
select $1, coalesce(made.id, nextval(pg_get_serial_sequence('customer_entry', 'id'))), $2,
       made.kind, made.type, made.value, made.bounced_at, made.bounce_reason
from unnest($3::bigint[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::text[])
  with ordinality as made (id, kind, type, value, bounced_at, bounce_reason, position)
order by made.position
on conflict (account_id, lower(value)) where kind = 'email' do nothing
returning id, kind, type, value, bounced_at, bounce_reason
"""
_DELETE = "delete from customer_entry where account_id = $1 and customer_id = $2 and id = any($3::bigint[])"
_MARK_BOUNCED = """
update customer_entry set bounced_at = $3, bounce_reason = $4
where account_id = $1 and kind = 'email' and lower(value) = lower($2)
returning customer_id
"""
_MARK_REACHED = """
update customer_entry set bounced_at = null, bounce_reason = null
where account_id = $1 and kind = 'email' and lower(value) = lower($2) and bounced_at is not null
returning customer_id
"""
_TOUCH = "update customer set updated_at = greatest(updated_at, $3) where account_id = $1 and id = $2"
_PUT_ADDRESS = """
insert into customer_address (account_id, customer_id, lines, city, state, postal_code, country)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (account_id, customer_id) do update set
  lines = excluded.lines, city = excluded.city, state = excluded.state, postal_code = excluded.postal_code,
  country = excluded.country
"""
_DELETE_ADDRESS = "delete from customer_address where account_id = $1 and customer_id = $2"


class EntryRow(msgspec.Struct, frozen=True):
    """An entry to write; one without an id gets a new one."""

    kind: EntryKind
    type: str | None
    value: str
    id: int | None = None
    bounce: AddressBounce | None = None


async def find_taken(
    connection: Connection, account_id: int, addresses: Sequence[str], except_entries: Sequence[int]
) -> list[int]:
    """Which of the addresses (by position from 0) some entry other than those named has."""
    rows = await connection.fetch(_TAKEN, account_id, list(addresses), list(except_entries))
    return [row["position"] - 1 for row in rows]


async def insert(connection: Connection, account_id: int, customer_id: int, entries: Sequence[EntryRow]) -> list[Entry]:
    """Write entries in their order. An address that somebody has is left out of what is written and returned."""
    rows = await connection.fetch(
        _INSERT,
        account_id,
        customer_id,
        [entry.id for entry in entries],
        [entry.kind.value for entry in entries],
        [entry.type for entry in entries],
        [entry.value for entry in entries],
        [entry.bounce.at if entry.bounce else None for entry in entries],
        [entry.bounce.reason if entry.bounce else None for entry in entries],
    )
    return [Entry(row["id"], EntryKind(row["kind"]), row["type"], row["value"], _bounce(row)) for row in rows]


def _bounce(row: Record) -> AddressBounce | None:
    return AddressBounce(row["bounced_at"], row["bounce_reason"] or "") if row["bounced_at"] is not None else None


async def delete(connection: Connection, account_id: int, customer_id: int, ids: Sequence[int]) -> None:
    """Take entries away."""
    await connection.execute(_DELETE, account_id, customer_id, list(ids))


async def mark_bounced(connection: Connection, account_id: int, email: str, bounce: AddressBounce) -> int | None:
    """Note that mail to an address comes back; whose it is, None where it is nobody's."""
    owner: int | None = await connection.fetchval(_MARK_BOUNCED, account_id, email, bounce.at, bounce.reason)
    if owner is not None:
        await connection.execute(_TOUCH, account_id, owner, bounce.at)
    return owner


async def mark_reached(connection: Connection, account_id: int, email: str, now: datetime) -> int | None:
    """Forget that mail to an address came back; whose it is, None where nothing was noted."""
    owner: int | None = await connection.fetchval(_MARK_REACHED, account_id, email)
    if owner is not None:
        await connection.execute(_TOUCH, account_id, owner, now)
    return owner


async def put_address(connection: Connection, account_id: int, customer_id: int, address: NewAddress | None) -> None:
    """Keep this address, or none."""
    if address is None:
        await connection.execute(_DELETE_ADDRESS, account_id, customer_id)
        return
    await connection.execute(
        _PUT_ADDRESS,
        account_id,
        customer_id,
        address.lines,
        address.city,
        address.state,
        address.postal_code,
        address.country,
    )
