"""Error pages. For people: HTML with a plain sentence and the reference under which the log knows the request."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException

from waypost.edges.base.context import context_of
from waypost.edges.session.forms import ForgedForm, Problem
from waypost.edges.session.pages import page, redirect
from waypost.edges.session.visitors import SignInNeeded
from waypost.kit import errors

log = structlog.get_logger(__name__)

_TEXTS = {
    400: ("This address does not work", "Something in the address or the form is not as it should be."),
    403: ("You can't do this", "Your account does not have the right for this page or action."),
    404: ("No path leads here", "The page does not exist, or it has moved."),
    405: ("This address does not work that way", "The page exists, but it does not take this kind of request."),
    409: ("This has changed meanwhile", "Somebody was faster. Go back, load the page again and try once more."),
    413: ("That is too much", "What was sent is larger than this page takes."),
    429: ("One moment, please", "There were too many tries. Wait a little, then try again."),
    500: ("Something went wrong here", "It is our fault, not yours. The reference below helps to find the cause."),
}


def error_page(
    request: Request[Any, Any, Any], status: int, text: str = "", headers: dict[str, str] | None = None
) -> Response[str]:
    """An error page of this status."""
    context = context_of(request)
    title, usual = _TEXTS.get(status, _TEXTS[400])
    reference: str = request.scope.get("waypost.request_id", "")  # type: ignore[assignment]
    shown = Problem(status, text or usual)
    answer = page(context, None, "error.html", status=status, title=title, error=shown, reference=reference)
    answer.headers.update(headers or {})
    return answer


def on_sign_in_needed(request: Request[Any, Any, Any], _: SignInNeeded) -> Response[str]:
    """To the sign-in page, and back to a page that was only to be looked at."""
    if request.method != "GET":
        return redirect("/sign-in")
    query = request.scope["query_string"].decode("latin-1")
    wanted = request.scope["path"] + (f"?{query}" if query else "")
    return redirect(f"/sign-in?next={quote(wanted, safe='')}", status=302)


#: The first kind that fits gives the status.
_STATUSES: tuple[tuple[type[errors.WaypostError], int], ...] = (
    (errors.NotFound, 404),
    (errors.Forbidden, 403),
    (errors.Conflict, 409),
    (errors.Invalid, 400),
    (errors.TooLarge, 413),
    (errors.Throttled, 429),
)


def on_core_error(request: Request[Any, Any, Any], error: errors.WaypostError) -> Response[str]:
    """What the core raised on purpose."""
    if isinstance(error, SignInNeeded):
        return on_sign_in_needed(request, error)
    text = f"{error.message} Go back, load the page again and try once more." if isinstance(error, ForgedForm) else ""
    headers = {"Retry-After": str(error.retry_after_s)} if isinstance(error, errors.Throttled) else None
    status = next((status for kind, status in _STATUSES if isinstance(error, kind)), None)
    return on_fault(request, error) if status is None else error_page(request, status, text, headers)


def on_framework_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[str]:
    """What the web framework refused before a handler ran."""
    status = error.status_code if error.status_code in _TEXTS else 400
    headers = {name: value for name, value in (error.headers or {}).items() if name.lower() == "allow"}
    return error_page(request, status, headers=headers)


def on_fault(request: Request[Any, Any, Any], error: Exception) -> Response[str]:
    """A bug."""
    log.error("request.fault", request_id=request.scope.get("waypost.request_id"), error=repr(error), exc_info=error)
    return error_page(request, 500)


EXCEPTION_HANDLERS: Any = {
    errors.WaypostError: on_core_error,
    HTTPException: on_framework_error,
    Exception: on_fault,
}
