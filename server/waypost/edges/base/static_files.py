"""Files that come with the program, for browsers: read once, packed once, told apart by a digest of their content.

An edge says where its files lie and under which addresses; a name from outside never leads out of that folder.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
from litestar import Request, Response

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


def find(folder: Path, name: str) -> StaticFile | None:
    """The file of this name; None for one that is not there, not of a known kind, or outside the folder."""
    if not _NAME.fullmatch(name):
        return None
    path = folder / name
    try:
        changed_at = path.stat().st_mtime_ns
    except OSError:
        return None
    return _load(path, changed_at) if path.is_file() and path.suffix in _TYPES else None


@lru_cache(maxsize=96)
def _load(path: Path, changed_at: int) -> StaticFile:  # noqa: ARG001 - a changed file is another entry
    content = path.read_bytes()
    packed = gzip.compress(content, 9, mtime=0) if path.suffix in _PACKED else None
    return StaticFile(content, packed, _TYPES[path.suffix], hashlib.sha256(content).hexdigest()[:16])


def answer(request: Request[Any, Any, Any], found: StaticFile, digest: str) -> Response[bytes]:
    """A file under an address with a digest; where that is not its own, caches do not keep it."""
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
