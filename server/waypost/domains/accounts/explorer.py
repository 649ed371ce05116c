"""The application that a user's own calls in the API explorer are made under, and its short-lived tokens."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from waypost.domains.accounts import applications, grants
from waypost.domains.accounts import sessions_store as store
from waypost.domains.accounts.models import Actor, OAuthApplication, Refusal
from waypost.kit.errors import Forbidden
from waypost.kit.secrets import digest
from waypost.kit.tx import Tx

NAME = "API explorer"
LIFETIME = timedelta(hours=1)


class ExplorerToken(msgspec.Struct, frozen=True):
    """A bearer token that acts as the user for an hour."""

    access_token: str
    expires_in_s: int


async def token_for(tx: Tx, actor: Actor, redirect_url: str) -> ExplorerToken:
    """A token for the actor's own use in the explorer. Raises Forbidden for those who may hold none."""
    application = await _own(tx, actor, redirect_url)
    tokens = await grants.client_credentials(tx, application)
    if isinstance(tokens, Refusal):
        raise Forbidden("the user is not active")
    await store.shorten_token(tx.connection, actor.account_id, digest(tokens.access_token), tx.now + LIFETIME)
    return ExplorerToken(tokens.access_token, int(LIFETIME.total_seconds()))


async def _own(tx: Tx, actor: Actor, redirect_url: str) -> OAuthApplication:
    """The user's explorer application; registered when first needed, its secret known to nobody."""
    for one in await applications.list_applications(tx, actor):
        if one.name == NAME:
            return one
    usable = redirect_url if applications.is_redirect_url(redirect_url) else ""
    return (await applications.register_application(tx, actor, NAME, usable))[0]
