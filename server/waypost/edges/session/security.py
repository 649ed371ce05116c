"""Headers of every page. The policy lets nothing in from elsewhere and runs no script that stands in a page."""

from __future__ import annotations

from urllib.parse import urlsplit


def content_security_policy(form_target: str = "") -> str:
    """The policy of a page; `form_target` is the one foreign address that a form on it may end at (spec: 2.2)."""
    form_action = "'self'" + (f" {_source_of(form_target)}" if form_target else "")
    return (
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; object-src 'none';"
        f" base-uri 'none'; frame-ancestors 'none'; form-action {form_action}"
    )


#: For a mail shown in a frame: nothing runs, nothing is fetched, links open new windows, only our pages hold the frame.
FRAMED_MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)


def page_headers(policy: str) -> dict[str, str]:
    """Headers of one HTML answer."""
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "SAMEORIGIN" if "frame-ancestors 'self'" in policy else "DENY",
        # Not `no-referrer`: with that, browsers send `Origin: null` with our own forms.
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "Cache-Control": "no-store",
    }


def _source_of(address: str) -> str:
    parts = urlsplit(address)
    # An app's own scheme has no host that a policy could name.
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else f"{parts.scheme}:"
