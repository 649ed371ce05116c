"""The properties that an account keeps about its customers: E61, E62, X15, X16."""

from __future__ import annotations

from typing import Any

import litestar
from litestar import Request, Response
from litestar.params import FromPath, JSONBody

from waypost.domains import customers
from waypost.domains.accounts import scope_of
from waypost.domains.customers import PropertyDefinition
from waypost.edges.base.context import ActorDependency, TxDependency
from waypost.edges.inbox_v2 import hal
from waypost.edges.inbox_v2.hal import Collection
from waypost.edges.inbox_v2.wire.customer_properties import PropertyIn, PropertyOut, address_of

TAGS = ["Customer properties"]


@hal.get("/v2/customer-properties", tags=TAGS)
async def list_customer_properties(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency
) -> Collection[PropertyOut]:
    """List the customer properties of the account."""
    found = await customers.list_property_definitions(read, scope_of(actor))
    base_url = hal.base_url(request)
    return hal.collection(request, {"customer-properties": [_rendered(item, base_url) for item in found]})


@hal.post("/v2/customer-properties", tags=TAGS)
async def create_customer_property(
    request: Request[Any, Any, Any], tx: TxDependency, actor: ActorDependency, data: JSONBody[PropertyIn]
) -> Response[PropertyOut]:
    """Define a customer property."""
    made = await customers.define_property(tx, actor, data.to_command())
    base_url = hal.base_url(request)
    return hal.created(_rendered(made, base_url), resource_id=made.slug, location=address_of(made.slug, base_url))


@hal.get("/v2/customer-properties/{slug:str}", tags=TAGS)
async def get_customer_property(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, slug: FromPath[str]
) -> PropertyOut:
    """Get a customer property."""
    found = await customers.get_property_definition(read, scope_of(actor), slug)
    return _rendered(found, hal.base_url(request))


@litestar.put("/v2/customer-properties/{slug:str}", status_code=204, tags=TAGS)
async def replace_customer_property(
    tx: TxDependency, actor: ActorDependency, slug: FromPath[str], data: JSONBody[PropertyIn]
) -> None:
    """Rename a customer property and replace its options; options left out disappear with their values."""
    await customers.redefine_property(tx, actor, slug, data.name, data.new_options())


@litestar.delete("/v2/customer-properties/{slug:str}", status_code=204, tags=TAGS)
async def delete_customer_property(tx: TxDependency, actor: ActorDependency, slug: FromPath[str]) -> None:
    """Remove a customer property and its values."""
    await customers.remove_property(tx, actor, slug)


def _rendered(definition: PropertyDefinition, base_url: str) -> PropertyOut:
    return PropertyOut.of(definition, address_of(definition.slug, base_url))


ROUTES = [
    list_customer_properties,
    create_customer_property,
    get_customer_property,
    replace_customer_property,
    delete_customer_property,
]
