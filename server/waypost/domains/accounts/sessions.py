"""Browser sessions: signing in, recognising, signing out. Ids are random, new at each sign-in, and stored hashed."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from waypost.domains.accounts import guesses, membership, one_time_tokens, passwords, second_factor, sign_in_events
from waypost.domains.accounts import sessions_store as store
from waypost.domains.accounts.models import Actor
from waypost.domains.accounts.sessions_store import Credentials, SessionRow
from waypost.kit import secrets
from waypost.kit.db import Connection
from waypost.kit.errors import WaypostError
from waypost.kit.tx import Transactions, Tx

#: A session ends so long after it was last used.
LIFETIME = timedelta(days=14)
#: Use is written down at most this often, so that reading a page is seldom a write.
EXTENDED_EVERY = timedelta(minutes=10)
_LONGEST_USER_AGENT = 300
_LONGEST_EMAIL = 320


class SignInRefused(WaypostError):
    """The address and password, or the code, are wrong, or this user may not sign in. Which of these is never told."""


class SignInExpired(WaypostError):
    """The half-finished sign-in is over; it begins again with the password."""


class SignedIn(msgspec.Struct, frozen=True):
    """A new session; `token` goes to the browser and is nowhere else."""

    token: str
    account_id: int
    user_id: int


class SecondFactorNeeded(msgspec.Struct, frozen=True):
    """The password was right; `token` lets the same browser go on with a code within ten minutes."""

    token: str


class Session(msgspec.Struct, frozen=True):
    """A recognised browser."""

    actor: Actor
    digest: bytes
    csrf_secret: bytes
    last_seen_at: datetime


async def sign_in(
    transactions: Transactions, email: str, password: str, ip: str, user_agent: str
) -> SignedIn | SecondFactorNeeded:
    """Sign a user in by address and password. Unknown addresses take as long as wrong passwords.

    Works in transactions of its own: the guess is counted before it is checked and stays counted.
    Raises Throttled or SignInRefused.
    """
    address = clean_text(email.strip(), _LONGEST_EMAIL)
    per_email = (guesses.PASSWORD_PER_EMAIL, address.lower())
    await guesses.count(transactions, (guesses.PASSWORD_PER_ADDRESS, guesses.network_of(ip)), per_email)
    async with transactions.read() as read:
        known = await store.find_credentials_by_email(read.connection, address)
    stored = known.password_hash if known is not None and known.status == "active" else None
    if not await passwords.matches(password, stored) or known is None or stored is None:
        await _note_failure(transactions, known, "password")
        raise SignInRefused
    renewed = await passwords.hashed(password) if passwords.is_outdated(stored) else None
    async with transactions.open() as tx:
        held = await _hold_active(tx, known.account_id, known.user_id)
        if held.password_hash != stored:
            raise SignInRefused
        if renewed is not None:
            await store.renew_hash(tx.connection, held.account_id, held.user_id, stored, renewed)
        outcome = await _after_password(tx, held, ip, user_agent)
    await guesses.forget(transactions, per_email)
    return outcome


async def _after_password(tx: Tx, held: Credentials, ip: str, user_agent: str) -> SignedIn | SecondFactorNeeded:
    if held.has_second_factor:
        return SecondFactorNeeded(await one_time_tokens.issue(tx, held.account_id, held.user_id, "second_factor"))
    return await open_session(tx, held.account_id, held.user_id, ip, user_agent)


async def sign_in_with_code(
    transactions: Transactions, secret_key: bytes, pending_token: str, code: str, ip: str, user_agent: str
) -> SignedIn:
    """Finish a sign-in that needs a code. A wrong code leaves it open until it expires or guesses run out.

    Raises SignInExpired, Throttled or SignInRefused.
    """
    async with transactions.read() as read:
        bearer = await one_time_tokens.find(read, pending_token, "second_factor")
    if bearer is None:
        raise SignInExpired
    await second_factor.count_guess(transactions, bearer.user_id, ip)
    async with transactions.open() as tx:
        held = await _hold_active(tx, bearer.account_id, bearer.user_id)
        is_right = await second_factor.accept_code(tx, secret_key, held, code)
        if is_right and await one_time_tokens.spend(tx, pending_token, "second_factor") is None:
            raise SignInExpired
        done = await open_session(tx, held.account_id, held.user_id, ip, user_agent, True) if is_right else None
    if done is None:
        await _note_failure(transactions, held, "code")
        raise SignInRefused
    await second_factor.forget_guesses(transactions, bearer.user_id)
    return done


async def open_session(
    tx: Tx, account_id: int, user_id: int, ip: str, user_agent: str, with_second_factor: bool = False
) -> SignedIn:
    """A new session for a user whose identity is proven."""
    token = secrets.new_token(32)
    row = SessionRow(
        digest=secrets.digest(token),
        account_id=account_id,
        user_id=user_id,
        csrf_secret=secrets.digest(secrets.new_token(32)),
        created_at=tx.now,
        last_seen_at=tx.now,
        expires_at=tx.now + LIFETIME,
        ip=clean_text(ip, 100),
        user_agent=clean_text(user_agent, _LONGEST_USER_AGENT),
    )
    await store.insert_session(tx.connection, row)
    tx.emit(
        _user(account_id, user_id), sign_in_events.SignedIn(subject_id=user_id, with_second_factor=with_second_factor)
    )
    return SignedIn(token, account_id, user_id)


async def authenticate_session(connection: Connection, token: str, now: datetime) -> Session | None:
    """Who holds this token; None when it does not count or its user is not active any more."""
    row = await store.find_session(connection, secrets.digest(token), now)
    if row is None:
        return None
    actor = await membership.actor_for_user(connection, row.account_id, row.user_id)
    return Session(actor, row.digest, row.csrf_secret, row.last_seen_at) if actor is not None else None


def is_due(session: Session, now: datetime) -> bool:
    """Whether `extend` would write."""
    return now - session.last_seen_at >= EXTENDED_EVERY


async def extend(tx: Tx, session: Session) -> None:
    """Let a session that is in use live for another 14 days."""
    await store.extend_session(tx.connection, session.digest, tx.now, tx.now + LIFETIME)


async def list_sessions(tx: Tx, actor: Actor) -> list[SessionRow]:
    """The actor's own sessions, last used first."""
    return await store.list_sessions(tx.connection, actor.account_id, actor.user_id, tx.now)


async def sign_out(tx: Tx, session: Session) -> None:
    """End this session. Signing out twice changes nothing and emits nothing."""
    actor = session.actor
    if await store.delete_session(tx.connection, actor.account_id, actor.user_id, session.digest):
        tx.emit(actor, sign_in_events.SignedOut(subject_id=actor.user_id, sessions=1))


async def sign_out_elsewhere(tx: Tx, session: Session) -> int:
    """End all of the user's sessions but this one; how many there were."""
    ended = await end_sessions(tx, session.actor.account_id, session.actor.user_id, session.digest)
    if ended:
        tx.emit(session.actor, sign_in_events.SignedOut(subject_id=session.actor.user_id, sessions=ended))
    return ended


async def end_sessions(tx: Tx, account_id: int, user_id: int, kept: bytes | None = None) -> int:
    """End a user's sessions (all but the kept one) and half-finished sign-ins: new password, deactivation."""
    await store.delete_tokens(tx.connection, account_id, user_id, ["second_factor", "password_reset"])
    return await store.delete_sessions(tx.connection, account_id, user_id, kept)


async def forget_expired(tx: Tx) -> int:
    """Remove sessions, tokens and counts that are over; how many rows went. For a job, once an hour or so."""
    return await store.delete_expired(tx.connection, tx.now)


def clean_text(text: str, longest: int) -> str:
    """Text from outside as the database can hold it."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()[:longest]


def _user(account_id: int, user_id: int) -> Actor:
    return Actor(account_id=account_id, kind="user", user_id=user_id)


async def _hold_active(tx: Tx, account_id: int, user_id: int) -> Credentials:
    # The lock keeps a new password or a deactivation from slipping in between the check and the new session.
    held = await store.hold_credentials(tx.connection, account_id, user_id)
    if held is None or held.status != "active":
        raise SignInRefused
    return held


async def _note_failure(transactions: Transactions, known: Credentials | None, step: str) -> None:
    if known is None:
        return
    async with transactions.open() as tx:
        by = Actor.system(known.account_id)
        tx.emit(by, sign_in_events.SignInFailed(subject_id=known.user_id, step=step))
