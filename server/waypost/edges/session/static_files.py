"""Style sheets, scripts and pictures, under addresses that hold a digest of their content, so that caches keep them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import litestar
from litestar import Request, Response
from litestar.exceptions import NotFoundException

from waypost.edges.base import static_files
from waypost.edges.base.static_files import StaticFile

FOLDER = Path(__file__).parent / "static"


def find(name: str) -> StaticFile | None:
    """The file of this name, if there is one."""
    return static_files.find(FOLDER, name)


def address(name: str) -> str:
    """Where a file is served, for templates: `/static/<digest>/<name>`. Without a digest when it is missing."""
    found = find(name)
    return f"/static/{found.digest}/{name}" if found else f"/static/missing/{name}"


@litestar.get("/static/{digest:str}/{name:path}")
async def serve(request: Request[Any, Any, Any], digest: str, name: str) -> Response[bytes]:
    """A static file. Under a digest that is not its own it is served too, but not kept by caches."""
    found = await asyncio.to_thread(find, name.lstrip("/"))
    if found is None:
        raise NotFoundException
    return static_files.answer(request, found, digest)
