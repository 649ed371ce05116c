"""Error pages of the edges that people look at: which status a fault has, which words, and the reference of the log.

An edge says what differs on its pages, renders one, and hands the rest to its router:

    ERRORS = ErrorPages(render, words={404: ("No article is here", "It may have moved.")}, statuses={Forbidden: 404})
    Router(..., exception_handlers=ERRORS.handlers | {Moved: to_the_new_address})

A kind of error that needs more than a page (a redirect, words of its own) gets a handler of its own beside these; the
nearest kind wins. Such a handler answers by `ERRORS.answer(request, 404, text)` where a page is what it wants.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException

from waypost.kit import errors

log = structlog.get_logger(__name__)

#: Title and sentence of each status, for an edge that has no better ones.
WORDS: dict[int, tuple[str, str]] = {
    400: ("This address does not work", "Something in the address is not as it should be."),
    403: ("You can't do this", "You do not have the right for this page or action."),
    404: ("Nothing is here", "The page does not exist, or it has moved."),
    405: ("This address does not work that way", "The page exists, but it does not take this kind of request."),
    409: ("This has changed meanwhile", "Somebody was faster. Go back, load the page again and try once more."),
    413: ("That is too much", "What was sent is larger than this page takes."),
    429: ("One moment, please", "There were too many tries. Wait a little, then try again."),
    500: ("Something went wrong here", "It is our fault, not yours. The reference below helps to find the cause."),
    503: ("One moment, please", "This is being worked on just now. Try again in a minute."),
}
#: What the core raises on purpose. What is missing here is a fault of ours.
STATUSES: dict[type[errors.WaypostError], int] = {
    errors.NotFound: 404,
    errors.Moved: 404,
    errors.Forbidden: 403,
    errors.Conflict: 409,
    errors.Changed: 409,
    errors.Invalid: 400,
    errors.TooLarge: 413,
    errors.Throttled: 429,
    errors.Unavailable: 503,
    errors.Busy: 503,
    errors.StorageFull: 503,
}


class ErrorPage(msgspec.Struct, frozen=True):
    """What a page says. `reference` is the request's id, under which the log knows it."""

    status: int
    title: str
    text: str
    reference: str


Render = Callable[[Request[Any, Any, Any], ErrorPage], Response[str]]


class ErrorPages:
    """The error pages of one edge. `words` and `statuses` go before those of all edges."""

    def __init__(
        self,
        render: Render,
        *,
        words: Mapping[int, tuple[str, str]] | None = None,
        statuses: Mapping[type[errors.WaypostError], int] | None = None,
    ) -> None:
        self._render = render
        self._words = {**WORDS, **(words or {})}
        self._statuses = {**STATUSES, **(statuses or {})}
        if wordless := set(self._statuses.values()) - self._words.keys():
            raise ValueError(f"no words for the statuses {sorted(wordless)}")
        #: For the router of the edge: every error that can reach it.
        self.handlers: Any = {
            errors.WaypostError: self._on_core_error,
            HTTPException: self.on_framework_error,
            Exception: self._on_fault,
        }

    def answer(
        self,
        request: Request[Any, Any, Any],
        status: int,
        text: str = "",
        *,
        title: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Response[str]:
        """A page of this status, one that has words, with those where none are given."""
        usual_title, usual_text = self._words[status]
        reference: str = request.scope.get("waypost.request_id", "")  # type: ignore[assignment]
        answer = self._render(request, ErrorPage(status, title or usual_title, text or usual_text, reference))
        answer.headers.update(headers or {})
        return answer

    def _on_core_error(self, request: Request[Any, Any, Any], error: errors.WaypostError) -> Response[str]:
        """What was raised on purpose: the nearest kind gives the status."""
        status = next((self._statuses[kind] for kind in type(error).__mro__ if kind in self._statuses), None)
        if status is None:
            return self._on_fault(request, error)
        wait = {"Retry-After": str(error.retry_after_s)} if isinstance(error, errors.Throttled) else None
        return self.answer(request, status, headers=wait)

    def on_framework_error(self, request: Request[Any, Any, Any], error: HTTPException) -> Response[str]:
        """What the web framework refused before a handler ran."""
        status = error.status_code if error.status_code in self._words else 400
        kept = {name: value for name, value in (error.headers or {}).items() if name.lower() == "allow"}
        return self.answer(request, status, headers=kept)

    def _on_fault(self, request: Request[Any, Any, Any], error: Exception) -> Response[str]:
        """A bug."""
        request_id = request.scope.get("waypost.request_id")
        log.error("request.fault", request_id=request_id, error=repr(error), exc_info=error)
        return self.answer(request, 500)
