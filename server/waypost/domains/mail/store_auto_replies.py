"""SQL of automatic replies."""

from __future__ import annotations

from asyncpg import Record

from waypost.kit.db import Connection

# The customer began it, or, through the API, wrote in it at all (spec: 7.2 `autoReply`).
FIRST_MESSAGE = """
select t.id as thread_id, c.mailbox_id, c.source_type, p.email
from conversation c
join customer p on p.account_id = c.account_id and p.id = c.primary_customer_id
join thread t on t.account_id = c.account_id and t.conversation_id = c.id
where c.account_id = $1 and c.id = $2 and c.state = 'published' and c.type = 'email' and c.status <> 'spam'
  and t.type = 'customer' and t.state = 'published' and p.email <> ''
order by t.created_at, t.id limit 1
"""


async def first_message(connection: Connection, account_id: int, conversation_id: int) -> Record | None:
    """The customer's first message in a conversation that can be answered by mail."""
    return await connection.fetchrow(FIRST_MESSAGE, account_id, conversation_id)
