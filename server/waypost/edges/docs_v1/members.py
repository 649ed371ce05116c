"""What bodies hold: described once, read leniently where clients differ, all mistakes named at once.

The same descriptions make the OpenAPI document and do the reading, so the two cannot part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, TypeVar

import msgspec
from litestar import Request
from litestar.openapi.spec import Operation, Parameter, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.openapi.spec.media_type import OpenAPIMediaType
from msgspec import UNSET, UnsetType

from waypost.edges.docs_v1.errors import Unparsable, WrongContentType
from waypost.edges.docs_v1.form import MULTIPART, FilePart, Form
from waypost.edges.docs_v1.gate import BODY, FORM
from waypost.edges.docs_v1.parameters import Query, as_parameter
from waypost.kit.errors import FieldError, Invalid

Kind = Literal["text", "number", "boolean", "texts", "file", "object", "objects"]
Choice = TypeVar("Choice", bound=Enum)
_JSON_TYPES = frozenset({"", "application/json", "text/json", "text/plain", "application/x-www-form-urlencoded"})
_TRUE = frozenset({"true", "1", "on", "yes"})
_FALSE = frozenset({"false", "0", "off", "no", ""})


class Member(msgspec.Struct, frozen=True):
    """One member of a body. `aliases` are other spellings that clients send."""

    name: str
    kind: Kind
    description: str
    is_required: bool = False
    choices: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


RELOAD = Member("reload", "boolean", "Answer with the resource.")


class Members:
    """What a body says for the members it was asked about. Call `done()` when all have been looked at."""

    def __init__(self, values: dict[str, Any], files: dict[str, FilePart], *, is_form: bool) -> None:
        self.values = values
        self.files = files
        # spec: 3.10. Some clients send all parts, empty ones for what they do not mean.
        self._absent: tuple[Any, ...] = (None, "") if is_form else (None,)
        self.errors: list[FieldError] = []

    def has(self, name: str) -> bool:
        """Whether the member is there at all, be it null."""
        return name in self.values

    def raw(self, name: str) -> Any:
        """The member as it was sent; UNSET if it is not there, or null."""
        value = self.values.get(name)
        return UNSET if value in self._absent else value

    def text(self, name: str) -> str | UnsetType:
        """A text; null counts as not sent. Numbers are taken for the texts that they look like."""
        value = self.raw(name)
        if value is UNSET or isinstance(value, str):
            return value if value is UNSET else value.replace("\x00", "")
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return str(value)
        self._refuse(name)
        return UNSET

    def nullable_text(self, name: str) -> str | UnsetType | None:
        """A text, or None for one that was taken away by null."""
        return None if self._is_null(name) else self.text(name)

    def number(self, name: str) -> int | UnsetType:
        """A whole number, also as text."""
        value = self.raw(name)
        if isinstance(value, str) and len(value) < 16 and value.strip().removeprefix("-").isdecimal():
            value = int(value)
        if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
            value = int(value)
        if value is UNSET or (isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63):
            return value
        self._refuse(name)
        return UNSET

    def nullable_number(self, name: str) -> int | UnsetType | None:
        """A whole number, or None for one that was taken away by null."""
        return None if self._is_null(name) else self.number(name)

    def boolean(self, name: str) -> bool | UnsetType:
        """True or false, also as clients write them (spec: 2.7)."""
        value = self.raw(name)
        if isinstance(value, bool) or value is UNSET:
            return value
        word = str(value).strip().lower() if isinstance(value, (str, int)) else "?"
        if word in _TRUE or word in _FALSE:
            return word in _TRUE
        self._refuse(name)
        return UNSET

    def texts(self, name: str) -> list[str] | UnsetType | None:
        """A list of texts, None for null; one text alone is a list of one, or of what commas part."""
        if self._is_null(name):
            return None
        value = self.raw(name)
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        if isinstance(value, list) and all(isinstance(item, (str, int)) for item in value):
            return [str(item).replace("\x00", "") for item in value]
        if value is not UNSET:
            self._refuse(name)
        return UNSET

    def choice(
        self, name: str, choices: type[Choice], others: Mapping[str, Choice] | None = None
    ) -> Choice | UnsetType:
        """One of some words; `others` are further spellings."""
        text = self.text(name)
        if text is UNSET:
            return UNSET
        for choice in choices:
            if choice.value == text:
                return choice
        if others and text in others:
            return others[text]
        self._refuse(name)
        return UNSET

    def file(self, name: str) -> FilePart | None:
        """A file that was sent."""
        return self.files.get(name)

    def done(self) -> None:
        """Raise what was wrong, all of it."""
        if self.errors:
            raise Invalid(self.errors)

    def _is_null(self, name: str) -> bool:
        return name in self.values and self.values[name] is None

    def _refuse(self, name: str) -> None:
        self.errors.append(FieldError(name, f"{name} is invalid", "Type", self.values.get(name)))


def read_members(request: Request[Any, Any, Any], members: tuple[Member, ...], envelope: str = "") -> Members:
    """The members of a JSON object, at its top or in its envelope. An empty body is an empty object."""
    value = read_json(request)
    if not isinstance(value, dict):
        raise Unparsable("The body must be a JSON object")
    inner = value.get(envelope)
    if envelope and isinstance(inner, dict):
        value = {**{name: held for name, held in value.items() if name != envelope}, **inner}
    return Members(_renamed(value, members), {}, is_form=False)


def read_json(request: Request[Any, Any, Any]) -> Any:
    """The body as plain values. Raises WrongContentType or Unparsable."""
    declared = str(request.headers.get("content-type", "")).partition(";")[0].strip().lower()
    if declared not in _JSON_TYPES and not declared.endswith("+json"):
        raise WrongContentType("The body must be JSON")
    raw: bytes = request.scope.get(BODY) or b""  # type: ignore[assignment]
    if not raw.strip():
        return {}
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Unparsable("Error parsing request body into JSON") from error


def read_parts(request: Request[Any, Any, Any], members: tuple[Member, ...]) -> Members:
    """The parts of a form. Raises WrongContentType."""
    form: Form | None = request.scope.get(FORM)  # type: ignore[assignment]
    if form is None:
        raise WrongContentType("The body must be multipart/form-data")
    return Members(_renamed(dict(form.texts), members), form.files, is_form=True)


def _renamed(values: dict[str, Any], members: tuple[Member, ...]) -> dict[str, Any]:
    for member in members:
        for alias in member.aliases:
            if alias in values:
                values.setdefault(member.name, values.pop(alias))
    return values


_TYPES: dict[Kind, OpenAPIType] = {
    "text": OpenAPIType.STRING,
    "file": OpenAPIType.STRING,
    "number": OpenAPIType.INTEGER,
    "boolean": OpenAPIType.BOOLEAN,
    "texts": OpenAPIType.ARRAY,
    "objects": OpenAPIType.ARRAY,
    "object": OpenAPIType.OBJECT,
}


def documented(
    *queries: Query, members: tuple[Member, ...] = (), is_form: bool = False, is_update: bool = False
) -> type[Operation]:
    """An OpenAPI operation with these parameters and members; give it to a route as `operation_class`."""
    parameters: list[Parameter] = [as_parameter(query) for query in queries]
    body = _request_body(members, is_form=is_form, is_update=is_update) if members else None

    @dataclass
    class DocumentedOperation(Operation):
        def __post_init__(self) -> None:
            self.parameters = [*(self.parameters or []), *parameters]
            self.request_body = body or self.request_body

    return DocumentedOperation


def _request_body(members: tuple[Member, ...], *, is_form: bool, is_update: bool) -> RequestBody:
    properties: dict[str, Any] = {member.name: _schema(member) for member in members}
    required = [member.name for member in members if member.is_required and not is_update]
    schema = Schema(type=OpenAPIType.OBJECT, properties=properties, required=required or None)
    media_type = MULTIPART if is_form else "application/json"
    return RequestBody(content={media_type: OpenAPIMediaType(schema=schema)}, required=bool(required))


def _schema(member: Member) -> Schema:
    also = f" Also read as: {', '.join(member.aliases)}." if member.aliases else ""
    text = member.description + also
    if member.kind == "texts":
        return Schema(type=OpenAPIType.ARRAY, items=Schema(type=OpenAPIType.STRING), description=text)
    if member.kind == "objects":
        return Schema(type=OpenAPIType.ARRAY, items=Schema(type=OpenAPIType.OBJECT), description=text)
    if member.kind == "file":
        return Schema(type=OpenAPIType.STRING, content_media_type="application/octet-stream", description=text)
    return Schema(type=_TYPES[member.kind], enum=list(member.choices) or None, description=text)
