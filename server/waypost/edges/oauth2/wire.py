"""What token calls look like: their parameters in every carrier that clients use, and the answers (spec: 2.3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

import msgspec

_FORM = "application/x-www-form-urlencoded"
_MOST_PARAMETERS = 100


class Unreadable(Exception):
    """The parameters cannot be told from what was sent."""


class Call(msgspec.Struct, frozen=True):
    """The parameters of a call. Empty ones count as not sent (RFC 6749, 3.2); those not named here do not count."""

    grant_type: str = ""
    client_id: str = ""
    client_secret: str = ""
    code: str = ""
    code_verifier: str | None = None
    refresh_token: str = ""
    token: str = ""


class TokenOut(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens, in the order of the documentation's samples."""

    refresh_token: str | msgspec.UnsetType = msgspec.UNSET
    token_type: str
    access_token: str
    expires_in: int


class ErrorOut(msgspec.Struct, frozen=True):
    """An error; `message` repeats the description, because some clients look there first."""

    error_description: str
    error: str
    message: str


def read_call(content_type: str, body: bytes, query: bytes) -> Call:
    """The parameters of body and query; the body's win. Raises Unreadable."""
    sent = {**_unique(_pairs(query)), **_read_body(content_type.partition(";")[0].strip().lower(), body)}
    return Call(**{name: sent[name] for name in Call.__struct_fields__ if sent.get(name)})


def _read_body(content_type: str, body: bytes) -> dict[str, str]:
    if not body.strip():
        return {}
    is_json = content_type == "application/json" or content_type.endswith("+json")
    # A body without a type, or with a wrong one, is taken for what it looks like.
    if is_json or (content_type != _FORM and body.lstrip().startswith(b"{")):
        return _read_json(body)
    return _unique(_pairs(body))


def _read_json(body: bytes) -> dict[str, str]:
    try:
        document = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable from error
    values: dict[str, str] = {}
    for name in Call.__struct_fields__:
        value = document.get(name)
        if isinstance(value, (dict, list, bool)):
            raise Unreadable
        if value is not None:
            values[name] = str(value)
    return values


def _pairs(text: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text.decode(), keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError as error:
        raise Unreadable from error


def _unique(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in pairs:
        # RFC 6749, 3.2: two values for one parameter are an error, not a choice.
        if name in Call.__struct_fields__ and found.setdefault(name, value) != value:
            raise Unreadable
    return found
