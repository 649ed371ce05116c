"""The home page: a search, what the site holds, and what is read most."""

from __future__ import annotations

from typing import Any

import litestar
from litestar import Request, Response

from waypost.domains import docs
from waypost.edges.base.context import TxDependency
from waypost.edges.docs_site import render, static_files, structured
from waypost.edges.docs_site.reader import Reader, ReaderDependency, place_of

POPULAR = 6
LISTED = 24


@litestar.get("/")
async def show_home(read: TxDependency, reader: ReaderDependency) -> Response[Any]:
    """The site's collections or its articles, as it has chosen (spec: 11.2)."""
    look = reader.site.fields.look
    by_articles = look.home_page_content == "articles"
    popular = await docs.reading.list_popular(read, reader.audience, LISTED if by_articles else POPULAR)
    return render.page(
        reader,
        "home.html",
        title="",
        description=description_of(reader),
        canonical="/",
        cache=True,
        popular=popular,
        data=[structured.website(reader)],
        by_articles=by_articles,
    )


def description_of(reader: Reader) -> str:
    """What search engines say of the site."""
    look = reader.site.fields.look
    return look.meta_description or look.description or ""


@litestar.get("/favicon.ico", sync_to_thread=False)
def show_icon(request: Request[Any, Any, Any]) -> Response[Any]:
    """For those who look for an icon without reading the page."""
    site = place_of(request).site
    assert site is not None
    return render.redirect(site.fields.look.fav_icon_url or static_files.address("icon.svg"), 302)


ROUTES = [show_home, show_icon]
