"""Automatic routing of a mailbox: E81, E82."""

from __future__ import annotations

from typing import Any

import litestar
from litestar import Request
from litestar.params import FromPath, JSONBody

from waypost.domains.mailboxes import routing
from waypost.edges.base.context import ActorDependency, TxDependency
from waypost.edges.inbox_v2 import hal
from waypost.edges.inbox_v2.wire.routing import RoutingIn, RoutingOut, StateIn

TAGS = ["Mailboxes"]
PATH = "/v2/mailboxes/{mailbox_id:int}/routing"


@hal.get(PATH, tags=TAGS)
async def get_routing(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, mailbox_id: FromPath[int]
) -> RoutingOut:
    """Get how a mailbox hands out its conversations, and how much everybody in it has to do."""
    return RoutingOut.of(await routing.get(read, actor, mailbox_id), hal.base_url(request))


@litestar.put(PATH, status_code=204, tags=TAGS)
async def update_routing(
    tx: TxDependency, actor: ActorDependency, mailbox_id: FromPath[int], data: JSONBody[RoutingIn]
) -> None:
    """Say how a mailbox hands out its conversations. Administrators only."""
    await routing.put(
        tx,
        actor,
        mailbox_id,
        is_enabled=data.state is StateIn.ENABLED,
        assignment_limit=data.assignment_limit,
        method=data.assignment_method,
        user_ids=data.user_ids,
    )


ROUTES = [get_routing, update_routing]
