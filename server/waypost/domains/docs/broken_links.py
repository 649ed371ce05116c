"""Links of a site's articles that lead nowhere, or where readers may not go, and pictures whose files are missing."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from enum import Enum
from urllib.parse import unquote

import asyncpg
import msgspec
from selectolax.lexbor import LexborHTMLParser

from waypost.domains.accounts import Actor
from waypost.domains.docs import policy, redirects, store_documents
from waypost.domains.docs.addresses import Addresses, path_of
from waypost.domains.docs.links import Link, read_link
from waypost.domains.docs.redirects import SiteMap, site_map
from waypost.domains.docs.sites import get_site
from waypost.domains.docs.store_documents import Document, Documents
from waypost.domains.docs.texts import ASSETS
from waypost.kit.tx import Tx

BATCH = 100
#: Pages that every help center has (spec: 11.2).
OWN_PAGES = frozenset(
    "/ /search /contact /sitemap.xml /robots.txt /atom.xml /rss.xml /sign-in /unlock /favicon.ico".split()
)
NEXT = """
select a.id, a.number, a.slug, a.name, a.status, a.text, c.visibility = 'public' and exists (
    select 1 from docs_article_category m
    join docs_category g on g.account_id = m.account_id and g.id = m.category_id
    where m.account_id = a.account_id and m.article_id = a.id and g.visibility = 'public') as is_public
from docs_article a join docs_collection c on c.account_id = a.account_id and c.id = a.collection_id
where a.account_id = $1 and a.site_id = $2 and a.id > $3 and ($4 or a.status = 'published')
order by a.id limit $5
"""
FILES = "select id, site_id, kind, file_name from docs_asset where account_id = $1 and id = any($2::text[])"
TEXTS = "select number, text from docs_article where account_id = $1 and number = any($2::bigint[])"
_ASSET = re.compile(r"/docs/assets/([0-9a-f]{24})/(images|attachments)/([0-9a-f]{24})/([^/]+)")


class Fault(Enum):
    """Why a link is broken for those who read the article."""

    NOT_FOUND = "notFound"
    NOT_PUBLISHED = "notPublished"
    #: The target is private and the article is not.
    PRIVATE = "private"
    UNKNOWN_ANCHOR = "unknownAnchor"
    FILE_MISSING = "fileMissing"
    UNREADABLE = "unreadable"
    #: Another site's page that does not answer, or says that it is gone.
    UNREACHABLE = "unreachable"


class BrokenLink(msgspec.Struct, frozen=True, kw_only=True):
    """One address of one article. `detail` says more where the fault alone does not."""

    article_id: str
    article_number: int
    article_name: str
    address: str
    fault: Fault
    detail: str = ""


class ForeignLink(msgspec.Struct, frozen=True, kw_only=True):
    """An address outside the account's help centers, which only asking can tell about."""

    article_id: str
    article_number: int
    article_name: str
    address: str
    url: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was found on a site."""

    articles: int
    links: int
    broken: list[BrokenLink]
    foreign: list[ForeignLink]


class Pages(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be known of how articles are shown: where, under which hosts of the desk files are as well, and what
    a page makes of a text (headings get ids)."""

    addresses: Addresses
    hosts: frozenset[str]
    shown: Callable[[str], str]


class _Page(msgspec.Struct, frozen=True):
    """An article's links and pictures."""

    row: asyncpg.Record
    hrefs: list[str]
    images: list[str]


async def check_links(tx: Tx, actor: Actor, pages: Pages, site_id: str, *, is_whole: bool = False) -> Report:
    """Look at every link of the site's published articles; `is_whole` also at those of the others.

    Articles in the order in which they were made. Raises NotFound.
    """
    policy.may_read(actor)
    await get_site(tx, actor, site_id)
    checking = _Checking(tx, actor, pages, await site_map(tx, actor, pages.addresses), site_id)
    async for some in _pages(tx, actor.account_id, site_id, is_whole=is_whole):
        await checking.look_at(some)
    return checking.report()


class _Checking:
    """One run over a site."""

    def __init__(self, tx: Tx, actor: Actor, pages: Pages, known: SiteMap, site_id: str) -> None:
        self.tx = tx
        self.account_id = actor.account_id
        self.known = known
        self.site_id = site_id
        self.pages = pages
        self.articles = self.links = 0
        self.broken: list[BrokenLink] = []
        self.foreign: list[ForeignLink] = []

    def report(self) -> Report:
        """All that was found so far."""
        return Report(articles=self.articles, links=self.links, broken=self.broken, foreign=self.foreign)

    async def look_at(self, pages: list[_Page]) -> None:
        """Check some articles at once."""
        read = [(page, self._read(page, page.hrefs), self._read(page, page.images)) for page in pages]
        everything = [link for _, links, images in read for link in (*links, *images)]
        documents = await store_documents.find(
            self.tx.connection, self.account_id, [link.document for link in everything if link.document is not None]
        )
        anchors = await self._anchors([link for link in everything if link.anchor], documents)
        files = await self._files(everything)
        for page, links, images in read:
            self.articles += 1
            self.links += len(links) + len(images)
            for link in links:
                await self._judge(page, link, documents, anchors, files)
            for image in images:
                if self._is_file(image) and image.path not in files:
                    self._note(page, image, Fault.FILE_MISSING)

    def _read(self, page: _Page, hrefs: list[str]) -> list[Link]:
        base = self.known.bases[self.site_id] + path_of("article", page.row["number"], page.row["slug"])
        return [read_link(self.known, base, href) for href in hrefs]

    async def _judge(
        self,
        page: _Page,
        link: Link,
        documents: Documents,
        anchors: dict[int, frozenset[str]],
        files: set[str],
    ) -> None:
        if not link.is_readable:
            self._note(page, link, Fault.UNREADABLE)
        elif self._is_file(link):
            if link.path not in files:
                self._note(page, link, Fault.FILE_MISSING)
        elif link.site_id is None:
            if link.url.startswith(("http://", "https://")):
                row = page.row
                self.foreign.append(
                    ForeignLink(
                        article_id=row["id"],
                        article_number=row["number"],
                        article_name=row["name"],
                        address=link.href,
                        url=link.url,
                    )
                )
        else:
            await self._judge_own(page, link, documents, anchors)

    async def _judge_own(
        self, page: _Page, link: Link, documents: Documents, anchors: dict[int, frozenset[str]]
    ) -> None:
        """A link to one of the account's help centers."""
        assert link.site_id is not None
        path = f"{link.path}?{link.query}" if link.query else link.path
        document = documents.get(link.document) if link.document is not None else None
        if document is None:
            if link.path not in OWN_PAGES and not await self._is_led_on(link.site_id, path, page):
                self._note(page, link, Fault.NOT_FOUND)
            return
        if not document.is_published:
            self._note(page, link, Fault.NOT_PUBLISHED)
        elif not document.is_public and page.row["is_public"]:
            self._note(page, link, Fault.PRIVATE)
        elif not _has_anchor(link, document, anchors):
            self._note(page, link, Fault.UNKNOWN_ANCHOR)

    async def _is_led_on(self, site_id: str, path: str, page: _Page) -> bool:
        """Whether a redirect takes readers of this article to something that they see."""
        led = await redirects.follow_on_site(
            self.tx, self.account_id, self.pages.addresses, site_id, path, may_see_private=not page.row["is_public"]
        )
        return led is not None

    async def _anchors(self, links: list[Link], documents: Documents) -> dict[int, frozenset[str]]:
        wanted = {
            link.document[1]
            for link in links
            if link.document is not None and link.document[0] == "article" and link.document in documents
        }
        rows = await self.tx.connection.fetch(TEXTS, self.account_id, sorted(wanted)) if wanted else []
        return await asyncio.to_thread(
            lambda: {row["number"]: anchors_of(self.pages.shown(row["text"])) for row in rows}
        )

    def _is_file(self, link: Link) -> bool:
        host = link.url.partition("://")[2].partition("/")[0].lower()
        return link.path.startswith(ASSETS) and (link.site_id is not None or host in self.pages.hosts)

    async def _files(self, links: list[Link]) -> set[str]:
        """The paths among the links that name a file that is there."""
        found = {link.path: _ASSET.fullmatch(link.path) for link in links if self._is_file(link)}
        ids = [match[3] for match in found.values() if match]
        rows = await self.tx.connection.fetch(FILES, self.account_id, ids) if ids else []
        there = {
            (row["site_id"], "attachments" if row["kind"] == "attachment" else "images", row["id"], row["file_name"])
            for row in rows
        }
        return {path for path, match in found.items() if match and (*match.groups()[:3], unquote(match[4])) in there}

    def _note(self, page: _Page, link: Link, fault: Fault, detail: str = "") -> None:
        row = page.row
        self.broken.append(
            BrokenLink(
                article_id=row["id"],
                article_number=row["number"],
                article_name=row["name"],
                address=link.href,
                fault=fault,
                detail=detail,
            )
        )


def _has_anchor(link: Link, document: Document, anchors: dict[int, frozenset[str]]) -> bool:
    """Whether an article has the place that a link names, if it names one."""
    if not link.anchor or document.kind != "article":
        return True
    return unquote(link.anchor) in anchors.get(document.number, frozenset())


def anchors_of(html: str) -> frozenset[str]:
    """The places of a text that an address can name after its `#`."""
    tree = LexborHTMLParser(html)
    found = {node.attributes.get("id") for node in tree.css("[id]")}
    found |= {node.attributes.get("name") for node in tree.css("a[name]")}
    return frozenset(name for name in found if name) | {"top"}


async def _pages(tx: Tx, account_id: int, site_id: str, *, is_whole: bool) -> AsyncIterator[list[_Page]]:
    beyond = ""
    while rows := await tx.connection.fetch(NEXT, account_id, site_id, beyond, is_whole, BATCH):
        # Long texts must not hold up everybody else.
        yield await asyncio.to_thread(_read, rows)
        beyond = rows[-1]["id"]


def _read(rows: list[asyncpg.Record]) -> list[_Page]:
    pages = []
    for row in rows:
        tree = LexborHTMLParser(row["text"]) if "=" in row["text"] else None
        hrefs = [node.attributes.get("href") or "" for node in tree.css("a[href]")] if tree else []
        images = [node.attributes.get("src") or "" for node in tree.css("img[src]")] if tree else []
        pages.append(_Page(row, list(dict.fromkeys(hrefs)), list(dict.fromkeys(images))))
    return pages
