"""Writing a site's articles out as HTML files with front matter, as the import takes them in."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from selectolax.lexbor import LexborHTMLParser

from waypost.domains import docs
from waypost.domains.accounts import Actor
from waypost.domains.docs import Article, ArticleOrder, Category, Collection, document_in
from waypost.edges.docs_files import front_matter
from waypost.kit.errors import NotFound
from waypost.kit.files import FileStore
from waypost.kit.paging import PageRequest
from waypost.kit.tx import Transactions, Tx

PICTURES = "_pictures"
_PAGE = 100
_ASSET = re.compile(r"/docs/assets/([0-9a-f]{24})/(images|attachments)/([0-9a-f]{24})/([^/?#]+)")


class ArticleExport:
    """One site on its way into a folder. `told` hears the number of each article that is written."""

    def __init__(
        self,
        transactions: Transactions,
        files: FileStore,
        actor: Actor,
        site_id: str,
        root: Path,
        *,
        told: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.transactions = transactions
        self.files = files
        self.actor = actor
        self.site_id = site_id
        self.root = root
        self.told = told
        self._places: dict[int, Path] = {}

    async def run(self) -> int:
        """Write all articles; how many. Files of the same names are written over."""
        async with self.transactions.read() as tx:
            work = []
            for collection in await self._collections(tx):
                categories = await docs.list_categories(tx, self.actor, collection.id, PageRequest(1, 1000))
                shelves = {item.id: item for item in categories.items}
                work += [(collection, shelves, article) for article in await self._articles(tx, collection)]
            for collection, _, article in work:
                place = Path(f"{collection.number}-{collection.slug}") / f"{article.number}-{article.slug}.html"
                self._places[article.number] = place
            for count, (collection, shelves, article) in enumerate(work, 1):
                await self._write(tx, collection, shelves, article)
                self.told(count)
        return len(work)

    async def _collections(self, tx: Tx) -> list[Collection]:
        found: list[Collection] = []
        while True:
            request = PageRequest(len(found) // _PAGE + 1, _PAGE)
            page = await docs.list_collections(tx, self.actor, request, site_id=self.site_id)
            found += page.items
            if len(page.items) < _PAGE:
                return found

    async def _articles(self, tx: Tx, collection: Collection) -> list[Article]:
        found: list[Article] = []
        while True:
            request = PageRequest(len(found) // _PAGE + 1, _PAGE)
            page = await docs.list_of_collection(tx, self.actor, collection.id, request, None, ArticleOrder())
            found += page.items
            if len(page.items) < _PAGE:
                return found

    async def _write(self, tx: Tx, collection: Collection, shelves: dict[str, Category], article: Article) -> None:
        found = await docs.get_article(tx, self.actor, article.id)
        values: dict[str, str | list[str]] = {
            "title": article.name,
            "slug": article.slug,
            "status": article.status.value,
            "collection": collection.name,
        }
        if found.category_ids:
            values["category"] = shelves[found.category_ids[0]].name
        if article.keywords:
            values["keywords"] = article.keywords
        place = self._places[article.number]
        text = await self._local(tx, place, found.text)
        path = self.root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(front_matter.joined(values) + text + "\n", encoding="utf-8")

    async def _local(self, tx: Tx, place: Path, html: str) -> str:
        """The text with links to the other files, and its pictures beside them."""
        tree = LexborHTMLParser(html)
        for picture in tree.css("img[src]"):
            named = _ASSET.search(picture.attributes.get("src") or "")
            if named:
                picture.attrs["src"] = await self._picture(tx, place, named)
        for link in tree.css("a[href]"):
            parts = urlsplit(link.attributes.get("href") or "")
            document = document_in(parts.path) if not parts.scheme else None
            target = self._places.get(document[1]) if document and document[0] == "article" else None
            if target is not None:
                anchor = f"#{parts.fragment}" if parts.fragment else ""
                link.attrs["href"] = _from(place, target) + anchor
        body = tree.body
        return "" if body is None else "".join(node.html or "" for node in body.iter(include_text=True))

    async def _picture(self, tx: Tx, place: Path, named: re.Match[str]) -> str:
        try:
            asset = await docs.find_public_asset(tx, named[1], named[2], named[3], unquote(named[4]))
            if asset.account_id != self.actor.account_id:
                return named[0]
            data = await self.files.read(asset.storage_key)
        except NotFound:
            return named[0]
        kept = Path(PICTURES) / asset.id / asset.file_name
        path = self.root / kept
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return _from(place, kept)


def _from(place: Path, target: Path) -> str:
    """How a file refers to another one of the folder."""
    return os.path.relpath(target, place.parent)
