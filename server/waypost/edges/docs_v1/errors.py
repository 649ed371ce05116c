"""Errors as the Docs API has them: `{"code", "error"}`, and an array for each member that is wrong (spec: 2.8)."""

from __future__ import annotations

from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException

from waypost.edges.base.context import Unauthorized
from waypost.kit import errors
from waypost.kit.errors import WaypostError

JSON = "application/json; charset=utf-8"
CHALLENGE = 'Basic realm="Docs API"'

log = structlog.get_logger(__name__)

MESSAGES = {
    400: "Bad request",
    401: "Authentication credentials are invalid",
    403: "Access denied",
    404: "Resource not found",
    405: "Method not allowed",
    413: "Request entity too large",
    415: "Unsupported media type",
    429: "Rate limit exceeded",
    500: "Internal server error",
    503: "Service unavailable",
}


class Unparsable(WaypostError):
    """The body is not what it says it is."""


class WrongContentType(WaypostError):
    """The call reads bodies of another kind."""


_STATUSES: list[tuple[type[WaypostError], int]] = [
    (Unauthorized, 401),
    (errors.Invalid, 400),
    (errors.Conflict, 400),
    (errors.NotFound, 404),
    (errors.Forbidden, 403),
    (errors.TooLarge, 413),
    (errors.Throttled, 429),
    (errors.Busy, 503),
    (errors.StorageFull, 503),
    (Unparsable, 400),
    (WrongContentType, 415),
]
#: Messages of these are meant for callers; of others they may tell too much.
_TOLD = (errors.TooLarge, errors.Conflict, Unparsable, WrongContentType)


def error_body(status: int, message: str = "", fields: list[errors.FieldError] | None = None) -> bytes:
    """The body of an error answer. The first mistake is the error; each has its member's array."""
    document: dict[str, Any] = {"code": status, "error": message or MESSAGES.get(status, "Error")}
    for field in fields or []:
        # A member that is called as the envelope's own would hide it.
        if field.path not in ("code", "error"):
            document.setdefault(field.path, []).append(field.message)
    return msgspec.json.encode(document)


def explained(error: WaypostError) -> tuple[int, bytes, dict[str, str]]:
    """Status, body and headers of an answer to this error."""
    status = next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)
    fields = error.errors if isinstance(error, (errors.Invalid, errors.Conflict)) else []
    message = fields[0].message if fields else (error.message if isinstance(error, _TOLD) else "")
    headers: dict[str, str] = {}
    if status == 401:
        headers["WWW-Authenticate"] = CHALLENGE
    if isinstance(error, errors.Busy):
        headers["Retry-After"] = "1"
    if isinstance(error, errors.Throttled):
        headers["Retry-After"] = str(error.retry_after_s)
    return status, error_body(status, message, fields), headers


def on_core_error(_: Request[Any, Any, Any], error: WaypostError) -> Response[bytes]:
    """Exception handler for everything that the core raises on purpose."""
    status, body, headers = explained(error)
    return Response(body, status_code=status, media_type=JSON, headers=headers)


def on_framework_error(_: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """Exception handler for what the web framework refuses before a handler runs."""
    status, headers = error.status_code if error.status_code in MESSAGES else 400, {}
    if isinstance(error, NotFoundException):
        status = 404
    if isinstance(error, MethodNotAllowedException):
        allowed = {name.lower(): value for name, value in (error.headers or {}).items()}.get("allow", "OPTIONS")
        headers["Allow"] = ", ".join(sorted(allowed.split(", ")))
    return Response(error_body(status), status_code=status, media_type=JSON, headers=headers)


def on_fault(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Exception handler for bugs: 500, with its reference in the log."""
    log.error("request.fault", request_id=request.scope.get("waypost.request_id"), exc_info=error)
    return Response(error_body(500), status_code=500, media_type=JSON)


def on_group(request: Request[Any, Any, Any], error: ExceptionGroup[Exception]) -> Response[bytes]:
    """Exception handler for what the end of a transaction raises: the framework hands it over in a group."""
    known, rest = error.split(WaypostError)
    if known is None or rest is not None or not isinstance(known.exceptions[0], WaypostError):
        return on_fault(request, error)
    return on_core_error(request, known.exceptions[0])


EXCEPTION_HANDLERS: Any = {
    ExceptionGroup: on_group,
    WaypostError: on_core_error,
    HTTPException: on_framework_error,
    Exception: on_fault,
}
