"""Dates as mail programs of many languages write them for people to read: `Mi., 27. Okt. 2021 um 09:31 Uhr`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

_LONGEST = 150
_ISO = re.compile(r"(?<!\d)(\d{4})[-./](\d{1,2})[-./](\d{1,2})(?!\d)")
_EAST_ASIA = re.compile(r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})")
_NUMBERS = re.compile(r"(?<!\d)(\d{1,2})[-./]\s?(\d{1,2})[-./]\s?(\d{4}|\d{2})(?!\d)")
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")
_DAY = re.compile(r"(?<![\d:.+-])(\d{1,2})(?![\d:])(?!\.\d)")
_TIME = re.compile(
    r"(?<!\d)(\d{1,2})(?:\s?[:h]\s?|\.)(\d{2})(?:[:.](\d{2}))?(?!\d)(?:\s?(a|p)\.?\s?m\b)?", re.IGNORECASE
)
_NOON_WORDS = re.compile(r"午後|下午|오후|\bμμ\b|بعد الظهر", re.IGNORECASE)
_OFFSET = re.compile(r"(?:GMT|UTC)?\s?([+\-−])(\d{1,2}):?(\d{2})?\)?\s*$")
_WORD = re.compile(r"[^\W\d_]{3,}")
_ZONES = {
    "est": -5,
    "edt": -4,
    "cst": -6,
    "cdt": -5,
    "mst": -7,
    "mdt": -6,
    "pst": -8,
    "pdt": -7,
    "cet": 1,
    "cest": 2,
    "eet": 2,
    "eest": 3,
    "bst": 1,
    "msk": 3,
    "jst": 9,
    "ist": 5.5,
    "aest": 10,
    "aedt": 11,
    "utc": 0,
    "gmt": 0,
}
# The first letters of each month, in languages that mail programs speak.
_MONTHS = (
    "jan gen ene janv styc sty led sij ian янв січ яну ιαν oca tammi jaan sau януа leden led siječ student stycz",
    "feb fév fev febbr lut úno vel feb фев лют φεβ şub helmi veeb vas únor velj luty",
    "mar mär mrt mars maa märt kov bře ožu мар бер μαρ maalis břez március",
    "apr avr abr apri kwi dub tra апр кві απρ nis huhti bal dubn kwiet",
    "may mai mag maj mei maí мая май тра μαΐ μαϊ μάι toukо touko geg kvě svi mayıs máj květ",
    "jun juin giu cze čer lip июн чер ιουν haz kesä juuni bir juni jún červn czer",
    "jul juil lug lip čvc srp июл лип ιουλ tem heinä juuli lie juli júl července lipi",
    "aug août aoû ago sie srp kol авг сер αυγ ağu elo rgp augu srpna sierp",
    "sep set wrz zář ruj сен вер σεπ eyl syys rgs sept szept září wrze",
    "oct okt out ott paź říj lis окт жов οκτ eki loka spa octo okto říjn paźd",
    "nov lis stu нояб ноя лис νοε kas marras lap novem listop",
    "dec dez dic déc des gru pro дек гру δεκ ara joulu gruo dets decem prosin grud",
)
_STEMS = sorted(
    ((stem, number) for number, stems in enumerate(_MONTHS, 1) for stem in stems.split()),
    key=lambda pair: -len(pair[0]),
)


def written_date(text: str, now: datetime) -> datetime | None:
    """The time in UTC, taken as UTC where no offset is named; None when it cannot be read or lies in the future."""
    text = re.sub("[\u200e\u200f\u202a-\u202e]", "", text[:_LONGEST])
    day = _date_of(text)
    if day is None:
        return None
    hour, minute, second = _time_of(text)
    try:
        at = datetime(*day, hour, minute, second, tzinfo=_zone_of(text)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return at if at <= now + timedelta(days=1) else None


def _date_of(text: str) -> tuple[int, int, int] | None:
    for pattern in (_ISO, _EAST_ASIA):
        if found := pattern.search(text):
            return int(found[1]), int(found[2]), int(found[3])
    year, found = _YEAR.search(text), _NUMBERS.search(text)
    if found and (len(found[3]) == 4 or not year):
        first, second = int(found[1]), int(found[2])
        # Americans write the month first; nobody else puts slashes before a time with AM or PM.
        is_american = second > 12 or ("/" in found[0] and bool(re.search(r"\b[ap]\.?m\b", text, re.IGNORECASE)))
        year_number = int(found[3]) + (2000 if len(found[3]) == 2 else 0)
        return (
            year_number,
            first if is_american and first <= 12 else second,
            second if is_american and first <= 12 else first,
        )
    month = _month_of(text)
    if not year or not month:
        return None
    rest = _TIME.sub(" ", text.replace(year[0], " ", 1))
    days = [int(found[1]) for found in _DAY.finditer(rest) if 1 <= int(found[1]) <= 31]
    return (int(year[1]), month, days[0]) if days else None


def _month_of(text: str) -> int | None:
    words = [word.lower() for word in _WORD.findall(text)]
    # Words beside the day's number are likelier months than names of weekdays that begin alike.
    for word in sorted(
        words,
        key=lambda word: not re.search(rf"\d\.?\s*(?:de\s+)?{re.escape(word)}|{re.escape(word)}\.?\s*\d", text.lower()),
    ):
        for stem, number in _STEMS:
            if word.startswith(stem):
                return number
    return None


def _time_of(text: str) -> tuple[int, int, int]:
    times = [found for found in _TIME.finditer(text) if int(found[1]) < 24 and int(found[2]) < 60]
    # `27. 10. 2021 o 9:31`: the last one is the time, what stands before it is the day and month.
    found = next((one for one in times if ":" in one[0]), times[-1] if times else None)
    if not found:
        return 0, 0, 0
    hour = int(found[1])
    is_afternoon = (found[4] or "").lower() == "p" or bool(_NOON_WORDS.search(text))
    if is_afternoon and hour < 12:
        hour += 12
    elif (found[4] or "").lower() == "a" and hour == 12:
        hour = 0
    return hour, int(found[2]), min(int(found[3] or 0), 59)


def _zone_of(text: str) -> timezone:
    if found := _OFFSET.search(text):
        minutes = int(found[2]) * 60 + int(found[3] or 0)
        if minutes < 24 * 60:
            return timezone(timedelta(minutes=-minutes if found[1] != "+" else minutes))
    last = _WORD.findall(text)[-1:] or [""]
    return timezone(timedelta(hours=_ZONES.get(last[0].lower(), 0)))
