"""What can go wrong in the core. Each edge maps a kind to its own status and body; nothing here knows HTTP."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

ErrorKind = Literal[
    "NotEmpty",
    "NotNull",
    "EnumValue",
    "Size",
    "Email",
    "Date",
    "Number",
    "Identifier",
    "AccessDenied",
    "Unknown",
    "Type",
]


class FieldError(msgspec.Struct, frozen=True, omit_defaults=True):
    """One refused field: where it stands in the request, why, and what stood there (spec: 5.3)."""

    path: str
    message: str
    kind: ErrorKind
    rejected: Any = msgspec.UNSET
    source: Literal["JSON", "QUERY", "PATH", "HEADER"] = "JSON"


class WaypostError(Exception):
    """Base of everything that the core raises on purpose."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message


class NotFound(WaypostError):
    """The thing does not exist, or the actor may not know that it does."""


class Forbidden(WaypostError):
    """The actor may see the thing but not do this to it."""


class Conflict(WaypostError):
    """The change collides with something that is there already. May name the field, as Invalid does."""

    def __init__(self, message: str = "", errors: list[FieldError] | None = None) -> None:
        super().__init__(message)
        self.errors = errors or []


class InProgress(Conflict):
    """The same is being done right now. Try again."""


class Unavailable(WaypostError):
    """The thing is locked or full (spec: 7.0, answered as 412 on the Inbox wire)."""


class Changed(WaypostError):
    """The thing is not any more as the caller has read it."""


class TooLarge(WaypostError):
    """What was sent is larger than is taken."""


class StorageFull(WaypostError):
    """There is no room for what was sent. Nothing was kept."""


class Moved(WaypostError):
    """The thing lives on under another id."""

    def __init__(self, new_id: int) -> None:
        super().__init__(f"moved to {new_id}")
        self.new_id = new_id


class Busy(WaypostError):
    """The database could not do it now: two writers met, it took too long, or it does not answer. Try again."""


class Invalid(WaypostError):
    """Fields that fail; all of them at once, in document order."""

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__("Validation failed")
        self.errors = errors

    @classmethod
    def one(cls, path: str, message: str, kind: ErrorKind, rejected: Any = msgspec.UNSET) -> Invalid:
        """A single refused field."""
        return cls([FieldError(path, message, kind, rejected)])


class BadParameter(Invalid):
    """Invalid, but in the query string or the path instead of the body."""

    @classmethod
    def one(cls, path: str, message: str, kind: ErrorKind, rejected: Any = msgspec.UNSET) -> BadParameter:
        """A single refused query parameter."""
        return cls([FieldError(path, message, kind, rejected, "QUERY")])


class TooDear(BadParameter):
    """A search that takes longer than any may. Asking again as it is would not help, so it is not Busy."""

    def __init__(self, limit_s: float) -> None:
        message = f"the search takes longer than {limit_s:g} s; narrow it by a mailbox, a status, a date or rarer words"
        super().__init__([FieldError("query", message, "Size", source="QUERY")])


class Throttled(WaypostError):
    """Too many tries; `retry_after_s` is at least 1."""

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = max(1, retry_after_s)
