"""What can go wrong with customers, beside what the kit names already."""

from __future__ import annotations

from waypost.kit.errors import Conflict, FieldError, Forbidden


class DuplicateEmail(Conflict):
    """Another customer, or this one, has an address already. Names every such address (spec: 8.3)."""

    def __init__(self, taken: list[FieldError]) -> None:
        super().__init__("email already exists", taken)


class DuplicateSlug(Conflict):
    """A property of that slug is defined already (spec: 8.10)."""

    def __init__(self, slug: str) -> None:
        super().__init__("property already exists", [FieldError("slug", "property already exists", "Unknown", slug)])


class ConversationsInTheWay(Forbidden):
    """The customer cannot be deleted by this actor, because of its conversations (spec: 8.6)."""
