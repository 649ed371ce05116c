"""Date-times as the Inbox API writes them (spec: 4)."""

from __future__ import annotations

from datetime import datetime


def stamp(moment: datetime) -> str:
    """`2024-01-15T09:30:00Z`. The database hands out UTC, so cutting the offset is all there is to do."""
    return moment.isoformat()[:19] + "Z"


def stamp_or_unset(moment: datetime | None) -> str | None:
    """The same, or None."""
    return None if moment is None else stamp(moment)
