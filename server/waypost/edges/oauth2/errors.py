"""Errors as OAuth clients read them: one table from what went wrong to status and body (spec: 2.3)."""

from __future__ import annotations

from typing import Any

import structlog
from litestar import Request, Response

from waypost.domains.accounts import Refusal
from waypost.edges.oauth2.wire import ErrorOut

log = structlog.get_logger(__name__)

#: Nothing that this endpoint says may be kept by anybody on the way (RFC 6749, 5.1).
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class TokenError(Exception):
    """Ends a call of the token endpoint."""

    def __init__(self, status: int, error: str, description: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(error)
        self.status = status
        self.body = ErrorOut(error_description=description, error=error, message=description)
        self.headers = headers or {}


def malformed() -> TokenError:
    """The body is not what its content type says, or says one thing twice."""
    return TokenError(400, "invalid_request", "Malformed request body")


def missing_grant_type() -> TokenError:
    """Nothing is asked for."""
    return TokenError(400, "invalid_request", "Missing grant_type parameter value")


def unknown_grant_type() -> TokenError:
    """Something is asked for that is not given here."""
    return TokenError(400, "unsupported_grant_type", "Invalid grant_type parameter value")


def throttled(retry_after_s: int) -> TokenError:
    """Too many calls."""
    wait = str(retry_after_s)
    headers = {"Retry-After": wait, "X-RateLimit-Retry-After": wait}
    return TokenError(429, "temporarily_unavailable", "API rate limit exceeded", headers)


def refused(refusal: Refusal, *, used_basic: bool = False) -> TokenError:
    """What the grant itself said no to."""
    match refusal:
        case Refusal.CODE:
            return TokenError(400, "invalid_request", "Invalid code")
        case Refusal.REFRESH_TOKEN:
            return TokenError(400, "invalid_request", "Invalid refresh_token")
        case Refusal.CLIENT:
            # RFC 6749, 5.2: a client that used the header is told how to use it.
            headers = {"WWW-Authenticate": 'Basic realm="oauth2"'} if used_basic else {}
            return TokenError(401, "invalid_client", "Invalid client authentication", headers)


def on_token_error(_: Request[Any, Any, Any], error: TokenError) -> Response[Any]:
    """Exception handler for what ends a call on purpose."""
    return Response(error.body, status_code=error.status, headers={**error.headers, **NO_STORE})


def on_fault(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Exception handler for bugs. The request's parameters are secrets, so none of them is logged."""
    log.error("oauth2.fault", request_id=request.scope.get("waypost.request_id"), exc_info=error)
    description = "Internal server error"
    body = ErrorOut(error_description=description, error="server_error", message=description)
    return Response(body, status_code=500, headers=NO_STORE)


EXCEPTION_HANDLERS: Any = {TokenError: on_token_error, Exception: on_fault}
