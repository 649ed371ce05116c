"""Requests that are sent again: what was answered the first time, kept in the transaction of the work itself.

Work and record become visible together or not at all, so a crash at any moment leaves both or neither.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta

import msgspec

from waypost.kit.tx import Tx

KEPT = timedelta(hours=24)
TRIM_BATCH = 1000

# Tried, never waited for: whoever waits gives the connection back in between.
_HOLD = "select pg_try_advisory_xact_lock($1)"
_FIND = """
select request_digest, status, headers, body from idempotent_answer
where account_id = $1 and application_id = $2 and user_id = $3 and key_digest = $4 and kept_at > $5
"""
_KEEP = """
insert into idempotent_answer
  (account_id, application_id, user_id, key_digest, request_digest, status, headers, body, location, kept_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
on conflict (account_id, application_id, user_id, key_digest) do update set
  request_digest = excluded.request_digest, status = excluded.status, headers = excluded.headers,
  body = excluded.body, location = excluded.location, kept_at = excluded.kept_at
"""
_EMPTY = """
update idempotent_answer a set body = ''
from unnest($1::bigint[], $2::text[]) as gone (account_id, place)
where a.account_id = gone.account_id and (a.location = gone.place or starts_with(a.location, gone.place || '/'))
"""
_TRIM = """
delete from idempotent_answer
where ctid = any (array(select ctid from idempotent_answer where kept_at <= $1 limit $2 for update skip locked))
"""


class Key(msgspec.Struct, frozen=True):
    """Whose key, and the digest of the key itself. `application_id` is 0 for those who come without one."""

    account_id: int
    application_id: int
    user_id: int
    digest: bytes

    @property
    def lock_number(self) -> int:
        """The number of its advisory lock. Two keys that share one wait for each other, no more."""
        text = f"idempotency:{self.account_id}:{self.application_id}:{self.user_id}:".encode()
        return int.from_bytes(hashlib.sha256(text + self.digest).digest()[:8], "big", signed=True)


class Answer(msgspec.Struct, frozen=True):
    """What was answered, and the digest of the request that it answered. The body is stored as it is given."""

    request_digest: bytes
    status: int
    headers: list[tuple[str, str]]
    body: bytes


async def hold(tx: Tx, key: Key) -> bool:
    """Take hold of the key until the transaction ends; False at once while another transaction has it."""
    is_held: bool = await tx.connection.fetchval(_HOLD, key.lock_number)
    return is_held


async def find(tx: Tx, key: Key) -> Answer | None:
    """The answer that is kept under the key; None when there is none, or it has grown too old."""
    row = await tx.connection.fetchrow(
        _FIND, key.account_id, key.application_id, key.user_id, key.digest, tx.now - KEPT
    )
    if row is None:
        return None
    return Answer(row["request_digest"], row["status"], [(name, value) for name, value in row["headers"]], row["body"])


async def keep(tx: Tx, key: Key, answer: Answer, location: str) -> None:
    """Keep the answer. `location` is the path of what was made, or nothing."""
    await tx.connection.execute(
        _KEEP, key.account_id, key.application_id, key.user_id, key.digest, answer.request_digest, answer.status,
        answer.headers, answer.body, location, tx.now,
    )  # fmt: skip


async def empty(tx: Tx, places: Sequence[tuple[int, str]]) -> None:
    """Take the bodies out of answers about these (account, path) and what lies below; the keys stay spent."""
    if places:
        await tx.connection.execute(_EMPTY, [account for account, _ in places], [place for _, place in places])


async def trim(tx: Tx) -> int:
    """Delete a batch of answers that have grown too old; how many. Call again until it is 0."""
    status: str = await tx.connection.execute(_TRIM, tx.now - KEPT, TRIM_BATCH)
    return int(status.rpartition(" ")[2])
