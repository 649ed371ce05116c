"""Ways to a new password: changing it, a mailed link after forgetting it, accepting an invitation.

Whichever way, the user's other sessions end in the same transaction.
"""

from __future__ import annotations

import msgspec

from waypost.domains.accounts import (
    guesses,
    membership,
    one_time_tokens,
    passwords,
    second_factor,
    sessions,
    sign_in_events,
)
from waypost.domains.accounts import sessions_store as store
from waypost.domains.accounts.models import Actor
from waypost.domains.accounts.one_time_tokens import Bearer
from waypost.domains.accounts.sessions import Session, SignedIn
from waypost.kit.errors import Conflict, NotFound
from waypost.kit.tx import Transactions, Tx


class ResetLink(msgspec.Struct, frozen=True):
    """What the mail to a user who forgot the password is made of."""

    bearer: Bearer
    token: str


async def change(transactions: Transactions, session: Session, current: str, new: str, ip: str) -> None:
    """Exchange the password; this session stays, all others end. Raises Throttled or Invalid."""
    actor = session.actor
    known = await second_factor.check_password(transactions, actor, current, ip)
    passwords.check_new(new, known.email, "new_password")
    new_hash = await passwords.hashed(new)
    async with transactions.open() as tx:
        held = await store.hold_credentials(tx.connection, actor.account_id, actor.user_id)
        if held is None or held.password_hash != known.password_hash:
            raise Conflict("Your password was changed elsewhere just now. Sign in again.")
        await _set(tx, actor, new_hash, "change", session.digest)


async def count_reset(transactions: Transactions, email: str, ip: str) -> None:
    """Count a wish for a reset mail, whether or not the address is known. Raises Throttled."""
    await guesses.count(
        transactions,
        (guesses.RESET_PER_ADDRESS, guesses.network_of(ip)),
        (guesses.RESET_PER_EMAIL, email.strip().lower()),
    )


async def request_reset(tx: Tx, email: str) -> ResetLink | None:
    """A link for a new password, good for one hour; None for those who cannot sign in. Earlier links stop working."""
    address = sessions.clean_text(email.strip(), 320)
    known = await store.find_credentials_by_email(tx.connection, address)
    if known is None or known.status != "active":
        return None
    token = await one_time_tokens.issue(tx, known.account_id, known.user_id, "password_reset")
    by = Actor.system(known.account_id)
    tx.emit(by, sign_in_events.PasswordResetRequested(subject_id=known.user_id))
    return ResetLink(Bearer(known.account_id, known.user_id, known.name, known.email), token)


async def reset(transactions: Transactions, token: str, new: str, ip: str) -> Bearer:
    """Set a new password by a mailed link, once; all sessions end. The second factor stays as it is.

    Raises Throttled, NotFound (the link does not work) or Invalid.
    """
    bearer, new_hash = await _checked_hash(transactions, token, "password_reset", new, ip)
    async with transactions.open() as tx:
        actor = await _spend(tx, token, "password_reset", bearer)
        await _set(tx, actor, new_hash, "reset", None)
    return bearer


async def accept_invitation(transactions: Transactions, token: str, new: str, ip: str, user_agent: str) -> SignedIn:
    """Choose a first password by a mailed invitation, become active and be signed in.

    Raises Throttled, NotFound (the link does not work) or Invalid.
    """
    bearer, new_hash = await _checked_hash(transactions, token, "invitation", new, ip)
    async with transactions.open() as tx:
        actor = await _spend(tx, token, "invitation", bearer)
        await membership.accept_invitation(tx, bearer.account_id, bearer.user_id)
        await _set(tx, actor, new_hash, "invitation", None)
        return await sessions.open_session(tx, bearer.account_id, bearer.user_id, ip, user_agent)


async def set_password(tx: Tx, by: Actor, account_id: int, user_id: int, new: str) -> None:
    """Set a user's password from the command line or a seed; all sessions of the user end. Raises Invalid, NotFound."""
    held = await store.hold_credentials(tx.connection, account_id, user_id)
    if held is None:
        raise NotFound
    passwords.check_new(new, held.email)
    await store.set_password(tx.connection, account_id, user_id, await passwords.hashed(new), tx.now)
    await sessions.end_sessions(tx, account_id, user_id)
    tx.emit(by, sign_in_events.PasswordChanged(subject_id=user_id, way="change"))


async def _checked_hash(
    transactions: Transactions, token: str, purpose: store.Purpose, new: str, ip: str
) -> tuple[Bearer, str]:
    """Hash a new password, for a link that works; slow work stays outside of the transaction that spends it."""
    await guesses.count(transactions, (guesses.TOKEN_PER_ADDRESS, guesses.network_of(ip)))
    async with transactions.read() as read:
        bearer = await one_time_tokens.find(read, token, purpose)
    if bearer is None:
        raise NotFound
    passwords.check_new(new, bearer.email, "new_password")
    return bearer, await passwords.hashed(new)


async def _spend(tx: Tx, token: str, purpose: store.Purpose, bearer: Bearer) -> Actor:
    # The user's row first, as everywhere: who locks the token first could wait for one who waits for the token.
    await store.hold_credentials(tx.connection, bearer.account_id, bearer.user_id)
    if await one_time_tokens.spend(tx, token, purpose) is None:
        raise NotFound
    return Actor(account_id=bearer.account_id, kind="user", user_id=bearer.user_id)


async def _set(tx: Tx, actor: Actor, new_hash: str, way: str, kept: bytes | None) -> None:
    await store.set_password(tx.connection, actor.account_id, actor.user_id, new_hash, tx.now)
    await sessions.end_sessions(tx, actor.account_id, actor.user_id, kept)
    tx.emit(actor, sign_in_events.PasswordChanged(subject_id=actor.user_id, way=way))
