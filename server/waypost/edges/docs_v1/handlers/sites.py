"""Sites and their restrictions: endpoints 26 to 32."""

from __future__ import annotations

from typing import Any

import litestar
from litestar import Request, Response
from litestar.params import FromPath

from waypost.domains import conversations, docs
from waypost.domains.docs import SiteFields
from waypost.edges.base.article_pages import pages_of
from waypost.edges.base.context import ActorDependency, ContextDependency, TxDependency
from waypost.edges.docs_v1 import envelope, parameters
from waypost.edges.docs_v1.members import documented, read_members
from waypost.edges.docs_v1.parameters import PAGING
from waypost.edges.docs_v1.wire import sites as wire
from waypost.edges.docs_v1.wire.broken_links import BrokenLinkList, BrokenLinkOut
from waypost.edges.docs_v1.wire.sites import RestrictionOut, SiteBody, SiteList, SiteOut
from waypost.kit.paging import Page

TAGS = ["Sites"]


@litestar.get("/v1/sites", tags=TAGS, operation_class=documented(*PAGING))
async def list_sites(request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency) -> Response[SiteList]:
    """List the sites of the account."""
    page = await docs.list_sites(read, actor, parameters.read(request, *PAGING).page())
    return envelope.answer(SiteList(envelope.listing(page, [SiteOut.of(site) for site in page.items])))


@litestar.get("/v1/sites/{site_id:str}", tags=TAGS)
async def get_site(read: TxDependency, actor: ActorDependency, site_id: FromPath[str]) -> Response[SiteBody]:
    """Get a site."""
    return envelope.answer(SiteBody(SiteOut.of(await docs.get_site(read, actor, site_id))))


@litestar.post(
    "/v1/sites", status_code=201, tags=TAGS, operation_class=documented(parameters.RELOAD, members=wire.MEMBERS)
)
async def create_site(
    request: Request[Any, Any, Any], tx: TxDependency, actor: ActorDependency, context: ContextDependency
) -> Response[SiteBody]:
    """Create a site."""
    members = read_members(request, wire.MEMBERS, "site")
    fields, look = wire.site_change(members)
    language = await conversations.search_language(tx, actor.account_id)
    wanted = SiteFields(**{"sub_domain": "", "language": language, **fields}, look=wire.new_look(look))
    made = await docs.create_site(tx, actor, context.docs_addresses, wanted)
    location = f"{context.base_url}/v1/sites/{made.id}"
    return envelope.created(request, members, SiteBody(SiteOut.of(made)), location)


@litestar.put(
    "/v1/sites/{site_id:str}", tags=TAGS,
    operation_class=documented(parameters.RELOAD, members=wire.MEMBERS, is_update=True),
)  # fmt: skip
async def update_site(
    request: Request[Any, Any, Any],
    tx: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    site_id: FromPath[str],
) -> Response[SiteBody]:
    """Change a site; members that are not sent stay."""
    members = read_members(request, wire.MEMBERS, "site")
    fields, look = wire.site_change(members)
    changed = await docs.update_site(tx, actor, context.docs_addresses, site_id, fields, look)
    return envelope.updated(request, members, SiteBody(SiteOut.of(changed)))


@litestar.delete("/v1/sites/{site_id:str}", status_code=204, tags=TAGS)
async def delete_site(
    tx: TxDependency, actor: ActorDependency, context: ContextDependency, site_id: FromPath[str]
) -> None:
    """Delete a site with its collections, articles, redirects and files."""
    await docs.delete_site(tx, context.files, actor, site_id)


@litestar.get("/v1/sites/{site_id:str}/restricted", tags=TAGS)
async def get_restriction(
    read: TxDependency, actor: ActorDependency, context: ContextDependency, site_id: FromPath[str]
) -> Response[RestrictionOut]:
    """Get whether visitors of a site have to sign in, and where."""
    found = await docs.get_restriction(read, actor, context.secret_key, site_id)
    return envelope.answer(RestrictionOut.of(found))


@litestar.put(
    "/v1/sites/{site_id:str}/restricted", tags=TAGS, operation_class=documented(members=wire.RESTRICTION_MEMBERS)
)
async def set_restriction(
    request: Request[Any, Any, Any],
    tx: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    site_id: FromPath[str],
) -> Response[RestrictionOut]:
    """Have visitors of a site sign in or know a password, or not any more."""
    wanted = wire.restriction_of(read_members(request, wire.RESTRICTION_MEMBERS))
    changed = await docs.set_restriction(
        tx,
        actor,
        context.secret_key,
        site_id,
        is_enabled=wanted.is_enabled,
        sign_in_url=wanted.sign_in_url,
        password=wanted.password,
    )
    return envelope.answer(RestrictionOut.of(changed))


@litestar.get("/v1/sites/{site_id:str}/broken-links", tags=TAGS, operation_class=documented(*PAGING))
async def list_broken_links(
    request: Request[Any, Any, Any],
    read: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    site_id: FromPath[str],
) -> Response[BrokenLinkList]:
    """List links and pictures of a site's published articles that lead nowhere, or where their readers may not go."""
    page = parameters.read(request, *PAGING).page()
    report = await docs.check_links(read, actor, pages_of(context), site_id)
    shown = Page(report.broken[page.offset : page.offset + page.size], len(report.broken), page)
    return envelope.answer(BrokenLinkList(envelope.listing(shown, [BrokenLinkOut.of(one) for one in shown.items])))


# spec: 1. So operator-kit/hs-cli spells it.
_OTHER = "/v1/sites/{site_id:str}/restrictions"
get_restrictions = litestar.get(_OTHER, include_in_schema=False)(get_restriction.fn)
put_restrictions = litestar.put(_OTHER, include_in_schema=False)(set_restriction.fn)

ROUTES = [
    list_sites,
    get_site,
    create_site,
    update_site,
    delete_site,
    get_restriction,
    set_restriction,
    list_broken_links,
    get_restrictions,
    put_restrictions,
]
