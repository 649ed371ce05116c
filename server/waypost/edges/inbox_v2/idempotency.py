"""`Idempotency-Key` on POST: the work is done once, and a request that is sent again gets the first one's answer.

The transaction that the handler works in is opened here, around the router, so that the rendered answer is kept in it.
"""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import structlog

from waypost.edges.base.context import JOINED_TX, Context
from waypost.kit import idempotency
from waypost.kit.errors import FieldError, InProgress, Invalid
from waypost.kit.events import Fact
from waypost.kit.idempotency import Answer, Key
from waypost.kit.sealing import Unreadable, seal, unseal
from waypost.kit.secrets import digest
from waypost.kit.tx import Tx

if TYPE_CHECKING:
    from litestar.types import ASGIApp, Receive, Send

log = structlog.get_logger(__name__)

HEADER = b"idempotency-key"
NAME = "Idempotency-Key"
REPLAYED = (b"idempotency-replayed", b"true")
LONGEST_KEY = 255
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.02, 0.25
#: What goes for good takes the bodies of kept answers along.
_PLACES = {"customer.deleted": "/v2/customers/{}", "convo.deleted": "/v2/conversations/{}"}


class Once:
    """ASGI: between the gate and the router. Requests without a key, or without a caller, pass through."""

    def __init__(self, app: ASGIApp, context: Context) -> None:
        self.app = app
        self.context = context

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """One request. Raises Invalid for a key that is malformed or was used for another request, InProgress."""
        sent = [value for name, value in scope["headers"] if name == HEADER]
        if scope["method"] != "POST" or not sent or scope.get("waypost.actor") is None:
            await self.app(scope, receive, send)
            return
        key, request_digest = _key(scope, sent), _digest_of(scope)
        pause_s, waited_s = FIRST_PAUSE_S, 0.0
        while not await self._try(scope, receive, send, key, request_digest):
            if waited_s >= self.context.repeat_wait_s:
                raise InProgress(f"A request with this {NAME} is still being worked on")
            await asyncio.sleep(pause_s)
            waited_s += pause_s
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _try(self, scope: Any, receive: Receive, send: Send, key: Key, request_digest: bytes) -> bool:
        """Answer, or find that somebody else is at work under this key."""
        answer = _Answering()
        kept: Answer | None = None
        try:
            async with self.context.transactions.open() as tx:
                if not await idempotency.hold(tx, key):
                    return False
                kept = await idempotency.find(tx, key)
                if kept is None:
                    scope[JOINED_TX] = tx
                    await self.app(scope, receive, answer.note)
                    if not answer.is_success:
                        raise _NothingDone
                    # Sealed: some answers hold a secret that is shown this once, others what is known of a customer.
                    sealed = seal(self.context.secret_key, answer.body) if answer.body else b""
                    made = Answer(request_digest, answer.status, _as_text(answer.headers), sealed)
                    await idempotency.keep(tx, key, made, answer.location)
        except _NothingDone:
            pass  # rolled back; the caller may try again under the same key
        finally:
            scope.pop(JOINED_TX, None)
        if kept is not None and kept.request_digest != request_digest:
            raise _refusal("was used for another request", scope)
        if kept is not None:
            answer.replay(kept, self._unsealed(kept.body))
        await answer.send(send)
        return True

    def _unsealed(self, body: bytes) -> bytes:
        try:
            return unseal(self.context.secret_key, body) if body else b""
        except Unreadable as error:
            # The desk has another key by now. That the work was done counts for more than what was said of it.
            log.warning("idempotency.unreadable", error=repr(error))
            return b""


class _NothingDone(Exception):
    """Ends the transaction of a request that was refused."""


class _Answering:
    """An answer on its way: noted from the router or taken from the record, then sent."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def location(self) -> str:
        """The path of what was made, within the API."""
        address = next((value.decode() for name, value in self.headers if name == b"location"), "")
        path = urlsplit(address).path
        return path[max(0, path.find("/v2/")) :]

    async def note(self, message: Any) -> None:
        """ASGI send for the router."""
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message["headers"])
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")

    def replay(self, kept: Answer, body: bytes) -> None:
        """Be the answer that was kept."""
        self.status, self.body = kept.status, body
        self.headers = [(name.encode(), value.encode()) for name, value in kept.headers if name != "content-length"]
        if self.status != 204:
            self.headers.append((b"content-length", str(len(self.body)).encode()))
        self.headers.append(REPLAYED)

    async def send(self, send: Send) -> None:
        """Send it on."""
        start: Any = {"type": "http.response.start", "status": self.status, "headers": self.headers}
        await send(start)
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


def _key(scope: Any, sent: list[bytes]) -> Key:
    text = sent[0].decode("latin-1")
    if len(sent) > 1 or not 1 <= len(text) <= LONGEST_KEY or not all("!" <= letter <= "~" for letter in text):
        raise _refusal(f"must be 1 to {LONGEST_KEY} visible characters", scope)
    actor = scope["waypost.actor"]
    return Key(actor.account_id, actor.application_id or 0, actor.user_id, digest(text))


def _refusal(message: str, scope: Any) -> Invalid:
    sent = next(value for name, value in scope["headers"] if name == HEADER)
    return Invalid([FieldError(NAME, message, "Identifier", sent.decode("latin-1"), "HEADER")])


def _digest_of(scope: Any) -> bytes:
    parts = (scope["method"].encode(), scope["path"].encode(), scope["query_string"], scope.get("waypost.body") or b"")
    made = hashlib.sha256()
    for part in parts:
        made.update(len(part).to_bytes(8, "big") + part)
    return made.digest()


def _as_text(headers: list[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    return [(name.decode(), value.decode()) for name, value in headers]


async def on_facts(tx: Tx, facts: list[Fact]) -> None:
    """Empty the kept answers about what was deleted for good (security 55). Told twice, it empties once."""
    await idempotency.empty(
        tx,
        [
            (fact.account_id, _PLACES[fact.type].format(fact.subject_id))
            for fact in facts
            if fact.type in _PLACES and fact.subject_id is not None
        ],
    )
