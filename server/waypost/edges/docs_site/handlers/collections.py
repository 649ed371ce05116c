"""A collection: its categories with their first articles."""

from __future__ import annotations

from typing import Any

import litestar
from litestar import Request, Response
from litestar.params import FromPath

from waypost.domains import docs
from waypost.domains.docs import path_of
from waypost.edges.base.context import TxDependency
from waypost.edges.docs_site import render
from waypost.edges.docs_site.paths import canonical, number_in
from waypost.edges.docs_site.reader import ReaderDependency
from waypost.kit.errors import NotFound

#: How many articles of a category are listed here; the others are on its own page.
LISTED = 6
#: In the only category.
LISTED_ALONE = 50


@litestar.get("/collection/{reference:str}")
async def show_collection(
    request: Request[Any, Any, Any], read: TxDependency, reader: ReaderDependency, reference: FromPath[str]
) -> Response[Any]:
    """A collection's categories, each with its articles (spec: 11.2)."""
    number = number_in("collection", reference)
    listed = await docs.reading.list_collections(read, reader.audience)
    found = next((one for one in listed if one.number == number), None)
    if found is None:
        raise NotFound
    path = canonical(request, path_of("collection", found.number, found.slug))
    categories = await docs.reading.list_categories(read, reader.audience, found.id)
    most = LISTED if sum(one.article_count > 0 for one in categories) > 1 else LISTED_ALONE
    shelves = [
        (category, await docs.reading.list_articles(read, reader.audience, category, most=most))
        for category in categories
        if category.article_count
    ]
    return render.page(
        reader,
        "collection.html",
        title=found.name,
        description=found.description or "",
        canonical=path,
        cache=True,
        collection=found,
        shelves=shelves,
    )


ROUTES = [show_collection]
