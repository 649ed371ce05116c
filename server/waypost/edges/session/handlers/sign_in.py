"""Signing in, with a code where the user has set that up, and signing out."""

from __future__ import annotations

import asyncio
import time
from typing import Any
from urllib.parse import quote

import litestar
from litestar import Request, Response

from waypost.domains.accounts import sessions
from waypost.edges.base.context import Context
from waypost.edges.base.cookies import cookie, read_cookie
from waypost.edges.session.forms import Form, Problem, attempt, in_transaction
from waypost.edges.session.pages import page, redirect, safe_next
from waypost.edges.session.visitors import SESSION_MAX_AGE_S, Visitor

#: A refusal is not shown sooner, so that its time does not tell what was wrong.
REFUSAL_FLOOR_S = 0.25
PENDING_MAX_AGE_S = 10 * 60

WRONG_PASSWORD = "This address and password do not go together. Check both and try again."  # noqa: S105
WRONG_CODE = "This code is not right, or it was used before. Enter the one that your app shows now."
NOTICES = {
    "reset": "Your new password is set. Sign in with it.",
    "expired": "That took too long. Please sign in again.",
    "out": "You are signed out.",
}


@litestar.get("/sign-in")
async def show_sign_in(context: Context, visitor: Visitor, request: Request[Any, Any, Any]) -> Response[str]:
    """The sign-in page; who is signed in goes on at once."""
    next_page = safe_next(request.query_params.get("next", ""))
    if visitor.session is not None:
        return redirect(next_page, status=302)
    notice = NOTICES.get(request.query_params.get("notice", ""))
    return page(context, visitor, "sign_in.html", next_page=next_page, email="", notice=notice)


@litestar.post("/sign-in")
async def sign_in(context: Context, visitor: Visitor, form: Form) -> Response[str]:
    """Check address and password."""
    started = time.monotonic()
    next_page = safe_next(form.text("next", 5000))
    email = form.text("email", 320)
    outcome = await attempt(
        sessions.sign_in(context.transactions, email, form.secret("password"), visitor.ip, visitor.user_agent)
    )
    match outcome:
        case sessions.SignedIn():
            return await _welcome(context, visitor, outcome, next_page)
        case sessions.SecondFactorNeeded():
            pending = cookie(context, "pending", outcome.token, PENDING_MAX_AGE_S)
            return redirect(f"/sign-in/code?next={quote(next_page, safe='')}", [pending])
    await asyncio.sleep(max(0.0, REFUSAL_FLOOR_S - (time.monotonic() - started)))
    shown = _with_message(outcome, WRONG_PASSWORD)
    return page(context, visitor, "sign_in.html", problem=shown, next_page=next_page, email=email, notice=None)


@litestar.get("/sign-in/code")
async def show_code(context: Context, visitor: Visitor, request: Request[Any, Any, Any]) -> Response[str]:
    """Ask for the code of a second factor."""
    if not read_cookie(request, context, "pending"):
        return redirect("/sign-in", status=302)
    return page(context, visitor, "code.html", next_page=safe_next(request.query_params.get("next", "")))


@litestar.post("/sign-in/code")
async def sign_in_with_code(
    context: Context, visitor: Visitor, form: Form, request: Request[Any, Any, Any]
) -> Response[str]:
    """Check the code."""
    next_page = safe_next(form.text("next", 5000))
    pending = read_cookie(request, context, "pending")
    outcome = await attempt(
        sessions.sign_in_with_code(
            context.transactions,
            context.secret_key,
            pending,
            form.text("code", 20),
            visitor.ip,
            visitor.user_agent,
        )
    )
    if isinstance(outcome, sessions.SignedIn):
        return await _welcome(context, visitor, outcome, next_page)
    return page(context, visitor, "code.html", problem=_with_message(outcome, WRONG_CODE), next_page=next_page)


@litestar.post("/sign-out")
async def sign_out(context: Context, visitor: Visitor) -> Response[str]:
    """End this session."""
    session = visitor.session
    if session is not None:
        await in_transaction(context, lambda tx: sessions.sign_out(tx, session))
    return redirect("/sign-in?notice=out", [cookie(context, "session", "", 0)])


async def _welcome(context: Context, visitor: Visitor, done: sessions.SignedIn, next_page: str) -> Response[str]:
    """Hand out the new session; the one that this browser had ends."""
    earlier = visitor.session
    if earlier is not None:
        await in_transaction(context, lambda tx: sessions.sign_out(tx, earlier))
    cookies = [
        cookie(context, "session", done.token, SESSION_MAX_AGE_S),
        cookie(context, "pending", "", 0),
        cookie(context, "form", "", 0),
    ]
    return redirect(next_page, cookies)


def _with_message(problem: Problem, message: str) -> Problem:
    return problem if problem.message else Problem(problem.status, message)


def on_expired(_: Request[Any, Any, Any], __: sessions.SignInExpired) -> Response[str]:
    """Exception handler: a half-finished sign-in that is over begins again."""
    return redirect("/sign-in?notice=expired")
