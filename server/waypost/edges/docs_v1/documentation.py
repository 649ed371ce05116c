"""The OpenAPI description of the Docs API, made from its routes."""

from __future__ import annotations

from typing import Any

import litestar
from litestar import Litestar
from litestar.openapi import OpenAPIConfig

from waypost import __version__
from waypost.edges.docs_v1.app import make_router
from waypost.edges.docs_v1.errors import MESSAGES

ERROR_SCHEMA: dict[str, Any] = {
    "title": "DocsError",
    "type": "object",
    "required": ["code", "error"],
    "properties": {
        "code": {"type": "integer", "description": "The status."},
        "error": {"type": "string", "description": "The first mistake."},
    },
    "additionalProperties": {
        "type": "array",
        "items": {"type": "string"},
        "description": "What is wrong with the member of that name.",
    },
}
_ERRORS = {"get": (400, 401, 403, 404, 429), "delete": (400, 401, 403, 404, 429)}
_WRITE_ERRORS = (400, 401, 403, 404, 413, 415, 429)


class NoPages(litestar.Controller):
    """Stands where the framework would mount its own viewers of the description."""

    path = "/v1/openapi"


def describe(base_url: str) -> dict[str, Any]:
    """The description as served under an address."""
    described = Litestar(
        route_handlers=[make_router(is_described=True)],
        openapi_config=OpenAPIConfig(
            title="Waypost Docs API",
            version=__version__,
            openapi_controller=NoPages,  # type: ignore[arg-type]  # any controller will do
            use_handler_docstrings=True,
        ),
        logging_config=None,
    )
    schema: dict[str, Any] = described.openapi_schema.to_schema()
    schema["servers"] = [{"url": base_url}]
    components = schema.setdefault("components", {})
    components.setdefault("schemas", {})["DocsError"] = ERROR_SCHEMA
    components["securitySchemes"] = {
        "key": {"type": "http", "scheme": "basic", "description": "The key as user name, anything as password."}
    }
    for item in schema["paths"].values():
        for method, operation in item.items():
            if method in ("get", "post", "put", "delete"):
                _complete(operation, _ERRORS.get(method, _WRITE_ERRORS))
    return schema


def _complete(operation: dict[str, Any], statuses: tuple[int, ...]) -> None:
    described = operation.get("description", "").split("\n\n")[0].rstrip(".")
    operation["summary"] = " ".join(described.split()) or operation.get("summary", "")
    operation["security"] = [{"key": []}]
    answers = operation.setdefault("responses", {})
    answers.pop("400", None)
    answers.get("204", {}).pop("content", None)
    for status in statuses:
        content = {"application/json": {"schema": {"$ref": "#/components/schemas/DocsError"}}}
        answers[str(status)] = {"description": MESSAGES[status], "content": content}
