"""SQL of mail that comes in, and of how messages find their conversation. What goes out is in `store_sending`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

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
