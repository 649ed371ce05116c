"""Structured logs: one event a line, for people or as JSON, and never a secret in them."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import msgspec
import structlog

HIDDEN = "[hidden]"
LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

_SECRET_NAME = re.compile(
    r"passw|secret|token|authori[sz]ation|cookie|api_?key|credential|dsn|_url$|^code$|otp", re.IGNORECASE
)
# Password of an address (postgresql://user:password@host), bearer tokens, and mail addresses, which are people's.
_IN_TEXT = (
    (re.compile(r"(://[^\s/:@]*):[^\s/@]+@"), rf"\1:{HIDDEN}@"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), rf"\1 {HIDDEN}"),
    (re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"), "[address]"),
    (
        re.compile(r"(?i)(password|secret|token|api_?key)(['\"]?\s*[=:]\s*)(?!\[hidden)['\"]?[^\s'\",&)]{4,}"),
        rf"\1\2{HIDDEN}",
    ),
)
# Links that are mailed carry a one-time token as a part of their path.
_TOKEN_IN_PATH = re.compile(r"(?<=/)[\w~-]{30,}(?=/|$)")

Line = MutableMapping[str, Any]


def set_up(log_format: str, level: str, stream: TextIO | None = None) -> None:
    """Configure logging of the whole process, that of libraries included."""
    stream = stream or sys.stderr
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso" if log_format == "json" else "%Y-%m-%d %H:%M:%S", utc=True),
    ]
    last = [*_renderers(log_format, stream)]
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(file=stream),
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # What libraries have to say below a warning is about themselves.
    root.setLevel(max(LEVELS[level], logging.WARNING))
    logging.captureWarnings(capture=True)


def _renderers(log_format: str, stream: TextIO) -> list[Any]:
    if log_format == "json":
        return [structlog.processors.format_exc_info, hide_secrets, _render_json]
    return [
        structlog.processors.format_exc_info,
        hide_secrets,
        structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback),
    ]


def hide_secrets(_logger: object, _method: str, line: Line) -> Line:
    """Blank out values that are secret by their name, and secrets and people's addresses inside texts."""
    for name, value in line.items():
        line[name] = _shown(name, value)
    return line


def _shown(name: str, value: Any) -> Any:
    if isinstance(value, str):
        if _SECRET_NAME.search(name) and value:
            return HIDDEN
        return clean(_TOKEN_IN_PATH.sub(HIDDEN, value) if name == "path" else value)
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    if isinstance(value, dict):
        return {key: _shown(str(key), item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_shown(name, item) for item in value]
    if isinstance(value, BaseException):
        return clean(repr(value))
    return value


def clean(text: str) -> str:
    """The text without the secrets that can be told by their look."""
    for pattern, replacement in _IN_TEXT:
        text = pattern.sub(replacement, text)
    return text


def _render_json(_logger: object, _method: str, line: Line) -> str:
    return msgspec.json.encode(dict(line), enc_hook=repr).decode()
