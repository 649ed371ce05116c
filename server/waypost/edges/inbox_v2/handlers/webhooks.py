"""Webhook subscriptions: E105 to E109, PATCH, the catalogue of events, and changing the secret."""

from __future__ import annotations

from typing import Any

import litestar
from litestar import Request, Response
from litestar.params import FromPath, JSONBody

from waypost.domains import webhooks
from waypost.domains.accounts import Dialect
from waypost.domains.webhooks import MASK, Means, Profile
from waypost.edges.base.context import ActorDependency, Context, ContextDependency, TxDependency
from waypost.edges.inbox_v2 import body, hal, parameters
from waypost.edges.inbox_v2.hal import Collection, Listing
from waypost.edges.inbox_v2.wire import webhooks as wire
from waypost.edges.inbox_v2.wire.times import stamp
from waypost.edges.inbox_v2.wire.webhooks import EventOut, Patch, SecretIn, SecretOut, WebhookIn, WebhookOut

PAGE_SIZE = 50
TAGS = ["Webhooks"]
Paged = parameters.documented(*parameters.PAGING)
#: Says on create for whose receivers the subscription is; otherwise the caller's dialect does (spec: webhooks 5).
PROFILE_HEADER = "x-helpscout-webhook-profile"
_PROFILES = {Dialect.SEED: Profile.SEED, Dialect.PLATFORM: Profile.PLATFORM}


@hal.get("/v2/webhooks", operation_class=Paged, tags=TAGS)
async def list_webhooks(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency
) -> Listing[WebhookOut]:
    """List the webhooks that the caller may manage: all of them for administrators, else the caller's own."""
    values = parameters.read(request, *parameters.PAGING)
    wanted = values.page(PAGE_SIZE)
    values.done()
    page = await webhooks.list_webhooks(read, actor, wanted)
    base_url = hal.base_url(request)
    return hal.listing(request, "webhooks", page, [WebhookOut.of(item, MASK, base_url) for item in page.items])


@hal.post("/v2/webhooks", tags=TAGS)
async def create_webhook(
    request: Request[Any, Any, Any],
    tx: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    data: JSONBody[WebhookIn],
) -> Response[WebhookOut]:
    """Subscribe to events."""
    dialect: Dialect = request.scope["waypost.dialect"]  # type: ignore[typeddict-item]
    means, default = means_of(context), _PROFILES[dialect]
    wanted = data.to_command(request.headers.get(PROFILE_HEADER))
    made = await webhooks.subscribe(tx, actor, means, wanted, default)
    base_url = hal.base_url(request)
    # The caller knows the secret, and the answer may be kept for one who repeats the request.
    return hal.created(
        WebhookOut.of(made, MASK, base_url), resource_id=made.id, location=wire.address_of(made.id, base_url)
    )


@hal.get("/v2/webhooks/events", tags=TAGS)
async def list_webhook_events(request: Request[Any, Any, Any]) -> Collection[EventOut]:
    """List the events that can be subscribed to, with their other spellings."""
    return hal.collection(request, {"events": [EventOut.of(kind) for kind in webhooks.KINDS]})


@hal.get("/v2/webhooks/{webhook_id:int}", tags=TAGS)
async def get_webhook(
    request: Request[Any, Any, Any],
    read: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    webhook_id: FromPath[int],
) -> WebhookOut:
    """Get a webhook. Its secret is shown to the application that made it."""
    found = await webhooks.get(read, actor, webhook_id)
    return WebhookOut.of(found, webhooks.shown_secret(actor, means_of(context), found), hal.base_url(request))


@litestar.put("/v2/webhooks/{webhook_id:int}", status_code=204, tags=TAGS)
async def replace_webhook(
    tx: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    webhook_id: FromPath[int],
    data: JSONBody[WebhookIn],
) -> None:
    """Replace a webhook. A secret that is left out stays; `state` `enabled` switches it on again."""
    await webhooks.replace(tx, actor, means_of(context), webhook_id, data.to_command())


@litestar.patch("/v2/webhooks/{webhook_id:int}", status_code=204, tags=TAGS)
async def patch_webhook(
    tx: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    webhook_id: FromPath[int],
    data: JSONBody[Patch],
) -> None:
    """Change parts of a webhook, by operations or by an object of the fields to change."""
    await webhooks.change(tx, actor, means_of(context), webhook_id, wire.read_patch(data))


@litestar.delete("/v2/webhooks/{webhook_id:int}", status_code=204, tags=TAGS)
async def delete_webhook(tx: TxDependency, actor: ActorDependency, webhook_id: FromPath[int]) -> None:
    """End a webhook."""
    await webhooks.unsubscribe(tx, actor, webhook_id)


@hal.post("/v2/webhooks/{webhook_id:int}/secret/rotate", status_code=200, tags=TAGS)
async def rotate_webhook_secret(
    request: Request[Any, Any, Any],
    tx: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    webhook_id: FromPath[int],
) -> SecretOut:
    """Change a webhook's secret to the one in the body, or to a random one; the one before signs for 24 hours too."""
    wanted: SecretIn = body.read_optional(request, SecretIn)
    changed, secret = await webhooks.rotate_secret(tx, actor, means_of(context), webhook_id, wanted.secret)
    assert changed.previous_secret_until is not None
    return SecretOut(secret, stamp(changed.previous_secret_until))


def means_of(context: Context) -> Means:
    """What the verbs of webhooks need of the desk."""
    return Means(context.secret_key, context.outgoing)


ROUTES = [
    list_webhooks,
    create_webhook,
    list_webhook_events,
    get_webhook,
    replace_webhook,
    patch_webhook,
    delete_webhook,
    rotate_webhook_secret,
]
