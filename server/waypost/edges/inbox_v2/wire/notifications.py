"""What users are told of by mail. An extension: the platform has no such resource."""

from __future__ import annotations

import msgspec

from waypost.domains.notifications import Occasion
from waypost.edges.inbox_v2.hal import Link, Links
from waypost.kit.errors import FieldError, Invalid

_BY_NAME = {occasion.value: occasion for occasion in Occasion}


class NotificationsOut(msgspec.Struct, frozen=True, rename="camel"):
    """For every occasion whether the user is told of it by mail."""

    user_id: int
    email: dict[str, bool]
    links: Links = msgspec.field(name="_links")

    @classmethod
    def of(cls, user_id: int, choices: dict[Occasion, bool], base_url: str) -> NotificationsOut:
        """Render."""
        links = {
            "self": Link(f"{base_url}/v2/users/{user_id}/notifications"),
            "user": Link(f"{base_url}/v2/users/{user_id}"),
        }
        return cls(user_id, {occasion.value: is_wanted for occasion, is_wanted in choices.items()}, links)


class NotificationsIn(msgspec.Struct, frozen=True):
    """Choices for some occasions; the others stay."""

    email: dict[str, bool]

    def to_choices(self) -> dict[Occasion, bool]:
        """Read. Raises Invalid for names that are no occasion."""
        names = ", ".join(repr(name) for name in _BY_NAME)
        errors = [
            FieldError(f"email.{name}"[:200], f"must be one of {names}", "EnumValue", name)
            for name in self.email
            if name not in _BY_NAME
        ]
        if errors:
            raise Invalid(errors[:20])
        return {_BY_NAME[name]: is_wanted for name, is_wanted in self.email.items()}
