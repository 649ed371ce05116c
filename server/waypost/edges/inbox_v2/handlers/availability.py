"""Availability of users: E92 to E94."""

from __future__ import annotations

from typing import Any

import litestar
from litestar import Request
from litestar.params import FromPath, JSONBody

from waypost.domains.accounts import availability, scope_of
from waypost.edges.base.context import ActorDependency, TxDependency
from waypost.edges.inbox_v2 import hal, parameters
from waypost.edges.inbox_v2.hal import Listing
from waypost.edges.inbox_v2.wire.availability import AvailabilityIn, AvailabilityOut

PAGE_SIZE = 50
TAGS = ["Users"]
ONE = "/v2/users/{user_id:int}/status"


@hal.get("/v2/users/status", operation_class=parameters.documented(*parameters.PAGING), tags=TAGS)
async def list_statuses(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency
) -> Listing[AvailabilityOut]:
    """List who is there and who is away, users by name."""
    values = parameters.read(request, *parameters.PAGING)
    wanted = values.page(PAGE_SIZE)
    values.done()
    page = await availability.list_all(read, scope_of(actor), wanted)
    base_url = hal.base_url(request)
    return hal.listing(
        request, "userStatuses", page, [AvailabilityOut.of(item, actor, base_url) for item in page.items]
    )


@hal.get(ONE, tags=TAGS)
async def get_status(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, user_id: FromPath[int]
) -> AvailabilityOut:
    """Get whether a user is there."""
    found = await availability.get(read, scope_of(actor), user_id)
    return AvailabilityOut.of(found, actor, hal.base_url(request))


@litestar.put(ONE, status_code=204, tags=TAGS)
async def set_status(
    tx: TxDependency, actor: ActorDependency, user_id: FromPath[int], data: JSONBody[AvailabilityIn]
) -> None:
    """Say that a user is there or away: for oneself, or for anybody as an administrator."""
    chat = data.chat.to_command() if data.chat is not None else None
    await availability.set_status(tx, actor, user_id, data.status, data.custom(), chat)


ROUTES = [list_statuses, get_status, set_status]
