"""Files, messages and pictures by signed links."""

from __future__ import annotations

import re
from typing import Any

import litestar
from litestar import Request, Response
from litestar.params import FromPath

from waypost.domains import conversations, mail
from waypost.domains.accounts import Actor, actor_for_user
from waypost.edges.base.content_links import (
    AttachmentLink,
    ContentLinks,
    ImageLink,
    ThreadLink,
    follow,
)
from waypost.edges.base.context import ContextDependency, TxDependency
from waypost.edges.content import pages
from waypost.edges.content.headers import FILE_POLICY, PDF_POLICY, disposition, headers
from waypost.edges.content.message_view import show
from waypost.edges.content.pictures import Pictures
from waypost.kit.errors import NotFound
from waypost.kit.file_kinds import PICTURES, UNKNOWN, shown_type
from waypost.kit.tx import Tx

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


async def viewer(read: Tx, account_id: int, user_id: int) -> Actor:
    """Whom a link was made for, with the rights that they have now. Raises NotFound for one who is out."""
    actor = await actor_for_user(read.connection, account_id, user_id)
    if actor is None:
        raise NotFound
    return actor


@litestar.get("/attachments/{token:str}")
async def get_attachment(
    request: Request[Any, Any, Any], context: ContextDependency, read: TxDependency, token: FromPath[str]
) -> Response[bytes]:
    """A file, as a download; with `?inline=1` one that is provably harmless is shown."""
    link = follow(context.secret_key, token, AttachmentLink, read.now)
    actor = await viewer(read, link.account_id, link.user_id)
    found = await conversations.view_attachment(read, actor, link.attachment_id)
    data = await context.files.read(found.storage_key)
    kind = shown_type(data)
    is_shown = kind is not None and request.query_params.get("inline") == "1"
    sent = headers(PDF_POLICY if is_shown and kind == "application/pdf" else FILE_POLICY, shared=kind in PICTURES)
    sent["Content-Disposition"] = disposition("inline" if is_shown else "attachment", found.file_name)
    sent["Accept-Ranges"] = "bytes"
    return _part(request.headers.get("range", ""), data, kind or UNKNOWN, sent)


def _part(wanted: str, data: bytes, media_type: str, sent: dict[str, str]) -> Response[bytes]:
    """The bytes that one range asks for (RFC 9110, 14); all of them for anything that is no such wish."""
    asked = _RANGE.fullmatch(wanted.strip())
    if asked is None or not (asked[1] or asked[2]):
        return Response(data, media_type=media_type, headers=sent)
    size = len(data)
    if asked[1]:
        start, end = int(asked[1]), min(int(asked[2]) if asked[2] else size - 1, size - 1)
    else:
        start, end = max(0, size - int(asked[2])), size - 1
    if start > end:
        return Response(
            b"", status_code=416, media_type=media_type, headers=sent | {"Content-Range": f"bytes */{size}"}
        )
    sent["Content-Range"] = f"bytes {start}-{end}/{size}"
    return Response(data[start : end + 1], status_code=206, media_type=media_type, headers=sent)


@litestar.get("/threads/{token:str}")
async def show_thread(
    request: Request[Any, Any, Any], context: ContextDependency, read: TxDependency, token: FromPath[str]
) -> Response[str]:
    """The text of a thread as a page for a frame. Remote pictures come with `?images=on` only, and through the desk.

    Above it stands what is deceiving about its sender.
    """
    link = follow(context.secret_key, token, ThreadLink, read.now)
    actor = await viewer(read, link.account_id, link.user_id)
    thread = await conversations.view_thread(read, actor, link.thread_id)
    has_images = request.query_params.get("images") == "on"
    links = ContentLinks(context, link.account_id, link.user_id, read.now)
    shown = show(
        thread.body,
        thread.attachments,
        file_address=links.attachment,
        picture_address=links.image if has_images else None,
    )
    warnings = mail.deceptions(thread.origin)
    return pages.message_page(
        context.content_address, context.base_url, shown=shown, has_images=has_images, warnings=warnings
    )


@litestar.get("/images/{token:str}")
async def get_image(
    request: Request[Any, Any, Any], context: ContextDependency, token: FromPath[str]
) -> Response[bytes]:
    """A remote picture, fetched by the desk."""
    link = follow(context.secret_key, token, ImageLink, context.transactions.clock())
    pictures: Pictures = request.app.state.pictures
    picture = await pictures.get(link.url)
    sent = headers(FILE_POLICY, shared=True, cache="private, max-age=86400")
    sent["Content-Disposition"] = disposition("inline", "picture." + picture.media_type.partition("/")[2])
    return Response(picture.data, media_type=picture.media_type, headers=sent)
