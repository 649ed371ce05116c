"""Collections and categories: endpoints 15 to 25."""

from __future__ import annotations

from typing import Any, Literal, get_args

import litestar
from litestar import Request, Response
from litestar.params import FromPath
from msgspec import UNSET

from waypost.domains import docs
from waypost.domains.docs import CategorySort, CollectionSort, Visibility
from waypost.edges.base.context import ActorDependency, ContextDependency, TxDependency
from waypost.edges.docs_v1 import envelope, parameters
from waypost.edges.docs_v1.members import documented, read_json, read_members
from waypost.edges.docs_v1.parameters import ORDER, PAGING, VISIBILITY, Query, sorted_by
from waypost.edges.docs_v1.wire import shelves as wire
from waypost.edges.docs_v1.wire.shelves import (
    CategoryBody,
    CategoryList,
    CategoryOut,
    CollectionBody,
    CollectionList,
    CollectionOut,
)

COLLECTIONS = (
    *PAGING,
    Query("siteId", "text", "Of this site alone."),
    VISIBILITY,
    sorted_by(*get_args(CollectionSort)),
    ORDER,
)
CATEGORIES = (*PAGING, sorted_by(*get_args(CategorySort)), ORDER)


@litestar.get("/v1/collections", tags=["Collections"], operation_class=documented(*COLLECTIONS))
async def list_collections(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, context: ContextDependency
) -> Response[CollectionList]:
    """List the collections of all sites, or of one."""
    values = parameters.read(request, *COLLECTIONS)
    visibility = values.text("visibility")
    sort: CollectionSort = values.text("sort") or "order"  # type: ignore[assignment]  # one of the choices
    page = await docs.list_collections(
        read,
        actor,
        values.page(),
        site_id=values.text("siteId"),
        visibility=None if visibility in (None, "all") else Visibility(visibility),
        order=(sort, values.text("order") == "desc"),
    )
    bases = await docs.bases_of_sites(read, actor, context.docs_addresses)
    items = [CollectionOut.of(item, bases) for item in page.items]
    return envelope.answer(CollectionList(envelope.listing(page, items)))


@litestar.get("/v1/collections/{collection_id:str}", tags=["Collections"])
async def get_collection(
    read: TxDependency, actor: ActorDependency, context: ContextDependency, collection_id: FromPath[str]
) -> Response[CollectionBody]:
    """Get a collection by its id or number."""
    found = await docs.get_collection(read, actor, collection_id)
    bases = await docs.bases_of_sites(read, actor, context.docs_addresses)
    return envelope.answer(CollectionBody(CollectionOut.of(found, bases)))


@litestar.post(
    "/v1/collections", status_code=201, tags=["Collections"],
    operation_class=documented(parameters.RELOAD, members=wire.COLLECTION_MEMBERS),
)  # fmt: skip
async def create_collection(
    request: Request[Any, Any, Any], tx: TxDependency, actor: ActorDependency, context: ContextDependency
) -> Response[CollectionBody]:
    """Create a collection, with its Uncategorized category."""
    members = read_members(request, wire.COLLECTION_MEMBERS, "collection")
    site_id = members.text("siteId")
    wanted = wire.collection_change(members)
    made = await docs.create_collection(tx, actor, None if site_id is UNSET else site_id, wanted)
    bases = await docs.bases_of_sites(tx, actor, context.docs_addresses)
    location = f"{context.base_url}/v1/collections/{made.id}"
    return envelope.created(request, members, CollectionBody(CollectionOut.of(made, bases)), location)


@litestar.put(
    "/v1/collections/{collection_id:str}", tags=["Collections"],
    operation_class=documented(parameters.RELOAD, members=wire.COLLECTION_MEMBERS, is_update=True),
)  # fmt: skip
async def update_collection(
    request: Request[Any, Any, Any],
    tx: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    collection_id: FromPath[str],
) -> Response[CollectionBody]:
    """Change a collection; members that are not sent stay."""
    members = read_members(request, wire.COLLECTION_MEMBERS, "collection")
    changed = await docs.update_collection(tx, actor, collection_id, wire.collection_change(members))
    bases = await docs.bases_of_sites(tx, actor, context.docs_addresses)
    return envelope.updated(request, members, CollectionBody(CollectionOut.of(changed, bases)))


@litestar.delete("/v1/collections/{collection_id:str}", status_code=204, tags=["Collections"])
async def delete_collection(tx: TxDependency, actor: ActorDependency, collection_id: FromPath[str]) -> None:
    """Delete a collection with its categories and articles."""
    await docs.delete_collection(tx, actor, collection_id)


@litestar.get(
    "/v1/collections/{collection_id:str}/categories", tags=["Categories"], operation_class=documented(*CATEGORIES)
)
async def list_categories(
    request: Request[Any, Any, Any],
    read: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    collection_id: FromPath[str],
) -> Response[CategoryList]:
    """List the categories of a collection, Uncategorized among them."""
    values = parameters.read(request, *CATEGORIES)
    sort: CategorySort = values.text("sort") or "order"  # type: ignore[assignment]  # one of the choices
    by = (sort, values.text("order") == "desc")
    page = await docs.list_categories(read, actor, collection_id, values.page(), by)
    bases = await docs.bases_of_sites(read, actor, context.docs_addresses)
    items = [CategoryOut.of(item, bases) for item in page.items]
    return envelope.answer(CategoryList(envelope.listing(page, items)))


@litestar.get("/v1/categories/{category_id:str}", tags=["Categories"])
async def get_category(
    read: TxDependency, actor: ActorDependency, context: ContextDependency, category_id: FromPath[str]
) -> Response[CategoryBody]:
    """Get a category by its id or number."""
    found = await docs.get_category(read, actor, category_id)
    bases = await docs.bases_of_sites(read, actor, context.docs_addresses)
    return envelope.answer(CategoryBody(CategoryOut.of(found, bases)))


@litestar.post(
    "/v1/categories", status_code=201, tags=["Categories"],
    operation_class=documented(parameters.RELOAD, members=wire.CATEGORY_MEMBERS),
)  # fmt: skip
async def create_category(
    request: Request[Any, Any, Any], tx: TxDependency, actor: ActorDependency, context: ContextDependency
) -> Response[CategoryBody]:
    """Create a category."""
    members = read_members(request, wire.CATEGORY_MEMBERS, "category")
    collection_id = members.text("collectionId")
    wanted = wire.category_change(members)
    made = await docs.create_category(tx, actor, None if collection_id is UNSET else collection_id, wanted)
    bases = await docs.bases_of_sites(tx, actor, context.docs_addresses)
    location = f"{context.base_url}/v1/categories/{made.id}"
    return envelope.created(request, members, CategoryBody(CategoryOut.of(made, bases)), location)


@litestar.put(
    "/v1/categories/{category_id:str}", tags=["Categories"],
    operation_class=documented(parameters.RELOAD, members=wire.CATEGORY_MEMBERS, is_update=True),
)  # fmt: skip
async def update_category(
    request: Request[Any, Any, Any],
    tx: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    category_id: FromPath[str],
) -> Response[CategoryBody]:
    """Change a category; members that are not sent stay."""
    members = read_members(request, wire.CATEGORY_MEMBERS, "category")
    changed = await docs.update_category(tx, actor, category_id, wire.category_change(members))
    bases = await docs.bases_of_sites(tx, actor, context.docs_addresses)
    return envelope.updated(request, members, CategoryBody(CategoryOut.of(changed, bases)))


@litestar.put(
    "/v1/collections/{collection_id:str}/categories", tags=["Categories"],
    operation_class=documented(members=wire.ORDER_MEMBERS),
)  # fmt: skip
async def order_categories(
    request: Request[Any, Any, Any], tx: TxDependency, actor: ActorDependency, collection_id: FromPath[str]
) -> Response[Literal[""]]:
    """Move categories of a collection; those that are not named stay."""
    await docs.reorder_categories(tx, actor, collection_id, wire.positions_of(read_json(request)))
    return envelope.nothing()


@litestar.delete("/v1/categories/{category_id:str}", status_code=204, tags=["Categories"])
async def delete_category(tx: TxDependency, actor: ActorDependency, category_id: FromPath[str]) -> None:
    """Delete a category; articles in no other become uncategorized."""
    await docs.delete_category(tx, actor, category_id)


# spec: 1. So operator-kit/hs-cli spells it.
put_order = litestar.put("/v1/collections/{collection_id:str}/categories/order", include_in_schema=False)(
    order_categories.fn
)

ROUTES = [
    list_collections,
    get_collection,
    create_collection,
    update_collection,
    delete_collection,
    list_categories,
    get_category,
    create_category,
    update_category,
    order_categories,
    delete_category,
    put_order,
]
