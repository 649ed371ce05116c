"""The live stream: what happens in the account as Server-Sent Events. An extension for agents' apps."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import litestar
import msgspec
from litestar import Request
from litestar.response import ServerSentEvent, ServerSentEventMessage

from waypost.domains import live
from waypost.domains.accounts import Actor
from waypost.edges.base.context import ActorDependency, Context, ContextDependency
from waypost.edges.inbox_v2 import parameters
from waypost.edges.inbox_v2.parameters import Query
from waypost.edges.inbox_v2.wire.live import message, read_place, write_place
from waypost.kit.errors import BadParameter, Throttled
from waypost.kit.log_store import Entry, Position
from waypost.kit.log_stream import TooFarBehind

MEDIA_TYPE = "text/event-stream"
#: How soon a client comes back after the stream has ended.
RETRY_MS = 2000
#: Streams that one user may have open in one process: every tab of a browser has its own.
MOST_STREAMS = 20
TYPES = Query("types", "texts", "Only these types of event; `convo.*` is all that begin so. May be repeated.")
MAILBOX = Query("mailbox", "integers", "Only what happens in these mailboxes.")
PLACE = Query("lastEventId", "text", "Where to go on, for clients that cannot send the header `Last-Event-ID`.")
QUERIES = (TYPES, MAILBOX, PLACE)

_open: Counter[tuple[int, int]] = Counter()


class _Wanted(msgspec.Struct, frozen=True):
    """What a stream is about."""

    types: tuple[str, ...]
    beginnings: tuple[str, ...]
    mailbox_ids: frozenset[int] | None

    def includes(self, entry: Entry) -> bool:
        """Whether the caller asked for such a fact."""
        fact = entry.fact
        if self.mailbox_ids is not None and fact.scope_id not in self.mailbox_ids:
            return False
        nothing_named = not self.types and not self.beginnings
        return nothing_named or fact.type in self.types or fact.type.startswith(self.beginnings or ("\0",))


@litestar.get(
    "/v2/events/stream",
    media_type=MEDIA_TYPE,
    operation_class=parameters.documented(*QUERIES),
    tags=["Live"],
    sync_to_thread=False,
)
def stream_events(
    request: Request[Any, Any, Any], actor: ActorDependency, context: ContextDependency
) -> ServerSentEvent:
    """Follow what happens, as Server-Sent Events. Only what the caller may see, in the order in which it happened.

    Each event has an `id`; with the last one in the header `Last-Event-ID` the stream goes on where it ended. An event
    `ready` comes first. An event `reset` says that too much has happened to catch up: read the lists anew.
    """
    values = parameters.read(request, *QUERIES)
    names = [part.strip() for text in values["types"] for part in text.split(",") if part.strip()]
    wanted = _Wanted(
        types=tuple(name for name in names if not name.endswith("*")),
        beginnings=tuple(name.rstrip("*") for name in names if name.endswith("*")),
        mailbox_ids=frozenset(values["mailbox"]) if values["mailbox"] is not None else None,
    )
    values.done()
    after = _place(request.headers.get("last-event-id") or values["lastEventId"] or "")
    if _open[actor.account_id, actor.user_id] >= MOST_STREAMS:
        raise Throttled(f"no more than {MOST_STREAMS} streams may be open at a time", retry_after_s=30)
    # Hours are no sign of slowness here.
    request.scope["waypost.is_stream"] = True  # type: ignore[typeddict-unknown-key]
    token = request.headers.get("authorization", "").partition(" ")[2].strip()
    return ServerSentEvent(_events(context, actor, token, wanted, after), retry_duration=RETRY_MS)


def _place(text: str) -> Position | None:
    if not text:
        return None
    place = read_place(text)
    if place is None:
        raise BadParameter.one("lastEventId", "is not an id of this stream", "Identifier", text)
    return place


async def _events(
    context: Context, actor: Actor, token: str, wanted: _Wanted, after: Position | None
) -> AsyncIterator[ServerSentEventMessage]:
    key = (actor.account_id, actor.user_id)
    _open[key] += 1
    try:
        try:
            async for each in _follow(context, actor, token, wanted, after):
                yield each
        except TooFarBehind:
            yield ServerSentEventMessage(data="{}", event="reset")
            async for each in _follow(context, actor, token, wanted, None):
                yield each
    finally:
        _open[key] -= 1
        if not _open[key]:
            del _open[key]


async def _follow(
    context: Context, actor: Actor, token: str, wanted: _Wanted, after: Position | None
) -> AsyncIterator[ServerSentEventMessage]:
    is_first = True
    async for position, entries in context.live.follow(actor.account_id, after):
        # Rights may have changed since the last batch: whoever has lost them is told nothing more.
        credential = await context.tokens.authenticate(token)
        if credential is None:
            return
        told = [entry for entry in entries if wanted.includes(entry) and live.may_see(credential.actor, entry.fact)]
        for entry in told:
            yield message(entry)
        if is_first:
            yield ServerSentEventMessage(data="{}", event="ready", id=write_place(position))
        elif not told:
            # A sign of life that also moves the place on, past what is not for this caller.
            yield ServerSentEventMessage(data=None, id=write_place(position), comment="")
        is_first = False


ROUTES = [stream_events]
