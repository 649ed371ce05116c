"""The routes of content, and what holds for all of them. Schema-less: nothing here is an API."""

from __future__ import annotations

from typing import Any

from litestar import Request, Router

from waypost.edges.base.content_links import PREFIX
from waypost.edges.base.context import DEPENDENCIES
from waypost.edges.content import errors, handlers, ratings


def keep_links_out_of_the_log(request: Request[Any, Any, Any]) -> None:
    """Before each request: whoever reads the log must not be able to follow a link (it names `…` instead)."""
    kind = request.scope["path"].removeprefix(PREFIX).partition("/")[0]
    request.scope["waypost.logged_path"] = f"{PREFIX}{kind}/…"  # type: ignore[typeddict-unknown-key]


_router = Router(
    path=PREFIX,
    route_handlers=[
        handlers.get_attachment,
        handlers.show_thread,
        handlers.get_image,
        ratings.show_rating,
        ratings.show_grade,
        ratings.record,
    ],
    dependencies=dict(DEPENDENCIES),
    exception_handlers=errors.EXCEPTION_HANDLERS,
    before_request=keep_links_out_of_the_log,
    include_in_schema=False,
)

ROUTES = [_router]
