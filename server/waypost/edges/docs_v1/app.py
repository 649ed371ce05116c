"""The routes of the Docs API in one list, and what holds for all of them."""

from __future__ import annotations

from typing import Any

from litestar import Router
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from waypost.edges.base.context import DEPENDENCIES, Unauthorized
from waypost.edges.docs_v1.errors import EXCEPTION_HANDLERS
from waypost.edges.docs_v1.handlers import articles, assets, redirects, revisions, shelves, sites


# Asynchronous, or the framework would run it in a thread of its own for each request.
async def needs_key(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard of every route: a key that counts (spec: 2.1)."""
    if connection.scope.get("waypost.actor") is None:
        raise Unauthorized


def make_router(*, is_described: bool) -> Router:
    """All routes below /v1; described in the OpenAPI document of the application that they become part of, or not."""
    return Router(
        path="/",
        route_handlers=[
            *articles.ROUTES,
            *revisions.ROUTES,
            *shelves.ROUTES,
            *sites.ROUTES,
            *redirects.ROUTES,
            *assets.ROUTES,
        ],
        dependencies=DEPENDENCIES,
        guards=[needs_key],
        exception_handlers=EXCEPTION_HANDLERS,
        # None leaves it to each handler.
        include_in_schema=None if is_described else False,  # type: ignore[arg-type]
    )


def make_public_router() -> Router:
    """The files of articles and sites."""
    return Router(path="/", route_handlers=assets.PUBLIC_ROUTES, dependencies=DEPENDENCIES)
