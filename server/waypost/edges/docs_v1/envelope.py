"""Answers: one thing or a page of things in its envelope, or nothing at all (spec: 2.4, 2.7)."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec
from litestar import Request, Response
from msgspec import UNSET, UnsetType

from waypost.domains.docs import Hits
from waypost.edges.docs_v1 import parameters
from waypost.edges.docs_v1.errors import JSON
from waypost.edges.docs_v1.members import Members
from waypost.kit.paging import Page

Item = TypeVar("Item")


class Listing(msgspec.Struct, Generic[Item], frozen=True):
    """A page of things, and how many there are."""

    page: int
    pages: int
    count: int
    items: list[Item]


def listing(page: Page[Any] | Hits, items: list[Any]) -> Listing[Any]:
    """The items of a page. There is a first page even of nothing (spec: 2.5)."""
    return Listing(page.request.number, max(1, -(-page.total // page.request.size)), page.total, items)


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response[Any]:
    """A JSON body."""
    return Response(body, status_code=status, media_type=JSON, headers=headers)


def nothing(status: int = 200, headers: dict[str, str] | None = None) -> Response[Any]:
    """An empty body."""
    return Response(b"", status_code=status, media_type=JSON, headers=headers)


def created(request: Request[Any, Any, Any], members: Members, body: Any, location: str) -> Response[Any]:
    """201 with Location. The body is left out only where `reload` says no."""
    headers = {"Location": location}
    return nothing(201, headers) if _reload(request, members) is False else answer(body, 201, headers)


def updated(request: Request[Any, Any, Any], members: Members, body: Any) -> Response[Any]:
    """200, with the body where `reload` asks for it."""
    return answer(body) if _reload(request, members) is True else nothing()


def _reload(request: Request[Any, Any, Any], members: Members) -> bool | UnsetType:
    """What `reload` says, in the query or in the body (spec: 2.7)."""
    in_query = parameters.read(request, parameters.RELOAD).boolean("reload")
    if in_query is not None:
        return in_query
    return members.boolean("reload") if members.has("reload") else UNSET
