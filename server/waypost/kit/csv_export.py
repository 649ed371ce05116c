"""CSV that spreadsheets open without running anything that stands in it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime

# What makes spreadsheets read a cell as a formula, the full-width forms included (East Asian editions take them too).
# Blanks and control characters before it do not save the cell: some programs strip them.
_FORMULA_START = frozenset("=+-@|%＝＋－＠")  # noqa: RUF001 - meant
_IGNORED = " \t\r\n\v\f\x00\x1c\x1d\x1e\x1f\x85\xa0\u200b\u2028\u2029\u3000\ufeff\"'"

Value = str | int | float | bool | datetime | None


def safe_cell(value: Value) -> str:
    """The text of a cell. Text that a spreadsheet could run gets an apostrophe before it, which such programs hide."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds").replace("+00:00", "Z")
    if not isinstance(value, str):
        return str(value)
    text = value.replace("\x00", "")
    start = text.lstrip(_IGNORED)[:1]
    if start in _FORMULA_START or text[:1] in ("\t", "\r", "\n"):
        return "'" + text
    return text


def rows_as_csv(rows: Iterable[Sequence[Value]]) -> bytes:
    """Rows as CSV (RFC 4180, UTF-8); every cell is quoted, so that no separator inside can start a new one."""
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(
        [safe_cell(cell) for cell in row] for row in rows
    )
    return out.getvalue().encode("utf-8", "replace")
