"""Whether mail reaches a customer's addresses: what is noted when it comes back, and forgotten when they write."""

from __future__ import annotations

from waypost.domains.accounts import Actor
from waypost.domains.customers import events
from waypost.domains.customers.models import AddressBounce
from waypost.domains.customers.store import entries as entry_store
from waypost.kit.tx import Tx


async def note_bounced_address(tx: Tx, account_id: int, email: str, reason: str) -> None:
    """Note that mail to an address comes back for good, with the other server's words. Nobody's address is no matter.

    The customer counts as changed. Seen to by the desk itself: no rights are asked for.
    """
    owner = await entry_store.mark_bounced(tx.connection, account_id, email, AddressBounce(tx.now, reason))
    _tell(tx, account_id, owner)


async def note_working_address(tx: Tx, account_id: int, email: str) -> None:
    """Forget what was noted against an address, as mail has come from it. Where nothing was, nothing happens."""
    owner = await entry_store.mark_reached(tx.connection, account_id, email, tx.now)
    _tell(tx, account_id, owner)


def _tell(tx: Tx, account_id: int, customer_id: int | None) -> None:
    if customer_id is not None:
        tx.emit(Actor.system(account_id), events.CustomerUpdated(subject_id=customer_id, fields=["emails"]))
