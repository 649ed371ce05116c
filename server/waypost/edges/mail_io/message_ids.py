"""Message ids: read from fields in one canonical form, so that equal ids are equal text."""

from __future__ import annotations

import hashlib
import re

from waypost.domains import mail

_MOST_BYTES = 64_000
_MOST_IDS = 100
_LONGEST = 400
_IN_BRACKETS = re.compile(r"<([^<>]{1,4000}+)>")


def read_ids(field: str) -> tuple[str, ...]:
    """Every id in a field, each once, with angle brackets and without the white space that folding put in. Of very
    many, the first and the last are kept."""
    field = field[:_MOST_BYTES]
    found = [_canonical(inside) for inside in _IN_BRACKETS.findall(field)]
    if not found and "@" in field and len(field.split()) == 1:
        found = [_canonical(field.strip().strip("<>"))]
    ids = list(dict.fromkeys(one for one in found if one))
    if len(ids) > _MOST_IDS:
        ids = [ids[0], *ids[1 - _MOST_IDS :]]
    return tuple(ids)


def made_up_id(content_digest: str) -> str:
    """An id for a message that has none, the same each time the same message arrives."""
    return f"<{content_digest[:40]}@{mail.MADE_UP_HOST}>"


def _canonical(inside: str) -> str:
    bare = inside
    if not inside.isprintable() or " " in inside:
        bare = "".join(character for character in inside if character.isprintable() and not character.isspace())
    if len(bare) > _LONGEST:
        # Databases index a few hundred bytes only; the digest keeps long ids apart.
        bare = f"{bare[: _LONGEST - 65]}~{hashlib.sha256(bare.encode(errors='replace')).hexdigest()}"
    return f"<{bare}>" if bare else ""
