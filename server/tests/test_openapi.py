"""The OpenAPI description: checked in as it is served, valid, and true of the route table."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.routes import HTTPRoute
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from tests import golden
from tests.desk import Desk
from waypost.app import build_router, description

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "write_openapi.py"
METHODS = ("get", "post", "put", "patch", "delete")
#: Paths that are an API. Pages, files and what serves those who run the desk are not described.
APIS = ("/v2/", "/v3/")
#: The description does not describe itself.
DESCRIPTION = "/v2/openapi"

_router = build_router(None)  # type: ignore[arg-type]  # describing needs no running desk


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return description(_router, "https://desk.example.org")


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield method, path, item[method]


def test_checked_in_file_is_what_the_handlers_say() -> None:
    # `make golden` writes it, as it writes every other agreed answer.
    arguments = [] if os.environ.get(golden.WRITE) == "write" else ["--check"]
    checked = subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


def test_document_is_valid_openapi(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    faults = [f"{error.instance_path}: {error.message}" for error in OPENAPI_31_VALIDATOR.iter_errors(document)]
    assert not faults


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    named = set(re.findall(r'"\$ref": "#/components/schemas/([^"]+)"', json.dumps(document)))
    assert named
    assert named <= set(document["components"]["schemas"])


def test_every_route_is_described_and_every_description_is_a_route(document: dict[str, Any]) -> None:
    routed = set()
    for route in _router.routes:
        if isinstance(route, HTTPRoute) and route.path.startswith(APIS) and not route.path.startswith(DESCRIPTION):
            path = re.sub(r"\{(\w+)[^}]*\}", r"{\1}", route.path)
            routed |= {(method.lower(), path) for method in route.methods if method.lower() in METHODS}
    described = {(method, path) for method, path, _ in operations(document)}
    assert described == routed


def test_operation_ids_are_unique(document: dict[str, Any]) -> None:
    counted = Counter(operation["operationId"] for _, _, operation in operations(document))
    assert [name for name, count in counted.items() if count > 1] == []


def test_every_operation_has_a_heading_a_summary_and_its_path_parameters(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        assert operation.get("tags"), f"{method} {path}"
        assert operation.get("summary"), f"{method} {path}"
        parameters = {item["name"] for item in operation.get("parameters", []) if item["in"] == "path"}
        assert parameters == set(re.findall(r"\{(\w+)\}", path)), f"{method} {path}"


async def test_desk_serves_the_same_document_under_its_own_address(desk: Desk, document: dict[str, Any]) -> None:
    answer = await (await desk.client()).get("/v2/openapi.json")
    assert answer.status_code == 200
    served = answer.json()
    assert served["servers"] == [{"url": desk.base_url}]
    assert served["paths"] == document["paths"]
