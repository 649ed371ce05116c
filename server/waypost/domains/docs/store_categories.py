"""Rows of categories, and which articles are in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import asyncpg

from waypost.domains.docs.models import Category, DefaultSort
from waypost.domains.docs.store_collections import shelf_fields
from waypost.kit.db import Connection
from waypost.kit.paging import Page, PageRequest

CategorySort = Literal["number", "order", "name", "articleCount", "createdAt", "updatedAt"]

_SELECT = """
select c.id, c.collection_id, l.site_id, c.number, c.slug, c.visibility, c.position, c.default_sort, c.name,
  c.description, c.is_uncategorized, c.created_by, c.updated_by, c.created_at, c.updated_at, counted.articles,
  counted.published
from docs_category c
join docs_collection l on l.account_id = c.account_id and l.id = c.collection_id
cross join lateral (
  select count(*) as articles, count(*) filter (where a.status = 'published') as published
  from docs_article_category m
  join docs_article a on a.account_id = m.account_id and a.id = m.article_id
  where m.account_id = c.account_id and m.category_id = c.id) counted
where c.account_id = $1
"""
FIND = f"{_SELECT} and (c.id = $2 or c.number = $3)"
OF_COLLECTION = f"{_SELECT} and c.collection_id = $2 order by c.position, c.number"
COUNT = "select count(*) from docs_category where account_id = $1 and collection_id = $2"
KEYS = "select id, number, is_uncategorized from docs_category where account_id = $1 and collection_id = $2"
INSERT = """
insert into docs_category (account_id, id, collection_id, number, slug, visibility, position, default_sort, name,
  description, is_uncategorized, created_by, updated_by, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $13, $13)
"""
UPDATE = """
update docs_category set slug = $3, visibility = $4, position = $5, default_sort = $6, name = $7, description = $8,
  updated_by = $9, updated_at = $10
where account_id = $1 and id = $2
"""
REORDER = """
update docs_category c set position = wanted.position, updated_by = $4, updated_at = $5
from unnest($2::text[], $3::int[]) as wanted (id, position)
where c.account_id = $1 and c.id = wanted.id and c.position <> wanted.position
returning c.id, c.number
"""
DELETE = "delete from docs_category where account_id = $1 and id = $2"
NAME = """
select id from docs_category where account_id = $1 and collection_id = $2 and lower(name) = lower($3)
"""
LEFT_ALONE = """
insert into docs_article_category (account_id, category_id, article_id, position)
select m.account_id, $3, m.article_id, m.position from docs_article_category m
where m.account_id = $1 and m.category_id = $2 and not exists (
  select 1 from docs_article_category o
  where o.account_id = m.account_id and o.article_id = m.article_id and o.category_id <> m.category_id)
on conflict do nothing
"""
DROP_MEMBERSHIPS = """
delete from docs_article_category where account_id = $1 and article_id = $2 and not (category_id = any($3::text[]))
"""
ADD_MEMBERSHIPS = """
insert into docs_article_category (account_id, category_id, article_id, position)
select $1, wanted.id, $2, coalesce((
  select max(m.position) from docs_article_category m where m.account_id = $1 and m.category_id = wanted.id), 0) + 1
from unnest($3::text[]) as wanted (id)
on conflict do nothing
"""
PLACE = """
update docs_article_category m set position = wanted.position
from unnest($3::text[]) with ordinality as wanted (id, position)
where m.account_id = $1 and m.category_id = $2 and m.article_id = wanted.id
"""
_SORTS: dict[CategorySort, str] = {
    "number": "c.number",
    "order": "c.position",
    "name": "lower(c.name)",
    "articleCount": "counted.articles",
    "createdAt": "c.created_at",
    "updatedAt": "c.updated_at",
}


def list_sql(sort: CategorySort, *, descending: bool) -> str:
    """The statement that lists a page in an order."""
    way = "desc" if descending else "asc"
    return f"{_SELECT} and c.collection_id = $2 order by {_SORTS[sort]} {way}, c.number {way} limit $3 offset $4"


def category_of(row: asyncpg.Record) -> Category:
    """What the statements fetch."""
    return Category(
        collection_id=row["collection_id"],
        default_sort=DefaultSort(row["default_sort"]),
        is_uncategorized=row["is_uncategorized"],
        **shelf_fields(row),
    )


async def list_categories(
    connection: Connection, account_id: int, collection_id: str, page: PageRequest, order: tuple[CategorySort, bool]
) -> Page[Category]:
    """A page of a collection's categories; `order` is by what, and whether descending."""
    sql = list_sql(order[0], descending=order[1])
    rows = await connection.fetch(sql, account_id, collection_id, page.size, page.offset)
    total = await connection.fetchval(COUNT, account_id, collection_id)
    return Page([category_of(row) for row in rows], total, page)


async def keys_of(connection: Connection, account_id: int, collection_id: str) -> list[tuple[str, int, bool]]:
    """Id, number and whether it is Uncategorized, of each category of a collection."""
    rows = await connection.fetch(KEYS, account_id, collection_id)
    return [(row["id"], row["number"], row["is_uncategorized"]) for row in rows]


async def find(connection: Connection, account_id: int, reference: str, number: int | None = None) -> Category | None:
    """By id, or by number."""
    row = await connection.fetchrow(FIND, account_id, reference, number)
    return category_of(row) if row else None


async def find_name(connection: Connection, account_id: int, collection_id: str, name: str) -> str | None:
    """The id of the collection's category of that name, whatever its case."""
    found: str | None = await connection.fetchval(NAME, account_id, collection_id, name)
    return found


async def insert(connection: Connection, account_id: int, made: Category) -> None:
    """Write a new one."""
    await connection.execute(
        INSERT, account_id, made.id, made.collection_id, made.number, made.slug, made.visibility.value, made.order,
        made.default_sort.value, made.name, made.description, made.is_uncategorized, made.author.created_by,
        made.author.created_at,
    )  # fmt: skip


async def update(connection: Connection, account_id: int, changed: Category) -> None:
    """Write one as it is now."""
    await connection.execute(
        UPDATE, account_id, changed.id, changed.slug, changed.visibility.value, changed.order,
        changed.default_sort.value, changed.name, changed.description, changed.author.updated_by,
        changed.author.updated_at,
    )  # fmt: skip


async def reorder(
    connection: Connection, account_id: int, positions: dict[str, int], author: Sequence[object]
) -> list[tuple[str, int]]:
    """Move categories; id and number of those that were elsewhere. `author` is who, and when."""
    rows = await connection.fetch(REORDER, account_id, list(positions), list(positions.values()), *author)
    return [(row["id"], row["number"]) for row in rows]


async def delete(connection: Connection, account_id: int, category_id: str, uncategorized_id: str) -> None:
    """The category; articles that are in no other come under Uncategorized."""
    await connection.execute(LEFT_ALONE, account_id, category_id, uncategorized_id)
    await connection.execute(DELETE, account_id, category_id)


async def put_memberships(connection: Connection, account_id: int, article_id: str, category_ids: list[str]) -> None:
    """Have an article in these categories alone: at the end of those that are new to it."""
    await connection.execute(DROP_MEMBERSHIPS, account_id, article_id, category_ids)
    await connection.execute(ADD_MEMBERSHIPS, account_id, article_id, category_ids)


async def place_articles(connection: Connection, account_id: int, category_id: str, article_ids: list[str]) -> None:
    """Give a category's articles their order by hand."""
    await connection.execute(PLACE, account_id, category_id, article_ids)
