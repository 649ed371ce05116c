"""Style sheets, scripts and pictures, under addresses that hold a digest of their content, so that caches keep them."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import litestar
import msgspec
from litestar import Request, Response
from litestar.exceptions import NotFoundException

FOLDER = Path(__file__).parent / "static"
_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".txt": "text/plain",
}
_PACKED = (".css", ".js", ".svg", ".txt")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(?:[./][A-Za-z0-9_-]+)*")
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"


class StaticFile(msgspec.Struct, frozen=True):
    """A file as it goes out."""

    content: bytes
    packed: bytes | None
    media_type: str
    digest: str


def find(name: str) -> StaticFile | None:
    """The file of this name; None for one that is not there, not of a known kind, or outside the folder."""
    if not _NAME.fullmatch(name):
        return None
    path = FOLDER / name
    try:
        changed_at = path.stat().st_mtime_ns
    except OSError:
        return None
    return _load(path, changed_at) if path.is_file() and path.suffix in _TYPES else None


def address(name: str) -> str:
    """Where a file is served, for templates: `/static/<digest>/<name>`. Without a digest when it is missing."""
    found = find(name)
    return f"/static/{found.digest}/{name}" if found else f"/static/missing/{name}"


@lru_cache(maxsize=64)
def _load(path: Path, changed_at: int) -> StaticFile:  # noqa: ARG001 - a changed file is another entry
    content = path.read_bytes()
    packed = gzip.compress(content, 9, mtime=0) if path.suffix in _PACKED else None
    return StaticFile(content, packed, _TYPES[path.suffix], hashlib.sha256(content).hexdigest()[:16])


@litestar.get("/static/{digest:str}/{name:path}")
async def serve(request: Request[Any, Any, Any], digest: str, name: str) -> Response[bytes]:
    """A static file. Under a digest that is not its own it is served too, but not kept by caches."""
    found = await asyncio.to_thread(find, name.lstrip("/"))
    if found is None:
        raise NotFoundException
    headers = {
        "Cache-Control": _FOR_EVER if digest == found.digest else _ASK_AGAIN,
        "ETag": f'"{found.digest}"',
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(b"", status_code=304, headers=headers, media_type=found.media_type)
    content = found.content
    if found.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        content = found.packed
    return Response(content, headers=headers, media_type=found.media_type)
