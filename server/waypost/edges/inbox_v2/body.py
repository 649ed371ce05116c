"""Reading JSON bodies: typed by msgspec when they are right, explained field by field when they are not.

msgspec stops at the first mistake. A refused body is therefore walked a second time, against the same types, to name
every bad field at once (spec: 5.3). Right bodies pay nothing for that.
"""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Request
from litestar.exceptions import ValidationException
from msgspec import inspect

from waypost.kit.errors import BadParameter, ErrorKind, FieldError, Invalid, WaypostError

#: Ids on the wire are 64-bit; larger numbers are refused as content, not by the database.
Id = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
#: Numbers that stand for something only sometimes: 0 for nobody, say.
Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
#: Text that must hold something.
Required = Annotated[str, msgspec.Meta(min_length=1)]


UNPARSABLE = "Error parsing request body into JSON"


class Unparsable(WaypostError):
    """The body is not JSON, or not the kind of JSON value that is read here."""

    def __init__(self) -> None:
        super().__init__(UNPARSABLE)


def explain(request: Request[Any, Any, Any], error: ValidationException) -> WaypostError:
    """Turn the framework's refusal of a request into all the mistakes in it."""
    field = getattr(request.scope.get("route_handler"), "parsed_data_field", None)
    if field is not None:
        try:
            value = decoded(request.scope.get("waypost.body", b""))  # type: ignore[arg-type]
        except Unparsable as unparsable:
            return unparsable
        if not isinstance(value, (dict, list)):
            return Unparsable()
        problems = problems_of(field.annotation, value)
        if any(not problem.path for problem in problems):
            return Unparsable()
        if problems:
            return Invalid(problems)
    extra = error.extra if isinstance(error.extra, list) else []
    fields = [
        FieldError(str(item.get("key", "")), str(item.get("message", error.detail)).lower(), "Type", source="QUERY")
        for item in extra
        if isinstance(item, dict)
    ]
    return BadParameter(fields) if fields else Unparsable()


def decoded(raw: bytes) -> Any:
    """JSON as plain values. Raises Unparsable."""
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Unparsable from error


def read_optional(request: Request[Any, Any, Any], expected: Any) -> Any:
    """The body of a call that may come without one, as the type; nothing reads as an empty object."""
    raw: bytes = request.scope.get("waypost.body") or b"{}"  # type: ignore[assignment]
    return read(expected, decoded(raw))


def problems_of(expected: Any, value: Any) -> list[FieldError]:
    """Every field of a decoded JSON value that does not fit the type, in document order."""
    found: list[FieldError] = []
    _walk(inspect.type_info(expected), value, "", found)
    return found


def read(expected: Any, value: Any) -> Any:
    """A decoded JSON value as the type. Raises Invalid with all mistakes, or Unparsable for a value of another kind."""
    try:
        return msgspec.convert(value, expected, strict=False)
    except msgspec.ValidationError as error:
        if not isinstance(value, (dict, list)):
            raise Unparsable from error
        raise Invalid(problems_of(expected, value) or [FieldError("", str(error), "Type")]) from error


def _walk(expected: inspect.Type, value: Any, path: str, found: list[FieldError]) -> None:
    if isinstance(expected, inspect.UnionType):
        _walk_union(expected, value, path, found)
    elif isinstance(expected, inspect.StructType):
        _walk_struct(expected, value, path, found)
    elif isinstance(expected, (inspect.ListType, inspect.VarTupleType)) and isinstance(value, list):
        _check_size(expected, value, path, found)
        for index, item in enumerate(value):
            _walk(expected.item_type, item, f"{path}[{index}]", found)
    elif isinstance(expected, inspect.DictType) and isinstance(value, dict):
        for key, item in value.items():
            _walk(expected.value_type, item, f"{path}.{key}" if path else key, found)
    else:
        problem = _leaf_problem(expected, value, path)
        if problem is not None:
            found.append(problem)


def _walk_union(expected: inspect.UnionType, value: Any, path: str, found: list[FieldError]) -> None:
    members = [member for member in expected.types if not isinstance(member, (inspect.NoneType, inspect.CustomType))]
    if value is None and expected.includes_none:
        return
    branches: list[list[FieldError]] = []
    for member in members:
        branch: list[FieldError] = []
        _walk(member, value, path, branch)
        if not branch:
            return
        branches.append(branch)
    # The member of the value's own kind explains best: an object against a struct, a list against a list.
    branches.sort(key=lambda branch: all(item.path == path for item in branch))
    if branches:
        found.extend(branches[0])


def _walk_struct(expected: inspect.StructType, value: Any, path: str, found: list[FieldError]) -> None:
    if not isinstance(value, dict):
        found.append(FieldError(path, "must be an object", "Type", value))
        return
    for field in expected.fields:
        at = f"{path}.{field.encode_name}" if path else field.encode_name
        if field.encode_name in value:
            _walk(field.type, value[field.encode_name], at, found)
        elif field.required:
            found.append(_missing(field.type, at))


def _missing(expected: inspect.Type, path: str) -> FieldError:
    if isinstance(expected, (inspect.StrType, inspect.ListType)):
        return FieldError(path, "may not be empty", "NotEmpty")
    return FieldError(path, "may not be null", "NotNull")


def _check_size(expected: Any, value: list[Any], path: str, found: list[FieldError]) -> None:
    low, high = expected.min_length or 0, expected.max_length
    if not value and low:
        found.append(FieldError(path, "may not be empty", "NotEmpty"))
    elif len(value) < low or (high is not None and len(value) > high):
        found.append(FieldError(path, f"size must be between {low} and {high}", "Size"))


def _leaf_problem(expected: inspect.Type, value: Any, path: str) -> FieldError | None:
    if value is None and not isinstance(expected, (inspect.NoneType, inspect.AnyType)):
        return FieldError(path, "may not be null", "NotNull")
    try:
        msgspec.convert(value, _as_annotation(expected), strict=False)
    except msgspec.ValidationError:
        message, kind = _reason(expected, value)
        return FieldError(path, message, kind, value)
    return None


def _as_annotation(expected: inspect.Type) -> Any:
    """The Python type that an inspected leaf was made from, with its bounds."""
    bounds: dict[str, Any] = {}
    for name in ("min_length", "max_length", "pattern", "ge", "le", "gt", "lt", "multiple_of", "tz"):
        bound = getattr(expected, name, None)
        if bound is not None:
            bounds[name] = bound
    python = _PYTHON.get(type(expected))
    if isinstance(expected, inspect.EnumType):
        return expected.cls
    if isinstance(expected, inspect.LiteralType):
        return _literal(expected)
    if python is None:
        return Any
    return Annotated[python, msgspec.Meta(**bounds)] if bounds else python


def _literal(expected: inspect.LiteralType) -> Any:
    from typing import Literal

    return Literal[tuple(expected.values)]


_PYTHON: dict[type, Any] = {
    inspect.StrType: str,
    inspect.IntType: int,
    inspect.FloatType: float,
    inspect.BoolType: bool,
    inspect.DateTimeType: datetime,
    inspect.ListType: list,
    inspect.VarTupleType: list,
    inspect.DictType: dict,
    inspect.NoneType: type(None),
    inspect.RawType: msgspec.Raw,
}


def _reason(expected: inspect.Type, value: Any) -> tuple[str, ErrorKind]:
    """Why a leaf is refused, in the words of the platform's own list of messages."""
    if isinstance(expected, inspect.EnumType):
        return one_of(expected.cls), "EnumValue"
    if isinstance(expected, inspect.LiteralType):
        return f"must be one of {', '.join(repr(item) for item in expected.values)}", "EnumValue"
    if isinstance(expected, inspect.StrType) and isinstance(value, str):
        low, high = expected.min_length or 0, expected.max_length
        if not value and low:
            return "may not be empty", "NotEmpty"
        if len(value) < low or (high is not None and len(value) > high):
            return f"size must be between {low} and {high}", "Size"
        return "is not well formed", "Type"
    if isinstance(expected, inspect.DateTimeType):
        return "malformed date", "Date"
    if isinstance(expected, (inspect.IntType, inspect.FloatType)):
        return "invalid number", "Number"
    names = {inspect.StrType: "a string", inspect.BoolType: "true or false", inspect.ListType: "an array"}
    return f"must be {names.get(type(expected), 'of another type')}", "Type"


def one_of(choices: type[enum.Enum]) -> str:
    """The message for an unknown value of an enumeration."""
    return f"must be one of {', '.join(repr(choice.value) for choice in choices)}"
