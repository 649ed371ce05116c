"""Date-times as receivers read them."""

from __future__ import annotations

from datetime import datetime


def stamp(moment: datetime) -> str:
    """`2024-01-15T09:30:00Z`."""
    return moment.isoformat()[:19] + "Z"
