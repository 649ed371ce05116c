"""HAL documents: links, pages, and the answers to writes (spec: 3, 6a)."""

from __future__ import annotations

from functools import partial
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl, urlencode

import litestar
import msgspec
from litestar import Request, Response

from waypost.kit.paging import Page, PageRequest

HAL = "application/hal+json"
Item = TypeVar("Item")

#: Route decorators that answer HAL.
get = partial(litestar.get, media_type=HAL)
post = partial(litestar.post, media_type=HAL, status_code=201)


class Link(msgspec.Struct, frozen=True):
    """Where something is. `templated` is present only when the address holds a placeholder."""

    href: str
    templated: bool | msgspec.UnsetType = msgspec.UNSET


Links = dict[str, Link]


class PageInfo(msgspec.Struct, frozen=True, rename="camel"):
    """Which page this is, and of how much (spec: 3.1)."""

    size: int
    total_elements: int
    total_pages: int
    number: int


class Listing(msgspec.Struct, Generic[Item], frozen=True):
    """One page of a list."""

    embedded: dict[str, list[Item]] = msgspec.field(name="_embedded")
    page: PageInfo
    links: Links = msgspec.field(name="_links")


class Collection(msgspec.Struct, Generic[Item], frozen=True):
    """A list that is answered whole."""

    embedded: dict[str, list[Item]] = msgspec.field(name="_embedded")
    links: Links = msgspec.field(name="_links")


class Created(msgspec.Struct, frozen=True):
    """The short answer to a create: the id, and where the resource is."""

    id: int
    links: Links = msgspec.field(name="_links")


def base_url(request: Request[Any, Any, Any]) -> str:
    """The public address that every link starts with."""
    address: str = request.app.state.context.base_url
    return address


def listing(request: Request[Any, Any, Any], rel: str, page: Page[Any], items: list[Any]) -> Listing[Any]:
    """A page of wire items under its rel, with every page link (spec: 3.1)."""
    info = page_info(page.total, page.request)
    return Listing({rel: items}, info, page_links(request, info))


def page_info(total: int, request: PageRequest) -> PageInfo:
    """The `page` object."""
    return PageInfo(request.size, total, -(-total // request.size), request.number)


def page_links(request: Request[Any, Any, Any], info: PageInfo) -> Links:
    """self, first, last, page; next and previous where there are such. The caller's other parameters stay."""
    others = [
        pair
        for pair in parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if pair[0] != "page"
    ]
    address = base_url(request) + request.scope["path"]
    stem = f"{address}?{urlencode(others)}&page=" if others else f"{address}?page="
    links = {
        "self": Link(f"{stem}{info.number}"),
        "first": Link(f"{stem}1"),
        "last": Link(f"{stem}{max(1, info.total_pages)}"),
        "page": Link(f"{address}?{urlencode(others)}{{&page}}" if others else f"{address}{{?page}}", templated=True),
    }
    if info.number < info.total_pages:
        links["next"] = Link(f"{stem}{info.number + 1}")
    if info.number > 1:
        links["previous"] = links["prev"] = Link(f"{stem}{info.number - 1}")
    return links


def collection(request: Request[Any, Any, Any], items: dict[str, list[Any]]) -> Collection[Any]:
    """A whole list under one rel or more."""
    return Collection(items, {"self": Link(base_url(request) + request.scope["path"])})


def created(
    body: Any, *, resource_id: int | str, location: str, headers: dict[str, str] | None = None
) -> Response[Any]:
    """201 with the three carriers of the new id that clients read: header, Location and body (spec: 6a)."""
    return Response(
        body,
        status_code=201,
        media_type=HAL,
        headers={"Resource-ID": str(resource_id), "Location": location, **(headers or {})},
    )
