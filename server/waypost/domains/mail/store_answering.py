"""SQL of what may be answered automatically, and of how often it was."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from waypost.kit.db import Connection

# The answer goes where the conversation's replies go.
QUESTION = """
select o.unanswerable, c.id as conversation_id, c.mailbox_id, c.status = 'spam' as is_spam, p.email as address
from thread_origin o
join thread t on t.account_id = o.account_id and t.id = o.thread_id
join conversation c on c.account_id = t.account_id and c.id = t.conversation_id
join customer p on p.account_id = c.account_id and p.id = c.primary_customer_id
where o.account_id = $1 and o.thread_id = $2
"""
CLAIM_CONVERSATION = """
insert into automatic_answer (account_id, conversation_id, answered_at) values ($1, $2, $3)
on conflict do nothing returning conversation_id
"""
TAKE = """
insert into answer_budget as b (account_id, name, since, taken) values ($1, $2, $3, 1)
on conflict (account_id, name) do update set
  since = case when b.since <= $4 then excluded.since else b.since end,
  taken = case when b.since <= $4 then 1 else b.taken + 1 end
where b.since <= $4 or b.taken < $5
returning taken
"""
# Rows that others are at are left for the next time.
FORGET = """
delete from answer_budget where (account_id, name) in (
  select account_id, name from answer_budget where account_id = $1 and since <= $2
  order by since limit 20 for update skip locked)
"""


class Question(msgspec.Struct, frozen=True):
    """A received message that somebody would like to answer."""

    unanswerable: str
    conversation_id: int
    mailbox_id: int
    is_spam: bool
    address: str


async def question(connection: Connection, account_id: int, thread_id: int) -> Question | None:
    """What there is to know of a received message; None for threads that did not come in by mail."""
    row = await connection.fetchrow(QUESTION, account_id, thread_id)
    return Question(**dict(row.items())) if row is not None else None


async def claim_conversation(connection: Connection, account_id: int, conversation_id: int, at: datetime) -> bool:
    """Note that a conversation is answered automatically; False when it was before."""
    return await connection.fetchval(CLAIM_CONVERSATION, account_id, conversation_id, at) is not None


async def take(connection: Connection, account_id: int, name: str, most: int, now: datetime, window: timedelta) -> bool:
    """Take one from a budget; False when it is spent. The window begins with the first one taken."""
    is_taken = await connection.fetchval(TAKE, account_id, name, now, now - window, most) is not None
    if is_taken:
        await connection.execute(FORGET, account_id, now - 2 * window)
    return is_taken
