"""Style sheet, script and pictures of the pages, on each site's own host, under addresses that hold a digest of their
content, so that caches keep them."""

from __future__ import annotations

import gzip
import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import litestar
import msgspec
from litestar import Request, Response
from litestar.params import FromPath

from waypost.kit.errors import NotFound

FOLDER = Path(__file__).parent / "static"
PREFIX = "/_static/"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".png": "image/png"}
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*\.[a-z]+")


class StaticFile(msgspec.Struct, frozen=True):
    """A file as it goes out."""

    content: bytes
    packed: bytes | None
    media_type: str
    digest: str


def find(name: str) -> StaticFile | None:
    """The file of this name; None for one that is not there or not of a known kind. There are no folders."""
    if not _NAME.fullmatch(name):
        return None
    path = FOLDER / name
    try:
        changed_at = path.stat().st_mtime_ns
    except OSError:
        return None
    return _load(path, changed_at) if path.suffix in _TYPES else None


def address(name: str) -> str:
    """Where a file is served, for templates: `/_static/<digest>/<name>`."""
    found = find(name)
    assert found is not None, name
    return f"{PREFIX}{found.digest}/{name}"


@lru_cache(maxsize=32)
def _load(path: Path, changed_at: int) -> StaticFile:  # noqa: ARG001 - a changed file is another entry
    content = path.read_bytes()
    packed = gzip.compress(content, 9, mtime=0) if path.suffix != ".png" else None
    return StaticFile(content, packed, _TYPES[path.suffix], hashlib.sha256(content).hexdigest()[:16])


@litestar.get("/_static/{digest:str}/{name:str}", sync_to_thread=False)
def serve(request: Request[Any, Any, Any], digest: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    """A static file. Under a digest that is not its own it is served too, but not kept by caches."""
    found = find(name)
    if found is None:
        raise NotFound
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable" if digest == found.digest else "no-cache",
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
