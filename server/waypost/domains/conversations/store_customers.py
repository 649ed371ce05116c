"""SQL by which everything of one customer becomes another's."""

from __future__ import annotations

from datetime import datetime

from waypost.kit.db import Connection

_TOUCHED = """
  select id from conversation where account_id = $1 and primary_customer_id = any ($2::bigint[])
  union select id from conversation
  where account_id = $1 and created_by_customer_id = any ($2::bigint[])
    and created_by_customer_id <> primary_customer_id
  union select conversation_id from thread where account_id = $1 and customer_id = any ($2::bigint[])
  union select conversation_id from thread where account_id = $1 and created_by_customer_id = any ($2::bigint[])
"""
TOUCHED = f"select id from ({_TOUCHED}) touched order by id limit $3"
COUNT_OWN = """
select count(*) from (
  select from conversation where account_id = $1 and primary_customer_id = $2 limit $3) own
"""
LOCK = "select id from conversation where account_id = $1 and id = any ($2::bigint[]) order by id for update"
MOVE_CONVERSATIONS = """
update conversation set
  primary_customer_id = case when primary_customer_id = any ($3::bigint[]) then $4 else primary_customer_id end,
  created_by_customer_id =
    case when created_by_customer_id = any ($3::bigint[]) then $4 else created_by_customer_id end,
  modified_at = greatest(modified_at, $5)
where account_id = $1 and id = any ($2::bigint[])
  and (primary_customer_id = any ($3::bigint[]) or created_by_customer_id = any ($3::bigint[]))
"""
MOVE_THREADS = """
update thread set
  customer_id = case when customer_id = any ($3::bigint[]) then $4 else customer_id end,
  created_by_customer_id = case when created_by_customer_id = any ($3::bigint[]) then $4 else created_by_customer_id end
where account_id = $1 and conversation_id = any ($2::bigint[])
  and (customer_id = any ($3::bigint[]) or created_by_customer_id = any ($3::bigint[]))
"""
# Where both have rated the same thread, the newest rating stands.
DROP_OLDER_RATINGS = """
delete from rating r using rating newer
where r.account_id = $1 and newer.account_id = $1 and newer.thread_id = r.thread_id
  and (r.customer_id = $3 or r.customer_id = any ($2::bigint[]))
  and (newer.customer_id = $3 or newer.customer_id = any ($2::bigint[]))
  and (newer.modified_at, newer.id) > (r.modified_at, r.id)
"""
MOVE_RATINGS = "update rating set customer_id = $3 where account_id = $1 and customer_id = any ($2::bigint[])"
REBUILD = "select conversation_search_rebuild($1, $2::bigint[], false)"
OWN_AFTER = """
select id from conversation where account_id = $1 and primary_customer_id = $2 and id > $3 order by id limit $4
"""


async def touched(connection: Connection, account_id: int, customer_ids: list[int], most: int) -> list[int]:
    """Conversations in which one of the customers stands, oldest first."""
    return [row["id"] for row in await connection.fetch(TOUCHED, account_id, customer_ids, most)]


async def count_own(connection: Connection, account_id: int, customer_id: int, most: int) -> int:
    """How many conversations a customer has; no more than `most` are counted."""
    count: int = await connection.fetchval(COUNT_OWN, account_id, customer_id, most)
    return count


async def lock(connection: Connection, account_id: int, ids: list[int]) -> None:
    """Hold conversations, in the order of their ids."""
    await connection.execute(LOCK, account_id, ids)


async def move(
    connection: Connection, account_id: int, ids: list[int], customer_ids: list[int], to_id: int, at: datetime
) -> None:
    """Write another customer into conversations and threads, and index them anew (kit: search upkeep by batch)."""
    await connection.execute(MOVE_CONVERSATIONS, account_id, ids, customer_ids, to_id, at)
    await connection.execute(MOVE_THREADS, account_id, ids, customer_ids, to_id)
    await rebuild(connection, account_id, ids)


async def move_ratings(connection: Connection, account_id: int, customer_ids: list[int], to_id: int) -> None:
    """Make ratings another customer's."""
    await connection.execute(DROP_OLDER_RATINGS, account_id, customer_ids, to_id)
    await connection.execute(MOVE_RATINGS, account_id, customer_ids, to_id)


async def rebuild(connection: Connection, account_id: int, ids: list[int]) -> None:
    """Make the search documents of conversations anew, but for the words of their threads."""
    await connection.execute(REBUILD, account_id, ids)


async def own_after(connection: Connection, account_id: int, customer_id: int, beyond: int, most: int) -> list[int]:
    """The next conversations of a customer by id."""
    return [row["id"] for row in await connection.fetch(OWN_AFTER, account_id, customer_id, beyond, most)]
