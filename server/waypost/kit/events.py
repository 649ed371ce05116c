"""Facts: what a domain says has happened. Appended to the log in the transaction that made it so (see kit.tx)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Base of every domain's events: a past-tense class whose fields become the fact's data.

    `NAME` is the fact's type in the log (`convo.status`); `SUBJECT` names the kind of thing it is about.
    """

    NAME: ClassVar[str]
    SUBJECT: ClassVar[str]

    subject_id: int | None
    #: Who may see it, where that is narrower than the account: the id of the mailbox (rights are checked against it).
    scope_id: int | None = None

    def data(self) -> dict[str, Any]:
        """The fields beside the subject, as plain JSON values."""
        built: dict[str, Any] = msgspec.to_builtins(self)
        built.pop("subject_id", None)
        built.pop("scope_id", None)
        return built


class Fact(msgspec.Struct, frozen=True):
    """An event as it stands in the log."""

    account_id: int
    id: int
    type: str
    at: datetime
    actor_kind: str
    actor_id: int | None
    subject_kind: str
    subject_id: int | None
    scope_id: int | None
    data: dict[str, Any]
