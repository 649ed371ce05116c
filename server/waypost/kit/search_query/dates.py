"""Dates as the query language writes them: short forms, NOW and date arithmetic, all in UTC (spec: 12.1, 12.2)."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

EARLIEST: Final = datetime.min.replace(tzinfo=UTC)
LATEST: Final = datetime.max.replace(microsecond=0, tzinfo=UTC)
SECOND: Final = timedelta(seconds=1)

_BASE = re.compile(
    r"NOW|(?P<year>\d{4})(?:-(?P<month>\d\d?)(?:-(?P<day>\d\d?)(?:T(?P<hour>\d\d?)"
    r"(?::(?P<minute>\d\d?)(?::(?P<second>\d\d?)(?:\.\d+)?)?)?)?)?)?Z?",
    re.ASCII,
)
_STEP = re.compile(r"(?P<sign>[+-])(?P<count>\d{1,9})(?P<unit>[A-Z]+)|/(?P<floor>[A-Z]+)", re.ASCII)
_PARTS = ("year", "month", "day", "hour", "minute", "second")
_LENGTHS = {
    "DAY": timedelta(days=1),
    "HOUR": timedelta(hours=1),
    "MINUTE": timedelta(minutes=1),
    "SECOND": SECOND,
    "MILLI": timedelta(milliseconds=1),
    "MILLISECOND": timedelta(milliseconds=1),
}
_MONTHS = {"YEAR": 12, "MONTH": 1}


class Period(msgspec.Struct, frozen=True):
    """From `start` on and before `end`; a full instant is its second, a shorter date all that it names."""

    start: datetime
    end: datetime


def period(text: str, now: datetime) -> Period:
    """What a date value stands for. Raises ValueError for anything that is none.

    Arithmetic moves the period; rounding down leaves the second at which the rounded unit begins. Dates outside the
    years 1 to 9999 become the earliest or the latest time there is.
    """
    base = _BASE.match(text)
    if base is None:
        raise ValueError(text)
    current = _named(base) if base["year"] else Period(now.replace(microsecond=0), now.replace(microsecond=0) + SECOND)
    place = base.end()
    while place < len(text):
        step = _STEP.match(text, place)
        if step is None:
            raise ValueError(text)
        current = _floored(current, step["floor"]) if step["floor"] else _moved(current, step)
        place = step.end()
    return current


def _named(base: re.Match[str]) -> Period:
    given = [int(base[part]) for part in _PARTS if base[part] is not None]
    start = datetime(*(given + [1, 1][max(0, len(given) - 1) :]), tzinfo=UTC)  # type: ignore[arg-type,misc]
    unit = _PARTS[len(given) - 1].upper()
    return Period(start, _plus(start, 1, unit))


def _moved(current: Period, step: re.Match[str]) -> Period:
    count = int(step["sign"] + step["count"])
    unit = _unit(step["unit"])
    return Period(_plus(current.start, count, unit), _plus(current.end, count, unit))


def _floored(current: Period, written: str) -> Period:
    unit = _unit(written)
    kept = _PARTS[: _PARTS.index(unit.lower()) + 1] if unit.lower() in _PARTS else _PARTS
    lost = {part: 1 if part in {"month", "day"} else 0 for part in _PARTS if part not in kept}
    start = current.start.replace(microsecond=0, **lost)  # type: ignore[arg-type]
    return Period(start, _plus(start, 1, "SECOND"))


def _unit(written: str) -> str:
    """The unit in the singular; DATE is another word for DAY."""
    unit = written if written in _LENGTHS or written in _MONTHS else written.removesuffix("S")
    unit = "DAY" if unit == "DATE" and not written.endswith("S") else unit
    if unit not in _LENGTHS and unit not in _MONTHS:
        raise ValueError(written)
    return unit


def _plus(moment: datetime, count: int, unit: str) -> datetime:
    try:
        if unit in _LENGTHS:
            return min(moment + count * _LENGTHS[unit], LATEST)
        months = moment.year * 12 + moment.month - 1 + count * _MONTHS[unit]
        year, month = divmod(months, 12)
        day = min(moment.day, monthrange(year, month + 1)[1]) if 1 <= year <= LATEST.year else 1
        return moment.replace(year=year, month=month + 1, day=day)
    except (OverflowError, ValueError):
        return LATEST if count > 0 else EARLIEST
