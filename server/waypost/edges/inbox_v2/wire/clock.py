"""The desk's clock on the wire, for development. An extension: the platform has no such resource."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

import msgspec

from waypost.edges.inbox_v2.hal import Link, Links
from waypost.edges.inbox_v2.wire.times import stamp
from waypost.kit.errors import Invalid

#: A hundred years: enough for every date that the desk takes.
MOST_SECONDS = 100 * 366 * 24 * 60 * 60
Seconds = Annotated[int, msgspec.Meta(ge=1, le=MOST_SECONDS)]


class ClockOut(msgspec.Struct, frozen=True, rename="camel"):
    """The desk's time, and by how many seconds it is ahead of the machine's."""

    now: str
    ahead_seconds: int
    links: Links = msgspec.field(name="_links")

    @classmethod
    def of(cls, now: datetime, ahead: timedelta, base_url: str) -> ClockOut:
        """Render."""
        return cls(stamp(now), int(ahead.total_seconds()), {"self": Link(f"{base_url}/v2/clock")})


class ClockIn(msgspec.Struct, frozen=True, rename="camel"):
    """How far to move: by seconds, or to a time that is still to come. One of the two."""

    advance_seconds: Seconds | None = None
    now: datetime | None = None

    def distance(self, present: datetime) -> timedelta:
        """How far forward. Raises Invalid."""
        if self.advance_seconds is not None:
            if self.now is not None:
                raise Invalid.one("now", "cannot be given together with advanceSeconds", "Unknown")
            return timedelta(seconds=self.advance_seconds)
        if self.now is None:
            raise Invalid.one("advanceSeconds", "may not be null", "NotNull")
        wanted = self.now if self.now.tzinfo else self.now.replace(tzinfo=present.tzinfo)
        if not timedelta(0) < wanted - present <= timedelta(seconds=MOST_SECONDS):
            raise Invalid.one("now", "must be in the next hundred years", "Date", self.now)
        return wanted - present
