"""What readers of a help center see of it (spec: 11.4): collections, categories and articles that are public and
published, or also private ones. Nobody's rights are asked here: who sees what is decided by the pages."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import asyncpg
import msgspec

from waypost.domains.docs import store_categories, store_collections, store_reading, texts
from waypost.domains.docs.models import Article, Category, Collection
from waypost.domains.docs.search import SearchScope, find_similar
from waypost.domains.docs.store_articles import article_of
from waypost.domains.docs.store_reading import ReadingSort
from waypost.kit.tx import Tx


class Audience(msgspec.Struct, frozen=True, kw_only=True):
    """Who reads which site: everybody, or somebody who also sees what is private."""

    account_id: int
    site_id: str
    sees_private: bool = False
    #: Notes within articles are for users of the desk, not for whoever else sees what is private.
    is_team: bool = False

    @property
    def values(self) -> tuple[object, ...]:
        """The first parameters of every statement."""
        return (self.account_id, self.site_id, self.sees_private)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """An article in a list."""

    id: str
    number: int
    slug: str
    name: str
    preview: str
    updated_at: datetime
    view_count: int = 0
    is_private: bool = False


class ReadArticle(msgspec.Struct, frozen=True, kw_only=True):
    """A whole article. `text` is safe HTML, with notes for the team only where private things are seen. The code that
    its author may have added is not among it: nobody has cleaned that."""

    article: Article
    text: str
    preview: str
    collection: Collection
    #: Those that are seen, the one that it belongs to first.
    categories: list[Category]
    has_named_related: bool


async def list_collections(tx: Tx, audience: Audience) -> list[Collection]:
    """The site's collections in their order; their numbers of articles are of those that are seen."""
    rows = await tx.connection.fetch(store_reading.COLLECTIONS, *audience.values)
    return [store_collections.collection_of(row) for row in rows]


async def list_categories(tx: Tx, audience: Audience, collection_id: str) -> list[Category]:
    """A collection's categories in their order, also those in which nothing is seen."""
    rows = await tx.connection.fetch(store_reading.CATEGORIES, *audience.values, collection_id)
    return [store_categories.category_of(row) for row in rows]


async def names_of_categories(tx: Tx, audience: Audience, category_ids: Iterable[str]) -> dict[str, str]:
    """What those of the categories are called that are seen, by their ids."""
    wanted = sorted(set(category_ids))
    rows = await tx.connection.fetch(store_reading.NAMES_OF_CATEGORIES, *audience.values, wanted) if wanted else []
    return {row["id"]: row["name"] for row in rows}


async def find_category(tx: Tx, audience: Audience, number: int) -> Category | None:
    """The category with this number, if it is seen."""
    row = await tx.connection.fetchrow(store_reading.CATEGORY, *audience.values, number)
    return store_categories.category_of(row) if row else None


async def list_articles(
    tx: Tx, audience: Audience, category: Category, *, most: int, skipped: int = 0, sort: ReadingSort | None = None
) -> list[Entry]:
    """Articles of a category, in its own order unless another is asked for."""
    statement = store_reading.articles_sql(sort or category.default_sort.value)
    rows = await tx.connection.fetch(statement, *audience.values, category.id, most, skipped)
    return [_entry(row) for row in rows]


async def list_popular(tx: Tx, audience: Audience, most: int) -> list[Entry]:
    """The site's most viewed articles."""
    return [_entry(row) for row in await tx.connection.fetch(store_reading.POPULAR, *audience.values, most)]


async def find_article(tx: Tx, audience: Audience, number: int) -> ReadArticle | None:
    """The article with this number, if it is seen."""
    row = await tx.connection.fetchrow(store_reading.ARTICLE, *audience.values, number)
    if row is None:
        return None
    article = article_of(row)
    shelves = {one.id: one for one in await list_collections(tx, audience)}
    categories = await tx.connection.fetch(store_reading.CATEGORIES_OF_ARTICLE, *audience.values, article.id)
    return ReadArticle(
        article=article,
        text=row["text"] if audience.is_team else await texts.public_part(row["text"]),
        preview=row["preview"],
        collection=shelves[article.collection_id],
        categories=[store_categories.category_of(one) for one in categories],
        has_named_related=bool(row["related"]),
    )


async def list_related(tx: Tx, audience: Audience, article: ReadArticle, most: int = 5) -> list[Entry]:
    """The articles that one names as related and, where it names none, those that say the most of what it says."""
    if article.has_named_related:
        rows = await tx.connection.fetch(store_reading.RELATED, *audience.values, article.article.id)
        if rows:
            return [_entry(row) for row in rows]
    scope = SearchScope(account_id=audience.account_id, site_id=audience.site_id, is_public=True)
    return [
        Entry(
            id=hit.id, number=hit.number, slug=hit.slug, name=hit.name, preview=hit.preview, updated_at=tx.now,
        )
        for hit in await find_similar(tx, scope, article.article.id, most)
    ]  # fmt: skip


async def find_neighbours(
    tx: Tx, audience: Audience, category: Category, article_id: str
) -> tuple[Entry | None, Entry | None]:
    """The articles before and after one, as its category lists them."""
    statement = store_reading.neighbours_sql(category.default_sort.value)
    rows = await tx.connection.fetch(statement, *audience.values, category.id, article_id)
    beside = {row["is_after"]: _entry(row) for row in rows}
    return beside.get(False), beside.get(True)


def _entry(row: asyncpg.Record) -> Entry:
    return Entry(
        id=row["id"],
        number=row["number"],
        slug=row["slug"],
        name=row["name"],
        preview=row["preview"],
        updated_at=row["updated_at"],
        view_count=row["views"],
        is_private=row["is_private"],
    )
