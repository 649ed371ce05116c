"""Query parameters: described once, read leniently where the specification is lenient, all mistakes named at once.

The same descriptions make the OpenAPI document and do the reading, so the two cannot part.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import parse_qsl

import msgspec
from litestar import Request
from litestar.openapi.spec import Operation, Parameter, Schema
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType

from waypost.kit.errors import BadParameter, FieldError
from waypost.kit.paging import PageRequest

Kind = Literal["integer", "integers", "text", "texts", "boolean", "date", "choice"]
MAX_PAGE_SIZE = 100
#: Offsets stay within what the database can count; pages beyond are empty anyway.
MAX_PAGE = 10_000_000
MAX_ID = 2**63 - 1


class Query(msgspec.Struct, frozen=True):
    """One query parameter. `aliases` are other spellings that clients send."""

    name: str
    kind: Kind
    description: str
    aliases: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()


PAGE = Query("page", "text", "Page number, from 1.")
LIMIT = Query("limit", "text", "Items a page, 1 to 100.", ("size", "pageSize"))
PAGING = (PAGE, LIMIT)


class Values:
    """What a request said for the parameters it was asked about."""

    def __init__(self, values: dict[str, Any], errors: list[FieldError]) -> None:
        self._values = values
        self._errors = errors

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def refuse(self, error: FieldError) -> None:
        """Add a mistake that the description alone could not find."""
        self._errors.append(error)

    def page(self, default_size: int) -> PageRequest:
        """The page asked for (spec: 3.2: 0 or empty is 1; sizes above 100 are 100)."""
        number, size = 1, default_size
        if (text := self._values["page"]) not in (None, ""):
            number = self._whole(text, "page", 0) or 1
        if (text := self._values["limit"]) is not None:
            size = self._whole(text, "limit", 1) or 1
        return PageRequest(min(number, MAX_PAGE), min(size, MAX_PAGE_SIZE))

    def done(self) -> None:
        """Raise what was wrong, all of it."""
        if self._errors:
            raise BadParameter(self._errors)

    def _whole(self, text: str, name: str, least: int) -> int | None:
        if text.isascii() and text.isdigit() and int(text[:18]) >= least:
            return int(text[:18])
        self._errors.append(FieldError(name, "invalid number", "Number", text, "QUERY"))
        return None


def read(request: Request[Any, Any, Any], *queries: Query) -> Values:
    """Read the described parameters. Call `done()` on the result when all of them have been looked at."""
    sent: dict[str, list[str]] = {}
    for name, text in parse_qsl(
        request.scope["query_string"].decode("latin-1"), keep_blank_values=True, errors="replace"
    ):
        sent.setdefault(name, []).append(text.replace("\x00", ""))
    values: dict[str, Any] = {}
    errors: list[FieldError] = []
    for query in queries:
        texts = next((sent[name] for name in (query.name, *query.aliases) if name in sent), [])
        values[query.name] = _value(query, texts, errors)
    return Values(values, errors)


def _value(query: Query, texts: list[str], errors: list[FieldError]) -> Any:
    if query.kind == "texts":
        return texts
    if query.kind == "integers":
        parts = [part.strip() for text in texts for part in text.split(",") if part.strip()]
        return [number for part in parts if (number := _integer(query, part, errors)) is not None] if parts else None
    if not texts:
        return None
    text = texts[-1]
    match query.kind:
        case "text":
            return text
        case "integer":
            return _integer(query, text.strip(), errors) if text.strip() else None
        case "boolean":
            return text.strip().lower() in ("true", "1", "yes")
        case "date":
            return _date(query, text, errors) if text.strip() else None
        case _:
            return _choice(query, text, errors)


def _integer(query: Query, text: str, errors: list[FieldError]) -> int | None:
    digits = text.removeprefix("-")
    if digits.isascii() and digits.isdigit() and len(digits) < 19:
        return int(text)
    errors.append(FieldError(query.name, "invalid number", "Number", text, "QUERY"))
    return None


def _date(query: Query, text: str, errors: list[FieldError]) -> datetime | None:
    moment = parse_moment(text)
    if moment is None:
        errors.append(FieldError(query.name, "malformed date", "Date", text, "QUERY"))
    return moment


def parse_moment(text: str) -> datetime | None:
    """An ISO 8601 date-time, with or without fraction and offset, as UTC to the second; else None (spec: 4)."""
    try:
        # A `+` of an offset arrives as a blank when a client did not encode it.
        moment = datetime.fromisoformat(text.strip().replace(" ", "+") if "T" in text else text.strip())
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment.replace(microsecond=0)


def _choice(query: Query, text: str, errors: list[FieldError]) -> str | None:
    if text == "":
        return None
    for choice in query.choices:
        if choice.lower() == text.strip().lower():
            return choice
    expected = ", ".join(f"'{choice}'" for choice in query.choices)
    errors.append(FieldError(query.name, f"Expected one of these: {expected}", "EnumValue", text, "QUERY"))
    return None


_TYPES: dict[Kind, OpenAPIType] = {"integer": OpenAPIType.INTEGER, "boolean": OpenAPIType.BOOLEAN}


def documented(*queries: Query) -> type[Operation]:
    """An OpenAPI operation that lists these parameters; give it to a route as `operation_class`."""
    described = [
        Parameter(
            name=query.name,
            param_in="query",
            description=query.description + (f" Also read as: {', '.join(query.aliases)}." if query.aliases else ""),
            required=False,
            schema=_schema(query),
        )
        for query in queries
    ]

    @dataclass
    class DocumentedOperation(Operation):
        def __post_init__(self) -> None:
            self.parameters = [*(self.parameters or []), *described]

    return DocumentedOperation


def _schema(query: Query) -> Schema:
    if query.name in ("page", "limit"):
        return Schema(type=OpenAPIType.INTEGER, minimum=0 if query.name == "page" else 1)
    if query.kind == "date":
        return Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.DATE_TIME)
    if query.choices:
        return Schema(type=OpenAPIType.STRING, enum=list(query.choices))
    return Schema(type=_TYPES.get(query.kind, OpenAPIType.STRING))
