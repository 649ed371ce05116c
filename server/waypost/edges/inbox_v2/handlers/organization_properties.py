"""The properties that an account keeps about its organizations, and their values: E70 to E76.

`properties` stands where an organization's id stands elsewhere; a fixed part of a path wins over a placeholder.
"""

from __future__ import annotations

from typing import Any

import litestar
from litestar import Request, Response
from litestar.params import FromPath, JSONBody

from waypost.domains.accounts import scope_of
from waypost.domains.customers import PropertyDefinition, organizations
from waypost.edges.base.context import ActorDependency, TxDependency
from waypost.edges.inbox_v2 import hal
from waypost.edges.inbox_v2.hal import Collection
from waypost.edges.inbox_v2.wire.customer_properties import PropertyIn, PropertyOut
from waypost.edges.inbox_v2.wire.organizations import OrganizationPropertyValueIn, property_address_of

TAGS = ["Organization properties"]
PROPERTIES = "/v2/organizations/properties"
VALUE = "/v2/organizations/{organization_id:int}/properties/{slug:str}"


@hal.get(PROPERTIES, tags=TAGS)
async def list_organization_properties(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency
) -> Collection[PropertyOut]:
    """List the organization properties of the account."""
    found = await organizations.list_property_definitions(read, scope_of(actor))
    base_url = hal.base_url(request)
    return hal.collection(request, {"organization-properties": [_rendered(item, base_url) for item in found]})


@hal.post(PROPERTIES, tags=TAGS)
async def create_organization_property(
    request: Request[Any, Any, Any], tx: TxDependency, actor: ActorDependency, data: JSONBody[PropertyIn]
) -> Response[PropertyOut]:
    """Define an organization property."""
    made = await organizations.define_property(tx, actor, data.to_command())
    base_url = hal.base_url(request)
    address = property_address_of(made.slug, base_url)
    return hal.created(_rendered(made, base_url), resource_id=made.slug, location=address)


@hal.get(PROPERTIES + "/{slug:str}", tags=TAGS)
async def get_organization_property(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, slug: FromPath[str]
) -> PropertyOut:
    """Get an organization property."""
    found = await organizations.get_property_definition(read, scope_of(actor), slug)
    return _rendered(found, hal.base_url(request))


@litestar.put(PROPERTIES + "/{slug:str}", status_code=204, tags=TAGS)
async def replace_organization_property(
    tx: TxDependency, actor: ActorDependency, slug: FromPath[str], data: JSONBody[PropertyIn]
) -> None:
    """Rename an organization property and replace its options; options left out disappear with their values."""
    await organizations.redefine_property(tx, actor, slug, data.name, data.new_options())


@litestar.delete(PROPERTIES + "/{slug:str}", status_code=204, tags=TAGS)
async def delete_organization_property(tx: TxDependency, actor: ActorDependency, slug: FromPath[str]) -> None:
    """Remove an organization property and its values."""
    await organizations.remove_property(tx, actor, slug)


@litestar.put(VALUE, status_code=204, tags=TAGS)
async def set_organization_property_value(
    tx: TxDependency,
    actor: ActorDependency,
    organization_id: FromPath[int],
    slug: FromPath[str],
    data: JSONBody[OrganizationPropertyValueIn],
) -> None:
    """Set the value of an organization's property; that of a dropdown is the label of an option."""
    await organizations.set_property(tx, actor, organization_id, slug, data.value)


@litestar.delete(VALUE, status_code=204, tags=TAGS)
async def delete_organization_property_value(
    tx: TxDependency, actor: ActorDependency, organization_id: FromPath[int], slug: FromPath[str]
) -> None:
    """Remove the value of an organization's property."""
    await organizations.unset_property(tx, actor, organization_id, slug)


def _rendered(definition: PropertyDefinition, base_url: str) -> PropertyOut:
    return PropertyOut.of(definition, property_address_of(definition.slug, base_url))


ROUTES = [
    list_organization_properties,
    create_organization_property,
    get_organization_property,
    replace_organization_property,
    delete_organization_property,
    set_organization_property_value,
    delete_organization_property_value,
]
