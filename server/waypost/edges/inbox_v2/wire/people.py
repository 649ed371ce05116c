"""Persons inside conversations and threads (spec: 7.0)."""

from __future__ import annotations

import msgspec

from waypost.domains.conversations import Person


class PersonOut(msgspec.Struct, frozen=True, rename="camel"):
    """A customer, user or team."""

    id: int
    type: str
    first: str
    last: str
    email: str
    photo_url: str

    @classmethod
    def of(cls, person: Person, *, v3: bool = False) -> PersonOut:
        """Render. v2 shows the platform's own persons as users, v3 as what they are (spec: 7.3)."""
        kind = "user" if person.type == "system_user" and not v3 else person.type
        return cls(person.id, kind, person.first, person.last, person.email, person.photo_url)


def address(person: Person, base_url: str) -> str:
    """Where a person is to be read; teams are readable among the users (spec: 7.0)."""
    collection = "customers" if person.type == "customer" else "users"
    return f"{base_url}/v2/{collection}/{person.id}"
