"""What hangs on a customer: five collections of entries, the address, the properties' values (E35 to E60, X8)."""

from __future__ import annotations

from typing import Any

import litestar
from litestar import Request, Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody
from litestar.types import Method, OperationIDCreator
from litestar.types.internal_types import PathParameterDefinition

from waypost.domains import customers
from waypost.domains.accounts import scope_of
from waypost.domains.customers import EntryKind
from waypost.edges.base.context import ActorDependency, TxDependency
from waypost.edges.inbox_v2 import hal
from waypost.edges.inbox_v2.hal import Collection
from waypost.edges.inbox_v2.wire.customer_entries import PATHS, AddressIn, AddressOut, EntryIn, EntryOut, rels
from waypost.edges.inbox_v2.wire.customer_patch import Patch, read_properties_patch
from waypost.edges.inbox_v2.wire.customers import address_of

CUSTOMER = "/v2/customers/{customer_id:int}"
TAGS = ["Customers"]
_NAMES = {
    EntryKind.EMAIL: "an e-mail address",
    EntryKind.PHONE: "a phone number",
    EntryKind.CHAT: "a chat handle",
    EntryKind.SOCIAL_PROFILE: "a social profile",
    EntryKind.WEBSITE: "a website",
}


def _paths(kind: EntryKind) -> list[str]:
    """Where a collection is. The seed spells the profiles' path with an underscore (spec: E60)."""
    spellings = {PATHS[kind], PATHS[kind].replace("-", "_")}
    return [f"{CUSTOMER}/{spelling}" for spelling in sorted(spellings)]


def _routes(kind: EntryKind) -> list[HTTPRouteHandler]:
    """The five calls of one collection."""
    collection, name = _paths(kind), _NAMES[kind]
    single = [f"{path}/{{entry_id:int}}" for path in collection]

    def id_of(verb: str) -> OperationIDCreator:
        """One id for each spelling of the path: ids are unique in an OpenAPI document."""

        def create(_: HTTPRouteHandler, __: Method, components: list[str | PathParameterDefinition]) -> str:
            spelled = "" if PATHS[kind] in components else "_underscore"
            return f"{verb}_customer_{kind.value}{spelled}"

        return create

    @hal.get(collection, operation_id=id_of("list"), summary=f"List a customer's {PATHS[kind]}.", tags=TAGS)
    async def list_entries(
        request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, customer_id: FromPath[int]
    ) -> Collection[EntryOut]:
        entries = await customers.list_entries(read, scope_of(actor), customer_id, kind)
        return hal.collection(request, rels(kind, entries))

    @hal.post(collection, operation_id=id_of("add"), summary=f"Add {name}.", tags=TAGS)
    async def add_entry(
        request: Request[Any, Any, Any],
        tx: TxDependency,
        actor: ActorDependency,
        customer_id: FromPath[int],
        data: JSONBody[EntryIn],
    ) -> Response[EntryOut]:
        made = await customers.add_entry(tx, actor, customer_id, data.to_command(kind))
        own = f"{hal.base_url(request)}{request.scope['path']}/{made.id}"
        return hal.created(EntryOut.of(made, own), resource_id=made.id, location=own)

    @hal.get(single, operation_id=id_of("get"), summary=f"Get {name}.", tags=TAGS)
    async def get_entry(
        request: Request[Any, Any, Any],
        read: TxDependency,
        actor: ActorDependency,
        customer_id: FromPath[int],
        entry_id: FromPath[int],
    ) -> EntryOut:
        entry = await customers.get_entry(read, scope_of(actor), customer_id, kind, entry_id)
        return EntryOut.of(entry, hal.base_url(request) + request.scope["path"])

    @litestar.put(single, status_code=204, operation_id=id_of("replace"), summary=f"Replace {name}.", tags=TAGS)
    async def replace_entry(
        tx: TxDependency,
        actor: ActorDependency,
        customer_id: FromPath[int],
        entry_id: FromPath[int],
        data: JSONBody[EntryIn],
    ) -> None:
        await customers.replace_entry(tx, actor, customer_id, entry_id, data.to_command(kind))

    @litestar.delete(single, status_code=204, operation_id=id_of("remove"), summary=f"Remove {name}.", tags=TAGS)
    async def remove_entry(
        tx: TxDependency, actor: ActorDependency, customer_id: FromPath[int], entry_id: FromPath[int]
    ) -> None:
        await customers.remove_entry(tx, actor, customer_id, kind, entry_id)

    return [list_entries, add_entry, get_entry, replace_entry, remove_entry]


@hal.get(f"{CUSTOMER}/address", tags=TAGS)
async def get_address(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, customer_id: FromPath[int]
) -> AddressOut:
    """Get a customer's address."""
    address = await customers.get_address(read, scope_of(actor), customer_id)
    return AddressOut.of(address, hal.base_url(request) + request.scope["path"])


@hal.post(f"{CUSTOMER}/address", tags=TAGS)
async def create_address(
    request: Request[Any, Any, Any],
    tx: TxDependency,
    actor: ActorDependency,
    customer_id: FromPath[int],
    data: JSONBody[AddressIn],
) -> Response[AddressOut]:
    """Give a customer an address, in the place of any that is there."""
    await customers.put_address(tx, actor, customer_id, data.to_command())
    address = await customers.get_address(tx, scope_of(actor), customer_id)
    own = f"{address_of(customer_id, hal.base_url(request))}/address"
    return hal.created(AddressOut.of(address, own), resource_id=address.id, location=own)


@litestar.put(f"{CUSTOMER}/address", status_code=204, tags=TAGS)
async def put_address(
    tx: TxDependency, actor: ActorDependency, customer_id: FromPath[int], data: JSONBody[AddressIn]
) -> None:
    """Update a customer's address, or make one."""
    await customers.put_address(tx, actor, customer_id, data.to_command())


@litestar.delete(f"{CUSTOMER}/address", status_code=204, tags=TAGS)
async def delete_address(tx: TxDependency, actor: ActorDependency, customer_id: FromPath[int]) -> None:
    """Remove a customer's address."""
    await customers.remove_address(tx, actor, customer_id)


@litestar.route(f"{CUSTOMER}/properties", http_method=["PATCH", "PUT"], status_code=204, tags=TAGS)
async def patch_properties(
    tx: TxDependency, actor: ActorDependency, customer_id: FromPath[int], data: JSONBody[Patch]
) -> None:
    """Set and remove the values of a customer's properties, all of them or none."""
    await customers.patch(tx, actor, customer_id, read_properties_patch(data))


ROUTES: list[HTTPRouteHandler] = [
    *(route for kind in EntryKind for route in _routes(kind)),
    get_address,
    create_address,
    put_address,
    delete_address,
    patch_properties,
]
