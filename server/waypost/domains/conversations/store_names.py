"""SQL of what line items call by name."""

from __future__ import annotations

from waypost.kit.db import Connection

NAME_OF_USER = "select btrim(first_name || ' ' || last_name) from account_user where account_id = $1 and id = $2"
NAME_OF_MAILBOX = "select name from mailbox where account_id = $1 and id = $2"


async def name_of_user(connection: Connection, account_id: int, user_id: int) -> str:
    """The name of a user or team."""
    return await connection.fetchval(NAME_OF_USER, account_id, user_id) or "somebody"


async def name_of_mailbox(connection: Connection, account_id: int, mailbox_id: int) -> str:
    """The name of a mailbox."""
    return await connection.fetchval(NAME_OF_MAILBOX, account_id, mailbox_id) or "another mailbox"
