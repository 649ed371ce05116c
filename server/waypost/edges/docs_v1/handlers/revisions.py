"""Revisions and the search: endpoints 3, 6 and 7."""

from __future__ import annotations

from typing import Any

import litestar
from litestar import Request, Response
from litestar.params import FromPath

from waypost.domains import docs
from waypost.domains.docs import ArticleStatus, SearchScope, Visibility
from waypost.edges.base.context import ActorDependency, ContextDependency, TxDependency
from waypost.edges.docs_v1 import envelope, parameters
from waypost.edges.docs_v1.members import documented
from waypost.edges.docs_v1.parameters import PAGING, STATUS, VISIBILITY, Query
from waypost.edges.docs_v1.wire.articles import HitList, HitOut, RevisionBody, RevisionList, RevisionRefOut
from waypost.kit.errors import BadParameter, FieldError, NotFound

SEARCH = (
    Query("query", "text", 'Words that must occur; "quoted" ones as they stand; `*` for every article.'),
    *PAGING,
    Query("collectionId", "text", "In this collection alone."),
    Query("siteId", "text", "In this site alone."),
    STATUS,
    VISIBILITY,
)


@litestar.get("/v1/search/articles", tags=["Articles"], operation_class=documented(*SEARCH))
async def search_articles(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, context: ContextDependency
) -> Response[HitList]:
    """Search for articles by what is published or was last saved, never by drafts."""
    values = parameters.read(request, *SEARCH)
    query, status, visibility = values.text("query"), values.text("status"), values.text("visibility")
    if query is None:
        raise BadParameter([FieldError("query", "query is required", "NotEmpty", source="QUERY")])
    scope = SearchScope(
        account_id=actor.account_id,
        site_id=values.text("siteId"),
        collection_id=values.text("collectionId"),
        status=None if status in (None, "all") else ArticleStatus(status),
        visibility=None if visibility in (None, "all") else Visibility(visibility),
    )
    hits = await docs.search_articles(read, actor, query, scope, values.page())
    bases = await docs.bases_of_sites(read, actor, context.docs_addresses)
    return envelope.answer(HitList(envelope.listing(hits, [HitOut.of(hit, bases) for hit in hits.items])))


@litestar.get("/v1/articles/{article_id:str}/revisions", tags=["Revisions"], operation_class=documented(*PAGING))
async def list_revisions(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, article_id: FromPath[str]
) -> Response[RevisionList]:
    """List the published texts of an article, newest first."""
    values = parameters.read(request, *PAGING)
    page = await docs.list_revisions(read, actor, article_id, values.page())
    items = [RevisionRefOut.of(item) for item in page.items]
    return envelope.answer(RevisionList(envelope.listing(page, items)))


@litestar.get("/v1/revisions/{revision_id:str}", tags=["Revisions"])
async def get_revision(
    read: TxDependency, actor: ActorDependency, revision_id: FromPath[str]
) -> Response[RevisionBody]:
    """Get a published text as it was."""
    return envelope.answer(RevisionBody(RevisionRefOut.of(await docs.get_revision(read, actor, revision_id))))


@litestar.get("/v1/articles/{article_id:str}/revisions/{revision_id:str}", include_in_schema=False)
async def get_revision_of_article(
    read: TxDependency, actor: ActorDependency, article_id: FromPath[str], revision_id: FromPath[str]
) -> Response[RevisionBody]:
    """The same where operator-kit/hs-cli looks for it (spec: 1)."""
    article = (await docs.get_article(read, actor, article_id)).article
    found = await docs.get_revision(read, actor, revision_id)
    if found.article_id != article.id:
        raise NotFound("no such revision")
    return envelope.answer(RevisionBody(RevisionRefOut.of(found)))


ROUTES = [search_articles, list_revisions, get_revision, get_revision_of_article]
