"""Invitations and other events of a calendar, as people read them above a message: what, when, where, and from whom."""

from __future__ import annotations

import html
import re
from datetime import date, datetime, timedelta
from typing import Any

from icalendar import Calendar

from waypost.kit.text import clean_name, clean_text

_EMPTY_LINES = re.compile(rb"(?:\r?\n)+")
_ESCAPED = re.compile(r"\\([,;\\])")
_MOST_BYTES = 200_000
_MOST_LINES = 4_000
_MOST_EVENTS = 5
_MOST_GUESTS = 20
_MOST_TEXT = 500
_TITLES = {
    "REQUEST": "Invitation",
    "CANCEL": "Cancelled",
    "COUNTER": "Another time is proposed",
    "DECLINECOUNTER": "The proposed time is declined",
    "REFRESH": "The event is asked for again",
    "ADD": "Further dates",
}
_ANSWERS = {
    "ACCEPTED": "has accepted",
    "DECLINED": "has declined",
    "TENTATIVE": "may come",
    "DELEGATED": "sends somebody else",
    "NEEDS-ACTION": "has not answered yet",
}
_FREQUENCIES = {"DAILY": "every day", "WEEKLY": "every week", "MONTHLY": "every month", "YEARLY": "every year"}


def invitation(data: bytes, method: str = "") -> str:
    """HTML that tells what a calendar file says; empty where it says nothing that can be read. Never raises."""
    if len(data) > _MOST_BYTES or data.count(b"\n") > _MOST_LINES:
        return ""
    try:
        calendars = Calendar.from_ical(_EMPTY_LINES.sub(b"\n", data), multiple=True)
        said = method or str(calendars[0].get("METHOD", ""))
        events = [event for calendar in calendars for kind in ("VEVENT", "VTODO") for event in calendar.walk(kind)]
        # What differs from a series has the same UID; the series is what one is invited to.
        first = {str(event.get("UID", place)): event for place, event in reversed(list(enumerate(events)))}
        blocks = [_event(event, said.strip().upper()) for event in list(first.values())[::-1][:_MOST_EVENTS]]
    except Exception:  # The library raises what it likes for broken files; they stay attached as they are.
        return ""
    return "".join([block for block in blocks if block])


def _event(event: Any, method: str) -> str:
    summary = _text(event.get("SUMMARY"))
    lines = [
        ("When", _when(event)),
        ("Repeats", _repeats(event)),
        ("Where", _text(event.get("LOCATION"))),
        ("Organiser", _person(event.get("ORGANIZER"))),
        ("Guests", _guests(event) if method != "REPLY" else ""),
    ]
    if not summary and not lines[0][1]:
        return ""
    title = f"{_title(event, method)}: {summary}" if summary else _title(event, method)
    shown = "".join([f"<br>{name}: {html.escape(value, quote=False)}" for name, value in lines if value])
    return f"<p><strong>{html.escape(title, quote=False)}</strong>{shown}</p>"


def _title(event: Any, method: str) -> str:
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return _TITLES["CANCEL"]
    if method != "REPLY":
        return _TITLES.get(method, "Event")
    answers = _several(event.get("ATTENDEE"))
    if not answers:
        return "Answer"
    said = str(getattr(answers[0], "params", {}).get("PARTSTAT", "")).upper()
    return f"{_person(answers[0])} {_ANSWERS.get(said, 'has answered')}"


def _when(event: Any) -> str:
    start = getattr(event.get("DTSTART"), "dt", None)
    if not isinstance(start, date):
        due = getattr(event.get("DUE"), "dt", None)
        return f"due {_moment(due)}{_zone(event.get('DUE'))}" if isinstance(due, date) else ""
    end = getattr(event.get("DTEND"), "dt", None)
    length = getattr(event.get("DURATION"), "dt", None)
    if not isinstance(end, date) and isinstance(length, timedelta):
        end = start + length
    if not isinstance(start, datetime):
        last = end - timedelta(days=1) if isinstance(end, date) and not isinstance(end, datetime) else start
        return _moment(start) if last <= start else f"{_moment(start)} to {_moment(last)}"
    shown = _moment(start)
    if isinstance(end, datetime):
        shown += f" to {end:%H:%M}" if end.date() == start.date() else f" to {_moment(end)}"
    return shown + _zone(event.get("DTSTART"))


def _moment(at: date) -> str:
    day = f"{at:%A}, {at.day} {at:%B} {at.year}"
    return f"{day}, {at:%H:%M}" if isinstance(at, datetime) else day


def _zone(value: Any) -> str:
    """The zone as the sender named it: a wall clock's time without it is no time."""
    named = str(getattr(value, "params", {}).get("TZID", "") or "")
    at = getattr(value, "dt", None)
    if not named and isinstance(at, datetime) and at.tzinfo is not None:
        named = at.tzname() or ""
    return f" ({clean_name(named, 60)})" if named else ""


def _repeats(event: Any) -> str:
    rules = _several(event.get("RRULE"))
    named = rules[0].get("FREQ", [""]) if rules and isinstance(rules[0], dict) else [""]
    return _FREQUENCIES.get(str(named[0] if isinstance(named, list) else named).upper(), "")


def _guests(event: Any) -> str:
    guests = [_person(guest) for guest in _several(event.get("ATTENDEE"))]
    shown = ", ".join([guest for guest in guests[:_MOST_GUESTS] if guest])
    return f"{shown} and {len(guests) - _MOST_GUESTS} more" if len(guests) > _MOST_GUESTS else shown


def _person(value: Any) -> str:
    if value is None:
        return ""
    address = clean_name(str(value), 320)
    address = address[7:] if address.lower().startswith("mailto:") else address
    name = clean_name(str(getattr(value, "params", {}).get("CN", "")), 120).strip("\"' ")
    return f"{name} <{address}>" if name and name != address else address


def _several(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    value = value[0] if isinstance(value, list) and value else value
    return clean_name(_ESCAPED.sub(r"\1", clean_text(str(value))), _MOST_TEXT) if value is not None else ""
