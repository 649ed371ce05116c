"""Composition of the web application: every edge's routes, the parts they share, and the layers around them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar import Litestar, Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig

from waypost import __version__
from waypost.edges.base import operations
from waypost.edges.base.context import Context
from waypost.edges.base.pipeline import Pipeline
from waypost.edges.inbox_v2.app import router as inbox_router
from waypost.edges.inbox_v2 import errors as inbox_errors
from waypost.edges.inbox_v2.gate import PREFIXES, Gate

if TYPE_CHECKING:
    from litestar.types import ASGIApp


def on_unrouted(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """What the router itself refuses (no such path, no such method), in the words of the edge that the path is in."""
    if request.scope["path"].startswith(PREFIXES):
        return inbox_errors.on_framework_error(request, error)
    return Response({"status": error.status_code, "message": error.detail}, status_code=error.status_code)


def build_router(context: Context) -> Litestar:
    """All routes, without the layers that need a running desk around them."""
    return Litestar(
        route_handlers=[*operations.ROUTES, inbox_router],
        state=State({"context": context}),
        exception_handlers={HTTPException: on_unrouted},
        openapi_config=OpenAPIConfig(
            title="Waypost Inbox API",
            version=__version__,
            render_plugins=[],
            path="/v2/openapi",
        ),
        debug=False,
        logging_config=None,
    )


def build_app(context: Context) -> ASGIApp:
    """The ASGI application that the server runs."""
    return Pipeline(Gate(build_router(context), context))
