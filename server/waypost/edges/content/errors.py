"""What a link that does not work shows: a plain sentence for people, and nothing that tells whether a thing exists."""

from __future__ import annotations

from typing import Any

import structlog
from litestar import Request, Response

from waypost.edges.base.error_pages import ErrorPage, ErrorPages
from waypost.edges.content import pages
from waypost.edges.content.pictures import NoPicture
from waypost.kit import errors, signed_links

log = structlog.get_logger(__name__)

_WORDS = {
    400: ("This link does not work", "Something in the address is not as it should be."),
    404: ("Nothing is here", "The link is not complete, or what it led to has been removed since."),
    405: ("This link does not work that way", "The page exists, but it does not take this kind of request."),
    410: ("This link has expired", "Links like this one work for a limited time only. Ask for a new one."),
    429: ("One moment, please", "There were too many tries. Wait a minute, then try again."),
    502: ("No picture", "The picture could not be fetched, or is not one that is shown."),
}
_RATING_EXPIRED = (
    "The time to rate this is over",
    "Thank you for wanting to tell us. If there is something that we should know, simply reply to our mail.",
)


def _render(_: Request[Any, Any, Any], error: ErrorPage) -> Response[str]:
    # Under a link there is nobody to ask for a reference, unless the fault is ours.
    reference = error.reference if error.status == 500 else ""
    return pages.page("error.html", status=error.status, title=error.title, text=error.text, reference=reference)


ERRORS = ErrorPages(
    _render,
    words=_WORDS,
    # A file that must not be handed out is not told from one that is not there.
    statuses={signed_links.NotGenuine: 404, errors.Forbidden: 404, errors.Conflict: 503},
)


def on_expired(request: Request[Any, Any, Any], _: signed_links.Expired) -> Response[str]:
    """A link whose time is over: what to do instead depends on what it was for."""
    is_rating = request.scope["path"].startswith("/content/ratings/")
    title, text = _RATING_EXPIRED if is_rating else _WORDS[410]
    return ERRORS.answer(request, 410, text, title=title)


def on_no_picture(request: Request[Any, Any, Any], error: NoPicture) -> Response[str]:
    """A picture from elsewhere that is not shown; the log alone says why."""
    log.info("content.no_picture", reason=error.message)
    return ERRORS.answer(request, 502)


EXCEPTION_HANDLERS: Any = ERRORS.handlers | {signed_links.Expired: on_expired, NoPicture: on_no_picture}
