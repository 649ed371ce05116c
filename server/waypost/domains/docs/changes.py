"""Word that a knowledge base has changed: to this process at once, to all others through PostgreSQL's NOTIFY.

Every verb that changes what readers may see begins in `rights`, which calls `changing`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from weakref import WeakSet

from waypost.kit.tx import Tx

CHANNEL = "waypost_docs"


class ChangeListener(ABC):
    """Something in this process that remembers pages, and is told what to forget."""

    def __init__(self) -> None:
        _listeners.add(self)

    @abstractmethod
    def forget(self, account_id: int) -> None:
        """Drop what is remembered of the account. Must not fail."""


# Weak: a listener that nobody uses any more need not sign off. Desks on other databases in one process (tests) may
# share ids of accounts; forgetting too much is harmless.
_listeners: WeakSet[ChangeListener] = WeakSet()


async def changing(tx: Tx, account_id: int) -> None:
    """Say, when the transaction commits, that the account's knowledge base is another one."""
    await tx.connection.execute("select pg_notify($1, $2)", CHANNEL, str(account_id))
    tx.after_commit(_tell(account_id))


def _tell(account_id: int) -> Callable[[], None]:
    def tell() -> None:
        for listener in list(_listeners):
            listener.forget(account_id)

    return tell


def account_in(payload: str) -> int | None:
    """The account that a notification names; None when it cannot be read, which means: any."""
    return int(payload) if payload.isascii() and payload.isdigit() else None
