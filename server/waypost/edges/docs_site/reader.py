"""Who reads which help center: built once for each request, before any page."""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec
from litestar import Request
from litestar.di import NamedDependency

from waypost.domains import docs
from waypost.domains.docs import ArticleStatus, Audience, Collection, SearchScope, Site
from waypost.edges.base.context import context_of
from waypost.edges.docs_site.access import Access, access_of
from waypost.edges.docs_site.kept import Place
from waypost.edges.docs_site.marks import PLACE, READER
from waypost.edges.docs_site.words import Words, words_of


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """A visitor of a site. `base` is the site's address without a slash at its end; `name` is set when signed in."""

    account_id: int
    site: Site
    base: str
    may_see_private: bool = False
    name: str | None = None
    is_restricted: bool = False
    #: The same in full: what else there is to open, and to sign out of.
    access: Access = Access()
    #: Whether there is a contact form, and somebody behind it.
    takes_messages: bool = False
    #: What the navigation lists: the collections in which this reader sees something.
    collections: tuple[Collection, ...] = ()

    @property
    def audience(self) -> Audience:
        """For queries of `docs.reading`."""
        return Audience(
            account_id=self.account_id,
            site_id=self.site.id,
            sees_private=self.may_see_private,
            is_team=self.access.is_team,
        )

    @property
    def search_scope(self) -> SearchScope:
        """For searches."""
        return SearchScope(
            account_id=self.account_id,
            site_id=self.site.id,
            status=ArticleStatus.PUBLISHED,
            is_public=not self.may_see_private,
        )

    @property
    def is_anybody(self) -> bool:
        """Whether everybody gets to see the same."""
        return not (self.may_see_private or self.is_restricted or self.name)

    @property
    def t(self) -> Words:
        """The words of the site's language."""
        return words_of(self.site.fields.language)


async def build_reader(request: Request[Any, Any, Any], place: Place) -> Reader:
    """Ask who the visitor is, and what they see in the navigation. Raises what `access_of` raises."""
    context, site = context_of(request), place.site
    assert site is not None
    nameless = Reader(account_id=place.account_id, site=site, base=context.docs_addresses.base_of(site.fields))
    access = await access_of(request, place.account_id, site)
    reader = msgspec.structs.replace(
        nameless,
        may_see_private=access.may_see_private,
        name=access.name,
        is_restricted=access.is_restricted,
        access=access,
    )
    if access.is_admitted:
        async with context.transactions.read() as tx:
            listed = await docs.reading.list_collections(tx, reader.audience)
            way = await docs.contact.way_of(tx, place.account_id, site)
        shown = tuple(one for one in listed if one.article_count)
        reader = msgspec.structs.replace(reader, collections=shown, takes_messages=way is not None)
    request.scope[READER] = reader  # type: ignore[literal-required]
    return reader


def known_reader(request: Request[Any, Any, Any]) -> Reader | None:
    """The reader of this request; None where none could be built."""
    found: Reader | None = request.scope.get(READER)  # type: ignore[assignment]
    return found


def place_of(request: Request[Any, Any, Any]) -> Place:
    """What the request's host is."""
    place: Place = request.scope[PLACE]  # type: ignore[literal-required]
    return place


def provide_reader(request: Request[Any, Any, Any]) -> Reader:
    """Dependency `reader`."""
    reader = known_reader(request)
    assert reader is not None
    return reader


ReaderDependency: TypeAlias = NamedDependency[Reader]
