"""Threads: E17 to E27, X1, X2, X10, X20."""

from __future__ import annotations

from typing import Any

import litestar
from litestar import Request, Response
from litestar.params import FromPath, JSONBody

from waypost.domains import conversations, mail
from waypost.domains.accounts import Actor
from waypost.domains.conversations import ThreadType
from waypost.edges.base.content_links import ContentLinks
from waypost.edges.base.context import ActorDependency, Context, ContextDependency, TxDependency
from waypost.edges.inbox_v2 import conversation_patch, hal, parameters
from waypost.edges.inbox_v2.hal import Listing
from waypost.edges.inbox_v2.wire import operations
from waypost.edges.inbox_v2.wire.conversations_in import NewThreadIn, ScheduleIn, TypeIn, moment_of
from waypost.edges.inbox_v2.wire.threads import CreatedThreadOut, ThreadOut
from waypost.kit.tx import Tx

PAGE_SIZE = 25
TAGS = ["Threads"]
BASE = "/v2/conversations/{conversation_id:int}"
#: Kinds of threads that can leave by mail.
LEAVING = frozenset({ThreadType.MESSAGE, ThreadType.FORWARD_CHILD})
Paged = parameters.documented(*parameters.PAGING)


@hal.get(BASE + "/threads", operation_class=Paged, tags=TAGS)
async def list_threads(
    request: Request[Any, Any, Any],
    read: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    conversation_id: FromPath[int],
) -> Listing[ThreadOut]:
    """List the threads of a conversation, newest first."""
    return await _list(request, read, actor, context, conversation_id, v3=False)


@hal.get("/v3/conversations/{conversation_id:int}/threads", operation_class=Paged, tags=TAGS)
async def list_threads_v3(
    request: Request[Any, Any, Any],
    read: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    conversation_id: FromPath[int],
) -> Listing[ThreadOut]:
    """List the threads of a conversation; persons of the platform itself are system users."""
    return await _list(request, read, actor, context, conversation_id, v3=True)


async def _list(
    request: Request[Any, Any, Any], tx: Tx, actor: Actor, context: Context, conversation_id: int, *, v3: bool
) -> Listing[ThreadOut]:
    values = parameters.read(request, *parameters.PAGING)
    asked = values.page(PAGE_SIZE)
    values.done()
    page = await conversations.list_threads(tx, actor, conversation_id, asked)
    content = ContentLinks(context, actor.account_id, actor.user_id, tx.now)
    shown = await render_many(tx, actor, {0: page.items}, hal.base_url(request), v3=v3, content=content)
    return hal.listing(request, "threads", page, shown[0])


async def render_many(
    tx: Tx,
    actor: Actor,
    threads: dict[int, list[conversations.Thread]],
    base_url: str,
    *,
    v3: bool = False,
    content: ContentLinks | None = None,
) -> dict[int, list[ThreadOut]]:
    """The threads of several conversations, with how their mails stand; with `content` the viewer's links too."""
    leaving = [item.id for some in threads.values() for item in some if item.type in LEAVING]
    sent = await mail.deliveries(tx, actor, leaving)
    return {
        key: [ThreadOut.of(item, base_url, v3=v3, content=content, delivery=sent.get(item.id)) for item in some]
        for key, some in threads.items()
    }


@hal.get(BASE + "/threads/{thread_id:int}", tags=TAGS)
async def get_thread(
    request: Request[Any, Any, Any],
    read: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    conversation_id: FromPath[int],
    thread_id: FromPath[int],
) -> ThreadOut:
    """Get a thread, and links by which a browser shows it and its files for a day."""
    found = await conversations.get_thread(read, actor, conversation_id, thread_id)
    content = ContentLinks(context, actor.account_id, actor.user_id, read.now)
    sent = await mail.deliveries(read, actor, [found.id] if found.type in LEAVING else [])
    return ThreadOut.of(found, hal.base_url(request), content=content, delivery=sent.get(found.id))


async def _add(
    tx: Tx, actor: Actor, context: Context, conversation_id: int, data: NewThreadIn, kind: TypeIn
) -> Response[CreatedThreadOut]:
    command = data.to_command(kind, tx.now, may_choose=kind is TypeIn.REPLY)
    made = await conversations.add_thread(tx, context.files, actor, conversation_id, command)
    return hal.created(
        CreatedThreadOut.of(made, context.base_url),
        resource_id=made.id,
        location=f"{context.base_url}/v2/conversations/{conversation_id}/threads/{made.id}",
    )


@hal.post([BASE + "/reply", BASE + "/threads/reply"], tags=TAGS)
async def create_reply(
    tx: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    conversation_id: FromPath[int],
    data: JSONBody[NewThreadIn],
) -> Response[CreatedThreadOut]:
    """Reply to the customer. `type` may ask for a note, call, chat line or customer's message instead."""
    return await _add(tx, actor, context, conversation_id, data, TypeIn.REPLY)


@hal.post([BASE + "/notes", BASE + "/threads/note"], tags=TAGS)
async def create_note(
    tx: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    conversation_id: FromPath[int],
    data: JSONBody[NewThreadIn],
) -> Response[CreatedThreadOut]:
    """Add a private note."""
    return await _add(tx, actor, context, conversation_id, data, TypeIn.NOTE)


@hal.post(BASE + "/phones", tags=TAGS)
async def create_phone(
    tx: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    conversation_id: FromPath[int],
    data: JSONBody[NewThreadIn],
) -> Response[CreatedThreadOut]:
    """Write down a call."""
    return await _add(tx, actor, context, conversation_id, data, TypeIn.PHONE)


@hal.post(BASE + "/chats", tags=TAGS)
async def create_chat(
    tx: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    conversation_id: FromPath[int],
    data: JSONBody[NewThreadIn],
) -> Response[CreatedThreadOut]:
    """Add a chat message."""
    return await _add(tx, actor, context, conversation_id, data, TypeIn.CHAT)


@hal.post(BASE + "/customer", tags=TAGS)
async def create_customer_thread(
    tx: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    conversation_id: FromPath[int],
    data: JSONBody[NewThreadIn],
) -> Response[CreatedThreadOut]:
    """Add a message from the customer."""
    return await _add(tx, actor, context, conversation_id, data, TypeIn.CUSTOMER)


@litestar.patch(BASE + "/threads/{thread_id:int}", status_code=204, tags=TAGS)
async def update_thread(
    tx: TxDependency,
    actor: ActorDependency,
    conversation_id: FromPath[int],
    thread_id: FromPath[int],
    data: JSONBody[Any],
) -> None:
    """Change a thread's text, or hide it."""
    await conversation_patch.apply_to_thread(tx, actor, conversation_id, thread_id, operations.read(data))


@litestar.get(
    [BASE + "/threads/{thread_id:int}/original-source", BASE + "/threads/{thread_id:int}/source"],
    media_type=hal.HAL,
    tags=TAGS,
)
async def get_original_source(
    request: Request[Any, Any, Any],
    read: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    conversation_id: FromPath[int],
    thread_id: FromPath[int],
) -> Response[Any]:
    """Get the mail that a thread was made from: as JSON, or raw with `Accept: message/rfc822`."""
    raw = await conversations.original_source(read, context.files, actor, conversation_id, thread_id)
    if "message/rfc822" in request.headers.get("accept", ""):
        headers = {"Content-Disposition": f'attachment; filename="{thread_id}.eml"', "Vary": "Accept"}
        return Response(raw, media_type="message/rfc822", headers=headers)
    return Response({"original": raw.decode("utf-8", "replace")}, media_type=hal.HAL, headers={"Vary": "Accept"})


@litestar.put(BASE + "/threads/{thread_id:int}/schedule", status_code=204, tags=TAGS)
async def put_schedule(
    tx: TxDependency,
    actor: ActorDependency,
    conversation_id: FromPath[int],
    thread_id: FromPath[int],
    data: JSONBody[ScheduleIn],
) -> None:
    """Give a draft reply a time to be sent."""
    await conversations.schedule(
        tx,
        actor,
        conversation_id,
        thread_id,
        moment_of(data.scheduled_for, "scheduledFor"),
        unschedule_on_customer_reply=data.unschedule_on_customer_reply,
        send_as_creator=bool(data.send_as_creator),
    )


@litestar.patch(BASE + "/threads/{thread_id:int}/schedule", status_code=204, tags=TAGS)
async def publish_schedule(
    tx: TxDependency,
    actor: ActorDependency,
    conversation_id: FromPath[int],
    thread_id: FromPath[int],
    data: JSONBody[Any],
) -> None:
    """Send a scheduled draft now: `{"op": "replace", "path": "/state", "value": "published"}`."""
    await conversation_patch.apply_to_schedule(tx, actor, conversation_id, thread_id, operations.read(data))


@litestar.delete(BASE + "/threads/{thread_id:int}/schedule", status_code=204, tags=TAGS)
async def delete_schedule(
    tx: TxDependency, actor: ActorDependency, conversation_id: FromPath[int], thread_id: FromPath[int]
) -> None:
    """Take the time away from a draft; it stays a draft."""
    await conversations.unschedule(tx, actor, conversation_id, thread_id)


@litestar.post(BASE + "/threads/{thread_id:int}/undo", status_code=204, tags=TAGS)
async def undo_reply(
    tx: TxDependency, actor: ActorDependency, conversation_id: FromPath[int], thread_id: FromPath[int]
) -> None:
    """Call a reply back before it leaves: it is a draft again. 409 when it has left."""
    await mail.undo(tx, actor, conversation_id, thread_id)


@litestar.post(BASE + "/threads/{thread_id:int}/retry", status_code=204, tags=TAGS)
async def retry_reply(
    tx: TxDependency, actor: ActorDependency, conversation_id: FromPath[int], thread_id: FromPath[int]
) -> None:
    """Send a reply that failed or came back again, to those whom it has not reached. 409 when it has left."""
    await mail.retry(tx, actor, conversation_id, thread_id)


ROUTES = [
    list_threads,
    list_threads_v3,
    get_thread,
    create_reply,
    create_note,
    create_phone,
    create_chat,
    create_customer_thread,
    update_thread,
    get_original_source,
    put_schedule,
    publish_schedule,
    delete_schedule,
    undo_reply,
    retry_reply,
]
