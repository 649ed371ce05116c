"""What an import of a Docs account would do: its lists compared with what was taken in before. Nothing is changed."""

from __future__ import annotations

from waypost.domains import docs
from waypost.domains.docs import OriginKind
from waypost.edges.docs_account.source import Source
from waypost.edges.docs_account.summary import Summary
from waypost.edges.docs_account.survey import Survey, mark_of, survey
from waypost.edges.docs_account.taking import Choices, Desk
from waypost.edges.docs_account.wire import ArticleRefIn, CategoryIn, CollectionIn, SiteIn
from waypost.kit.tx import Tx

_ADOPTED = "adopted"


async def forecast(desk: Desk, source: Source, choices: Choices, summary: Summary) -> Summary:
    """Count what is new, changed and as before, and say what would be otherwise than at the source. Raises SourceError,
    Forbidden."""
    found = await survey(source, summary, lambda: None)
    summary.requests = source.requests
    # Asking takes the writers' lock; what it notes is rolled back with the rest of nothing.
    async with desk.transactions.open() as tx:
        for site in found.sites:
            await _site(tx, desk, choices, found, site, summary)
        await _shelved(tx, desk, OriginKind.COLLECTION, found.collections, summary)
        await _shelved(tx, desk, OriginKind.CATEGORY, found.categories, summary)
        await _shelved(tx, desk, OriginKind.ARTICLE, found.articles, summary)
        known = await docs.list_origins(tx, desk.actor, OriginKind.REDIRECT)
        for one in found.redirects:
            origin = known.get(one.id)
            _count(summary, "redirect", None if origin is None else origin.mark == mark_of(one))
    return summary


async def _site(tx: Tx, desk: Desk, choices: Choices, found: Survey, site: SiteIn, summary: Summary) -> None:
    origin = await docs.find_origin(tx, desk.actor, OriginKind.SITE, site.id)
    if origin is not None:
        mark = mark_of(site, found.restrictions.get(site.id))
        _count(summary, "site", origin.mark in (mark, _ADOPTED))
        return
    where, name = f"site {site.sub_domain}", choices.sites.get(site.sub_domain, site.sub_domain)
    taken = await docs.find_site_by_host(tx, desk.addresses, f"{name}.{desk.addresses.domain}")
    if taken is None:
        _count(summary, "site", None)
    elif site.sub_domain in choices.sites and taken[0] == desk.actor.account_id:
        _count(summary, "site", True)
        summary.note(where, f"its articles come into the site {name} that is here")
    else:
        summary.sites.read += 1
        summary.fail(
            where, f"the sub-domain {name} is taken on this desk: choose another with --site {site.sub_domain}=OTHER"
        )


async def _shelved(
    tx: Tx,
    desk: Desk,
    kind: OriginKind,
    things: list[CollectionIn] | list[CategoryIn] | list[ArticleRefIn],
    summary: Summary,
) -> None:
    known = await docs.list_origins(tx, desk.actor, kind)
    for one in things:
        origin = known.get(one.id)
        _count(summary, kind.value, None if origin is None else origin.mark == mark_of(one))
        if origin is None and one.number is not None and not await docs.is_number_free(tx, desk.actor, one.number):
            summary.note(f"{kind.value} {one.number}", "its number is taken: it would have another one here")


def _count(summary: Summary, kind: str, is_same: bool | None) -> None:
    count = summary.of(kind)
    count.read += 1
    if is_same is None:
        count.created += 1
    elif is_same:
        count.unchanged += 1
    else:
        count.changed += 1
