"""SQL of threads and attachments."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from asyncpg import Record

from waypost.domains.conversations.models import (
    Attachment,
    Person,
    Schedule,
    Thread,
    ThreadRating,
    ThreadState,
    ThreadType,
)
from waypost.kit.db import Connection
from waypost.kit.paging import Page, PageRequest

INSERT = """
insert into thread (
  account_id, conversation_id, type, status, state, body, body_text, source_type, source_via, customer_id,
  created_by_customer_id, created_by_user_id, assignee_id, saved_reply_id, to_emails, cc, bcc, is_imported, created_at,
  message_id, source_file, is_automatic, action_type, action_entities)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)
returning id
"""
_COLUMNS = """
  t.id, t.conversation_id, t.type, t.status, t.state, t.action_type, t.action_text, t.action_entities, t.body,
  t.source_type, t.source_via, t.customer_id, t.created_by_customer_id, t.created_by_user_id, t.assignee_id,
  t.saved_reply_id, t.to_emails, t.cc, t.bcc, t.created_at, t.opened_at, t.linked_conversation_id,
  t.scheduled_by_user_id, t.scheduled_created_at, t.scheduled_for, t.send_as_user_id, t.unschedule_on_customer_reply,
  t.source_file,
  p.first_name as p_first, p.last_name as p_last, p.email as p_email, p.photo_url as p_photo,
  cc.first_name as cc_first, cc.last_name as cc_last, cc.email as cc_email, cc.photo_url as cc_photo,
  cb.type as cb_type, cb.first_name as cb_first, cb.last_name as cb_last, cb.email as cb_email,
  cb.photo_url as cb_photo,
  a.type as a_type, a.first_name as a_first, a.last_name as a_last, a.email as a_email, a.photo_url as a_photo,
  (select array_agg((x.id, x.conversation_id, x.thread_id, x.file_name, x.mime_type, x.width, x.height, x.size, x.state,
                     x.content_id, x.is_inline, x.storage_key) order by x.id)
   from attachment x where x.account_id = t.account_id and x.thread_id = t.id) as attachments,
  (select (r.customer_id, r.rating, r.comments) from rating r where r.account_id = t.account_id and r.thread_id = t.id
   order by r.modified_at desc, r.id desc limit 1) as rating,
  (select o.detail from thread_origin o where o.account_id = t.account_id and o.thread_id = t.id) as origin
"""
_JOINS = """
  left join customer p on p.account_id = t.account_id and p.id = t.customer_id
  left join customer cc on cc.account_id = t.account_id and cc.id = t.created_by_customer_id
  left join account_user cb on cb.account_id = t.account_id and cb.id = t.created_by_user_id
  left join account_user a on a.account_id = t.account_id and a.id = t.assignee_id
"""
# Another user's drafts do not show (spec: 7A.1).
_VISIBLE = "(t.state <> 'draft' or t.created_by_user_id = $2)"
LIST = f"""
with page as (
  select t.id from thread t where t.account_id = $1 and t.conversation_id = $3 and {_VISIBLE}
  order by t.created_at desc, t.id desc limit $4 offset $5)
select
  (select count(*) from thread t where t.account_id = $1 and t.conversation_id = $3 and {_VISIBLE}) as total, rows.*
from (select 1) one left join (
  select {_COLUMNS} from page join thread t on t.account_id = $1 and t.id = page.id {_JOINS}
) rows on true
order by rows.created_at desc, rows.id desc
"""
LIST_OF_MANY = f"""
select {_COLUMNS} from thread t {_JOINS} where t.account_id = $1 and t.conversation_id = any ($3::bigint[])
  and {_VISIBLE} order by t.conversation_id, t.created_at desc, t.id desc
"""
FIND = f"""
select {_COLUMNS} from thread t {_JOINS} where t.account_id = $1 and t.conversation_id = $3 and t.id = $4 and {_VISIBLE}
"""
LOAD = f"select {_COLUMNS} from thread t {_JOINS} where t.account_id = $1 and t.id = any ($2::bigint[])"
SET_BODY = """
update thread set body = $4, body_text = $5, edited_at = $6 where account_id = $1 and conversation_id = $2 and id = $3
"""
SET_STATE = "update thread set state = $4 where account_id = $1 and conversation_id = $2 and id = $3"
PUBLISH = """
update thread set
  state = 'published', status = $4, created_at = $5, created_by_user_id = coalesce($6, created_by_user_id),
  scheduled_for = null, scheduled_by_user_id = null, scheduled_created_at = null, send_as_user_id = null
where account_id = $1 and conversation_id = $2 and id = $3 and state = 'draft'
"""
SET_SCHEDULE = """
update thread set scheduled_for = $4, scheduled_by_user_id = $5, scheduled_created_at = $6, send_as_user_id = $7,
  unschedule_on_customer_reply = $8
where account_id = $1 and conversation_id = $2 and id = $3
"""
UNSCHEDULE_ON_REPLY = """
update thread set scheduled_for = null, scheduled_by_user_id = null, scheduled_created_at = null, send_as_user_id = null
where account_id = $1 and conversation_id = $2 and state = 'draft' and scheduled_for is not null
  and unschedule_on_customer_reply
returning id
"""
# As everywhere, the conversation is locked before its threads: the other way round two writers wait for each other.
HOLD_DUE = """
select c.account_id, c.id from conversation c
where (c.account_id, c.id) in (
  select t.account_id, t.conversation_id
  from thread t join conversation h on h.account_id = t.account_id and h.id = t.conversation_id
  where t.state = 'draft' and t.scheduled_for <= $1 and h.locked_at is null
  order by t.scheduled_for limit $2)
order by c.account_id, c.id for update skip locked
"""
# Looked at anew under the lock, because a customer's message may have called one off. Conversations in the order of
# their ids, as everybody goes through several.
DUE_SCHEDULES = """
select t.account_id, t.conversation_id, t.id, t.send_as_user_id, t.scheduled_by_user_id
from thread t
join unnest($2::bigint[], $3::bigint[]) as held (account_id, id)
  on held.account_id = t.account_id and held.id = t.conversation_id
where t.state = 'draft' and t.scheduled_for <= $1
order by t.account_id, t.conversation_id, t.scheduled_for
"""
DRAFTS = (
    "select id from thread where account_id = $1 and conversation_id = $2 and state = 'draft' order by id for update"
)
# The log is read behind what happens: a line of a conversation that was merged meanwhile stands in the survivor.
INSERT_LINE_ITEM = """
insert into thread (account_id, conversation_id, type, status, action_type, action_text, action_entities, source_type,
                    source_via, customer_id, created_by_customer_id, created_by_user_id, created_at, event_id)
select $1, case when $13 then c.id else coalesce(c.merged_into_id, c.id) end, 'lineitem', $3, $4, $5, $6, $7, $8,
       c.primary_customer_id, $9, $10, $11, $12
from conversation c where c.account_id = $1 and c.id = $2 for key share
on conflict (account_id, event_id) where event_id is not null do nothing
"""
INSERT_ATTACHMENT = """
insert into attachment (account_id, conversation_id, thread_id, file_name, mime_type, size, width, height, content_id,
                        is_inline, storage_key, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
returning id
"""
FIND_ATTACHMENT = """
select x.id, x.conversation_id, x.thread_id, x.file_name, x.mime_type, x.width, x.height, x.size, x.state, x.content_id,
       x.is_inline, x.storage_key
from attachment x join thread t on t.account_id = x.account_id and t.id = x.thread_id
where x.account_id = $1 and x.conversation_id = $3 and x.id = $4 and (t.state <> 'draft' or t.created_by_user_id = $2)
"""
# Not from another user's drafts, which do not show.
COPY_ATTACHMENTS = """
with used as (
  select x.* from attachment x join thread t on t.account_id = x.account_id and t.id = x.thread_id
  where x.account_id = $1 and x.conversation_id = $3 and x.id = any ($5::bigint[])
    and (t.state <> 'draft' or t.created_by_user_id = $2)
), copied as (
  insert into attachment (account_id, conversation_id, thread_id, file_name, mime_type, size, width, height, state,
                          content_id, is_inline, storage_key, created_at)
  select account_id, conversation_id, $4, file_name, mime_type, size, width, height, state, content_id, is_inline,
         storage_key, $6
  from used order by array_position($5::bigint[], id))
select id from used
"""
DELETE_ATTACHMENT = "delete from attachment where account_id = $1 and conversation_id = $2 and id = $3"
STILL_USED = "select exists (select from attachment where account_id = $1 and storage_key = $2)"
COUNT_ATTACHMENTS = """
update conversation set attachment_count = attachment_count + $3, modified_at = $4 where account_id = $1 and id = $2
"""


class NewThreadRow(msgspec.Struct, frozen=True, kw_only=True):
    """A thread about to be inserted."""

    account_id: int
    conversation_id: int
    type: str
    status: str
    state: str
    body: str
    body_text: str
    source_type: str
    source_via: str
    customer_id: int | None
    created_by_customer_id: int | None
    created_by_user_id: int | None
    assignee_id: int | None
    saved_reply_id: int | None
    to_emails: list[str]
    cc: list[str]
    bcc: list[str]
    is_imported: bool
    created_at: datetime
    message_id: str | None
    source_file: str | None
    is_automatic: bool
    action_type: str
    action_entities: dict[str, Any] | None


class LineItem(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the timeline about to be inserted, once for its event."""

    account_id: int
    conversation_id: int
    status: str
    action_type: str
    action_text: str
    action_entities: dict[str, Any]
    source_type: str
    source_via: str
    by_customer_id: int | None
    by_user_id: int | None
    created_at: datetime
    event_id: int
    #: Whether it stays with a conversation that was merged into another.
    stays: bool = False


async def insert(connection: Connection, row: NewThreadRow) -> int:
    """Insert a thread; its id."""
    thread_id: int = await connection.fetchval(INSERT, *msgspec.structs.astuple(row))
    return thread_id


async def list_page(
    connection: Connection, account_id: int, user_id: int, conversation_id: int, page: PageRequest
) -> Page[Thread]:
    """The threads that a user sees, newest first, line items included."""
    rows = await connection.fetch(LIST, account_id, user_id, conversation_id, page.size, page.offset)
    threads = [read(row) for row in rows if row["id"] is not None]
    return Page(threads, rows[0]["total"], page)


async def list_of_many(
    connection: Connection, account_id: int, user_id: int, conversation_ids: list[int]
) -> dict[int, list[Thread]]:
    """All threads of several conversations, newest first, in one statement."""
    found: dict[int, list[Thread]] = {conversation_id: [] for conversation_id in conversation_ids}
    for row in await connection.fetch(LIST_OF_MANY, account_id, user_id, conversation_ids):
        found[row["conversation_id"]].append(read(row))
    return found


async def load(connection: Connection, account_id: int, ids: list[int]) -> list[Thread]:
    """Threads by their ids, whatever their state."""
    return [read(row) for row in await connection.fetch(LOAD, account_id, ids)]


async def find(
    connection: Connection, account_id: int, user_id: int, conversation_id: int, thread_id: int
) -> tuple[Thread, str | None] | None:
    """A thread and the key of its original mail, if it came by mail."""
    row = await connection.fetchrow(FIND, account_id, user_id, conversation_id, thread_id)
    return (read(row), row["source_file"]) if row is not None else None


def read(row: Record) -> Thread:
    """A row of _COLUMNS as a thread."""
    schedule = None
    if row["scheduled_for"] is not None:
        schedule = Schedule(
            row["scheduled_by_user_id"], row["send_as_user_id"] or 0, row["scheduled_created_at"], row["scheduled_for"],
            row["unschedule_on_customer_reply"],
        )  # fmt: skip
    customer = _customer(row, "p", row["customer_id"])
    created_by = _user(row, "cb", row["created_by_user_id"])
    # A note of nobody's is the platform's, and never the customer's.
    if row["created_by_user_id"] is None and row["type"] != ThreadType.NOTE.value:
        created_by = _customer(row, "cc", row["created_by_customer_id"]) or customer
    return Thread(
        row["id"], row["conversation_id"], ThreadType(row["type"]), row["status"], ThreadState(row["state"]),
        row["action_type"], row["action_text"], row["action_entities"], row["body"], row["source_type"],
        row["source_via"], customer, created_by or Person(0, "system_user", "", "", "", ""),
        _user(row, "a", row["assignee_id"]), row["saved_reply_id"] or 0, row["to_emails"], row["cc"], row["bcc"],
        row["created_at"], row["opened_at"], row["linked_conversation_id"], schedule, row["source_file"] is not None,
        [Attachment(*attachment) for attachment in row["attachments"] or ()],
        ThreadRating(*row["rating"]) if row["rating"] is not None else None,
        row["origin"],
    )  # fmt: skip


def _customer(row: Record, prefix: str, customer_id: int | None) -> Person | None:
    if customer_id is None:
        return None
    first, last, email, photo = (row[prefix + "_" + part] or "" for part in ("first", "last", "email", "photo"))
    return Person(customer_id, "customer", first, last, email, photo)


def _user(row: Record, prefix: str, user_id: int | None) -> Person | None:
    if user_id is None or row[prefix + "_type"] is None:
        return None
    first, last, email, photo = (row[prefix + "_" + part] or "" for part in ("first", "last", "email", "photo"))
    return Person(user_id, row[prefix + "_type"], first, last, email, photo)


async def set_body(
    connection: Connection, account_id: int, conversation_id: int, thread_id: int, body: str, text: str, at: datetime
) -> None:
    """Another text."""
    await connection.execute(SET_BODY, account_id, conversation_id, thread_id, body, text, at)


async def set_state(
    connection: Connection, account_id: int, conversation_id: int, thread_id: int, state: ThreadState
) -> None:
    """Another state."""
    await connection.execute(SET_STATE, account_id, conversation_id, thread_id, state.value)


async def publish(
    connection: Connection,
    account_id: int,
    conversation_id: int,
    thread_id: int,
    status: str,
    at: datetime,
    as_user_id: int | None,
) -> bool:
    """Make a draft a published thread of this moment; False when it was none any more."""
    done = await connection.execute(PUBLISH, account_id, conversation_id, thread_id, status, at, as_user_id)
    return str(done).endswith(" 1")


async def set_schedule(
    connection: Connection,
    account_id: int,
    conversation_id: int,
    thread_id: int,
    schedule: Schedule | None,
) -> None:
    """Give a draft a time to go out, or (None) take it away."""
    values: tuple[Any, ...] = (None, None, None, None, True)
    if schedule is not None:
        values = (
            schedule.scheduled_for, schedule.scheduled_by_user_id, schedule.created_at, schedule.send_as_user_id,
            schedule.unschedule_on_customer_reply,
        )  # fmt: skip
    await connection.execute(SET_SCHEDULE, account_id, conversation_id, thread_id, *values)


async def unschedule_on_reply(connection: Connection, account_id: int, conversation_id: int) -> list[int]:
    """Take their time away from drafts that a customer's message calls off; their ids."""
    rows = await connection.fetch(UNSCHEDULE_ON_REPLY, account_id, conversation_id)
    return [row["id"] for row in rows]


async def due_schedules(connection: Connection, now: datetime, most: int) -> list[Record]:
    """Drafts whose time has come, their conversations locked; those locked elsewhere are left out."""
    held = await connection.fetch(HOLD_DUE, now, most)
    if not held:
        return []
    accounts, ids = [row["account_id"] for row in held], [row["id"] for row in held]
    return list(await connection.fetch(DUE_SCHEDULES, now, accounts, ids))


async def lock_drafts(connection: Connection, account_id: int, conversation_id: int) -> list[int]:
    """The drafts of a conversation, oldest first, locked."""
    return [row["id"] for row in await connection.fetch(DRAFTS, account_id, conversation_id)]


async def insert_line_item(connection: Connection, item: LineItem) -> None:
    """Add a line to the timeline, unless its event has one already or the conversation is gone."""
    await connection.execute(INSERT_LINE_ITEM, *msgspec.structs.astuple(item))


async def insert_attachment(connection: Connection, account_id: int, attachment: Attachment, at: datetime) -> int:
    """Insert a file (its id in the struct does not count); the id."""
    attachment_id: int = await connection.fetchval(
        INSERT_ATTACHMENT, account_id, attachment.conversation_id, attachment.thread_id, attachment.file_name,
        attachment.mime_type, attachment.size, attachment.width, attachment.height, attachment.content_id,
        attachment.is_inline, attachment.storage_key, at,
    )  # fmt: skip
    return attachment_id


async def copy_attachments(
    connection: Connection,
    account_id: int,
    user_id: int,
    conversation_id: int,
    thread_id: int,
    ids: list[int],
    at: datetime,
) -> set[int]:
    """Put files of the same conversation that the user sees on another thread too; which of them there were."""
    rows = await connection.fetch(COPY_ATTACHMENTS, account_id, user_id, conversation_id, thread_id, ids, at)
    return {row["id"] for row in rows}


async def find_attachment(
    connection: Connection, account_id: int, user_id: int, conversation_id: int, attachment_id: int
) -> Attachment | None:
    """A file of a thread that the user sees."""
    row = await connection.fetchrow(FIND_ATTACHMENT, account_id, user_id, conversation_id, attachment_id)
    return Attachment(*row.values()) if row is not None else None


async def delete_attachment(connection: Connection, account_id: int, attachment: Attachment) -> bool:
    """Remove the row; whether the stored file is used by no other row now."""
    await connection.execute(DELETE_ATTACHMENT, account_id, attachment.conversation_id, attachment.id)
    is_used: bool = await connection.fetchval(STILL_USED, account_id, attachment.storage_key)
    return not is_used


async def count_attachments(
    connection: Connection, account_id: int, conversation_id: int, change: int, at: datetime
) -> None:
    """Keep the conversation's number of files."""
    await connection.execute(COUNT_ATTACHMENTS, account_id, conversation_id, change, at)
