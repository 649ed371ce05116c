"""Headers of every answer of a help center: what its pages may load and run.

Nothing runs that is not ours. A site whose administrators put code of their own into its pages (`headerCode`) opens
its policy for that; other sites stay as they are.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from waypost.domains.docs import Site
from waypost.kit.videos import VIDEO_HOSTS

_VIDEOS = " ".join(f"https://{host}" for host in VIDEO_HOSTS)

_OWN_CODE = (
    "default-src 'self' https:; script-src 'self' 'unsafe-inline' 'unsafe-eval' https:;"
    " style-src 'self' 'unsafe-inline' https:; img-src 'self' http: https: data: blob:; font-src 'self' https: data:;"
    " connect-src 'self' https: wss:; frame-src https:; media-src https: blob:; worker-src 'self' blob:;"
    " object-src 'none'; base-uri 'none'; form-action 'self' https:; frame-ancestors 'self'"
)
#: For answers of no site.
BARE = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def content_policy(site: Site, style_digest: str = "") -> str:
    """The policy of a site's pages; `style_digest` is that of the style sheet which stands in them."""
    look = site.fields.look
    if look.header_code:
        return _OWN_CODE
    sheet = f" {_origin(look.style_sheet_url)}" if look.style_sheet_url else ""
    inline = f" 'sha256-{style_digest}'" if style_digest else ""
    fonts = "; font-src 'self' https: data:" if sheet else ""
    return (
        # Articles bring styles of their own, in attributes that were made safe.
        f"default-src 'none'; script-src 'self'; style-src 'self'{inline}{sheet};"
        f" style-src-attr 'unsafe-inline'; img-src 'self' http: https: data:{fonts}; connect-src 'self';"
        f" frame-src {_VIDEOS};"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
    )


def headers(policy: str, cache: str) -> dict[str, str]:
    """Headers of one page."""
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "SAMEORIGIN" if "frame-ancestors 'self'" in policy else "DENY",
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": cache,
    }


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}".replace(";", "").replace(",", "")
