"""Taking hold of a conversation to change it."""

from __future__ import annotations

from datetime import timedelta

from waypost.domains.accounts import Actor, Scope, scope_of
from waypost.domains.conversations import store, store_writes
from waypost.kit.errors import Moved, NotFound, Unavailable
from waypost.kit.tx import Tx

#: How long a merged conversation points to its survivor (spec: 5.1).
MERGE_TRAIL = timedelta(days=60)


def reach(actor: Actor) -> Scope:
    """What a verb of this actor may touch. A customer's own verbs have checked the conversation themselves."""
    return Scope(actor.account_id, 0, None) if actor.kind == "customer" else scope_of(actor)


async def lock(tx: Tx, actor: Actor, conversation_id: int) -> store_writes.Locked:
    """The conversation under its row lock. Raises NotFound, or Unavailable while a merge or move holds it."""
    found = await store_writes.lock(tx.connection, reach(actor), conversation_id)
    if found is None:
        raise NotFound
    if found.is_busy:
        raise Unavailable("Conversation is locked")
    return found


async def version(tx: Tx, actor: Actor, conversation_id: int, *, hold: bool = False) -> int | None:
    """How often a conversation has changed, None where there is none; with `hold` it stays so until the end of `tx`."""
    return await store_writes.version(tx.connection, reach(actor), conversation_id, hold=hold)


async def thread_version(
    tx: Tx, actor: Actor, conversation_id: int, thread_id: int, *, hold: bool = False
) -> int | None:
    """The same of a thread; it is its conversation that is held."""
    if await version(tx, actor, conversation_id, hold=hold) is None:
        return None
    return await store_writes.thread_version(tx.connection, reach(actor), conversation_id, thread_id)


async def missing(tx: Tx, actor: Actor, conversation_id: int) -> NotFound | Moved:
    """Why a read found nothing: gone, foreign, or living on elsewhere."""
    survivor = await store.find_survivor(tx.connection, scope_of(actor), conversation_id, tx.now - MERGE_TRAIL)
    return Moved(survivor) if survivor is not None else NotFound()


async def lock_for_clock(tx: Tx, actor: Actor, conversation_id: int) -> store_writes.Locked | None:
    """The conversation for what happens by time: seen by nobody, so by no rights; None when it is gone."""
    return await store_writes.lock(tx.connection, Scope(actor.account_id, actor.user_id, None), conversation_id)
