"""Articles: endpoints 1 to 14, and the spellings of them that clients send."""

from __future__ import annotations

from typing import Any, Literal, get_args

import litestar
from litestar import Request, Response
from litestar.params import FromPath
from msgspec import UNSET

from waypost.domains import docs
from waypost.domains.docs import ArticleOrder, ArticleSort, ArticleStatus
from waypost.edges.base.context import ActorDependency, ContextDependency, TxDependency
from waypost.edges.docs_v1 import envelope, parameters
from waypost.edges.docs_v1.members import documented, read_members, read_parts
from waypost.edges.docs_v1.parameters import ORDER, PAGING, STATUS, Query, Values, sorted_by
from waypost.edges.docs_v1.wire import articles as wire
from waypost.edges.docs_v1.wire.articles import ArticleBody, ArticleList, ArticleOut, ArticleRefOut
from waypost.kit.errors import FieldError, Invalid

TAGS = ["Articles"]
SORTS = get_args(ArticleSort)
LIST = (*PAGING, STATUS, sorted_by(*SORTS), ORDER)
DRAFT = Query("draft", "boolean", "Show the draft, if there is one.")


def order_of(values: Values) -> tuple[ArticleStatus | None, ArticleOrder]:
    """Which articles are listed, and in which order."""
    status, order = values.text("status"), values.text("order")
    sort: ArticleSort = values.text("sort") or "order"  # type: ignore[assignment]  # one of the choices
    wanted = None if status in (None, "all") else ArticleStatus(status)
    return wanted, ArticleOrder(sort, descending=None if order is None else order == "desc")


@litestar.get("/v1/collections/{collection_id:str}/articles", tags=TAGS, operation_class=documented(*LIST))
async def list_of_collection(
    request: Request[Any, Any, Any],
    read: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    collection_id: FromPath[str],
) -> Response[ArticleList]:
    """List the articles of a collection."""
    values = parameters.read(request, *LIST)
    page = await docs.list_of_collection(read, actor, collection_id, values.page(), *order_of(values))
    bases = await docs.bases_of_sites(read, actor, context.docs_addresses)
    items = [ArticleRefOut.of(item, bases) for item in page.items]
    return envelope.answer(ArticleList(envelope.listing(page, items)))


@litestar.get("/v1/categories/{category_id:str}/articles", tags=TAGS, operation_class=documented(*LIST))
async def list_of_category(
    request: Request[Any, Any, Any],
    read: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    category_id: FromPath[str],
) -> Response[ArticleList]:
    """List the articles of a category."""
    values = parameters.read(request, *LIST)
    page = await docs.list_of_category(read, actor, category_id, values.page(), *order_of(values))
    bases = await docs.bases_of_sites(read, actor, context.docs_addresses)
    items = [ArticleRefOut.of(item, bases) for item in page.items]
    return envelope.answer(ArticleList(envelope.listing(page, items)))


@litestar.get("/v1/articles/{article_id:str}", tags=TAGS, operation_class=documented(DRAFT))
async def get_article(
    request: Request[Any, Any, Any],
    read: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    article_id: FromPath[str],
) -> Response[ArticleBody]:
    """Get an article by its id or number."""
    is_draft = parameters.read(request, DRAFT).boolean("draft") is True
    found = await docs.get_article(read, actor, article_id)
    bases = await docs.bases_of_sites(read, actor, context.docs_addresses)
    return envelope.answer(ArticleBody(ArticleOut.of_text(found, bases, is_draft=is_draft)))


@litestar.get("/v1/articles/{article_id:str}/related", tags=TAGS, operation_class=documented(*LIST))
async def list_related(
    request: Request[Any, Any, Any],
    read: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    article_id: FromPath[str],
) -> Response[ArticleList]:
    """List the articles that an article names as related."""
    values = parameters.read(request, *LIST)
    found = await docs.get_article(read, actor, article_id)
    page = await docs.list_related(read, actor, found.article.id, values.page(), *order_of(values))
    bases = await docs.bases_of_sites(read, actor, context.docs_addresses)
    items = [ArticleRefOut.of(item, bases) for item in page.items]
    return envelope.answer(ArticleList(envelope.listing(page, items)))


@litestar.post(
    "/v1/articles", status_code=201, tags=TAGS,
    operation_class=documented(parameters.RELOAD, members=wire.MEMBERS),
)  # fmt: skip
async def create_article(
    request: Request[Any, Any, Any], tx: TxDependency, actor: ActorDependency, context: ContextDependency
) -> Response[ArticleBody]:
    """Create an article."""
    members = read_members(request, wire.MEMBERS, "article")
    made = await docs.create_article(tx, actor, wire.change_of(members))
    bases = await docs.bases_of_sites(tx, actor, context.docs_addresses)
    location = f"{context.base_url}/v1/articles/{made.article.id}"
    return envelope.created(request, members, ArticleBody(ArticleOut.of_text(made, bases)), location)


@litestar.put(
    "/v1/articles/{article_id:str}", tags=TAGS,
    operation_class=documented(parameters.RELOAD, members=wire.MEMBERS, is_update=True),
)  # fmt: skip
async def update_article(
    request: Request[Any, Any, Any],
    tx: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    article_id: FromPath[str],
) -> Response[ArticleBody]:
    """Change an article; members that are not sent stay."""
    members = read_members(request, wire.MEMBERS, "article")
    changed = await docs.update_article(tx, actor, article_id, wire.change_of(members))
    bases = await docs.bases_of_sites(tx, actor, context.docs_addresses)
    return envelope.updated(request, members, ArticleBody(ArticleOut.of_text(changed, bases)))


@litestar.post(
    "/v1/articles/upload", status_code=201, tags=TAGS,
    operation_class=documented(parameters.RELOAD, members=wire.UPLOAD_MEMBERS, is_form=True),
)  # fmt: skip
async def upload_article(
    request: Request[Any, Any, Any], tx: TxDependency, actor: ActorDependency, context: ContextDependency
) -> Response[ArticleBody]:
    """Create an article of an HTML, text or Markdown file."""
    members = read_parts(request, wire.UPLOAD_MEMBERS)
    file = members.file("file")
    if file is None:
        raise Invalid([FieldError("file", "file is required", "NotEmpty")])
    given = members.text("type")
    if given is not UNSET and given not in get_args(docs.FileType):
        raise Invalid([FieldError("type", "type is invalid", "EnumValue", given)])
    kind: docs.FileType = docs.file_type(file.file_name) if given is UNSET else given  # type: ignore[assignment]
    name = file.file_name.replace("\\", "/").rpartition("/")[2]
    stem = name.rpartition(".")[0] or name
    text = await docs.from_file(file.data, kind)
    made = await docs.create_article(tx, actor, wire.upload_of(members, stem, text))
    bases = await docs.bases_of_sites(tx, actor, context.docs_addresses)
    location = f"{context.base_url}/v1/articles/{made.article.id}"
    return envelope.created(request, members, ArticleBody(ArticleOut.of_text(made, bases)), location)


@litestar.put("/v1/articles/{article_id:str}/views", tags=TAGS, operation_class=documented(members=wire.VIEW_MEMBERS))
async def add_views(
    request: Request[Any, Any, Any], tx: TxDependency, actor: ActorDependency, article_id: FromPath[str]
) -> Response[Literal[""]]:
    """Add to an article's views."""
    members = read_members(request, wire.VIEW_MEMBERS)
    count = members.number("count")
    members.done()
    await docs.add_views(tx, actor, article_id, 1 if count is UNSET else count)
    return envelope.nothing()


@litestar.put("/v1/articles/{article_id:str}/drafts", tags=TAGS, operation_class=documented(members=wire.DRAFT_MEMBERS))
async def save_draft(
    request: Request[Any, Any, Any], tx: TxDependency, actor: ActorDependency, article_id: FromPath[str]
) -> Response[Literal[""]]:
    """Save a text beside the published one."""
    members = read_members(request, wire.DRAFT_MEMBERS)
    text = members.text("text")
    members.done()
    await docs.save_draft(tx, actor, article_id, text)
    return envelope.nothing()


@litestar.delete("/v1/articles/{article_id:str}/drafts", status_code=204, tags=TAGS)
async def delete_draft(tx: TxDependency, actor: ActorDependency, article_id: FromPath[str]) -> None:
    """Drop an article's draft."""
    await docs.delete_draft(tx, actor, article_id)


@litestar.delete("/v1/articles/{article_id:str}", status_code=204, tags=TAGS)
async def delete_article(tx: TxDependency, actor: ActorDependency, article_id: FromPath[str]) -> None:
    """Delete an article with its draft and revisions."""
    await docs.delete_article(tx, actor, article_id)


# spec: 1. So operator-kit/hs-cli spells it.
post_draft = litestar.post("/v1/articles/{article_id:str}/drafts", status_code=200, include_in_schema=False)(
    save_draft.fn
)

ROUTES = [
    list_of_collection,
    list_of_category,
    get_article,
    list_related,
    create_article,
    update_article,
    upload_article,
    add_views,
    save_draft,
    delete_draft,
    delete_article,
    post_draft,
]
