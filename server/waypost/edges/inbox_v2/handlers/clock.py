"""The desk's clock, to be moved in development: what waits for a time can be seen without waiting."""

from __future__ import annotations

import litestar
from litestar.params import JSONBody

from waypost.domains.accounts import Actor
from waypost.edges.base.context import ActorDependency, Context, ContextDependency, TxDependency
from waypost.edges.inbox_v2 import hal
from waypost.edges.inbox_v2.wire.clock import ClockIn, ClockOut
from waypost.kit.errors import Forbidden, NotFound
from waypost.kit.movable_clock import MovableClock

TAGS = ["Development"]


def _clock(context: Context, actor: Actor) -> MovableClock:
    """The clock, where there is one to move: a desk in use has none, and the calls do not exist there."""
    if context.movable_clock is None:
        raise NotFound
    if not actor.is_administrator:
        raise Forbidden
    return context.movable_clock


def _shown(clock: MovableClock, base_url: str) -> ClockOut:
    return ClockOut.of(clock(), clock.ahead, base_url)


@hal.get("/v2/clock", tags=TAGS, sync_to_thread=False)
def get_clock(actor: ActorDependency, context: ContextDependency) -> ClockOut:
    """Tell the desk's time. Exists in development and in the demo only."""
    return _shown(_clock(context, actor), context.base_url)


@litestar.put("/v2/clock", tags=TAGS, status_code=204)
async def move_clock(
    tx: TxDependency, actor: ActorDependency, context: ContextDependency, data: JSONBody[ClockIn]
) -> None:
    """Move the desk's time forward, for all that waits for a time. Tokens expire too."""
    clock = _clock(context, actor)
    await clock.advance(tx, data.distance(tx.now))


@litestar.delete("/v2/clock", tags=TAGS, status_code=204)
async def reset_clock(tx: TxDependency, actor: ActorDependency, context: ContextDependency) -> None:
    """Go back to the machine's time."""
    await _clock(context, actor).reset(tx)


ROUTES = [get_clock, move_clock, reset_clock]
