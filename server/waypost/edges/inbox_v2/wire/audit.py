"""Entries of the audit trail on the wire. An extension: the platform has no such resource."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from waypost.domains.audit import Entry
from waypost.edges.inbox_v2.wire.times import stamp
from waypost.kit.csv_export import Value, rows_as_csv

CSV_COLUMNS = (
    "id", "at", "type", "actorKind", "actorId", "subjectKind", "subjectId", "data", "eventId", "digest",
)  # fmt: skip


class PartyOut(msgspec.Struct, frozen=True):
    """Who did it, or what it was done to."""

    type: str
    id: int | None


class EntryOut(msgspec.Struct, frozen=True, rename="camel"):
    """An entry. `digest` chains it to the entry before (hexadecimal SHA-256)."""

    id: int
    event_id: int
    at: str
    type: str
    actor: PartyOut
    subject: PartyOut
    data: dict[str, Any]
    digest: str

    @classmethod
    def of(cls, entry: Entry) -> EntryOut:
        """Render."""
        return cls(
            id=entry.id,
            event_id=entry.event_id,
            at=stamp(entry.at),
            type=entry.type,
            actor=PartyOut(entry.actor_kind, entry.actor_id),
            subject=PartyOut(entry.subject_kind, entry.subject_id),
            data=entry.data,
            digest=entry.digest.hex(),
        )


async def as_csv(batches: AsyncIterator[list[Entry]]) -> AsyncIterator[bytes]:
    """The export, batch by batch, with a heading."""
    yield rows_as_csv([CSV_COLUMNS])
    async for batch in batches:
        yield rows_as_csv(_row(entry) for entry in batch)


def _row(entry: Entry) -> tuple[Value, ...]:
    return (
        entry.id,
        entry.at,
        entry.type,
        entry.actor_kind,
        entry.actor_id,
        entry.subject_kind,
        entry.subject_id,
        msgspec.json.encode(entry.data).decode(),
        entry.event_id,
        entry.digest.hex(),
    )
