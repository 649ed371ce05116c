"""SQL of what readers see: statements begin with $1 account, $2 site, $3 whether private things are seen too."""

from __future__ import annotations

from typing import Literal

from waypost.domains.docs.store_articles import COLUMNS, VIEWS

ReadingSort = Literal["popularity", "name", "custom", "updatedAt", "number"]

#: An article `a` of a collection `l` that readers see (spec: 11.4).
_SEEN = """
  a.status = 'published' and (l.visibility = 'public' or $3::bool) and ($3::bool or exists (
    select 1 from docs_article_category sm
    join docs_category sg on sg.account_id = sm.account_id and sg.id = sm.category_id
    where sm.account_id = a.account_id and sm.article_id = a.id and sg.visibility = 'public'))
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
_CATEGORY = f"""
select g.id, g.collection_id, l.site_id, g.number, g.slug, g.visibility, g.position, g.default_sort, g.name,
  g.description, g.is_uncategorized, g.created_by, g.updated_by, g.created_at, g.updated_at, counted.articles,
  counted.articles as published
from docs_category g
join docs_collection l on l.account_id = g.account_id and l.id = g.collection_id
cross join lateral (
  select count(*) as articles from docs_article_category m
  join docs_article a on a.account_id = m.account_id and a.id = m.article_id
  where m.account_id = g.account_id and m.category_id = g.id and {_SEEN}) counted
where g.account_id = $1 and l.site_id = $2
  and ((g.visibility = 'public' and l.visibility = 'public') or $3::bool)
"""
CATEGORIES = f"{_CATEGORY} and l.id = $4 order by g.position, g.number"
CATEGORY = f"{_CATEGORY} and g.number = $4"
NAMES_OF_CATEGORIES = """
select g.id, g.name from docs_category g
join docs_collection l on l.account_id = g.account_id and l.id = g.collection_id
where g.account_id = $1 and l.site_id = $2 and g.id = any($4::text[])
  and ((g.visibility = 'public' and l.visibility = 'public') or $3::bool)
"""
CATEGORIES_OF_ARTICLE = f"""{_CATEGORY} and exists (
  select 1 from docs_article_category om
  where om.account_id = g.account_id and om.category_id = g.id and om.article_id = $4)
order by g.is_uncategorized, g.position, g.number
"""
ARTICLE = f"""
select {COLUMNS}, a.text, a.preview,
  (select count(*) from docs_related r where r.account_id = a.account_id and r.article_id = a.id) as related
from docs_article a {VIEWS}
join docs_collection l on l.account_id = a.account_id and l.id = a.collection_id
where a.account_id = $1 and a.site_id = $2 and {_SEEN} and a.number = $4
"""
_ENTRY = """a.id, a.number, a.slug, a.name, a.preview, a.updated_at, coalesce(v.total, 0) as views,
  l.visibility = 'private' as is_private"""
_FROM = f"""
from docs_article a {VIEWS}
join docs_collection l on l.account_id = a.account_id and l.id = a.collection_id
"""
POPULAR = f"""
select {_ENTRY} {_FROM} where a.account_id = $1 and a.site_id = $2 and {_SEEN}
order by coalesce(v.total, 0) desc, a.number limit $4
"""
RELATED = f"""
select {_ENTRY} {_FROM}
join docs_related place on place.account_id = a.account_id and place.related_id = a.id
where a.account_id = $1 and a.site_id = $2 and {_SEEN} and place.article_id = $4
order by place.position
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
{_FROM}
join docs_article_category m on m.account_id = a.account_id and m.article_id = a.id
where a.account_id = $1 and a.site_id = $2 and {_SEEN} and m.category_id = $4
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
