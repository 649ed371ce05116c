"""Articles, categories and collections by number: what they are called now, and who may see them."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from waypost.domains.docs.addresses import Kind
from waypost.kit.db import Connection

#: spec: 11.4. An article is public in a public collection and at least one public category.
ARTICLES = """
select a.number, a.id, a.site_id, a.slug, a.status = 'published' as is_published,
  c.visibility = 'public' and exists (
    select 1 from docs_article_category m
    join docs_category g on g.account_id = m.account_id and g.id = m.category_id
    where m.account_id = a.account_id and m.article_id = a.id and g.visibility = 'public') as is_public
from docs_article a join docs_collection c on c.account_id = a.account_id and c.id = a.collection_id
where a.account_id = $1 and a.number = any($2::bigint[])
"""
CATEGORIES = """
select g.number, g.id, c.site_id, g.slug, true as is_published,
  g.visibility = 'public' and c.visibility = 'public' as is_public
from docs_category g join docs_collection c on c.account_id = g.account_id and c.id = g.collection_id
where g.account_id = $1 and g.number = any($2::bigint[])
"""
COLLECTIONS = """
select c.number, c.id, c.site_id, c.slug, true as is_published, c.visibility = 'public' as is_public
from docs_collection c where c.account_id = $1 and c.number = any($2::bigint[])
"""
_STATEMENTS: dict[Kind, str] = {"article": ARTICLES, "category": CATEGORIES, "collection": COLLECTIONS}


class Document(msgspec.Struct, frozen=True):
    """What an address names. Categories and collections are published by being there."""

    kind: Kind
    number: int
    id: str
    site_id: str
    slug: str
    is_published: bool
    is_public: bool

    def is_seen(self, *, may_see_private: bool) -> bool:
        """Whether a visitor gets to see it."""
        return self.is_published and (self.is_public or may_see_private)


#: By kind and number.
Documents = dict[tuple[Kind, int], Document]


async def find(connection: Connection, account_id: int, named: Iterable[tuple[Kind, int]]) -> Documents:
    """Those of the named documents that are there."""
    wanted: dict[Kind, set[int]] = {}
    for kind, number in named:
        wanted.setdefault(kind, set()).add(number)
    found: Documents = {}
    for kind, numbers in wanted.items():
        for row in await connection.fetch(_STATEMENTS[kind], account_id, sorted(numbers)):
            found[kind, row["number"]] = Document(
                kind, row["number"], row["id"], row["site_id"], row["slug"], row["is_published"], row["is_public"]
            )
    return found
