"""Stored files on the wire (spec: 9)."""

from __future__ import annotations

import msgspec

from waypost.domains.docs import Asset, AssetKind
from waypost.edges.docs_v1.members import Member

_KINDS = tuple(kind.value for kind in AssetKind)
MEMBERS = (
    Member("key", "text", "The key, where no header carries it."),
    Member("articleId", "text", "The article that it is of."),
    Member("siteId", "text", "The site that it is of; may be left out where there is one."),
    Member("assetType", "text", "What it is for.", is_required=True, choices=_KINDS),
    Member("file", "file", "The file, at most 10 MB.", is_required=True),
    Member("fileName", "text", "Its name, in the place of the one it was sent with."),
)


class AssetOut(msgspec.Struct, frozen=True):
    """A file that was stored, without an envelope."""

    filelink: str
    filename: str
    width: int | None
    height: int | None

    @classmethod
    def of(cls, asset: Asset, content_address: str) -> AssetOut:
        """Render."""
        return cls(content_address + asset.path, asset.file_name, asset.width, asset.height)
