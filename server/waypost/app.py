"""Composition of the web application: every edge's routes, the parts they share, and the layers around them."""

from __future__ import annotations

from copy import copy
from functools import cache
from typing import TYPE_CHECKING, Any

import litestar
import msgspec
from litestar import Litestar, Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig

from waypost import __version__
from waypost.edges.base import operations
from waypost.edges.base.content_links import PREFIX as CONTENT_PREFIX
from waypost.edges.base.context import Context
from waypost.edges.base.pipeline import Pipeline
from waypost.edges.content import errors as content_errors
from waypost.edges.content.app import ROUTES as CONTENT_ROUTES
from waypost.edges.content.host import ContentHost
from waypost.edges.content.pictures import Pictures
from waypost.edges.content.throttle import Throttle
from waypost.edges.docs_site.centers import HelpCenters
from waypost.edges.docs_site.host import HelpCenterHost
from waypost.edges.docs_v1 import documentation as docs_documentation
from waypost.edges.docs_v1 import errors as docs_errors
from waypost.edges.docs_v1.app import make_public_router as make_docs_files_router
from waypost.edges.docs_v1.app import make_router as make_docs_router
from waypost.edges.docs_v1.gate import PREFIX as DOCS_PREFIX
from waypost.edges.docs_v1.gate import Gate as DocsGate
from waypost.edges.inbox_v2 import documentation
from waypost.edges.inbox_v2 import errors as inbox_errors
from waypost.edges.inbox_v2.app import router as inbox_router
from waypost.edges.inbox_v2.gate import PREFIXES, Gate
from waypost.edges.mail_io.inbound import ROUTES as INBOUND_ROUTES
from waypost.edges.oauth2.app import ROUTES as OAUTH_ROUTES
from waypost.edges.session import errors as session_errors
from waypost.edges.session.app import ROUTES as SESSION_ROUTES

if TYPE_CHECKING:
    from litestar.types import ASGIApp


def on_unrouted(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """What the router itself refuses (no such path, no such method), in the words of the edge that the path is in."""
    if request.scope["path"].startswith(PREFIXES):
        return inbox_errors.on_framework_error(request, error)
    if request.scope["path"].startswith(CONTENT_PREFIX):
        return content_errors.ERRORS.on_framework_error(request, error)
    if request.scope["path"].startswith(DOCS_PREFIX):
        return docs_errors.on_framework_error(request, error)
    return session_errors.ERRORS.on_framework_error(request, error)


class NoPages(litestar.Controller):
    """Stands where the framework would mount its own viewers of the description."""

    path = "/v2/openapi"


@litestar.get("/v2/openapi.json", include_in_schema=False, sync_to_thread=False)
def openapi_document(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The OpenAPI 3.1 description, made from the handlers. It is public: it describes, it holds nothing."""
    schema = description(request.app, request.app.state.context.base_url)
    return Response(msgspec.json.encode(schema), media_type="application/json")


@litestar.get("/v1/openapi.json", include_in_schema=False, sync_to_thread=False)
def docs_openapi_document(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The same of the Docs API."""
    schema = docs_documentation.describe(request.app.state.context.base_url)
    return Response(msgspec.json.encode(schema), media_type="application/json")


def description(router: Litestar, base_url: str) -> dict[str, Any]:
    """The OpenAPI description of the Inbox API as served under an address."""
    return documentation.complete(router.openapi_schema.to_schema(), base_url)


@cache
def _routes() -> Litestar:
    """All routes. Registering hundreds of handlers takes half a second, and nothing in it depends on a desk."""
    return Litestar(
        route_handlers=[
            *operations.ROUTES,
            openapi_document,
            docs_openapi_document,
            inbox_router,
            make_docs_router(is_described=False),
            make_docs_files_router(),
            *OAUTH_ROUTES,
            *INBOUND_ROUTES,
            *SESSION_ROUTES,
            *CONTENT_ROUTES,
        ],
        exception_handlers={HTTPException: on_unrouted},
        openapi_config=OpenAPIConfig(
            title="Waypost Inbox API",
            version=__version__,
            # Only `openapi_document` serves the description: no viewer, and nothing that loads from elsewhere.
            openapi_controller=NoPages,  # type: ignore[arg-type]  # any controller will do
            use_handler_docstrings=True,
        ),
        debug=False,
        logging_config=None,
    )


def build_router(context: Context) -> Litestar:
    """All routes over one desk, without the layers that need a running desk around them."""
    router = copy(_routes())
    router.state = State(
        {"context": context, "pictures": Pictures(lambda: context.outgoing), "ratings_throttle": Throttle()}
    )
    return router


def build_app(context: Context, centers: HelpCenters | None = None) -> ASGIApp:
    """The ASGI application that the server runs. Without `centers` nothing of help centers is kept."""
    desk = ContentHost(Gate(DocsGate(build_router(context), context), context), context)
    return Pipeline(HelpCenterHost(desk, context, centers or HelpCenters(context.transactions)))
