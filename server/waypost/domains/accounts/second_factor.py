"""A second factor by time-based codes (RFC 6238): enrolling, confirming, checking, removing.

The secret must be readable again, so it is sealed with the desk's own key rather than hashed.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
import pyotp

from waypost.domains.accounts import guesses, passwords, sign_in_events
from waypost.domains.accounts import sessions_store as store
from waypost.domains.accounts.models import Actor
from waypost.domains.accounts.sessions_store import Credentials
from waypost.kit import sealing
from waypost.kit.errors import Conflict, Invalid, NotFound
from waypost.kit.tx import Transactions, Tx

ISSUER = "Waypost"
_DIGITS = 6
#: Codes of the step before and after count too: clocks differ, and typing takes time.
_STEPS_AROUND = (0, -1, 1)


class Enrolment(msgspec.Struct, frozen=True):
    """What an authenticator app needs: the secret to type, or the same as an address for a QR code."""

    secret: str
    uri: str


async def begin(tx: Tx, actor: Actor, secret_key: bytes) -> Enrolment:
    """A new secret, which counts once a code made with it is confirmed. Beginning again replaces an unconfirmed one."""
    held = await store.hold_credentials(tx.connection, actor.account_id, actor.user_id)
    if held is None:
        raise NotFound
    if held.has_second_factor:
        raise Conflict("Two-step sign-in is on already.")
    secret = pyotp.random_base32()
    sealed = sealing.seal(secret_key, secret.encode())
    await store.set_totp(tx.connection, actor.account_id, actor.user_id, sealed, None, tx.now)
    return _enrolment(secret, held.email)


async def pending(tx: Tx, actor: Actor, secret_key: bytes) -> Enrolment | None:
    """The enrolment that waits for its first code."""
    known = await store.find_credentials(tx.connection, actor.account_id, actor.user_id)
    if known is None or known.totp_secret is None or known.has_second_factor:
        return None
    return _enrolment(sealing.unseal(secret_key, known.totp_secret).decode(), known.email)


async def is_on(tx: Tx, actor: Actor) -> bool:
    """Whether sign-in asks for a code."""
    known = await store.find_credentials(tx.connection, actor.account_id, actor.user_id)
    return known is not None and known.has_second_factor


async def confirm(transactions: Transactions, actor: Actor, secret_key: bytes, code: str, ip: str) -> None:
    """Switch the second factor on with a first right code. Raises Throttled, Conflict or Invalid (`code`)."""
    await count_guess(transactions, actor.user_id, ip)
    async with transactions.open() as tx:
        held = await store.hold_credentials(tx.connection, actor.account_id, actor.user_id)
        if held is None or held.totp_secret is None or held.has_second_factor:
            raise Conflict("There is nothing to confirm. Begin again.")
        step = _matching_step(sealing.unseal(secret_key, held.totp_secret).decode(), code, tx.now)
        if step is None:
            raise Invalid.one("code", "This code is not right. Enter the one that the app shows now.", "Unknown")
        await store.set_totp(tx.connection, actor.account_id, actor.user_id, held.totp_secret, step, tx.now)
        tx.emit(actor, sign_in_events.SecondFactorAdded(subject_id=actor.user_id))
    await forget_guesses(transactions, actor.user_id)


async def remove(transactions: Transactions, actor: Actor, password: str, ip: str) -> None:
    """Switch the second factor off, or drop an unconfirmed one. Raises Throttled or Invalid (`password`)."""
    await check_password(transactions, actor, password, ip)
    async with transactions.open() as tx:
        held = await store.hold_credentials(tx.connection, actor.account_id, actor.user_id)
        await store.set_totp(tx.connection, actor.account_id, actor.user_id, None, None, tx.now)
        if held is not None and held.has_second_factor:
            tx.emit(actor, sign_in_events.SecondFactorRemoved(subject_id=actor.user_id))


async def check_password(transactions: Transactions, actor: Actor, password: str, ip: str) -> Credentials:
    """Make a signed-in user prove the password once more. Raises Throttled or Invalid (`password`)."""
    async with transactions.read() as read:
        known = await store.find_credentials(read.connection, actor.account_id, actor.user_id)
    if known is None:
        raise NotFound
    per_email = (guesses.PASSWORD_PER_EMAIL, known.email.lower())
    await guesses.count(transactions, (guesses.PASSWORD_PER_ADDRESS, guesses.network_of(ip)), per_email)
    if not await passwords.matches(password, known.password_hash):
        raise Invalid.one("password", "This is not your password.", "Unknown")
    await guesses.forget(transactions, per_email)
    return known


async def accept_code(tx: Tx, secret_key: bytes, held: Credentials, code: str) -> bool:
    """Whether the code is right and new. A code counts once; of two at the same time, one."""
    if held.totp_secret is None or held.totp_last_step is None:
        return False
    step = _matching_step(sealing.unseal(secret_key, held.totp_secret).decode(), code, tx.now)
    if step is None:
        return False
    return await store.spend_totp_step(tx.connection, held.account_id, held.user_id, step)


async def count_guess(transactions: Transactions, user_id: int, ip: str) -> None:
    """Count a guess at a code. Raises Throttled."""
    subject = str(user_id)
    await guesses.count(
        transactions,
        (guesses.CODE_PER_ADDRESS, guesses.network_of(ip)),
        (guesses.CODE_PER_USER, subject),
        (guesses.CODE_PER_USER_A_DAY, subject),
    )


async def forget_guesses(transactions: Transactions, user_id: int) -> None:
    """A code was right: the user's next one starts with a fresh count."""
    subject = str(user_id)
    await guesses.forget(transactions, (guesses.CODE_PER_USER, subject), (guesses.CODE_PER_USER_A_DAY, subject))


def _matching_step(secret: str, code: str, now: datetime) -> int | None:
    """The time step whose code this is; None for a wrong one."""
    typed = "".join(code.split())
    if len(typed) != _DIGITS or not (typed.isascii() and typed.isdigit()):
        return None
    totp = pyotp.TOTP(secret, digits=_DIGITS)
    step = totp.timecode(now)
    found = None
    for offset in _STEPS_AROUND:
        if pyotp.utils.strings_equal(totp.generate_otp(step + offset), typed) and found is None:
            found = step + offset
    return found


def _enrolment(secret: str, email: str) -> Enrolment:
    uri = pyotp.TOTP(secret, digits=_DIGITS).provisioning_uri(name=email, issuer_name=ISSUER)
    return Enrolment(secret, uri)
