"""All SQL of the audit trail."""

from __future__ import annotations

from asyncpg import Record

from waypost.domains.audit.models import FIRST_DIGEST, AuditFilter, Entry
from waypost.kit.db import Connection

_COLUMNS = "account_id, id, event_id, at, type, actor_kind, actor_id, subject_kind, subject_id, data, digest"
_MATCHES = """
account_id = $1
and ($2::text[] is null or type = any ($2))
and ($3::text is null or actor_kind = $3)
and ($4::bigint is null or actor_id = $4)
and ($5::text is null or subject_kind = $5)
and ($6::bigint is null or subject_id = $6)
and ($7::timestamptz is null or at >= $7)
"""
_LIST = f"select {_COLUMNS} from audit_entry where {_MATCHES} order by id desc limit $8 offset $9"
_COUNT = f"select count(*) from audit_entry where {_MATCHES}"
_BEFORE = f"select {_COLUMNS} from audit_entry where {_MATCHES} and id < $8 order by id desc limit $9"
_FROM = f"select {_COLUMNS} from audit_entry where account_id = $1 and id > $2 order by id limit $3"
# Entries are numbered without gaps, so the last number is their number.
_LAST = """
select a.account_id, last.id, last.digest
from unnest($1::bigint[]) as a (account_id)
cross join lateral (
  select id, digest from audit_entry e where e.account_id = a.account_id order by id desc limit 1
) last
"""
_INSERT = f"""
insert into audit_entry ({_COLUMNS})
select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::text[], $6::text[], $7::bigint[],
                     $8::text[], $9::bigint[], $10::jsonb[], $11::bytea[])
"""
_UNRECORDED = """
select count(*) from event e, event_reader r
where e.account_id = $1 and r.name = $2 and (e.transaction, e.id) <= (r.position_transaction, r.position_id)
  and not exists (select from audit_entry a where a.account_id = e.account_id and a.event_id = e.id)
  and not exists (select from event_dead_letter d
                  where d.reader = r.name and d.account_id = e.account_id and d.event_id = e.id)
"""


def _entry(row: Record) -> Entry:
    return Entry(**dict(row))


def _arguments(account_id: int, wanted: AuditFilter) -> tuple[object, ...]:
    return (
        account_id,
        wanted.types,
        wanted.actor_kind,
        wanted.actor_id,
        wanted.subject_kind,
        wanted.subject_id,
        wanted.since,
    )


async def list_entries(
    connection: Connection, account_id: int, wanted: AuditFilter, limit: int, offset: int
) -> list[Entry]:
    """Entries that match, newest first."""
    return [_entry(row) for row in await connection.fetch(_LIST, *_arguments(account_id, wanted), limit, offset)]


async def count(connection: Connection, account_id: int, wanted: AuditFilter) -> int:
    """How many entries match."""
    if wanted == AuditFilter():
        return (await last(connection, [account_id])).get(account_id, (0, FIRST_DIGEST))[0]
    total: int = await connection.fetchval(_COUNT, *_arguments(account_id, wanted))
    return total


async def list_before(
    connection: Connection, account_id: int, wanted: AuditFilter, before_id: int, limit: int
) -> list[Entry]:
    """Matching entries older than `before_id`, newest first."""
    rows = await connection.fetch(_BEFORE, *_arguments(account_id, wanted), before_id, limit)
    return [_entry(row) for row in rows]


async def list_after(connection: Connection, account_id: int, after_id: int, limit: int) -> list[Entry]:
    """Entries newer than `after_id`, oldest first."""
    return [_entry(row) for row in await connection.fetch(_FROM, account_id, after_id, limit)]


async def last(connection: Connection, account_ids: list[int]) -> dict[int, tuple[int, bytes]]:
    """The id and digest of each account's last entry."""
    return {row["account_id"]: (row["id"], row["digest"]) for row in await connection.fetch(_LAST, account_ids)}


async def insert(connection: Connection, entries: list[Entry]) -> None:
    """Append the entries."""
    columns = zip(
        *(
            (
                entry.account_id,
                entry.id,
                entry.event_id,
                entry.at,
                entry.type,
                entry.actor_kind,
                entry.actor_id,
                entry.subject_kind,
                entry.subject_id,
                entry.data,
                entry.digest,
            )
            for entry in entries
        ),
        strict=True,
    )
    await connection.execute(_INSERT, *map(list, columns))


async def count_unrecorded(connection: Connection, account_id: int, reader: str) -> int:
    """How many events the reader has passed without an entry to show for it."""
    total: int = await connection.fetchval(_UNRECORDED, account_id, reader)
    return total
