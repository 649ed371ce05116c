"""Dates of the query language."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from waypost.kit.search_query.dates import EARLIEST, LATEST, period

NOW = datetime(2024, 2, 29, 13, 45, 7, tzinfo=UTC)


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2014", at(2014, 1, 1), at(2015, 1, 1)),
        ("2014-12", at(2014, 12, 1), at(2015, 1, 1)),
        ("2014-12-01", at(2014, 12, 1), at(2014, 12, 2)),
        ("2014-12-01T10", at(2014, 12, 1, 10), at(2014, 12, 1, 11)),
        ("2014-12-01T10:20", at(2014, 12, 1, 10, 20), at(2014, 12, 1, 10, 21)),
        ("2014-12-01T10:20:30", at(2014, 12, 1, 10, 20, 30), at(2014, 12, 1, 10, 20, 31)),
        ("2014-12-01T10:20:30Z", at(2014, 12, 1, 10, 20, 30), at(2014, 12, 1, 10, 20, 31)),
        ("2014-12-01T10:20:30.987Z", at(2014, 12, 1, 10, 20, 30), at(2014, 12, 1, 10, 20, 31)),
        ("NOW", NOW, at(2024, 2, 29, 13, 45, 8)),
        ("NOW-1HOUR", at(2024, 2, 29, 12, 45, 7), at(2024, 2, 29, 12, 45, 8)),
        ("NOW-24HOURS", at(2024, 2, 28, 13, 45, 7), at(2024, 2, 28, 13, 45, 8)),
        ("NOW/YEAR", at(2024, 1, 1), at(2024, 1, 1, 0, 0, 1)),
        ("NOW/YEAR+1YEAR", at(2025, 1, 1), at(2025, 1, 1, 0, 0, 1)),
        ("NOW/MONTH", at(2024, 2, 1), at(2024, 2, 1, 0, 0, 1)),
        ("NOW/DAY-7DAYS", at(2024, 2, 22), at(2024, 2, 22, 0, 0, 1)),
        ("NOW/DATE", at(2024, 2, 29), at(2024, 2, 29, 0, 0, 1)),
        ("NOW/HOUR", at(2024, 2, 29, 13), at(2024, 2, 29, 13, 0, 1)),
        ("NOW/MINUTE", at(2024, 2, 29, 13, 45), at(2024, 2, 29, 13, 45, 1)),
        ("NOW/SECOND", NOW, at(2024, 2, 29, 13, 45, 8)),
        ("NOW+1YEAR", at(2025, 2, 28, 13, 45, 7), at(2025, 2, 28, 13, 45, 8)),
        ("2024-01-31+1MONTH", at(2024, 2, 29), at(2024, 3, 1)),
        ("2014-12-01+1DAY", at(2014, 12, 2), at(2014, 12, 3)),
        ("NOW+500MILLIS", at(2024, 2, 29, 13, 45, 7).replace(microsecond=500000), None),
        ("NOW+1MILLISECOND-1MILLISECONDS", NOW, at(2024, 2, 29, 13, 45, 8)),
        ("9999", at(9999, 1, 1), LATEST),
        ("NOW+9999YEARS", LATEST, LATEST),
        ("NOW-9999YEARS", EARLIEST, EARLIEST),
        ("NOW-999999999DAYS", EARLIEST, EARLIEST),
    ],
)
def test_stands_for(text: str, start: datetime, end: datetime | None) -> None:
    found = period(text, NOW)
    assert found.start == start
    if end is not None:
        assert found.end == end


@pytest.mark.parametrize(
    "text",
    [
        *("", "yesterday", "2014-13", "2014-02-30", "0000", "24", "2014-", "2014T10", "now", "NOW/WEEK", "NOW-1"),
        *("NOW+DAY", "NOW/DATES", "2014-01-01T25", "2014-01-01T10:60", "2024-01-01T00:00:00+02:00", "2014Z5", "NOW "),
        *("NOW-1HOURSS", "٢٠١٤", "NOW+1000000000DAYS", "2014-01-01 10:00", "2014*"),
    ],
)
def test_is_no_date(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the text is the caller's
        period(text, NOW)


@seed(12)
@settings(max_examples=500, deadline=None)
@given(st.text("0123456789NOW/+-:.TZYEARMONTHDAYSHOUR", max_size=30))
def test_any_text_is_a_date_or_a_value_error(text: str) -> None:
    try:
        found = period(text, NOW)
    except ValueError:
        return
    assert EARLIEST <= found.start <= found.end <= LATEST
