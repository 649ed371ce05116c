"""Asking a user whether an application may act for them (spec: 2.2).

Codes go to the registered address and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

import litestar
import msgspec
from litestar import Request, Response

from waypost.domains.accounts import OAuthApplication, find_application, grants
from waypost.edges.base.context import Context
from waypost.edges.session.forms import Form
from waypost.edges.session.pages import page, redirect
from waypost.edges.session.visitors import SignedInVisitor, SignInNeeded, Visitor
from waypost.kit.errors import WaypostError

PATH = "/authentication/authorizeClientApplication"
MAX_STATE = 4096
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_DEFAULT_PORTS = {"http": 80, "https": 443}


class BadAuthorizationRequest(WaypostError):
    """The request for consent is wrong in itself. Shown to the user, never sent on: who asks is not certain."""


class Wish(msgspec.Struct, frozen=True):
    """What an application asks for."""

    application: OAuthApplication
    state: str | None
    code_challenge: str | None


@litestar.get(PATH)
async def ask(context: Context, visitor: Visitor, request: Request[Any, Any, Any]) -> Response[str]:
    """Name the application and ask. Users who are not signed in are sent to do that first."""
    wish = await _wish(context, request.query_params)
    if visitor.session is None or visitor.user is None:
        raise SignInNeeded
    fields = {"client_id": wish.application.client_id, "state": wish.state, "code_challenge": wish.code_challenge}
    target = wish.application.redirect_url
    return page(
        context,
        visitor,
        "consent.html",
        form_target=target,
        application=wish.application,
        target=urlsplit(target).netloc or target,
        fields={name: value for name, value in fields.items() if value is not None},
    )


@litestar.post(PATH)
async def decide(context: Context, signed_in: SignedInVisitor, form: Form) -> Response[str]:
    """Send the browser back to the application with a code, or with the refusal."""
    parameters = {**form.fields, "code_challenge_method": "S256"} if "code_challenge" in form.fields else form.fields
    wish = await _wish(context, parameters)
    if form.text("decision") != "allow":
        return _back(wish, {"error": "access_denied"})
    actor = signed_in.session.actor
    async with context.transactions.open() as tx:
        code = await grants.issue_code(tx, wish.application, actor.user_id, wish.code_challenge)
    return _back(wish, {"code": code})


async def _wish(context: Context, parameters: Mapping[str, str]) -> Wish:
    """What is asked for. Raises BadAuthorizationRequest."""
    client_id = parameters.get("client_id", "")
    async with context.transactions.read() as read:
        application = None
        if client_id and client_id.isprintable():
            application = await find_application(read.connection, client_id)
    if application is None:
        raise BadAuthorizationRequest("No application with this id is registered here.")
    if parameters.get("response_type", "code") != "code":
        raise BadAuthorizationRequest("The application asks for a kind of answer that this desk does not give.")
    if not application.redirect_url:
        raise BadAuthorizationRequest("The application has not registered an address to send you back to.")
    asked_for = parameters.get("redirect_uri")
    if asked_for is not None and not _is_same_place(asked_for, application.redirect_url):
        raise BadAuthorizationRequest("The application asks to send you to an address that is not its registered one.")
    state = parameters.get("state")
    if state is not None and len(state) > MAX_STATE:
        raise BadAuthorizationRequest("The application's state is too long.")
    return Wish(application, state, _challenge(parameters))


def _challenge(parameters: Mapping[str, str]) -> str | None:
    """The PKCE challenge; only S256, since `plain` protects nothing (RFC 9700, 2.1.1)."""
    challenge = parameters.get("code_challenge")
    if challenge is None:
        if "code_challenge_method" in parameters:
            raise BadAuthorizationRequest("The application names a way to prove itself, but no challenge.")
        return None
    if parameters.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(challenge):
        raise BadAuthorizationRequest("The application's challenge is not one of the kind S256.")
    return challenge


def _is_same_place(asked_for: str, registered: str) -> bool:
    """Same origin and path; it only has to match, since the registered address is the one that is used."""
    try:
        return _place(urlsplit(asked_for)) == _place(urlsplit(registered))
    except ValueError:
        return False


def _place(parts: SplitResult) -> tuple[Any, ...]:
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    return (parts.scheme, parts.username, parts.password, parts.hostname, port, parts.path or "/")


def _back(wish: Wish, answer: dict[str, str]) -> Response[str]:
    parts = urlsplit(wish.application.redirect_url)
    query = parse_qsl(parts.query, keep_blank_values=True) + list(answer.items())
    if wish.state is not None:
        query.append(("state", wish.state))
    return redirect(urlunsplit(parts._replace(query=urlencode(query))), status=302)
