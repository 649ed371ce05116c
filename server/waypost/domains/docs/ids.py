"""Ids of 24 hex digits, of which the first eight are the time of creation (spec: 2.6), and slugs."""

from __future__ import annotations

import re
import secrets
import unicodedata
from datetime import datetime

ID = re.compile(r"[0-9a-f]{24}")
SLUG_LENGTH = 100
_NOT_IN_SLUGS = re.compile(r"[^a-z0-9]+")


def new_id(now: datetime) -> str:
    """A fresh id: seconds since 1970, and 64 random bits, so that nobody guesses one."""
    return f"{int(now.timestamp()) & 0xFFFFFFFF:08x}{secrets.token_hex(8)}"


def number_of(reference: str) -> int | None:
    """The number that a path names in the place of an id: decimal and shorter than an id (spec: 2.6)."""
    if reference.isascii() and reference.isdigit() and len(reference) < 19:
        return int(reference)
    return None


def slug_of(text: str) -> str:
    """Lower case, everything but `a-z 0-9` one hyphen, at most 100 characters (spec: 2.9). Accents are taken off."""
    plain = (
        unicodedata.normalize("NFKD", text[: 4 * SLUG_LENGTH].lower().replace("ß", "ss"))
        .encode("ascii", "ignore")
        .decode()
    )
    return _NOT_IN_SLUGS.sub("-", plain).strip("-")[:SLUG_LENGTH].strip("-")
