"""Which contract a caller was written for, decided once per request and read by renderers alone (spec: 5.3).

The seed answers a validation error with 422; the public service, and the clients made for it, with 400.
"""

from __future__ import annotations

from waypost.domains.accounts import Dialect

_PHP_AGENT = "Help Scout PHP API Client/"
_PLATFORM_AGENT = _PHP_AGENT.encode()


def decide(application_dialect: Dialect | None, headers: dict[bytes, bytes]) -> Dialect:
    """The application's setting, or what the request itself says: the `Prefer` header, then the client's name."""
    preferences = headers.get(b"prefer", b"")
    if b"validation-status=400" in preferences:
        return Dialect.PLATFORM
    if b"validation-status=422" in preferences:
        return Dialect.SEED
    if application_dialect is Dialect.PLATFORM or headers.get(b"user-agent", b"").startswith(_PLATFORM_AGENT):
        return Dialect.PLATFORM
    return Dialect.SEED


def is_php(user_agent: str) -> bool:
    """Whether the official PHP client is calling."""
    return user_agent.startswith(_PHP_AGENT)
