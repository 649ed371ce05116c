"""Tags of the account (spec: 11.11)."""

from __future__ import annotations

import msgspec

from waypost.domains.conversations import TagSummary
from waypost.edges.inbox_v2.hal import Link, Links
from waypost.edges.inbox_v2.wire.times import stamp


class TagSummaryOut(msgspec.Struct, frozen=True, rename="camel"):
    """A tag with the number of conversations that carry it."""

    id: int
    slug: str
    name: str
    color: str
    created_at: str
    updated_at: str
    ticket_count: int
    links: Links = msgspec.field(name="_links")

    @classmethod
    def of(cls, tag: TagSummary, base_url: str) -> TagSummaryOut:
        """Render."""
        return cls(
            tag.id,
            tag.slug,
            tag.name,
            tag.color,
            stamp(tag.created_at),
            stamp(tag.updated_at),
            tag.conversation_count,
            {"self": Link(f"{base_url}/v2/tags/{tag.id}")},
        )
