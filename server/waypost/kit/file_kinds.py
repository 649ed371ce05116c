"""What a file is, told by its bytes alone: which few kinds a browser may show.

What somebody says of a file (its name, its declared type) decides nothing about how it is shown. Only a picture of
dots, a PDF or plain text that is nothing else besides is ever shown; all the rest is handed out as a download.
"""

from __future__ import annotations

import re

from waypost.kit.image_sizes import size_of

UNKNOWN = "application/octet-stream"
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
SHOWN = PICTURES | {"application/pdf", "text/plain"}

#: A picture that unpacks to more is only saved: the browser that showed it would need gigabytes. Cameras stay below.
MOST_PIXELS = 120_000_000

_STARTS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"%PDF-", "application/pdf"),
)
#: What no picture or text holds that is only that: the beginnings by which readers take bytes for a page or program.
#: Not `<?xml` and `<x:`, which cameras write into pictures.
_ACTIVE = re.compile(
    rb"<(?:!doctype|html|head|body|script|svg|iframe|object|embed|form|meta|link|style|math|img|base|template|\?php)",
    re.IGNORECASE,
)
_ANY_MARKUP = re.compile(rb"<[a-z!?/]", re.IGNORECASE)
#: A picture whose first field reads as the start of a comment or an assignment is a script as well.
_SCRIPT_STARTS = (b"/*", b"//", b"=", b"`")
_NOT_IN_TEXT = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")


def shown_type(data: bytes) -> str | None:
    """The type under which a browser may show these bytes in its window; None for what may only be saved."""
    kind = picture_type(data)
    if kind is not None:
        return kind
    if data.startswith(b"%PDF-"):
        return "application/pdf" if b"%%EOF" in data[-2048:] and not _ACTIVE.search(data) else None
    return "text/plain" if _is_plain_text(data) else None


def picture_type(data: bytes) -> str | None:
    """PNG, JPEG, GIF or WebP of a readable size that is nothing else besides; None for anything else and for one that
    would unpack to more pixels than is sane."""
    kind = _kind_by_start(data)
    width, height = size_of(data)
    if kind not in PICTURES or not 0 < width * height <= MOST_PIXELS:
        return None
    if kind == "image/gif" and data[6:8].startswith(_SCRIPT_STARTS):
        return None
    return None if _ACTIVE.search(data) else kind


def real_type(declared: str, data: bytes) -> str:
    """The type to keep of a file that was sent as `declared`: a picture or PDF is called what it is; of everything
    else the sender's word stays, which decides nothing about how it is shown."""
    proven = _kind_by_start(data)
    return proven if proven is not None and shown_type(data) == proven else declared


def _kind_by_start(data: bytes) -> str | None:
    for start, kind in _STARTS:
        if data.startswith(start):
            return kind
    return "image/webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else None


def _is_plain_text(data: bytes) -> bool:
    if _NOT_IN_TEXT.search(data) or _ANY_MARKUP.search(data):
        return False
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
