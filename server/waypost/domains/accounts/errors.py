"""What can go wrong in accounts beyond the kinds of the kit."""

from __future__ import annotations

from waypost.kit.errors import Conflict, FieldError


class AddressTaken(Conflict):
    """Somebody signs in with this address already."""

    def __init__(self, email: str) -> None:
        super().__init__("address is taken", [FieldError("email", "is taken already", "Email", email)])


class LastOwner(Conflict):
    """An account always has an owner."""

    def __init__(self) -> None:
        super().__init__("an account needs an owner")
