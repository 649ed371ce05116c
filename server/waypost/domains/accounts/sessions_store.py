"""All SQL of signing in: credentials, sessions, one-time tokens, second factors and counted guesses.

Look-ups by address, by a secret's digest or by a counted subject come before any account is known; all else is bound to
one.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from waypost.kit.db import Connection

Purpose = Literal["invitation", "password_reset", "second_factor"]


class Credentials(msgspec.Struct, frozen=True):
    """What a user proves an identity by, as stored."""

    account_id: int
    user_id: int
    status: str
    first_name: str
    last_name: str
    email: str
    password_hash: str | None
    totp_secret: bytes | None
    totp_last_step: int | None

    @property
    def has_second_factor(self) -> bool:
        """A secret counts once a code made with it was seen."""
        return self.totp_secret is not None and self.totp_last_step is not None

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}".strip()


class SessionRow(msgspec.Struct, frozen=True):
    """A signed-in browser, as stored."""

    digest: bytes
    account_id: int
    user_id: int
    csrf_secret: bytes
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    ip: str
    user_agent: str


class KeyRow(msgspec.Struct, frozen=True):
    """A key of the Docs API, without the key."""

    id: int
    label: str
    created_at: datetime


_CREDENTIALS = """
select account_id, id as user_id, status, first_name, last_name, email, password_hash, totp_secret, totp_last_step
from account_user where type = 'user' and
"""
_BY_EMAIL = _CREDENTIALS + "lower(email) = lower($1) and status <> 'deleted'"
_BY_ID = _CREDENTIALS + "account_id = $1 and id = $2"
_HELD = _BY_ID + " for no key update"
_SESSION = (
    "s.digest, s.account_id, s.user_id, s.csrf_secret, s.created_at, s.last_seen_at, s.expires_at, s.ip, s.user_agent"
)


def _credentials(row: Any) -> Credentials | None:
    return Credentials(**dict(row)) if row else None


def _session(row: Any) -> SessionRow:
    return SessionRow(**dict(row))


async def find_credentials_by_email(connection: Connection, email: str) -> Credentials | None:
    """The one user with this address, whatever its case and account; deleted users are nobody."""
    return _credentials(await connection.fetchrow(_BY_EMAIL, email))


async def find_credentials(connection: Connection, account_id: int, user_id: int) -> Credentials | None:
    """The credentials of a user."""
    return _credentials(await connection.fetchrow(_BY_ID, account_id, user_id))


async def hold_credentials(connection: Connection, account_id: int, user_id: int) -> Credentials | None:
    """The same, and no other transaction changes them before this one ends."""
    return _credentials(await connection.fetchrow(_HELD, account_id, user_id))


async def set_password(
    connection: Connection, account_id: int, user_id: int, password_hash: str, now: datetime
) -> None:
    """Store the hash of a new password."""
    await connection.execute(
        "update account_user set password_hash = $3, updated_at = $4 where account_id = $1 and id = $2",
        account_id,
        user_id,
        password_hash,
        now,
    )


async def renew_hash(connection: Connection, account_id: int, user_id: int, old: str, new: str) -> None:
    """Exchange the hash of an unchanged password; nothing happens when the password has changed meanwhile."""
    await connection.execute(
        "update account_user set password_hash = $4 where account_id = $1 and id = $2 and password_hash = $3",
        account_id,
        user_id,
        old,
        new,
    )


# ---------------------------------------------------------------- sessions


async def insert_session(connection: Connection, row: SessionRow) -> None:
    """Store a new session."""
    await connection.execute(
        "insert into session"
        " (digest, account_id, user_id, csrf_secret, created_at, last_seen_at, expires_at, ip, user_agent)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        *msgspec.structs.astuple(row),
    )


async def find_session(connection: Connection, digest: bytes, now: datetime) -> SessionRow | None:
    """A session that counts: not past its end, and of a user who is active."""
    row = await connection.fetchrow(
        f"select {_SESSION} from session s join account_user u on u.account_id = s.account_id and u.id = s.user_id"
        " where s.digest = $1 and s.expires_at > $2 and u.status = 'active' and u.type = 'user'",
        digest,
        now,
    )
    return _session(row) if row else None


async def extend_session(connection: Connection, digest: bytes, now: datetime, expires_at: datetime) -> None:
    """Move the end of a session that is in use."""
    await connection.execute(
        "update session set last_seen_at = $2, expires_at = $3 where digest = $1 and expires_at > $2",
        digest,
        now,
        expires_at,
    )


async def list_sessions(connection: Connection, account_id: int, user_id: int, now: datetime) -> list[SessionRow]:
    """A user's sessions, last used first."""
    rows = await connection.fetch(
        f"select {_SESSION} from session s where s.account_id = $1 and s.user_id = $2 and s.expires_at > $3"
        " order by s.last_seen_at desc, s.created_at desc, s.digest",
        account_id,
        user_id,
        now,
    )
    return [_session(row) for row in rows]


async def delete_session(connection: Connection, account_id: int, user_id: int, digest: bytes) -> bool:
    """End one session of a user; False when there was none."""
    sql = "delete from session where account_id = $1 and user_id = $2 and digest = $3 returning true"
    return bool(await connection.fetchval(sql, account_id, user_id, digest))


async def delete_sessions(connection: Connection, account_id: int, user_id: int, kept: bytes | None) -> int:
    """End all sessions of a user but the kept one; how many there were."""
    rows = await connection.fetch(
        "delete from session where account_id = $1 and user_id = $2 and ($3::bytea is null or digest <> $3)"
        " returning digest",
        account_id,
        user_id,
        kept,
    )
    return len(rows)


# ---------------------------------------------------------------- one-time tokens


async def insert_token(
    connection: Connection,
    account_id: int,
    user_id: int,
    *,
    purpose: Purpose,
    digest: bytes,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Store a token."""
    await connection.execute(
        "insert into one_time_token (digest, account_id, user_id, purpose, created_at, expires_at)"
        " values ($1, $2, $3, $4, $5, $6)",
        digest,
        account_id,
        user_id,
        purpose,
        now,
        expires_at,
    )


async def delete_tokens(connection: Connection, account_id: int, user_id: int, purposes: list[str]) -> None:
    """Make a user's unused tokens of these purposes worthless."""
    await connection.execute(
        "delete from one_time_token where account_id = $1 and user_id = $2 and purpose = any($3) and used_at is null",
        account_id,
        user_id,
        purposes,
    )


async def find_token(connection: Connection, digest: bytes, purpose: Purpose, now: datetime) -> tuple[int, int] | None:
    """Account and user of a token that still counts."""
    row = await connection.fetchrow(
        "select account_id, user_id from one_time_token"
        " where digest = $1 and purpose = $2 and used_at is null and expires_at > $3",
        digest,
        purpose,
        now,
    )
    return (row["account_id"], row["user_id"]) if row else None


async def spend_token(connection: Connection, digest: bytes, purpose: Purpose, now: datetime) -> tuple[int, int] | None:
    """Use a token up. Of several at once, one gets its account and user, the others None."""
    row = await connection.fetchrow(
        "update one_time_token set used_at = $3"
        " where digest = $1 and purpose = $2 and used_at is null and expires_at > $3 returning account_id, user_id",
        digest,
        purpose,
        now,
    )
    return (row["account_id"], row["user_id"]) if row else None


# ---------------------------------------------------------------- second factor


async def set_totp(
    connection: Connection, account_id: int, user_id: int, secret: bytes | None, last_step: int | None, now: datetime
) -> None:
    """Store, confirm (with the step of the code that was seen) or remove a second factor."""
    await connection.execute(
        "update account_user set totp_secret = $3, totp_last_step = $4, updated_at = $5"
        " where account_id = $1 and id = $2",
        account_id,
        user_id,
        secret,
        last_step,
        now,
    )


async def spend_totp_step(connection: Connection, account_id: int, user_id: int, step: int) -> bool:
    """Use a code's time step up; False when it, or a later one, was used before."""
    done = await connection.fetchval(
        "update account_user set totp_last_step = $3"
        " where account_id = $1 and id = $2 and totp_secret is not null and totp_last_step < $3 returning true",
        account_id,
        user_id,
        step,
    )
    return bool(done)


async def shorten_token(connection: Connection, account_id: int, digest: bytes, expires_at: datetime) -> None:
    """Let an access token end sooner than it would."""
    await connection.execute(
        "update oauth_token set expires_at = least(expires_at, $3) where account_id = $1 and digest = $2",
        account_id,
        digest,
        expires_at,
    )


async def list_api_keys(connection: Connection, account_id: int, user_id: int) -> list[KeyRow]:
    """A user's keys that were not revoked, newest first."""
    rows = await connection.fetch(
        "select id, label, created_at from api_key"
        " where account_id = $1 and user_id = $2 and revoked_at is null order by created_at desc, id desc",
        account_id,
        user_id,
    )
    return [KeyRow(**dict(row)) for row in rows]


# ---------------------------------------------------------------- guesses


async def count_guess(connection: Connection, subject: str, window: timedelta, now: datetime) -> tuple[int, datetime]:
    """Count one guess; how many there are now in the window, and when it began."""
    row = await connection.fetchrow(
        "insert into guess_counter as c (subject, guesses, window_start) values ($1, 1, $2)"
        " on conflict (subject) do update set"
        " guesses = case when c.window_start <= $2 - $3::interval then 1 else least(c.guesses, 1000000) + 1 end,"
        " window_start = case when c.window_start <= $2 - $3::interval then $2 else c.window_start end"
        " returning guesses, window_start",
        subject,
        now,
        window,
    )
    if row is None:  # an upsert always returns its row
        raise RuntimeError("the guess was not counted")
    return row["guesses"], row["window_start"]


async def delete_guesses(connection: Connection, subjects: list[str]) -> None:
    """Forget the counts of these subjects."""
    await connection.execute("delete from guess_counter where subject = any($1)", subjects)


async def delete_expired(connection: Connection, now: datetime) -> int:
    """Remove what no longer counts: sessions and tokens past their end, counts of windows that are over."""
    removed = 0
    for sql, before in (
        ("delete from session where expires_at <= $1", now),
        ("delete from one_time_token where expires_at <= $1", now - timedelta(days=1)),
        ("delete from guess_counter where window_start <= $1", now - timedelta(days=2)),
    ):
        removed += int((await connection.execute(sql, before)).rpartition(" ")[2])
    return removed
