"""How customers go: at once where few conversations hang on them, else in the background."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from waypost.domains.accounts import Actor, scope_of
from waypost.domains.customers import events, policy
from waypost.domains.customers.store import people
from waypost.kit import jobs
from waypost.kit.errors import NotFound
from waypost.kit.tx import Tx

DELETE_JOB = "customers.delete"

BeforeDelete = Callable[[Tx, Actor, int], Awaitable[None]]

#: What later domains must do, in the same transaction, before a customer goes: (tx, actor, customer_id).
#: Conversations delete the customer's conversations here.
before_delete: list[BeforeDelete] = []


async def delete(tx: Tx, actor: Actor, customer_id: int) -> None:
    """Delete a customer with all conversations, and everything known about them.

    Raises NotFound, or ConversationsInTheWay if the actor cannot see them all or they are more than 100.
    """
    await _check(tx, actor, customer_id, in_background=False)
    await _erase(tx, actor, customer_id)


async def request_deletion(tx: Tx, actor: Actor, customer_id: int) -> None:
    """The same without a bound, done by a job once this transaction has committed."""
    await _check(tx, actor, customer_id, in_background=True)
    payload = {"account_id": actor.account_id, "customer_id": customer_id, "user_id": actor.user_id}
    await jobs.enqueue(tx, DELETE_JOB, payload, dedupe_key=f"{DELETE_JOB}:{customer_id}")


async def carry_out_deletion(tx: Tx, actor: Actor, customer_id: int) -> None:
    """Delete a customer whose deletion was allowed when it was asked for. Nothing happens if they are gone."""
    standing = await people.lock(tx.connection, actor.account_id, customer_id, exclusively=True)
    if standing is not None and standing.state == "active":
        await _erase(tx, actor, customer_id)


async def _check(tx: Tx, actor: Actor, customer_id: int, *, in_background: bool) -> None:
    standing = await people.lock(tx.connection, actor.account_id, customer_id, exclusively=True)
    if standing is None or standing.state != "active":
        raise NotFound
    total, visible = await people.count_conversations(tx.connection, scope_of(actor), customer_id)
    policy.may_delete(actor, total, visible, in_background=in_background)


async def _erase(tx: Tx, actor: Actor, customer_id: int) -> None:
    for prepare in before_delete:
        await prepare(tx, actor, customer_id)
    await people.erase(tx.connection, actor.account_id, customer_id, tx.now)
    tx.emit(actor, events.CustomerDeleted(subject_id=customer_id))
