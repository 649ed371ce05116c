"""OAuth applications: the integrations that users register (spec: 2.1). They have no rights but their user's."""

from __future__ import annotations

import re
import secrets
from urllib.parse import urlsplit

from waypost.domains.accounts import events, policy, rights, store_tokens
from waypost.domains.accounts import store_applications as store
from waypost.domains.accounts.details import check_name
from waypost.domains.accounts.models import Actor, Dialect, OAuthApplication, scope_of
from waypost.kit.db import Connection
from waypost.kit.errors import FieldError, Forbidden, Invalid, NotFound
from waypost.kit.secrets import digest, new_token, same
from waypost.kit.tx import Tx

_NAME_LENGTH = 100
_URL_LENGTH = 2000
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f\ud800-\udfff\\]")
# RFC 8252, 7.1: an app's own scheme is a reversed domain name. The dot keeps javascript:, data: and the like out.
_OWN_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+")
# What `register_application` makes. Anything else is nobody's, and may be text that the database does not take.
_CLIENT_ID = re.compile(r"[0-9a-f]{32}")
_NOBODY = digest("no such application")


async def register_application(
    tx: Tx, actor: Actor, name: str, redirect_url: str = "", dialect: Dialect = Dialect.SEED
) -> tuple[OAuthApplication, str]:
    """A new application of the actor's, and its secret, which nobody can read again. Raises Invalid, Forbidden."""
    policy.may_register_application(actor)
    _check(name, redirect_url)
    secret = new_token()
    application = await store.insert_application(
        tx,
        actor.account_id,
        actor.user_id,
        name=name.strip(),
        client_id=secrets.token_hex(16),
        secret_hash=digest(secret),
        redirect_url=redirect_url,
        dialect=dialect,
    )
    tx.emit(actor, events.ApplicationCreated(subject_id=application.id))
    return application, secret


async def reset_secret(tx: Tx, actor: Actor, application_id: int) -> str:
    """A new secret; the old one and all tokens end (spec: 2.3). Its user only. Raises NotFound, Forbidden."""
    application = await _locked(tx, actor, application_id)
    policy.may_hold_secret(actor, application)
    secret = new_token()
    await store.set_secret(tx, actor.account_id, application_id, digest(secret))
    await store_tokens.revoke_tokens_of_application(tx, actor.account_id, application_id)
    await rights.changed(tx, actor.account_id)
    tx.emit(actor, events.ApplicationSecretReset(subject_id=application_id))
    return secret


async def update_application(
    tx: Tx,
    actor: Actor,
    application_id: int,
    *,
    name: str | None = None,
    redirect_url: str | None = None,
    dialect: Dialect | None = None,
) -> OAuthApplication:
    """Change what is given. Where codes are sent, only its user changes. Raises NotFound, Forbidden, Invalid."""
    before = await _locked(tx, actor, application_id)
    policy.may_administer_application(actor, before)
    new_name = before.name if name is None else name.strip()
    new_url = before.redirect_url if redirect_url is None else redirect_url
    new_dialect = dialect or before.dialect
    _check(new_name, new_url)
    if new_url != before.redirect_url:
        policy.may_hold_secret(actor, before)
    pairs = {
        "name": (before.name, new_name),
        "redirect_url": (before.redirect_url, new_url),
        "dialect": (before.dialect, new_dialect),
    }
    changed = [key for key, (old, new) in pairs.items() if old != new]
    if not changed:
        return before
    after = await store.update_application(
        tx, actor.account_id, application_id, name=new_name, redirect_url=new_url, dialect=new_dialect
    )
    if "redirect_url" in changed:
        await store_tokens.delete_codes_of_application(tx, actor.account_id, application_id)
    if "dialect" in changed:
        await rights.changed(tx, actor.account_id)
    tx.emit(actor, events.ApplicationUpdated(subject_id=application_id, changed=changed))
    return after


async def rename_application(tx: Tx, actor: Actor, application_id: int, name: str) -> OAuthApplication:
    """Give another name. Raises NotFound, Forbidden, Invalid."""
    return await update_application(tx, actor, application_id, name=name)


async def set_dialect(tx: Tx, actor: Actor, application_id: int, dialect: Dialect) -> OAuthApplication:
    """Say whose contract the application was written for (spec: 5.3). Raises NotFound, Forbidden."""
    return await update_application(tx, actor, application_id, dialect=dialect)


async def delete_application(tx: Tx, actor: Actor, application_id: int) -> None:
    """Remove it; all its tokens end (spec: 2.3). Raises NotFound, Forbidden."""
    application = await _locked(tx, actor, application_id)
    policy.may_administer_application(actor, application)
    await store.set_deleted(tx, actor.account_id, application_id)
    await store_tokens.revoke_tokens_of_application(tx, actor.account_id, application_id)
    await rights.changed(tx, actor.account_id)
    tx.emit(actor, events.ApplicationDeleted(subject_id=application_id))


async def list_applications(tx: Tx, actor: Actor, *, of_everybody: bool = False) -> list[OAuthApplication]:
    """The actor's own, or for administrators everybody's, by name. Raises Forbidden."""
    if of_everybody:
        policy.may_administer(actor)
        return await store.list_applications(tx, scope_of(actor), None)
    return await store.list_applications(tx, scope_of(actor), actor.user_id)


async def get_application(tx: Tx, actor: Actor, application_id: int) -> OAuthApplication:
    """One that the actor may administer. Raises NotFound."""
    application = await store.find_application(tx, scope_of(actor), application_id)
    if application is None:
        raise NotFound("no such application")
    try:
        policy.may_administer_application(actor, application)
    except Forbidden as error:
        raise NotFound("no such application") from error
    return application


async def find_application(connection: Connection, client_id: str) -> OAuthApplication | None:
    """By its public id, for the consent page."""
    return await store.find_by_client_id(connection, client_id) if _CLIENT_ID.fullmatch(client_id) else None


async def check_secret(connection: Connection, client_id: str, client_secret: str) -> OAuthApplication | None:
    """The application, if this is its secret; unknown ids and wrong secrets take the same time.

    Within a transaction the secret stays valid until that ends: a reset waits, and then finds the tokens made here.
    """
    known_as = client_id if _CLIENT_ID.fullmatch(client_id) else ""
    found = await store.hold_with_secret(connection, known_as)
    application, expected = found or (None, _NOBODY)
    return application if same(digest(client_secret), expected) else None


def is_redirect_url(url: str) -> bool:
    """Whether a code may be sent there: https, an app's own scheme (RFC 8252), or plain http to the same machine."""
    if len(url) > _URL_LENGTH or _UNPRINTABLE.search(url) or "#" in url:
        return False
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if parts.username is not None or parts.password is not None:
        return False
    if parts.scheme == "https":
        return bool(host)
    if parts.scheme == "http":
        return host in _LOOPBACK
    return bool(_OWN_SCHEME.fullmatch(parts.scheme))


def _check(name: str, redirect_url: str) -> None:
    errors: list[FieldError] = []
    try:
        check_name("name", name.strip(), _NAME_LENGTH)
    except Invalid as error:
        errors += error.errors
    if redirect_url and not is_redirect_url(redirect_url):
        message = "must be an https address, http on this machine, or an app's own scheme, without a fragment"
        errors.append(FieldError("redirectUrl", message, "Type", redirect_url))
    if errors:
        raise Invalid(errors)


async def _locked(tx: Tx, actor: Actor, application_id: int) -> OAuthApplication:
    application = await store.lock_application(tx, actor.account_id, application_id)
    if application is None:
        raise NotFound("no such application")
    return application
