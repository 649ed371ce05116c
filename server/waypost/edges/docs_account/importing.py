"""Taking in a whole Docs account. Running it again changes what has changed at the source and doubles nothing; an
import that was stopped goes on where it was."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from urllib.parse import quote

from waypost.domains import docs
from waypost.domains.docs import Origin, OriginKind, RedirectChange
from waypost.edges.docs_account.articles import Articles
from waypost.edges.docs_account.files import Files
from waypost.edges.docs_account.places import Places, hosts_of
from waypost.edges.docs_account.shelves import take_categories, take_collections
from waypost.edges.docs_account.sites import take_sites
from waypost.edges.docs_account.source import PAGE_SIZE, Sleep, Source
from waypost.edges.docs_account.summary import Summary
from waypost.edges.docs_account.survey import Survey, mark_of, survey
from waypost.edges.docs_account.taking import Choices, Desk, Taking, history, reason_of
from waypost.edges.docs_account.wire import ArticleRefIn, RedirectIn
from waypost.kit.errors import NotFound, WaypostError
from waypost.kit.files import FileStore

#: Hears of what has been done and of how much there is to do; nothing is known of that while the lists are read.
Told = Callable[[Summary, Survey | None], None]


class DocsImport:
    """One account on its way here."""

    def __init__(
        self,
        desk: Desk,
        store: FileStore,
        source: Source,
        choices: Choices,
        *,
        summary: Summary,
        told: Told = lambda _summary, _found: None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._desk, self._store, self._source, self._choices = desk, store, source, choices
        self.summary, self._told, self._sleep = summary, told, sleep

    async def run(self) -> Summary:
        """Read, and take in. What is wrong with one thing is noted, and the others go on. Raises SourceError where the
        source cannot be read any further, and Forbidden."""
        try:
            found = await survey(self._source, self.summary, lambda: self._told(self.summary, None))
            await self._take(found)
        finally:
            self.summary.requests = self._source.requests
        return self.summary

    async def _take(self, found: Survey) -> None:
        actor, transactions = self._desk.actor, self._desk.transactions
        async with transactions.open() as tx:
            largest = max((number for number in found.numbers() if number <= MOST_NUMBER), default=0)
            await docs.begin_taking_in(tx, actor, largest)
        files = Files(
            transactions,
            self._store,
            self._source.outgoing,
            actor,
            self.summary,
            base=self._source.base,
            sleep=self._sleep,
        )
        taking = Taking(
            desk=self._desk,
            source=self._source,
            choices=self._choices,
            found=found,
            places=Places(hosts=hosts_of(found)),
            files=files,
            summary=self.summary,
            told=lambda: self._told(self.summary, found),
        )
        await take_sites(taking)
        await take_collections(taking)
        await take_categories(taking)
        await Articles(taking).take()
        for category in found.categories:
            if category.default_sort in ("custom", "manual"):
                await _order(taking, category.id)
        for redirect in found.redirects:
            await _take_redirect(taking, redirect)
            taking.told()
        await _note_gone(taking)


#: Numbers above this are not kept.
MOST_NUMBER = 1_000_000_000


async def _order(taking: Taking, category_id: str) -> None:
    """Put the articles of a category that is sorted by hand in their order."""
    placed = taking.places.by_id.get(category_id)
    if placed is None:
        return
    where = f"category {placed.number}"
    path = f"/categories/{quote(category_id, safe='')}/articles?pageSize={PAGE_SIZE}"
    try:
        listed = await taking.source.all(path, "articles", ArticleRefIn, lambda _: None)
        known = taking.places.by_id
        ids = [known[one.id].id for one in listed if one.id in known]
        async with taking.desk.transactions.open() as tx:
            origin = await docs.find_origin(tx, taking.actor, OriginKind.CATEGORY, f"{category_id}/order")
            mark = mark_of(ids)
            if origin is None or origin.mark != mark:
                await docs.place_articles(tx, taking.actor, placed.id, ids)
                noted = Origin(local_id=placed.id, mark=mark)
                await docs.note_origin(tx, taking.actor, OriginKind.CATEGORY, f"{category_id}/order", noted)
    except WaypostError as error:
        taking.summary.fail(where, f"the order of its articles: {reason_of(error)}")


async def _take_redirect(taking: Taking, one: RedirectIn) -> None:
    """Make or change a redirect; one whose path is taken here is left out."""
    where, count, actor = f"redirect {one.url_mapping[:100]}", taking.summary.redirects, taking.actor
    count.read += 1
    site_id = taking.places.sites.get(one.site_id)
    if site_id is None:
        taking.summary.fail(where, "its site is not here")
        return
    mark, addresses = mark_of(one), taking.desk.addresses
    change = RedirectChange(
        site_id=site_id, url_mapping=one.url_mapping, redirect=taking.places.target(one.redirect, site_id)
    )
    try:
        async with taking.desk.transactions.open() as tx:
            origin = await docs.find_origin(tx, actor, OriginKind.REDIRECT, one.id)
            here = None
            if origin is not None:
                try:
                    here = await docs.get_redirect(tx, actor, addresses, origin.local_id)
                except NotFound:
                    here = None
            if here is not None and origin is not None and origin.mark == mark:
                count.unchanged += 1
                return
            if here is not None:
                here = await docs.update_redirect(tx, actor, addresses, here.id, change)
                count.changed += 1
            else:
                here = await docs.create_redirect(tx, actor, addresses, change, redirect_id=one.id)
                count.created += 1
            await docs.set_times(tx, actor, OriginKind.REDIRECT, here.id, history(one.created_at, one.updated_at))
            await docs.note_origin(tx, actor, OriginKind.REDIRECT, one.id, Origin(local_id=here.id, mark=mark))
    except WaypostError as error:
        taking.summary.note(where, f"it is left out: {reason_of(error)}")


async def _note_gone(taking: Taking) -> None:
    """Say how many articles were taken in before and are gone at the source: they stay."""
    async with taking.desk.transactions.open() as tx:
        known = await docs.list_origins(tx, taking.actor, OriginKind.ARTICLE)
    gone = known.keys() - {one.id for one in taking.found.articles}
    if gone:
        taking.summary.note(
            "articles", f"{len(gone)} that were taken in before are not at the source any more; they stay"
        )
