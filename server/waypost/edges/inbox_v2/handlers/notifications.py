"""What users are told of by mail. An extension."""

from __future__ import annotations

from typing import Any

import litestar
from litestar import Request
from litestar.params import FromPath, JSONBody

from waypost.domains import notifications
from waypost.edges.base.context import ActorDependency, TxDependency
from waypost.edges.inbox_v2 import hal
from waypost.edges.inbox_v2.wire.notifications import NotificationsIn, NotificationsOut

TAGS = ["Users"]


@hal.get("/v2/users/{user_id:int}/notifications", tags=TAGS)
async def get_notifications(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, user_id: FromPath[int]
) -> NotificationsOut:
    """Tell what a user is told of by mail: one's own choices, or for administrators anybody's."""
    choices = await notifications.choices_of(read, actor, user_id)
    return NotificationsOut.of(user_id, choices, hal.base_url(request))


@litestar.put("/v2/users/{user_id:int}/notifications", status_code=204, tags=TAGS)
async def put_notifications(
    tx: TxDependency, actor: ActorDependency, user_id: FromPath[int], data: JSONBody[NotificationsIn]
) -> None:
    """Choose what a user is told of by mail; occasions that are not named stay as they are."""
    await notifications.choose(tx, actor, user_id, data.to_choices())


ROUTES = [get_notifications, put_notifications]
