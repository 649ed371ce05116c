"""Demo mode only: the mails that the desk would have sent, as its mail sink has caught them."""

from __future__ import annotations

import asyncio
from typing import Any

import litestar
from litestar import MediaType, Request, Response

from waypost.edges.base.context import Context
from waypost.edges.session import security
from waypost.edges.session.pages import page
from waypost.edges.session.visitors import SignInNeeded, Visitor
from waypost.kit.errors import NotFound

_LOOPBACK = {"127.0.0.1", "::1", "::ffff:127.0.0.1"}
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


@litestar.get("/outbox")
async def list_messages(context: Context, visitor: Visitor, request: Request[Any, Any, Any]) -> Response[str]:
    """All caught mails, newest first."""
    _check(context, visitor, request)
    messages = await asyncio.to_thread(context.sunk_messages) if context.sunk_messages else []
    return page(context, visitor, "outbox/list.html", messages=messages)


@litestar.get("/outbox/{message_id:str}")
async def show_message(
    context: Context, visitor: Visitor, request: Request[Any, Any, Any], message_id: str
) -> Response[str]:
    """One mail."""
    message = await _message(context, visitor, request, message_id)
    return page(context, visitor, "outbox/message.html", message=message)


@litestar.get("/outbox/{message_id:str}/html")
async def show_html(
    context: Context, visitor: Visitor, request: Request[Any, Any, Any], message_id: str
) -> Response[str]:
    """The HTML of a mail, for the frame in its page. Nothing in it runs or reaches out."""
    message = await _message(context, visitor, request, message_id)
    headers = security.page_headers(security.FRAMED_MAIL_POLICY)
    # Links leave the frame: our own pages refuse to be shown in one.
    return Response(f'<base target="_blank">{message.html or ""}', media_type=MediaType.HTML, headers=headers)


async def _message(context: Context, visitor: Visitor, request: Request[Any, Any, Any], message_id: str) -> Any:
    _check(context, visitor, request)
    message = await asyncio.to_thread(context.sunk_message, message_id) if context.sunk_message else None
    if message is None:
        raise NotFound
    return message


def _check(context: Context, visitor: Visitor, request: Request[Any, Any, Any]) -> None:
    """Links for new passwords lie here: for this machine itself, or for those who are signed in."""
    if not context.is_demo:
        raise NotFound
    is_forwarded = any(name in request.headers for name in _FORWARDED)
    if visitor.session is None and (is_forwarded or visitor.ip not in _LOOPBACK):
        raise SignInNeeded
