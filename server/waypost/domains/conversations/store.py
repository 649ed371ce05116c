"""SQL that reads conversations. Writing is in store_writes, threads in store_threads, labels in store_labels."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from asyncpg import Record

from waypost.domains.accounts import Scope
from waypost.domains.conversations import colors, hits, listing
from waypost.domains.conversations.models import Conversation, FieldValue, Person, Snooze, Tag
from waypost.kit.db import Connection, planned_once
from waypost.kit.dear_reads import DearReads
from waypost.kit.paging import Page

#: Everything of the conversation object but its threads; `c` is the conversation. One trip for a whole page.
COLUMNS = """
  c.id, c.number, c.thread_count, c.type, c.status, c.state, c.subject, c.preview, c.mailbox_id, c.assignee_id,
  c.created_by_customer_id, c.created_by_user_id, c.primary_customer_id, c.closed_by_user_id,
  c.created_at, c.closed_at, c.user_updated_at, c.modified_at, c.waiting_since, c.latest_reply_from,
  c.source_type, c.source_via, c.cc, c.bcc, c.snoozed_by_user_id, c.snoozed_until, c.unsnooze_on_customer_reply,
  a.type as a_type, a.first_name as a_first, a.last_name as a_last, a.email as a_email, a.photo_url as a_photo,
  p.first_name as p_first, p.last_name as p_last, p.email as p_email, p.photo_url as p_photo,
  cb.type as cb_type, cb.first_name as cb_first, cb.last_name as cb_last, cb.email as cb_email,
  cb.photo_url as cb_photo,
  cc.first_name as cc_first, cc.last_name as cc_last, cc.email as cc_email, cc.photo_url as cc_photo,
  x.type as x_type, x.first_name as x_first, x.last_name as x_last, x.email as x_email, x.photo_url as x_photo,
  coalesce((select f.id from folder f where f.account_id = c.account_id and f.mailbox_id = c.mailbox_id
            and f.type = case when c.state = 'draft' then 'drafts' when c.status in ('spam', 'closed') then c.status
                              when c.assignee_id is null then 'open' when c.assignee_id = $2 then 'mytickets'
                              else 'assigned' end
            and (f.user_id is null or f.user_id = $2) order by f.id limit 1), 0) as folder_id,
  (select array_agg((t.id, t.color, t.name, t.slug) order by t.name)
   from conversation_tag ct join tag t on t.account_id = ct.account_id and t.id = ct.tag_id
   where ct.account_id = c.account_id and ct.conversation_id = c.id) as tags,
  (select array_agg((f.id, f.name, v.value, coalesce(o.label, v.value)) order by f.position, f.id)
   from conversation_field v
   join custom_field f on f.account_id = v.account_id and f.id = v.field_id
   left join custom_field_option o on f.type = 'dropdown' and o.account_id = f.account_id and o.field_id = f.id
                                   and o.id::text = v.value
   where v.account_id = c.account_id and v.conversation_id = c.id) as fields,
  (select (s.scheduled_for, s.scheduled_by_user_id, s.unschedule_on_customer_reply)
   from thread s where s.account_id = c.account_id and s.conversation_id = c.id
   and s.state = 'draft' and s.scheduled_for is not null order by s.scheduled_for limit 1) as next_send
"""
JOINS = """
  left join account_user a on a.account_id = c.account_id and a.id = c.assignee_id
  left join customer p on p.account_id = c.account_id and p.id = c.primary_customer_id
  left join account_user cb on cb.account_id = c.account_id and cb.id = c.created_by_user_id
  left join customer cc on cc.account_id = c.account_id and cc.id = c.created_by_customer_id
  left join account_user x on x.account_id = c.account_id and x.id = c.closed_by_user_id
"""
FIND = f"""
select {COLUMNS} from conversation c {JOINS}
where c.account_id = $1 and c.id = $3 and ($4::bigint[] is null or c.mailbox_id = any ($4))
  and (c.state = 'published' or (c.state = 'draft' and c.created_by_user_id = $2))
"""
LOAD = f"select {COLUMNS} from conversation c {JOINS} where c.account_id = $1 and c.id = any ($3::bigint[])"
FIND_SURVIVOR = """
with recursive trail as (
  select c.id, c.state, c.merged_into_id, c.merged_at, c.mailbox_id, 0 as depth
  from conversation c where c.account_id = $1 and c.id = $2 and c.state = 'merged' and c.merged_at > $3
  union all
  select c.id, c.state, c.merged_into_id, c.merged_at, c.mailbox_id, trail.depth + 1
  from trail join conversation c on c.account_id = $1 and c.id = trail.merged_into_id
  where trail.depth < 20
)
select id from trail where state = 'published' and ($4::bigint[] is null or mailbox_id = any ($4)) limit 1
"""


def page_sql(built: listing.Listing) -> str:
    """The whole statement of one page: the total always, the rows when there are any."""
    return (
        f"{built.head} select ({built.total})::bigint as total, page.* from (select 1) one left join ("
        f"select {COLUMNS}, w.k from ({built.ids}) w "
        f"join conversation c on c.account_id = $1 and c.id = w.id {JOINS}) page on true "
        f"order by page.k {built.direction}, page.id {built.direction}"
    )


async def list_page(connection: Connection, query: listing.Query, dear_reads: DearReads) -> Page[Conversation]:
    """One page of a list and the exact length of the whole. Raises TooDear and Busy for searches."""
    if query.asked is not None:
        async with dear_reads.bounded(connection):
            rows, total = await _fetch_hits(connection, query, dear_reads)
    else:
        rows, total = await _fetch(connection, listing.build(query), is_planned_once=listing.is_tallied(query))
    return Page([read(row) for row in rows], total, query.page)


async def _fetch(
    connection: Connection, built: listing.Listing, *, is_planned_once: bool = False
) -> tuple[list[Record], int]:
    """The rows of a page, still raw, and the total."""
    if is_planned_once:
        async with planned_once(connection):
            rows = await connection.fetch(page_sql(built), *built.arguments)
    else:
        # What narrows the list decides which index is best, so the values count.
        rows = await connection.fetch(page_sql(built), *built.arguments)
    total = rows[0]["total"]
    return (rows if rows[0]["id"] is not None else []), total


async def _fetch_hits(connection: Connection, query: listing.Query, dear_reads: DearReads) -> tuple[list[Record], int]:
    """The same for a list that a search narrows."""
    counted = hits.total(query)
    key = (counted.total, *map(repr, counted.arguments))
    total = dear_reads.known_total(key)
    if total is None:
        rows, total = await _fetch(connection, hits.few(query))
        if total <= query.bounds.most_sorted:
            return rows, total
        total = await dear_reads.total(
            key, lambda: connection.fetchval(f"select ({counted.total})::bigint", *counted.arguments)
        )
    if hits.walks(query):
        rows, _ = await _fetch(connection, hits.walk(query, total))
        if len(rows) == query.page.size:
            return rows, total
    rows, _ = await _fetch(connection, hits.many(query, total))
    return rows, total


async def find(connection: Connection, scope: Scope, conversation_id: int) -> Conversation | None:
    """A conversation that the caller may see."""
    row = await connection.fetchrow(FIND, scope.account_id, scope.user_id, conversation_id, scope.mailbox_ids)
    return read(row) if row is not None else None


async def load(connection: Connection, account_id: int, ids: list[int]) -> list[Conversation]:
    """Conversations whatever their state, as somebody without folders of their own sees them."""
    async with planned_once(connection):
        return [read(row) for row in await connection.fetch(LOAD, account_id, 0, ids)]


async def find_survivor(
    connection: Connection, scope: Scope, conversation_id: int, merged_after: datetime
) -> int | None:
    """Where a merged conversation lives on, as long as that is told (spec: 5.1, 60 days)."""
    survivor: int | None = await connection.fetchval(
        FIND_SURVIVOR, scope.account_id, conversation_id, merged_after, scope.mailbox_ids
    )
    return survivor


def read(row: Record) -> Conversation:
    """A row of COLUMNS as a conversation."""
    (
        id_, number, thread_count, type_, status, state, subject, preview, mailbox_id, assignee_id,
        created_by_customer_id, created_by_user_id, primary_customer_id, closed_by_user_id,
        created_at, closed_at, user_updated_at, modified_at, waiting_since, latest_reply_from,
        source_type, source_via, cc, bcc, snoozed_by, snoozed_until, unsnooze,
    ) = _cells(row)  # fmt: skip
    primary = Person(
        primary_customer_id,
        "customer",
        row["p_first"] or "",
        row["p_last"] or "",
        row["p_email"] or "",
        row["p_photo"] or "",
    )
    if created_by_user_id is not None:
        created_by = Person(
            created_by_user_id, _user_type(row["cb_type"]), row["cb_first"] or "", row["cb_last"] or "",
            row["cb_email"] or "", row["cb_photo"] or "",
        )  # fmt: skip
    elif created_by_customer_id == primary_customer_id or created_by_customer_id is None:
        created_by = primary
    else:
        created_by = Person(
            created_by_customer_id, "customer", row["cc_first"] or "", row["cc_last"] or "", row["cc_email"] or "",
            row["cc_photo"] or "",
        )  # fmt: skip
    next_send = row["next_send"]
    return Conversation(
        id_, number, thread_count, type_, row["folder_id"], status, state, subject, preview, mailbox_id,
        _user(row, "a", assignee_id), created_by, primary, _user(row, "x", closed_by_user_id),
        created_at, closed_at, user_updated_at, modified_at, waiting_since, latest_reply_from,
        source_type, source_via, cc, bcc,
        [Tag(id_, colors.as_hex(color), name, slug) for id_, color, name, slug in row["tags"] or ()],
        [FieldValue(*value) for value in row["fields"] or ()],
        Snooze(snoozed_by or 0, snoozed_until, unsnooze) if snoozed_until is not None else None,
        next_send[0] if next_send else None,
        next_send[1] if next_send else None,
        next_send[2] if next_send else True,
    )  # fmt: skip


_FIRST = ("id", "number", "thread_count", "type", "status", "state", "subject", "preview", "mailbox_id", "assignee_id",
          "created_by_customer_id", "created_by_user_id", "primary_customer_id", "closed_by_user_id",
          "created_at", "closed_at", "user_updated_at", "modified_at", "waiting_since", "latest_reply_from",
          "source_type", "source_via", "cc", "bcc", "snoozed_by_user_id", "snoozed_until",
          "unsnooze_on_customer_reply")  # fmt: skip


def _cells(row: Record) -> list[Any]:
    return [row[name] for name in _FIRST]


def _user(row: Record, prefix: str, user_id: int | None) -> Person | None:
    if not user_id or row[prefix + "_type"] is None:
        return None
    return Person(
        user_id,
        _user_type(row[prefix + "_type"]),
        row[prefix + "_first"],
        row[prefix + "_last"],
        row[prefix + "_email"],
        row[prefix + "_photo"],
    )


def _user_type(text: str | None) -> Any:
    return text or "user"


IS_VISIBLE = """
select exists (
  select from conversation c
  where c.account_id = $1 and c.id = $3 and ($4::bigint[] is null or c.mailbox_id = any ($4))
    and (c.state = 'published' or (c.state = 'draft' and c.created_by_user_id = $2))
)
"""


async def is_visible(connection: Connection, scope: Scope, conversation_id: int) -> bool:
    """Whether the caller may see a conversation of this id."""
    visible: bool = await connection.fetchval(
        IS_VISIBLE, scope.account_id, scope.user_id, conversation_id, scope.mailbox_ids
    )
    return visible
