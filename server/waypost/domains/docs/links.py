"""Links of articles to the account's own pages: understood by number, so that they survive renames (spec: 11.2)."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import msgspec
from selectolax.lexbor import LexborHTMLParser

from waypost.domains.accounts import Actor
from waypost.domains.docs import store_documents
from waypost.domains.docs.addresses import Addresses, Kind, document_in, path_of
from waypost.domains.docs.redirects import SiteMap, site_map
from waypost.domains.docs.texts import ASSETS
from waypost.kit.html import rewrite_document
from waypost.kit.tx import Tx

_WEB = ("http", "https")


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """An address that an article holds, and what it means on the article's page.

    `site_id` is set where it leads to one of the account's sites, `document` where it names a thing of one.
    """

    href: str
    #: The absolute address; empty for what is none (mail, telephone) or cannot be read.
    url: str
    site_id: str | None = None
    path: str = ""
    query: str = ""
    anchor: str = ""
    document: tuple[Kind, int] | None = None

    @property
    def is_readable(self) -> bool:
        """Not so for what no browser makes an address of."""
        return bool(self.url)


def read_link(known: SiteMap, page: str, href: str) -> Link:
    """What an address means on a page, of which the absolute address is given."""
    try:
        url = urljoin(page, href.strip())
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return Link(href=href, url="")
    if parts.scheme not in _WEB:
        return Link(href=href, url=url if parts.scheme else "")
    place = known.place_of(url)
    return Link(
        href=href,
        url=url,
        site_id=place[0] if place else None,
        path=parts.path or "/",
        query=parts.query,
        anchor=parts.fragment,
        document=document_in(parts.path) if place else None,
    )


def hrefs_of(html: str) -> list[str]:
    """The addresses of an article's links, each once."""
    if "href=" not in html:
        return []
    found = (node.attributes.get("href") for node in LexborHTMLParser(html).css("a[href]"))
    return list(dict.fromkeys(href for href in found if href))


async def current_links(
    tx: Tx,
    account_id: int,
    addresses: Addresses,
    site_id: str,
    html: str,
    *,
    number: int,
    may_see_private: bool,
    is_absolute: bool = False,
) -> str:
    """The text of the site's article of that number with the addresses that its links have now.

    Links to documents that this visitor does not see stay as they were written: a slug tells a name. With
    `is_absolute` all links and pictures can be followed from elsewhere.
    """
    hrefs = hrefs_of(html)
    if not hrefs and not (is_absolute and "src=" in html):
        return html
    known = await site_map(tx, Actor.system(account_id), addresses)
    page = known.bases[site_id] + path_of("article", number, "")
    links = {href: read_link(known, page, href) for href in hrefs}
    named = [link.document for link in links.values() if link.document is not None]
    found = await store_documents.find(tx.connection, account_id, named)
    now: dict[str, str] = {}
    for href, link in links.items():
        if href.startswith("#") and not is_absolute:
            continue
        document = found.get(link.document) if link.document is not None else None
        if document is not None and document.is_seen(may_see_private=may_see_private):
            base = known.bases[document.site_id] if is_absolute or document.site_id != site_id else ""
            query, anchor = f"?{link.query}" if link.query else "", f"#{link.anchor}" if link.anchor else ""
            now[href] = base + path_of(document.kind, document.number, document.slug) + query + anchor
        elif is_absolute and link.is_readable:
            now[href] = link.url
    if not is_absolute and all(href == address for href, address in now.items()):
        return html

    def rewrite(element: str, attribute: str, value: str) -> str:
        if (element, attribute) == ("a", "href"):
            return now.get(value, value)
        if is_absolute and (element, attribute) == ("img", "src") and value.startswith(ASSETS):
            return urljoin(page, value)
        return value

    return rewrite_document(html, ASSETS, rewrite)
