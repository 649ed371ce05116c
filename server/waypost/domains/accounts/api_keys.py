"""Keys of the Docs API: long-lived secrets that act as their user."""

from __future__ import annotations

from waypost.domains.accounts import events
from waypost.domains.accounts import store_tokens as store
from waypost.domains.accounts.details import check_name
from waypost.domains.accounts.models import Actor
from waypost.kit.db import Connection
from waypost.kit.errors import Forbidden, NotFound
from waypost.kit.secrets import digest, new_token
from waypost.kit.tx import Tx

_LABEL_LENGTH = 100
_LONGEST_KEY = 512


async def create_api_key(tx: Tx, actor: Actor, label: str = "") -> tuple[int, str]:
    """The id of a new key of the actor's, and the key, which nobody can read again. Raises Forbidden, Invalid."""
    if actor.kind != "user":
        raise Forbidden("a key belongs to a user")
    if label:
        check_name("label", label, _LABEL_LENGTH)
    key = new_token()
    key_id = await store.insert_api_key(tx, actor.account_id, actor.user_id, digest(key), label)
    tx.emit(actor, events.ApiKeyCreated(subject_id=key_id))
    return key_id, key


async def revoke_api_key(tx: Tx, actor: Actor, key_id: int) -> None:
    """End a key: one's own, or anybody's for administrators. Raises NotFound."""
    user_id = None if actor.is_administrator else actor.user_id
    if not await store.revoke_api_key(tx, actor.account_id, user_id, key_id):
        raise NotFound("no such key")
    tx.emit(actor, events.ApiKeyRevoked(subject_id=key_id))


async def authenticate_api_key(connection: Connection, key: str) -> Actor | None:
    """Whom the key stands for, in one query; None if it is unknown or ended, or its user not active."""
    if not key or len(key) > _LONGEST_KEY:
        return None
    return await store.find_api_key_actor(connection, digest(key))
