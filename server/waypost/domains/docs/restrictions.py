"""What a site asks of its visitors: to sign in elsewhere, or to know its password (spec: 7, decision 0033)."""

from __future__ import annotations

import base64
import secrets

from msgspec import UNSET, UnsetType

from waypost.domains.accounts import Actor, passwords
from waypost.domains.docs import errors, events, policy, rights, store_sites, store_visits
from waypost.domains.docs.addresses import is_web_address
from waypost.domains.docs.models import Restriction
from waypost.domains.docs.sites import LONGEST_ADDRESS, get_site
from waypost.domains.docs.visits import Kind
from waypost.kit.errors import Conflict
from waypost.kit.sealing import seal, unseal
from waypost.kit.tx import Tx

SECRET_BYTES = 32
_SIGN_IN_URL = "callbackConfiguration.signInUrl"


async def get_restriction(tx: Tx, actor: Actor, key: bytes, site_id: str) -> Restriction:
    """Whether the site asks visitors who they are. `key` is the desk's. Raises NotFound, Forbidden.

    Whoever holds the secret can let anybody in, so only those who may change it see it.
    """
    await get_site(tx, actor, site_id)
    policy.may_manage(actor, await rights.level_of(tx, actor))
    return await restriction_of(tx, actor.account_id, key, site_id)


async def restriction_of(tx: Tx, account_id: int, key: bytes, site_id: str) -> Restriction:
    """The same for the public pages, which check tokens with it."""
    row = await store_sites.find_restriction(tx.connection, account_id, site_id)
    if row is None:
        return Restriction()
    sealed = row["secret_sealed"]
    return Restriction(
        is_enabled=row["is_enabled"],
        sign_in_url=row["sign_in_url"],
        secret=unseal(key, sealed).decode() if sealed else None,
        has_password=row["has_password"],
    )


async def set_restriction(
    tx: Tx,
    actor: Actor,
    key: bytes,
    site_id: str,
    *,
    is_enabled: bool,
    sign_in_url: str | None,
    password: str | UnsetType | None = UNSET,
    first_secret: str | None = None,
) -> Restriction:
    """Ask visitors to sign in or for a password, or stop asking. Raises as reading, and Invalid.

    The secret is made when first needed, unless it is given then (`first_secret`), and stays. A `sign_in_url` of None
    stays as it was, an empty one goes. Another password, or None for no more, ends the visits of those who knew the one
    before.
    """
    before = await get_restriction(tx, actor, key, site_id)
    await rights.begin_managing(tx, actor)
    url = before.sign_in_url if sign_in_url is None else sign_in_url
    has_password = before.has_password if password is UNSET else bool(password)
    if is_enabled and not url and not has_password:
        errors.raise_any([errors.required(_SIGN_IN_URL)])
    if url and (not is_web_address(url) or len(url) > LONGEST_ADDRESS):
        errors.raise_any([errors.invalid(_SIGN_IN_URL, url)])
    secret = before.secret
    if is_enabled and url and secret is None:
        secret = first_secret or _new_secret()
    sealed = seal(key, secret.encode()) if secret is not None else None
    after = Restriction(is_enabled=is_enabled, sign_in_url=url, secret=secret, has_password=has_password)
    await store_sites.put_restriction(tx.connection, actor.account_id, site_id, is_enabled, url, sealed)
    if password is not UNSET:
        await _set_password(tx, actor, site_id, password)
    if after != before:
        tx.emit(actor, events.RestrictionChanged(subject_id=None, id=site_id, is_enabled=is_enabled))
    return after


async def renew_secret(tx: Tx, actor: Actor, key: bytes, site_id: str) -> Restriction:
    """Have tokens signed by a new secret from now on; all who came in by the old one are out.

    Raises NotFound, Forbidden, and Conflict where the site never asked visitors to sign in elsewhere.
    """
    before = await get_restriction(tx, actor, key, site_id)
    await rights.begin_managing(tx, actor)
    if before.secret is None:
        raise Conflict("the site has no secret yet: visitors never had to sign in elsewhere")
    sealed = seal(key, _new_secret().encode())
    await store_visits.renew_secret(tx.connection, actor.account_id, site_id, sealed)
    await store_visits.end_kind(tx.connection, actor.account_id, site_id, Kind.CALLBACK.value)
    tx.emit(actor, events.SecretRenewed(subject_id=None, id=site_id))
    return await restriction_of(tx, actor.account_id, key, site_id)


async def _set_password(tx: Tx, actor: Actor, site_id: str, password: str | None) -> None:
    stored = None
    if password:
        passwords.check_new(password, "")
        stored = await passwords.hashed(password)
    await store_visits.set_password(tx.connection, actor.account_id, site_id, stored)
    await store_visits.end_kind(tx.connection, actor.account_id, site_id, Kind.PASSWORD.value)
    tx.emit(actor, events.PasswordChanged(subject_id=None, id=site_id, has_password=stored is not None))


def _new_secret() -> str:
    return base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
