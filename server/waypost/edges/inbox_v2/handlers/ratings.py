"""Ratings: E110."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.params import FromPath

from waypost.domains import conversations
from waypost.edges.base.context import ActorDependency, TxDependency
from waypost.edges.inbox_v2 import hal
from waypost.edges.inbox_v2.wire.ratings import RatingOut


@hal.get("/v2/ratings/{rating_id:int}", tags=["Ratings"])
async def get_rating(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, rating_id: FromPath[int]
) -> RatingOut:
    """Get what a customer thought of a reply."""
    return RatingOut.of(await conversations.get_rating(read, actor, rating_id), hal.base_url(request))


ROUTES = [get_rating]
