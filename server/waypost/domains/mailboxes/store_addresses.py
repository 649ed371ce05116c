"""SQL of the names and addresses of mailboxes, and of who may change how they are set up at the same time."""

from __future__ import annotations

from datetime import datetime

from waypost.domains.mailboxes.models import Mailbox
from waypost.kit.db import Connection
from waypost.kit.named_locks import key_of

LOCK_MAILBOX = "select id from mailbox where account_id = $1 and id = $2 for no key update"
LOCK_ADDRESSES = "select pg_advisory_xact_lock($1)"
RENAME = """
update mailbox set name = $3, email = $4, updated_at = $5 where account_id = $1 and id = $2
returning id, name, slug, email, created_at, updated_at
"""
IS_TAKEN = """
select exists (select from mailbox where account_id = $1 and lower(email) = $2)
    or exists (select from mailbox_alias where lower(email) = $2)
"""
# One that a number, a slug or an address names, its own address or an alias.
MEANT = """
select m.id from mailbox m
where m.account_id = $1 and (m.id = $2 or m.slug = $3 or lower(m.email) = lower($3))
union all
select a.mailbox_id from mailbox_alias a where a.account_id = $1 and lower(a.email) = lower($3)
limit 1
"""
_ADDRESSES_LOCK = key_of("mailboxes.addresses")


async def lock_mailbox(connection: Connection, account_id: int, mailbox_id: int) -> None:
    """Let nobody else change how the mailbox is set up until the transaction ends."""
    await connection.fetchval(LOCK_MAILBOX, account_id, mailbox_id)


async def lock_addresses(connection: Connection) -> None:
    """Let nobody else give a mailbox of the installation an address until the transaction ends."""
    await connection.fetchval(LOCK_ADDRESSES, _ADDRESSES_LOCK)


async def is_taken(connection: Connection, account_id: int, email: str) -> bool:
    """Whether a mailbox of the account has the address, or a mailbox of any account has it as an alias."""
    return bool(await connection.fetchval(IS_TAKEN, account_id, email.lower()))


async def find_meant(connection: Connection, account_id: int, number: int | None, text: str) -> int | None:
    """The mailbox of the account that has this id, slug or address."""
    found: int | None = await connection.fetchval(MEANT, account_id, number, text)
    return found


async def rename(
    connection: Connection, account_id: int, mailbox_id: int, name: str, email: str, now: datetime
) -> Mailbox | None:
    """Another name and address."""
    row = await connection.fetchrow(RENAME, account_id, mailbox_id, name, email, now)
    return Mailbox(*row.values()) if row is not None else None
