"""The first page: what runs here and where."""

from __future__ import annotations

import litestar
from litestar import Response

from waypost.edges.base.context import Context
from waypost.edges.session.pages import page
from waypost.edges.session.visitors import Visitor


@litestar.get("/")
async def welcome(context: Context, visitor: Visitor) -> Response[str]:
    """The welcome page."""
    return page(context, visitor, "home.html")
