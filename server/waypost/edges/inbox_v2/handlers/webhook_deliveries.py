"""The log of a webhook's deliveries, and sending again. Waypost's own; the platform has none."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response
from litestar.params import FromPath

from waypost.domains import webhooks
from waypost.domains.webhooks import DeliveryFilter, DeliveryState
from waypost.edges.base.context import ActorDependency, ContextDependency, TxDependency
from waypost.edges.inbox_v2 import body, hal, parameters
from waypost.edges.inbox_v2.hal import Collection, Listing
from waypost.edges.inbox_v2.parameters import Query
from waypost.edges.inbox_v2.wire.webhook_deliveries import (
    AttemptOut,
    DeliveryOut,
    EventIn,
    ReplayIn,
    ReplayOut,
    address_of,
)

PAGE_SIZE = 50
TAGS = ["Webhooks"]
QUERIES = (
    Query("state", "choice", "Only those.", choices=tuple(state.value for state in DeliveryState)),
    Query("eventType", "texts", "Only events of this name; may be repeated.", aliases=("event",)),
    Query("since", "date", "Only what was queued then or later."),
    Query("until", "date", "Only what was queued before."),
    Query("resourceId", "integer", "Only events about the thing with this id."),
    *parameters.PAGING,
)


@hal.get("/v2/webhooks/{webhook_id:int}/deliveries", operation_class=parameters.documented(*QUERIES), tags=TAGS)
async def list_deliveries(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, webhook_id: FromPath[int]
) -> Listing[DeliveryOut]:
    """List what a webhook was sent in the last 30 days, newest first."""
    values = parameters.read(request, *QUERIES)
    wanted = DeliveryFilter(
        states=[values["state"]] if values["state"] else None,
        event_types=values["eventType"] or None,
        since=values["since"],
        until=values["until"],
        resource_id=values["resourceId"],
    )
    page = values.page(PAGE_SIZE)
    values.done()
    found = await webhooks.log.list_deliveries(read, actor, webhook_id, wanted, page)
    base_url = hal.base_url(request)
    return hal.listing(request, "deliveries", found, [DeliveryOut.of(item, base_url) for item in found.items])


@hal.get("/v2/webhooks/{webhook_id:int}/deliveries/{delivery_id:int}", tags=TAGS)
async def get_delivery(
    request: Request[Any, Any, Any],
    read: TxDependency,
    actor: ActorDependency,
    webhook_id: FromPath[int],
    delivery_id: FromPath[int],
) -> DeliveryOut:
    """Get a delivery."""
    found = await webhooks.log.get_delivery(read, actor, webhook_id, delivery_id)
    return DeliveryOut.of(found, hal.base_url(request))


@hal.get("/v2/webhooks/{webhook_id:int}/deliveries/{delivery_id:int}/attempts", tags=TAGS)
async def list_attempts(
    request: Request[Any, Any, Any],
    read: TxDependency,
    actor: ActorDependency,
    webhook_id: FromPath[int],
    delivery_id: FromPath[int],
) -> Collection[AttemptOut]:
    """List the attempts of a delivery with what was sent and what came back."""
    sent, attempts = await webhooks.log.list_attempts(read, actor, webhook_id, delivery_id)
    return hal.collection(request, {"attempts": [AttemptOut.of(item, sent) for item in attempts]})


@hal.post("/v2/webhooks/{webhook_id:int}/deliveries/{delivery_id:int}/redeliver", tags=TAGS)
async def redeliver(
    request: Request[Any, Any, Any],
    tx: TxDependency,
    actor: ActorDependency,
    webhook_id: FromPath[int],
    delivery_id: FromPath[int],
) -> Response[DeliveryOut]:
    """Send a delivery again: the same event, with the same body. Answers the delivery that is sent."""
    made = await webhooks.log.redeliver(tx, actor, webhook_id, delivery_id)
    base_url = hal.base_url(request)
    shown = DeliveryOut.of(made, base_url)
    return hal.created(shown, resource_id=made.id, location=address_of(made, base_url))


@hal.post("/v2/webhooks/{webhook_id:int}/replay", status_code=200, tags=TAGS)
async def replay(
    request: Request[Any, Any, Any], tx: TxDependency, actor: ActorDependency, webhook_id: FromPath[int]
) -> ReplayOut:
    """Send again what matches the body: what did not arrive, where it says nothing. Once a minute."""
    wanted: ReplayIn = body.read_optional(request, ReplayIn)
    return ReplayOut(await webhooks.log.replay(tx, actor, webhook_id, wanted.to_command()))


@hal.post("/v2/webhooks/{webhook_id:int}/test", tags=TAGS)
async def send_test(
    request: Request[Any, Any, Any],
    tx: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    webhook_id: FromPath[int],
) -> Response[DeliveryOut]:
    """Send `helpscout.test`, or a sample of the event type in the body."""
    wanted: EventIn = body.read_optional(request, EventIn)
    made = await webhooks.log.send_test(tx, actor, context.compose_webhook, webhook_id, wanted.event_type)
    base_url = hal.base_url(request)
    shown = DeliveryOut.of(made, base_url)
    return hal.created(shown, resource_id=made.id, location=address_of(made, base_url))


ROUTES = [list_deliveries, get_delivery, list_attempts, redeliver, replay, send_test]
