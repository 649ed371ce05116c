"""Errors as vnd.error bodies: one table from what the core raises to status and body (spec: 5)."""

from __future__ import annotations

from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException, ValidationException

from waypost.domains.accounts import Dialect
from waypost.edges.base.context import Unauthorized
from waypost.edges.inbox_v2 import body
from waypost.kit import errors

#: Exactly this text: the official PHP client compares it literally (spec: 5.2).
VND_ERROR = "application/vnd.error+json"
ABOUT_PATH = "/developers/errors"

log = structlog.get_logger(__name__)

MESSAGES = {
    400: "Bad request",
    401: "Unauthorized",
    403: "Access denied",
    404: "Resource not found",
    405: "Method not allowed",
    409: "Conflict",
    412: "Conversation has reached the maximum number of threads",
    413: "Request entity too large",
    415: "Unsupported media type",
    429: "API rate limit exceeded",
    500: "Internal server error",
    503: "Service unavailable",
}


def error_body(
    status: int, log_ref: str, base_url: str, message: str = "", fields: list[errors.FieldError] | None = None
) -> bytes:
    """The body of an error answer."""
    about = base_url + ABOUT_PATH
    document: dict[str, Any] = {
        "logRef": log_ref,
        "message": message or MESSAGES.get(status, "Error"),
        "_embedded": {"errors": [_field(about, field) for field in fields or []]},
        "_links": {"about": {"href": about}},
    }
    if status == 401:
        document["error"] = "invalid_token"
        document["error_description"] = "The access token is missing, wrong, expired or withdrawn"
    return msgspec.json.encode(document)


def _field(about: str, field: errors.FieldError) -> dict[str, Any]:
    built: dict[str, Any] = {"path": field.path, "message": field.message}
    if field.rejected is not msgspec.UNSET:
        built["rejectedValue"] = _shown(field.rejected)
    built["source"] = field.source
    built["_links"] = {"about": {"href": f"{about}#{field.kind}"}}
    return built


def _shown(value: Any) -> Any:
    """What was refused, short enough to send back; never a whole document."""
    if isinstance(value, str) and len(value) > 200:
        return value[:200] + "…"
    if isinstance(value, (dict, list)):
        text = msgspec.json.encode(value).decode()
        return value if len(text) <= 200 else text[:200] + "…"
    return value


_STATUSES: list[tuple[type[errors.WaypostError], int]] = [
    (errors.BadParameter, 400),
    (errors.Invalid, 422),
    (errors.Conflict, 409),
    (errors.NotFound, 404),
    (errors.Forbidden, 403),
    (errors.Unavailable, 412),
    (errors.Changed, 412),
    (errors.TooLarge, 413),
    (errors.Throttled, 429),
    (errors.Moved, 301),
    (errors.Busy, 503),
    (errors.StorageFull, 503),
    (Unauthorized, 401),
    (body.Unparsable, 400),
]


def status_of(error: errors.WaypostError, dialect: Dialect) -> int:
    """The one table from a kind of error to its status. The platform's dialect answers 400 to all that names fields."""
    if dialect is Dialect.PLATFORM and isinstance(error, (errors.Invalid, errors.Conflict)) and error.errors:
        return 400
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)


def render(request: Request[Any, Any, Any], error: errors.WaypostError) -> Response[bytes]:
    """Answer with an error of the core."""
    dialect: Dialect = request.scope.get("waypost.dialect", Dialect.SEED)  # type: ignore[assignment]
    status, message, fields, headers = explained(error, dialect)
    if isinstance(error, errors.Moved):
        headers["Location"] = _moved_location(request, error.new_id)
    return _answer(request, status, message, fields, headers)


def explained(error: errors.WaypostError, dialect: Dialect) -> tuple[int, str, list[errors.FieldError], dict[str, str]]:
    """Status, message, refused fields and headers of an answer to this error."""
    status = status_of(error, dialect)
    fields = error.errors if isinstance(error, (errors.Invalid, errors.Conflict)) else []
    message = "Validation failed" if fields else (error.message if status in (409, 412, 413, 400) else "")
    headers: dict[str, str] = {}
    if isinstance(error, (errors.Busy, errors.InProgress)):
        headers["Retry-After"] = "1"
    if isinstance(error, errors.Throttled):
        headers["Retry-After"] = str(error.retry_after_s)
    return status, message, fields, headers


def _moved_location(request: Request[Any, Any, Any], new_id: int) -> str:
    """The same path with the survivor's id in the place of the one asked for."""
    base_url: str = request.app.state.context.base_url
    segments = request.scope["path"].split("/")
    segments[3] = str(new_id)
    query = request.scope["query_string"].decode("latin-1")
    return base_url + "/".join(segments) + (f"?{query}" if query else "")


def _answer(
    request: Request[Any, Any, Any],
    status: int,
    message: str = "",
    fields: list[errors.FieldError] | None = None,
    headers: dict[str, str] | None = None,
) -> Response[bytes]:
    base_url: str = request.app.state.context.base_url
    log_ref: str = request.scope.get("waypost.request_id", "")  # type: ignore[assignment]
    headers = headers or {}
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    return Response(
        error_body(status, log_ref, base_url, message, fields),
        status_code=status,
        media_type=VND_ERROR,
        headers=headers,
    )


def on_core_error(request: Request[Any, Any, Any], error: errors.WaypostError) -> Response[bytes]:
    """Exception handler for everything that the core raises on purpose."""
    return render(request, error)


def on_framework_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """Exception handler for what the web framework refuses before a handler runs."""
    if isinstance(error, ValidationException):
        return render(request, body.explain(request, error))
    if isinstance(error, NotFoundException):
        return _answer(request, 404)
    if isinstance(error, MethodNotAllowedException):
        return _answer(request, 405, headers={"Allow": _allowed(error)})
    status = error.status_code if error.status_code in MESSAGES else 400
    message = body.UNPARSABLE if status == 400 else ""
    return _answer(request, status, message)


def _allowed(error: HTTPException) -> str:
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    return ", ".join(sorted(headers.get("allow", "OPTIONS").split(", ")))


def on_fault(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Exception handler for bugs: 500, with a reference that also stands in the log."""
    log.error("request.fault", request_id=request.scope.get("waypost.request_id"), exc_info=error)
    return _answer(request, 500)


def on_group(request: Request[Any, Any, Any], error: ExceptionGroup[Exception]) -> Response[bytes]:
    """Exception handler for what the end of a transaction raises: the framework hands it over in a group."""
    known, rest = error.split(errors.WaypostError)
    if known is None or rest is not None or not isinstance(known.exceptions[0], errors.WaypostError):
        return on_fault(request, error)
    return render(request, known.exceptions[0])


def on_too_deep(request: Request[Any, Any, Any], _: RecursionError) -> Response[bytes]:
    """Exception handler for JSON that is nested deeper than any reader goes."""
    return render(request, body.Unparsable())


EXCEPTION_HANDLERS: Any = {
    RecursionError: on_too_deep,
    ExceptionGroup: on_group,
    errors.WaypostError: on_core_error,
    HTTPException: on_framework_error,
    Exception: on_fault,
}
