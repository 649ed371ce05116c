"""Lists of articles: of a collection, of a category, and those related to one."""

from __future__ import annotations

from typing import Literal

from waypost.domains.accounts import Actor
from waypost.domains.docs import policy
from waypost.domains.docs import store_categories as categories
from waypost.domains.docs import store_collections as collections
from waypost.domains.docs.ids import number_of
from waypost.domains.docs.models import Article, ArticleStatus, DefaultSort
from waypost.domains.docs.store_articles import COLUMNS, VIEWS, article_of
from waypost.kit.errors import NotFound
from waypost.kit.paging import Page, PageRequest
from waypost.kit.tx import Tx

ArticleSort = Literal["number", "status", "name", "popularity", "createdAt", "updatedAt", "order", "custom"]
Parent = Literal["collection", "category", "related"]

_FROM: dict[Parent, str] = {
    # By its first category's place, then by its own within that.
    "collection": f"""
from docs_article a {VIEWS}
left join lateral (
  select c.position as shelf, m.position from docs_article_category m
  join docs_category c on c.account_id = m.account_id and c.id = m.category_id
  where m.account_id = a.account_id and m.article_id = a.id
  order by c.position, c.number limit 1) place on true
where a.account_id = $1 and a.collection_id = $2""",
    "category": f"""
from docs_article_category place
join docs_article a on a.account_id = place.account_id and a.id = place.article_id {VIEWS}
where place.account_id = $1 and place.category_id = $2""",
    "related": f"""
from docs_related place
join docs_article a on a.account_id = place.account_id and a.id = place.related_id {VIEWS}
where place.account_id = $1 and place.article_id = $2""",
}
_STATUS = "and ($3::text is null or a.status = $3)"
#: What an order goes by, and whether it descends where nobody says.
_SORTS: dict[ArticleSort, tuple[str, bool]] = {
    "number": ("a.number", True),
    "status": ("a.status", True),
    "name": ("lower(a.name)", True),
    "popularity": ("coalesce(v.total, 0)", True),
    "createdAt": ("a.created_at", True),
    "updatedAt": ("a.updated_at", True),
    "order": ("place.position", False),
    "custom": ("place.position", False),
}
_AS_DISPLAYED: dict[DefaultSort, tuple[ArticleSort, bool]] = {
    DefaultSort.POPULARITY: ("popularity", True),
    DefaultSort.NAME: ("name", False),
    DefaultSort.CUSTOM: ("custom", False),
    DefaultSort.UPDATED_AT: ("updatedAt", True),
    DefaultSort.NUMBER: ("number", False),
}


def list_sql(parent: Parent, sort: ArticleSort, *, descending: bool) -> str:
    """The statement that lists a page of articles in an order."""
    way = "desc" if descending else "asc"
    keys = [f"{_SORTS[sort][0]} {way}", f"a.number {way}"]
    if parent == "collection" and sort in ("order", "custom"):
        keys.insert(0, f"place.shelf {way}")
    return f"select {COLUMNS} {_FROM[parent]} {_STATUS} order by {', '.join(keys)} limit $4 offset $5"


def count_sql(parent: Parent) -> str:
    """The statement that counts them."""
    return f"select count(*) {_FROM[parent]} {_STATUS}"


class ArticleOrder:
    """By what a list of articles is sorted; `descending` None is the way that suits."""

    def __init__(self, sort: ArticleSort = "order", *, descending: bool | None = None) -> None:
        self.sort: ArticleSort = sort
        self.descending = descending

    def resolved(self, displayed: tuple[ArticleSort, bool]) -> tuple[ArticleSort, bool]:
        """The sort and its direction. `order` is what pages display, which `desc` turns round."""
        if self.sort == "order":
            sort, descending = displayed
            return sort, descending != bool(self.descending)
        return self.sort, _SORTS[self.sort][1] if self.descending is None else self.descending


async def list_of_collection(
    tx: Tx, actor: Actor, reference: str, page: PageRequest, status: ArticleStatus | None, order: ArticleOrder
) -> Page[Article]:
    """A collection's articles. Raises NotFound."""
    policy.may_read(actor)
    found = await collections.find(tx.connection, actor.account_id, reference, number_of(reference))
    if found is None:
        raise NotFound("no such collection")
    by = order.resolved(("custom", False))
    return await _page(tx, actor.account_id, ("collection", found.id), page, status, by)


async def list_of_category(
    tx: Tx, actor: Actor, reference: str, page: PageRequest, status: ArticleStatus | None, order: ArticleOrder
) -> Page[Article]:
    """A category's articles, by its default sort unless another is asked for. Raises NotFound."""
    policy.may_read(actor)
    found = await categories.find(tx.connection, actor.account_id, reference, number_of(reference))
    if found is None:
        raise NotFound("no such category")
    by = order.resolved(_AS_DISPLAYED[found.default_sort])
    return await _page(tx, actor.account_id, ("category", found.id), page, status, by)


async def list_related(
    tx: Tx, actor: Actor, article_id: str, page: PageRequest, status: ArticleStatus | None, order: ArticleOrder
) -> Page[Article]:
    """The articles that an article names as related, in its order. The caller has checked that it is there."""
    policy.may_read(actor)
    by = order.resolved(("custom", False))
    return await _page(tx, actor.account_id, ("related", article_id), page, status, by)


async def _page(
    tx: Tx,
    account_id: int,
    parent: tuple[Parent, str],
    page: PageRequest,
    status: ArticleStatus | None,
    by: tuple[ArticleSort, bool],
) -> Page[Article]:
    wanted = (account_id, parent[1], status.value if status else None)
    sql = list_sql(parent[0], by[0], descending=by[1])
    rows = await tx.connection.fetch(sql, *wanted, page.size, page.offset)
    total = await tx.connection.fetchval(count_sql(parent[0]), *wanted)
    return Page([article_of(row) for row in rows], total, page)
