"""The routes of content, and what holds for all of them. Schema-less: nothing here is an API."""

from __future__ import annotations

from litestar import Router

from waypost.edges.base.content_links import PREFIX
from waypost.edges.base.context import DEPENDENCIES
from waypost.edges.content import errors, handlers, ratings

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
    include_in_schema=False,
)

ROUTES = [_router]
