"""What users want to be told of."""

from __future__ import annotations

from waypost.domains.accounts import Actor
from waypost.domains.notifications import policy, store
from waypost.domains.notifications.models import BY_DEFAULT, Occasion
from waypost.kit.errors import NotFound
from waypost.kit.tx import Tx


async def choices_of(tx: Tx, actor: Actor, user_id: int) -> dict[Occasion, bool]:
    """For every occasion whether the user is told of it. Raises NotFound, Forbidden."""
    await _check(tx, actor, user_id)
    chosen = await store.choices(tx.connection, actor.account_id, user_id)
    return {occasion: chosen.get(occasion.value, occasion in BY_DEFAULT) for occasion in Occasion}


async def choose(tx: Tx, actor: Actor, user_id: int, wanted: dict[Occasion, bool]) -> None:
    """Choose for some occasions; the others stay as they are. Raises NotFound, Forbidden."""
    await _check(tx, actor, user_id)
    await store.choose(
        tx.connection, actor.account_id, user_id, {occasion.value: is_wanted for occasion, is_wanted in wanted.items()}
    )


async def _check(tx: Tx, actor: Actor, user_id: int) -> None:
    if not await store.is_user(tx.connection, actor.account_id, user_id):
        raise NotFound
    policy.may_choose(actor, user_id)
