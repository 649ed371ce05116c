"""Headers of everything below /content: nothing runs, nothing is fetched from elsewhere, nothing is told to others."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import quote, urlsplit

#: For bytes as they are. `sandbox` takes the origin away from whatever a browser might make of them.
FILE_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"
#: Browsers show PDFs in a viewer of their own, which does not start in a sandbox.
PDF_POLICY = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'none'"
_SHORT = "private, max-age=300"


def page_policy(style: str) -> str:
    """For pages of ours: the one style sheet that stands in them, and forms that come back here."""
    return (
        f"default-src 'none'; style-src 'sha256-{_digest(style)}'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'; sandbox allow-forms"
    )


def message_policy(content_address: str, base_url: str) -> str:
    """For a message in a frame of the desk's pages. Its pictures come from here, or stand in it; links open windows."""
    content, desk = origin_of(content_address), origin_of(base_url)
    return (
        f"default-src 'none'; img-src {content}/content/ data:; style-src 'unsafe-inline'; base-uri 'none';"
        f" form-action 'none'; frame-ancestors {' '.join(dict.fromkeys((desk, content)))};"
        " sandbox allow-popups allow-popups-to-escape-sandbox"
    )


def headers(policy: str, *, shared: bool = False, cache: str = _SHORT) -> dict[str, str]:
    """Headers of one answer. `shared` lets frames without an origin, as messages are, embed it."""
    made = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "Cross-Origin-Resource-Policy": "cross-origin" if shared else "same-origin",
        "Cache-Control": cache,
        "X-Robots-Tag": "noindex, nofollow",
    }
    if "frame-ancestors 'none'" in policy:
        made["X-Frame-Options"] = "DENY"
    return made


def disposition(kind: str, name: str) -> str:
    """`inline` or `attachment` with a name of any characters (RFC 6266)."""
    plain = "".join(
        letter if letter.isascii() and letter.isprintable() and letter not in '"\\%;' else "_" for letter in name
    )
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def origin_of(address: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _digest(style: str) -> str:
    return base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
