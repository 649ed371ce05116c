"""Links that work once: invitations, new passwords, half-finished sign-ins. Random, stored hashed, expiring."""

from __future__ import annotations

from datetime import timedelta
from typing import TypeAlias

import msgspec

from waypost.domains.accounts import sessions_store as store
from waypost.kit import secrets
from waypost.kit.tx import Tx

Purpose: TypeAlias = store.Purpose

LIFETIMES: dict[Purpose, timedelta] = {
    "invitation": timedelta(hours=72),
    "password_reset": timedelta(hours=1),
    "second_factor": timedelta(minutes=10),
}
_STATUS_NEEDED: dict[Purpose, str] = {
    "invitation": "invited",
    "password_reset": "active",
    "second_factor": "active",
}


class Bearer(msgspec.Struct, frozen=True):
    """Whom a token speaks for."""

    account_id: int
    user_id: int
    name: str
    email: str


async def issue(tx: Tx, account_id: int, user_id: int, purpose: Purpose) -> str:
    """A new token. Earlier invitations and reset links of the user stop working; half-finished sign-ins stay."""
    await store.hold_credentials(tx.connection, account_id, user_id)
    if purpose != "second_factor":
        await store.delete_tokens(tx.connection, account_id, user_id, [purpose])
    token = secrets.new_token(32)
    await store.insert_token(
        tx.connection,
        account_id,
        user_id,
        purpose=purpose,
        digest=secrets.digest(token),
        now=tx.now,
        expires_at=tx.now + LIFETIMES[purpose],
    )
    return token


async def issue_invitation(tx: Tx, account_id: int, user_id: int) -> str:
    """The token of an invitation, good for 72 hours; an earlier one stops working."""
    return await issue(tx, account_id, user_id, "invitation")


async def find(tx: Tx, token: str, purpose: Purpose) -> Bearer | None:
    """Whom an unspent token speaks for. Looking does not use it up, so that mail scanners do no harm."""
    found = await store.find_token(tx.connection, secrets.digest(token), purpose, tx.now)
    return await _bearer(tx, found, purpose)


async def spend(tx: Tx, token: str, purpose: Purpose) -> Bearer | None:
    """Use a token up; None when unknown, used, expired, replaced, or when the user may not use it any more."""
    found = await store.spend_token(tx.connection, secrets.digest(token), purpose, tx.now)
    return await _bearer(tx, found, purpose)


async def _bearer(tx: Tx, found: tuple[int, int] | None, purpose: Purpose) -> Bearer | None:
    if found is None:
        return None
    user = await store.find_credentials(tx.connection, *found)
    if user is None or user.status != _STATUS_NEEDED[purpose]:
        return None
    return Bearer(user.account_id, user.user_id, user.name, user.email)
