"""What happens to mail that is no thread of a conversation."""

from __future__ import annotations

from typing import ClassVar

from waypost.kit.events import Event


class LetterReturned(Event, frozen=True, kw_only=True):
    """A mail beside the replies came back for good. `serial` is what its writer numbered it by, `failed` has the
    addresses that it did not reach, each with the server's words behind a colon."""

    NAME: ClassVar[str] = "convo.letter.returned"
    SUBJECT: ClassVar[str] = "conversation"

    serial: int
    failed: dict[str, str]
