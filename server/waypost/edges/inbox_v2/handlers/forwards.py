"""Forwarding conversations. An extension: the platform does so in its own app only."""

from __future__ import annotations

from litestar import Response
from litestar.params import FromPath, JSONBody

from waypost.domains import conversations
from waypost.edges.base.context import ActorDependency, ContextDependency, TxDependency
from waypost.edges.inbox_v2 import hal
from waypost.edges.inbox_v2.wire.forwards import CreatedForwardOut, ForwardIn

TAGS = ["Threads"]


@hal.post("/v2/conversations/{conversation_id:int}/forwards", tags=TAGS)
async def create_forward(
    tx: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    conversation_id: FromPath[int],
    data: JSONBody[ForwardIn],
) -> Response[CreatedForwardOut]:
    """Forward a conversation or one thread of it to somebody outside. Answers come into a conversation of their own."""
    made = await conversations.forward(tx, context.files, actor, conversation_id, data.to_command())
    return hal.created(
        CreatedForwardOut.of(made, context.base_url),
        resource_id=made.thread_id,
        location=f"{context.base_url}/v2/conversations/{conversation_id}/threads/{made.thread_id}",
    )


ROUTES = [create_forward]
