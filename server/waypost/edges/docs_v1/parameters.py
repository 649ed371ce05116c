"""Query parameters: described once, read leniently where the specification is lenient, all mistakes named at once."""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import parse_qsl

import msgspec
from litestar import Request
from litestar.openapi.spec import Parameter, Schema
from litestar.openapi.spec.enums import OpenAPIType

from waypost.kit.errors import BadParameter, FieldError
from waypost.kit.paging import PageRequest

Kind = Literal["text", "boolean", "choice", "number"]
PAGE_SIZE, MAX_PAGE_SIZE = 50, 100
#: Offsets stay within what the database can count; pages beyond are empty anyway.
MAX_PAGE = 10_000_000
_TRUE = frozenset({"true", "1", "on", "yes"})


class Query(msgspec.Struct, frozen=True):
    """One query parameter. `aliases` are other spellings that clients send."""

    name: str
    kind: Kind
    description: str
    aliases: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()


PAGE = Query("page", "number", "Page number, from 1.")
PAGE_LENGTH = Query("pageSize", "number", "Items a page, 50 unless said, 100 at most.", ("limit",))
PAGING = (PAGE, PAGE_LENGTH)
STATUS = Query("status", "choice", "Which articles.", (), ("all", "published", "notpublished"))
VISIBILITY = Query("visibility", "choice", "Which visibility.", (), ("all", "public", "private"))
ORDER = Query("order", "choice", "Which way it is sorted.", (), ("asc", "desc"))
RELOAD = Query("reload", "boolean", "Answer with the resource.")


def sorted_by(*choices: str) -> Query:
    """The parameter by which a list is sorted."""
    return Query("sort", "choice", "What it is sorted by.", (), choices)


class Values:
    """What a request said for the parameters it was asked about."""

    def __init__(self, values: dict[str, str | None], errors: list[FieldError]) -> None:
        self._values = values
        self.errors = errors

    def text(self, name: str) -> str | None:
        """The parameter, None if it is not there or empty."""
        return self._values.get(name) or None

    def boolean(self, name: str) -> bool | None:
        """Whether it says yes; None if it is not there."""
        text = self._values.get(name)
        return None if text is None else text.strip().lower() in _TRUE

    def page(self) -> PageRequest:
        """The page asked for: what is no page or size is the first page, or 50 (spec: 2.5)."""
        number, size = _whole(self.text("page")), _whole(self.text("pageSize"))
        return PageRequest(min(number or 1, MAX_PAGE), min(size or PAGE_SIZE, MAX_PAGE_SIZE))

    def done(self) -> None:
        """Raise what was wrong, all of it."""
        if self.errors:
            raise BadParameter(self.errors)


def read(request: Request[Any, Any, Any], *queries: Query) -> Values:
    """Read the described parameters. Raises BadParameter for a choice that there is not."""
    sent: dict[str, str] = {}
    for name, text in parse_qsl(
        request.scope["query_string"].decode("latin-1"), keep_blank_values=True, errors="replace"
    ):
        sent[name] = text.replace("\x00", "")
    values: dict[str, str | None] = {}
    errors: list[FieldError] = []
    for query in queries:
        value = next((sent[name] for name in (query.name, *query.aliases) if name in sent), None)
        if value and query.choices and value not in query.choices:
            errors.append(FieldError(query.name, f"{query.name} is invalid", "EnumValue", value, "QUERY"))
        values[query.name] = value
    found = Values(values, errors)
    found.done()
    return found


def as_parameter(query: Query) -> Parameter:
    """The parameter's OpenAPI description."""
    also = f" Also read as: {', '.join(query.aliases)}." if query.aliases else ""
    types = {"boolean": OpenAPIType.BOOLEAN, "number": OpenAPIType.INTEGER}
    schema = Schema(type=types.get(query.kind, OpenAPIType.STRING), enum=list(query.choices) or None)
    return Parameter(name=query.name, param_in="query", description=query.description + also, schema=schema)


def _whole(text: str | None) -> int | None:
    """A number from 1, or None for anything else."""
    if text is None or not text.isascii() or not text.isdigit():
        return None
    return int(text[:18]) or None
