"""SQL about the search documents as a whole: their language, and making them anew."""

from __future__ import annotations

from waypost.kit.db import Connection

LANGUAGES = "select language, before from search_language where account_id = $1"
KNOWN = """
select 'simple' union all
select substr(cfgname, 8) from pg_ts_config where cfgname like 'search\\_%' and pg_ts_config_is_visible(oid) order by 1
"""
# What was there before the first choice is in the default language.
CHOOSE = """
insert into search_language as l (account_id, language, before) values ($1, $2, array[$3::text])
on conflict (account_id) do update set
  language = excluded.language,
  before = array(select distinct b from unnest(l.before || l.language) b where b <> excluded.language),
  rebuilt_beyond = 0,
  settled_after = null
where l.language <> excluded.language
"""
MAKE_ANEW = """
insert into search_language as l (account_id, language, anew) values ($1, $2, true)
on conflict (account_id) do update set anew = true, rebuilt_beyond = 0, settled_after = null
"""
UNFINISHED = "select account_id from search_language where before <> '{}' or anew order by account_id"
LOCK = """
select language, anew, rebuilt_beyond, settled_after is not null as is_settling,
       coalesce(settled_after <= pg_snapshot_xmin(pg_current_snapshot()), false) as is_settled
from search_language where account_id = $1 and (before <> '{}' or anew) for update skip locked
"""
NEXT = """
select array(
  select s.conversation_id from conversation_search s
  where s.account_id = $1 and s.conversation_id > $2 and ($4 or s.language <> $3 or s.state is null)
  order by s.conversation_id limit $5)
"""
REBUILD = "select conversation_search_rebuild($1, $2::bigint[], true, $3::text)"
ADVANCE = "update search_language set rebuilt_beyond = $2 where account_id = $1"
SETTLE = """
update search_language set anew = false, rebuilt_beyond = 0, settled_after = pg_snapshot_xmax(pg_current_snapshot())
where account_id = $1
"""
FINISH = "update search_language set before = '{}', rebuilt_beyond = 0, settled_after = null where account_id = $1"
LEFT = """
select count(*) from conversation_search s join search_language l on l.account_id = s.account_id
where s.account_id = $1
  and (s.language <> l.language or s.state is null or (l.anew and s.conversation_id > l.rebuilt_beyond))
"""


async def languages(connection: Connection, account_id: int) -> tuple[str, tuple[str, ...]] | None:
    """The language of new search documents, and those of older ones; None where none was ever chosen."""
    row = await connection.fetchrow(LANGUAGES, account_id)
    return (row["language"], tuple(row["before"])) if row is not None else None


async def known_languages(connection: Connection) -> list[str]:
    """What can be chosen."""
    return [row[0] for row in await connection.fetch(KNOWN)]


async def choose(connection: Connection, account_id: int, language: str, default: str) -> None:
    """From now on new documents are in this language, and old ones are to be made anew."""
    await connection.execute(CHOOSE, account_id, language, default)


async def make_anew(connection: Connection, account_id: int, default: str) -> None:
    """Mark all documents as to be made anew."""
    await connection.execute(MAKE_ANEW, account_id, default)


async def unfinished(connection: Connection) -> list[int]:
    """Accounts with documents to be made anew."""
    return [row["account_id"] for row in await connection.fetch(UNFINISHED)]


async def rebuild_some(connection: Connection, account_id: int, most: int) -> int | None:
    """Make the next documents anew; how many. 0: others are at it or must end first. None: all is done."""
    place = await connection.fetchrow(LOCK, account_id)
    if place is None:
        is_open = account_id in await unfinished(connection)
        return 0 if is_open else None
    ids = await connection.fetchval(NEXT, account_id, place["rebuilt_beyond"], place["language"], place["anew"], most)
    if ids:
        await connection.execute(REBUILD, account_id, ids, place["language"])
        await connection.execute(ADVANCE, account_id, ids[-1])
        return len(ids)
    if not place["is_settling"]:
        await connection.execute(SETTLE, account_id)
        return 0
    if not place["is_settled"]:
        return 0
    # Looked for anew, as the search above may have begun before the last of the old transactions ended.
    if place["rebuilt_beyond"] or await connection.fetchval(NEXT, account_id, 0, place["language"], False, 1):
        await connection.execute(ADVANCE, account_id, 0)
        return 0
    await connection.execute(FINISH, account_id)
    return None


async def left(connection: Connection, account_id: int) -> int:
    """How many documents are to be made anew."""
    number: int = await connection.fetchval(LEFT, account_id)
    return number
