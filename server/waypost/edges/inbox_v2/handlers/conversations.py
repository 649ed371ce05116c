"""Conversations: E3 to E12, X3 to X7, X9."""

from __future__ import annotations

from typing import Any

import litestar
from litestar import Request, Response
from litestar.params import FromPath, JSONBody

from waypost.domains import conversations
from waypost.domains.accounts import Actor
from waypost.domains.conversations import Filter, Sort, Status
from waypost.edges.base.context import ActorDependency, ContextDependency, TxDependency
from waypost.edges.inbox_v2 import conversation_patch, dialect, hal, parameters
from waypost.edges.inbox_v2.hal import Listing
from waypost.edges.inbox_v2.handlers.threads import render_many
from waypost.edges.inbox_v2.parameters import PAGING, Query
from waypost.edges.inbox_v2.wire import operations
from waypost.edges.inbox_v2.wire.conversations import ConversationOut, CreatedConversationOut, web_address
from waypost.edges.inbox_v2.wire.conversations_in import ConversationIn, FieldsIn, SnoozeIn, moment_of
from waypost.edges.inbox_v2.wire.merging import MergeConversationsIn
from waypost.edges.inbox_v2.wire.tags import FewerTagsIn, TagsIn
from waypost.edges.inbox_v2.wire.threads import ThreadOut
from waypost.kit.errors import FieldError
from waypost.kit.paging import Page
from waypost.kit.tx import Tx

PAGE_SIZE = 25
TAGS = ["Conversations"]
_STATUSES: dict[str, tuple[Status, ...] | None] = {
    "active": (Status.ACTIVE,),
    "all": None,
    "closed": (Status.CLOSED,),
    "open": (Status.ACTIVE, Status.PENDING),
    "pending": (Status.PENDING,),
    "spam": (Status.SPAM,),
}
EMBED = Query("embed", "text", "`threads` puts the threads into each conversation.")
LIST = (
    *PAGING,
    EMBED,
    Query("mailbox", "integers", "Mailbox ids, separated by commas or repeated.", ("mailboxId",)),
    Query("folder", "integer", "A folder's id.", ("folderId",)),
    Query("status", "text", "active (default), all, closed, open, pending or spam; several separated by commas."),
    Query("tag", "texts", "Tag names, separated by commas: conversations with any of them."),
    Query("assigned_to", "integer", "A user's or team's id.", ("assignedTo",)),
    Query("modifiedSince", "date", "Only those changed at that time or later."),
    Query("number", "integer", "A conversation number."),
    Query("sortField", "choice", "The order.", choices=(*(sort.value for sort in Sort), "mailboxId")),
    Query("sortOrder", "choice", "Its direction; default desc.", choices=("asc", "desc")),
    Query("query", "text", "A search in the query language."),
    Query("customFieldsByIds", "texts", "`id:value` pairs, separated by commas or repeated; all must match."),
)
Embeds = parameters.documented(EMBED)


@hal.get("/v2/conversations", operation_class=parameters.documented(*LIST), tags=TAGS)
async def list_conversations(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency
) -> Listing[ConversationOut]:
    """List conversations. Without a status only active ones are listed."""
    values = parameters.read(request, *LIST)
    statuses = _statuses(values)
    wanted = Filter(
        mailbox_ids=values["mailbox"],
        statuses=statuses,
        assignee_id=values["assigned_to"],
        tags=_tags(values["tag"]),
        modified_since=values["modifiedSince"],
        number=values["number"],
        query=values["query"],
        fields=_field_pairs(values),
    )
    asked = values.page(PAGE_SIZE)
    values.done()
    sort = Sort.MAILBOX_ID if values["sortField"] == "mailboxId" else Sort(values["sortField"] or "createdAt")
    page = await conversations.list_conversations(
        read,
        actor,
        wanted,
        asked,
        sort=sort,
        descending=values["sortOrder"] != "asc",
        folder_id=values["folder"],
        status_is_default=values["status"] is None,
    )
    return await render(request, read, actor, page, with_threads=values["embed"] == "threads")


def _statuses(values: parameters.Values) -> tuple[Status, ...] | None:
    names = [name.strip().lower() for name in (values["status"] or "active").split(",")]
    found: dict[Status, None] = {}
    for name in names:
        if name not in _STATUSES:
            expected = ", ".join(f"'{choice}'" for choice in _STATUSES)
            values.refuse(
                FieldError("status", f"Expected one of these: {expected}", "EnumValue", values["status"], "QUERY")
            )
            return None
        some = _STATUSES[name]
        if some is None:
            return None
        found.update(dict.fromkeys(some))
    return tuple(found)


def _tags(texts: list[str]) -> list[str] | None:
    names = [name.strip() for text in texts for name in text.split(",") if name.strip()]
    return names or None


def _field_pairs(values: parameters.Values) -> list[tuple[int, str]]:
    """`123:blue,234:99`, or repeated; a value may hold a colon, and a comma in the repeated form (spec: 7.1)."""
    texts: list[str] = values["customFieldsByIds"]
    parts = texts if len(texts) > 1 else [part for text in texts for part in text.split(",")]
    pairs: list[tuple[int, str]] = []
    for part in parts:
        number, colon, value = part.strip().partition(":")
        if not number and not colon:
            continue
        if not (colon and number.isascii() and number.isdigit() and len(number) < 19):
            values.refuse(FieldError("customFieldsByIds", "malformed: id:value", "Identifier", part, "QUERY"))
        else:
            pairs.append((int(number), value))
    return pairs


async def render(
    request: Request[Any, Any, Any],
    tx: Tx,
    actor: Actor,
    page: Page[conversations.Conversation],
    *,
    with_threads: bool = False,
) -> Listing[ConversationOut]:
    """A page of conversations as a HAL list, with threads where they were asked for."""
    base_url, now = hal.base_url(request), tx.now
    threads: dict[int, list[ThreadOut]] = {}
    if with_threads:
        found = await conversations.threads_of(tx, actor, [item.id for item in page.items])
        threads = await render_many(tx, actor, found, base_url)
    items = [ConversationOut.of(item, base_url, now, threads.get(item.id)) for item in page.items]
    return hal.listing(request, "conversations", page, items)


@hal.get("/v2/customers/{customer_id:int}/conversations", operation_class=parameters.documented(*PAGING), tags=TAGS)
async def list_of_customer(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, customer_id: FromPath[int]
) -> Listing[ConversationOut]:
    """List the conversations of a customer, whatever their status."""
    values = parameters.read(request, *PAGING)
    asked = values.page(PAGE_SIZE)
    values.done()
    page = await conversations.list_of_customer(read, actor, customer_id, asked)
    return await render(request, read, actor, page)


@hal.post("/v2/conversations", tags=TAGS)
async def create_conversation(
    tx: TxDependency, actor: ActorDependency, context: ContextDependency, data: JSONBody[ConversationIn]
) -> Response[CreatedConversationOut]:
    """Start a conversation with a customer, threads, tags and custom fields."""
    made = await conversations.create(tx, context.files, actor, data.to_command(tx.now))
    return hal.created(
        CreatedConversationOut.of(made, context.base_url),
        resource_id=made.id,
        location=f"{context.base_url}/v2/conversations/{made.id}",
        headers={"Web-Location": web_address(context.base_url, made.id, made.number)},
    )


@hal.get("/v2/conversations/{conversation_id:int}", operation_class=Embeds, tags=TAGS)
async def get_conversation(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, conversation_id: FromPath[int]
) -> ConversationOut:
    """Get a conversation. One that was merged answers 301 to the survivor."""
    return await _one(request, read, actor, conversation_id, v3=False)


@hal.get("/v3/conversations/{conversation_id:int}", operation_class=Embeds, tags=TAGS)
async def get_conversation_v3(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, conversation_id: FromPath[int]
) -> ConversationOut:
    """Get a conversation; persons of the platform itself are system users."""
    return await _one(request, read, actor, conversation_id, v3=True)


async def _one(
    request: Request[Any, Any, Any], tx: Tx, actor: Actor, conversation_id: int, *, v3: bool
) -> ConversationOut:
    values = parameters.read(request, EMBED)
    found = await conversations.get(tx, actor, conversation_id)
    base_url = hal.base_url(request)
    threads = None
    if values["embed"] == "threads":
        some = await conversations.threads_of(tx, actor, [conversation_id])
        threads = (await render_many(tx, actor, some, base_url, v3=v3))[conversation_id]
    return ConversationOut.of(found, base_url, tx.now, threads, v3=v3)


@litestar.patch("/v2/conversations/{conversation_id:int}", status_code=204, tags=TAGS)
async def update_conversation(
    request: Request[Any, Any, Any],
    tx: TxDependency,
    actor: ActorDependency,
    conversation_id: FromPath[int],
    data: JSONBody[Any],
) -> None:
    """Change a conversation by operations: all of them or none."""
    asked = operations.read(data, conversation_patch.PLAIN)
    if dialect.is_php(request.headers.get("user-agent", "")):
        asked = conversation_patch.as_php_means(asked)
    await conversation_patch.apply(tx, actor, conversation_id, asked)


@litestar.delete("/v2/conversations/{conversation_id:int}", status_code=204, tags=TAGS)
async def delete_conversation(tx: TxDependency, actor: ActorDependency, conversation_id: FromPath[int]) -> None:
    """Delete a conversation with its threads and files."""
    await conversations.delete(tx, actor, conversation_id)


@litestar.post("/v2/conversations/{conversation_id:int}/merge", status_code=204, tags=TAGS)
async def merge_conversations(
    tx: TxDependency, actor: ActorDependency, conversation_id: FromPath[int], data: JSONBody[MergeConversationsIn]
) -> None:
    """Merge other conversations into this one. Reading a merged one leads here for 60 days."""
    ids, path = data.ids()
    await conversations.merge(tx, actor, conversation_id, ids, path)


@litestar.put("/v2/conversations/{conversation_id:int}/tags", status_code=204, tags=TAGS)
async def put_tags(
    tx: TxDependency, actor: ActorDependency, conversation_id: FromPath[int], data: JSONBody[TagsIn]
) -> None:
    """Set the tags of a conversation: the full new set."""
    await conversations.put_tags(tx, actor, conversation_id, data.tags)


@litestar.post("/v2/conversations/{conversation_id:int}/tags", status_code=204, tags=TAGS)
async def post_tags(
    tx: TxDependency, actor: ActorDependency, conversation_id: FromPath[int], data: JSONBody[TagsIn]
) -> None:
    """Set the tags of a conversation, as PUT does."""
    await conversations.put_tags(tx, actor, conversation_id, data.tags)


@litestar.delete("/v2/conversations/{conversation_id:int}/tags", status_code=204, tags=TAGS)
async def delete_tags(
    request: Request[Any, Any, Any], tx: TxDependency, actor: ActorDependency, conversation_id: FromPath[int]
) -> None:
    """Take the tags named in the body off a conversation, or all of them."""
    raw = await request.body()
    named = operations.struct(raw, FewerTagsIn).tags if raw.strip() else None
    await conversations.take_tags(tx, actor, conversation_id, named)


@litestar.put("/v2/conversations/{conversation_id:int}/fields", status_code=204, tags=TAGS)
async def put_fields(
    tx: TxDependency, actor: ActorDependency, conversation_id: FromPath[int], data: JSONBody[FieldsIn]
) -> None:
    """Set the custom fields of a conversation; fields that are not listed are cleared."""
    await conversations.put_fields(tx, actor, conversation_id, [field.to_pair() for field in data.fields])


@litestar.patch("/v2/conversations/{conversation_id:int}/fields", status_code=204, tags=TAGS)
async def patch_fields(
    tx: TxDependency, actor: ActorDependency, conversation_id: FromPath[int], data: JSONBody[FieldsIn]
) -> None:
    """Set some custom fields of a conversation; the others stay."""
    pairs = [field.to_pair() for field in data.fields]
    await conversations.put_fields(tx, actor, conversation_id, pairs, only_these=False)


async def _snooze(tx: Tx, actor: Actor, conversation_id: int, data: SnoozeIn) -> None:
    on_reply = data.unsnooze_on_customer_reply is not False
    until = moment_of(data.snoozed_until, "snoozedUntil")
    await conversations.snooze(tx, actor, conversation_id, until, unsnooze_on_customer_reply=on_reply)


@litestar.put("/v2/conversations/{conversation_id:int}/snooze", status_code=204, tags=TAGS)
async def put_snooze(
    tx: TxDependency, actor: ActorDependency, conversation_id: FromPath[int], data: JSONBody[SnoozeIn]
) -> None:
    """Snooze a conversation."""
    await _snooze(tx, actor, conversation_id, data)


@litestar.patch("/v2/conversations/{conversation_id:int}/snooze", status_code=204, tags=TAGS)
async def patch_snooze(
    tx: TxDependency, actor: ActorDependency, conversation_id: FromPath[int], data: JSONBody[SnoozeIn]
) -> None:
    """Snooze a conversation, as PUT does."""
    await _snooze(tx, actor, conversation_id, data)


@litestar.delete("/v2/conversations/{conversation_id:int}/snooze", status_code=204, tags=TAGS)
async def delete_snooze(tx: TxDependency, actor: ActorDependency, conversation_id: FromPath[int]) -> None:
    """Wake a snoozed conversation."""
    await conversations.unsnooze(tx, actor, conversation_id)


ROUTES = [
    list_conversations,
    list_of_customer,
    create_conversation,
    get_conversation,
    get_conversation_v3,
    update_conversation,
    delete_conversation,
    merge_conversations,
    put_tags,
    post_tags,
    delete_tags,
    put_fields,
    patch_fields,
    put_snooze,
    patch_snooze,
    delete_snooze,
]
