"""Facts on the live stream. An extension: the platform has no such resource."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from litestar.response import ServerSentEventMessage

from waypost.edges.inbox_v2.wire.audit import PartyOut
from waypost.edges.inbox_v2.wire.times import stamp
from waypost.kit.events import Fact
from waypost.kit.log_store import Entry, Position

_PLACE = re.compile(r"(\d{1,19})-(\d{1,18})")
_SNAKE = re.compile(r"_(\w)")
_encode = msgspec.json.Encoder().encode


class FactOut(msgspec.Struct, frozen=True, rename="camel"):
    """What happened: to what, by whom, and the few words that the kind of event has (ids, statuses, names of tags)."""

    event_id: int
    type: str
    at: str
    actor: PartyOut
    subject: PartyOut
    mailbox_id: int | None
    data: dict[str, Any]

    @classmethod
    def of(cls, fact: Fact) -> FactOut:
        """Render."""
        return cls(
            event_id=fact.id,
            type=fact.type,
            at=stamp(fact.at),
            actor=PartyOut(fact.actor_kind, fact.actor_id),
            subject=PartyOut(fact.subject_kind, fact.subject_id),
            mailbox_id=fact.scope_id,
            data={_SNAKE.sub(lambda found: found[1].upper(), name): value for name, value in fact.data.items()},
        )


def message(entry: Entry) -> ServerSentEventMessage:
    """A fact as an event of the stream; its id is where to go on after it."""
    data = _encode(FactOut.of(entry.fact)).decode()
    return ServerSentEventMessage(data=data, event=entry.fact.type, id=write_place(entry.position))


def write_place(position: Position) -> str:
    """A place in the log as `Last-Event-ID` names it."""
    return f"{position.transaction}-{position.event_id}"


def read_place(text: str) -> Position | None:
    """What `write_place` wrote; None for anything else."""
    found = _PLACE.fullmatch(text.strip())
    return Position(int(found[1]), int(found[2])) if found else None
