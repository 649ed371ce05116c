"""A category: all of its articles."""

from __future__ import annotations

from typing import Any, cast

import litestar
from litestar import Request, Response
from litestar.params import FromPath

from waypost.domains import docs
from waypost.domains.docs import ReadingSort, path_of
from waypost.edges.base.context import TxDependency
from waypost.edges.docs_site import render
from waypost.edges.docs_site.paths import canonical, number_in
from waypost.edges.docs_site.reader import ReaderDependency
from waypost.kit.errors import NotFound

A_PAGE = 50
#: What visitors may sort by (spec: 11.2), and the phrase for it.
SORTS = {"popularity": "sort_popularity", "name": "sort_name", "updatedAt": "sort_updated"}


@litestar.get("/category/{reference:str}")
async def show_category(
    request: Request[Any, Any, Any], read: TxDependency, reader: ReaderDependency, reference: FromPath[str]
) -> Response[Any]:
    """A category's articles, in its own order or as `sort` says."""
    found = await docs.reading.find_category(read, reader.audience, number_in("category", reference))
    if found is None:
        raise NotFound
    path = canonical(request, path_of("category", found.number, found.slug))
    collection = next(
        one for one in await docs.reading.list_collections(read, reader.audience) if one.id == found.collection_id
    )
    wanted = request.query_params.get("sort", "")
    sort = cast("ReadingSort", wanted) if wanted in SORTS else None
    pages = max(1, -(-found.article_count // A_PAGE))
    page = _page(request.query_params.get("page", ""), pages)
    articles = await docs.reading.list_articles(
        read, reader.audience, found, most=A_PAGE, skipped=(page - 1) * A_PAGE, sort=sort
    )
    siblings = await docs.reading.list_categories(read, reader.audience, collection.id)
    name = reader.t.other_articles if found.is_uncategorized else found.name
    return render.page(
        reader,
        "category.html",
        title=name,
        description=found.description or "",
        canonical=path if page == 1 else f"{path}?page={page}",
        crumbs=[(collection.name, path_of("collection", collection.number, collection.slug))],
        cache=True,
        category=found,
        collection=collection,
        name=name,
        articles=articles,
        siblings=[one for one in siblings if one.article_count],
        sort=sort or "",
        sorts=SORTS,
        own_path=path,
        page=page,
        pages=pages,
    )


def _page(text: str, pages: int) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 1
    return min(max(number, 1), pages)


ROUTES = [show_category]
