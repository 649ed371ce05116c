"""Broken links on the wire. Beside the specification, in its shapes."""

from __future__ import annotations

import msgspec

from waypost.domains.docs import BrokenLink
from waypost.edges.docs_v1.envelope import Listing


class BrokenLinkOut(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """An address in an article, and why its readers get nowhere by it."""

    article_id: str
    article_number: int
    article_name: str
    address: str
    reason: str

    @classmethod
    def of(cls, found: BrokenLink) -> BrokenLinkOut:
        """Render."""
        return cls(
            article_id=found.article_id,
            article_number=found.article_number,
            article_name=found.article_name,
            address=found.address,
            reason=found.fault.value,
        )


class BrokenLinkList(msgspec.Struct, frozen=True, rename="camel"):
    """A page of broken links."""

    broken_links: Listing[BrokenLinkOut]
