"""What a link that does not work shows: a plain sentence for people, and nothing that tells whether a thing exists."""

from __future__ import annotations

from typing import Any

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException

from waypost.edges.content import pages
from waypost.edges.content.pictures import NoPicture
from waypost.kit import errors, signed_links

log = structlog.get_logger(__name__)

_TEXTS = {
    400: ("This link does not work", "Something in the address is not as it should be."),
    404: ("Nothing is here", "The link is not complete, or what it led to has been removed since."),
    405: ("This link does not work that way", "The page exists, but it does not take this kind of request."),
    410: ("This link has expired", "Links like this one work for a limited time only. Ask for a new one."),
    413: ("That is too much", "What was sent is larger than this page takes."),
    429: ("One moment, please", "There were too many tries. Wait a minute, then try again."),
    500: ("Something went wrong here", "It is our fault, not yours. The reference below helps to find the cause."),
    502: ("No picture", "The picture could not be fetched, or is not one that is shown."),
    503: ("One moment, please", "This is being worked on just now. Try again in a minute."),
}
_RATING_EXPIRED = (
    "The time to rate this is over",
    "Thank you for wanting to tell us. If there is something that we should know, simply reply to our mail.",
)
#: The first kind that fits gives the status.
_STATUSES: tuple[tuple[type[errors.WaypostError], int], ...] = (
    (signed_links.Expired, 410),
    (signed_links.NotGenuine, 404),
    (NoPicture, 502),
    (errors.NotFound, 404),
    # A file that must not be handed out is not told from one that is not there.
    (errors.Forbidden, 404),
    (errors.Moved, 404),
    (errors.TooLarge, 413),
    (errors.Throttled, 429),
    (errors.Unavailable, 503),
    (errors.Busy, 503),
    (errors.Conflict, 503),
    (errors.Invalid, 400),
)


def error_page(
    request: Request[Any, Any, Any], status: int, more_headers: dict[str, str] | None = None
) -> Response[Any]:
    """An error page of this status."""
    title, text = _TEXTS.get(status, _TEXTS[400])
    if status == 410 and request.scope["path"].startswith("/content/ratings/"):
        title, text = _RATING_EXPIRED
    reference: str = request.scope.get("waypost.request_id", "") if status == 500 else ""  # type: ignore[assignment]
    return pages.page(
        "error.html", status=status, title=title, text=text, reference=reference, more_headers=more_headers
    )


def on_core_error(request: Request[Any, Any, Any], error: errors.WaypostError) -> Response[Any]:
    """What was raised on purpose."""
    status = next((status for kind, status in _STATUSES if isinstance(error, kind)), None)
    if status is None:
        return on_fault(request, error)
    if isinstance(error, NoPicture):
        log.info("content.no_picture", reason=error.message)
    wait = {"Retry-After": str(error.retry_after_s)} if isinstance(error, errors.Throttled) else None
    return error_page(request, status, wait)


def on_framework_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """What the web framework refused before a handler ran."""
    status = error.status_code if error.status_code in _TEXTS else 400
    kept = {name: value for name, value in (error.headers or {}).items() if name.lower() == "allow"}
    return error_page(request, status, kept)


def on_fault(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """A bug."""
    log.error("request.fault", request_id=request.scope.get("waypost.request_id"), error=repr(error), exc_info=error)
    return error_page(request, 500)


EXCEPTION_HANDLERS: Any = {
    errors.WaypostError: on_core_error,
    HTTPException: on_framework_error,
    Exception: on_fault,
}
