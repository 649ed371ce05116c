"""The API as its OpenAPI document describes it: every call with the fields of its body and its query parameters."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.security.routes import DEVELOPMENT, Call, calls
from waypost.app import build_router, description

Place = tuple[str | int, ...]


class Field(NamedTuple):
    """A field of a body; `types` are JSON's words for what it takes, `is_free` says that it takes any text."""

    place: Place
    types: frozenset[str]
    is_free: bool

    @property
    def name(self) -> str:
        """The field as errors name it: `threads[0].type`."""
        return path_of(self.place)


class Operation(NamedTuple):
    """A call, the fields of its body (none where the body is not described), and its query parameters."""

    call: Call
    fields: list[Field]
    queries: list[str]
    #: Some calls that write take nothing but their path.
    takes_body: bool


def path_of(place: Place) -> str:
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def operations() -> list[Operation]:
    """Every call of the route table that every desk answers, with what the document says of it."""
    document = description(build_router(None), "http://desk.example")  # type: ignore[arg-type]
    schemas = document["components"]["schemas"]
    found = []
    for call in calls():
        if call.path in DEVELOPMENT:
            continue
        described = document["paths"][call.path][call.method.lower()]
        content = described.get("requestBody", {}).get("content", {}).get("application/json", {})
        queries = [item["name"] for item in described.get("parameters", []) if item["in"] == "query"]
        found.append(Operation(call, _merged(_walk(schemas, content.get("schema", {}), ())), queries, bool(content)))
    return found


def _merged(fields: Iterator[Field]) -> list[Field]:
    """One entry a place, where several kinds of value are described for it."""
    found: dict[Place, Field] = {}
    for field in fields:
        known = found.get(field.place)
        if known is None:
            found[field.place] = field
        else:
            found[field.place] = Field(field.place, known.types | field.types, known.is_free or field.is_free)
    return list(found.values())


def _walk(schemas: dict[str, Any], schema: dict[str, Any], place: Place) -> Iterator[Field]:
    while "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    for choice in (*schema.get("oneOf", []), *schema.get("anyOf", [])):
        yield from _walk(schemas, choice, place)
    kind = schema.get("type")
    if isinstance(kind, str) and place:
        yield Field(place, frozenset({kind}), kind == "string" and "enum" not in schema and "format" not in schema)
    for name, inner in schema.get("properties", {}).items():
        yield from _walk(schemas, inner, (*place, name))
    if kind == "array":
        yield from _walk(schemas, schema.get("items", {}), (*place, 0))


def with_value(body: Any, place: Place, value: Any) -> Any:
    """A copy of the body with the value in that place; what is missing on the way there is made."""
    changed = copy.deepcopy(body)
    if not place:
        return value
    at: Any = changed
    for step, following in zip(place, (*place[1:], None), strict=True):
        last = following is None
        if isinstance(step, int):
            while len(at) <= step:
                at.append(None)
        if last:
            at[step] = value
        else:
            kind = list if isinstance(following, int) else dict
            held = at[step] if isinstance(step, int) else at.get(step)
            if not isinstance(held, kind):
                at[step] = kind()
            at = at[step]
    return changed
