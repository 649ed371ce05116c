"""SQL of the queue of conversations that wait for somebody, and of giving them away."""

from __future__ import annotations

from datetime import datetime

from waypost.kit.db import Connection

# A conversation enters only as one that waits: what has become of it since the fact decides.
ENTER = """
insert into routing_queue (account_id, conversation_id, mailbox_id, queued_at, declined_by_user_id)
select c.account_id, c.id, c.mailbox_id, $4, $5 from conversation c
where c.account_id = $1 and c.id = $2 and c.mailbox_id = $3 and c.state = 'published' and c.assignee_id is null
  and c.status in ('active', 'pending')
on conflict (account_id, conversation_id) do update set
  mailbox_id = excluded.mailbox_id, queued_at = excluded.queued_at, declined_by_user_id = excluded.declined_by_user_id
"""
LEAVE = "delete from routing_queue where account_id = $1 and conversation_id = $2"
CLEAR = "delete from routing_queue where account_id = $1 and mailbox_id = $2"
DROP_SETTLED = """
delete from routing_queue q using conversation c
where q.account_id = $1 and q.mailbox_id = $2 and c.account_id = q.account_id and c.id = q.conversation_id
  and not (c.state = 'published' and c.assignee_id is null and c.status in ('active', 'pending')
           and c.mailbox_id = q.mailbox_id)
"""
# Those that only their giver-away could get stay where they are.
WAITING = """
select conversation_id, declined_by_user_id from routing_queue
where account_id = $1 and mailbox_id = $2
  and exists (select from unnest($3::bigint[]) u (id) where u.id is distinct from declined_by_user_id)
order by queued_at, conversation_id limit $4
"""
# Not the change of a user: `user_updated_at` stays.
ASSIGN = "update conversation set assignee_id = $3, modified_at = $4 where account_id = $1 and id = $2"


async def enter(
    connection: Connection,
    account_id: int,
    conversation_id: int,
    mailbox_id: int,
    at: datetime,
    declined_by_user_id: int | None,
) -> None:
    """Let a conversation wait, if it is one that can."""
    await connection.execute(ENTER, account_id, conversation_id, mailbox_id, at, declined_by_user_id)


async def leave(connection: Connection, account_id: int, conversation_id: int) -> None:
    """It waits no more."""
    await connection.execute(LEAVE, account_id, conversation_id)


async def clear(connection: Connection, account_id: int, mailbox_id: int) -> None:
    """Nothing waits in the mailbox any more."""
    await connection.execute(CLEAR, account_id, mailbox_id)


async def drop_settled(connection: Connection, account_id: int, mailbox_id: int) -> None:
    """Forget those that somebody has taken, closed, moved or deleted."""
    await connection.execute(DROP_SETTLED, account_id, mailbox_id)


async def waiting(
    connection: Connection, account_id: int, mailbox_id: int, user_ids: list[int], most: int
) -> list[tuple[int, int | None]]:
    """(conversation, who gave it away) that one of the users can get, longest waiting first."""
    rows = await connection.fetch(WAITING, account_id, mailbox_id, user_ids, most)
    return [(row["conversation_id"], row["declined_by_user_id"]) for row in rows]


async def assign(connection: Connection, account_id: int, conversation_id: int, user_id: int, at: datetime) -> None:
    """Give a conversation away."""
    await connection.execute(ASSIGN, account_id, conversation_id, user_id, at)
