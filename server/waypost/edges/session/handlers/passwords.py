"""A new password by mail, and the first one by invitation."""

from __future__ import annotations

import asyncio
import time

import litestar
from litestar import Response

from waypost.domains.accounts import one_time_tokens, password_changes, sessions
from waypost.edges.base.context import Context
from waypost.edges.base.cookies import cookie
from waypost.edges.session.forms import Form, Problem, attempt
from waypost.edges.session.pages import mail_text, page, redirect
from waypost.edges.session.visitors import SESSION_MAX_AGE_S, Visitor
from waypost.kit.errors import NotFound
from waypost.kit.tx import Tx

#: The answer comes after this time whether or not a mail was queued.
ANSWER_S = 0.4


@litestar.get("/password/forgot")
async def show_forgot(context: Context, visitor: Visitor) -> Response[str]:
    """Ask for the address."""
    return page(context, visitor, "forgot.html", email="", is_sent=False)


@litestar.post("/password/forgot")
async def forgot(context: Context, visitor: Visitor, form: Form) -> Response[str]:
    """Mail a link, if the address is a user's. The answer and its time are the same if it is not."""
    started = time.monotonic()
    email = form.text("email", 320)
    outcome = await attempt(_request_reset(context, email, visitor.ip))
    await asyncio.sleep(max(0.0, ANSWER_S - (time.monotonic() - started)))
    if isinstance(outcome, Problem):
        return page(context, visitor, "forgot.html", problem=outcome, email=email, is_sent=False)
    return page(context, visitor, "forgot.html", email=email, is_sent=True)


async def _request_reset(context: Context, email: str, ip: str) -> None:
    await password_changes.count_reset(context.transactions, email, ip)
    async with context.transactions.open() as tx:
        link = await password_changes.request_reset(tx, email)
        if link is not None:
            await _send_reset_mail(context, tx, link)


async def _send_reset_mail(context: Context, tx: Tx, link: password_changes.ResetLink) -> None:
    # The address comes from the settings, never from the request: a forged Host would send the token elsewhere.
    address = f"{context.base_url}/password/reset/{link.token}"
    html = mail_text("mail/password_reset.html", name=link.bearer.name, address=address, base_url=context.base_url)
    to = link.bearer
    await context.send_system_mail(tx, to.account_id, to.name, to.email, "Choose a new password for Waypost", html)


@litestar.get("/password/reset/{token:str}")
async def show_reset(context: Context, visitor: Visitor, token: str) -> Response[str]:
    """Ask for the new password."""
    bearer = await _bearer(context, token, "password_reset")
    return page(context, visitor, "reset.html", bearer=bearer)


@litestar.post("/password/reset/{token:str}")
async def reset(context: Context, visitor: Visitor, form: Form, token: str) -> Response[str]:
    """Set the new password."""
    bearer = await _bearer(context, token, "password_reset")
    new = _repeated(form)
    if isinstance(new, Problem):
        return page(context, visitor, "reset.html", problem=new, bearer=bearer)
    outcome = await attempt(password_changes.reset(context.transactions, token, new, visitor.ip))
    if isinstance(outcome, Problem):
        return page(context, visitor, "reset.html", problem=outcome, bearer=bearer)
    return redirect("/sign-in?notice=reset", [cookie(context, "session", "", 0)])


@litestar.get("/invitation/{token:str}")
async def show_invitation(context: Context, visitor: Visitor, token: str) -> Response[str]:
    """Ask an invited user for a password."""
    bearer = await _bearer(context, token, "invitation")
    return page(context, visitor, "invitation.html", bearer=bearer)


@litestar.post("/invitation/{token:str}")
async def accept_invitation(context: Context, visitor: Visitor, form: Form, token: str) -> Response[str]:
    """Let an invited user in."""
    bearer = await _bearer(context, token, "invitation")
    new = _repeated(form)
    if isinstance(new, Problem):
        return page(context, visitor, "invitation.html", problem=new, bearer=bearer)
    outcome = await attempt(
        password_changes.accept_invitation(context.transactions, token, new, visitor.ip, visitor.user_agent)
    )
    if not isinstance(outcome, sessions.SignedIn):
        return page(context, visitor, "invitation.html", problem=outcome, bearer=bearer)
    return redirect("/", [cookie(context, "session", outcome.token, SESSION_MAX_AGE_S), cookie(context, "form", "", 0)])


class LinkSpent(NotFound):
    """A mailed link that does not work (any more)."""


async def _bearer(context: Context, token: str, purpose: one_time_tokens.Purpose) -> one_time_tokens.Bearer:
    async with context.transactions.read() as read:
        bearer = await one_time_tokens.find(read, token, purpose)
    if bearer is None:
        raise LinkSpent
    return bearer


def _repeated(form: Form) -> str | Problem:
    """The new password, typed twice."""
    if form.secret("new_password") != form.secret("repeated"):
        return Problem(422, "Please look at the marked fields.", {"repeated": "This is not the same password."})
    return form.secret("new_password")
