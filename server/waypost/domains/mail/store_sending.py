"""SQL of mail that goes out: the note of each, and what it is made from."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from asyncpg import Record

from waypost.kit.db import Connection

QUEUE = """
insert into sent_mail (account_id, conversation_id, thread_id, kind, message_id, state, queued_at, due_at)
values ($1, $2, $3, $4, $5, 'queued', $6, $7)
on conflict (account_id, thread_id) do nothing
returning id
"""
# A statement of its own: after waiting for whoever called the reply back it sees the thread as it is then.
QUEUE_AGAIN = """
update sent_mail s set state = 'queued', queued_at = $3, due_at = $4, message_id = $5, attempts = 0,
  last_error = null
where s.account_id = $1 and s.thread_id = $2 and s.state = 'undone'
  and exists (select from thread t where t.account_id = $1 and t.id = $2 and t.state = 'published')
returning id
"""
NAME_THREAD = "update thread set message_id = $3 where account_id = $1 and id = $2 and message_id is null"
LOCK = """
select s.kind, s.state, s.attempts, s.message_id, s.conversation_id, s.thread_id, s.due_at, s.handed_over_at,
       s.remaining, s.refused, s.queued_at
from sent_mail s where s.account_id = $1 and s.thread_id = $2 for update
"""
BEGIN = """
update sent_mail set begun_at = $3, repeats = repeats + (handed_over_at is not null)::integer
where account_id = $1 and thread_id = $2
"""
HAND_OVER = "update sent_mail set handed_over_at = $3 where account_id = $1 and thread_id = $2"
# The reply goes to the people that its thread names, an automatic one to the author of the thread that it answers.
LETTER = """
select t.body, t.body_text, t.to_emails, t.cc, t.bcc, t.created_at, t.state, t.action_type, t.type, t.message_id,
       t.created_by_user_id as user_id, c.subject, c.mailbox_id, p.id as customer_id,
       btrim(u.first_name || ' ' || u.last_name) as author, btrim(p.first_name || ' ' || p.last_name) as customer_name,
       p.email as customer_email,
       array(select o.message_id from thread o
             where o.account_id = t.account_id and o.conversation_id = t.conversation_id and o.message_id is not null
               and o.id <> t.id and (o.created_at, o.id) < (t.created_at, t.id)
             order by o.created_at desc, o.id desc limit 20) as earlier
from thread t
join conversation c on c.account_id = t.account_id and c.id = t.conversation_id
left join account_user u on u.account_id = t.account_id and u.id = t.created_by_user_id and u.type <> 'system_user'
left join customer p on p.account_id = t.account_id and p.id = t.customer_id
where t.account_id = $1 and t.id = $2
"""
MAILBOX_OF = """
select c.mailbox_id, t.state from thread t
join conversation c on c.account_id = t.account_id and c.id = t.conversation_id
where t.account_id = $1 and t.id = $2
"""
FILES = """
select id, file_name, mime_type, content_id, is_inline, storage_key from attachment
where account_id = $1 and thread_id = $2 order by id
"""
# Pictures that a text shows from elsewhere in its conversation; nobody's draft gives any away.
SHOWN_FILES = """
select x.id, x.file_name, x.mime_type, x.content_id, x.is_inline, x.storage_key
from attachment x join thread t on t.account_id = x.account_id and t.id = x.thread_id
where x.account_id = $1 and x.conversation_id = $2 and x.id = any ($3::bigint[]) and t.state = 'published'
  and x.state <> 'virus'
order by x.id
"""
REPORT = """
update sent_mail set
  remaining = $3, refused = refused || $4::text[], handed_over_at = null,
  state = $5, sent_at = coalesce($6, sent_at), last_error = $7, attempts = attempts + $8
where account_id = $1 and thread_id = $2
"""
# Nobody has got it yet exactly when every recipient remains: then it may still be called back.
NOT_SENT = """
update sent_mail set state = $3, attempts = attempts + $5, last_error = $4,
  handed_over_at = case when $6 then handed_over_at end,
  begun_at = case when $6 or remaining is not null then begun_at end
where account_id = $1 and thread_id = $2
"""
CALL_BACK = """
insert into sent_mail (account_id, conversation_id, thread_id, kind, message_id, state, queued_at)
values ($1, $2, $3, 'reply', $4, 'undone', $5)
on conflict (account_id, thread_id) do update set state = 'undone', last_error = null
  where sent_mail.state = 'queued' and sent_mail.begun_at is null and sent_mail.kind = 'reply'
returning id
"""
RETRY = """
update sent_mail set state = 'queued', attempts = 0, last_error = null, queued_at = $4, due_at = null, refused = '{}',
  begun_at = null, handed_over_at = null, bounced_at = null, bounce_detail = null, remaining = $5
where account_id = $1 and thread_id = $2 and conversation_id = $3 and state in ('failed', 'bounced')
returning id
"""
STATE_OF = """
select state, kind, remaining, refused from sent_mail
where account_id = $1 and conversation_id = $2 and thread_id = $3 for update
"""
DELIVERIES = """
select thread_id, state, coalesce(bounce_detail, last_error) as error,
       coalesce(bounced_at, sent_at, case when state = 'queued' then coalesce(due_at, queued_at) end, queued_at) as at
from sent_mail where account_id = $1 and thread_id = any ($2::bigint[]) and kind <> 'auto'
"""


class Letter(msgspec.Struct, frozen=True):
    """Everything of a thread that its mail is made from. `message_id` is the thread's own."""

    body: str
    body_text: str
    to_emails: list[str]
    cc: list[str]
    bcc: list[str]
    created_at: datetime
    state: str
    #: `workflow` for what an automatic workflow wrote.
    action_type: str
    type: str
    message_id: str | None
    user_id: int | None
    subject: str
    mailbox_id: int
    customer_id: int | None
    author: str | None
    customer_name: str | None
    customer_email: str | None
    #: Message ids of what was said before, newest first.
    earlier: list[str]


class Note(msgspec.Struct, frozen=True):
    """What is noted of a mail that leaves."""

    kind: str
    state: str
    attempts: int
    message_id: str
    conversation_id: int
    thread_id: int
    due_at: datetime | None
    handed_over_at: datetime | None
    remaining: list[str] | None
    refused: list[str]
    queued_at: datetime


async def queue(
    connection: Connection,
    account_id: int,
    conversation_id: int,
    thread_id: int,
    kind: str,
    message_id: str,
    at: datetime,
    due_at: datetime | None,
) -> bool:
    """Note that a mail has to leave; False when that was noted before and still holds."""
    made = await connection.fetchval(QUEUE, account_id, conversation_id, thread_id, kind, message_id, at, due_at)
    if made is None:
        again = await connection.fetchval(QUEUE_AGAIN, account_id, thread_id, at, due_at, message_id)
        if again is None:
            return False
    await connection.execute(NAME_THREAD, account_id, thread_id, message_id)
    return True


async def lock(connection: Connection, account_id: int, thread_id: int) -> Note | None:
    """The note of a mail that leaves, locked."""
    row = await connection.fetchrow(LOCK, account_id, thread_id)
    return Note(**dict(row.items())) if row is not None else None


async def begin(connection: Connection, account_id: int, thread_id: int, at: datetime) -> None:
    """A worker takes it up."""
    await connection.execute(BEGIN, account_id, thread_id, at)


async def hand_over(connection: Connection, account_id: int, thread_id: int, at: datetime) -> None:
    """The server is about to be given the end of the message."""
    await connection.execute(HAND_OVER, account_id, thread_id, at)


async def letter(connection: Connection, account_id: int, thread_id: int) -> Letter | None:
    """What a mail is made from."""
    row = await connection.fetchrow(LETTER, account_id, thread_id)
    return Letter(**dict(row.items())) if row is not None else None


async def mailbox_of(connection: Connection, account_id: int, thread_id: int) -> Record | None:
    """A thread's mailbox, and whether the thread is there for others."""
    return await connection.fetchrow(MAILBOX_OF, account_id, thread_id)


async def files(connection: Connection, account_id: int, thread_id: int) -> list[Record]:
    """The files of a thread."""
    return list(await connection.fetch(FILES, account_id, thread_id))


async def shown_files(connection: Connection, account_id: int, conversation_id: int, ids: list[int]) -> list[Record]:
    """Files of published threads of a conversation."""
    return list(await connection.fetch(SHOWN_FILES, account_id, conversation_id, ids))


async def report(connection: Connection, account_id: int, thread_id: int, *values: Any) -> None:
    """What became of recipients: who remains, who is refused, the state, when it left, the error, tries to count."""
    await connection.execute(REPORT, account_id, thread_id, *values)


async def not_sent(
    connection: Connection,
    account_id: int,
    thread_id: int,
    error: str,
    *,
    for_good: bool,
    tries: int = 1,
    in_doubt: bool = False,
) -> None:
    """It was not taken, as far as is known: for now, or for good."""
    state = "failed" if for_good else "queued"
    await connection.execute(NOT_SENT, account_id, thread_id, state, error[:1000], tries, in_doubt)


async def call_back(
    connection: Connection, account_id: int, conversation_id: int, thread_id: int, message_id: str, at: datetime
) -> bool:
    """Keep a reply from leaving; False when it may have left."""
    found = await connection.fetchval(CALL_BACK, account_id, conversation_id, thread_id, message_id, at)
    return found is not None


async def state_of(connection: Connection, account_id: int, conversation_id: int, thread_id: int) -> Record | None:
    """How the mail of a thread stands, locked."""
    return await connection.fetchrow(STATE_OF, account_id, conversation_id, thread_id)


async def retry(
    connection: Connection,
    account_id: int,
    conversation_id: int,
    thread_id: int,
    at: datetime,
    remaining: list[str] | None,
) -> bool:
    """Let a mail that failed or came back leave again, to these recipients; False when there is none."""
    found = await connection.fetchval(RETRY, account_id, thread_id, conversation_id, at, remaining)
    return found is not None


async def deliveries(connection: Connection, account_id: int, thread_ids: list[int]) -> list[Record]:
    """How the mails of threads stand."""
    return list(await connection.fetch(DELIVERIES, account_id, thread_ids))
