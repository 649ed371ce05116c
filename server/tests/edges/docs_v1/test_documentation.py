"""The OpenAPI description of the Docs API: valid, whole, and served."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from litestar.routes import HTTPRoute
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from tests.desk import Desk
from waypost.edges.docs_v1.app import make_router
from waypost.edges.docs_v1.documentation import describe

METHODS = ("get", "post", "put", "delete")


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return describe("https://desk.example.org")


def test_the_description_is_valid_and_whole(document: dict[str, Any]) -> None:
    assert not [f"{error.instance_path}: {error.message}" for error in OPENAPI_31_VALIDATOR.iter_errors(document)]
    routed = set()
    for route in make_router(is_described=True).routes:
        assert isinstance(route, HTTPRoute)
        for handler in route.route_handlers:
            if handler.include_in_schema is not False:
                path = re.sub(r"\{(\w+)[^}]*\}", r"{\1}", route.path)
                routed |= {(method.lower(), path) for method in handler.http_methods if method.lower() in METHODS}
    described = {(method, path) for path, item in document["paths"].items() for method in METHODS if method in item}
    assert described == routed
    # spec: 1. The one beside those that the specification counts has a name of its own.
    assert len(described - {("get", "/v1/sites/{site_id}/broken-links")}) == 41


def test_every_call_has_a_summary_and_its_errors(document: dict[str, Any]) -> None:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                assert item[method]["summary"], path
                assert {"400", "401", "403", "404", "429"} <= set(item[method]["responses"]), path
    assert set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document))) <= set(
        document["components"]["schemas"]
    )


async def test_the_desk_serves_it(desk: Desk, document: dict[str, Any]) -> None:
    answer = await (await desk.client()).get("/v1/openapi.json")

    assert answer.status_code == 200
    assert answer.json() == {**document, "servers": [{"url": desk.base_url}]}
