"""Text that was wrapped for the wire put back on its own lines (RFC 3676, `format=flowed`)."""

from __future__ import annotations

import re

_QUOTES = re.compile(r">*")
_SIGNATURE = "-- "


def unwrapped(text: str, *, deletes_space: bool) -> str:
    """Join the lines that end in a space with the next one of the same quote depth."""
    lines: list[list[str]] = []
    open_depth: int | None = None
    for wrapped in text.split("\n"):
        depth, line = _unstuffed(wrapped)
        is_soft = line.endswith(" ") and line != _SIGNATURE
        shown = line[:-1] if is_soft and deletes_space else line
        if open_depth == depth and line != _SIGNATURE:
            lines[-1].append(shown)
        else:
            lines.append([">" * depth, " " if depth else "", shown])
        open_depth = depth if is_soft else None
    return "\n".join(["".join(pieces) for pieces in lines])


def _unstuffed(line: str) -> tuple[int, str]:
    quotes = _QUOTES.match(line)
    depth = quotes.end() if quotes else 0
    rest = line[depth:]
    return depth, rest.removeprefix(" ")
