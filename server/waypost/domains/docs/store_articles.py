"""Rows of articles, their drafts, related articles and revisions."""

from __future__ import annotations

from datetime import datetime

import asyncpg

from waypost.domains.docs.models import Article, ArticleStatus, ArticleText, Revision
from waypost.domains.docs.store_sites import author_of
from waypost.domains.docs.texts import Prepared
from waypost.kit.db import Connection
from waypost.kit.paging import Page, PageRequest

COLUMNS = """a.id, a.site_id, a.collection_id, a.number, a.slug, a.status, a.draft is not null as has_draft, a.name,
  a.keywords, a.created_by, a.updated_by, a.created_at, a.updated_at, a.last_published_at,
  coalesce(v.total, 0) as views,
  coalesce((select max(m.total) from docs_views m where m.account_id = a.account_id and m.site_id = a.site_id), 0)
    as most_views"""
VIEWS = "left join docs_views v on v.account_id = a.account_id and v.article_id = a.id"
FIND = f"""
select {COLUMNS}, a.text, a.draft, a.change_origin, a.code,
  array(select m.category_id from docs_article_category m
        join docs_category c on c.account_id = m.account_id and c.id = m.category_id
        where m.account_id = a.account_id and m.article_id = a.id and not c.is_uncategorized
        order by c.position, c.number) as categories,
  array(select r.related_id from docs_related r
        where r.account_id = a.account_id and r.article_id = a.id order by r.position) as related
from docs_article a {VIEWS}
where a.account_id = $1 and (a.id = $2 or a.number = $3)
"""
KEYS = "select id, number from docs_article where account_id = $1 and collection_id = $2 order by id"
NAME = """
select id from docs_article where account_id = $1 and collection_id = $2 and lower(name) = lower($3)
"""
OF_SITE = "select id from docs_article where account_id = $1 and site_id = $2 and id = any($3::text[])"
INSERT = """
insert into docs_article (account_id, id, site_id, collection_id, number, slug, status, name, source, text, plain,
  preview, keywords, code, change_origin, created_by, updated_by, created_at, updated_at, last_published_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16, $17, $17, $18)
"""
UPDATE = """
update docs_article set site_id = $3, collection_id = $4, slug = $5, status = $6, name = $7, keywords = $8, code = $9,
  change_origin = $10, updated_by = $11, updated_at = $12, last_published_at = $13
where account_id = $1 and id = $2
"""
SET_TEXT = """
update docs_article set source = $3, text = $4, plain = $5, preview = $6 where account_id = $1 and id = $2
"""
PLAIN = "select plain from docs_article where account_id = $1 and id = $2"
SET_DRAFT = "update docs_article set draft = $3 where account_id = $1 and id = $2 and draft is distinct from $3"
MOVE_VIEWS = "update docs_views set site_id = $3 where account_id = $1 and article_id = $2"
UNRELATE = "delete from docs_related where account_id = $1 and (article_id = $2 or related_id = $2)"
DROP_RELATED = "delete from docs_related where account_id = $1 and article_id = $2"
ADD_RELATED = """
insert into docs_related (account_id, article_id, related_id, position)
select $1, $2, wanted.id, wanted.position from unnest($3::text[]) with ordinality as wanted (id, position)
"""
DELETE = "delete from docs_article where account_id = $1 and id = $2"
ADD_REVISION = """
insert into docs_revision (account_id, id, article_id, text, created_by, created_at) values ($1, $2, $3, $4, $5, $6)
"""
_REVISION = """r.id, r.article_id, r.created_by, r.created_at, coalesce(u.first_name, '') as first_name,
  coalesce(u.last_name, '') as last_name
from docs_revision r left join account_user u on u.account_id = r.account_id and u.id = r.created_by"""
LIST_REVISIONS = f"""
select null as text, {_REVISION} where r.account_id = $1 and r.article_id = $2
order by r.ordinal desc limit $3 offset $4
"""
COUNT_REVISIONS = "select count(*) from docs_revision where account_id = $1 and article_id = $2"
FIND_REVISION = f"select r.text, {_REVISION} where r.account_id = $1 and r.id = $2"


def article_of(row: asyncpg.Record) -> Article:
    """What `COLUMNS` fetch."""
    return Article(
        id=row["id"],
        site_id=row["site_id"],
        collection_id=row["collection_id"],
        number=row["number"],
        slug=row["slug"],
        status=ArticleStatus(row["status"]),
        has_draft=row["has_draft"],
        name=row["name"],
        keywords=list(row["keywords"]),
        view_count=row["views"],
        most_views=row["most_views"],
        author=author_of(row),
        last_published_at=row["last_published_at"],
    )


async def find(
    connection: Connection, account_id: int, reference: str, number: int | None = None
) -> ArticleText | None:
    """By id, or by number."""
    row = await connection.fetchrow(FIND, account_id, reference, number)
    if row is None:
        return None
    return ArticleText(
        article=article_of(row),
        text=row["text"],
        draft=row["draft"],
        category_ids=list(row["categories"]),
        related_ids=list(row["related"]),
        change_origin=row["change_origin"],
        code=row["code"],
    )


async def list_keys(connection: Connection, account_id: int, collection_id: str) -> list[tuple[str, int]]:
    """Id and number of each article of a collection."""
    rows = await connection.fetch(KEYS, account_id, collection_id)
    return [(row["id"], row["number"]) for row in rows]


async def find_name(connection: Connection, account_id: int, collection_id: str, name: str) -> str | None:
    """The id of the collection's article of that name, whatever its case."""
    found: str | None = await connection.fetchval(NAME, account_id, collection_id, name)
    return found


async def known_of_site(connection: Connection, account_id: int, site_id: str, article_ids: list[str]) -> set[str]:
    """Which of the ids are articles of the site."""
    return {row["id"] for row in await connection.fetch(OF_SITE, account_id, site_id, article_ids)}


async def insert(connection: Connection, account_id: int, made: ArticleText, text: Prepared) -> None:
    """Write a new article; its categories and related articles are written apart."""
    one = made.article
    await connection.execute(
        INSERT, account_id, one.id, one.site_id, one.collection_id, one.number, one.slug, one.status.value, one.name,
        text.source, text.html, text.plain, text.preview, one.keywords, made.code, made.change_origin,
        one.author.created_by, one.author.created_at, one.last_published_at,
    )  # fmt: skip


async def update(connection: Connection, account_id: int, changed: ArticleText) -> None:
    """Write an article as it is now, but for its text."""
    one = changed.article
    await connection.execute(
        UPDATE, account_id, one.id, one.site_id, one.collection_id, one.slug, one.status.value, one.name, one.keywords,
        changed.code, changed.change_origin, one.author.updated_by, one.author.updated_at, one.last_published_at,
    )  # fmt: skip


async def set_text(connection: Connection, account_id: int, article_id: str, text: Prepared) -> None:
    """Write another text."""
    await connection.execute(SET_TEXT, account_id, article_id, text.source, text.html, text.plain, text.preview)


async def plain_of(connection: Connection, account_id: int, article_id: str) -> str:
    """The text as it is indexed."""
    found: str = await connection.fetchval(PLAIN, account_id, article_id)
    return found


async def set_draft(connection: Connection, account_id: int, article_id: str, draft: str | None) -> bool:
    """Whether the draft is another one now."""
    done: str = await connection.execute(SET_DRAFT, account_id, article_id, draft)
    return done != "UPDATE 0"


async def move_to_site(connection: Connection, account_id: int, article_id: str, site_id: str) -> None:
    """Take along the views; what was related is of another site now."""
    await connection.execute(MOVE_VIEWS, account_id, article_id, site_id)
    await connection.execute(UNRELATE, account_id, article_id)


async def put_related(connection: Connection, account_id: int, article_id: str, related_ids: list[str]) -> None:
    """Name the related articles, in this order."""
    await connection.execute(DROP_RELATED, account_id, article_id)
    if related_ids:
        await connection.execute(ADD_RELATED, account_id, article_id, related_ids)


async def delete(connection: Connection, account_id: int, article_id: str) -> None:
    """The article, and by its keys all that hangs on it."""
    await connection.execute(DELETE, account_id, article_id)


async def add_revision(connection: Connection, account_id: int, revision: Revision) -> None:
    """Keep a text."""
    await connection.execute(
        ADD_REVISION, account_id, revision.id, revision.article_id, revision.text, revision.user_id,
        revision.created_at,
    )  # fmt: skip


async def list_revisions(connection: Connection, account_id: int, article_id: str, page: PageRequest) -> Page[Revision]:
    """Newest first, without texts."""
    rows = await connection.fetch(LIST_REVISIONS, account_id, article_id, page.size, page.offset)
    total = await connection.fetchval(COUNT_REVISIONS, account_id, article_id)
    return Page([_revision(row) for row in rows], total, page)


async def find_revision(connection: Connection, account_id: int, revision_id: str) -> Revision | None:
    """One, with its text."""
    row = await connection.fetchrow(FIND_REVISION, account_id, revision_id)
    return _revision(row) if row else None


def new_revision(revision_id: str, article_id: str, text: str, user_id: int | None, at: datetime) -> Revision:
    """A revision to be kept."""
    return Revision(
        id=revision_id, article_id=article_id, text=text, user_id=user_id, first_name="", last_name="", created_at=at
    )


def _revision(row: asyncpg.Record) -> Revision:
    return Revision(
        id=row["id"],
        article_id=row["article_id"],
        text=row["text"],
        user_id=row["created_by"],
        first_name=row["first_name"],
        last_name=row["last_name"],
        created_at=row["created_at"],
    )
