"""Sites (spec: 6)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import asyncpg
import msgspec

from waypost.domains.accounts import Actor
from waypost.domains.docs import errors, events, identities, indexing, policy, rights, store_assets, store_sites
from waypost.domains.docs.addresses import Addresses, is_web_address
from waypost.domains.docs.models import Author, Site, SiteFields, SiteLook
from waypost.kit.errors import FieldError, NotFound
from waypost.kit.files import FileStore
from waypost.kit.paging import Page, PageRequest
from waypost.kit.tx import Tx

#: What PostgreSQL has stemmers for; `simple` and `japanese` find words only as they were written.
LANGUAGES = frozenset(
    "arabic armenian basque catalan danish dutch english finnish french german greek hindi hungarian indonesian irish"
    " italian japanese lithuanian nepali norwegian portuguese romanian russian serbian simple spanish swedish tamil"
    " turkish yiddish".split()
)
MOST_SITES = 10_000
_SUB_DOMAIN = re.compile(r"[a-z0-9-]{3,63}")
_HOST = re.compile(r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_COLOR = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
_EMAIL = re.compile(r"[^\s@<>]+@[^\s@<>]+")
_HOME_PAGES = ("categories", "articles")
_LONGEST = {"title": 255, "companyName": 255, "description": 1000, "metaDescription": 1000, "homeLinkText": 255}
_LONGEST_CODE = 100_000
LONGEST_ADDRESS = 2000
_MOST_PIXELS = 10_000


async def list_sites(tx: Tx, actor: Actor, page: PageRequest) -> Page[Site]:
    """The account's sites, oldest first."""
    policy.may_read(actor)
    return await store_sites.list_sites(tx.connection, actor.account_id, page)


async def get_site(tx: Tx, actor: Actor, site_id: str) -> Site:
    """One site. Raises NotFound."""
    policy.may_read(actor)
    found = await store_sites.find(tx.connection, actor.account_id, site_id)
    if found is None:
        raise NotFound("no such site")
    return found


async def count_sites(tx: Tx, account_id: int) -> int:
    """How many sites an account has: what its request limit depends on (spec: 2.3)."""
    return await store_sites.count(tx.connection, account_id)


async def bases_of_sites(tx: Tx, actor: Actor, addresses: Addresses) -> dict[str, str]:
    """The address of each of the account's sites, by its id."""
    policy.may_read(actor)
    found = await store_sites.list_sites(tx.connection, actor.account_id, PageRequest(1, MOST_SITES))
    return {site.id: addresses.base_of(site.fields) for site in found.items}


async def site_meant(tx: Tx, actor: Actor, site_id: str | None, member: str = "siteId") -> Site:
    """The site that a member names; without one the account's only site. Raises Invalid."""
    if site_id:
        found = await store_sites.find(tx.connection, actor.account_id, site_id)
        if found is None:
            errors.raise_any([errors.not_found(member)])
    else:
        sites = (await store_sites.list_sites(tx.connection, actor.account_id, PageRequest(1, 2))).items
        found = sites[0] if len(sites) == 1 else None
        if found is None:
            errors.raise_any([errors.required(member)])
    assert found is not None
    return found


async def find_site_by_host(tx: Tx, addresses: Addresses, host: str) -> tuple[int, Site] | None:
    """The site that answers on the host of a request, and its account; whether it is public is for the caller."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    return await store_sites.find_by_host(tx.connection, name, addresses.sub_domain_of(host))


async def create_site(tx: Tx, actor: Actor, addresses: Addresses, fields: SiteFields, *, site_id: str = "") -> Site:
    """Make a site, with this id where it is free. Raises Forbidden, Invalid."""
    await rights.begin_managing(tx, actor)
    _check(fields, addresses)
    author = Author(
        created_by=actor.user_id or None, updated_by=actor.user_id or None, created_at=tx.now, updated_at=tx.now
    )
    site = Site(id=await identities.id_for(tx, actor.account_id, site_id), fields=fields, author=author)
    await _write(tx, actor, site, is_new=True)
    tx.emit(actor, events.SiteCreated(subject_id=None, id=site.id))
    return site


async def update_site(
    tx: Tx,
    actor: Actor,
    addresses: Addresses,
    site_id: str,
    changes: Mapping[str, Any],
    look: Mapping[str, Any],
) -> Site:
    """Change fields of a site and of its look, by their names here. Raises NotFound, Forbidden, Invalid."""
    before = await get_site(tx, actor, site_id)
    await rights.begin_managing(tx, actor)
    fields = msgspec.structs.replace(before.fields, look=msgspec.structs.replace(before.fields.look, **look), **changes)
    _check(fields, addresses)
    changed = _changed(before.fields, fields)
    if not changed:
        return before
    author = msgspec.structs.replace(before.author, updated_by=actor.user_id or None, updated_at=tx.now)
    site = Site(id=site_id, fields=fields, author=author)
    await _write(tx, actor, site, is_new=False)
    if fields.language != before.fields.language:
        await indexing.change_language(tx, actor.account_id, site_id, before.fields.language)
    tx.emit(actor, events.SiteUpdated(subject_id=None, id=site_id, fields=changed))
    return site


async def delete_site(tx: Tx, files: FileStore, actor: Actor, site_id: str) -> None:
    """Remove a site with its collections, articles, redirects and files. Raises NotFound, Forbidden."""
    await get_site(tx, actor, site_id)
    await rights.begin_managing(tx, actor)
    for key in await store_assets.keys_of_site(tx.connection, actor.account_id, site_id):
        tx.after_commit(lambda key=key: files.delete_later(key))  # type: ignore[misc]  # bound now
    await store_sites.delete(tx.connection, actor.account_id, site_id)
    tx.emit(actor, events.SiteDeleted(subject_id=None, id=site_id))


async def _write(tx: Tx, actor: Actor, site: Site, *, is_new: bool) -> None:
    write = store_sites.insert if is_new else store_sites.update
    try:
        async with tx.attempt():
            await write(tx.connection, actor.account_id, site)
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name == "docs_site_cname":
            raise errors.taken("cname", errors.CNAME_TAKEN) from error
        raise errors.taken("subDomain", errors.SUB_DOMAIN_TAKEN) from error


def _changed(before: SiteFields, after: SiteFields) -> list[str]:
    names = [name for name in SiteFields.__struct_fields__ if name != "look"]
    changed = [name for name in names if getattr(before, name) != getattr(after, name)]
    return changed + [
        name for name in SiteLook.__struct_fields__ if getattr(before.look, name) != getattr(after.look, name)
    ]


def _check(fields: SiteFields, addresses: Addresses) -> None:
    look, found = fields.look, list[FieldError]()
    if not fields.sub_domain:
        found.append(errors.required("subDomain"))
    elif not _SUB_DOMAIN.fullmatch(fields.sub_domain):
        found.append(errors.invalid("subDomain", fields.sub_domain))
    # A site on the desk's own hosts would take its pages away from it.
    own = addresses.domain.partition(":")[0].lower()
    if fields.cname is not None and (not _HOST.fullmatch(fields.cname) or f".{fields.cname}".endswith(f".{own}")):
        found.append(errors.invalid("cname", fields.cname))
    if fields.language not in LANGUAGES:
        found.append(errors.invalid("language", fields.language))
    if not look.title:
        found.append(errors.required("title"))
    if look.home_page_content not in _HOME_PAGES:
        found.append(errors.invalid("homePageContent", look.home_page_content))
    if look.contact_email is not None and not _EMAIL.fullmatch(look.contact_email):
        found.append(errors.invalid("contactEmail", look.contact_email))
    found += _check_kinds(look)
    errors.raise_any(found)


def _check_kinds(look: SiteLook) -> list[FieldError]:
    found = []
    for name in SiteLook.__struct_fields__:
        value, member = getattr(look, name), _camel(name)
        if isinstance(value, bool) or value is None:
            continue
        if isinstance(value, int):
            is_good = 0 <= value <= _MOST_PIXELS
        elif name.endswith("_color"):
            is_good = bool(_COLOR.fullmatch(value))
        else:
            is_good = not name.endswith("_url") or (is_web_address(value) and len(value) <= LONGEST_ADDRESS)
            if len(value) > _LONGEST.get(member, _LONGEST_CODE):
                found.append(errors.too_long(member))
        if not is_good:
            found.append(errors.invalid(member, value))
    return found


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
