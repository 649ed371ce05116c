"""What search engines read of a page beside its text: JSON-LD in the words of schema.org, where the site wants it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
from markupsafe import Markup

if TYPE_CHECKING:
    from waypost.domains.docs import ReadArticle
    from waypost.edges.docs_site.reader import Reader

Data = dict[str, Any]
_CONTEXT = "https://schema.org"


def moment(at: datetime) -> str:
    """A point of time as machines read it."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def script(parts: Sequence[Data | None]) -> Markup:
    """The parts as the content of a script element, which nothing in them can end."""
    kept = [part for part in parts if part]
    if not kept:
        return Markup()
    text = msgspec.json.encode(kept if len(kept) > 1 else kept[0]).decode()
    safe = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Markup(safe)  # noqa: S704 - JSON without any character that HTML knows


def trail(reader: Reader, crumbs: Sequence[tuple[str, str]], title: str, path: str) -> Data | None:
    """Where the page is; nothing for the home page."""
    if not _is_wanted(reader) or not title:
        return None
    above = [(reader.t.home, "/"), *crumbs, (title, path)]
    return {
        "@context": _CONTEXT,
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": place, "name": name, "item": reader.base + address}
            for place, (name, address) in enumerate(above, 1)
        ],
    }


def website(reader: Reader) -> Data | None:
    """The site, with its search."""
    if not _is_wanted(reader):
        return None
    return {
        "@context": _CONTEXT,
        "@type": "WebSite",
        "name": reader.site.fields.look.title,
        "url": f"{reader.base}/",
        "inLanguage": reader.t.tag,
        "potentialAction": {
            "@type": "SearchAction",
            "target": {"@type": "EntryPoint", "urlTemplate": f"{reader.base}/search?query={{query}}"},
            "query-input": "required name=query",
        },
    }


def article(reader: Reader, found: ReadArticle, path: str) -> Data | None:
    """An article."""
    if not _is_wanted(reader):
        return None
    look, one = reader.site.fields.look, found.article
    return {
        "@context": _CONTEXT,
        "@type": "TechArticle",
        "headline": one.name,
        "description": found.preview,
        "url": reader.base + path,
        "mainEntityOfPage": reader.base + path,
        "datePublished": moment(one.author.created_at),
        "dateModified": moment(one.last_published_at or one.author.updated_at),
        "inLanguage": reader.t.tag,
        "articleSection": found.collection.name,
        **({"keywords": one.keywords} if one.keywords else {}),
        "author": {"@type": "Organization", "name": look.company_name or look.title},
        "publisher": {"@type": "Organization", "name": look.company_name or look.title},
    }


def _is_wanted(reader: Reader) -> bool:
    return reader.site.fields.look.include_metadata
