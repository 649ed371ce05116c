"""A user's keys of the Docs API as the profile lists them: never the keys themselves."""

from __future__ import annotations

from waypost.domains.accounts import sessions_store as store
from waypost.domains.accounts.models import Actor
from waypost.domains.accounts.sessions_store import KeyRow
from waypost.kit.tx import Tx


async def list_api_keys(tx: Tx, actor: Actor) -> list[KeyRow]:
    """The actor's own keys that still work, newest first."""
    return await store.list_api_keys(tx.connection, actor.account_id, actor.user_id)
