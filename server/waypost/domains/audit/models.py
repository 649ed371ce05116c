"""The nouns of the audit trail, and how an entry's digest comes about."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import msgspec

#: What the first entry of an account is chained to.
FIRST_DIGEST = bytes(32)

_canonical = msgspec.json.Encoder(order="deterministic").encode


class Entry(msgspec.Struct, frozen=True):
    """One thing that was done. `id` counts up per account without gaps, so a removed entry shows."""

    account_id: int
    id: int
    event_id: int
    at: datetime
    type: str
    actor_kind: str
    actor_id: int | None
    subject_kind: str
    subject_id: int | None
    data: dict[str, Any]
    digest: bytes

    def digest_after(self, previous: bytes) -> bytes:
        """What the digest must be: SHA-256 over the previous entry's digest and this entry's content.

        The content is JSON with sorted keys; times are UTC to the microsecond.
        """
        content = [
            self.account_id,
            self.id,
            self.event_id,
            int(self.at.timestamp() * 1_000_000),
            self.type,
            self.actor_kind,
            self.actor_id,
            self.subject_kind,
            self.subject_id,
            self.data,
        ]
        return hashlib.sha256(previous + _canonical(content)).digest()


class AuditFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries are wanted; None is all. Kinds and ids go together."""

    types: list[str] | None = None
    actor_kind: str | None = None
    actor_id: int | None = None
    subject_kind: str | None = None
    subject_id: int | None = None
    since: datetime | None = None


class Verdict(msgspec.Struct, frozen=True):
    """What a check of an account's trail found.

    `broken_at` is the first entry that is not as it was written, or whose predecessor is gone; `unrecorded` counts
    events that the trail has passed but does not hold, which is how entries cut off at its end show.
    """

    account_id: int
    entries: int
    broken_at: int | None
    unrecorded: int
    last_digest: bytes

    @property
    def is_sound(self) -> bool:
        """Nothing was changed, removed or left out."""
        return self.broken_at is None and self.unrecorded == 0
