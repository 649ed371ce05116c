"""The gate of the Docs API: what holds for every path below /v1, before and after the router.

Recognises the key, counts the account's window, reads the body, and puts the headers on every answer that the
specification wants on every answer. Whether a route needs a key is the router's guard.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any

from waypost.domains import accounts, docs
from waypost.domains.accounts import Actor
from waypost.edges.base.context import Context
from waypost.edges.docs_v1.errors import JSON, Unparsable, explained
from waypost.edges.docs_v1.form import MULTIPART, Form, read_form
from waypost.kit.errors import NotFound, Throttled, TooLarge, WaypostError
from waypost.kit.rate_limit import Verdict

if TYPE_CHECKING:
    from litestar.types import ASGIApp, Message, Receive, Scope, Send

PREFIX = "/v1/"
BODY, FORM = "waypost.body", "waypost.form"
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
MEBIBYTE = 1024 * 1024
DEFAULT_BODY_LIMIT = MEBIBYTE
#: Articles of five million signs, escaped; files of 10 MB, with the rest of their form.
ARTICLE_BODY_LIMIT = 16 * MEBIBYTE
FORM_LIMIT = 11 * MEBIBYTE
MOST_DRAINED = 64 * MEBIBYTE
_ARTICLES = re.compile(r"/v1/articles(?:/[^/]+(?:/drafts)?)?")
_FORMS = re.compile(r"/v1/(?:articles/upload|assets/[^/]+|articles/[^/]+/assets)")
#: Requests of a window by the number of sites, of what one with a single site has (spec: 2.3).
_SHARES = {0: 1.0, 1: 1.0, 2: 1.5}
_MOST_SHARE = 2.0

CORS = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-headers", b"Authorization, Content-Type"),
    (b"access-control-allow-methods", b"GET, POST, PUT, DELETE"),
    (b"access-control-allow-credentials", b"true"),
    (
        b"access-control-expose-headers",
        b"X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After, Location, Correlation-Id",
    ),
]


class Gate:
    """ASGI: wraps the router; requests to other paths pass through untouched."""

    def __init__(self, app: ASGIApp, context: Context) -> None:
        self.app = app
        self.context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if str(scope["type"]) != "http" or not scope["path"].startswith(PREFIX):
            await self.app(scope, receive, send)
            return
        passage = _Passage(self.context, scope, receive, send)
        if passage.method == "OPTIONS":
            headers = [(b"allow", b"DELETE, GET, HEAD, OPTIONS, POST, PUT"), (b"content-length", b"0")]
            await passage.send_with_headers({"type": "http.response.start", "status": 204, "headers": headers})
            await passage.send_with_headers({"type": "http.response.body", "body": b"", "more_body": False})
            return
        try:
            await passage.enter()
        except WaypostError as error:
            await passage.answer(*explained(error))
            return
        await self.app(scope, receive, passage.send_with_headers)


class _Passage:
    """One request on its way through the gate and back."""

    def __init__(self, context: Context, scope: Any, receive: Receive, send: Send) -> None:
        self.context = context
        self.scope = scope
        self.receive = receive
        self.send = send
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.method: str = scope["method"]
        self.is_head = self.method == "HEAD"
        self.verdict: Verdict = context.docs_limits.idle(context.docs_rate_limit)

    async def enter(self) -> None:
        """Everything before the router."""
        scope = self.scope
        path = scope["path"].rstrip("/ \t")
        if path != scope["path"]:
            scope["path"], scope["raw_path"] = path, path.encode()
        if "\x00" in path:
            raise NotFound
        if self.is_head:
            scope["method"] = "GET"
        key = _key_of(self.headers.get(b"authorization", b""))
        if key is not None:
            await self._recognise(key)
        if self.method in WRITES:
            body = await self._read_body(path)
            form = self._form(body)
            scope[BODY], scope[FORM] = body, form
            # spec: 2.1. Forms may carry the key; a header, if there is one, decides.
            if key is None and form is not None and b"authorization" not in self.headers:
                await self._recognise(form.texts.get("key", ""))

    async def _recognise(self, key: str) -> None:
        async with self.context.transactions.read() as tx:
            actor = await accounts.authenticate_api_key(tx.connection, key)
            if actor is None:
                return
            limit = await self._limit(tx, actor)
        self.scope["waypost.actor"] = actor
        self.verdict = await self.context.docs_limits.take("docs", actor.account_id, limit)
        if self.verdict.retry_after_s is not None:
            raise Throttled("", self.verdict.retry_after_s)

    async def _limit(self, tx: Any, actor: Actor) -> int:
        base = self.context.docs_rate_limit
        if not base:
            return 0
        sites = await docs.count_sites(tx, actor.account_id)
        return int(base * _SHARES.get(sites, _MOST_SHARE))

    async def _read_body(self, path: str) -> bytes:
        limit = DEFAULT_BODY_LIMIT
        if _FORMS.fullmatch(path):
            limit = FORM_LIMIT
        elif _ARTICLES.fullmatch(path):
            limit = ARTICLE_BODY_LIMIT
        declared = self.headers.get(b"content-length", b"0")
        if not declared.isdigit():
            raise Unparsable("Content-Length is not a number")
        if int(declared) > MOST_DRAINED:
            raise TooLarge(f"Bodies may be {limit // MEBIBYTE} MB at most here")
        chunks, size = [], 0
        while True:
            message: Any = await self.receive()
            if message["type"] == "http.disconnect":
                raise Unparsable("The body ended early")
            chunk = message.get("body", b"")
            size += len(chunk)
            if size <= limit:
                chunks.append(chunk)
            if not message.get("more_body", False) or size > MOST_DRAINED:
                break
        # Read to its end before it is refused: many clients see no answer while they still send.
        if size > limit:
            raise TooLarge(f"Bodies may be {limit // MEBIBYTE} MB at most here")
        return b"".join(chunks)

    def _form(self, body: bytes) -> Form | None:
        content_type = self.headers.get(b"content-type", b"").decode("latin-1")
        if not content_type.lower().startswith(MULTIPART):
            return None
        return read_form(content_type, body)

    async def send_with_headers(self, message: Message) -> None:
        """ASGI send for the router: adds the headers of every answer, drops the body of HEAD."""
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *self._common_headers()]
        elif message["type"] == "http.response.body" and self.is_head:
            message["body"] = b""
        await self.send(message)

    def _common_headers(self) -> list[tuple[bytes, bytes]]:
        verdict = self.verdict
        return [
            (b"x-ratelimit-limit", str(verdict.limit).encode()),
            (b"x-ratelimit-remaining", str(verdict.remaining).encode()),
            (b"x-ratelimit-reset", str(verdict.reset_at).encode()),
            (b"correlation-id", self.scope["waypost.request_id"].encode()),
            (b"vary", b"Accept-Encoding,User-Agent"),
            (b"x-frame-options", b"SAMEORIGIN"),
            (b"x-content-type-options", b"nosniff"),
            (b"cache-control", b"no-store"),
            *CORS,
        ]

    async def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        """Answer without having reached the router."""
        listed = [(b"content-type", JSON.encode()), (b"content-length", str(len(body)).encode())]
        listed += [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await self.send_with_headers({"type": "http.response.start", "status": status, "headers": listed})
        await self.send_with_headers({"type": "http.response.body", "body": body, "more_body": False})


def _key_of(header: bytes) -> str | None:
    """The user name of Basic credentials, which is the key (spec: 2.1); None without such."""
    scheme, _, credentials = header.strip().partition(b" ")
    if scheme.lower() != b"basic":
        return None
    try:
        return base64.b64decode(credentials.strip(), validate=True).partition(b":")[0].decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
