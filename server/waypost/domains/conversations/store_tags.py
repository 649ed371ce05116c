"""SQL that administers tags; what conversations carry is in store_labels."""

from __future__ import annotations

import asyncpg

from waypost.kit.db import Connection
from waypost.kit.errors import Conflict, FieldError

# In the order of the ids: two merges of the same tags wait for each other. Whoever is about to put one of them on a
# conversation waits too (store_labels.TAG_IDS).
LOCK = "select id, name from tag where account_id = $1 and id = any ($2::bigint[]) order by id for update"
VERSION = "select version from tag where account_id = $1 and id = $2"
HOLD_VERSION = f"{VERSION} for update"
INSERT = """
insert into tag (account_id, name, slug, color, created_at, updated_at) values ($1, $2, $3, $4, $5, $5)
on conflict (account_id, lower(name)) do nothing
returning id
"""
UPDATE = "update tag set name = $3, slug = $4, color = $5, updated_at = $6 where account_id = $1 and id = $2"
TOUCH = "update tag set updated_at = $3 where account_id = $1 and id = $2"
DELETE = "delete from tag where account_id = $1 and id = any ($2::bigint[])"
CARRYING = """
select distinct conversation_id from conversation_tag
where account_id = $1 and tag_id = any ($2::bigint[]) and conversation_id > $3 order by conversation_id limit $4
"""
RETAG = """
insert into conversation_tag (account_id, conversation_id, tag_id)
select $1, id, $3 from unnest($2::bigint[]) as c (id) order by id on conflict do nothing
"""
UNTAG = """
delete from conversation_tag
where account_id = $1 and conversation_id = any ($2::bigint[]) and tag_id = any ($3::bigint[])
"""
# See the migration `merging`: whoever changes many conversations at once indexes them itself.
INDEX_BY_BATCH = "select set_config('waypost.search_upkeep', 'by batch', true)"
REBUILD = "select conversation_search_rebuild($1, $2::bigint[], false)"


class NameTaken(Conflict):
    """Another tag is called so."""

    def __init__(self, name: str) -> None:
        super().__init__("tag already exists", [FieldError("name", "tag already exists", "Unknown", name)])


async def lock(connection: Connection, account_id: int, ids: list[int]) -> dict[int, str]:
    """Names of tags by id, locked until the transaction ends."""
    return {row["id"]: row["name"] for row in await connection.fetch(LOCK, account_id, ids)}


async def version(connection: Connection, account_id: int, tag_id: int, *, hold: bool) -> int | None:
    """How often a tag has changed; with `hold` it is locked until the transaction ends."""
    found: int | None = await connection.fetchval(HOLD_VERSION if hold else VERSION, account_id, tag_id)
    return found


async def insert(connection: Connection, account_id: int, name: str, slug: str, color: str, at: object) -> int:
    """Make a tag; its id. Raises NameTaken."""
    made: int | None = await connection.fetchval(INSERT, account_id, name, slug, color, at)
    if made is None:
        raise NameTaken(name)
    return made


async def update(
    connection: Connection, account_id: int, tag_id: int, name: str, slug: str, color: str, at: object
) -> None:
    """Another name and colour. Raises NameTaken."""
    try:
        await connection.execute(UPDATE, account_id, tag_id, name, slug, color, at)
    except asyncpg.UniqueViolationError as error:
        raise NameTaken(name) from error


async def touch(connection: Connection, account_id: int, tag_id: int, at: object) -> None:
    """Note that something about a tag has changed."""
    await connection.execute(TOUCH, account_id, tag_id, at)


async def delete(connection: Connection, account_id: int, ids: list[int]) -> None:
    """Remove tags, from conversations too."""
    await connection.execute(DELETE, account_id, ids)


async def carrying(connection: Connection, account_id: int, ids: list[int], beyond: int, most: int) -> list[int]:
    """Conversations with one of the tags, after an id."""
    return [row["conversation_id"] for row in await connection.fetch(CARRYING, account_id, ids, beyond, most)]


async def retag(
    connection: Connection, account_id: int, conversations: list[int], ids: list[int], into_id: int | None
) -> None:
    """Take tags off conversations and put another one on, if there is one."""
    if into_id is not None:
        await connection.execute(RETAG, account_id, conversations, into_id)
    await connection.execute(UNTAG, account_id, conversations, ids)


async def index_by_batch(connection: Connection) -> None:
    """Leave search documents alone in this transaction: the caller makes them anew by `rebuild`."""
    await connection.execute(INDEX_BY_BATCH)


async def rebuild(connection: Connection, account_id: int, conversations: list[int]) -> None:
    """Make the search documents of conversations anew, but for the words of their threads."""
    await connection.execute(REBUILD, account_id, conversations)
