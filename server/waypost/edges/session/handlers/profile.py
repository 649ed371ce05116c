"""A user's own details, password, second factor and sessions."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import litestar
import segno
from litestar import Request, Response
from markupsafe import Markup

from waypost.domains.accounts import UserPatch, password_changes, second_factor, sessions, update_user
from waypost.edges.base.context import Context
from waypost.edges.session.forms import Form, Problem, attempt, in_transaction
from waypost.edges.session.handlers.passwords import _repeated
from waypost.edges.session.pages import page, redirect
from waypost.edges.session.visitors import SignedInVisitor

NOTICES = {
    "saved": "Saved.",
    "password": "Your password is changed. All other browsers are signed out.",
    "on": "Two-step sign-in is on. You will be asked for a code when you sign in.",
    "off": "Two-step sign-in is off.",
    "elsewhere": "All other browsers are signed out.",
}


def notice_of(request: Request[Any, Any, Any]) -> str | None:
    """The sentence for what was just done; nothing that stands in the address itself is shown."""
    return NOTICES.get(request.query_params.get("notice", ""))


@litestar.get("/profile")
async def show_details(context: Context, signed_in: SignedInVisitor, request: Request[Any, Any, Any]) -> Response[str]:
    """Name and address."""
    return page(context, signed_in, "profile/details.html", user=signed_in.user, notice=notice_of(request))


@litestar.post("/profile")
async def save_details(context: Context, signed_in: SignedInVisitor, form: Form) -> Response[str]:
    """Change the name."""
    patch = UserPatch(
        first_name=form.text("first_name"),
        last_name=form.text("last_name"),
        job_title=form.text("job_title"),
        phone=form.text("phone"),
        timezone=form.text("timezone") or "UTC",
    )
    actor = signed_in.session.actor
    outcome = await attempt(in_transaction(context, lambda tx: update_user(tx, actor, actor.user_id, patch)))
    if isinstance(outcome, Problem):
        return page(context, signed_in, "profile/details.html", problem=outcome, user=patch, notice=None)
    return redirect("/profile?notice=saved")


@litestar.get("/profile/security")
async def show_security(context: Context, signed_in: SignedInVisitor, request: Request[Any, Any, Any]) -> Response[str]:
    """Password, second factor, sessions."""
    return await _security_page(context, signed_in, notice=notice_of(request))


@litestar.post("/profile/password")
async def change_password(context: Context, signed_in: SignedInVisitor, form: Form) -> Response[str]:
    """Change the password."""
    new = _repeated(form)
    if isinstance(new, Problem):
        return await _security_page(context, signed_in, "password", new)
    work = password_changes.change(context.transactions, signed_in.session, form.secret("password"), new, signed_in.ip)
    outcome = await attempt(work)
    if isinstance(outcome, Problem):
        return await _security_page(context, signed_in, "password", outcome)
    return redirect("/profile/security?notice=password")


@litestar.post("/profile/second-factor")
async def begin_second_factor(context: Context, signed_in: SignedInVisitor, form: Form) -> Response[str]:
    """Make a secret and show it, after the password was given once more."""
    actor = signed_in.session.actor
    checked = await attempt(
        second_factor.check_password(context.transactions, actor, form.secret("password"), signed_in.ip)
    )
    if isinstance(checked, Problem):
        return await _security_page(context, signed_in, "second_factor", checked)
    await in_transaction(context, lambda tx: second_factor.begin(tx, actor, context.secret_key))
    return redirect("/profile/second-factor")


@litestar.get("/profile/second-factor")
async def show_second_factor(context: Context, signed_in: SignedInVisitor) -> Response[str]:
    """The QR code of a secret that waits for its first code."""
    return await _enrolment_page(context, signed_in)


@litestar.post("/profile/second-factor/confirm")
async def confirm_second_factor(context: Context, signed_in: SignedInVisitor, form: Form) -> Response[str]:
    """Switch the second factor on."""
    outcome = await attempt(
        second_factor.confirm(
            context.transactions,
            signed_in.session.actor,
            context.secret_key,
            form.text("code", 20),
            signed_in.ip,
        )
    )
    if isinstance(outcome, Problem):
        return await _enrolment_page(context, signed_in, outcome)
    return redirect("/profile/security?notice=on")


@litestar.post("/profile/second-factor/remove")
async def remove_second_factor(context: Context, signed_in: SignedInVisitor, form: Form) -> Response[str]:
    """Switch the second factor off."""
    outcome = await attempt(
        second_factor.remove(context.transactions, signed_in.session.actor, form.secret("password"), signed_in.ip)
    )
    if isinstance(outcome, Problem):
        return await _security_page(context, signed_in, "second_factor", outcome)
    return redirect("/profile/security?notice=off")


@litestar.post("/profile/sessions/end-others")
async def sign_out_elsewhere(context: Context, signed_in: SignedInVisitor) -> Response[str]:
    """End all sessions but this one."""
    await in_transaction(context, lambda tx: sessions.sign_out_elsewhere(tx, signed_in.session))
    return redirect("/profile/security?notice=elsewhere")


async def _security_page(
    context: Context,
    signed_in: SignedInVisitor,
    part: str = "",
    problem: Problem | None = None,
    notice: str | None = None,
) -> Response[str]:
    actor = signed_in.session.actor
    async with context.transactions.read() as read:
        listed = await sessions.list_sessions(read, actor)
        is_on = await second_factor.is_on(read, actor)
    return page(
        context,
        signed_in,
        "profile/security.html",
        problem=problem,
        part=part,
        sessions=listed,
        current=signed_in.session.digest,
        has_second_factor=is_on,
        notice=notice,
    )


async def _enrolment_page(
    context: Context, signed_in: SignedInVisitor, problem: Problem | None = None
) -> Response[str]:
    async with context.transactions.read() as read:
        enrolment = await second_factor.pending(read, signed_in.session.actor, context.secret_key)
    if enrolment is None:
        return redirect("/profile/security", status=302)
    return page(
        context,
        signed_in,
        "profile/second_factor.html",
        problem=problem,
        enrolment=enrolment,
        picture=_picture(enrolment),
    )


def _picture(enrolment: second_factor.Enrolment) -> Markup:
    """The QR code as SVG to stand in the page."""
    out = BytesIO()
    segno.make(enrolment.uri, error="m").save(
        out, kind="svg", xmldecl=False, svgns=False, omitsize=True, border=2, svgclass="qr", lineclass=None, nl=False
    )
    return Markup(out.getvalue().decode())  # noqa: S704 - made of squares only
