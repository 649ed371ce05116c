"""Tags: E100, E101."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.params import FromPath

from waypost.domains import conversations
from waypost.edges.base.context import ActorDependency, TxDependency
from waypost.edges.inbox_v2 import hal, parameters
from waypost.edges.inbox_v2.hal import Listing
from waypost.edges.inbox_v2.wire.tags import TagSummaryOut

PAGE_SIZE = 50
Paged = parameters.documented(*parameters.PAGING)


@hal.get("/v2/tags", operation_class=Paged, tags=["Tags"])
async def list_tags(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency
) -> Listing[TagSummaryOut]:
    """List the tags of the account by name."""
    values = parameters.read(request, *parameters.PAGING)
    asked = values.page(PAGE_SIZE)
    values.done()
    page = await conversations.list_tags(read, actor, asked)
    base_url = hal.base_url(request)
    return hal.listing(request, "tags", page, [TagSummaryOut.of(item, base_url) for item in page.items])


@hal.get("/v2/tags/{tag_id:int}", tags=["Tags"])
async def get_tag(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, tag_id: FromPath[int]
) -> TagSummaryOut:
    """Get a tag."""
    return TagSummaryOut.of(await conversations.get_tag(read, actor, tag_id), hal.base_url(request))


ROUTES = [list_tags, get_tag]
