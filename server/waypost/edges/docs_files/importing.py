"""Taking in a folder of articles: files become articles, pictures beside them files of the site, links between them
links between articles. Running it again changes what has changed, and nothing else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import UNSET
from selectolax.lexbor import LexborHTMLParser

from waypost.domains import docs
from waypost.domains.accounts import Actor
from waypost.domains.docs import (
    ArticleChange,
    ArticleStatus,
    AssetKind,
    CategoryChange,
    CollectionChange,
    NewAsset,
    path_of,
)
from waypost.edges.docs_files import folder
from waypost.edges.docs_files.folder import BadFile, SourceFile
from waypost.kit.errors import Invalid, WaypostError
from waypost.kit.files import FileStore
from waypost.kit.paging import PageRequest
from waypost.kit.text import clean_name
from waypost.kit.tx import Transactions, Tx

PICTURES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".ico"})
_PAGE = 100
_NAME_LENGTH = 240
ASSETS = "/docs/assets/"
Result = TypeVar("Result")


class Failure(msgspec.Struct, frozen=True):
    """A file that could not be taken in."""

    source: str
    reason: str


class Summary(msgspec.Struct):
    """What an import has done so far."""

    read: int = 0
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    pictures: int = 0
    links: int = 0
    #: Pictures and files that are referred to and not there.
    missing: int = 0
    failures: list[Failure] = msgspec.field(default_factory=list)


class _Placed(msgspec.Struct, frozen=True):
    file: SourceFile
    article_id: str
    address: str
    is_new: bool


class ArticleImport:
    """One folder on its way into a site. `told` hears of each file that is done."""

    def __init__(
        self,
        transactions: Transactions,
        files: FileStore,
        actor: Actor,
        site_id: str,
        root: Path,
        *,
        collection: str,
        is_published: bool = True,
        told: Callable[[Summary], None] = lambda _: None,
    ) -> None:
        self.transactions = transactions
        self.files = files
        self.actor = actor
        self.site_id = site_id
        self.root = root.resolve()
        self.collection = collection
        self.is_published = is_published
        self.told = told
        self.summary = Summary()
        self._collections: dict[str, str] = {}
        self._categories: dict[tuple[str, str], str] = {}
        self._pictures: dict[Path, str] = {}
        self._names: dict[tuple[str, str], int] = {}

    async def run(self) -> Summary:
        """Take in all files. What is wrong with one of them is noted, and the others go on."""
        placed: dict[Path, _Placed] = {}
        for path in folder.files_of(self.root):
            one = await self._guarded(path, self._place)
            if one is not None:
                placed[path.resolve()] = one
        # Only now has every file an address that others can link to.
        for path, one in placed.items():
            await self._guarded(path, lambda _, one=one: self._fill(one, placed))  # type: ignore[misc]  # bound now
            self.summary.read += 1
            self.told(self.summary)
        return self.summary

    async def _guarded(self, path: Path, step: Callable[[Path], Awaitable[Result]]) -> Result | None:
        try:
            return await step(path)
        except Invalid as error:
            reason = "; ".join(item.message for item in error.errors)
        except (BadFile, OSError, WaypostError) as error:
            reason = str(error) or type(error).__name__
        self.summary.failures.append(Failure(str(path.relative_to(self.root)), reason))
        return None

    async def _place(self, path: Path) -> _Placed:
        """The article that a file is, made if it is not there yet; a new one is not published before it is whole."""
        file = folder.read(self.root, path, self.collection)
        async with self.transactions.open() as tx:
            collection_id = await self._shelf(tx, clean_name(file.collection, _NAME_LENGTH))
            # As it will be stored: it is how the article is found again.
            name = self._distinct(collection_id, clean_name(file.title, _NAME_LENGTH))
            found = await docs.find_article_by_name(tx, self.actor, collection_id, name)
            is_new = found is None
            if found is None:
                category_id = await self._category(tx, collection_id, clean_name(file.category, _NAME_LENGTH))
                wanted = ArticleChange(
                    collection_id=collection_id,
                    name=name,
                    text="<p>…</p>",
                    slug=file.slug or UNSET,
                    categories=[category_id] if category_id else UNSET,
                    keywords=file.keywords,
                )
                found = await docs.create_article(tx, self.actor, wanted, "import")
                self.summary.created += 1
        article = found.article
        return _Placed(file, article.id, path_of("article", article.number, article.slug), is_new)

    def _distinct(self, collection_id: str, name: str) -> str:
        """The name, with a number where an earlier file of the collection has it already."""
        key = (collection_id, name.casefold())
        self._names[key] = self._names.get(key, 0) + 1
        return name if self._names[key] == 1 else f"{name} ({self._names[key]})"

    async def _fill(self, one: _Placed, placed: dict[Path, _Placed]) -> None:
        """The text with its pictures and links, and whether it is published."""
        file = one.file
        html = await docs.from_file(file.body.encode(), file.kind)
        async with self.transactions.open() as tx:
            text = await self._linked(tx, one, html, placed)
            says_published = self.is_published if file.is_published is None else file.is_published
            status = ArticleStatus.PUBLISHED if says_published else ArticleStatus.NOT_PUBLISHED
            if not one.is_new and file.is_published is None:
                # Somebody may have decided otherwise since.
                change = ArticleChange(text=text)
            else:
                change = ArticleChange(text=text, status=status)
            before = await docs.get_article(tx, self.actor, one.article_id)
            after = await docs.update_article(tx, self.actor, one.article_id, change, "import")
        if not one.is_new:
            is_changed = (before.text, before.article.status) != (after.text, after.article.status)
            self.summary.changed += is_changed
            self.summary.unchanged += not is_changed

    async def _linked(self, tx: Tx, one: _Placed, html: str, placed: dict[Path, _Placed]) -> str:
        tree = LexborHTMLParser(html)
        for picture in tree.css("img"):
            source = picture.attributes.get("src") or ""
            if source.startswith(("http://", "https://", "data:", ASSETS)):
                continue
            address = await self._picture(tx, one, source)
            if address is None:
                self.summary.missing += 1
                picture.decompose()
            else:
                picture.attrs["src"] = address
        for link in tree.css("a[href]"):
            target = folder.target_of(self.root, one.file.path, link.attributes.get("href") or "")
            if target is None:
                continue
            other = placed.get(target[0])
            if other is not None:
                link.attrs["href"] = other.address + (f"#{target[1]}" if target[1] else "")
                self.summary.links += 1
        body = tree.body
        return "" if body is None else "".join(node.html or "" for node in body.iter(include_text=True))

    async def _picture(self, tx: Tx, one: _Placed, source: str) -> str | None:
        """Where a picture beside the file is served, stored when it is first met."""
        target = folder.target_of(self.root, one.file.path, source)
        if target is None or target[0].suffix.lower() not in PICTURES:
            return None
        path = target[0]
        if path not in self._pictures:
            wanted = NewAsset(kind=AssetKind.IMAGE, file_name=path.name, data=path.read_bytes())
            known = await docs.find_same_asset(tx, self.actor, self.files, one.article_id, wanted)
            if known is None:
                known = await docs.add_asset(
                    tx, self.files, self.actor, wanted, article_id=one.article_id, site_id=None
                )
                self.summary.pictures += 1
            self._pictures[path] = known.path
        return self._pictures[path]

    async def _shelf(self, tx: Tx, name: str) -> str:
        """The site's collection of that name, made if it is not there."""
        if not self._collections:
            number = 1
            while found := (
                await docs.list_collections(tx, self.actor, PageRequest(number, _PAGE), site_id=self.site_id)
            ).items:
                self._collections |= {item.name.casefold(): item.id for item in found}
                number += 1
        if name.casefold() not in self._collections:
            made = await docs.create_collection(tx, self.actor, self.site_id, CollectionChange(name=name))
            self._collections[name.casefold()] = made.id
        return self._collections[name.casefold()]

    async def _category(self, tx: Tx, collection_id: str, name: str) -> str | None:
        """The collection's category of that name, made if it is not there; None for no name."""
        if not name or name.casefold() == "uncategorized":
            return None
        key = (collection_id, name.casefold())
        if key not in self._categories:
            page = await docs.list_categories(tx, self.actor, collection_id, PageRequest(1, 1000))
            self._categories |= {(collection_id, item.name.casefold()): item.id for item in page.items}
        if key not in self._categories:
            made = await docs.create_category(tx, self.actor, collection_id, CategoryChange(name=name))
            self._categories[key] = made.id
        return self._categories[key]
