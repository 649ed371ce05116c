"""Where the pages of a site are: `{subDomain}.{domain}`, or the site's own host name (spec: 11.1, 11.2)."""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from waypost.domains.docs.models import SiteFields

Kind = Literal["article", "category", "collection"]
_DOCUMENT = re.compile(r"/(article|category|collection)/(\d{1,18})(?:-[^/]*)?/?")


class Addresses(msgspec.Struct, frozen=True):
    """How this desk's help centers are reached: `http` or `https`, and the domain below which sub-domains lie."""

    scheme: str
    domain: str

    def host_of(self, site: SiteFields) -> str:
        """The host, with a port where the domain has one; own host names are taken to be on the usual port."""
        return site.cname or f"{site.sub_domain}.{self.domain}"

    def base_of(self, site: SiteFields) -> str:
        """The address of the home page, without a slash at its end."""
        return f"{self.scheme}://{self.host_of(site)}"

    def sub_domain_of(self, host: str) -> str | None:
        """The sub-domain that a request's host names, if it lies below the domain."""
        name, _, domain = host.lower().partition(".")
        wanted = self.domain.lower()
        return name if domain == wanted or domain.partition(":")[0] == wanted.partition(":")[0] else None


def path_of(kind: Kind, number: int, slug: str) -> str:
    """The canonical path of a document."""
    return f"/{kind}/{number}-{slug}" if slug else f"/{kind}/{number}"


def document_in(path: str) -> tuple[Kind, int] | None:
    """What a path of a site names, by its number alone (spec: 11.2)."""
    found = _DOCUMENT.fullmatch(path)
    return (found[1], int(found[2])) if found else None  # type: ignore[return-value]


def is_web_address(text: str) -> bool:
    """Whether a text is an absolute http(s) address with a host."""
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"[\s\x00-\x1f<>\"]", text)
    except ValueError:
        return False
