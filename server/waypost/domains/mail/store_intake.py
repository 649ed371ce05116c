"""SQL of mail before it is read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from asyncpg import Record

from waypost.domains.mail.intake_models import Envelope, Intake, IntakeFilter, NewIntake, Settled
from waypost.kit.db import Connection

ADD = """
insert into mail_intake
  (account_id, mailbox_id, channel, storage_key, content_digest, size, message_id, subject, sender, envelope,
   received_at, due_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)
on conflict (account_id, mailbox_id, content_digest) do nothing
returning id
"""
_COLUMNS = """
select id, mailbox_id, channel, storage_key, size, message_id, subject, sender, envelope, received_at, state, due_at,
       attempts, last_error, settled_at, outcome, conversation_id, thread_id, warnings
from mail_intake
"""
UPCOMING = f"""
{_COLUMNS} where account_id = $1 and mailbox_id = $2 and state = 'waiting' and due_at <= $3 order by id limit $4
"""
KNOWN = """
select content_digest from mail_intake where account_id = $1 and mailbox_id = $2 and content_digest = any ($3::text[])
"""
#: Whoever waits here while another settles the messages does not find them. In one order, as everybody takes several.
LOCK = """
select id from mail_intake where account_id = $1 and id = any ($2::bigint[]) and state = 'waiting' order by id
for update
"""
SETTLE = """
update mail_intake i
set state = 'done', outcome = s.outcome, conversation_id = s.conversation_id, thread_id = s.thread_id,
  warnings = $6::jsonb -> (s.place - 1)::integer, settled_at = $7
from unnest($2::bigint[], $3::text[], $4::bigint[], $5::bigint[]) with ordinality
  as s (id, outcome, conversation_id, thread_id, place)
where i.account_id = $1 and i.id = s.id
"""
NOT_READ = """
update mail_intake set attempts = attempts + 1, last_error = $3, due_at = $4, state = $5
where account_id = $1 and id = $2 and state = 'waiting'
"""
RETRY = """
update mail_intake set state = 'waiting', attempts = 0, due_at = $3
where account_id = $1 and mailbox_id = any ($2::bigint[]) and state <> 'done' and ($4::bigint is null or id = $4)
returning mailbox_id
"""
# Over all accounts: the worker's own question.
DUE = """
select account_id, mailbox_id from mail_intake where state = 'waiting' and due_at <= $1
group by account_id, mailbox_id limit $2
"""
_WANTED = """
where account_id = $1 and mailbox_id = any ($2::bigint[])
  and ($3::text is null or left(message_id, 500) = left($3, 500)) and ($4::text is null or state = $4)
"""
LIST = f"{_COLUMNS} {_WANTED} order by id desc limit $5 offset $6"
COUNT = f"select count(*) from mail_intake {_WANTED}"
GET = f"{_COLUMNS} where account_id = $1 and mailbox_id = $2 and id = $3"
COUNTS = """
select mailbox_id, count(*) filter (where state = 'waiting') as waiting,
       count(*) filter (where state = 'failed') as failed
from mail_intake where account_id = $1 and mailbox_id = any ($2::bigint[]) and state <> 'done' group by mailbox_id
"""


async def add(
    connection: Connection, account_id: int, new: NewIntake, key: str, digest: str, at: datetime
) -> int | None:
    """Note a message whose bytes lie under the key; None when the mailbox has had the same bytes before."""
    added: int | None = await connection.fetchval(
        ADD,
        account_id,
        new.mailbox_id,
        new.channel,
        key,
        digest,
        len(new.raw),
        new.preview.message_id,
        new.preview.subject,
        new.preview.sender,
        msgspec.to_builtins(new.envelope),
        at,
    )
    return added


async def known(connection: Connection, account_id: int, mailbox_id: int, digests: Sequence[str]) -> frozenset[str]:
    """Those of the digests that the mailbox has had messages of."""
    rows = await connection.fetch(KNOWN, account_id, mailbox_id, list(digests))
    return frozenset(row["content_digest"] for row in rows)


async def upcoming(connection: Connection, account_id: int, mailbox_id: int, at: datetime, limit: int) -> list[Intake]:
    """The messages that the mailbox has to read next."""
    return [_intake(row) for row in await connection.fetch(UPCOMING, account_id, mailbox_id, at, limit)]


async def lock(connection: Connection, account_id: int, intake_ids: Sequence[int]) -> set[int]:
    """Lock messages that wait still; those that somebody else has settled are left out."""
    return {row["id"] for row in await connection.fetch(LOCK, account_id, list(intake_ids))}


async def settle(connection: Connection, account_id: int, settled: Sequence[Settled], at: datetime) -> None:
    """Note what became of messages."""
    await connection.execute(
        SETTLE,
        account_id,
        [each.intake_id for each in settled],
        [each.outcome for each in settled],
        [each.conversation_id for each in settled],
        [each.thread_id for each in settled],
        [list(each.warnings) for each in settled],
        at,
    )


async def not_read(
    connection: Connection, account_id: int, intake_id: int, error: str, due_at: datetime, *, for_good: bool
) -> None:
    """Note a try that failed by the message itself: it is due again, or given up."""
    await connection.execute(NOT_READ, account_id, intake_id, error, due_at, "failed" if for_good else "waiting")


async def retry(
    connection: Connection, account_id: int, mailbox_ids: Sequence[int], at: datetime, intake_id: int | None
) -> list[int]:
    """Make what was given up or postponed due now; the mailboxes of each such message."""
    rows = await connection.fetch(RETRY, account_id, list(mailbox_ids), at, intake_id)
    return [row["mailbox_id"] for row in rows]


async def due(connection: Connection, at: datetime, limit: int) -> list[tuple[int, int]]:
    """Account and mailbox of everything that waits to be read."""
    return [(row["account_id"], row["mailbox_id"]) for row in await connection.fetch(DUE, at, limit)]


async def get(connection: Connection, account_id: int, mailbox_id: int, intake_id: int) -> Intake | None:
    """One message of a mailbox."""
    row = await connection.fetchrow(GET, account_id, mailbox_id, intake_id)
    return _intake(row) if row is not None else None


async def list_received(
    connection: Connection,
    account_id: int,
    mailbox_ids: Sequence[int],
    wanted: IntakeFilter,
    limit: int,
    offset: int,
) -> tuple[list[Intake], int]:
    """The messages of some mailboxes, newest first, and how many there are."""
    values = (account_id, list(mailbox_ids), wanted.message_id, wanted.state)
    rows = await connection.fetch(LIST, *values, limit, offset)
    return [_intake(row) for row in rows], int(await connection.fetchval(COUNT, *values))


async def counts(connection: Connection, account_id: int, mailbox_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """How many messages of each mailbox wait, and how many were given up."""
    rows = await connection.fetch(COUNTS, account_id, list(mailbox_ids))
    return {row["mailbox_id"]: (row["waiting"], row["failed"]) for row in rows}


def _intake(row: Record) -> Intake:
    values: dict[str, Any] = dict(row.items())
    values["envelope"] = msgspec.convert(values["envelope"], Envelope)
    values["warnings"] = tuple(values["warnings"])
    return Intake(**values)
