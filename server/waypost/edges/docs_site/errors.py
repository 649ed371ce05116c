"""What a help center shows when there is no page: in the site's words, with a search and ways to go on."""

from __future__ import annotations

from typing import Any

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException

from waypost.edges.docs_site import render
from waypost.edges.docs_site.access import Elsewhere
from waypost.edges.docs_site.reader import Reader, known_reader
from waypost.kit import errors

log = structlog.get_logger(__name__)

#: Status -> the beginning of its phrases' names.
_PHRASES = {
    400: "refused", 403: "refused", 404: "not_found", 405: "not_allowed", 413: "too_much", 429: "too_often",
    500: "fault", 503: "fault",
}  # fmt: skip
#: The first kind that fits gives the status.
_STATUSES: tuple[tuple[type[errors.WaypostError], int], ...] = (
    (errors.NotFound, 404),
    (errors.Forbidden, 403),
    (errors.TooLarge, 413),
    (errors.Throttled, 429),
    (errors.Busy, 503),
    (errors.Unavailable, 503),
    (errors.Conflict, 503),
    (errors.Invalid, 400),
)


def error_page(
    request: Request[Any, Any, Any], status: int, more_headers: dict[str, str] | None = None
) -> Response[Any]:
    """A page that says what is wrong."""
    status = status if status in _PHRASES else 400
    reader = known_reader(request)
    if reader is None:
        return render.bare_page(*_BARE[status if status in _BARE else 400], status)
    return reader_page(reader, status, more_headers)


def reader_page(reader: Reader, status: int, more_headers: dict[str, str] | None = None) -> Response[Any]:
    """The same for a reader who is known."""
    phrase = _PHRASES[status]
    title, hint = getattr(reader.t, f"{phrase}_title"), getattr(reader.t, f"{phrase}_hint")
    return render.page(
        reader, "error.html", title=title, hint=hint, status=status, is_lost=status == 404, more_headers=more_headers
    )


def on_elsewhere(_: Request[Any, Any, Any], error: Elsewhere) -> Response[Any]:
    """The visitor has to sign in, or the page is elsewhere."""
    return render.redirect(error.location, error.status)


def on_core_error(request: Request[Any, Any, Any], error: errors.WaypostError) -> Response[Any]:
    """What was raised on purpose."""
    status = next((status for kind, status in _STATUSES if isinstance(error, kind)), None)
    if status is None:
        return on_fault(request, error)
    wait = {"Retry-After": str(error.retry_after_s)} if isinstance(error, errors.Throttled) else None
    if isinstance(error, errors.Busy):
        wait = {"Retry-After": "1"}
    return error_page(request, status, wait)


def on_framework_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """What the web framework refused before a handler ran."""
    kept = {name: value for name, value in (error.headers or {}).items() if name.lower() == "allow"}
    return error_page(request, error.status_code, kept)


def on_fault(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """A bug."""
    log.error("request.fault", request_id=request.scope.get("waypost.request_id"), error=repr(error), exc_info=error)
    return error_page(request, 500)


def on_group(request: Request[Any, Any, Any], error: ExceptionGroup[Exception]) -> Response[Any]:
    """What the end of a transaction raises: the framework hands it over in a group."""
    known, rest = error.split(errors.WaypostError)
    if known is None or rest is not None or not isinstance(known.exceptions[0], errors.WaypostError):
        return on_fault(request, error)
    return on_core_error(request, known.exceptions[0])


#: In English: nothing tells which words would be understood.
_BARE = {
    400: ("That was not possible", "Something in the address is not as it should be."),
    404: ("There is no help center here", "The address may be mistyped, or the help center is not open to the public."),
    405: ("That does not work here", "The page exists, but it does not take this kind of request."),
    429: ("One moment, please", "There were too many tries. Wait a minute, then try again."),
    500: ("Something went wrong here", "It is our fault, not yours. Please try again in a minute."),
    503: ("One moment, please", "This is being worked on just now. Try again in a minute."),
}


def nothing_here(status: int = 404) -> Response[Any]:
    """The page of a host that is no help center, or none that is open."""
    return render.bare_page(*_BARE[status], status)


EXCEPTION_HANDLERS: Any = {
    ExceptionGroup: on_group,
    Elsewhere: on_elsewhere,
    errors.WaypostError: on_core_error,
    HTTPException: on_framework_error,
    Exception: on_fault,
}
