"""All SQL of mail: what came in, what goes out, and how messages find their conversation."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from asyncpg import Record

from waypost.domains.mail.models import ReceivedMessage
from waypost.kit.db import Connection

NOTE_RECEIVED = """
insert into received_mail
  (account_id, mailbox_id, content_digest, message_id, identity, storage_key, received_at, outcome)
values ($1, $2, $3, $4, $5, $6, $7, 'pending')
on conflict do nothing
returning id
"""
SETTLE_RECEIVED = """
with settled as (
  update received_mail set outcome = $3, conversation_id = $4, thread_id = $5 where account_id = $1 and id = $2
)
insert into thread_origin (account_id, thread_id, unanswerable, detail) values ($1, $5, $6, $7)
"""
# The ids are tried in the order given: the message answered first, then its ancestors, nearest first. A conversation of
# this mailbox that was merged into one of another is continued there.
BY_REFERENCE = """
with wanted as (select id, place from unnest($3::text[]) with ordinality as w (id, place))
select c.id from wanted
join thread t on t.account_id = $1 and t.message_id = wanted.id
join conversation c on c.account_id = $1 and c.id = t.conversation_id
left join conversation o on o.account_id = $1 and o.id = t.merged_from_id
where (c.mailbox_id = $2 or o.mailbox_id = $2) and c.state = 'published'
order by wanted.place, c.mailbox_id = $2 desc limit 1
"""
# The same subject between the same people, among whom the mailbox itself does not count; the conversation in which
# something was said last, not too long before or after. Imported threads are old, yet make a conversation modified now.
# A subject leads on to where its conversation was merged.
BY_SUBJECT = """
with called as (
  select id from conversation
  where account_id = $1 and mailbox_id = $2 and state = 'published' and type = 'email'
    and subject_key = any ($3::text[]) and created_at <= $5
  union
  select merged_into_id from conversation
  where account_id = $1 and mailbox_id = $2 and state = 'merged' and type = 'email' and subject_key = any ($3::text[])
    and created_at <= $5)
select c.id from called
join conversation c on c.account_id = $1 and c.id = called.id
cross join lateral (
  select max(t.created_at) as said_at from thread t
  where t.account_id = c.account_id and t.conversation_id = c.id and t.type <> 'lineitem' and t.created_at <= $5) last
where c.state = 'published' and c.modified_at >= $4 and last.said_at >= $4
  and exists (
    select from thread t
    join customer_entry e on e.account_id = t.account_id and e.customer_id = t.created_by_customer_id
                         and e.kind = 'email'
    join mailbox m on m.account_id = t.account_id and m.id = $2 and lower(m.email) <> lower(e.value)
    where t.account_id = c.account_id and t.conversation_id = c.id and lower(e.value) = any ($6::text[]))
order by last.said_at desc, c.id desc limit 1
"""
# The mailbox with what decides about a message from this sender.
MAILBOX = """
select m.email, c.trusted_authority,
       array(select lower(a.email) from mailbox_alias a where a.account_id = m.account_id and a.mailbox_id = m.id)
         as aliases,
       exists (select from mailbox o where o.account_id = m.account_id and lower(o.email) = $3)
         or exists (select from mailbox_alias a where a.account_id = m.account_id and lower(a.email) = $3)
         as is_own_sender
from mailbox m left join mail_channel c on c.account_id = m.account_id and c.mailbox_id = m.id
where m.account_id = $1 and m.id = $2
"""
QUEUE = """
insert into sent_mail (account_id, conversation_id, thread_id, message_id, state, queued_at)
values ($1, $2, $3, $4, 'queued', $5)
on conflict (account_id, thread_id) do nothing
returning id
"""
NAME_THREAD = "update thread set message_id = $3 where account_id = $1 and id = $2 and message_id is null"
LOCK_QUEUED = """
select s.id, s.state, s.attempts, s.message_id, s.conversation_id, s.thread_id
from sent_mail s where s.account_id = $1 and s.thread_id = $2 for update
"""
LETTER = """
select t.body, t.body_text, t.to_emails, t.cc, t.bcc, t.created_at, t.state, t.action_type,
       c.subject, c.mailbox_id, m.name as mailbox_name, m.email as mailbox_email, m.smtp_url,
       btrim(u.first_name || ' ' || u.last_name) as author, btrim(p.first_name || ' ' || p.last_name) as customer_name,
       p.email as customer_email,
       array(select o.message_id from thread o
             where o.account_id = t.account_id and o.conversation_id = t.conversation_id and o.message_id is not null
               and o.id <> t.id and (o.created_at, o.id) < (t.created_at, t.id)
             order by o.created_at desc, o.id desc limit 20) as earlier
from thread t
join conversation c on c.account_id = t.account_id and c.id = t.conversation_id
join mailbox m on m.account_id = c.account_id and m.id = c.mailbox_id
left join account_user u on u.account_id = t.account_id and u.id = t.created_by_user_id and u.type <> 'system_user'
left join customer p on p.account_id = t.account_id and p.id = t.customer_id
where t.account_id = $1 and t.id = $2
"""
FILES = """
select file_name, mime_type, content_id, is_inline, storage_key from attachment
where account_id = $1 and thread_id = $2 order by id
"""
SENT = """
update sent_mail set state = 'sent', sent_at = $3, attempts = attempts + 1, last_error = null
where account_id = $1 and thread_id = $2
"""
NOT_SENT = """
update sent_mail set state = $3, attempts = attempts + 1, last_error = $4 where account_id = $1 and thread_id = $2
"""


class MailboxFacts(msgspec.Struct, frozen=True):
    """A mailbox, with every address that reaches it in lower case; `is_own_sender`: one of the account's mailboxes."""

    email: str
    addresses: frozenset[str]
    trusted_authority: str | None
    is_own_sender: bool


class Settled(msgspec.Struct, frozen=True):
    """What became of a received message. `detail` is what people are shown of its origin."""

    received_id: int
    outcome: str
    conversation_id: int
    thread_id: int
    unanswerable: str
    detail: dict[str, Any]


class Letter(msgspec.Struct, frozen=True):
    """Everything of a reply that its mail is made from."""

    body: str
    text: str
    to: list[str]
    cc: list[str]
    bcc: list[str]
    created_at: datetime
    state: str
    subject: str
    mailbox_id: int
    mailbox_name: str
    mailbox_email: str
    smtp_url: str | None
    #: `workflow` for what an automatic workflow wrote.
    action_type: str
    author: str
    customer_name: str
    customer_email: str
    #: Message ids of what was said before, newest first.
    earlier: list[str]


async def note_received(
    connection: Connection, account_id: int, mailbox_id: int, message: ReceivedMessage, key: str, at: datetime
) -> int | None:
    """Claim a message for a mailbox; None when it is there already, by content or by what names it."""
    claimed: int | None = await connection.fetchval(
        NOTE_RECEIVED,
        account_id,
        mailbox_id,
        message.content_digest,
        message.message_id,
        identity_of(message),
        key,
        at,
    )
    return claimed


def identity_of(message: ReceivedMessage) -> str:
    """What must agree beside the Message-ID for two messages to be the same one: sender and time."""
    if message.sender is None or message.sent_at is None:
        return message.content_digest
    return f"{message.sender.email.lower()} {message.sent_at.isoformat()}"[:400]


async def settle_received(connection: Connection, account_id: int, settled: Settled) -> None:
    """Note what became of a message, and where it came from."""
    await connection.execute(SETTLE_RECEIVED, account_id, *msgspec.structs.astuple(settled))


async def conversation_by_reference(
    connection: Connection, account_id: int, mailbox_id: int, message_ids: list[str]
) -> int | None:
    """The conversation in which one of these messages stands."""
    found: int | None = await connection.fetchval(BY_REFERENCE, account_id, mailbox_id, message_ids)
    return found


async def conversation_by_subject(
    connection: Connection,
    account_id: int,
    mailbox_id: int,
    keys: list[str],
    since: datetime,
    until: datetime,
    addresses: list[str],
) -> int | None:
    """The newest conversation of that subject with one of these people."""
    found: int | None = await connection.fetchval(BY_SUBJECT, account_id, mailbox_id, keys, since, until, addresses)
    return found


async def mailbox(connection: Connection, account_id: int, mailbox_id: int, sender: str) -> MailboxFacts | None:
    """What a mailbox decides by about a message from this sender; None when there is no such mailbox."""
    row = await connection.fetchrow(MAILBOX, account_id, mailbox_id, sender.lower())
    if row is None:
        return None
    return MailboxFacts(
        email=row["email"],
        addresses=frozenset((row["email"].lower(), *row["aliases"])),
        trusted_authority=row["trusted_authority"],
        is_own_sender=row["is_own_sender"],
    )


async def queue(
    connection: Connection, account_id: int, conversation_id: int, thread_id: int, message_id: str, at: datetime
) -> bool:
    """Note that a reply has to leave; False when that was noted before."""
    made = await connection.fetchval(QUEUE, account_id, conversation_id, thread_id, message_id, at)
    if made is not None:
        await connection.execute(NAME_THREAD, account_id, thread_id, message_id)
    return made is not None


async def lock_queued(connection: Connection, account_id: int, thread_id: int) -> Record | None:
    """The note of a reply that leaves, locked."""
    return await connection.fetchrow(LOCK_QUEUED, account_id, thread_id)


async def letter(connection: Connection, account_id: int, thread_id: int) -> Letter | None:
    """What a reply's mail is made from."""
    row = await connection.fetchrow(LETTER, account_id, thread_id)
    if row is None:
        return None
    values = dict(row.items())
    return Letter(
        body=values["body"],
        text=values["body_text"],
        to=values["to_emails"],
        cc=values["cc"],
        bcc=values["bcc"],
        created_at=values["created_at"],
        state=values["state"],
        subject=values["subject"],
        mailbox_id=values["mailbox_id"],
        mailbox_name=values["mailbox_name"],
        mailbox_email=values["mailbox_email"],
        smtp_url=values["smtp_url"],
        action_type=values["action_type"],
        author=values["author"] or "",
        customer_name=values["customer_name"] or "",
        customer_email=values["customer_email"] or "",
        earlier=values["earlier"],
    )


async def files(connection: Connection, account_id: int, thread_id: int) -> list[Record]:
    """The files of a thread."""
    return list(await connection.fetch(FILES, account_id, thread_id))


async def sent(connection: Connection, account_id: int, thread_id: int, at: datetime) -> None:
    """The server took it."""
    await connection.execute(SENT, account_id, thread_id, at)


async def not_sent(connection: Connection, account_id: int, thread_id: int, error: str, *, for_good: bool) -> None:
    """It was not taken: for now, or for good."""
    await connection.execute(NOT_SENT, account_id, thread_id, "failed" if for_good else "queued", error[:1000])
