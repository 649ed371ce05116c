"""SQL of the names and addresses of mailboxes, and of who may change them at the same time."""

from __future__ import annotations

from waypost.kit.db import Connection

LOCK_MAILBOX = "select id from mailbox where account_id = $1 and id = $2 for no key update"


async def lock_mailbox(connection: Connection, account_id: int, mailbox_id: int) -> None:
    """Let nobody else change how the mailbox is set up until the transaction ends."""
    await connection.fetchval(LOCK_MAILBOX, account_id, mailbox_id)
