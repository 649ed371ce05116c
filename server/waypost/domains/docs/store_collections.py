"""Rows of collections."""

from __future__ import annotations

from typing import Any, Literal

import asyncpg

from waypost.domains.docs.models import Collection, Visibility
from waypost.domains.docs.store_sites import author_of
from waypost.kit.db import Connection
from waypost.kit.paging import Page, PageRequest

CollectionSort = Literal["number", "visibility", "order", "name", "createdAt", "updatedAt"]

_SELECT = """
select c.id, c.site_id, c.number, c.slug, c.visibility, c.position, c.name, c.description,
  c.created_by, c.updated_by, c.created_at, c.updated_at, counted.articles, counted.published
from docs_collection c
cross join lateral (
  select count(*) as articles, count(*) filter (where a.status = 'published') as published
  from docs_article a where a.account_id = c.account_id and a.collection_id = c.id) counted
where c.account_id = $1
"""
FIND = f"{_SELECT} and (c.id = $2 or c.number = $3)"
_WANTED = " and ($2::text is null or c.site_id = $2) and ($3::text is null or c.visibility = $3)"
COUNT = f"select count(*) from docs_collection c where c.account_id = $1 {_WANTED}"
INSERT = """
insert into docs_collection (account_id, id, site_id, number, slug, visibility, position, name, description,
  created_by, updated_by, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11, $11)
"""
UPDATE = """
update docs_collection set slug = $3, visibility = $4, position = $5, name = $6, description = $7, updated_by = $8,
  updated_at = $9
where account_id = $1 and id = $2
"""
DELETE = "delete from docs_collection where account_id = $1 and id = $2"
LAST = "select coalesce(max(position), 0) from docs_collection where account_id = $1 and site_id = $2"
NAME = """
select id from docs_collection where account_id = $1 and site_id = $2 and lower(name) = lower($3)
"""
_SORTS: dict[CollectionSort, str] = {
    "number": "c.number",
    "visibility": "c.visibility",
    "order": "c.position",
    "name": "lower(c.name)",
    "createdAt": "c.created_at",
    "updatedAt": "c.updated_at",
}


def list_sql(sort: CollectionSort, *, descending: bool) -> str:
    """The statement that lists a page in an order."""
    way = "desc" if descending else "asc"
    return f"{_SELECT} {_WANTED} order by {_SORTS[sort]} {way}, c.number {way} limit $4 offset $5"


def collection_of(row: asyncpg.Record) -> Collection:
    """What the statements fetch."""
    return Collection(**shelf_fields(row))


def shelf_fields(row: asyncpg.Record) -> dict[str, Any]:
    """What collections and categories have in common."""
    return {
        "id": row["id"],
        "site_id": row["site_id"],
        "number": row["number"],
        "slug": row["slug"],
        "visibility": Visibility(row["visibility"]),
        "order": row["position"],
        "name": row["name"],
        "description": row["description"],
        "article_count": row["articles"],
        "published_article_count": row["published"],
        "author": author_of(row),
    }


async def list_collections(
    connection: Connection,
    account_id: int,
    site_id: str | None,
    visibility: Visibility | None,
    page: PageRequest,
    order: tuple[CollectionSort, bool],
) -> Page[Collection]:
    """A page; `order` is by what, and whether descending."""
    wanted = (site_id, visibility.value if visibility else None)
    sql = list_sql(order[0], descending=order[1])
    rows = await connection.fetch(sql, account_id, *wanted, page.size, page.offset)
    total = await connection.fetchval(COUNT, account_id, *wanted)
    return Page([collection_of(row) for row in rows], total, page)


async def find(connection: Connection, account_id: int, reference: str, number: int | None = None) -> Collection | None:
    """By id, or by number."""
    row = await connection.fetchrow(FIND, account_id, reference, number)
    return collection_of(row) if row else None


async def find_name(connection: Connection, account_id: int, site_id: str, name: str) -> str | None:
    """The id of the site's collection of that name, whatever its case."""
    found: str | None = await connection.fetchval(NAME, account_id, site_id, name)
    return found


async def last_position(connection: Connection, account_id: int, site_id: str) -> int:
    """The largest position, 0 without any."""
    found: int = await connection.fetchval(LAST, account_id, site_id)
    return found


async def insert(connection: Connection, account_id: int, made: Collection) -> None:
    """Write a new one."""
    await connection.execute(
        INSERT, account_id, made.id, made.site_id, made.number, made.slug, made.visibility.value, made.order,
        made.name, made.description, made.author.created_by, made.author.created_at,
    )  # fmt: skip


async def update(connection: Connection, account_id: int, changed: Collection) -> None:
    """Write one as it is now."""
    await connection.execute(
        UPDATE, account_id, changed.id, changed.slug, changed.visibility.value, changed.order, changed.name,
        changed.description, changed.author.updated_by, changed.author.updated_at,
    )  # fmt: skip


async def delete(connection: Connection, account_id: int, collection_id: str) -> None:
    """The collection, and by its keys what it held."""
    await connection.execute(DELETE, account_id, collection_id)
