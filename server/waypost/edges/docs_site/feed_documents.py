"""The documents that programs read: sitemaps (sitemaps.org 0.9), Atom (RFC 4287) and RSS 2.0."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from xml.etree import ElementTree as ET

import msgspec

from waypost.domains.docs import feeds, path_of

#: The robots.txt of a site that tells programs nothing.
CLOSED_TO_ROBOTS = "User-agent: *\nDisallow: /\n"
#: What the protocol allows in one file.
MOST_ADDRESSES = 50_000
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
ATOM = "http://www.w3.org/2005/Atom"
CONTENT = "http://purl.org/rss/1.0/modules/content/"
#: What XML 1.0 cannot hold, escaped or not.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Address(msgspec.Struct, frozen=True):
    """A page in a sitemap, and when what it shows has last changed."""

    location: str
    changed_at: datetime | None


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """What a feed says of itself, and its articles, whose texts hold absolute addresses alone."""

    base: str
    title: str
    author: str
    language: str
    articles: Sequence[feeds.NewArticle]

    @property
    def changed_at(self) -> datetime:
        """When its newest article has changed; without any, the beginning of time."""
        return max((one.changed_at for one in self.articles), default=datetime.fromtimestamp(0, UTC))


def addresses(base: str, pages: Sequence[feeds.PublicPage]) -> list[Address]:
    """The home page, and the others."""
    newest = max((page.changed_at for page in pages), default=None)
    listed = [Address(base + path_of(page.kind, page.number, page.slug), page.changed_at) for page in pages]
    return [Address(f"{base}/", newest), *listed]


def sitemap(listed: Sequence[Address]) -> bytes:
    """One file of addresses."""
    return _sitemap("urlset", "url", listed)


def sitemap_index(base: str, listed: Sequence[Address], most: int = MOST_ADDRESSES) -> bytes:
    """The file that names the others, where there are too many addresses for one."""
    files = []
    for number, start in enumerate(range(0, len(listed), most), 1):
        moments = [one.changed_at for one in listed[start : start + most] if one.changed_at is not None]
        files.append(Address(f"{base}/sitemap.xml?part={number}", max(moments, default=None)))
    return _sitemap("sitemapindex", "sitemap", files)


def atom(feed: Feed) -> bytes:
    """The feed as Atom. An article is the same entry under whatever name it goes."""
    root = ET.Element("feed", {"xmlns": ATOM, "xml:lang": feed.language})
    _text(root, "id", f"{feed.base}/")
    _text(root, "title", feed.title)
    _text(root, "updated", _moment(feed.changed_at))
    _link(root, "self", f"{feed.base}/atom.xml", "application/atom+xml")
    _link(root, "alternate", f"{feed.base}/", "text/html")
    _text(ET.SubElement(root, "author"), "name", feed.author)
    for one in feed.articles:
        entry = ET.SubElement(root, "entry")
        _text(entry, "id", f"{feed.base}/article/{one.number}")
        _text(entry, "title", one.name)
        _link(entry, "alternate", feed.base + path_of("article", one.number, one.slug), "text/html")
        _text(entry, "published", _moment(one.published_at))
        _text(entry, "updated", _moment(one.changed_at))
        for category in one.categories:
            ET.SubElement(entry, "category", {"term": _clean(category)})
        _text(entry, "summary", one.preview)
        _text(entry, "content", one.text, {"type": "html"})
    return _document(root)


def rss(feed: Feed) -> bytes:
    """The same as RSS 2.0."""
    root = ET.Element("rss", {"version": "2.0", "xmlns:atom": ATOM, "xmlns:content": CONTENT})
    channel = ET.SubElement(root, "channel")
    _text(channel, "title", feed.title)
    _text(channel, "link", f"{feed.base}/")
    _text(channel, "description", feed.title)
    _text(channel, "language", feed.language)
    _text(channel, "lastBuildDate", format_datetime(feed.changed_at))
    _link(channel, "self", f"{feed.base}/rss.xml", "application/rss+xml", "atom:link")
    for one in feed.articles:
        item = ET.SubElement(channel, "item")
        _text(item, "title", one.name)
        _text(item, "link", feed.base + path_of("article", one.number, one.slug))
        _text(item, "guid", f"{feed.base}/article/{one.number}", {"isPermaLink": "true"})
        _text(item, "pubDate", format_datetime(one.changed_at))
        for category in one.categories:
            _text(item, "category", category)
        _text(item, "description", one.preview)
        _text(item, "content:encoded", one.text)
    return _document(root)


def _sitemap(kind: str, entries: str, listed: Sequence[Address]) -> bytes:
    root = ET.Element(kind, {"xmlns": SITEMAP})
    for one in listed:
        entry = ET.SubElement(root, entries)
        _text(entry, "loc", one.location)
        if one.changed_at is not None:
            _text(entry, "lastmod", _moment(one.changed_at))
    return _document(root)


def _text(parent: ET.Element, name: str, text: str, attributes: dict[str, str] | None = None) -> None:
    ET.SubElement(parent, name, attributes or {}).text = _clean(text)


def _link(parent: ET.Element, relation: str, address: str, media_type: str, name: str = "link") -> None:
    ET.SubElement(parent, name, {"rel": relation, "href": address, "type": media_type})


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("", text)


def _document(root: ET.Element) -> bytes:
    made: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return made
