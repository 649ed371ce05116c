"""Teams on the wire (spec: 11.10)."""

from __future__ import annotations

import msgspec

from waypost.domains.accounts import User
from waypost.edges.inbox_v2.hal import Link, Links
from waypost.edges.inbox_v2.wire.times import stamp


class TeamOut(msgspec.Struct, frozen=True, rename="camel"):
    """A team."""

    id: int
    name: str
    timezone: str
    photo_url: str
    created_at: str
    updated_at: str
    mention: str
    initials: str
    links: Links = msgspec.field(name="_links")

    @classmethod
    def of(cls, team: User, base_url: str) -> TeamOut:
        """Render."""
        address = f"{base_url}/v2/teams/{team.id}"
        return cls(
            id=team.id,
            name=team.first_name,
            timezone=team.timezone,
            photo_url=team.photo_url,
            created_at=stamp(team.created_at),
            updated_at=stamp(team.updated_at),
            mention=team.mention,
            initials=team.initials,
            links={"self": Link(address), "members": Link(f"{address}/members")},
        )
