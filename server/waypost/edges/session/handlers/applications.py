"""A user's OAuth applications and API keys: making, changing, removing. Secrets are shown once, when they are made."""

from __future__ import annotations

from typing import Any

import litestar
from litestar import Request, Response

from waypost.domains import accounts
from waypost.domains.accounts import Dialect, OAuthApplication, own_keys
from waypost.edges.base.context import Context
from waypost.edges.session.forms import Form, Problem, attempt, in_transaction
from waypost.edges.session.pages import page, redirect
from waypost.edges.session.visitors import SignedInVisitor

NOTICES = {
    "saved": "Saved.",
    "deleted": "The application is deleted. Its tokens do not work any more.",
    "revoked": "The key is revoked.",
}


@litestar.get("/profile/apps")
async def show_applications(
    context: Context, signed_in: SignedInVisitor, request: Request[Any, Any, Any]
) -> Response[str]:
    """My apps."""
    return await _applications_page(context, signed_in, notice=NOTICES.get(request.query_params.get("notice", "")))


@litestar.post("/profile/apps")
async def register(context: Context, signed_in: SignedInVisitor, form: Form) -> Response[str]:
    """Register an application and show its secret."""
    actor = signed_in.session.actor
    name, redirect_url = form.text("name"), form.text("redirect_url", 4000)
    outcome = await attempt(
        in_transaction(context, lambda tx: accounts.register_application(tx, actor, name, redirect_url, _dialect(form)))
    )
    if isinstance(outcome, Problem):
        return await _applications_page(context, signed_in, problem=outcome, sent=form)
    application, secret = outcome
    return page(context, signed_in, "profile/app_secret.html", application=application, secret=secret, is_new=True)


@litestar.get("/profile/apps/{application_id:int}")
async def show_application(context: Context, signed_in: SignedInVisitor, application_id: int) -> Response[str]:
    """One application."""
    application = await _application(context, signed_in, application_id)
    return page(context, signed_in, "profile/app.html", application=application)


@litestar.post("/profile/apps/{application_id:int}")
async def save_application(
    context: Context, signed_in: SignedInVisitor, form: Form, application_id: int
) -> Response[str]:
    """Change name, redirection URL or dialect."""
    application = await _application(context, signed_in, application_id)
    actor = signed_in.session.actor
    outcome = await attempt(
        in_transaction(
            context,
            lambda tx: accounts.update_application(
                tx,
                actor,
                application_id,
                name=form.text("name"),
                redirect_url=form.text("redirect_url", 4000),
                dialect=_dialect(form),
            ),
        )
    )
    if isinstance(outcome, Problem):
        return page(context, signed_in, "profile/app.html", problem=outcome, application=application)
    return redirect("/profile/apps?notice=saved")


@litestar.post("/profile/apps/{application_id:int}/secret")
async def reset_secret(context: Context, signed_in: SignedInVisitor, application_id: int) -> Response[str]:
    """A new secret, shown once."""
    application = await _application(context, signed_in, application_id)
    actor = signed_in.session.actor
    secret = await in_transaction(context, lambda tx: accounts.reset_secret(tx, actor, application_id))
    return page(context, signed_in, "profile/app_secret.html", application=application, secret=secret, is_new=False)


@litestar.post("/profile/apps/{application_id:int}/delete")
async def delete(context: Context, signed_in: SignedInVisitor, application_id: int) -> Response[str]:
    """Remove an application."""
    actor = signed_in.session.actor
    await in_transaction(context, lambda tx: accounts.delete_application(tx, actor, application_id))
    return redirect("/profile/apps?notice=deleted")


@litestar.get("/profile/keys")
async def show_keys(context: Context, signed_in: SignedInVisitor, request: Request[Any, Any, Any]) -> Response[str]:
    """API keys."""
    return await _keys_page(context, signed_in, notice=NOTICES.get(request.query_params.get("notice", "")))


@litestar.post("/profile/keys")
async def create_key(context: Context, signed_in: SignedInVisitor, form: Form) -> Response[str]:
    """Make a key and show it."""
    actor = signed_in.session.actor
    label = form.text("label")
    outcome = await attempt(in_transaction(context, lambda tx: accounts.create_api_key(tx, actor, label)))
    if isinstance(outcome, Problem):
        return await _keys_page(context, signed_in, problem=outcome)
    return await _keys_page(context, signed_in, made=outcome[1])


@litestar.post("/profile/keys/{key_id:int}/revoke")
async def revoke_key(context: Context, signed_in: SignedInVisitor, key_id: int) -> Response[str]:
    """End a key."""
    actor = signed_in.session.actor
    await in_transaction(context, lambda tx: accounts.revoke_api_key(tx, actor, key_id))
    return redirect("/profile/keys?notice=revoked")


def _dialect(form: Form) -> Dialect:
    return Dialect.PLATFORM if form.text("dialect") == Dialect.PLATFORM.value else Dialect.SEED


async def _application(context: Context, signed_in: SignedInVisitor, application_id: int) -> OAuthApplication:
    async with context.transactions.read() as read:
        return await accounts.get_application(read, signed_in.session.actor, application_id)


async def _applications_page(
    context: Context,
    signed_in: SignedInVisitor,
    problem: Problem | None = None,
    sent: Form | None = None,
    notice: str | None = None,
) -> Response[str]:
    async with context.transactions.read() as read:
        listed = await accounts.list_applications(read, signed_in.session.actor)
    return page(
        context,
        signed_in,
        "profile/apps.html",
        problem=problem,
        applications=listed,
        sent=sent.fields if sent else {},
        notice=notice,
    )


async def _keys_page(
    context: Context,
    signed_in: SignedInVisitor,
    problem: Problem | None = None,
    made: str = "",
    notice: str | None = None,
) -> Response[str]:
    async with context.transactions.read() as read:
        listed = await own_keys.list_api_keys(read, signed_in.session.actor)
    return page(context, signed_in, "profile/keys.html", problem=problem, keys=listed, made=made, notice=notice)
