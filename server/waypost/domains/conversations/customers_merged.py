"""What of conversations goes along when customers are merged: customers.merge calls these (spec: 8.4)."""

from __future__ import annotations

from waypost.domains.conversations import store_customers
from waypost.kit.tx import Tx


class ConversationsOfCustomers:
    """Conversations, threads and ratings as belongings of customers."""

    async def hold(self, tx: Tx, account_id: int, survivor_id: int, ids: list[int], most: int) -> bool:
        """Lock the conversations in which they stand, unless these and the survivor's are more than `most`."""
        own = await store_customers.count_own(tx.connection, account_id, survivor_id, most + 1)
        found = await store_customers.touched(tx.connection, account_id, ids, most + 1)
        if own + len(found) > most:
            return False
        await store_customers.lock(tx.connection, account_id, found)
        return True

    async def move(self, tx: Tx, account_id: int, survivor_id: int, ids: list[int], most: int) -> int:
        """Give at most so many conversations to the survivor; how many there were."""
        await store_customers.move_ratings(tx.connection, account_id, ids, survivor_id)
        found = await store_customers.touched(tx.connection, account_id, ids, most)
        if found:
            await store_customers.lock(tx.connection, account_id, found)
            await store_customers.move(tx.connection, account_id, found, ids, survivor_id, tx.now)
        return len(found)

    async def refresh(self, tx: Tx, account_id: int, survivor_id: int, beyond: int, most: int) -> int | None:
        """Conversations are found by their customer's name and addresses too."""
        found = await store_customers.own_after(tx.connection, account_id, survivor_id, beyond, most)
        if not found:
            return None
        await store_customers.rebuild(tx.connection, account_id, found)
        return found[-1]
