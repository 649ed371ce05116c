"""Style sheet, script and pictures of the pages, on each site's own host, under addresses that hold a digest of their
content, so that caches keep them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import litestar
from litestar import Request, Response
from litestar.params import FromPath

from waypost.edges.base import static_files
from waypost.kit.errors import NotFound

FOLDER = Path(__file__).parent / "static"
PREFIX = "/_static/"


def address(name: str) -> str:
    """Where a file is served, for templates: `/_static/<digest>/<name>`."""
    found = static_files.find(FOLDER, name)
    assert found is not None, name
    return f"{PREFIX}{found.digest}/{name}"


@litestar.get("/_static/{digest:str}/{name:str}", sync_to_thread=False)
def serve(request: Request[Any, Any, Any], digest: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    """A static file. Under a digest that is not its own it is served too, but not kept by caches."""
    found = static_files.find(FOLDER, name)
    if found is None:
        raise NotFound
    return static_files.answer(request, found, digest)
