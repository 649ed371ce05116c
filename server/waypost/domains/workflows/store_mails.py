"""SQL of the mails that workflows send, and of what speaks against sending one."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from asyncpg import Record

from waypost.kit.db import Connection

if TYPE_CHECKING:
    from waypost.domains.workflows.letters import Letter

INSERT = """
insert into workflow_mail (account_id, conversation_id, run_id, kind, to_name, to_email, subject, html, thread_id,
                           queued_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
returning id
"""
LOCK_QUEUED = """
select l.id, l.kind, l.to_name, l.to_email, l.subject, l.html, l.thread_id, l.attempts, l.queued_at,
       l.conversation_id, c.mailbox_id
from workflow_mail l
join conversation c on c.account_id = l.account_id and c.id = l.conversation_id
where l.account_id = $1 and l.id = $2 and l.state = 'queued'
for update of l
"""
SETTLE = """
update workflow_mail set state = $3, last_error = $4, attempts = attempts + 1,
  sent_at = case when $3 = 'sent' then $5::timestamptz end
where account_id = $1 and id = $2
"""
SENT_TO = """
select to_email from workflow_mail where account_id = $1 and conversation_id = $2 and id = $3 and state <> 'queued'
"""
# A user gets it who may see the mailbox; a team's members each.
RECIPIENTS = """
select distinct on (lower(u.email)) btrim(u.first_name || ' ' || u.last_name) as name, u.email
from account_user u
where u.account_id = $1 and u.type = 'user' and u.status = 'active' and u.email <> ''
  and (u.id = any ($2::bigint[]) or exists (select from team_member t where t.account_id = u.account_id
       and t.user_id = u.id and t.team_id = any ($2::bigint[])))
  and (u.role in ('owner', 'admin') or exists (select from mailbox_user m where m.account_id = u.account_id
       and m.user_id = u.id and m.mailbox_id = $3))
order by lower(u.email)
"""
LAST_IS_AUTOMATIC = """
select t.is_automatic from thread t
where t.account_id = $1 and t.conversation_id = $2 and t.type = 'customer' and t.state = 'published'
order by t.created_at desc, t.id desc limit 1
"""
SENT_WITHIN = """
select (select count(*) from thread t
        join conversation c on c.account_id = t.account_id and c.id = t.conversation_id
        where t.account_id = $1 and t.type = 'message' and t.state = 'published' and not t.is_imported
          and t.created_at > $4::timestamptz - interval '1 hour' and t.action_type = 'workflow'
          and c.primary_customer_id = $2)
     + (select count(*) from workflow_mail l
        join workflow_run r on r.account_id = l.account_id and r.id = l.run_id
        where l.account_id = $1 and l.kind = 'customer' and lower(l.to_email) = lower($3) and r.cause <> 'manual'
          and l.queued_at > $4::timestamptz - interval '1 hour')
"""
NEWEST_MESSAGE = """
select t.id, t.body, t.created_at, c.subject,
       coalesce(nullif(btrim(p.first_name || ' ' || p.last_name) || ' <' || p.email || '>', ' <>'),
                btrim(u.first_name || ' ' || u.last_name), '') as author
from thread t
join conversation c on c.account_id = t.account_id and c.id = t.conversation_id
left join customer p on p.account_id = t.account_id and p.id = t.created_by_customer_id
left join account_user u on u.account_id = t.account_id and u.id = t.created_by_user_id
where t.account_id = $1 and t.conversation_id = $2 and t.state = 'published' and t.type in ('customer', 'message')
order by t.type = 'customer' desc, t.created_at desc, t.id desc limit 1
"""
FILES = """
select file_name, mime_type, storage_key from attachment where account_id = $1 and thread_id = $2 order by id
"""


class Said(msgspec.Struct, frozen=True):
    """A message of a conversation, to be passed on."""

    thread_id: int
    body: str
    at: datetime
    subject: str
    author: str


async def insert(
    connection: Connection, account_id: int, conversation_id: int, run_id: int, letter: Letter, at: datetime
) -> int:
    """Keep a mail that is to be sent; its id."""
    mail_id: int = await connection.fetchval(
        INSERT, account_id, conversation_id, run_id, letter.kind, letter.to_name, letter.to_email, letter.subject,
        letter.html, letter.thread_id, at,
    )  # fmt: skip
    return mail_id


async def lock_queued(connection: Connection, account_id: int, mail_id: int) -> Record | None:
    """A mail that has yet to be sent, locked, with its mailbox."""
    return await connection.fetchrow(LOCK_QUEUED, account_id, mail_id)


async def settle(
    connection: Connection, account_id: int, mail_id: int, state: str, error: str | None, at: datetime
) -> None:
    """What became of a try."""
    await connection.execute(SETTLE, account_id, mail_id, state, error, at)


async def sent_to(connection: Connection, account_id: int, conversation_id: int, mail_id: int) -> str | None:
    """The address that a mail went to; None when it has not left."""
    email: str | None = await connection.fetchval(SENT_TO, account_id, conversation_id, mail_id)
    return email


async def files(connection: Connection, account_id: int, thread_id: int) -> list[Record]:
    """The files of a thread."""
    return list(await connection.fetch(FILES, account_id, thread_id))


async def recipients(connection: Connection, account_id: int, ids: list[int], mailbox_id: int) -> list[tuple[str, str]]:
    """(name, address) of users and of the members of teams who may see the mailbox, each once."""
    rows = await connection.fetch(RECIPIENTS, account_id, ids, mailbox_id)
    return [(row["name"], row["email"]) for row in rows]


async def is_answer_to_program(connection: Connection, account_id: int, conversation_id: int) -> bool:
    """Whether the customer's newest message was written by a program."""
    return bool(await connection.fetchval(LAST_IS_AUTOMATIC, account_id, conversation_id))


async def sent_within_an_hour(
    connection: Connection, account_id: int, customer_id: int, email: str, now: datetime
) -> int:
    """How many mails workflows have sent a customer by themselves."""
    count: int = await connection.fetchval(SENT_WITHIN, account_id, customer_id, email, now)
    return count


async def newest_message(connection: Connection, account_id: int, conversation_id: int) -> Said | None:
    """What the customer said last, or a user where the customer has said nothing."""
    row = await connection.fetchrow(NEWEST_MESSAGE, account_id, conversation_id)
    return Said(row["id"], row["body"], row["created_at"], row["subject"], row["author"]) if row is not None else None
