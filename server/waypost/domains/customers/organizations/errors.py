"""What can go wrong with organizations, beside what the kit names already."""

from __future__ import annotations

from waypost.kit.errors import Conflict, FieldError


class DuplicateName(Conflict):
    """Another organization has the name, whatever its case (spec: 9)."""

    def __init__(self, name: str) -> None:
        message = "organization already exists"
        super().__init__(message, [FieldError("name", message, "Unknown", name)])
