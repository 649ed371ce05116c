"""The route table as the security tests walk it: whatever is added to the Inbox API is in them by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from litestar.routes import HTTPRoute

from waypost.edges.inbox_v2.app import router

#: Answers that do not end by themselves; their tests are in tests/edges/inbox_v2/test_live.py.
ENDLESS = frozenset({"/v2/events/stream"})
#: What a desk in use answers 404 to.
DEVELOPMENT = frozenset({"/v2/clock"})


class Call(NamedTuple):
    """One method of one path; `parameters` are the names of its placeholders."""

    method: str
    path: str
    parameters: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    def filled(self, values: dict[str, Any]) -> str:
        path = self.path
        for name in self.parameters:
            path = path.replace("{" + name + "}", str(values[name]))
        return path


def calls() -> list[Call]:
    """Every call of the Inbox API, in a stable order."""
    return sorted(set(_walk()))


def _walk() -> Iterator[Call]:
    for route in router.routes:
        if not isinstance(route, HTTPRoute) or route.path in ENDLESS:
            continue
        path, names = route.path, []
        for component in route.path_components:
            if not isinstance(component, str):
                path = path.replace("{" + component.full + "}", "{" + component.name + "}")
                names.append(component.name)
        for method in route.methods:
            if method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
                yield Call(str(method), path, tuple(names))
