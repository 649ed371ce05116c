"""Random secrets and their digests.

Tokens are 160 random bits or more, so one round of SHA-256 is enough to store them by: slow hashing is for passwords,
and a slow check on every call would cost most of the throughput.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets


def new_token(size_bytes: int = 24) -> str:
    """A random secret in URL-safe text (24 bytes: 192 bits, 32 characters)."""
    return secrets.token_urlsafe(size_bytes)


def digest(token: str) -> bytes:
    """The SHA-256 by which a token is stored and found."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def same(left: bytes, right: bytes) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(left, right)
