"""Attachments: E13 to E16, X19."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote

import litestar
import msgspec
from litestar import Request, Response
from litestar.params import FromPath, JSONBody

from waypost.domains import conversations
from waypost.edges.base.content_links import ContentLinks
from waypost.edges.base.context import ActorDependency, ContextDependency, TxDependency
from waypost.edges.inbox_v2 import hal
from waypost.edges.inbox_v2.hal import Link, Links
from waypost.edges.inbox_v2.wire.conversations_in import NewAttachmentIn
from waypost.edges.inbox_v2.wire.threads import AttachmentOut

TAGS = ["Attachments"]
BASE = "/v2/conversations/{conversation_id:int}/attachments/{attachment_id:int}"
#: Types that a browser shows without running anything; everything else is handed out as a plain download.
_HARMLESS = frozenset(
    {"image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/plain", "text/csv"}
)
_ACTIVE = ("html", "xml", "svg", "script", "xsl", "mathml", "flash", "hta")


class AttachmentDataOut(msgspec.Struct, frozen=True):
    """A file as base64."""

    data: str
    links: Links = msgspec.field(name="_links")


@hal.get(BASE, tags=TAGS)
async def get_attachment(
    request: Request[Any, Any, Any],
    read: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    conversation_id: FromPath[int],
    attachment_id: FromPath[int],
) -> AttachmentOut:
    """Get what is known of an attachment, and a link by which a browser gets it for a day."""
    found = await conversations.get_attachment(read, actor, conversation_id, attachment_id)
    content = ContentLinks(context, actor.account_id, actor.user_id, read.now)
    return AttachmentOut.of(found, hal.base_url(request), content)


@hal.get(BASE + "/data", tags=TAGS)
async def get_attachment_data(
    request: Request[Any, Any, Any],
    read: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    conversation_id: FromPath[int],
    attachment_id: FromPath[int],
) -> AttachmentDataOut:
    """Get an attachment as base64 in JSON."""
    found = await conversations.readable_attachment(read, actor, conversation_id, attachment_id)
    data = await context.files.read(found.storage_key)
    address = f"{hal.base_url(request)}/v2/conversations/{conversation_id}/attachments/{attachment_id}/data"
    return AttachmentDataOut(base64.b64encode(data).decode(), {"self": Link(address)})


@litestar.get(BASE + "/file", media_type="application/octet-stream", tags=TAGS)
async def get_attachment_file(
    read: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    conversation_id: FromPath[int],
    attachment_id: FromPath[int],
) -> Response[bytes]:
    """Get an attachment as raw bytes, always as a download."""
    found = await conversations.readable_attachment(read, actor, conversation_id, attachment_id)
    data = await context.files.read(found.storage_key)
    return Response(
        data,
        media_type=_served_type(found.mime_type),
        headers={
            "Content-Disposition": _disposition(found.file_name),
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cache-Control": "private, max-age=0",
        },
    )


def _served_type(mime_type: str) -> str:
    """The declared type, unless a browser could run it or it is no type at all."""
    lowered = mime_type.lower().split(";")[0].strip()
    main, slash, _ = lowered.partition("/")
    is_plain = bool(slash) and lowered.isascii() and lowered.isprintable() and " " not in lowered
    if lowered in _HARMLESS:
        return lowered
    if not is_plain or main in ("text", "multipart", "message") or any(word in lowered for word in _ACTIVE):
        return "application/octet-stream"
    return lowered


def _disposition(name: str) -> str:
    plain = "".join(
        letter if letter.isascii() and letter.isprintable() and letter not in '"\\' else "_" for letter in name
    )
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


@hal.post("/v2/conversations/{conversation_id:int}/threads/{thread_id:int}/attachments", tags=TAGS)
async def create_attachment(
    tx: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    conversation_id: FromPath[int],
    thread_id: FromPath[int],
    data: JSONBody[NewAttachmentIn],
) -> Response[hal.Created]:
    """Add a file to a thread."""
    attachment_id = await conversations.add_attachment(
        tx, context.files, actor, conversation_id, thread_id, data.to_command()
    )
    address = f"{context.base_url}/v2/conversations/{conversation_id}/attachments/{attachment_id}"
    body = hal.Created(attachment_id, {"self": Link(address)})
    return hal.created(body, resource_id=attachment_id, location=address)


@litestar.delete(BASE, status_code=204, tags=TAGS)
async def delete_attachment(
    tx: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    conversation_id: FromPath[int],
    attachment_id: FromPath[int],
) -> None:
    """Take a file off its thread."""
    await conversations.delete_attachment(tx, context.files, actor, conversation_id, attachment_id)


ROUTES = [get_attachment, get_attachment_data, get_attachment_file, create_attachment, delete_attachment]
