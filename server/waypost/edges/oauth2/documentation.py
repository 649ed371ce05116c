"""How the token calls stand in the OpenAPI document: their body comes in several forms, which handlers cannot tell."""

from __future__ import annotations

from dataclasses import dataclass

from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType

from waypost.edges.oauth2.wire import ErrorOut

#: The errors of both calls (spec: 2.3).
ERRORS = {
    status: ResponseSpec(data_container=ErrorOut, description=description, generate_examples=False)
    for status, description in {
        400: "The request, the code or the refresh token is not valid",
        401: "The client is not known, or its owner is not active",
        429: "Too many calls; Retry-After says how long to wait",
    }.items()
}
_TEXT = Schema(type=OpenAPIType.STRING)
_CLIENT = {"client_id": _TEXT, "client_secret": _TEXT}
_CARRIERS = ("application/x-www-form-urlencoded", "application/json")


def _body(properties: dict[str, Schema], required: list[str]) -> RequestBody:
    schema = Schema(type=OpenAPIType.OBJECT, properties={**properties, **_CLIENT}, required=required)
    # Not required: the query string may carry the parameters instead.
    return RequestBody(content={carrier: OpenAPIMediaType(schema=schema) for carrier in _CARRIERS}, required=False)


@dataclass
class TokenOperation(Operation):
    """E2."""

    def __post_init__(self) -> None:
        kinds = Schema(type=OpenAPIType.STRING, enum=["client_credentials", "authorization_code", "refresh_token"])
        properties = {"grant_type": kinds, "code": _TEXT, "code_verifier": _TEXT, "refresh_token": _TEXT}
        self.request_body = _body(properties, ["grant_type"])
        self.security = [{}]


@dataclass
class RevocationOperation(Operation):
    """RFC 7009."""

    def __post_init__(self) -> None:
        self.request_body = _body({"token": _TEXT, "token_type_hint": _TEXT}, [])
        self.security = [{}]
