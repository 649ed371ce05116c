"""SQL of imports: what is known already."""

from __future__ import annotations

from waypost.kit.db import Connection

KNOWN_DIGESTS = """
select content_digest from received_mail where account_id = $1 and mailbox_id = $2 and content_digest = any ($3::text[])
"""
IS_KNOWN = """
select exists (
  select from received_mail
  where account_id = $1 and mailbox_id = $2 and left(message_id, 500) = left($3, 500) and identity = $4)
"""


async def known_digests(connection: Connection, account_id: int, mailbox_id: int, digests: list[str]) -> set[str]:
    """Those of these messages that the mailbox has, by their content."""
    rows = await connection.fetch(KNOWN_DIGESTS, account_id, mailbox_id, digests)
    return {row["content_digest"] for row in rows}


async def is_known(connection: Connection, account_id: int, mailbox_id: int, message_id: str, identity: str) -> bool:
    """Whether the mailbox has a message of this id from the same sender and time."""
    found: bool = await connection.fetchval(IS_KNOWN, account_id, mailbox_id, message_id, identity)
    return found
