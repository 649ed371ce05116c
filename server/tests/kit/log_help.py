"""Events and a database without any domain, for the tests of what reads the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from waypost.kit.events import Event
from waypost.kit.tx import Transactions


@dataclass(frozen=True)
class Origin:
    """Somebody who acts."""

    account_id: int
    origin_kind: str = "user"
    cause: dict[str, object] | None = None
    origin_id: int | None = 7


class Noted(Event, frozen=True, kw_only=True):
    """Something happened."""

    NAME: ClassVar[str] = "test.noted"
    SUBJECT: ClassVar[str] = "conversation"

    text: str = ""


async def note(transactions: Transactions, *texts: str, account_id: int = 1) -> None:
    """Append one event per text, in one transaction."""
    async with transactions.open() as tx:
        for text in texts:
            tx.emit(Origin(account_id), Noted(subject_id=1, text=text))
