"""SQL of following a link to a thread or a file: where the thing is by now. Who may see it is asked afterwards."""

from __future__ import annotations

from waypost.kit.db import Connection

PLACE_OF_THREAD = "select conversation_id from thread where account_id = $1 and id = $2"
PLACE_OF_ATTACHMENT = "select conversation_id from attachment where account_id = $1 and id = $2"


async def place_of_thread(connection: Connection, account_id: int, thread_id: int) -> int | None:
    """The conversation of a thread."""
    found: int | None = await connection.fetchval(PLACE_OF_THREAD, account_id, thread_id)
    return found


async def place_of_attachment(connection: Connection, account_id: int, attachment_id: int) -> int | None:
    """The conversation of a file."""
    found: int | None = await connection.fetchval(PLACE_OF_ATTACHMENT, account_id, attachment_id)
    return found
