"""Coming in and going out (docs/decisions/0033): by the desk, by a company's own sign-in, by a password."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import time
from collections.abc import Sequence
from typing import Any, TypeAlias
from urllib.parse import urlencode

import litestar
from litestar import Request, Response
from litestar.datastructures import Cookie

from waypost.domains import docs
from waypost.domains.docs import visits
from waypost.edges.base.context import Context, ContextDependency
from waypost.edges.base.cookies import cookie, read_cookie
from waypost.edges.base.help_centers import ARRIVAL, VISIT, safe_path
from waypost.edges.docs_site import render, visitor_tokens
from waypost.edges.docs_site.access import CALLBACK, COOKIES, SIGN_IN, SIGN_OUT, UNLOCK, tokens_of
from waypost.edges.docs_site.forms import read_small_form, refuse_foreign
from waypost.edges.docs_site.reader import Reader, ReaderDependency
from waypost.kit import secrets
from waypost.kit.errors import NotFound, Throttled

AnyRequest: TypeAlias = Request[Any, Any, Any]
#: What a help center leaves in the browser before it sends it to the desk, and for how long.
STARTED, START_S = "docs_start", 10 * 60
#: A refusal is not shown sooner, so that its time does not tell what was wrong.
REFUSAL_FLOOR_S = 0.25
_START = re.compile(r"[A-Za-z0-9_-]{32}")


@litestar.get(SIGN_IN)
async def sign_in(context: ContextDependency, reader: ReaderDependency, request: AnyRequest) -> Response[Any]:
    """To the desk, which knows its users, and back."""
    held = read_cookie(request, context, STARTED)
    # One value for all tabs of a browser.
    start = held if _START.fullmatch(held) else secrets.new_token(24)
    asked = {"site": reader.site.id, "state": _state(start), "to": _to(request)}
    location = f"{context.base_url}{VISIT}?{urlencode(asked)}"
    return render.redirect(location, 302, cookies=[cookie(context, STARTED, start, START_S)])


@litestar.get(ARRIVAL)
async def arrive(context: ContextDependency, reader: ReaderDependency, request: AnyRequest) -> Response[Any]:
    """Back from the desk, with its word for who this is."""
    start = read_cookie(request, context, STARTED)
    place = (reader.account_id, reader.site.id)
    try:
        async with context.transactions.open() as tx:
            made = await visits.enter_as_user(
                tx,
                context.secret_key,
                *place,
                request.query_params.get("token", ""),
                _state(start) if start else "",
                _earlier(request, context, visits.Kind.USER),
            )
    except visits.VisitRefused:
        return _refused(reader, SIGN_IN, _to(request))
    return _welcome(context, visits.Kind.USER, made, _to(request), 303, [cookie(context, STARTED, "", 0)])


@litestar.get(CALLBACK)
async def call_back(context: ContextDependency, reader: ReaderDependency, request: AnyRequest) -> Response[Any]:
    """Back from a company's own sign-in, with a token (spec: 7)."""
    to = safe_path(request.query_params.get("returnTo", ""))
    token = request.query_params.get("token", "")
    async with context.transactions.read() as read:
        known = await docs.restriction_of(read, reader.account_id, context.secret_key, reader.site.id)
    if not known.is_enabled or not known.sign_in_url:
        return render.redirect(to, 302)
    try:
        voucher = visitor_tokens.read(token, known.secret, context.transactions.clock())
        async with context.transactions.open() as tx:
            made = await visits.enter_by_callback(
                tx,
                context.secret_key,
                reader.account_id,
                reader.site.id,
                voucher,
                _earlier(request, context, visits.Kind.CALLBACK),
            )
    except visits.VisitRefused:
        # The same link again in a browser that it has let in: a page that is loaded anew, or two tabs.
        if reader.access.is_admitted:
            return render.redirect(to, 302)
        return _refused(reader, to, "")
    return _welcome(context, visits.Kind.CALLBACK, made, to, 302)


@litestar.get(UNLOCK)
async def show_unlock(context: ContextDependency, reader: ReaderDependency, request: AnyRequest) -> Response[Any]:
    """Ask for the site's password; on a site that has none there is no such page."""
    if not reader.access.may_unlock:
        async with context.transactions.read() as read:
            gate = await visits.gate_of(read, reader.account_id, reader.site.id)
        if not gate.has_password:
            raise NotFound
        return render.redirect(_to(request), 303)
    return _unlock_page(reader, _to(request))


@litestar.post(UNLOCK)
async def unlock(context: ContextDependency, reader: ReaderDependency, request: AnyRequest) -> Response[Any]:
    """Check the password."""
    refuse_foreign(request)
    form = await read_small_form(request)
    started = time.monotonic()
    try:
        made = await visits.enter_by_password(
            context.transactions,
            reader.account_id,
            reader.site.id,
            form.fields.get("password", ""),
            request.client.host if request.client else "",
            _earlier(request, context, visits.Kind.PASSWORD),
        )
    except visits.WrongPassword:
        await asyncio.sleep(max(0.0, REFUSAL_FLOOR_S - (time.monotonic() - started)))
        return _unlock_page(reader, _to(request), 422, reader.t.unlock_wrong)
    except Throttled as error:
        wait = {"Retry-After": str(error.retry_after_s)}
        return _unlock_page(reader, _to(request), 429, reader.t.unlock_too_often, wait)
    return _welcome(context, visits.Kind.PASSWORD, made, _to(request), 303)


@litestar.post(SIGN_OUT)
async def sign_out(context: ContextDependency, reader: ReaderDependency, request: AnyRequest) -> Response[Any]:
    """End all visits of this browser on this site. Again is fine."""
    refuse_foreign(request)
    tokens = tokens_of(request, context)
    async with context.transactions.open() as tx:
        await visits.leave(tx, reader.account_id, reader.site.id, list(tokens.values()))
    gone = [cookie(context, name, "", 0) for name in (*COOKIES.values(), STARTED)]
    return render.redirect(SIGN_OUT, 303, cookies=gone)


@litestar.get(SIGN_OUT)
async def show_signed_out(reader: ReaderDependency) -> Response[Any]:
    """Say that it is done: a restricted site's home page would lead straight to a sign-in again."""
    return render.page(
        reader,
        "door.html",
        title=reader.t.sign_out if reader.access.is_known else reader.t.signed_out_title,
        hint="" if reader.access.is_known else reader.t.signed_out_hint,
        can_leave=reader.access.is_known,
        next_address="/",
        next_words=reader.t.home,
        robots="noindex",
    )


def _unlock_page(
    reader: Reader, to: str, status: int = 200, problem: str = "", more_headers: dict[str, str] | None = None
) -> Response[Any]:
    return render.page(
        reader,
        "unlock.html",
        title=reader.t.unlock_title,
        status=status,
        problem=problem,
        action=f"{UNLOCK}?{urlencode({'to': to})}",
        to=to,
        more_headers=more_headers,
        robots="noindex",
    )


def _refused(reader: Reader, again: str, to: str) -> Response[Any]:
    """Not sent on: whoever sent the visitor here would send them here again (spec: 7)."""
    return render.page(
        reader,
        "door.html",
        title=reader.t.visit_refused_title,
        hint=reader.t.visit_refused_hint,
        status=403,
        can_leave=False,
        next_address=f"{again}?{urlencode({'to': to})}" if to else again,
        next_words=reader.t.sign_in_again,
    )


def _welcome(
    context: Context, kind: visits.Kind, made: visits.NewVisit, to: str, status: int, more: Sequence[Cookie] = ()
) -> Response[Any]:
    lasts_s = int((made.expires_at - context.transactions.clock()).total_seconds())
    return render.redirect(to, status, cookies=[cookie(context, COOKIES[kind], made.token, max(lasts_s, 1)), *more])


def _to(request: AnyRequest) -> str:
    return safe_path(request.query_params.get("to", ""))


def _earlier(request: AnyRequest, context: Context, kind: visits.Kind) -> list[str]:
    held = tokens_of(request, context).get(kind)
    return [held] if held else []


def _state(start: str) -> str:
    """What the desk is told of the value in the browser."""
    digest = hashlib.sha256(start.encode("utf-8", "replace")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


ROUTES = [sign_in, arrive, call_back, show_unlock, unlock, sign_out, show_signed_out]
