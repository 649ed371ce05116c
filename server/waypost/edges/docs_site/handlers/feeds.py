"""What programs read of a site: robots.txt, the sitemap, and feeds of new and changed articles (spec: 11.2).

They hold what anybody sees, whoever asks. A restricted site tells programs nothing.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

import litestar
import msgspec
from litestar import Request, Response

from waypost.domains import docs
from waypost.domains.docs import feeds
from waypost.edges.base.context import ContextDependency, TxDependency
from waypost.edges.docs_site import feed_documents, policy, render
from waypost.edges.docs_site.access import CALLBACK, SIGN_IN, SIGN_OUT, UNLOCK
from waypost.edges.docs_site.feed_documents import CLOSED_TO_ROBOTS, MOST_ADDRESSES, Feed
from waypost.edges.docs_site.reader import Reader, ReaderDependency
from waypost.kit.errors import NotFound

#: Pages that hold nothing to be found.
_NOT_FOR_SEARCH = ("/search", SIGN_IN, SIGN_OUT, UNLOCK, CALLBACK)


@litestar.get("/robots.txt", sync_to_thread=False)
def show_robots(request: Request[Any, Any, Any], reader: ReaderDependency) -> Response[bytes]:
    """What crawlers may read."""
    lines = CLOSED_TO_ROBOTS
    if not reader.is_restricted:
        lines = "User-agent: *\n" + "".join(f"Disallow: {path}\n" for path in _NOT_FOR_SEARCH)
        lines += f"\nSitemap: {reader.base}/sitemap.xml\n"
    return _answer(request, reader, lines.encode(), "text/plain")


@litestar.get("/sitemap.xml")
async def show_sitemap(
    request: Request[Any, Any, Any], read: TxDependency, reader: ReaderDependency
) -> Response[bytes]:
    """Every public page, in several files where there are too many for one."""
    if reader.is_restricted:
        return _answer(request, reader, feed_documents.sitemap([]), "application/xml")
    pages = await feeds.list_public_pages(read, reader.account_id, reader.site.id)
    listed = feed_documents.addresses(reader.base, pages)
    changed_at = listed[0].changed_at
    part = request.query_params.get("part")
    if part is None and len(listed) > MOST_ADDRESSES:
        body = feed_documents.sitemap_index(reader.base, listed)
        return _answer(request, reader, body, "application/xml", changed_at)
    if part is not None:
        start = (_number(part) - 1) * MOST_ADDRESSES
        if not 0 <= start < len(listed):
            raise NotFound
        listed = listed[start : start + MOST_ADDRESSES]
    return _answer(request, reader, feed_documents.sitemap(listed), "application/xml", changed_at)


@litestar.get("/atom.xml")
async def show_atom(
    request: Request[Any, Any, Any], read: TxDependency, reader: ReaderDependency, context: ContextDependency
) -> Response[bytes]:
    """New and changed articles, as Atom."""
    feed = await _feed(read, reader, context)
    return _answer(request, reader, feed_documents.atom(feed), "application/atom+xml", feed.changed_at)


@litestar.get("/rss.xml")
async def show_rss(
    request: Request[Any, Any, Any], read: TxDependency, reader: ReaderDependency, context: ContextDependency
) -> Response[bytes]:
    """New and changed articles, as RSS."""
    feed = await _feed(read, reader, context)
    return _answer(request, reader, feed_documents.rss(feed), "application/rss+xml", feed.changed_at)


async def _feed(read: TxDependency, reader: Reader, context: ContextDependency) -> Feed:
    if reader.is_restricted:
        raise NotFound
    shown = []
    for one in await feeds.list_newest(read, reader.account_id, reader.site.id):
        text = await docs.current_links(
            read,
            reader.account_id,
            context.docs_addresses,
            reader.site.id,
            one.text,
            number=one.number,
            may_see_private=False,
            is_absolute=True,
        )
        shown.append(msgspec.structs.replace(one, text=text))
    look = reader.site.fields.look
    return Feed(
        base=reader.base,
        title=f"{look.title}: {reader.t.new_articles}",
        author=look.company_name or look.title,
        language=reader.t.tag,
        articles=shown,
    )


def _answer(
    request: Request[Any, Any, Any],
    reader: Reader,
    body: bytes,
    media_type: str,
    changed_at: datetime | None = None,
) -> Response[bytes]:
    """The document, or that it is still the one that the program has (RFC 9110, 13.2.2)."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
    cache = render.PRIVATE if reader.is_restricted else render.PUBLIC
    headers = policy.headers(policy.BARE, cache) | {"ETag": tag}
    if changed_at is not None:
        headers["Last-Modified"] = format_datetime(changed_at.astimezone(UTC), usegmt=True)
    if reader.is_restricted:
        headers["X-Robots-Tag"] = "noindex"
    known = request.headers.get("if-none-match")
    if known is not None:
        is_known = known.strip() == "*" or tag in {one.strip().removeprefix("W/") for one in known.split(",")}
    else:
        is_known = changed_at is not None and _is_since(request.headers.get("if-modified-since", ""), changed_at)
    if is_known:
        return Response(b"", status_code=304, headers=headers, media_type=media_type)
    return Response(body, headers=headers, media_type=media_type)


def _is_since(text: str, changed_at: datetime) -> bool:
    """Whether nothing has changed since the moment of a header; a header that says none is passed over."""
    try:
        return bool(text) and parsedate_to_datetime(text).astimezone(UTC) >= changed_at.replace(microsecond=0)
    except (ValueError, OverflowError):
        return False


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0


ROUTES = [show_robots, show_sitemap, show_atom, show_rss]
