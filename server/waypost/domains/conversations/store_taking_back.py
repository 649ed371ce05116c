"""SQL of replies that are called back, fail or are sent again."""

from __future__ import annotations

from asyncpg import Record

from waypost.kit.db import Connection

IS_IMPORTED = "select is_imported from thread where account_id = $1 and id = $2"
# Merged meanwhile, the thread stands in the survivor.
PLACE = """
select t.conversation_id, c.mailbox_id, t.created_by_user_id as user_id, t.action_type = 'workflow' as is_by_workflow
from thread t join conversation c on c.account_id = t.account_id and c.id = t.conversation_id
where t.account_id = $1 and t.id = $3 and (t.conversation_id = $2 or c.state = 'published')
"""
STATUS_CHANGE = """
select data ->> 'previous' as previous, data ->> 'status' as status from event
where account_id = $1 and subject_kind = 'conversation' and subject_id = $2 and type = 'convo.status'
  and data ->> 'thread_id' = $3::text
order by id desc limit 1
"""
# Its state is not in its row, but callers see it with it.
TOUCH = "update thread set version = version where account_id = $1 and id = $2"


async def is_imported(connection: Connection, account_id: int, thread_id: int) -> bool:
    """Whether a thread was said elsewhere, and only told here."""
    return bool(await connection.fetchval(IS_IMPORTED, account_id, thread_id))


async def place(connection: Connection, account_id: int, conversation_id: int, thread_id: int) -> Record | None:
    """Where a thread stands now, and who wrote it."""
    return await connection.fetchrow(PLACE, account_id, conversation_id, thread_id)


async def status_change(
    connection: Connection, account_id: int, conversation_id: int, thread_id: int
) -> tuple[str, str] | None:
    """The status before and after, where a reply has changed it."""
    row = await connection.fetchrow(STATUS_CHANGE, account_id, conversation_id, str(thread_id))
    return (row["previous"], row["status"]) if row is not None else None


async def touch(connection: Connection, account_id: int, thread_id: int) -> None:
    """Count another version of a thread."""
    await connection.execute(TOUCH, account_id, thread_id)
