"""Organizations, their customers and their conversations: E63 to E69."""

from __future__ import annotations

from typing import Any

import litestar
from litestar import Request, Response
from litestar.params import FromPath, JSONBody

from waypost.domains import conversations, customers
from waypost.domains.accounts import scope_of
from waypost.domains.customers import (
    CustomerFilters,
    CustomerOrder,
    OrganizationOrder,
    OrganizationSort,
    organizations,
)
from waypost.edges.base.context import ActorDependency, TxDependency
from waypost.edges.inbox_v2 import hal, parameters
from waypost.edges.inbox_v2.hal import Listing
from waypost.edges.inbox_v2.handlers.conversations import render
from waypost.edges.inbox_v2.parameters import PAGING, Query, Values
from waypost.edges.inbox_v2.wire.conversations import ConversationOut
from waypost.edges.inbox_v2.wire.customers import CustomerOut
from waypost.edges.inbox_v2.wire.organizations import OrganizationIn, OrganizationOut, address_of
from waypost.kit.errors import FieldError

PAGE_SIZE = 50
TAGS = ["Organizations"]
ORGANIZATION = "/v2/organizations/{organization_id:int}"
_SORTS = {
    "name": OrganizationSort.NAME,
    "customerCount": OrganizationSort.CUSTOMER_COUNT,
    "conversationCount": OrganizationSort.CONVERSATION_COUNT,
    "lastInteractionAt": OrganizationSort.LAST_INTERACTION,
}
_BY_LOWER_NAME = {name.lower(): sort for name, sort in _SORTS.items()}
SORT = Query(
    "sort",
    "text",
    "`name`, `customerCount`, `conversationCount` or `lastInteractionAt` (default), then `,asc` or `,desc` (default).",
)
INCLUDE = (
    Query("includeCounts", "boolean", "Tell how many customers and visible conversations it has."),
    Query("includeProperties", "boolean", "Tell the values of its properties."),
)
Paged = parameters.documented(*PAGING)


@hal.get("/v2/organizations", operation_class=parameters.documented(*PAGING, SORT), tags=TAGS)
async def list_organizations(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency
) -> Listing[OrganizationOut]:
    """List organizations with how many customers and visible conversations each has."""
    values = parameters.read(request, *PAGING, SORT)
    asked, order = values.page(PAGE_SIZE), _order(values)
    values.done()
    page = await organizations.list_organizations(read, scope_of(actor), order, asked)
    base_url = hal.base_url(request)
    return hal.listing(request, "organizations", page, [OrganizationOut.of(item, base_url) for item in page.items])


@hal.post("/v2/organizations", tags=TAGS)
async def create_organization(
    request: Request[Any, Any, Any], tx: TxDependency, actor: ActorDependency, data: JSONBody[OrganizationIn]
) -> Response[OrganizationOut]:
    """Create an organization. Customers who write from its domains are linked to it in the background."""
    made = await organizations.create(tx, actor, data.to_fields())
    base_url = hal.base_url(request)
    body = OrganizationOut.of(made, base_url)
    return hal.created(body, resource_id=made.id, location=address_of(made.id, base_url))


@hal.get(ORGANIZATION, operation_class=parameters.documented(*INCLUDE), tags=TAGS)
async def get_organization(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, organization_id: FromPath[int]
) -> OrganizationOut:
    """Get an organization."""
    values = parameters.read(request, *INCLUDE)
    found = await organizations.get(read, scope_of(actor), organization_id)
    return OrganizationOut.of(
        found,
        hal.base_url(request),
        with_counts=bool(values["includeCounts"]),
        with_properties=bool(values["includeProperties"]),
    )


@litestar.put(ORGANIZATION, status_code=204, tags=TAGS)
async def overwrite_organization(
    tx: TxDependency, actor: ActorDependency, organization_id: FromPath[int], data: JSONBody[OrganizationIn]
) -> None:
    """Overwrite an organization; a field left out is cleared. The logo stays."""
    await organizations.overwrite(tx, actor, organization_id, data.to_fields())


@litestar.delete(ORGANIZATION, status_code=204, tags=TAGS)
async def delete_organization(tx: TxDependency, actor: ActorDependency, organization_id: FromPath[int]) -> None:
    """Delete an organization; its customers stay."""
    await organizations.delete(tx, actor, organization_id)


@hal.get(f"{ORGANIZATION}/customers", operation_class=Paged, tags=TAGS)
async def list_organization_customers(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, organization_id: FromPath[int]
) -> Listing[CustomerOut]:
    """List the customers of an organization, newest first."""
    values = parameters.read(request, *PAGING)
    asked = values.page(PAGE_SIZE)
    values.done()
    scope = scope_of(actor)
    await organizations.get(read, scope, organization_id)
    filters = CustomerFilters(organization_id=organization_id)
    page = await customers.list_customers(read, scope, filters, CustomerOrder(), asked)
    base_url = hal.base_url(request)
    return hal.listing(request, "customers", page, [CustomerOut.of(item, base_url) for item in page.items])


@hal.get(f"{ORGANIZATION}/conversations", operation_class=Paged, tags=TAGS)
async def list_organization_conversations(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, organization_id: FromPath[int]
) -> Listing[ConversationOut]:
    """List the conversations of an organization's customers, whatever their status, newest first."""
    values = parameters.read(request, *PAGING)
    asked = values.page(PAGE_SIZE)
    values.done()
    page = await conversations.list_of_organization(read, actor, organization_id, asked)
    return await render(request, read, actor, page)


def _order(values: Values) -> OrganizationOrder:
    """`field`, or `field,asc` and `field,desc`; nothing is the default order."""
    text = (values["sort"] or "").strip()
    name, _, direction = (part.strip().lower() for part in text.partition(","))
    if not name and not direction:
        return OrganizationOrder()
    if name not in _BY_LOWER_NAME or direction not in ("", "asc", "desc"):
        expected = ", ".join(f"'{choice}'" for choice in _SORTS)
        message = f"Expected one of these: {expected}, with ',asc' or ',desc'"
        values.refuse(FieldError("sort", message, "EnumValue", text, "QUERY"))
        return OrganizationOrder()
    return OrganizationOrder(_BY_LOWER_NAME[name], direction != "asc")


ROUTES = [
    list_organizations,
    create_organization,
    get_organization,
    overwrite_organization,
    delete_organization,
    list_organization_customers,
    list_organization_conversations,
]
