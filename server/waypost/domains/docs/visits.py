"""Visitors of help centers who have shown that they may see more than others: users of the desk, people whom a
company's own sign-in vouches for, and whoever knows a site's password (docs/decisions/0033).

Tokens of browsers are random, new at each sign-in, and stored hashed. What the pages make of them is theirs.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum

import msgspec

from waypost.domains.accounts import Actor, guesses, passwords, sessions
from waypost.domains.docs import events, policy, store_visits
from waypost.domains.docs.sites import get_site
from waypost.domains.docs.store_visits import VisitRow
from waypost.kit import secrets, signed_links
from waypost.kit.errors import WaypostError
from waypost.kit.sealing import unseal
from waypost.kit.tx import Transactions, Tx

#: How long the way from the desk to a help center may take.
HAND_OVER = timedelta(seconds=60)
USER_LIFETIME = sessions.LIFETIME
PASSWORD_LIFETIME = timedelta(days=30)
#: Browsers keep no cookie longer.
LONGEST_LIFETIME = timedelta(days=400)
PASSWORD_PER_ADDRESS = guesses.Limit("docs.password.address", 10, timedelta(minutes=15))
_PURPOSE = "docs.visit"
_LONGEST_EMAIL = 320


class Kind(Enum):
    """How a visitor came in."""

    USER = "user"
    CALLBACK = "callback"
    PASSWORD = "password"  # noqa: S105 - a kind, no secret


class Gate(msgspec.Struct, frozen=True, kw_only=True):
    """What a site asks of its visitors. Without an address to sign in at, a restricted site asks for its password."""

    is_restricted: bool = False
    sign_in_url: str = ""
    has_password: bool = False


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """A visitor who was let in. `name` is a user's, or the address that was vouched for; `email` is either's."""

    kind: Kind
    name: str = ""
    email: str = ""
    user_id: int | None = None


class NewVisit(msgspec.Struct, frozen=True, kw_only=True):
    """What the browser gets; `token` is nowhere else."""

    token: str
    expires_at: datetime


class Voucher(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a company's own sign-in vouches for, until when, and the secret that this was checked by.

    `signed` is the part of the token that is signed: however a token is spelled, there is one of it.
    """

    email: str
    expires_at: datetime
    signed: str
    secret: str


class _HandOver(msgspec.Struct, frozen=True, array_like=True):
    """What the desk tells a help center about a browser."""

    account_id: int
    site_id: str
    session_digest: bytes
    #: The digest of what the help center left in the browser that asked.
    asked_by: bytes
    #: Makes each token another one.
    nonce: str


class VisitRefused(WaypostError):
    """The token does not count here (any more). Why is never told."""


class TokenSpent(VisitRefused):
    """The token has let somebody in already."""


class WrongPassword(VisitRefused):
    """Not the site's password, or the site has none."""


async def gate_of(tx: Tx, account_id: int, site_id: str) -> Gate:
    """What the site asks of its visitors."""
    row = await store_visits.find_gate(tx.connection, account_id, site_id)
    if row is None:
        return Gate()
    return Gate(is_restricted=row["is_enabled"], sign_in_url=row["sign_in_url"], has_password=row["has_password"])


async def find_visits(tx: Tx, account_id: int, site_id: str, tokens: list[str]) -> list[Visit]:
    """Who holds these tokens, as far as they count: for a user, while their session at the desk lasts."""
    if not tokens:
        return []
    digests = [secrets.digest(token) for token in tokens]
    return [
        Visit(
            kind=Kind(row["kind"]),
            name=f"{row['first_name']} {row['last_name']}".strip() or row["email"],
            email=row["email"],
            user_id=row["user_id"],
        )
        for row in await store_visits.find(tx.connection, account_id, site_id, digests, tx.now)
    ]


async def hand_over(tx: Tx, key: bytes, session: sessions.Session, site_id: str, asked_by: str) -> str:
    """A token by which a help center of the user's account knows this browser: for one minute, once.

    `asked_by` is the digest that the help center has sent along. Raises NotFound for another account's site.
    """
    actor = session.actor
    policy.may_read(actor)
    await get_site(tx, actor, site_id)
    fields = _HandOver(actor.account_id, site_id, session.digest, asked_by.encode(), secrets.new_token(9))
    return signed_links.sign(key, _PURPOSE, fields, tx.now + HAND_OVER)


async def enter_as_user(
    tx: Tx, key: bytes, account_id: int, site_id: str, token: str, asked_by: str, earlier: list[str]
) -> NewVisit:
    """Let in the browser that the desk has vouched for, if it is the one that asked. Raises VisitRefused, TokenSpent.

    `earlier` are the tokens that the browser held, which end.
    """
    try:
        told = signed_links.verify(key, _PURPOSE, token, _HandOver, tx.now)
    except signed_links.LinkRefused as error:
        raise VisitRefused from error
    is_for_this = (told.account_id, told.site_id) == (account_id, site_id)
    if not secrets.same(told.asked_by, asked_by.encode()) or not asked_by or not is_for_this:
        raise VisitRefused
    user_id = await store_visits.hold_session(tx.connection, account_id, told.session_digest, tx.now)
    if user_id is None:
        raise VisitRefused
    await _spend(tx, account_id, site_id, secrets.digest(token), tx.now + HAND_OVER)
    actor = Actor(account_id=account_id, kind="user", user_id=user_id)
    return await _enter(
        tx, actor, site_id, Kind.USER, USER_LIFETIME, earlier, session_digest=told.session_digest, email=""
    )


async def enter_by_callback(
    tx: Tx, key: bytes, account_id: int, site_id: str, voucher: Voucher, earlier: list[str]
) -> NewVisit:
    """Let in whom the company's own sign-in vouches for (spec: 7), until its token expires.

    Raises VisitRefused where the secret was renewed meanwhile, TokenSpent.
    """
    sealed = await store_visits.hold_secret(tx.connection, account_id, site_id)
    if sealed is None or not secrets.same(unseal(key, sealed), voucher.secret.encode()):
        raise VisitRefused
    await _spend(tx, account_id, site_id, secrets.digest(voucher.signed), voucher.expires_at)
    lasts = min(voucher.expires_at - tx.now, LONGEST_LIFETIME)
    return await _enter(tx, Actor.system(account_id), site_id, Kind.CALLBACK, lasts, earlier, email=voucher.email)


async def enter_by_password(
    transactions: Transactions, account_id: int, site_id: str, password: str, ip: str, earlier: list[str]
) -> NewVisit:
    """Let in who knows the site's password. A site without one takes as long to say no.

    Works in transactions of its own: a guess is counted before it is checked. Raises Throttled, WrongPassword.
    """
    await guesses.count(transactions, (PASSWORD_PER_ADDRESS, f"{site_id} {guesses.network_of(ip)}"))
    async with transactions.read() as read:
        stored = await store_visits.find_password(read.connection, account_id, site_id)
    if not await passwords.matches(password, stored):
        raise WrongPassword
    async with transactions.open() as tx:
        if await store_visits.find_password(tx.connection, account_id, site_id, is_held=True) != stored:
            raise WrongPassword
        return await _enter(tx, Actor.system(account_id), site_id, Kind.PASSWORD, PASSWORD_LIFETIME, earlier)


async def leave(tx: Tx, account_id: int, site_id: str, tokens: list[str]) -> None:
    """End the visits of these tokens. Ending them again is fine."""
    visits = await find_visits(tx, account_id, site_id, tokens)
    await store_visits.end(tx.connection, account_id, site_id, [secrets.digest(token) for token in tokens])
    for visit in visits:
        by = Actor(account_id=account_id, kind="user", user_id=visit.user_id) if visit.user_id else None
        tx.emit(
            by or Actor.system(account_id), events.VisitEnded(subject_id=None, site_id=site_id, by=visit.kind.value)
        )


async def forget_expired(tx: Tx) -> int:
    """Remove visits and spent tokens that are over; how many rows went. For a job, once an hour or so."""
    return await store_visits.forget_expired(tx.connection, tx.now)


async def _spend(tx: Tx, account_id: int, site_id: str, digest: bytes, expires_at: datetime) -> None:
    if not await store_visits.spend(tx.connection, account_id, site_id, digest, expires_at):
        raise TokenSpent


async def _enter(
    tx: Tx,
    actor: Actor,
    site_id: str,
    kind: Kind,
    lasts: timedelta,
    earlier: list[str],
    *,
    session_digest: bytes | None = None,
    email: str = "",
) -> NewVisit:
    token = secrets.new_token(32)
    row = VisitRow(
        account_id=actor.account_id,
        digest=secrets.digest(token),
        site_id=site_id,
        kind=kind.value,
        session_digest=session_digest,
        email=sessions.clean_text(email, _LONGEST_EMAIL),
        created_at=tx.now,
        expires_at=tx.now + lasts,
    )
    await leave(tx, actor.account_id, site_id, earlier)
    await store_visits.insert(tx.connection, row)
    tx.emit(actor, events.VisitBegun(subject_id=None, site_id=site_id, by=kind.value))
    return NewVisit(token=token, expires_at=row.expires_at)
