"""SQL of forwarding: what was said, its files, and the link between the two conversations."""

from __future__ import annotations

from datetime import datetime

import msgspec

from waypost.kit.db import Connection

# An agent speaks for the mailbox: its address, never the agent's own.
SAID = """
select t.id as thread_id, t.body, t.created_at as at, c.subject, t.to_emails as to,
       case when t.type = 'customer' then btrim(p.first_name || ' ' || p.last_name)
            else coalesce(nullif(btrim(u.first_name || ' ' || u.last_name), ''), m.name) end as name,
       case when t.type = 'customer' then coalesce(p.email, '') else m.email end as email
from thread t
join conversation c on c.account_id = t.account_id and c.id = t.conversation_id
join mailbox m on m.account_id = c.account_id and m.id = c.mailbox_id
left join customer p on p.account_id = t.account_id and p.id = t.created_by_customer_id
left join account_user u on u.account_id = t.account_id and u.id = t.created_by_user_id and u.type = 'user'
where t.account_id = $1 and t.conversation_id = $2 and t.state = 'published'
  and t.type in ('customer', 'message', 'chat', 'beaconchat', 'forwardchild') and ($3::bigint is null or t.id = $3)
order by t.created_at desc, t.id desc limit 100
"""
TAKE_FILES = """
with used as (
  select * from attachment
  where account_id = $1 and conversation_id = $2 and thread_id = any ($3::bigint[]) and state <> 'virus' order by id
), made as (
  insert into attachment (account_id, conversation_id, thread_id, file_name, mime_type, size, width, height, state,
                          content_id, is_inline, storage_key, created_at)
  select account_id, $4, $5, file_name, mime_type, size, width, height, state, content_id, is_inline, storage_key, $6
  from used
  returning id, storage_key
)
select used.id as old_id, made.id as new_id from used join made on made.storage_key = used.storage_key
"""
COUNT_FILES = """
update conversation c set attachment_count = (
  select count(*) from attachment x where x.account_id = c.account_id and x.conversation_id = c.id)
where c.account_id = $1 and c.id = $2
"""
LINK = "update thread set linked_conversation_id = $3 where account_id = $1 and id = $2"


class Said(msgspec.Struct, frozen=True):
    """A message of a conversation, and who wrote it."""

    thread_id: int
    body: str
    at: datetime
    subject: str
    to: list[str]
    name: str
    email: str


async def said(connection: Connection, account_id: int, conversation_id: int, thread_id: int | None) -> list[Said]:
    """What customer and team have said to each other, newest first, or one thread of that."""
    rows = await connection.fetch(SAID, account_id, conversation_id, thread_id)
    return [Said(**dict(row.items())) for row in rows]


async def take_files(
    connection: Connection,
    account_id: int,
    from_: tuple[int, list[int]],
    to: tuple[int, int],
    at: datetime,
) -> dict[int, int]:
    """Put the files of threads of one conversation on a thread of another; their new ids by the old ones."""
    rows = await connection.fetch(TAKE_FILES, account_id, *from_, *to, at)
    await connection.execute(COUNT_FILES, account_id, to[0])
    return {row["old_id"]: row["new_id"] for row in rows}


async def link(connection: Connection, account_id: int, thread_id: int, conversation_id: int) -> None:
    """Say which conversation a forwarding thread leads to."""
    await connection.execute(LINK, account_id, thread_id, conversation_id)
