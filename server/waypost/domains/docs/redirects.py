"""Redirects: paths of a site that lead elsewhere, following their documents (spec: 8)."""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET, UnsetType

from waypost.domains.accounts import Actor
from waypost.domains.docs import errors, events, identities, policy, rights, sites, store_documents, store_sites
from waypost.domains.docs import store_redirects as store
from waypost.domains.docs.addresses import Addresses, document_in, is_web_address, path_of
from waypost.domains.docs.errors import URL_MAPPING_TAKEN
from waypost.domains.docs.models import Author, Redirect, RedirectTarget, RedirectType, Site
from waypost.domains.docs.store_redirects import Row
from waypost.kit.errors import FieldError, NotFound
from waypost.kit.paging import Page, PageRequest
from waypost.kit.tx import Tx

MOST_HOPS = 20
LONGEST = 2000


class RedirectChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is to change of a redirect, or what a new one is to be."""

    site_id: str | UnsetType = UNSET
    url_mapping: str | UnsetType = UNSET
    redirect: str | UnsetType = UNSET


class SiteMap:
    """The account's sites, by id and by host."""

    def __init__(self, addresses: Addresses, found: list[Site]) -> None:
        self.by_id = {site.id: site for site in found}
        self.bases = {site.id: addresses.base_of(site.fields) for site in found}
        hosts = {}
        for site in found:
            hosts[f"{site.fields.sub_domain}.{addresses.domain}".lower()] = site.id
            if site.fields.cname:
                hosts[site.fields.cname.lower()] = site.id
        self.hosts = hosts

    def place_of(self, url: str) -> tuple[str, str] | None:
        """Site and path of an address of the account's own pages."""
        parts = urlsplit(url)
        site_id = self.hosts.get(parts.netloc.lower()) or self.hosts.get((parts.hostname or "").lower())
        return (site_id, _path(url)) if site_id else None

    def shown(self, row: Row) -> Redirect:
        """With the address of the document as it is now."""
        base = self.bases.get(row.document_site_id or "")
        if base is None or row.number is None:
            return row.redirect
        kind = row.redirect.type.value
        anchor = f"#{row.redirect.anchor}" if row.redirect.anchor else ""
        target = base + path_of(kind, row.number, row.slug or "") + anchor  # type: ignore[arg-type]  # not custom
        return msgspec.structs.replace(row.redirect, target=target)


async def list_redirects(tx: Tx, actor: Actor, addresses: Addresses, site_id: str, page: PageRequest) -> Page[Redirect]:
    """A site's redirects, oldest first. Raises NotFound."""
    await sites.get_site(tx, actor, site_id)
    known = await site_map(tx, actor, addresses)
    rows = await store.list_of_site(tx.connection, actor.account_id, site_id, page)
    total = await store.count(tx.connection, actor.account_id, site_id)
    return Page([known.shown(row) for row in rows], total, page)


async def get_redirect(tx: Tx, actor: Actor, addresses: Addresses, redirect_id: str) -> Redirect:
    """One redirect. Raises NotFound."""
    policy.may_read(actor)
    row = await store.find(tx.connection, actor.account_id, redirect_id)
    if row is None:
        raise NotFound("no such redirect")
    return (await site_map(tx, actor, addresses)).shown(row)


async def find_redirect(
    tx: Tx, actor: Actor, addresses: Addresses, url: str, site_id: str | None
) -> RedirectTarget | None:
    """Where a path leads in the end: chains are followed for 20 hops, and a loop ends one. Raises NotFound."""
    if site_id is not None:
        await sites.get_site(tx, actor, site_id)
    policy.may_read(actor)
    return await follow(tx, actor.account_id, await site_map(tx, actor, addresses), url, site_id)


async def follow(tx: Tx, account_id: int, known: SiteMap, url: str, site_id: str | None) -> RedirectTarget | None:
    """The same for anybody's request."""
    place = known.place_of(url) if "://" in url else None
    if place is not None and site_id is None:
        site_id = place[0]
    row = await store.find_mapped(tx.connection, account_id, site_id, _mappings(_path(url)))
    if row is None:
        return None
    first, seen = known.shown(row), {row.redirect.id}
    for _ in range(MOST_HOPS - 1):
        place = known.place_of(known.shown(row).target)
        if place is None:
            break
        further = await store.find_mapped(tx.connection, account_id, place[0], _mappings(place[1]))
        if further is None or further.redirect.id in seen:
            break
        row = further
        seen.add(row.redirect.id)
    last = known.shown(row)
    return RedirectTarget(
        type=last.type, redirect=last.target, slug=row.slug, number=row.number, anchor=last.anchor, first=first
    )


async def follow_on_site(
    tx: Tx, account_id: int, addresses: Addresses, site_id: str, path: str, *, may_see_private: bool = False
) -> str | None:
    """Where a visitor who asks a site for a path (with its query) is to be sent; None to go on (spec: 11.3).

    To what the visitor does not see no redirect leads: its address would tell a name.
    """
    known = await site_map(tx, Actor.system(account_id), addresses)
    found = await follow(tx, account_id, known, path, site_id)
    if found is None or known.place_of(found.redirect) == (site_id, path):
        return None
    if found.type is not RedirectType.CUSTOM and found.number is not None:
        named = (found.type.value, found.number)
        document = (await store_documents.find(tx.connection, account_id, [named])).get(named)
        if document is None or not document.is_seen(may_see_private=may_see_private):
            return None
    return found.redirect


async def create_redirect(
    tx: Tx, actor: Actor, addresses: Addresses, wanted: RedirectChange, *, redirect_id: str = ""
) -> Redirect:
    """Make a redirect, with this id where it is free. Raises Forbidden, Invalid."""
    await rights.begin_managing(tx, actor)
    members = {"siteId": wanted.site_id, "urlMapping": wanted.url_mapping, "redirect": wanted.redirect}
    errors.raise_any([errors.required(name) for name, value in members.items() if value is UNSET or not value])
    user_id = actor.user_id or None
    blank = Redirect(
        id=await identities.id_for(tx, actor.account_id, redirect_id),
        site_id="",
        url_mapping="",
        type=RedirectType.CUSTOM,
        document_id=None,
        anchor=None,
        target="",
        author=Author(created_by=user_id, updated_by=user_id, created_at=tx.now, updated_at=tx.now),
    )
    made = await _resolved(tx, actor, addresses, blank, wanted)
    await store.insert(tx.connection, actor.account_id, made)
    tx.emit(actor, events.RedirectCreated(subject_id=None, id=made.id, site_id=made.site_id))
    return await get_redirect(tx, actor, addresses, made.id)


async def update_redirect(
    tx: Tx, actor: Actor, addresses: Addresses, redirect_id: str, change: RedirectChange
) -> Redirect:
    """Change a redirect; what is UNSET stays. Raises NotFound, Forbidden, Invalid."""
    await rights.begin_managing(tx, actor)
    before = await get_redirect(tx, actor, addresses, redirect_id)
    after = await _resolved(tx, actor, addresses, before, change)
    if after == before:
        return before
    author = msgspec.structs.replace(after.author, updated_by=actor.user_id or None, updated_at=tx.now)
    await store.update(tx.connection, actor.account_id, msgspec.structs.replace(after, author=author))
    tx.emit(actor, events.RedirectUpdated(subject_id=None, id=after.id, site_id=after.site_id))
    return await get_redirect(tx, actor, addresses, redirect_id)


async def delete_redirect(tx: Tx, actor: Actor, addresses: Addresses, redirect_id: str) -> None:
    """Remove a redirect. Raises NotFound, Forbidden."""
    await rights.begin_managing(tx, actor)
    gone = await get_redirect(tx, actor, addresses, redirect_id)
    await store.delete(tx.connection, actor.account_id, gone.id)
    tx.emit(actor, events.RedirectDeleted(subject_id=None, id=gone.id, site_id=gone.site_id))


async def site_map(tx: Tx, actor: Actor, addresses: Addresses) -> SiteMap:
    """Where the account's sites are."""
    found = await store_sites.list_sites(tx.connection, actor.account_id, PageRequest(1, sites.MOST_SITES))
    return SiteMap(addresses, found.items)


async def _resolved(tx: Tx, actor: Actor, addresses: Addresses, before: Redirect, change: RedirectChange) -> Redirect:
    """The redirect as it will be: its path made plain, its target looked up. Raises Invalid."""
    known = await site_map(tx, actor, addresses)
    site_id = change.site_id if change.site_id is not UNSET else before.site_id
    if site_id not in known.by_id:
        errors.raise_any([errors.not_found("siteId")])
    mapping = _mapping(change.url_mapping) if change.url_mapping is not UNSET else before.url_mapping
    target = change.redirect if change.redirect is not UNSET else before.target
    if target.startswith("/") and not target.startswith("//"):
        target = known.bases[site_id] + target
    found: list[FieldError] = []
    if not mapping.startswith("/") or len(mapping) > LONGEST:
        found.append(errors.invalid("urlMapping", mapping))
    if not is_web_address(target) or len(target) > LONGEST:
        found.append(errors.invalid("redirect", target))
    errors.raise_any(found)
    if known.place_of(target) == (site_id, mapping):
        errors.raise_any([FieldError("redirect", "redirect leads to its own urlMapping", "Unknown")])
    taken = await store.find_mapped(tx.connection, actor.account_id, site_id, [mapping])
    if taken is not None and taken.redirect.id != before.id:
        raise errors.taken("urlMapping", URL_MAPPING_TAKEN)
    kind, document_id, anchor = await _document(tx, actor, known, target)
    return msgspec.structs.replace(
        before, site_id=site_id, url_mapping=mapping, type=kind, document_id=document_id, anchor=anchor, target=target
    )


async def _document(tx: Tx, actor: Actor, known: SiteMap, target: str) -> tuple[RedirectType, str | None, str | None]:
    """What a target is, by its address: one of the account's documents, or anything."""
    anchor = urlsplit(target).fragment or None
    place = known.place_of(target)
    named = document_in(place[1]) if place else None
    if named is not None:
        found = await store.document_id(tx.connection, actor.account_id, *named)
        if found is not None:
            return RedirectType(named[0]), found, anchor
    return RedirectType.CUSTOM, None, anchor


def _path(url: str) -> str:
    """Path and query of an address or path."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    path = parts.path or "/"
    return f"{path}?{parts.query}" if parts.query else path


def _mapping(text: str) -> str:
    """What a redirect is looked up by: path and query, from a path or a whole address."""
    text = text.strip()
    return _path(text) if text.startswith("/") or is_web_address(text) else text


def _mappings(path: str) -> list[str]:
    """What may be mapped for a request: with its query, without it, and without the slash at its end (spec: 11.3)."""
    bare = path.partition("?")[0]
    return list(dict.fromkeys([path, bare, bare.rstrip("/") or "/"]))
