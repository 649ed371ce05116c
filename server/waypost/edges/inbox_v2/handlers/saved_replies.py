"""Saved replies: E83 to E88, X12 to X14."""

from __future__ import annotations

from typing import Any

import litestar
from litestar import Request, Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody
from litestar.types import Method
from litestar.types.internal_types import PathParameterDefinition

from waypost.domains.mailboxes import SavedReply, saved_replies
from waypost.edges.base.context import ActorDependency, TxDependency
from waypost.edges.inbox_v2 import hal, parameters
from waypost.edges.inbox_v2.hal import Listing
from waypost.edges.inbox_v2.parameters import Query
from waypost.edges.inbox_v2.wire.saved_replies import (
    SavedReplyIn,
    SavedReplyInMailboxIn,
    SavedReplyItemOut,
    SavedReplyListedOut,
    SavedReplyOut,
    address_of,
)

PAGE_SIZE = 50
TAGS = ["Saved replies"]
HYPHEN = "/v2/mailboxes/{mailbox_id:int}/saved-replies"
UNDERSCORE = "/v2/mailboxes/{mailbox_id:int}/saved_replies"
ITEM = "/{saved_reply_id:int}"
WITH_CHAT = Query("includeChatReplies", "boolean", "Whether to list saved replies that have a text for chats alone.")
MAILBOX = Query("mailboxId", "integer", "Only saved replies of this mailbox.", ("mailbox",))
WORDS = Query("query", "text", "Only saved replies whose name or text holds this, whatever its case.")
PAGED = (*parameters.PAGING, WITH_CHAT)
FOUND = (*PAGED, MAILBOX, WORDS)


def _id_of(handler: HTTPRouteHandler, _: Method, components: list[str | PathParameterDefinition]) -> str:
    """One id for each spelling of the path: ids are unique in an OpenAPI document."""
    spelled = "_underscore" if "saved_replies" in components else ""
    return f"{handler.handler_name}{spelled}"


@hal.get(HYPHEN, operation_class=parameters.documented(WITH_CHAT), tags=TAGS)
async def list_saved_replies(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, mailbox_id: FromPath[int]
) -> list[SavedReplyItemOut]:
    """List the saved replies of a mailbox by name, all at once as a bare array."""
    values = parameters.read(request, WITH_CHAT)
    found = await saved_replies.list_all(read, actor, mailbox_id, with_chat_only=bool(values["includeChatReplies"]))
    return [SavedReplyItemOut.of(item) for item in found]


@hal.get(UNDERSCORE, operation_class=parameters.documented(*PAGED), tags=TAGS)
async def list_saved_replies_paged(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, mailbox_id: FromPath[int]
) -> Listing[SavedReplyListedOut]:
    """List the saved replies of a mailbox by name, page by page and with their texts."""
    values = parameters.read(request, *PAGED)
    asked = values.page(PAGE_SIZE)
    values.done()
    page = await saved_replies.list_page(
        read, actor, asked, mailbox_id, with_chat_only=bool(values["includeChatReplies"])
    )
    base_url = hal.base_url(request)
    items = [SavedReplyListedOut.of(item, base_url) for item in page.items]
    return hal.listing(request, "saved_replies", page, items)


@hal.get("/v2/saved-replies", operation_class=parameters.documented(*FOUND), tags=TAGS)
async def find_saved_replies(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency
) -> Listing[SavedReplyListedOut]:
    """List the saved replies of all mailboxes that the token's user may see; those for chats too, unless refused."""
    values = parameters.read(request, *FOUND)
    asked = values.page(PAGE_SIZE)
    values.done()
    page = await saved_replies.find_page(
        read,
        actor,
        asked,
        mailbox_id=values["mailboxId"],
        words=values["query"] or None,
        with_chat_only=values["includeChatReplies"] is not False,
    )
    base_url = hal.base_url(request)
    items = [SavedReplyListedOut.of(item, base_url, with_mailbox=True) for item in page.items]
    return hal.listing(request, "savedReplies", page, items)


def _created(request: Request[Any, Any, Any], made: SavedReply) -> Response[SavedReplyOut]:
    base_url = hal.base_url(request)
    return hal.created(SavedReplyOut.of(made, base_url), resource_id=made.id, location=address_of(made, base_url))


@hal.post([HYPHEN, UNDERSCORE], operation_id=_id_of, tags=TAGS)
async def create_saved_reply(
    request: Request[Any, Any, Any],
    tx: TxDependency,
    actor: ActorDependency,
    mailbox_id: FromPath[int],
    data: JSONBody[SavedReplyIn],
) -> Response[SavedReplyOut]:
    """Save a reply in a mailbox. Everybody who sees the mailbox may."""
    return _created(request, await saved_replies.create(tx, actor, mailbox_id, data.to_command()))


@hal.post("/v2/saved-replies", tags=TAGS)
async def create_saved_reply_in(
    request: Request[Any, Any, Any], tx: TxDependency, actor: ActorDependency, data: JSONBody[SavedReplyInMailboxIn]
) -> Response[SavedReplyOut]:
    """Save a reply in the mailbox that the body names."""
    return _created(request, await saved_replies.create_in(tx, actor, data.mailbox_id, data.to_command()))


@hal.get([HYPHEN + ITEM, UNDERSCORE + ITEM], operation_id=_id_of, tags=TAGS)
async def get_saved_reply(
    request: Request[Any, Any, Any],
    read: TxDependency,
    actor: ActorDependency,
    mailbox_id: FromPath[int],
    saved_reply_id: FromPath[int],
) -> SavedReplyOut:
    """Get a saved reply."""
    found = await saved_replies.get(read, actor, saved_reply_id, mailbox_id)
    return SavedReplyOut.of(found, hal.base_url(request))


@hal.get("/v2/saved-replies" + ITEM, tags=TAGS)
async def get_saved_reply_by_id(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, saved_reply_id: FromPath[int]
) -> SavedReplyOut:
    """Get a saved reply of any mailbox that the token's user may see."""
    return SavedReplyOut.of(await saved_replies.get(read, actor, saved_reply_id), hal.base_url(request))


@litestar.put([HYPHEN + ITEM, UNDERSCORE + ITEM], status_code=204, operation_id=_id_of, tags=TAGS)
async def update_saved_reply(
    tx: TxDependency,
    actor: ActorDependency,
    mailbox_id: FromPath[int],
    saved_reply_id: FromPath[int],
    data: JSONBody[SavedReplyIn],
) -> None:
    """Change a saved reply. Keys that are missing keep their values."""
    await saved_replies.update(tx, actor, saved_reply_id, data.to_command(), mailbox_id)


@litestar.put("/v2/saved-replies" + ITEM, status_code=204, tags=TAGS)
async def update_saved_reply_by_id(
    tx: TxDependency, actor: ActorDependency, saved_reply_id: FromPath[int], data: JSONBody[SavedReplyIn]
) -> None:
    """Change a saved reply of any mailbox that the token's user may see."""
    await saved_replies.update(tx, actor, saved_reply_id, data.to_command())


@litestar.delete([HYPHEN + ITEM, UNDERSCORE + ITEM], status_code=204, operation_id=_id_of, tags=TAGS)
async def delete_saved_reply(
    tx: TxDependency, actor: ActorDependency, mailbox_id: FromPath[int], saved_reply_id: FromPath[int]
) -> None:
    """Delete a saved reply. Threads that were written with it keep its id."""
    await saved_replies.delete(tx, actor, saved_reply_id, mailbox_id)


@litestar.delete("/v2/saved-replies" + ITEM, status_code=204, tags=TAGS)
async def delete_saved_reply_by_id(tx: TxDependency, actor: ActorDependency, saved_reply_id: FromPath[int]) -> None:
    """Delete a saved reply of any mailbox that the token's user may see."""
    await saved_replies.delete(tx, actor, saved_reply_id)


ROUTES = [
    list_saved_replies,
    list_saved_replies_paged,
    find_saved_replies,
    create_saved_reply,
    create_saved_reply_in,
    get_saved_reply,
    get_saved_reply_by_id,
    update_saved_reply,
    update_saved_reply_by_id,
    delete_saved_reply,
    delete_saved_reply_by_id,
]
