"""Rows of where things were taken in from, and of the times that they had there."""

from __future__ import annotations

from datetime import datetime

import asyncpg
import msgspec

from waypost.kit.db import Connection

FIND = "select local_id, mark, views from docs_origin where account_id = $1 and kind = $2 and origin_id = $3"
LIST = "select origin_id, local_id, mark, views from docs_origin where account_id = $1 and kind = $2"
PUT = """
insert into docs_origin (account_id, kind, origin_id, local_id, mark, views, taken_at)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (account_id, kind, origin_id) do update set local_id = excluded.local_id, mark = excluded.mark,
  views = excluded.views, taken_at = excluded.taken_at
"""
KNOWN_REVISIONS = """
select o.origin_id from docs_origin o
join docs_revision r on r.account_id = o.account_id and r.id = o.local_id
where o.account_id = $1 and o.kind = 'revision' and o.origin_id = any($2::text[])
"""
SITE_TIMES = """
update docs_site set created_at = coalesce($3, created_at), updated_at = coalesce($4, updated_at)
where account_id = $1 and id = $2
"""
COLLECTION_TIMES = """
update docs_collection set created_at = coalesce($3, created_at), updated_at = coalesce($4, updated_at)
where account_id = $1 and id = $2
"""
CATEGORY_TIMES = """
update docs_category set created_at = coalesce($3, created_at), updated_at = coalesce($4, updated_at)
where account_id = $1 and id = $2
"""
REDIRECT_TIMES = """
update docs_redirect set created_at = coalesce($3, created_at), updated_at = coalesce($4, updated_at)
where account_id = $1 and id = $2
"""
ARTICLE_TIMES = """
update docs_article set created_at = coalesce($3, created_at), updated_at = coalesce($4, updated_at),
  last_published_at = coalesce($5, last_published_at)
where account_id = $1 and id = $2
"""
ADD_VIEWS = """
insert into docs_views (account_id, site_id, article_id, total)
select $1, a.site_id, a.id, $3::bigint from docs_article a where a.account_id = $1 and a.id = $2
on conflict (account_id, article_id) do update set total = docs_views.total + excluded.total
"""
_TIMES = {
    "site": SITE_TIMES,
    "collection": COLLECTION_TIMES,
    "category": CATEGORY_TIMES,
    "redirect": REDIRECT_TIMES,
}


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """What has become of a thing of a source: its id here, and what it was when it was taken in."""

    local_id: str
    mark: str = ""
    views: int = 0


class History(msgspec.Struct, frozen=True, kw_only=True):
    """When things happened to a thing where it comes from; None for what is not known."""

    created_at: datetime | None = None
    updated_at: datetime | None = None
    last_published_at: datetime | None = None


async def find(connection: Connection, account_id: int, kind: str, origin_id: str) -> Origin | None:
    """One."""
    row = await connection.fetchrow(FIND, account_id, kind, origin_id)
    return _origin(row) if row else None


async def list_all(connection: Connection, account_id: int, kind: str) -> dict[str, Origin]:
    """All of a kind, by their ids at the source."""
    return {row["origin_id"]: _origin(row) for row in await connection.fetch(LIST, account_id, kind)}


async def put(connection: Connection, account_id: int, kind: str, origin_id: str, origin: Origin, at: datetime) -> None:
    """Write one as it is now."""
    await connection.execute(
        PUT, account_id, kind, origin_id, origin.local_id, origin.mark, origin.views, at
    )  # fmt: skip


async def known_revisions(connection: Connection, account_id: int, origin_ids: list[str]) -> set[str]:
    """Which revisions of a source are here."""
    return {row["origin_id"] for row in await connection.fetch(KNOWN_REVISIONS, account_id, origin_ids)}


async def set_times(connection: Connection, account_id: int, kind: str, local_id: str, history: History) -> None:
    """Have a site, collection, category or redirect be as old as it was."""
    await connection.execute(_TIMES[kind], account_id, local_id, history.created_at, history.updated_at)


async def set_article_times(connection: Connection, account_id: int, article_id: str, history: History) -> None:
    """The same for an article, which was published as well."""
    await connection.execute(
        ARTICLE_TIMES, account_id, article_id, history.created_at, history.updated_at, history.last_published_at
    )


async def add_views(connection: Connection, account_id: int, article_id: str, count: int) -> None:
    """Count views of no known day."""
    await connection.execute(ADD_VIEWS, account_id, article_id, count)


def _origin(row: asyncpg.Record) -> Origin:
    return Origin(local_id=row["local_id"], mark=row["mark"], views=row["views"])
