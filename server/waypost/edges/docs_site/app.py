"""The routes of help centers, and what holds for all of them. A router of its own: the desk's has none of these paths,
and this one none of the desk's."""

from __future__ import annotations

from copy import copy
from functools import lru_cache
from typing import Any

import litestar
from litestar import Litestar, Request, Response
from litestar.datastructures import State
from litestar.di import Provide
from litestar.params import FromPath

from waypost.domains import docs
from waypost.edges.base.context import DEPENDENCIES, Context, context_of
from waypost.edges.docs_site import errors, render, static_files
from waypost.edges.docs_site.access import DOORS
from waypost.edges.docs_site.centers import HelpCenters
from waypost.edges.docs_site.handlers import (
    articles,
    categories,
    collections,
    contact,
    doors,
    feeds,
    home,
    search,
    votes,
)
from waypost.edges.docs_site.reader import build_reader, place_of, provide_reader
from waypost.kit.errors import NotFound


async def enter(request: Request[Any, Any, Any]) -> Response[Any] | None:
    """Before each handler (spec: 11.3): who may come in, then where the site sends on, then the page itself."""
    path = request.scope["path"]
    if path.startswith(static_files.PREFIX):
        return None
    context, place = context_of(request), place_of(request)
    reader = await build_reader(request, place)
    if path in DOORS or not reader.access.is_admitted:
        return None
    query = request.scope["query_string"].decode("latin-1")
    asked = f"{path}?{query}" if query else path
    async with context.transactions.read() as tx:
        target = await docs.follow_on_site(
            tx,
            place.account_id,
            context.docs_addresses,
            reader.site.id,
            asked,
            may_see_private=reader.may_see_private,
        )
    # What leads somewhere for some visitors only must not be remembered for others.
    status, cache = 301, render.PUBLIC if reader.is_anybody else render.PRIVATE
    return render.redirect(target, status, cache) if target is not None else None


@litestar.get("/{path:path}")
async def nowhere(path: FromPath[str]) -> Response[Any]:
    """Any other path."""
    raise NotFound(path)


def build_router(context: Context, centers: HelpCenters) -> Litestar:
    """The application behind the hosts of one desk's help centers."""
    router = copy(all_routes())
    router.state = State({"context": context, "kept": centers.kept, "views": centers.views})
    return router


@lru_cache(maxsize=1)
def all_routes() -> Litestar:
    """Registered once: that takes far longer than anything else of opening a desk."""
    return Litestar(
        route_handlers=[
            *home.ROUTES,
            *collections.ROUTES,
            *categories.ROUTES,
            *articles.ROUTES,
            *search.ROUTES,
            *votes.ROUTES,
            *contact.ROUTES,
            *doors.ROUTES,
            *feeds.ROUTES,
            static_files.serve,
            nowhere,
        ],
        dependencies={**DEPENDENCIES, "reader": Provide(provide_reader, sync_to_thread=False)},
        exception_handlers=errors.EXCEPTION_HANDLERS,
        before_request=enter,
        openapi_config=None,
        debug=False,
        logging_config=None,
    )
