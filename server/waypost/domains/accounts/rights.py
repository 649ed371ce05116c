"""Word that somebody's rights have changed: to this process at once, to all others through PostgreSQL's NOTIFY.

Every verb after which a credential may mean less (or more) than before calls `changed`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from weakref import WeakSet

from waypost.kit.tx import Tx

CHANNEL = "waypost_rights"


class RightsListener(ABC):
    """Something in this process that remembers rights, and is told what to forget."""

    def __init__(self) -> None:
        _listeners.add(self)

    @abstractmethod
    def forget(self, account_id: int) -> None:
        """Drop what is remembered of the account. Must not fail."""


# Weak: a listener that nobody uses any more need not sign off. Desks on other databases in one process (tests) may
# share ids of accounts; forgetting too much is harmless.
_listeners: WeakSet[RightsListener] = WeakSet()


async def changed(tx: Tx, account_id: int, user_id: int | None = None) -> None:
    """Say, when the transaction commits, that credentials of the account (or of one user in it) have changed."""
    payload = str(account_id) if user_id is None else f"{account_id}:{user_id}"
    await tx.connection.execute("select pg_notify($1, $2)", CHANNEL, payload)
    tx.after_commit(_tell(account_id))


def _tell(account_id: int) -> Callable[[], None]:
    def tell() -> None:
        for listener in list(_listeners):
            listener.forget(account_id)

    return tell


def account_in(payload: str) -> int | None:
    """The account that a notification names; None when it cannot be read, which means: any."""
    head = payload.partition(":")[0]
    return int(head) if head.isascii() and head.isdigit() else None
