"""Tags: E100, E101, and what the agents' app administers them by."""

from __future__ import annotations

from typing import Any

import litestar
from litestar import Request, Response
from litestar.params import FromPath, JSONBody

from waypost.domains import conversations
from waypost.edges.base.context import ActorDependency, ContextDependency, TxDependency
from waypost.edges.inbox_v2 import hal, parameters
from waypost.edges.inbox_v2.hal import Listing
from waypost.edges.inbox_v2.wire import operations
from waypost.edges.inbox_v2.wire.merging import MergeTagsIn
from waypost.edges.inbox_v2.wire.tags import PLAIN, TagIn, TagSummaryOut, changes_of

PAGE_SIZE = 50
TAGS = ["Tags"]
Paged = parameters.documented(*parameters.PAGING)


@hal.get("/v2/tags", operation_class=Paged, tags=TAGS)
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


@hal.get("/v2/tags/{tag_id:int}", tags=TAGS)
async def get_tag(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, tag_id: FromPath[int]
) -> TagSummaryOut:
    """Get a tag."""
    return TagSummaryOut.of(await conversations.get_tag(read, actor, tag_id), hal.base_url(request))


@hal.post("/v2/tags", tags=TAGS)
async def create_tag(
    tx: TxDependency, actor: ActorDependency, context: ContextDependency, data: JSONBody[TagIn]
) -> Response[TagSummaryOut]:
    """Create a tag. Administrators only; conversations create tags by carrying them."""
    made = await conversations.create_tag(tx, actor, data.name, data.color or "none")
    location = f"{context.base_url}/v2/tags/{made.id}"
    return hal.created(TagSummaryOut.of(made, context.base_url), resource_id=made.id, location=location)


@litestar.put("/v2/tags/{tag_id:int}", status_code=204, tags=TAGS)
async def put_tag(tx: TxDependency, actor: ActorDependency, tag_id: FromPath[int], data: JSONBody[TagIn]) -> None:
    """Give a tag this name and colour; without a colour it has none."""
    await conversations.update_tag(tx, actor, tag_id, data.name, data.color or "none")


@litestar.patch("/v2/tags/{tag_id:int}", status_code=204, tags=TAGS)
async def patch_tag(tx: TxDependency, actor: ActorDependency, tag_id: FromPath[int], data: JSONBody[Any]) -> None:
    """Change a tag's name or colour: by an object with one or both, or by operations on `/name` and `/color`."""
    name, color = changes_of(operations.read(data, PLAIN))
    await conversations.update_tag(tx, actor, tag_id, name, color)


@litestar.delete("/v2/tags/{tag_id:int}", status_code=204, tags=TAGS)
async def delete_tag(tx: TxDependency, actor: ActorDependency, tag_id: FromPath[int]) -> Response[None]:
    """Delete a tag and take it off all conversations; 202 when they are many and follow in the background."""
    return _answer(is_done=await conversations.delete_tag(tx, actor, tag_id))


@litestar.post("/v2/tags/{tag_id:int}/merge", status_code=204, tags=TAGS)
async def merge_tags(
    tx: TxDependency, actor: ActorDependency, tag_id: FromPath[int], data: JSONBody[MergeTagsIn]
) -> Response[None]:
    """Put this tag in the place of others; 202 when their conversations are many and follow in the background."""
    ids, path = data.ids()
    return _answer(is_done=await conversations.merge_tags(tx, actor, tag_id, ids, path))


def _answer(*, is_done: bool) -> Response[None]:
    if is_done:
        return Response(None, status_code=204)
    accepted: Response[Any] = Response(b"", status_code=202, media_type="text/plain")
    return accepted


ROUTES = [list_tags, get_tag, create_tag, put_tag, patch_tag, delete_tag, merge_tags]
