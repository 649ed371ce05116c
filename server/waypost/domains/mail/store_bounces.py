"""SQL of mail that came back."""

from __future__ import annotations

from datetime import datetime

import msgspec

from waypost.kit.db import Connection

# The conversation before its mail, as everywhere; the mail may have been made long before.
RETURNED = """
select s.thread_id, t.conversation_id, t.action_type = 'default' and u.type = 'user' as is_by_user,
       array(select lower(email) from unnest(t.to_emails || t.cc || t.bcc || p.email) as named (email)) as recipients
from sent_mail s
join thread t on t.account_id = s.account_id and t.id = s.thread_id
join conversation c on c.account_id = t.account_id and c.id = t.conversation_id
left join customer p on p.account_id = t.account_id and p.id = t.customer_id
left join account_user u on u.account_id = t.account_id and u.id = t.created_by_user_id
where s.account_id = $1 and s.message_id = $2
limit 1
"""
MARK_MAIL = """
update sent_mail set state = 'bounced', bounced_at = $3, bounce_detail = $4
where account_id = $1 and thread_id = $2 and state in ('sent', 'queued', 'failed')
returning id
"""
MARK_ADDRESS = """
update customer_entry set bounced_at = $3, bounce_reason = $4
where account_id = $1 and kind = 'email' and lower(value) = $2
"""


class Returned(msgspec.Struct, frozen=True):
    """A reply that came back. `recipients` are in lower case; `is_by_user`: a person wrote it."""

    thread_id: int
    conversation_id: int
    is_by_user: bool
    recipients: frozenset[str]


async def returned(connection: Connection, account_id: int, message_id: str) -> Returned | None:
    """The reply that left under this Message-ID."""
    row = await connection.fetchrow(RETURNED, account_id, message_id)
    if row is None:
        return None
    return Returned(row["thread_id"], row["conversation_id"], bool(row["is_by_user"]), frozenset(row["recipients"]))


async def mark_mail(connection: Connection, account_id: int, thread_id: int, at: datetime, detail: str) -> bool:
    """Note that a reply came back; False when that is known, or it never left."""
    return await connection.fetchval(MARK_MAIL, account_id, thread_id, at, detail) is not None


async def mark_address(connection: Connection, account_id: int, email: str, at: datetime, reason: str) -> None:
    """Note that mail to an address comes back."""
    await connection.execute(MARK_ADDRESS, account_id, email.lower(), at, reason)
