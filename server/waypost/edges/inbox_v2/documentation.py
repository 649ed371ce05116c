"""What the OpenAPI description says of every call of the Inbox API beside what its handler shows: rights and errors."""

from __future__ import annotations

from typing import Any

from waypost.edges.inbox_v2.errors import MESSAGES, VND_ERROR
from waypost.edges.inbox_v2.preconditions import VERSIONED

_LINKS = {
    "type": "object",
    "required": ["about"],
    "properties": {"about": {"type": "object", "required": ["href"], "properties": {"href": {"type": "string"}}}},
}
VND_ERROR_SCHEMA: dict[str, Any] = {
    "title": "VndError",
    "type": "object",
    "required": ["logRef", "message", "_embedded", "_links"],
    "properties": {
        "logRef": {"type": "string", "description": "The request's id; also in Correlation-Id and in the log."},
        "message": {"type": "string"},
        "_embedded": {
            "type": "object",
            "required": ["errors"],
            "properties": {"errors": {"type": "array", "items": {"$ref": "#/components/schemas/VndFieldError"}}},
        },
        "_links": _LINKS,
    },
}
VND_FIELD_ERROR_SCHEMA: dict[str, Any] = {
    "title": "VndFieldError",
    "type": "object",
    "required": ["path", "message", "source", "_links"],
    "properties": {
        "path": {"type": "string", "description": "Dotted, array places in brackets: `threads[0].type`."},
        "message": {"type": "string"},
        "rejectedValue": {},
        "source": {"type": "string", "enum": ["JSON", "QUERY", "PATH", "HEADER"]},
        "_links": _LINKS,
    },
}
_READ_ERRORS = (400, 401, 403, 404, 429)
_WRITE_ERRORS = (*_READ_ERRORS, 409, 412, 413, 415, 422)
_IF_MATCH: dict[str, Any] = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "Tags (`ETag`) of what is changed, or `*`: 412 if it is not any more as it was read.",
    "schema": {"type": "string"},
}
_IDEMPOTENCY_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Does the work once: the same request within 24 hours gets the first answer again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}

#: Calls that answer something else than JSON when they are asked to.
_OTHER_TYPES = {
    "/v2/audit": "text/csv",
    "/v2/conversations/{conversation_id}/threads/{thread_id}/original-source": "message/rfc822",
}


def complete(schema: dict[str, Any], base_url: str) -> dict[str, Any]:
    """Add the address, the ways to sign in, and the error answers to a description made from the handlers."""
    schema["servers"] = [{"url": base_url}]
    components = schema.setdefault("components", {})
    components.setdefault("schemas", {}).update({"VndError": VND_ERROR_SCHEMA, "VndFieldError": VND_FIELD_ERROR_SCHEMA})
    components["securitySchemes"] = {
        "oauth2": {
            "type": "oauth2",
            "flows": {
                "clientCredentials": {"tokenUrl": f"{base_url}/v2/oauth2/token", "scopes": {}},
                "authorizationCode": {
                    "authorizationUrl": f"{base_url}/authentication/authorizeClientApplication",
                    "tokenUrl": f"{base_url}/v2/oauth2/token",
                    "refreshUrl": f"{base_url}/v2/oauth2/token",
                    "scopes": {},
                },
            },
        }
    }
    for path, media_type in _OTHER_TYPES.items():
        content = schema["paths"][path]["get"]["responses"]["200"]["content"]
        for described in content.values():
            # The handler's other kind of answer is described by its own media type, not beside the JSON.
            kinds = [kind for kind in described["schema"].get("oneOf", []) if kind]
            described["schema"] = kinds[0] if kinds else described["schema"]
        content[media_type] = {"schema": {"type": "string"}}
    for path, item in schema["paths"].items():
        if path.startswith("/v2/oauth2/"):
            continue
        for method, operation in item.items():
            if method in ("get", "post", "put", "patch", "delete"):
                _complete_operation(operation, _READ_ERRORS if method == "get" else _WRITE_ERRORS)
            if method in ("post", "put", "patch", "delete") and any(f"{{{name}}}" in path for name in VERSIONED):
                operation["parameters"] = [*operation.get("parameters", []), _IF_MATCH]
            if method == "post":
                operation["parameters"] = [*operation.get("parameters", []), _IDEMPOTENCY_KEY]
    return schema


def _complete_operation(operation: dict[str, Any], statuses: tuple[int, ...]) -> None:
    # A handler's docstring begins with what the call does; the framework's own summary is the function's name.
    described = operation.get("description", "").split("\n\n")[0].split(". ")[0].rstrip(".")
    operation["summary"] = " ".join(described.split()) or operation.get("summary", "")
    operation["security"] = [{"oauth2": []}]
    answers = operation.setdefault("responses", {})
    # The framework documents a 400 of its own shape, which is never sent here.
    answers.pop("400", None)
    for bodiless in ("202", "204"):
        answers.get(bodiless, {}).pop("content", None)
    for status in statuses:
        answers[str(status)] = {
            "description": MESSAGES.get(status, "Validation failed"),
            "content": {VND_ERROR: {"schema": {"$ref": "#/components/schemas/VndError"}}},
        }
