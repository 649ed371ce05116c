"""SQL of mail that came back."""

from __future__ import annotations

from datetime import datetime

import msgspec
from asyncpg import Record

from waypost.kit.db import Connection

# The conversation before its mail, as everywhere; the mail may have been made long before.
RETURNED = """
select s.thread_id, t.conversation_id, t.action_type = 'default' and u.type = 'user' as is_by_user,
       t.action_type = 'workflow' as is_by_workflow,
       array(select email from unnest(t.to_emails || t.cc || t.bcc || p.email) as named (email)
             where email is not null) as recipients
from sent_mail s
join thread t on t.account_id = s.account_id and t.id = s.thread_id
join conversation c on c.account_id = t.account_id and c.id = t.conversation_id
left join customer p on p.account_id = t.account_id and p.id = t.customer_id
left join account_user u on u.account_id = t.account_id and u.id = t.created_by_user_id
where s.account_id = $1 and s.message_id = $2
limit 1
"""
LOCK_MAIL = """
select state, remaining, refused from sent_mail
where account_id = $1 and thread_id = $2 and state in ('sent', 'queued', 'failed', 'bounced') for update
"""
# A mail that still leaves for others goes on, and is called a failure in the end.
MARK_MAIL = """
update sent_mail set
  refused = refused || $5::text[],
  state = case when state = 'queued' then state else 'bounced' end,
  bounced_at = case when state = 'queued' then null when state = 'bounced' then bounced_at else $3 end,
  bounce_detail = case when state = 'queued' then null
                       when state = 'bounced' then left(bounce_detail || '; ' || $4, 1000) else left($4, 1000) end
where account_id = $1 and thread_id = $2
"""


class Returned(msgspec.Struct, frozen=True):
    """A reply that came back. `recipients` by their lower case; `is_by_user`: a person wrote it. What neither a person
    nor a workflow wrote came over the API."""

    thread_id: int
    conversation_id: int
    is_by_user: bool
    is_by_workflow: bool
    recipients: dict[str, str]


async def returned(connection: Connection, account_id: int, message_id: str) -> Returned | None:
    """The reply that left under this Message-ID."""
    row = await connection.fetchrow(RETURNED, account_id, message_id)
    if row is None:
        return None
    recipients = {email.lower(): email for email in reversed(row["recipients"])}
    return Returned(
        row["thread_id"], row["conversation_id"], bool(row["is_by_user"]), row["is_by_workflow"], recipients
    )


async def lock_mail(connection: Connection, account_id: int, thread_id: int) -> Record | None:
    """How the mail of a reply stands, locked; None when it never left."""
    return await connection.fetchrow(LOCK_MAIL, account_id, thread_id)


async def mark_mail(
    connection: Connection, account_id: int, thread_id: int, at: datetime, detail: str, refused: list[str]
) -> None:
    """Note that a reply came back from these recipients, each with its server's words behind a colon."""
    await connection.execute(MARK_MAIL, account_id, thread_id, at, detail, refused)
