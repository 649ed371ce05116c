"""The routes of the desk's own pages, and what holds for all of them. Schema-less: nothing here is an API."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, Router
from litestar.di import Provide

from waypost.domains.accounts import sessions
from waypost.edges.base.context import DEPENDENCIES
from waypost.edges.session import errors, static_files
from waypost.edges.session.forms import provide_form, refuse_forged
from waypost.edges.session.handlers import (
    applications,
    consent,
    developers,
    help_centers,
    home,
    notifications,
    outbox,
    passwords,
    profile,
    sign_in,
)
from waypost.edges.session.handlers.consent import BadAuthorizationRequest
from waypost.edges.session.handlers.passwords import LinkSpent
from waypost.edges.session.visitors import provide_signed_in, provide_visitor


def on_bad_authorization(request: Request[Any, Any, Any], error: BadAuthorizationRequest) -> Response[str]:
    """spec: 2.2. An error page, status 400, no redirect."""
    return errors.ERRORS.answer(request, 400, error.message)


def on_link_spent(request: Request[Any, Any, Any], _: LinkSpent) -> Response[str]:
    """A mailed link that does not work says what to do next, and not why."""
    hint = "This link was used already, has expired, or was replaced by a newer one. Ask for a new one."
    return errors.ERRORS.answer(request, 404, hint)


def keep_links_out_of_the_log(request: Request[Any, Any, Any]) -> None:
    """Before each request: whoever reads the log must not be able to follow a mailed link (it names `…` instead)."""
    path = request.scope["path"]
    for start in _LINKS:
        if path.startswith(start):
            request.scope["waypost.logged_path"] = f"{start}…"  # type: ignore[typeddict-unknown-key]


#: Paths that end in a secret.
_LINKS = ("/password/reset/", "/invitation/")

_router = Router(
    path="/",
    route_handlers=[
        home.welcome,
        sign_in.show_sign_in,
        sign_in.sign_in,
        sign_in.show_code,
        sign_in.sign_in_with_code,
        sign_in.sign_out,
        passwords.show_forgot,
        passwords.forgot,
        passwords.show_reset,
        passwords.reset,
        passwords.show_invitation,
        passwords.accept_invitation,
        profile.show_details,
        profile.save_details,
        profile.show_security,
        profile.change_password,
        profile.show_second_factor,
        profile.begin_second_factor,
        profile.confirm_second_factor,
        profile.remove_second_factor,
        profile.sign_out_elsewhere,
        notifications.show_choices,
        notifications.save_choices,
        applications.show_applications,
        applications.register,
        applications.show_application,
        applications.save_application,
        applications.reset_secret,
        applications.delete,
        applications.show_keys,
        applications.create_key,
        applications.revoke_key,
        consent.ask,
        consent.decide,
        help_centers.ask_visit,
        help_centers.visit,
        developers.show_explorer,
        developers.show_errors,
        developers.come_back,
        developers.use_my_account,
        outbox.list_messages,
        outbox.show_message,
        outbox.show_html,
        static_files.serve,
    ],
    dependencies={
        **DEPENDENCIES,
        "visitor": Provide(provide_visitor),
        "signed_in": Provide(provide_signed_in),
        "form": Provide(provide_form, sync_to_thread=False),
    },
    exception_handlers={
        **errors.EXCEPTION_HANDLERS,
        sessions.SignInExpired: sign_in.on_expired,
        BadAuthorizationRequest: on_bad_authorization,
        LinkSpent: on_link_spent,
    },
    guards=[refuse_forged],
    before_request=keep_links_out_of_the_log,
    include_in_schema=False,
)

ROUTES = [_router]
