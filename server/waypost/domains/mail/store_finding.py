"""SQL that takes a message in once and finds the conversation that it belongs to, in few round trips."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from asyncpg import Record

from waypost.domains.mail.origin import untagged
from waypost.kit.db import Connection

# The mailbox with what decides about messages that name these addresses, whose senders may be users that see it.
# Meanwhile nobody else takes in a message of the same threads: two that arrive at once would not see each other. The
# locks are taken in one order by everybody.
MAILBOX = """
select m.email, c.trusted_authority,
       array(select lower(a.email) from mailbox_alias a where a.account_id = m.account_id and a.mailbox_id = m.id)
         as aliases,
       array(
         select lower(o.email) from mailbox o where o.account_id = m.account_id and lower(o.email) = any ($3::text[])
         union
         select lower(a.email) from mailbox_alias a
         where a.account_id = m.account_id and lower(a.email) = any ($3::text[])
       ) as of_mailboxes,
       array(
         select lower(known.email) from account_user u cross join unnest(u.alternate_emails || u.email) as known (email)
         where u.account_id = m.account_id and u.type = 'user' and lower(known.email) = any ($3::text[])
       ) as of_users,
       array(
         select (lower(known.email), u.id)
         from account_user u cross join unnest(u.alternate_emails || u.email) as known (email)
         where u.account_id = m.account_id and u.type = 'user' and u.status = 'active'
           and lower(known.email) = any ($3::text[])
           and (u.role <> 'user' or exists (
             select from mailbox_user b
             where b.account_id = u.account_id and b.user_id = u.id and b.mailbox_id = m.id))
         order by lower(u.email) = lower(known.email), u.id desc) as users,
       (select count(pg_advisory_xact_lock(held.key)) from unnest($4::bigint[]) as held (key)) as locks
from mailbox m left join mail_channel c on c.account_id = m.account_id and c.mailbox_id = m.id
where m.account_id = $1 and m.id = $2
"""
_CLAIM = """
claim as (
  insert into received_mail
    (account_id, mailbox_id, content_digest, message_id, identity, storage_key, received_at, outcome)
  values ($1, $2, $14, $15, $16, $17, $18, 'pending')
  on conflict do nothing
  returning id
)
"""
# Who writes to a conversation takes part in it if he is its customer, wrote in it before, was written to, or was named
# beside it by somebody who takes part. What strangers wrote counts for nobody.
_IS_AUTHOR = """
exists (
  select from customer_entry e
  where e.account_id = $1 and e.kind = 'email' and lower(e.value) = $6 and (
    e.customer_id = picked.primary_customer_id or exists (
      select from thread t left join thread_origin o on o.account_id = t.account_id and o.thread_id = t.id
      where t.account_id = $1 and t.conversation_id = picked.id and t.created_by_customer_id = e.customer_id
        and o.is_stranger is not true)))
"""
_IS_NAMED = """
exists (select from unnest(picked.cc || picked.bcc) as copied (email) where lower(copied.email) = $6)
or exists (
  select from thread t left join thread_origin o on o.account_id = t.account_id and o.thread_id = t.id
  cross join lateral unnest(t.to_emails || t.cc || t.bcc) as named (email)
  where t.account_id = $1 and t.conversation_id = picked.id and t.state = 'published' and o.is_stranger is not true
    and lower(named.email) = $6)
"""
# 1: what the desk itself has signed; it leads into the mailbox that the conversation was moved to, unless the message
# went there as well. 2: ids as they stand in this mailbox, the message answered first. 3: other answers to the same
# message, which never came or comes now, and other messages under the same id. 4: the same subject between the same
# people, among whom the mailbox itself does not count, in the conversation in which something was said last. Imported
# threads are old, yet make a conversation modified now. Ids that lead to a deleted conversation lead nowhere else.
_FOUND = """
signed as (
  select 1 as way, k.place, coalesce(t.conversation_id, k.conversation_id) as id, null::bigint as from_id, t.type
  from unnest($4::bigint[], $5::bigint[]) with ordinality as k (conversation_id, thread_id, place)
  left join thread t on t.account_id = $1 and t.id = k.thread_id
), wanted as (
  select id, place from unnest($3::text[]) with ordinality as w (id, place)
), named as (
  select 2, wanted.place, t.conversation_id, t.merged_from_id, t.type
  from wanted join thread t on t.account_id = $1 and t.message_id = wanted.id
  union all
  select 2, wanted.place, r.conversation_id, null, null
  from wanted
  join received_mail r on r.account_id = $1 and r.mailbox_id = $2 and left(r.message_id, 500) = left(wanted.id, 500)
  where r.conversation_id is not null
), related as (
  select 3, 0::bigint, t.conversation_id, t.merged_from_id, t.type
  from thread_origin o join thread t on t.account_id = o.account_id and t.id = o.thread_id
  where o.account_id = $1 and left(o.root_id, 500) = any ($8::text[]) and not o.is_stranger
  union all
  select 3, 1::bigint, t.conversation_id, t.merged_from_id, t.type
  from thread t where t.account_id = $1 and t.message_id = $13
), by_ids as (
  select * from signed union all select * from named union all select * from related
), called as (
  select id from conversation
  where account_id = $1 and mailbox_id = $2 and state = 'published' and type = 'email'
    and subject_key = any ($9::text[]) and created_at <= $11
  union
  select merged_into_id from conversation
  where account_id = $1 and mailbox_id = $2 and state = 'merged' and type = 'email' and subject_key = any ($9::text[])
    and created_at <= $11
), by_subject as (
  select c.id from called
  join conversation c on c.account_id = $1 and c.id = called.id
  cross join lateral (
    select max(t.created_at) as said_at from thread t
    where t.account_id = c.account_id and t.conversation_id = c.id and t.type <> 'lineitem' and t.created_at <= $11
  ) last
  where cardinality($9::text[]) > 0 and not exists (select from by_ids)
    and c.state = 'published' and c.modified_at >= $10 and last.said_at >= $10
    and exists (
      select from customer_entry e
      join mailbox m on m.account_id = e.account_id and m.id = $2 and lower(m.email) <> lower(e.value)
      where e.account_id = c.account_id and e.kind = 'email' and lower(e.value) = any ($12::text[]) and (
        e.customer_id = c.primary_customer_id or exists (
          select from thread t left join thread_origin o on o.account_id = t.account_id and o.thread_id = t.id
          where t.account_id = c.account_id and t.conversation_id = c.id and t.created_by_customer_id = e.customer_id
            and o.is_stranger is not true)))
  order by last.said_at desc, c.id desc limit 1
), picked as (
  select c.id, c.mailbox_id, c.status, c.primary_customer_id, c.cc, c.bcc, found.way, found.place, found.type
  from (select * from by_ids union all select 4, 0::bigint, id, null, null from by_subject) found
  join conversation s on s.account_id = $1 and s.id = found.id
  join conversation c on c.account_id = $1 and c.id = coalesce(s.merged_into_id, s.id) and c.state = 'published'
  left join conversation o on o.account_id = $1 and o.id = found.from_id
  where c.mailbox_id = $2 or s.mailbox_id = $2 or o.mailbox_id = $2 or found.way = 4
    or (found.way = 1 and not exists (
      select from mailbox m where m.account_id = $1 and m.id = c.mailbox_id and lower(m.email) = any ($7::text[])))
  order by found.way, found.place, c.mailbox_id = $2 desc limit 1
)
"""
_SHOWN = f"""
array(select lower(known.email) from (
  select unnest(picked.cc || picked.bcc) as email
  union all
  select e.value from customer_entry e
  where e.account_id = $1 and e.customer_id = picked.primary_customer_id and e.kind = 'email') known) as known,
picked.id, picked.way, picked.place, picked.status, picked.type, {_IS_AUTHOR} as is_author, ({_IS_NAMED}) as is_named
"""
CLAIM_AND_FIND = f"""
with {_CLAIM}, {_FOUND} select claim.id as claim_id, {_SHOWN} from claim left join picked on true
"""
FIND = f"with {_FOUND} select {_SHOWN} from picked"
RELEASE = "update received_mail set outcome = 'own' where account_id = $1 and id = $2"
SETTLE = """
with settled as (
  update received_mail set outcome = $3, conversation_id = $4, thread_id = $5 where account_id = $1 and id = $2
), origin as (
  insert into thread_origin (account_id, thread_id, unanswerable, detail, root_id, is_stranger)
  values ($1, $5, $6, $7, $8, $9)
)
select exists (
  select from customer_entry
  where account_id = $1 and kind = 'email' and lower(value) = $10 and bounced_at is not null)
"""


class MailboxFacts(msgspec.Struct, frozen=True):
    """A mailbox, with every address that reaches it in lower case, and who the sender is to the account.

    `is_own_sender`: one of the account's mailboxes; `user_id`: a user who sees this one, or 0. `colleagues` are those
    whom the message names that are addresses of the account's users and mailboxes.
    """

    email: str
    addresses: frozenset[str]
    trusted_authority: str | None
    is_own_sender: bool
    user_id: int
    colleagues: frozenset[str]


class Mailbox(msgspec.Struct, frozen=True):
    """What a mailbox decides by about messages that name certain addresses, all in lower case."""

    email: str
    addresses: frozenset[str]
    trusted_authority: str | None
    of_mailboxes: frozenset[str]
    of_users: frozenset[str]
    users: dict[str, int]

    def facts(self, sender: str, named: Iterable[str]) -> MailboxFacts:
        """That about a message from this sender, which names these others."""
        return MailboxFacts(
            email=self.email,
            addresses=self.addresses,
            trusted_authority=self.trusted_authority,
            is_own_sender=not self.of_mailboxes.isdisjoint((sender, untagged(sender))),
            user_id=self.users.get(sender, 0),
            colleagues=(self.of_mailboxes | self.of_users).intersection(named),
        )


class Search(msgspec.Struct, frozen=True):
    """What a conversation is looked for by, in the order of the statement's parameters. Addresses are in lower case."""

    account_id: int
    mailbox_id: int
    #: The message answered first, then its ancestors, nearest first.
    message_ids: list[str]
    signed_conversations: list[int]
    signed_threads: list[int]
    sender: str
    recipients: list[str]
    #: The first 500 characters of the ids by which other answers are related.
    roots: list[str]
    subject_keys: list[str]
    since: datetime
    until: datetime
    people: list[str]
    own_id: str


class Claim(msgspec.Struct, frozen=True):
    """What a message is claimed by: its content, or what names it."""

    content_digest: str
    message_id: str
    identity: str
    storage_key: str
    at: datetime


class Found(msgspec.Struct, frozen=True):
    """A conversation that a message continues. `place` counts the signed ids from 0, and `type` is the kind of thread
    that the id stands for, if it does for one."""

    conversation_id: int
    is_signed: bool
    is_related: bool
    place: int
    status: str
    type: str | None
    #: The sender is a customer of the conversation, or was named in it by somebody who takes part.
    is_author: bool
    is_named: bool
    #: Addresses that replies go to already, in lower case.
    known: frozenset[str]

    @property
    def is_participant(self) -> bool:
        """Whether the sender takes part in the conversation."""
        return self.is_author or self.is_named


class Settled(msgspec.Struct, frozen=True):
    """What became of a received message. `detail` is what people are shown of its origin.

    `sender` is the address from which it came just now, in lower case; empty for old mail and for what is forged.
    """

    received_id: int
    outcome: str
    conversation_id: int
    thread_id: int
    unanswerable: str
    detail: dict[str, Any]
    root_id: str | None
    is_stranger: bool
    sender: str


async def mailbox(
    connection: Connection, account_id: int, mailbox_id: int, addresses: Iterable[str], locks: Iterable[int]
) -> Mailbox | None:
    """What a mailbox decides by about messages with these addresses, which are in lower case.

    The locks are held until the transaction ends. None when there is no such mailbox.
    """
    asked = list(dict.fromkeys(form for each in addresses for form in (each, untagged(each))))
    held = sorted(set(locks))
    row = await connection.fetchrow(MAILBOX, account_id, mailbox_id, asked, held)
    if row is None:
        return None
    return Mailbox(
        email=row["email"],
        addresses=frozenset((row["email"].lower(), *row["aliases"])),
        trusted_authority=row["trusted_authority"],
        of_mailboxes=frozenset(row["of_mailboxes"]),
        of_users=frozenset(row["of_users"]),
        users=dict(row["users"]),
    )


async def claim_and_find(connection: Connection, search: Search, claim: Claim) -> tuple[int, Found | None] | None:
    """Claim a message for a mailbox, and find its conversation; None when the message is there already."""
    row = await connection.fetchrow(CLAIM_AND_FIND, *msgspec.structs.astuple(search), *msgspec.structs.astuple(claim))
    return (row["claim_id"], _found(row)) if row is not None else None


async def find(connection: Connection, search: Search) -> Found | None:
    """The conversation alone."""
    row = await connection.fetchrow(FIND, *msgspec.structs.astuple(search))
    return _found(row) if row is not None else None


async def release(connection: Connection, account_id: int, received_id: int) -> None:
    """Note that a message is the desk's own that came back."""
    await connection.execute(RELEASE, account_id, received_id)


async def settle(connection: Connection, account_id: int, settled: Settled) -> bool:
    """Note what became of a message, and where it came from; whether mail to its sender came back before."""
    has_bounced: bool = await connection.fetchval(SETTLE, account_id, *msgspec.structs.astuple(settled))
    return has_bounced


def _found(row: Record) -> Found | None:
    if row["id"] is None:
        return None
    return Found(
        conversation_id=row["id"],
        is_signed=row["way"] == 1,
        is_related=row["way"] == 3,
        place=row["place"] - 1,
        status=row["status"],
        type=row["type"],
        is_author=row["is_author"],
        is_named=row["is_named"],
        known=frozenset(row["known"]),
    )
