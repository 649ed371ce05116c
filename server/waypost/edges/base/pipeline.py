"""The outermost layer around every request: its id, its log line, its metrics, and the last net under any fault."""

from __future__ import annotations

import time
import uuid
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import structlog
from prometheus_client import Counter, Histogram

if TYPE_CHECKING:
    from litestar.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger("waypost.request")

REQUESTS = Counter("waypost_requests_total", "Requests answered.", ["method", "edge", "status"])
SECONDS = Histogram(
    "waypost_request_seconds",
    "Time from the first byte of a request to the last of its answer.",
    ["method", "edge"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
#: Slower requests are logged as warnings, so that they stand out without a query.
SLOW_S = 1.0
MAX_URL_BYTES = 8192
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


def edge_of(path: str) -> str:
    """The part of the product that a path belongs to: a short, closed list, fit to be a metric's label."""
    if path.startswith("/v2/oauth2/"):
        return "oauth2"
    if path.startswith(("/v2/", "/v3/")):
        return "inbox"
    if path.startswith("/v1/"):
        return "docs"
    if path.startswith("/static/"):
        return "static"
    if path.startswith("/content/"):
        return "content"
    if path in ("/healthz", "/readyz", "/metrics"):
        return "operations"
    return "web"


@lru_cache(maxsize=500)
def _counter(method: str, edge: str, status: int) -> Counter:
    """The counter of one kind of request: to look it up takes longer than to count."""
    return REQUESTS.labels(method, edge, str(status))


@lru_cache(maxsize=200)
def _histogram(method: str, edge: str) -> Histogram:
    return SECONDS.labels(method, edge)


def logged_path(scope: Any) -> str:
    """The path as the log may hold it: an edge whose paths carry secrets (links of mails) gives another one."""
    path: str = scope.get("waypost.logged_path") or scope["path"]
    return path


class Pipeline:
    """ASGI: numbers each request, counts and times it, logs one line, answers 500 when nothing else did."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if str(scope["type"]) != "http":
            await self.app(scope, receive, send)
            return
        request_id = str(uuid.uuid4())
        scope["waypost.request_id"] = request_id  # type: ignore[typeddict-unknown-key]
        started = time.perf_counter()
        status = 0

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            if len(scope["raw_path"] or b"") + len(scope["query_string"]) > MAX_URL_BYTES:
                status = 414
                await plain_answer(send, 414, "The address is too long.")
            else:
                await self.app(scope, receive, send_and_note)
        except Exception as error:
            log.exception("request.fault", request_id=request_id, path=logged_path(scope), error=repr(error))
            if status:
                raise
            status = 500
            await plain_answer(send, 500, f"Something went wrong here. Reference: {request_id}")
        finally:
            self._record(scope, request_id, status, time.perf_counter() - started)

    @staticmethod
    def _record(scope: Any, request_id: str, status: int, seconds: float) -> None:
        method, path = scope["method"], scope["path"]
        edge = edge_of(path)
        # Clients can make up methods; the labels of metrics are a closed list.
        counted = method if method in _METHODS else "other"
        _counter(counted, edge, status).inc()
        is_stream = bool(scope.get("waypost.is_stream"))
        if not is_stream:
            _histogram(counted, edge).observe(seconds)
        if edge in ("static", "operations"):
            return
        actor = scope.get("waypost.actor")
        line = log.warning if seconds > SLOW_S and not is_stream else log.info
        line(
            "request",
            request_id=request_id,
            method=method,
            path=logged_path(scope),
            status=status,
            ms=round(seconds * 1000, 2),
            account_id=actor.account_id if actor else None,
            user_id=actor.user_id if actor else None,
        )


def without_body(send: Send) -> Send:
    """What a HEAD is answered by: the header of the answer to GET (RFC 9110, 9.3.2). Checkers of links send it."""

    async def send_head(message: Message) -> None:
        if message["type"] == "http.response.body":
            await send({"type": "http.response.body", "body": b"", "more_body": message["more_body"]})
        else:
            await send(message)

    return send_head


async def plain_answer(send: Send, status: int, text: str) -> None:
    """A short text answer from outside any edge."""
    body = text.encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
