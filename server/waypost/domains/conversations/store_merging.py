"""SQL that puts conversations together."""

from __future__ import annotations

from datetime import datetime

import msgspec

from waypost.domains.accounts import Scope
from waypost.domains.conversations.store_writes import LOCK_COLUMNS, Locked, read_locked
from waypost.kit.db import Connection

# One merge of an account at a time: each changes rows that others of its trail have locked in orders of their own.
QUEUE_UP = "select pg_advisory_xact_lock(hashtextextended('conversations.merge', $1))"
LOCK_SEVERAL = f"""
select {LOCK_COLUMNS} from conversation c
where c.account_id = $1 and c.id = any ($2::bigint[]) and c.state in ('published', 'draft')
  and ($3::bigint[] is null or c.mailbox_id = any ($3)) and (c.state = 'published' or c.created_by_user_id = $4)
order by c.id for update
"""
MERGED_ALREADY = """
select id from conversation
where account_id = $1 and id = any ($2::bigint[]) and state = 'merged' and merged_into_id = $3
"""
# One statement, so that the search documents of both sides are locked in the order of their ids.
MOVE_THREADS = """
update thread set conversation_id = $3, merged_from_id = coalesce(merged_from_id, conversation_id)
where account_id = $1 and conversation_id = any ($2::bigint[])
"""
MOVE_ATTACHMENTS = """
update attachment set conversation_id = $3 where account_id = $1 and conversation_id = any ($2::bigint[])
"""
TAGS_OF_SEVERAL = """
select distinct t.name from conversation_tag ct join tag t on t.account_id = ct.account_id and t.id = ct.tag_id
where ct.account_id = $1 and ct.conversation_id = any ($2::bigint[]) order by t.name
"""
DROP_TAGS = "delete from conversation_tag where account_id = $1 and conversation_id = any ($2::bigint[])"
# The survivor's values stand; of the others the first in the order given has a field's say.
FILL_FIELDS = """
insert into conversation_field (account_id, conversation_id, field_id, value)
select distinct on (v.field_id) $1, $3, v.field_id, v.value
from conversation_field v
join conversation c on c.account_id = v.account_id and c.id = $3
join custom_field f on f.account_id = v.account_id and f.id = v.field_id and f.mailbox_id = c.mailbox_id
where v.account_id = $1 and v.conversation_id = any ($2::bigint[])
order by v.field_id, array_position($2::bigint[], v.conversation_id)
on conflict do nothing
returning field_id
"""
# Those merged into these before point to the survivor at once, so that a trail is one step long.
SHORTEN_TRAILS = """
update conversation set merged_into_id = $3 where account_id = $1 and merged_into_id = any ($2::bigint[])
"""
MARK_MERGED = """
update conversation set state = 'merged', merged_into_id = $3, merged_at = $4, modified_at = $4,
  snoozed_until = null, snoozed_by_user_id = null
where account_id = $1 and id = any ($2::bigint[])
"""
# What was said, of both sides: the newest text, who spoke last, and since when the customer waits for an answer.
SAID = """
with spoken as (
  select t.created_at, t.id,
         t.type = 'customer' or (t.type in ('chat', 'beaconchat') and t.created_by_user_id is null) as by_customer
  from thread t
  where t.account_id = $1 and t.conversation_id = $2 and t.state in ('published', 'hidden')
    and t.type in ('customer', 'message', 'chat', 'beaconchat')
), answered as (
  select created_at, id from spoken where not by_customer order by created_at desc, id desc limit 1
)
select
  (select t.body from thread t
   where t.account_id = $1 and t.conversation_id = $2 and t.state = 'published' and t.type <> 'lineitem'
   order by t.created_at desc, t.id desc limit 1) as newest,
  (select case when by_customer then 'customer' else 'user' end
   from spoken order by created_at desc, id desc limit 1) as latest_reply_from,
  (select min(s.created_at) from spoken s
   where s.by_customer and not exists (select from answered a where (a.created_at, a.id) > (s.created_at, s.id))
  ) as waiting_since
"""
TAKE_OVER = """
update conversation c set
  thread_count = c.thread_count + m.threads, api_thread_count = c.api_thread_count + m.api_threads,
  attachment_count = c.attachment_count + m.attachments, cc = $4, bcc = $5, preview = $6, latest_reply_from = $7,
  waiting_since = case when c.status in ('closed', 'spam') then null else $8::timestamptz end,
  modified_at = $9, user_updated_at = $9
from (
  select sum(thread_count) as threads, sum(api_thread_count) as api_threads, sum(attachment_count) as attachments
  from conversation where account_id = $1 and id = any ($2::bigint[])) m
where c.account_id = $1 and c.id = $3
"""


class Said(msgspec.Struct, frozen=True):
    """What the threads of a conversation come to."""

    newest: str | None
    latest_reply_from: str | None
    waiting_since: datetime | None


class Gathered(msgspec.Struct, frozen=True):
    """What the survivor has afterwards, beside its threads."""

    cc: list[str]
    bcc: list[str]
    preview: str
    latest_reply_from: str | None
    waiting_since: datetime | None


async def lock_several(connection: Connection, scope: Scope, ids: list[int]) -> dict[int, Locked]:
    """Those of the conversations that are visible, by id, locked until the transaction ends. Other merges wait."""
    await connection.execute(QUEUE_UP, scope.account_id)
    rows = await connection.fetch(LOCK_SEVERAL, scope.account_id, ids, scope.mailbox_ids, scope.user_id)
    return {row["id"]: read_locked(row) for row in rows}


async def merged_already(connection: Connection, account_id: int, ids: list[int], survivor_id: int) -> set[int]:
    """Those of the conversations that live on in the survivor since before."""
    rows = await connection.fetch(MERGED_ALREADY, account_id, ids, survivor_id)
    return {row["id"] for row in rows}


async def move_threads(connection: Connection, account_id: int, ids: list[int], survivor_id: int) -> None:
    """Put all threads and files into the survivor."""
    await connection.execute(MOVE_THREADS, account_id, ids, survivor_id)
    await connection.execute(MOVE_ATTACHMENTS, account_id, ids, survivor_id)


async def tags_of_several(connection: Connection, account_id: int, ids: list[int]) -> list[str]:
    """The names of all their tags."""
    return [row["name"] for row in await connection.fetch(TAGS_OF_SEVERAL, account_id, ids)]


async def drop_tags(connection: Connection, account_id: int, ids: list[int]) -> None:
    """Take all tags off conversations that are no more."""
    await connection.execute(DROP_TAGS, account_id, ids)


async def fill_fields(connection: Connection, account_id: int, ids: list[int], survivor_id: int) -> list[int]:
    """Give the survivor the values of fields that it has none for; the fields' ids."""
    rows = await connection.fetch(FILL_FIELDS, account_id, ids, survivor_id)
    return sorted(row["field_id"] for row in rows)


async def mark_merged(connection: Connection, account_id: int, ids: list[int], survivor_id: int, at: datetime) -> None:
    """Take conversations out of every list and leave the way to the survivor."""
    await connection.execute(SHORTEN_TRAILS, account_id, ids, survivor_id)
    await connection.execute(MARK_MERGED, account_id, ids, survivor_id, at)


async def said(connection: Connection, account_id: int, conversation_id: int) -> Said:
    """What the threads of a conversation come to."""
    row = await connection.fetchrow(SAID, account_id, conversation_id)
    assert row is not None
    return Said(*row.values())


async def take_over(
    connection: Connection, account_id: int, ids: list[int], survivor_id: int, gathered: Gathered, at: datetime
) -> None:
    """Count what came from the others to the survivor's own."""
    await connection.execute(
        TAKE_OVER, account_id, ids, survivor_id, gathered.cc, gathered.bcc, gathered.preview,
        gathered.latest_reply_from, gathered.waiting_since, at,
    )  # fmt: skip
