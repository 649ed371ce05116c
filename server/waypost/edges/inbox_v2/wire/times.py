"""Date-times as the Inbox API writes them (spec: 4)."""

from __future__ import annotations

from datetime import datetime


def stamp(moment: datetime) -> str:
    """`2024-01-15T09:30:00Z`; the moment is in UTC, as the database hands it out."""
    # A page of conversations has a hundred of these; isoformat() takes half as long again.
    return "%04d-%02d-%02dT%02d:%02d:%02dZ" % (  # noqa: UP031 - twice as fast as an f-string here
        moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second,
    )  # fmt: skip


def stamp_or_unset(moment: datetime | None) -> str | None:
    """The same, or None."""
    return None if moment is None else stamp(moment)
