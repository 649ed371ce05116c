"""Rows of files."""

from __future__ import annotations

from waypost.domains.docs.models import Asset, AssetKind
from waypost.kit.db import Connection
from waypost.kit.tx import Tx

#: By its id alone: whoever reads a page names no account, and ids cannot be guessed.
FIND = """
select account_id, id, site_id, kind, file_name, mime_type, size, width, height, storage_key
from docs_asset where id = $1
"""
INSERT = """
insert into docs_asset (account_id, id, site_id, article_id, kind, file_name, mime_type, size, width, height,
  storage_key, created_by, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
"""
LIKE = """
select account_id, id, site_id, kind, file_name, mime_type, size, width, height, storage_key
from docs_asset where account_id = $1 and site_id = $2 and file_name = $3 and size = $4 and kind = $5
order by id limit 5
"""
KEYS = "select storage_key from docs_asset where account_id = $1 and site_id = $2"


async def find(connection: Connection, asset_id: str) -> Asset | None:
    """One file."""
    row = await connection.fetchrow(FIND, asset_id)
    return Asset(**{**dict(row), "kind": AssetKind(row["kind"])}) if row else None


async def list_like(connection: Connection, wanted: Asset) -> list[Asset]:
    """Files of the same site, name, size and kind."""
    rows = await connection.fetch(
        LIKE, wanted.account_id, wanted.site_id, wanted.file_name, wanted.size, wanted.kind.value
    )
    return [Asset(**{**dict(row), "kind": AssetKind(row["kind"])}) for row in rows]


async def insert(tx: Tx, made: Asset, article_id: str | None, user_id: int | None) -> None:
    """Write a new one."""
    await tx.connection.execute(
        INSERT, made.account_id, made.id, made.site_id, article_id, made.kind.value, made.file_name, made.mime_type,
        made.size, made.width, made.height, made.storage_key, user_id, tx.now,
    )  # fmt: skip


async def keys_of_site(connection: Connection, account_id: int, site_id: str) -> list[str]:
    """Where the bytes of a site's files are."""
    return [row["storage_key"] for row in await connection.fetch(KEYS, account_id, site_id)]
