"""Rows of redirects, with what their documents are called now."""

from __future__ import annotations

import asyncpg
import msgspec

from waypost.domains.docs.models import Author, Redirect, RedirectType
from waypost.domains.docs.store_sites import author_of
from waypost.kit.db import Connection
from waypost.kit.paging import PageRequest

_SELECT = """
select r.id, r.site_id, r.url_mapping, r.type, r.document_id, r.anchor, r.target, r.created_by, r.updated_by,
  r.created_at, r.updated_at, coalesce(a.number, g.number, c.number) as number,
  coalesce(a.slug, g.slug, c.slug) as slug,
  coalesce(a.site_id, gc.site_id, c.site_id) as document_site_id
from docs_redirect r
left join docs_article a on r.type = 'article' and a.account_id = r.account_id and a.id = r.document_id
left join docs_category g on r.type = 'category' and g.account_id = r.account_id and g.id = r.document_id
left join docs_collection gc on gc.account_id = g.account_id and gc.id = g.collection_id
left join docs_collection c on r.type = 'collection' and c.account_id = r.account_id and c.id = r.document_id
where r.account_id = $1
"""
LIST = f"{_SELECT} and r.site_id = $2 order by r.created_at, r.id limit $3 offset $4"
COUNT = "select count(*) from docs_redirect where account_id = $1 and site_id = $2"
FIND = f"{_SELECT} and r.id = $2"
MAPPED = f"""{_SELECT} and ($2::text is null or r.site_id = $2) and r.url_mapping = any($3::text[])
  and md5(r.url_mapping) = any(array(select md5(m) from unnest($3::text[]) m))
order by r.site_id, array_position($3::text[], r.url_mapping) limit 1
"""
INSERT = """
insert into docs_redirect (account_id, id, site_id, url_mapping, type, document_id, anchor, target, created_by,
  updated_by, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
UPDATE = """
update docs_redirect set site_id = $3, url_mapping = $4, type = $5, document_id = $6, anchor = $7, target = $8,
  updated_by = $9, updated_at = $10
where account_id = $1 and id = $2
"""
DELETE = "delete from docs_redirect where account_id = $1 and id = $2"
DELETE_TO = "delete from docs_redirect where account_id = $1 and document_id = any($2::text[])"
DOCUMENT = """
select id from docs_article where account_id = $1 and number = $2 and $3 = 'article'
union all select id from docs_category where account_id = $1 and number = $2 and $3 = 'category'
union all select id from docs_collection where account_id = $1 and number = $2 and $3 = 'collection'
"""


class Row(msgspec.Struct, frozen=True):
    """A redirect as it stands in its row, and where its document is now."""

    redirect: Redirect
    number: int | None
    slug: str | None
    document_site_id: str | None


def _row(row: asyncpg.Record) -> Row:
    redirect = Redirect(
        id=row["id"],
        site_id=row["site_id"],
        url_mapping=row["url_mapping"],
        type=RedirectType(row["type"]),
        document_id=row["document_id"],
        anchor=row["anchor"],
        target=row["target"],
        author=author_of(row),
    )
    return Row(redirect, row["number"], row["slug"], row["document_site_id"])


async def list_of_site(connection: Connection, account_id: int, site_id: str, page: PageRequest) -> list[Row]:
    """Oldest first."""
    return [_row(row) for row in await connection.fetch(LIST, account_id, site_id, page.size, page.offset)]


async def count(connection: Connection, account_id: int, site_id: str) -> int:
    """How many the site has."""
    found: int = await connection.fetchval(COUNT, account_id, site_id)
    return found


async def find(connection: Connection, account_id: int, redirect_id: str) -> Row | None:
    """One redirect."""
    row = await connection.fetchrow(FIND, account_id, redirect_id)
    return _row(row) if row else None


async def find_mapped(connection: Connection, account_id: int, site_id: str | None, paths: list[str]) -> Row | None:
    """The redirect of the first of the paths that has one; without a site, the oldest site's."""
    row = await connection.fetchrow(MAPPED, account_id, site_id, paths)
    return _row(row) if row else None


async def document_id(connection: Connection, account_id: int, kind: str, number: int) -> str | None:
    """The id of the account's document of that kind and number."""
    found: str | None = await connection.fetchval(DOCUMENT, account_id, number, kind)
    return found


async def insert(connection: Connection, account_id: int, made: Redirect) -> None:
    """Write a new one."""
    author: Author = made.author
    await connection.execute(
        INSERT, account_id, made.id, made.site_id, made.url_mapping, made.type.value, made.document_id, made.anchor,
        made.target, author.created_by, author.updated_by, author.created_at, author.updated_at,
    )  # fmt: skip


async def update(connection: Connection, account_id: int, changed: Redirect) -> None:
    """Write one as it is now."""
    await connection.execute(
        UPDATE, account_id, changed.id, changed.site_id, changed.url_mapping, changed.type.value, changed.document_id,
        changed.anchor, changed.target, changed.author.updated_by, changed.author.updated_at,
    )  # fmt: skip


async def delete(connection: Connection, account_id: int, redirect_id: str) -> None:
    """Remove one."""
    await connection.execute(DELETE, account_id, redirect_id)


async def delete_to(connection: Connection, account_id: int, document_ids: list[str]) -> None:
    """Remove those that lead to documents which are about to go."""
    await connection.execute(DELETE_TO, account_id, document_ids)
