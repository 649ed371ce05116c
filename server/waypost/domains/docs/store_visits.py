"""Rows of visitors who were let in, and of what has let them in."""

from __future__ import annotations

from datetime import datetime

import asyncpg
import msgspec

from waypost.kit.db import Connection

GATE = """
select is_enabled, sign_in_url, secret_sealed is not null as has_secret, password_hash is not null as has_password
from docs_restriction where account_id = $1 and site_id = $2
"""
#: A user's visit counts while their session at the desk does and they are active.
FIND = """
select v.kind, coalesce(u.email, v.email) as email, u.id as user_id, coalesce(u.first_name, '') as first_name,
  coalesce(u.last_name, '') as last_name
from docs_visit v
left join session s on s.account_id = v.account_id and s.digest = v.session_digest and s.expires_at > $4
left join account_user u on u.account_id = s.account_id and u.id = s.user_id and u.status = 'active'
where v.account_id = $1 and v.site_id = $2 and v.digest = any($3::bytea[]) and v.expires_at > $4
  and (v.kind <> 'user' or u.id is not null)
"""
INSERT = """
insert into docs_visit (account_id, digest, site_id, kind, session_digest, email, created_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)
"""
HOLD_SESSION = """
select s.user_id from session s
join account_user u on u.account_id = s.account_id and u.id = s.user_id and u.status = 'active'
where s.account_id = $1 and s.digest = $2 and s.expires_at > $3 for share of s
"""
KEY_HELD = """
select secret_sealed, is_enabled from docs_restriction where account_id = $1 and site_id = $2 for share
"""
WORD = "select password_hash from docs_restriction where account_id = $1 and site_id = $2"
WORD_HELD = "select password_hash from docs_restriction where account_id = $1 and site_id = $2 for share"
SET_WORD = """
insert into docs_restriction (account_id, site_id, is_enabled, password_hash) values ($1, $2, false, $3)
on conflict (account_id, site_id) do update set password_hash = excluded.password_hash
"""
RENEW_KEY = "update docs_restriction set secret_sealed = $3 where account_id = $1 and site_id = $2 returning 1"
SPEND = """
insert into docs_spent_token (account_id, site_id, digest, expires_at) values ($1, $2, $3, $4)
on conflict (account_id, site_id, digest) do nothing returning 1
"""
END = "delete from docs_visit where account_id = $1 and site_id = $2 and digest = any($3::bytea[])"
END_KIND = "delete from docs_visit where account_id = $1 and site_id = $2 and kind = $3"
#: Of all accounts: what is over is nobody's any more.
FORGET = "delete from docs_visit where ctid = any(array(select ctid from docs_visit where expires_at <= $1 limit 1000))"
FORGET_SPENT = """
delete from docs_spent_token
where ctid = any(array(select ctid from docs_spent_token where expires_at <= $1 limit 1000))
"""


class VisitRow(msgspec.Struct, frozen=True, kw_only=True):
    """A browser that is let in, as stored."""

    account_id: int
    digest: bytes
    site_id: str
    kind: str
    session_digest: bytes | None = None
    email: str = ""
    created_at: datetime
    expires_at: datetime


async def find_gate(connection: Connection, account_id: int, site_id: str) -> asyncpg.Record | None:
    """What a site asks of its visitors; no row where it never asked."""
    return await connection.fetchrow(GATE, account_id, site_id)


async def find(
    connection: Connection, account_id: int, site_id: str, digests: list[bytes], now: datetime
) -> list[asyncpg.Record]:
    """The visits that count now."""
    rows: list[asyncpg.Record] = await connection.fetch(FIND, account_id, site_id, digests, now)
    return rows


async def insert(connection: Connection, row: VisitRow) -> None:
    """Let a browser in."""
    await connection.execute(
        INSERT, row.account_id, row.digest, row.site_id, row.kind, row.session_digest, row.email, row.created_at,
        row.expires_at,
    )  # fmt: skip


async def hold_session(connection: Connection, account_id: int, digest: bytes, now: datetime) -> int | None:
    """The active user of a session at the desk, which is kept from ending before this transaction does."""
    found: int | None = await connection.fetchval(HOLD_SESSION, account_id, digest, now)
    return found


async def hold_secret(connection: Connection, account_id: int, site_id: str) -> bytes | None:
    """The sealed secret of a site that is restricted; kept from being renewed before this transaction ends."""
    row = await connection.fetchrow(KEY_HELD, account_id, site_id)
    return row["secret_sealed"] if row is not None and row["is_enabled"] else None


async def find_password(connection: Connection, account_id: int, site_id: str, *, is_held: bool = False) -> str | None:
    """The hash of a site's password; where held, it does not change before this transaction ends."""
    found: str | None = await connection.fetchval(WORD_HELD if is_held else WORD, account_id, site_id)
    return found


async def set_password(connection: Connection, account_id: int, site_id: str, password_hash: str | None) -> None:
    """Write another password, or none."""
    await connection.execute(SET_WORD, account_id, site_id, password_hash)


async def renew_secret(connection: Connection, account_id: int, site_id: str, sealed: bytes) -> bool:
    """Write another secret; False where the site was never restricted."""
    return await connection.fetchval(RENEW_KEY, account_id, site_id, sealed) is not None


async def spend(connection: Connection, account_id: int, site_id: str, digest: bytes, expires_at: datetime) -> bool:
    """Whether the token counts for the first time."""
    return await connection.fetchval(SPEND, account_id, site_id, digest, expires_at) is not None


async def end(connection: Connection, account_id: int, site_id: str, digests: list[bytes]) -> None:
    """End these visits."""
    await connection.execute(END, account_id, site_id, digests)


async def end_kind(connection: Connection, account_id: int, site_id: str, kind: str) -> None:
    """End all visits of a site that came in one way."""
    await connection.execute(END_KIND, account_id, site_id, kind)


async def forget_expired(connection: Connection, now: datetime) -> int:
    """Remove what is over, up to a thousand rows of each kind; how many went."""
    gone = 0
    for statement in (FORGET, FORGET_SPENT):
        done: str = await connection.execute(statement, now)
        gone += int(done.rpartition(" ")[2])
    return gone
