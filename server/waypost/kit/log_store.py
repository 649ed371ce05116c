"""All SQL of reading the event log: positions, batches, dead letters."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import msgspec
from asyncpg import Record

from waypost.kit.db import Connection
from waypost.kit.events import Fact


class Position(NamedTuple):
    """A place in the log's order: by transaction, then by event."""

    transaction: int
    event_id: int


class Entry(NamedTuple):
    """A fact and its place in the log."""

    position: Position
    fact: Fact


class ReaderLag(msgspec.Struct, frozen=True):
    """How far a reader is behind. `facts` is counted to a limit only; `oldest_at` is the first unread fact's time."""

    name: str
    facts: int
    oldest_at: datetime | None
    dead_letters: int


class DeadLetter(msgspec.Struct, frozen=True):
    """A fact that a reader went on without."""

    reader: str
    account_id: int
    event_id: int
    type: str
    error: str
    failed_at: datetime


_REGISTER = """
insert into event_reader (name, position_transaction)
values ($1, case when $2 then pg_snapshot_xmin(pg_current_snapshot()) else '0'::xid8 end)
on conflict (name) do nothing
"""
_LOCK = "select position_transaction, position_id from event_reader where name = $1 for update skip locked"
_MOVE = "update event_reader set position_transaction = $2, position_id = $3, updated_at = $4 where name = $1"

# Transaction ids are given out before commits happen, so a lower one may still appear. What is below the oldest
# transaction that still runs is complete: reading only that never skips a row that commits late.
_READ = """
select account_id, id, transaction, type, at, actor_kind, actor_id, subject_kind, subject_id, scope_id, data
from event
where (transaction, id) > ($1::xid8, $2::bigint) and transaction < pg_snapshot_xmin(pg_current_snapshot())
order by transaction, id
limit $3
"""
_READ_ACCOUNT = """
select account_id, id, transaction, type, at, actor_kind, actor_id, subject_kind, subject_id, scope_id, data
from event
where (transaction, id) > ($1::xid8, $2::bigint) and transaction < pg_snapshot_xmin(pg_current_snapshot())
  and account_id = $4
order by transaction, id
limit $3
"""
_TAIL = "select pg_snapshot_xmin(pg_current_snapshot())"
_IS_SETTLED = "select not exists (select from event where (transaction, id) > ($1::xid8, $2::bigint))"
_WITHIN = """
select $1::xid8 <= pg_snapshot_xmax(pg_current_snapshot()) and (
  select count(*) from (
    select from event where (transaction, id) > ($1::xid8, $2::bigint) order by transaction, id limit $3 + 1
  ) unread
) <= $3
"""
_BEHIND = """
select r.name, first_unread.transaction < pg_snapshot_xmin(pg_current_snapshot()) as is_readable
from event_reader r
cross join lateral (
  select e.transaction from event e
  where (e.transaction, e.id) > (r.position_transaction, r.position_id)
  order by e.transaction, e.id limit 1
) first_unread
where r.name = any ($1::text[])
"""
_LAG = """
select r.name, unread.facts, unread.oldest_at,
       (select count(*) from event_dead_letter d where d.reader = r.name) as dead_letters
from event_reader r
cross join lateral (
  select count(*) as facts, min(at) as oldest_at
  from (
    select e.at from event e
    where (e.transaction, e.id) > (r.position_transaction, r.position_id)
    order by e.transaction, e.id limit $1
  ) first_ones
) unread
order by r.name
"""
_ADD_DEAD_LETTER = """
insert into event_dead_letter (reader, account_id, event_id, error)
select $1, account_id, id, $4 from event where transaction = $2 and id = $3
on conflict (reader, account_id, event_id) do update set error = excluded.error, failed_at = now()
"""
_DEAD_LETTERS = """
select d.reader, d.account_id, d.event_id, e.type, d.error, d.failed_at
from event_dead_letter d join event e on e.account_id = d.account_id and e.id = d.event_id
order by d.failed_at desc, d.reader, d.event_id
limit $1
"""
_TAKE_DEAD_LETTER = """
with taken as (
  delete from event_dead_letter
  where (reader, account_id, event_id) in (
    select reader, account_id, event_id from event_dead_letter
    where reader = $1 and event_id > $2 order by event_id limit 1 for update skip locked
  )
  returning account_id, event_id
)
select e.account_id, e.id, e.transaction, e.type, e.at, e.actor_kind, e.actor_id, e.subject_kind, e.subject_id,
       e.scope_id, e.data
from taken join event e on e.account_id = taken.account_id and e.id = taken.event_id
"""


def _fact(row: Record) -> Fact:
    return Fact(
        account_id=row["account_id"],
        id=row["id"],
        type=row["type"],
        at=row["at"],
        actor_kind=row["actor_kind"],
        actor_id=row["actor_id"],
        subject_kind=row["subject_kind"],
        subject_id=row["subject_id"],
        scope_id=row["scope_id"],
        data=row["data"],
    )


async def register(connection: Connection, name: str, *, from_now: bool) -> None:
    """A position for a new reader: before everything, or after all that is complete."""
    await connection.execute(_REGISTER, name, from_now)


async def lock(connection: Connection, name: str) -> Position | None:
    """The reader's position, held until the transaction ends; None when somebody else holds it."""
    row = await connection.fetchrow(_LOCK, name)
    return Position(row["position_transaction"], row["position_id"]) if row is not None else None


async def read(connection: Connection, after: Position, limit: int) -> tuple[list[Fact], Position]:
    """The next facts and the position of the last of them."""
    rows = await connection.fetch(_READ, after.transaction, after.event_id, limit)
    last = Position(rows[-1]["transaction"], rows[-1]["id"]) if rows else after
    return [_fact(row) for row in rows], last


async def read_entries(
    connection: Connection, after: Position, limit: int, account_id: int | None = None
) -> list[Entry]:
    """The next facts, each with its place; of one account or of all."""
    arguments = (after.transaction, after.event_id, limit)
    if account_id is None:
        rows = await connection.fetch(_READ, *arguments)
    else:
        rows = await connection.fetch(_READ_ACCOUNT, *arguments, account_id)
    return [Entry(Position(row["transaction"], row["id"]), _fact(row)) for row in rows]


async def tail(connection: Connection) -> Position:
    """The end of what is complete: everything before it can be read, everything after it is still to come."""
    return Position(await connection.fetchval(_TAIL), 0)


async def is_settled(connection: Connection, after: Position) -> bool:
    """Whether nothing lies beyond the position, not even what is not yet safe to read."""
    settled: bool = await connection.fetchval(_IS_SETTLED, after.transaction, after.event_id)
    return settled


async def is_within(connection: Connection, after: Position, limit: int) -> bool:
    """Whether the position is one of this log and no more than `limit` facts lie beyond it."""
    near: bool = await connection.fetchval(_WITHIN, after.transaction, after.event_id, limit)
    return near


async def move(connection: Connection, name: str, to: Position, now: datetime) -> None:
    """Everything up to `to` is done."""
    await connection.execute(_MOVE, name, to.transaction, to.event_id, now)


async def behind(connection: Connection, names: list[str]) -> dict[str, bool]:
    """The readers that have something left, and whether it is safe to read already."""
    return {row["name"]: row["is_readable"] for row in await connection.fetch(_BEHIND, names)}


async def lags(connection: Connection, limit: int) -> list[ReaderLag]:
    """How far each reader is behind, counted up to `limit`."""
    return [
        ReaderLag(row["name"], row["facts"], row["oldest_at"], row["dead_letters"])
        for row in await connection.fetch(_LAG, limit)
    ]


async def add_dead_letter(connection: Connection, name: str, place: Position, error: str) -> None:
    """Keep a fact that the reader goes on without."""
    await connection.execute(_ADD_DEAD_LETTER, name, place.transaction, place.event_id, error)


async def dead_letters(connection: Connection, limit: int) -> list[DeadLetter]:
    """The newest dead letters of all readers."""
    return [DeadLetter(*row.values()) for row in await connection.fetch(_DEAD_LETTERS, limit)]


async def take_dead_letter(connection: Connection, name: str, after_event_id: int) -> Fact | None:
    """Remove the reader's next dead letter and return its fact, to be handed over once more."""
    row = await connection.fetchrow(_TAKE_DEAD_LETTER, name, after_event_id)
    return _fact(row) if row is not None else None
