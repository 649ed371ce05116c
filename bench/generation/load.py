"""Getting generated rows into PostgreSQL fast: COPY, without triggers, secondary indexes built at the end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

Connection = Any

BULK_TABLES = (
    "customer",
    "customer_entry",
    "conversation",
    "thread",
    "conversation_tag",
    "conversation_field",
    "attachment",
)
SEARCH_TABLES = ("conversation_search", "customer_search")

SEARCH_BATCH = 20_000

_SECONDARY_INDEXES = """
select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as definition
from pg_index i
where i.indrelid = any($1::regclass[]) and not exists (select 1 from pg_constraint k where k.conindid = i.indexrelid)
order by i.indexrelid
"""
_TALLIES = """
truncate conversation_tally, conversation_tally_delta, tag_tally, tag_tally_delta, customer_tally, customer_tally_delta;
select organization_tally_fill(id) from account;
insert into conversation_tally (account_id, mailbox_id, status, assignee_id, n)
  select account_id, mailbox_id, status, coalesce(assignee_id, 0), count(*)
  from conversation where state = 'published' group by 1, 2, 3, 4;
insert into tag_tally (account_id, tag_id, n)
  select account_id, tag_id, count(*) from conversation_tag group by 1, 2;
insert into customer_tally (account_id, n) select account_id, count(*) from customer where state = 'active' group by 1;
"""


async def reserve_ids(connection: Connection, table: str, count: int) -> range:
    """Ids of the table's sequence that nobody else will get."""
    sequence = await connection.fetchval("select pg_get_serial_sequence($1, 'id')", table)
    last = await connection.fetchval(f"select setval('{sequence}', nextval('{sequence}') + {count})")
    return range(last - count + 1, last + 1)


async def copy(connection: Connection, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Append rows."""
    if rows:
        await connection.copy_records_to_table(table, records=rows, columns=list(columns))


@asynccontextmanager
async def without_triggers(connection: Connection, tables: Sequence[str]) -> AsyncIterator[None]:
    """Switch off foreign keys and triggers: as superuser all of them, else the tables' own."""
    try:
        await connection.execute("set session_replication_role = replica")
    except asyncpg.InsufficientPrivilegeError:
        await connection.execute("".join(f"alter table {table} disable trigger user;" for table in tables))
        try:
            yield
        finally:
            await connection.execute("".join(f"alter table {table} enable trigger user;" for table in tables))
        return
    try:
        yield
    finally:
        await connection.execute("set session_replication_role = origin")


@asynccontextmanager
async def without_indexes(connection: Connection, tables: Sequence[str]) -> AsyncIterator[None]:
    """Drop the indexes that guard no constraint, and build them again at the end, also after a failure."""
    indexes = await connection.fetch(_SECONDARY_INDEXES, list(tables))
    for index in indexes:
        await connection.execute(f"drop index {index['name']}")
    try:
        yield
    finally:
        await connection.execute("set maintenance_work_mem = '512MB'")
        for index in indexes:
            await connection.execute(index["definition"])


async def recount(connection: Connection) -> None:
    """Make the kept totals of every account right; deltas of this moment's writers would be lost, so let none run."""
    await connection.execute(_TALLIES)


async def fill_search(dsn: str, noun: str, account_id: int, ids: range, tell: Callable[[str], None]) -> None:
    """Make the search documents of an account's customers or conversations, on a connection of its own."""
    connection = await asyncpg.connect(dsn, server_settings={"synchronous_commit": "off"})
    try:
        fill = f"select search_fill_{noun}s($1, $2, $3)"
        for start in range(0, len(ids), SEARCH_BATCH):
            await connection.fetchval(fill, account_id, ids[start] - 1, min(SEARCH_BATCH, len(ids) - start))
            tell(f"{noun}: documents up to id {ids[start]}")
    finally:
        await connection.close()


async def tidy(connection: Connection) -> None:
    """Statistics for the planner and the visibility map, as autovacuum would have left them."""
    await connection.execute("vacuum (analyze)")
