"""What a Docs account holds, by its lists: everything but texts, read before anything is changed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

import msgspec

from waypost.edges.docs_account.source import PAGE_SIZE, NotGiven, Source
from waypost.edges.docs_account.summary import Summary
from waypost.edges.docs_account.wire import (
    ArticleRefIn,
    CategoryIn,
    CollectionIn,
    RedirectIn,
    RestrictionIn,
    SiteIn,
)


class Survey(msgspec.Struct):
    """The account's things, in the order of the source."""

    sites: list[SiteIn] = msgspec.field(default_factory=list)
    #: By site: None where the source does not say whether visitors have to sign in.
    restrictions: dict[str, RestrictionIn | None] = msgspec.field(default_factory=dict)
    collections: list[CollectionIn] = msgspec.field(default_factory=list)
    categories: list[CategoryIn] = msgspec.field(default_factory=list)
    articles: list[ArticleRefIn] = msgspec.field(default_factory=list)
    redirects: list[RedirectIn] = msgspec.field(default_factory=list)

    @property
    def total(self) -> int:
        """How many things there are to deal with."""
        return len(self.sites) + len(self.collections) + len(self.categories) + len(self.articles) + len(self.redirects)

    def numbers(self) -> Iterator[int]:
        """The numbers that addresses at the source hold."""
        numbers = [one.number for one in self.collections]
        numbers += [one.number for one in self.categories] + [one.number for one in self.articles]
        yield from (number for number in numbers if number is not None)


async def survey(source: Source, summary: Summary, told: Callable[[], None]) -> Survey:
    """Read all lists. What cannot be read of them is a failure of the summary. Raises SourceError."""

    def bad(reason: str) -> None:
        summary.fail("list", reason)

    found = Survey()
    found.sites = await source.all("/sites", "sites", SiteIn, bad)
    for site in found.sites:
        path = _part(site.id)
        found.restrictions[site.id] = await _restriction(source, path)
        found.redirects += await _redirects(source, path, site, summary, bad)
        told()
    found.collections = await source.all("/collections", "collections", CollectionIn, bad)
    for collection in found.collections:
        path = f"/collections/{_part(collection.id)}"
        try:
            found.categories += await source.all(f"{path}/categories", "categories", CategoryIn, bad)
            articles = f"{path}/articles?pageSize={PAGE_SIZE}"
            found.articles += await source.all(articles, "articles", ArticleRefIn, bad)
        except NotGiven as error:
            summary.fail(f"collection {collection.number or collection.id}", error.message)
        told()
    # A thing that moved while the lists were read stands in two of them.
    found.articles = list({item.id: item for item in found.articles}.values())
    found.categories = list({item.id: item for item in found.categories}.values())
    return found


async def _redirects(
    source: Source, path: str, site: SiteIn, summary: Summary, bad: Callable[[str], None]
) -> list[RedirectIn]:
    try:
        return await source.all(f"/redirects/site/{path}", "redirects", RedirectIn, bad)
    except NotGiven as error:
        if error.status not in (403, 404):
            raise
        summary.note(f"site {site.sub_domain}", "the source does not give its redirects")
        return []


async def _restriction(source: Source, path: str) -> RestrictionIn | None:
    """Whether a site asks who its visitors are, under either of its paths (spec: docs-api 1, 7)."""
    refused = False
    for name in ("restricted", "restrictions"):
        try:
            return await source.one(f"/sites/{path}/{name}", None, RestrictionIn)
        except NotGiven as error:
            refused = refused or error.status != 404
    return None if refused else RestrictionIn()


def mark_of(*things: object) -> str:
    """A digest of things as they are at the source, without what changes by itself."""
    shown = []
    for thing in things:
        fields = msgspec.to_builtins(thing)
        if isinstance(fields, dict):
            fields = {name: value for name, value in fields.items() if name not in ("viewCount", "publicUrl")}
        shown.append(fields)
    return hashlib.sha256(msgspec.json.encode(shown)).hexdigest()


def _part(text: str) -> str:
    """An id as a part of a path; sources could give anything for one."""
    from urllib.parse import quote

    return quote(text, safe="")
