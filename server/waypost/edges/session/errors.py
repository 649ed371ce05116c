"""Error pages. For people: HTML with a plain sentence and the reference under which the log knows the request."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from litestar import Request, Response

from waypost.edges.base.context import context_of
from waypost.edges.base.error_pages import ErrorPage, ErrorPages
from waypost.edges.session.forms import ForgedForm, Problem
from waypost.edges.session.pages import page, redirect
from waypost.edges.session.visitors import SignInNeeded

_WORDS = {
    400: ("This address does not work", "Something in the address or the form is not as it should be."),
    403: ("You can't do this", "Your account does not have the right for this page or action."),
    404: ("No path leads here", "The page does not exist, or it has moved."),
}


def _render(request: Request[Any, Any, Any], error: ErrorPage) -> Response[str]:
    return page(
        context_of(request),
        None,
        "error.html",
        status=error.status,
        title=error.title,
        error=Problem(error.status, error.text),
        reference=error.reference,
    )


ERRORS = ErrorPages(_render, words=_WORDS)


def on_sign_in_needed(request: Request[Any, Any, Any], _: SignInNeeded) -> Response[str]:
    """To the sign-in page, and back to a page that was only to be looked at."""
    if request.method != "GET":
        return redirect("/sign-in")
    query = request.scope["query_string"].decode("latin-1")
    wanted = request.scope["path"] + (f"?{query}" if query else "")
    return redirect(f"/sign-in?next={quote(wanted, safe='')}", status=302)


def on_forged_form(request: Request[Any, Any, Any], error: ForgedForm) -> Response[str]:
    """Mostly a page that stood open for too long: say what helps."""
    return ERRORS.answer(request, 403, f"{error.message} Go back, load the page again and try once more.")


EXCEPTION_HANDLERS: Any = ERRORS.handlers | {SignInNeeded: on_sign_in_needed, ForgedForm: on_forged_form}
