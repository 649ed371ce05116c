"""SQL of what readers see: statements begin with $1 account, $2 site, $3 whether private things are seen too.

What belongs to a row is looked up by its key, in a query of its own that `offset 0` keeps from being merged with the
rest. Of tables that have just been filled the database knows nothing: to it an index on the account alone is then as
good as the key, and with the statements merged it read all of the account's articles and categories for each article
of a category (400 ms for 400 articles, and more than 3 s for 10,000).
"""

from __future__ import annotations

from typing import Literal

from waypost.domains.docs.store_articles import COLUMNS, VIEWS

ReadingSort = Literal["popularity", "name", "custom", "updatedAt", "number"]

#: The collection `l` of an article `a`.
_SHELF = """cross join lateral (
  select l.visibility from docs_collection l where l.account_id = a.account_id and l.id = a.collection_id offset 0) l
"""
#: An article `a` of a collection `l` that readers see (spec: 11.4). Which categories are public is asked once, and
#: `is true` keeps that from being merged as well.
_SEEN = """
  a.status = 'published' and (l.visibility = 'public' or $3::bool) and ($3::bool or exists (
    select 1 from docs_article_category sm
    where sm.account_id = a.account_id and sm.article_id = a.id and (sm.category_id in (
      select sg.id from docs_category sg where sg.account_id = $1 and sg.visibility = 'public')) is true
    offset 0))
"""
COLLECTIONS = f"""
select l.id, l.site_id, l.number, l.slug, l.visibility, l.position, l.name, l.description, l.created_by, l.updated_by,
  l.created_at, l.updated_at, counted.articles, counted.articles as published
from docs_collection l
cross join lateral (
  select count(*) as articles from docs_article a
  where a.account_id = l.account_id and a.collection_id = l.id and {_SEEN}) counted
where l.account_id = $1 and l.site_id = $2 and (l.visibility = 'public' or $3::bool)
order by l.position, l.number
"""
_CATEGORIES_SEEN = """
from docs_category g
join docs_collection l on l.account_id = g.account_id and l.id = g.collection_id
where g.account_id = $1 and l.site_id = $2 and ((g.visibility = 'public' and l.visibility = 'public') or $3::bool)
"""


def _categories(condition: str) -> str:
    """Categories that are seen and meet a condition; the articles of no others are counted."""
    return f"""
select g.id, g.collection_id, l.site_id, g.number, g.slug, g.visibility, g.position, g.default_sort, g.name,
  g.description, g.is_uncategorized, g.created_by, g.updated_by, g.created_at, g.updated_at, counted.articles,
  counted.articles as published
from (select g.*, l.site_id, l.visibility as shelf {_CATEGORIES_SEEN} and {condition} offset 0) g
cross join lateral (select g.site_id, g.shelf as visibility) l
cross join lateral (
  select count(*) as articles from docs_article_category m
  cross join lateral (
    select a.account_id, a.id, a.status from docs_article a
    where a.account_id = m.account_id and a.id = m.article_id offset 0) a
  where m.account_id = g.account_id and m.category_id = g.id and {_SEEN}) counted
"""


CATEGORIES = f"{_categories('l.id = $4')} order by g.position, g.number"
CATEGORY = _categories("g.number = $4")
NAMES_OF_CATEGORIES = f"select g.id, g.name {_CATEGORIES_SEEN} and g.id = any($4::text[])"
CATEGORIES_OF_ARTICLE = f"""{
    _categories('''g.id = any(array(
  select om.category_id from docs_article_category om where om.account_id = $1 and om.article_id = $4))''')
}
order by g.is_uncategorized, g.position, g.number
"""
ARTICLE = f"""
select {COLUMNS}, a.text, a.preview,
  (select count(*) from docs_related r where r.account_id = a.account_id and r.article_id = a.id) as related
from docs_article a {VIEWS} {_SHELF}
where a.account_id = $1 and a.site_id = $2 and {_SEEN} and a.number = $4
"""
_ENTRY = """a.id, a.number, a.slug, a.name, a.preview, a.updated_at, coalesce(v.total, 0) as views,
  l.visibility = 'private' as is_private"""
#: How often an article `a` was viewed.
_VIEWED = """left join lateral (
  select v.total from docs_views v where v.account_id = a.account_id and v.article_id = a.id offset 0) v on true
"""
POPULAR = f"""
select {_ENTRY} from docs_article a {_VIEWED} {_SHELF}
where a.account_id = $1 and a.site_id = $2 and {_SEEN}
order by coalesce(v.total, 0) desc, a.number limit $4
"""


def _named(table: str, column: str) -> str:
    """The articles `a` that a table names."""
    return f"""
from {table} m
cross join lateral (
  select a.account_id, a.id, a.site_id, a.collection_id, a.number, a.slug, a.name, a.preview, a.updated_at, a.status
  from docs_article a where a.account_id = m.account_id and a.id = m.{column} offset 0) a {_VIEWED} {_SHELF}
where m.account_id = $1 and a.site_id = $2 and {_SEEN}
"""


RELATED = f"""
select {_ENTRY} {_named("docs_related", "related_id")} and m.article_id = $4
order by m.position
"""
_ORDERS: dict[ReadingSort, str] = {
    "popularity": "coalesce(v.total, 0) desc, a.number desc",
    "name": "lower(a.name), a.number",
    "custom": "m.position, a.number",
    "updatedAt": "a.updated_at desc, a.number desc",
    "number": "a.number",
}


def _in_category(sort: ReadingSort) -> str:
    return f"""
select {_ENTRY}, m.category_id, row_number() over (partition by m.category_id order by {_ORDERS[sort]}) as place
{_named("docs_article_category", "article_id")} and m.category_id = $4
"""


def articles_sql(sort: ReadingSort) -> str:
    """A page of a category's articles: $4 category, $5 limit, $6 offset."""
    return f"select * from ({_in_category(sort)}) listed order by place limit $5 offset $6"


def neighbours_sql(sort: ReadingSort) -> str:
    """The articles before and after one in a category: $4 category, $5 article."""
    return f"""
with listed as ({_in_category(sort)})
select listed.*, listed.place > own.place as is_after
from listed join (select place from listed where id = $5) own on abs(listed.place - own.place) = 1
"""
