"""Operations of PATCH calls: arrays as in JSON Patch, one operation alone, or a plain object (spec: 7.4, 7A.3, X9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from waypost.edges.inbox_v2.body import Unparsable, decoded
from waypost.edges.inbox_v2.body import read as read_as
from waypost.kit.errors import ErrorKind, FieldError, Invalid

OPERATORS = ("add", "move", "remove", "replace")
MOST_OPERATIONS = 100


class Operation(msgspec.Struct, frozen=True):
    """One operation, with its place in the request (`[2].` in an array, nothing alone)."""

    op: str
    path: str
    value: Any
    at: str

    def refuse(self, part: str, message: str, kind: ErrorKind) -> Invalid:
        """An error about `op`, `path` or `value` of this operation."""
        rejected = getattr(self, part, msgspec.UNSET)
        return Invalid([FieldError(self.at + part, message, kind, rejected)])


def read(body: Any, plain: Mapping[str, str] | None = None) -> list[Operation]:
    """The operations of a decoded body, in order. `plain` maps keys of a plain object to paths.

    Raises Unparsable for a body that is neither array nor object, Invalid with every operation that is malformed.
    """
    if isinstance(body, dict):
        if "op" not in body and plain is not None:
            return _of_plain(body, plain)
        items, is_alone = [body], True
    elif isinstance(body, list):
        items, is_alone = body, False
    else:
        raise Unparsable
    if len(items) > MOST_OPERATIONS:
        raise Invalid.one("", f"size must be between 0 and {MOST_OPERATIONS}", "Size")
    errors: list[FieldError] = []
    read_items = [_one(item, "" if is_alone else f"[{index}].", errors) for index, item in enumerate(items)]
    if errors:
        raise Invalid(errors)
    return read_items


def _one(item: Any, at: str, errors: list[FieldError]) -> Operation:
    if not isinstance(item, dict):
        errors.append(FieldError(at.rstrip("."), "must be an object", "Type", item))
        return Operation("", "", None, at)
    op, path = item.get("op"), item.get("path")
    if not isinstance(op, str) or op not in OPERATORS:
        names = ", ".join(repr(name) for name in OPERATORS)
        errors.append(FieldError(f"{at}op", f"must be one of {names}", "EnumValue", op))
    if not isinstance(path, str) or not path:
        errors.append(FieldError(f"{at}path", "may not be empty", "NotEmpty", path))
    return Operation(str(op), str(path), item.get("value"), at)


def _of_plain(body: dict[str, Any], plain: Mapping[str, str]) -> list[Operation]:
    found = [Operation("replace", path, body[key], "") for key, path in plain.items() if key in body]
    if body and not found:
        raise Invalid.one("op", "may not be empty", "NotEmpty")
    return found


def struct(raw: bytes, expected: type[Any]) -> Any:
    """A body that the router does not read itself, as a struct. Raises Unparsable, Invalid."""
    return read_as(expected, decoded(raw))
