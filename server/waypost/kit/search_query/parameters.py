"""The values of a statement: bound, numbered, never written into the text."""

from __future__ import annotations

import re
from typing import Any

_MARK = re.compile(r"\x00(\d+)\x00")


class Parameters:
    """Collects values while SQL is put together; only those that the finished SQL needs get a number."""

    def __init__(self, offset: int = 0) -> None:
        self._offset = offset
        self._values: list[Any] = []
        self._known: dict[tuple[str, str], int] = {}

    def bind(self, value: Any, sql_type: str) -> str:
        """What stands for the value in SQL that `numbered` will finish. The same value twice is one argument."""
        key = (sql_type, repr(value))
        if key not in self._known:
            self._known[key] = len(self._values)
            self._values.append(value)
        return f"\x00{self._known[key]}\x00::{sql_type}"

    def numbered(self, sql: str) -> tuple[str, list[Any]]:
        """The SQL with placeholders that count up from the offset + 1, and their values in that order."""
        order: dict[int, int] = {}

        def placeholder(mark: re.Match[str]) -> str:
            return f"${order.setdefault(int(mark[1]), self._offset + len(order) + 1)}"

        finished = _MARK.sub(placeholder, sql)
        return finished, [self._values[place] for place in order]
