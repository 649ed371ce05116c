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
# Those who have left have written too; where two had the same address, it is the one who is there.
USERS = """
select u.id, u.role, lower(btrim(u.first_name || ' ' || u.last_name)) as name,
       array(select lower(a) from unnest(u.alternate_emails || array[u.email]) a where a <> '') as addresses
from account_user u where u.account_id = $1 and u.type = 'user'
order by u.status = 'active', u.id desc
"""
MAILBOXES = """
select lower(email) as email from mailbox where account_id = $1
union
select lower(email) from mailbox_alias where account_id = $1
"""


async def known_digests(connection: Connection, account_id: int, mailbox_id: int, digests: list[str]) -> set[str]:
    """Those of these messages that the mailbox has, by their content."""
    rows = await connection.fetch(KNOWN_DIGESTS, account_id, mailbox_id, digests)
    return {row["content_digest"] for row in rows}


async def is_known(connection: Connection, account_id: int, mailbox_id: int, message_id: str, identity: str) -> bool:
    """Whether the mailbox has a message of this id from the same sender and time."""
    found: bool = await connection.fetchval(IS_KNOWN, account_id, mailbox_id, message_id, identity)
    return found


async def house(
    connection: Connection, account_id: int
) -> tuple[dict[str, int], dict[str, list[int]], frozenset[str], int]:
    """Users by address, users by name, and the addresses of mailboxes, all in lower case; and an owner's id, or 0."""
    users: dict[str, int] = {}
    names: dict[str, list[int]] = {}
    owner_id = 0
    for row in await connection.fetch(USERS, account_id):
        users |= dict.fromkeys(row["addresses"], row["id"])
        names.setdefault(row["name"], []).append(row["id"])
        owner_id = row["id"] if row["role"] == "owner" else owner_id
    addresses = frozenset(row["email"] for row in await connection.fetch(MAILBOXES, account_id))
    return users, names, addresses, owner_id
