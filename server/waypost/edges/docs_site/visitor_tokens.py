"""Tokens by which a company's own sign-in vouches for a visitor: JWT, HS512 by the site's secret (spec: 7)."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from waypost.domains.docs import visits

#: No other algorithm counts, whatever a token's own header says.
ALGORITHM = "HS512"
#: The longest token that is looked at.
MOST_CHARACTERS = 4096
#: How far the clock of whoever signs may be ahead of ours; nothing counts longer for it.
LEEWAY_S = 60
_LAST_SECOND = int(datetime(9999, 1, 1, tzinfo=UTC).timestamp())


def read(token: str, secret: str | None, now: datetime) -> visits.Voucher:
    """A token that was signed with the secret and has not expired. Raises VisitRefused."""
    if not secret or not token.isascii() or len(token) > MOST_CHARACTERS:
        raise visits.VisitRefused
    try:
        # spec: 7. The key is the text of the secret as it is, not what it encodes.
        told: dict[str, Any] = jwt.decode(token, OctKey.import_key(secret), algorithms=[ALGORITHM]).claims
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise visits.VisitRefused from error
    email, expires = told.get("sub"), _second(told.get("exp"))
    begins = _second(told["nbf"]) if "nbf" in told else 0
    if not isinstance(email, str) or not _is_address(email) or expires is None or begins is None:
        raise visits.VisitRefused
    if expires <= now.timestamp() or begins > now.timestamp() + LEEWAY_S:
        raise visits.VisitRefused
    return visits.Voucher(
        email=email, expires_at=datetime.fromtimestamp(expires, UTC), signed=token.rpartition(".")[0], secret=secret
    )


def _second(value: Any) -> int | None:
    """A moment as claims have it (RFC 7519, 2: NumericDate); one after the year 9998 is its last second."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or math.isnan(value) or value < 0:
        return None
    return min(int(min(value, _LAST_SECOND)), _LAST_SECOND)


def _is_address(text: str) -> bool:
    name, at, host = text.partition("@")
    return (
        bool(name and at and host) and "@" not in host and len(text) <= 320 and text.isprintable() and " " not in text
    )
