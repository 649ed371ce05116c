"""Paths of documents: only the number counts, and each document has one path (spec: 11.2)."""

from __future__ import annotations

from typing import Any

from litestar import Request

from waypost.domains.docs import document_in
from waypost.edges.docs_site.access import Elsewhere
from waypost.kit.errors import NotFound


def number_in(kind: str, reference: str) -> int:
    """The number in the last part of a path. Raises NotFound."""
    found = document_in(f"/{kind}/{reference}")
    if found is None:
        raise NotFound
    return found[1]


def canonical(request: Request[Any, Any, Any], path: str) -> str:
    """The document's one path; sends those who asked by another one there."""
    # The framework has taken a slash at the end off `path`.
    if request.scope["raw_path"].decode("latin-1") != path:
        query = request.scope["query_string"].decode("latin-1")
        raise Elsewhere(f"{path}?{query}" if query else path, status=301)
    return path
