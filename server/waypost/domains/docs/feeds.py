"""What a site tells programs about itself: its public pages, and its newest articles. Nothing private is in either."""

from __future__ import annotations

from datetime import datetime

import msgspec

from waypost.domains.docs import texts
from waypost.domains.docs.addresses import Kind
from waypost.kit.tx import Tx

MOST_ENTRIES = 30

#: spec: 11.4. Articles that anybody sees, each once.
_PUBLIC = """
  select a.id, a.number, a.slug, a.name, a.updated_at, a.collection_id
  from docs_article a join docs_collection c on c.account_id = a.account_id and c.id = a.collection_id
  where a.account_id = $1 and a.site_id = $2 and a.status = 'published' and c.visibility = 'public' and exists (
    select 1 from docs_article_category m
    join docs_category g on g.account_id = m.account_id and g.id = m.category_id
    where m.account_id = a.account_id and m.article_id = a.id and g.visibility = 'public')
"""
PAGES = f"""
with seen as ({_PUBLIC})
select 1 as place, 'collection' as kind, c.number, c.slug, greatest(c.updated_at, max(s.updated_at)) as changed_at
from docs_collection c join seen s on s.collection_id = c.id
where c.account_id = $1 and c.site_id = $2 group by c.account_id, c.id
union all
select 2, 'category', g.number, g.slug, greatest(g.updated_at, max(s.updated_at))
from docs_category g
join docs_article_category m on m.account_id = g.account_id and m.category_id = g.id
join seen s on s.id = m.article_id and s.collection_id = g.collection_id
where g.account_id = $1 and g.visibility = 'public' group by g.account_id, g.id
union all
select 3, 'article', s.number, s.slug, s.updated_at from seen s
order by 1, 3
"""
NEWEST = f"""
with seen as ({_PUBLIC})
select a.number, a.slug, a.name, a.preview, a.text, coalesce(a.last_published_at, a.updated_at) as changed_at,
  least(coalesce((select min(r.created_at) from docs_revision r where r.account_id = $1 and r.article_id = a.id),
    a.created_at), coalesce(a.last_published_at, a.updated_at)) as published_at,
  array(select g.name from docs_article_category m
        join docs_category g on g.account_id = m.account_id and g.id = m.category_id
        where m.account_id = $1 and m.article_id = a.id and g.visibility = 'public' and not g.is_uncategorized
        order by g.position, g.number) as categories
from seen join docs_article a on a.account_id = $1 and a.id = seen.id
order by changed_at desc, a.number desc limit $3
"""


class PublicPage(msgspec.Struct, frozen=True):
    """A page that anybody may read, and when what it shows has last changed."""

    kind: Kind
    number: int
    slug: str
    changed_at: datetime


class NewArticle(msgspec.Struct, frozen=True, kw_only=True):
    """An article that anybody may read. `published_at` is the first time, `changed_at` the last."""

    number: int
    slug: str
    name: str
    preview: str
    text: str
    categories: list[str]
    published_at: datetime
    changed_at: datetime


async def list_public_pages(tx: Tx, account_id: int, site_id: str) -> list[PublicPage]:
    """Collections and categories that hold something public, and all public articles."""
    rows = await tx.connection.fetch(PAGES, account_id, site_id)
    return [PublicPage(row["kind"], row["number"], row["slug"], row["changed_at"]) for row in rows]


async def list_newest(tx: Tx, account_id: int, site_id: str, most: int = MOST_ENTRIES) -> list[NewArticle]:
    """The public articles that were published or changed last."""
    rows = await tx.connection.fetch(NEWEST, account_id, site_id, most)
    return [
        NewArticle(**{**dict(row), "categories": list(row["categories"]), "text": await texts.public_part(row["text"])})
        for row in rows
    ]
