"""Redirects: endpoints 33 to 39."""

from __future__ import annotations

from typing import Any

import litestar
from litestar import Request, Response
from litestar.params import FromPath

from waypost.domains import docs
from waypost.edges.base.context import ActorDependency, ContextDependency, TxDependency
from waypost.edges.docs_v1 import envelope, parameters
from waypost.edges.docs_v1.members import documented, read_members
from waypost.edges.docs_v1.parameters import PAGING, Query, Values
from waypost.edges.docs_v1.wire import sites as wire
from waypost.edges.docs_v1.wire.sites import FoundBody, RedirectBody, RedirectedUrlOut, RedirectList, RedirectOut
from waypost.kit.errors import BadParameter, FieldError

TAGS = ["Redirects"]
FIND = (
    Query("url", "text", "The path, or the whole address, that may be redirected."),
    Query("siteId", "text", "The site that it is of."),
)


def _needed(values: Values, *names: str) -> None:
    missing = [FieldError(name, f"{name} is required", "NotEmpty", source="QUERY") for name in names]
    missing = [error for error in missing if values.text(error.path) is None]
    if missing:
        raise BadParameter(missing)


@litestar.get("/v1/redirects/site/{site_id:str}", tags=TAGS, operation_class=documented(*PAGING))
async def list_redirects(
    request: Request[Any, Any, Any],
    read: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    site_id: FromPath[str],
) -> Response[RedirectList]:
    """List the redirects of a site."""
    values = parameters.read(request, *PAGING)
    page = await docs.list_redirects(read, actor, context.docs_addresses, site_id, values.page())
    items = [RedirectOut.of(item) for item in page.items]
    return envelope.answer(RedirectList(envelope.listing(page, items)))


@litestar.get("/v1/redirects/{redirect_id:str}", tags=TAGS)
async def get_redirect(
    read: TxDependency, actor: ActorDependency, context: ContextDependency, redirect_id: FromPath[str]
) -> Response[RedirectBody]:
    """Get a redirect."""
    found = await docs.get_redirect(read, actor, context.docs_addresses, redirect_id)
    return envelope.answer(RedirectBody(RedirectOut.of(found)))


@litestar.get("/v1/redirects", tags=TAGS, operation_class=documented(*FIND))
async def find_redirect(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, context: ContextDependency
) -> Response[FoundBody]:
    """Find where a path of a site leads in the end."""
    values = parameters.read(request, *FIND)
    _needed(values, "url", "siteId")
    url, site_id = values.text("url") or "", values.text("siteId")
    found = await docs.find_redirect(read, actor, context.docs_addresses, url, site_id)
    return envelope.answer(FoundBody(RedirectedUrlOut.of(found) if found else None))


@litestar.get("/v1/redirects/find", tags=TAGS, operation_class=documented(*FIND))
async def find_redirect_anywhere(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, context: ContextDependency
) -> Response[FoundBody]:
    """Find where a path leads in the end, in one site or in any, and by which redirect first."""
    values = parameters.read(request, *FIND)
    _needed(values, "url")
    url, site_id = values.text("url") or "", values.text("siteId")
    found = await docs.find_redirect(read, actor, context.docs_addresses, url, site_id)
    if found is None:
        return envelope.answer(FoundBody(None, None))
    return envelope.answer(FoundBody(RedirectedUrlOut.of(found), RedirectOut.of(found.first)))


@litestar.post(
    "/v1/redirects", status_code=201, tags=TAGS,
    operation_class=documented(parameters.RELOAD, members=wire.REDIRECT_MEMBERS),
)  # fmt: skip
async def create_redirect(
    request: Request[Any, Any, Any], tx: TxDependency, actor: ActorDependency, context: ContextDependency
) -> Response[RedirectBody]:
    """Create a redirect."""
    # A redirect has a member of its envelope's name, which is a text.
    members = read_members(request, wire.REDIRECT_MEMBERS, "redirect")
    made = await docs.create_redirect(tx, actor, context.docs_addresses, wire.redirect_change(members))
    location = f"{context.base_url}/v1/redirects/{made.id}"
    return envelope.created(request, members, RedirectBody(RedirectOut.of(made)), location)


@litestar.put(
    "/v1/redirects/{redirect_id:str}", tags=TAGS,
    operation_class=documented(parameters.RELOAD, members=wire.REDIRECT_MEMBERS, is_update=True),
)  # fmt: skip
async def update_redirect(
    request: Request[Any, Any, Any],
    tx: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    redirect_id: FromPath[str],
) -> Response[RedirectBody]:
    """Change a redirect; members that are not sent stay."""
    members = read_members(request, wire.REDIRECT_MEMBERS, "redirect")
    change = wire.redirect_change(members)
    changed = await docs.update_redirect(tx, actor, context.docs_addresses, redirect_id, change)
    return envelope.updated(request, members, RedirectBody(RedirectOut.of(changed)))


@litestar.delete("/v1/redirects/{redirect_id:str}", status_code=204, tags=TAGS)
async def delete_redirect(
    tx: TxDependency, actor: ActorDependency, context: ContextDependency, redirect_id: FromPath[str]
) -> None:
    """Delete a redirect."""
    await docs.delete_redirect(tx, actor, context.docs_addresses, redirect_id)


# spec: 1. So m1x0n/helpscout-docs-api-php spells it.
put_redirect = litestar.put("/v1/redirect/{redirect_id:str}", include_in_schema=False)(update_redirect.fn)

ROUTES = [
    list_redirects,
    get_redirect,
    find_redirect,
    find_redirect_anywhere,
    create_redirect,
    update_redirect,
    delete_redirect,
    put_redirect,
]
