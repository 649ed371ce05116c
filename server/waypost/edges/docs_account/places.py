"""Where things of the source are here: what addresses in texts lead to, and which hosts are the source's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal
from urllib.parse import quote, urljoin, urlsplit

import msgspec

from waypost.domains.docs import document_in, path_of
from waypost.edges.docs_account.survey import Survey

Kind = Literal["article", "category", "collection"]
PUBLIC_DOMAIN = "helpscoutdocs.com"
#: Where the service that speaks this API keeps files of articles, besides the hosts of its sites.
FILE_HOSTS = frozenset({"d33v4339jhl8k0.cloudfront.net", "d3hb14vkzrxvla.cloudfront.net", "s3.amazonaws.com"})
_FILE_DOMAINS = (".helpscout.net", f".{PUBLIC_DOMAIN}")
#: On hosts that others use too, only what lies below this is the source's.
_ASSETS = "/docs/assets/"
_KEPT_IN_ADDRESSES = "/%:@!$&'()*+,;=~-._?"


class Placed(msgspec.Struct, frozen=True):
    """A thing of the source as it is here."""

    id: str
    site_id: str
    kind: Kind
    number: int
    slug: str

    @property
    def path(self) -> str:
        """Its address below its site."""
        return path_of(self.kind, self.number, self.slug)


class Places(msgspec.Struct):
    """What has been placed so far, by ids and numbers of the source, and the addresses of this desk's sites."""

    #: Host of the source -> site of the source.
    hosts: dict[str, str]
    #: Site of the source -> site here; and the address of each site here.
    sites: dict[str, str] = msgspec.field(default_factory=dict)
    bases: dict[str, str] = msgspec.field(default_factory=dict)
    by_id: dict[str, Placed] = msgspec.field(default_factory=dict)
    by_number: dict[tuple[Kind, int], Placed] = msgspec.field(default_factory=dict)

    def put(self, origin_id: str, number: int | None, placed: Placed) -> None:
        """Remember what has become of a thing."""
        self.by_id[origin_id] = placed
        if number is not None:
            self.by_number[placed.kind, number] = placed

    def leads_to(self, address: str, site_id: str) -> str | Literal[False] | None:
        """What a link in a text of a site is to be: another address; False if it leads to a page of the source that is
        not here; None if it is no link to the source."""
        try:
            parts = urlsplit(address.strip())
        except ValueError:
            return None
        is_relative = not parts.scheme and not parts.netloc and parts.path.startswith("/")
        if not is_relative and (parts.scheme not in ("http", "https", "") or parts.netloc.lower() not in self.hosts):
            return None
        named = document_in(parts.path)
        if named is None:
            return None
        found = self.by_number.get(named)
        if found is None:
            return False
        anchor = f"#{parts.fragment}" if parts.fragment else ""
        base = "" if found.site_id == site_id else self.bases.get(found.site_id, "")
        return base + found.path + anchor

    def target(self, address: str, site_id: str) -> str:
        """Where a redirect leads: to this desk, if it led to a page of the source."""
        led = self.leads_to(address, site_id)
        if led:
            return self.bases[site_id] + led if led.startswith("/") else led
        try:
            parts = urlsplit(address)
        except ValueError:
            return address
        local = self.sites.get(self.hosts.get(parts.netloc.lower(), ""))
        if local is None:
            return address
        query = f"?{parts.query}" if parts.query else ""
        return self.bases[local] + (parts.path or "/") + query + (f"#{parts.fragment}" if parts.fragment else "")


def hosts_of(found: Survey) -> dict[str, str]:
    """The hosts of the source's pages, with their ports, by what it says itself."""
    known: dict[str, str] = {}
    sites = {collection.id: collection.site_id for collection in found.collections}
    for site in found.sites:
        for host in (f"{site.sub_domain}.{PUBLIC_DOMAIN}", site.cname or ""):
            known.setdefault(host.lower(), site.id)
    for collection in found.collections:
        _add(known, collection.public_url, collection.site_id)
    for category in found.categories:
        _add(known, category.public_url, sites.get(category.collection_id, ""))
    for article in found.articles:
        _add(known, article.public_url, sites.get(article.collection_id, ""))
    known.pop("", None)
    return known


def _add(known: dict[str, str], address: str | None, site_id: str) -> None:
    try:
        host = urlsplit(address or "").netloc.lower()
    except ValueError:
        return
    if host and "@" not in host:
        known.setdefault(host, site_id)


def file_address(reference: str, base: str, hosts: Iterable[str], *, is_shown: bool) -> str | None:
    """The whole address of a file of the source that a text refers to; None for files of others and for pages.

    What a text shows (`is_shown`) may lie anywhere on the source's hosts, what it links to only among its files.
    """
    try:
        parts = urlsplit(urljoin(f"{base}/", reference.strip()))
        host = parts.netloc.lower()
    except ValueError:
        return None
    if parts.scheme not in ("http", "https"):
        return None
    source = urlsplit(base)
    is_asset = _ASSETS in parts.path
    is_source = host == source.netloc.lower() or host in hosts or host.endswith(_FILE_DOMAINS)
    if not (is_asset and (is_source or host in FILE_HOSTS)) and not (is_shown and is_source):
        return None
    # Old texts say http; all hosts but a source that is itself without it can do better.
    scheme = parts.scheme if host == source.netloc.lower() else "https"
    if source.scheme == "http" and host in hosts:
        scheme = parts.scheme
    query = f"?{quote(parts.query, safe=_KEPT_IN_ADDRESSES)}" if parts.query else ""
    return f"{scheme}://{parts.netloc}{quote(parts.path, safe=_KEPT_IN_ADDRESSES)}{query}"
