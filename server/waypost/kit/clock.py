"""Time: aware UTC, whole seconds on every wire."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The machine's time."""
    return datetime.now(UTC)
