"""The Date field: what a message claims, where that can be true."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_LONGEST = 100
_EARLIEST = datetime(1975, 1, 1, tzinfo=UTC)  # before this there was no mail to speak of
_CLOCK_ERROR = timedelta(days=1)
_ANCIENT_YEAR = re.compile(r"\b0[0-9]{3}\s+[0-9]{1,2}:")  # the standard library reads 0001 as 2001
_COMMENT = re.compile(r"\([^()]*\)")


def read_date(field: str, now: datetime) -> datetime | None:
    """The time in UTC; None when it cannot be read, lies before mail or more than a day after `now`."""
    at: datetime | None
    if _ANCIENT_YEAR.search(field):
        return None
    try:
        found = parsedate_to_datetime(_COMMENT.sub(" ", field[:_LONGEST]).strip())
        at = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        at = _iso(field)
    return at if at is not None and _EARLIEST <= at <= now + _CLOCK_ERROR else None


def _iso(field: str) -> datetime | None:
    """Programs that write ISO 8601 where RFC 5322 has its own form."""
    try:
        found = datetime.fromisoformat(field.strip()[:_LONGEST])
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
