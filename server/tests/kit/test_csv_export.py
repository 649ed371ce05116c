from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from waypost.kit.csv_export import rows_as_csv, safe_cell

HOSTILE = [
    json.loads(line) for line in (Path(__file__).parents[1] / "data" / "csv-injection.jsonl").read_text().splitlines()
]
RUNS = ("=", "+", "-", "@", "\t", "\r")


def read_back(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode(), newline="")))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_cells_start_with_nothing_that_runs(text: str) -> None:
    ((cell, after),) = read_back(rows_as_csv([[text, "next"]]))
    assert not cell.startswith(RUNS)
    assert cell.removeprefix("'") == text
    assert after == "next"


@pytest.mark.parametrize("before", ["", " ", "\t", "\r\n", "\u00a0", "\u200b", '"', "'", "\x00"])
@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "＝", "＠"])  # noqa: RUF001 - meant
def test_nothing_before_a_formula_lets_it_through(before: str, sign: str) -> None:
    assert safe_cell(f"{before}{sign}1+1").startswith("'")


@pytest.mark.parametrize("text", ["", "plain", "a=b", "1 - 2", "#hash", "Zoë", "日本"])
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert safe_cell(text) == text


def test_values_that_are_no_text() -> None:
    moment = datetime(2024, 1, 15, 9, 30, tzinfo=UTC)
    assert [safe_cell(value) for value in (None, -5, 1.5, True, moment)] == [
        "", "-5", "1.5", "true", "2024-01-15T09:30:00Z",
    ]  # fmt: skip


def test_separators_and_quotes_stay_inside_their_cell() -> None:
    row = ['a,b;c\t"d"', 'x"\r\n=1+1,"']
    assert read_back(rows_as_csv([row])) == [row]
