"""All SQL of how mailboxes are connected to mail. Secrets are sealed here and opened here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from asyncpg import Record

from waypost.domains.mailboxes.channel_models import Channel, Dkim, FromKind, IncomingServer, OutgoingServer
from waypost.kit.db import Connection
from waypost.kit.sealing import seal, unseal

T = TypeVar("T")

# A mailbox without a row of its own has the defaults.
_CHANNELS = """
select m.account_id, m.id as mailbox_id, m.name, m.email, c.is_paused, c.incoming_sealed, c.outgoing_sealed,
       c.inbound_key_sealed, c.from_kind, c.from_name, c.has_reply_addresses, c.signature, c.is_auto_reply_on,
       c.auto_reply_subject, c.auto_reply_body, c.undo_seconds, c.are_ratings_on, c.dkim_domain, c.dkim_selector,
       c.dkim_key_sealed, c.trusted_authority,
       array(select a.email from mailbox_alias a where a.account_id = m.account_id and a.mailbox_id = m.id
             order by a.created_at, a.email) as aliases
from mailbox m left join mail_channel c on c.account_id = m.account_id and c.mailbox_id = m.id
"""
FIND = f"{_CHANNELS} where m.account_id = $1 and m.id = $2"
OF_MAILBOX = f"{_CHANNELS} where m.id = $1"
INCOMING = f"""
{_CHANNELS} where m.account_id = $1 and c.incoming_sealed is not null and not c.is_paused order by m.id
"""
BY_ADDRESS = """
select account_id, id as mailbox_id from mailbox where lower(email) = any ($1::text[])
union
select account_id, mailbox_id from mailbox_alias where lower(email) = any ($1::text[])
order by account_id, mailbox_id
"""
PUT = """
insert into mail_channel
  (account_id, mailbox_id, is_paused, incoming_sealed, outgoing_sealed, inbound_key_sealed, from_kind, from_name,
   has_reply_addresses, signature, is_auto_reply_on, auto_reply_subject, auto_reply_body, undo_seconds, are_ratings_on,
   dkim_domain, dkim_selector, dkim_key_sealed, trusted_authority, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
on conflict (account_id, mailbox_id) do update set
  is_paused = excluded.is_paused, incoming_sealed = excluded.incoming_sealed,
  outgoing_sealed = excluded.outgoing_sealed, inbound_key_sealed = excluded.inbound_key_sealed,
  from_kind = excluded.from_kind, from_name = excluded.from_name, has_reply_addresses = excluded.has_reply_addresses,
  signature = excluded.signature, is_auto_reply_on = excluded.is_auto_reply_on,
  auto_reply_subject = excluded.auto_reply_subject, auto_reply_body = excluded.auto_reply_body,
  undo_seconds = excluded.undo_seconds, are_ratings_on = excluded.are_ratings_on, dkim_domain = excluded.dkim_domain,
  dkim_selector = excluded.dkim_selector, dkim_key_sealed = excluded.dkim_key_sealed,
  trusted_authority = excluded.trusted_authority, updated_at = excluded.updated_at
"""
DROP_ALIASES = "delete from mailbox_alias where account_id = $1 and mailbox_id = $2 and email <> all ($3::text[])"
ADD_ALIASES = """
insert into mailbox_alias (account_id, mailbox_id, email, created_at)
select $1, $2, email, $4 from unnest($3::text[]) as wanted (email)
on conflict (account_id, mailbox_id, email) do nothing
"""


async def find(connection: Connection, key: bytes, account_id: int, mailbox_id: int) -> Channel | None:
    """How a mailbox is connected; None when there is no such mailbox."""
    row = await connection.fetchrow(FIND, account_id, mailbox_id)
    return _channel(key, row) if row is not None else None


async def of_mailbox(connection: Connection, key: bytes, mailbox_id: int) -> tuple[int, Channel | None]:
    """Account and connection of a mailbox of any account: for callers that have yet to prove who they are."""
    row = await connection.fetchrow(OF_MAILBOX, mailbox_id)
    return (row["account_id"], _channel(key, row)) if row is not None else (0, None)


async def incoming(connection: Connection, key: bytes, account_id: int) -> list[Channel]:
    """The account's mailboxes whose mail is fetched now."""
    return [_channel(key, row) for row in await connection.fetch(INCOMING, account_id)]


async def by_address(connection: Connection, addresses: Sequence[str]) -> list[tuple[int, int]]:
    """Account and mailbox of every mailbox, of any account, that one of these addresses reaches."""
    rows = await connection.fetch(BY_ADDRESS, [address.lower() for address in addresses])
    return [(row["account_id"], row["mailbox_id"]) for row in rows]


async def put(connection: Connection, key: bytes, account_id: int, channel: Channel, at: datetime) -> None:
    """Keep how a mailbox is connected. Raises UniqueViolationError for an alias that reaches another mailbox."""
    await connection.execute(
        PUT,
        account_id,
        channel.mailbox_id,
        channel.is_paused,
        _sealed(key, channel.incoming),
        _sealed(key, channel.outgoing),
        _sealed(key, channel.inbound_key),
        channel.from_kind.value,
        channel.from_name,
        channel.has_reply_addresses,
        channel.signature,
        channel.is_auto_reply_on,
        channel.auto_reply_subject,
        channel.auto_reply_body,
        channel.undo_seconds,
        channel.are_ratings_on,
        channel.dkim.domain if channel.dkim is not None else None,
        channel.dkim.selector if channel.dkim is not None else None,
        _sealed(key, channel.dkim.private_key if channel.dkim is not None else None),
        channel.trusted_authority,
        at,
    )
    aliases = list(channel.aliases)
    await connection.execute(DROP_ALIASES, account_id, channel.mailbox_id, aliases)
    await connection.execute(ADD_ALIASES, account_id, channel.mailbox_id, aliases, at)


def _sealed(key: bytes, content: Any) -> bytes | None:
    return None if content is None else seal(key, msgspec.json.encode(content))


def _opened(key: bytes, sealed: bytes | None, kind: type[T]) -> T | None:
    return None if sealed is None else msgspec.json.decode(unseal(key, sealed), type=kind)


def _channel(key: bytes, row: Record) -> Channel:
    named: dict[str, Any] = {"mailbox_id": row["mailbox_id"], "name": row["name"], "email": row["email"]}
    if row["is_paused"] is None:
        return Channel(**named, aliases=tuple(row["aliases"]))
    private_key = _opened(key, row["dkim_key_sealed"], str)
    return Channel(
        **named,
        aliases=tuple(row["aliases"]),
        is_paused=row["is_paused"],
        incoming=_opened(key, row["incoming_sealed"], IncomingServer),
        outgoing=_opened(key, row["outgoing_sealed"], OutgoingServer),
        inbound_key=_opened(key, row["inbound_key_sealed"], str),
        from_kind=FromKind(row["from_kind"]),
        from_name=row["from_name"],
        has_reply_addresses=row["has_reply_addresses"],
        signature=row["signature"],
        is_auto_reply_on=row["is_auto_reply_on"],
        auto_reply_subject=row["auto_reply_subject"],
        auto_reply_body=row["auto_reply_body"],
        undo_seconds=row["undo_seconds"],
        are_ratings_on=row["are_ratings_on"],
        dkim=Dkim(row["dkim_domain"], row["dkim_selector"], private_key) if private_key is not None else None,
        trusted_authority=row["trusted_authority"],
    )
