"""The gate of the Inbox API: what holds for every path below /v2 and /v3, before and after the router.

Recognises the caller, counts limits, checks sizes and content types, and puts the headers on every answer that the
specification wants on every answer. Refusals leave from here; whether a route needs a caller is the router's guard.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from waypost.edges.base.context import Context
from waypost.edges.inbox_v2 import dialect
from waypost.edges.inbox_v2.body import UNPARSABLE
from waypost.edges.inbox_v2.errors import VND_ERROR, error_body, explained
from waypost.edges.inbox_v2.idempotency import Once
from waypost.edges.inbox_v2.preconditions import SINGLE, VERSION
from waypost.kit.errors import FieldError, WaypostError
from waypost.kit.rate_limit import Verdict

if TYPE_CHECKING:
    from litestar.types import ASGIApp, Message, Receive, Scope, Send

PREFIXES = ("/v2/", "/v3/")
OAUTH_PREFIX = "/v2/oauth2/"
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})

MEBIBYTE = 1024 * 1024
DEFAULT_BODY_LIMIT = MEBIBYTE
#: Calls that carry attachments as base64 (spec: 5.5).
BODY_LIMITS = (
    (re.compile(r"/v2/conversations/\d+/threads/\d+/attachments"), 14 * MEBIBYTE),
    (re.compile(r"/v2/conversations(/\d+/(reply|notes|phones|chats|customer|threads/(reply|note)))?"), 25 * MEBIBYTE),
)
JSON_TYPES = frozenset({b"application/json", b"application/json-patch+json", b"application/hal+json", b""})
_NUL_ESCAPE = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
_NUMBER_TOO_LONG = re.compile(r"/\d{19,}(?:/|$)")

EXPOSED = (
    b"X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-RateLimit-Limit-Minute, "
    b"X-RateLimit-Remaining-Minute, X-RateLimit-Retry-After, Retry-After, Resource-ID, Location, Web-Location, "
    b"Correlation-Id, ETag, Idempotency-Replayed"
)
PREFLIGHT_HEADERS = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
    (b"access-control-allow-headers", b"Authorization, Content-Type, Prefer, If-Match, If-None-Match, Idempotency-Key"),
    (b"access-control-max-age", b"86400"),
    (b"content-length", b"0"),
]


class Refused(Exception):
    """Ends a request in the gate."""

    def __init__(
        self,
        status: int,
        message: str = "",
        fields: list[FieldError] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.status = status
        self.message = message
        self.fields = fields
        self.headers = headers or {}


class Gate:
    """ASGI: wraps the router; requests to other paths pass through untouched."""

    def __init__(self, app: ASGIApp, context: Context) -> None:
        self.app = app
        self.once = Once(app, context)
        self.context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if str(scope["type"]) != "http" or not scope["path"].startswith(PREFIXES):
            await self.app(scope, receive, send)
            return
        request = _Passage(self.context, scope, receive, send)
        try:
            await request.enter()
        except Refused as refusal:
            await request.refuse(refusal)
            return
        if request.method == "OPTIONS":
            await request.send_with_headers(
                {"type": "http.response.start", "status": 204, "headers": PREFLIGHT_HEADERS}
            )
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        try:
            await self.once(scope, request.receive_body, request.send_with_headers)
        except WaypostError as error:
            await request.refuse(Refused(*explained(error, scope["waypost.dialect"])))  # type: ignore[typeddict-item]


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
        self.body: bytes | None = None
        self.verdict: Verdict = context.limits.idle()
        #: The start of an answer that waits for its body, to be tagged by it.
        self.head: Any = None

    async def enter(self) -> None:
        """Everything before the router. Raises Refused."""
        scope = self.scope
        scope["waypost.dialect"] = dialect.decide(None, self.headers)
        # spec: X21. Trailing slashes and blanks are tolerated on every path.
        path = scope["path"].rstrip("/ \t")
        if path != scope["path"]:
            scope["path"], scope["raw_path"] = path, path.encode()
        if _NUMBER_TOO_LONG.search(path):
            raise Refused(404)
        if self.is_head:
            scope["method"] = "GET"
        is_token_call = path.startswith(OAUTH_PREFIX)
        if not is_token_call:
            await self._recognise()
        if self.method in WRITES:
            if not is_token_call:
                self._check_content_type()
            await self._read_body(path)

    async def _recognise(self) -> None:
        scheme, _, token = self.headers.get(b"authorization", b"").partition(b" ")
        if scheme.lower() != b"bearer" or not token:
            return
        credential = await self.context.tokens.authenticate(token.strip().decode("latin-1"))
        if credential is None:
            return
        self.scope["waypost.actor"] = credential.actor
        self.scope["waypost.dialect"] = dialect.decide(credential.dialect, self.headers)
        self.verdict = await self.context.limits.take(credential.actor.account_id, self.method in WRITES)
        if self.verdict.retry_after_s is not None:
            raise Refused(429)

    def _check_content_type(self) -> None:
        declared = self.headers.get(b"content-type", b"").split(b";")[0].strip().lower()
        if declared not in JSON_TYPES and self.headers.get(b"content-length") != b"0":
            raise Refused(415)
        # The router reads JSON; a body without a type is JSON (spec: 3), and so is a patch.
        self.scope["headers"] = [(name, value) for name, value in self.scope["headers"] if name != b"content-type"] + [
            (b"content-type", b"application/json")
        ]

    async def _read_body(self, path: str) -> None:
        limit = next((size for pattern, size in BODY_LIMITS if pattern.fullmatch(path)), DEFAULT_BODY_LIMIT)
        declared = self.headers.get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > limit:
            raise Refused(413 if declared.isdigit() else 400)
        chunks, size = [], 0
        while True:
            message: Any = await self.receive()
            if message["type"] == "http.disconnect":
                raise Refused(400)
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > limit:
                raise Refused(413)
            chunks.append(chunk)
            if not message.get("more_body", False):
                break
        body = b"".join(chunks)
        # JSON is UTF-8 (spec: 3). Found here, once: what reads it later would fail on it in ways of its own.
        if not body.isascii() and not path.startswith(OAUTH_PREFIX):
            try:
                body.decode()
            except UnicodeDecodeError as error:
                raise Refused(400, UNPARSABLE) from error
        # PostgreSQL text cannot hold NUL: taken out here, once, for every field of every body.
        self.body = _NUL_ESCAPE.sub(rb"\1", body) if b"\\u0000" in body else body
        self.scope["waypost.body"] = self.body

    async def receive_body(self) -> Any:
        """ASGI receive for the router: the whole body at once, then the real channel (for disconnects)."""
        if self.body is None:
            return await self.receive()
        body, self.body = self.body, None
        return {"type": "http.request", "body": body, "more_body": False}

    async def send_with_headers(self, message: Message) -> None:
        """ASGI send for the router: adds the headers of every answer, drops the body of HEAD."""
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *self._common_headers()]
            if self._is_conditional(message):
                self.head = message
                return
        elif message["type"] == "http.response.body":
            if self.head is not None:
                await self._send_conditional(self.head, message)
                return
            if self.is_head:
                message["body"] = b""
        await self.send(message)

    def _is_conditional(self, start: Any) -> bool:
        """Single resources carry an ETag, and so does any list that is asked for with one."""
        if start["status"] != 200 or self.method not in ("GET", "HEAD"):
            return False
        return b"if-none-match" in self.headers or SINGLE.search(self.scope["path"]) is not None

    async def _send_conditional(self, head: Any, message: Any) -> None:
        """The answer with its ETag, or 304 without a body when the caller has it already."""
        self.head = None
        body = message.get("body", b"")
        if not message.get("more_body", False):
            # The version counts for If-Match, all of it for If-None-Match: bodies hold times that change by themselves.
            version: bytes = self.scope.get(VERSION, b"")
            tag = b'"' + version + b"." + hashlib.blake2b(body, digest_size=12).hexdigest().encode() + b'"'
            head["headers"] = [*head["headers"], (b"etag", tag), (b"cache-control", b"private, no-cache")]
            known = {part.strip().removeprefix(b"W/") for part in self.headers.get(b"if-none-match", b"").split(b",")}
            if tag in known or b"*" in known:
                head["status"] = 304
                head["headers"] = [
                    pair for pair in head["headers"] if pair[0] not in (b"content-length", b"content-type")
                ]
                body = b""
        await self.send(head)
        message["body"] = b"" if self.is_head else body
        await self.send(message)

    def _common_headers(self) -> list[tuple[bytes, bytes]]:
        verdict = self.verdict
        limit, remaining = str(verdict.limit).encode(), str(verdict.remaining).encode()
        common = [
            (b"x-ratelimit-limit", limit),
            (b"x-ratelimit-remaining", remaining),
            (b"x-ratelimit-reset", str(verdict.reset_at).encode()),
            (b"x-ratelimit-limit-minute", limit),
            (b"x-ratelimit-remaining-minute", remaining),
            (b"correlation-id", self.scope["waypost.request_id"].encode() + b"#0"),
            (b"access-control-expose-headers", EXPOSED),
            (b"x-content-type-options", b"nosniff"),
        ]
        if self.method != "OPTIONS":
            common.append((b"access-control-allow-origin", b"*"))
        if verdict.retry_after_s is not None:
            wait = str(verdict.retry_after_s).encode()
            common += [(b"retry-after", wait), (b"x-ratelimit-retry-after", wait)]
        return common

    async def refuse(self, refusal: Refused) -> None:
        """Answer an error without having reached the router."""
        body = error_body(
            refusal.status, self.scope["waypost.request_id"], self.context.base_url, refusal.message, refusal.fields
        )
        headers = [(b"content-type", VND_ERROR.encode()), (b"content-length", str(len(body)).encode())]
        headers += [(name.lower().encode(), value.encode()) for name, value in refusal.headers.items()]
        await self.send_with_headers({"type": "http.response.start", "status": refusal.status, "headers": headers})
        await self.send_with_headers({"type": "http.response.body", "body": body, "more_body": False})
