"""How much a query may ask, and the one way to refuse it."""

from __future__ import annotations

from typing import Any

import msgspec

from waypost.kit.errors import BadParameter, ErrorKind


class Limits(msgspec.Struct, frozen=True):
    """Bounds that keep parsing and searching cheap (spec: 12.1)."""

    length: int = 4096
    clauses: int = 100
    nesting: int = 20


LIMITS = Limits()


def malformed(place: int, reason: str, kind: ErrorKind = "Type", rejected: Any = msgspec.UNSET) -> BadParameter:
    """The refusal of a query for what stands at `place` (from 0); people count characters from 1."""
    return BadParameter.one("query", f"malformed query at character {place + 1}: {reason}", kind, rejected)
