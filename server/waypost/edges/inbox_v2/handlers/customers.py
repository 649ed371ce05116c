"""Customers: E28 to E34, X9."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

import litestar
from litestar import Request, Response
from litestar.params import FromPath, JSONBody

from waypost.domains import customers
from waypost.domains.accounts import scope_of
from waypost.domains.customers import CursorPage, CustomerFilters, CustomerOrder, CustomerSort
from waypost.edges.base.context import ActorDependency, TxDependency
from waypost.edges.inbox_v2 import hal, parameters
from waypost.edges.inbox_v2.hal import Collection, Link, Links, Listing
from waypost.edges.inbox_v2.parameters import PAGING, Query, Values
from waypost.edges.inbox_v2.wire import customers as wire
from waypost.edges.inbox_v2.wire.customer_patch import Patch, read_customer_patch
from waypost.edges.inbox_v2.wire.customers import CustomerFieldsIn, CustomerIn, CustomerOut
from waypost.edges.inbox_v2.wire.merging import MergeCustomersIn

PAGE_SIZE = 50
TAGS = ["Customers"]
_SORTS = {
    "createdAt": CustomerSort.CREATED,
    "modifiedAt": CustomerSort.UPDATED,
    "firstName": CustomerSort.FIRST_NAME,
    "lastName": CustomerSort.LAST_NAME,
    "score": CustomerSort.RELEVANCE,
}
_NARROWING = (
    Query("firstName", "text", "Exact first name, without case."),
    Query("lastName", "text", "Exact last name, without case."),
    Query("email", "text", "One of the customer's addresses, without case."),
    Query("modifiedSince", "date", "Changed at this time or later."),
    Query("query", "text", 'A search, such as `(email:"jane@example.com")`.'),
)
LIST = (
    *PAGING,
    *_NARROWING,
    Query("mailbox", "integer", "Has conversations in this mailbox."),
    Query("sortField", "choice", "Order; `createdAt` by default.", choices=tuple(_SORTS)),
    Query("sortOrder", "choice", "`desc` by default.", choices=("asc", "desc")),
)
CURSOR = Query("cursor", "text", "Where to go on, as the `next` link says.")
LIST_BY_CURSOR = (*_NARROWING, Query("createdSince", "date", "Made at this time or later."), CURSOR)
DELETE = (Query("async", "boolean", "Delete in the background, with any number of conversations."),)


@hal.get("/v2/customers", operation_class=parameters.documented(*LIST), tags=TAGS)
async def list_customers(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency
) -> Listing[CustomerOut]:
    """List customers."""
    values = parameters.read(request, *LIST)
    asked = values.page(PAGE_SIZE)
    values.done()
    order = CustomerOrder(_SORTS[values["sortField"] or "createdAt"], values["sortOrder"] != "asc")
    filters = _filters(values, mailbox_id=values["mailbox"])
    page = await customers.list_customers(read, scope_of(actor), filters, order, asked)
    base_url = hal.base_url(request)
    return hal.listing(request, "customers", page, [CustomerOut.of(item, base_url) for item in page.items])


@hal.get("/v3/customers", operation_class=parameters.documented(*LIST_BY_CURSOR), tags=TAGS)
async def list_customers_by_cursor(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency
) -> Collection[CustomerOut]:
    """List customers newest first, page after page by a cursor."""
    values = parameters.read(request, *LIST_BY_CURSOR)
    values.done()
    after = wire.read_cursor(values["cursor"]) if values["cursor"] else None
    filters = _filters(values, created_since=values["createdSince"])
    page = await customers.list_by_cursor(read, scope_of(actor), filters, after, PAGE_SIZE)
    base_url = hal.base_url(request)
    return Collection({"customers": [CustomerOut.of(item, base_url) for item in page.items]}, _links(request, page))


@hal.post("/v2/customers", tags=TAGS)
async def create_customer(
    request: Request[Any, Any, Any], tx: TxDependency, actor: ActorDependency, data: JSONBody[CustomerIn]
) -> Response[CustomerOut]:
    """Create a customer with everything that is known."""
    made = await customers.create(tx, actor, data.to_command())
    base_url = hal.base_url(request)
    address = wire.address_of(made.id, base_url)
    return hal.created(CustomerOut.of(made, base_url), resource_id=made.id, location=address)


@hal.get("/v2/customers/{customer_id:int}", tags=TAGS)
async def get_customer(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, customer_id: FromPath[int]
) -> CustomerOut:
    """Get a customer."""
    return CustomerOut.of(await customers.get(read, scope_of(actor), customer_id), hal.base_url(request))


@litestar.put("/v2/customers/{customer_id:int}", status_code=204, tags=TAGS)
async def overwrite_customer(
    tx: TxDependency, actor: ActorDependency, customer_id: FromPath[int], data: JSONBody[CustomerFieldsIn]
) -> None:
    """Overwrite the single-valued fields; a field left out is cleared."""
    await customers.overwrite(tx, actor, customer_id, data.to_fields())


@litestar.patch("/v2/customers/{customer_id:int}", status_code=204, tags=TAGS)
async def patch_customer(
    tx: TxDependency, actor: ActorDependency, customer_id: FromPath[int], data: JSONBody[Patch]
) -> None:
    """Change a customer by operations, all of them or none."""
    await customers.patch(tx, actor, customer_id, read_customer_patch(data))


@litestar.delete(
    "/v2/customers/{customer_id:int}", status_code=204, operation_class=parameters.documented(*DELETE), tags=TAGS
)
async def delete_customer(
    request: Request[Any, Any, Any], tx: TxDependency, actor: ActorDependency, customer_id: FromPath[int]
) -> Response[None]:
    """Delete a customer and all their conversations."""
    if parameters.read(request, *DELETE)["async"]:
        await customers.request_deletion(tx, actor, customer_id)
        accepted: Response[Any] = Response(b"", status_code=202, media_type="text/plain")
        return accepted
    await customers.delete(tx, actor, customer_id)
    return Response(None, status_code=204)


@litestar.post("/v2/customers/{customer_id:int}/merge", status_code=204, tags=TAGS)
async def merge_customers(
    tx: TxDependency, actor: ActorDependency, customer_id: FromPath[int], data: JSONBody[MergeCustomersIn]
) -> None:
    """Merge other customers into this one. Reading a merged one leads here."""
    ids, path = data.ids()
    await customers.merge(tx, actor, customer_id, ids, path)


def _filters(values: Values, **more: Any) -> CustomerFilters:
    # An unencoded `+` of an address arrives as a blank, which no address holds.
    email = (values["email"] or "").strip().replace(" ", "+")
    return CustomerFilters(
        first_name=values["firstName"] or None,
        last_name=values["lastName"] or None,
        email=email or None,
        updated_since=values["modifiedSince"],
        query=values["query"],
        **more,
    )


def _links(request: Request[Any, Any, Any], page: CursorPage) -> Links:
    address = hal.base_url(request) + request.scope["path"]
    sent = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    others = [pair for pair in sent if pair[0] != "cursor"]
    links = {"self": _link(address, sent), "first": _link(address, others)}
    if page.next is not None:
        links["next"] = _link(address, [*others, ("cursor", wire.write_cursor(page.next))])
    return links


def _link(address: str, parameters_: list[tuple[str, str]]) -> Link:
    return Link(f"{address}?{urlencode(parameters_)}" if parameters_ else address)


ROUTES = [
    list_customers,
    list_customers_by_cursor,
    create_customer,
    get_customer,
    overwrite_customer,
    patch_customer,
    delete_customer,
    merge_customers,
]
