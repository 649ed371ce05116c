"""Custom fields of all mailboxes in one list, as one client asks for them: X17 (spec: 10)."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.params import FromPath

from waypost.domains import mailboxes
from waypost.edges.base.context import ActorDependency, TxDependency
from waypost.edges.inbox_v2 import hal
from waypost.edges.inbox_v2.hal import Collection
from waypost.edges.inbox_v2.wire.conversation_properties import ConversationPropertyOut

TAGS = ["Mailboxes"]


@hal.get("/v2/conversation-properties", tags=TAGS)
async def list_conversation_properties(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency
) -> Collection[ConversationPropertyOut]:
    """List the custom fields of all mailboxes that the token's user may see."""
    base_url = hal.base_url(request)
    fields = await mailboxes.list_all_fields(read, actor)
    items = [ConversationPropertyOut.of(field, base_url) for field in fields]
    return hal.collection(request, {"conversation-properties": items})


@hal.get("/v2/conversation-properties/{field_id:int}", tags=TAGS)
async def get_conversation_property(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, field_id: FromPath[int]
) -> ConversationPropertyOut:
    """Get a custom field of a mailbox that the token's user may see."""
    return ConversationPropertyOut.of(await mailboxes.get_field(read, actor, field_id), hal.base_url(request))


ROUTES = [list_conversation_properties, get_conversation_property]
