"""The values of a statement: bound, numbered, never written into the text."""

from __future__ import annotations

from typing import Any


class Parameters:
    """Collects values; the first gets the number after `offset`. The same value twice gets one number."""

    def __init__(self, offset: int = 0) -> None:
        self.offset = offset
        self.values: list[Any] = []
        self._numbers: dict[tuple[str, str], int] = {}

    def bind(self, value: Any, sql_type: str) -> str:
        """The placeholder for the value, with its type: `$3::text`."""
        key = (sql_type, repr(value))
        if key not in self._numbers:
            self.values.append(value)
            self._numbers[key] = self.offset + len(self.values)
        return f"${self._numbers[key]}::{sql_type}"
