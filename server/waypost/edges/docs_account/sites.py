"""Sites on their way here: their look, who may see them, and the files of their dress."""

from __future__ import annotations

from typing import Any

from waypost.domains import docs, mailboxes
from waypost.domains.docs import AssetKind, Origin, OriginKind, SiteFields, SiteLook, SiteStatus
from waypost.edges.docs_account.places import file_address
from waypost.edges.docs_account.survey import mark_of
from waypost.edges.docs_account.taking import Taking, history, reason_of
from waypost.edges.docs_account.wire import RestrictionIn, SiteIn
from waypost.kit.errors import Invalid, NotFound, WaypostError
from waypost.kit.paging import PageRequest
from waypost.kit.tx import Tx

#: The mark of a site that was here before: its look stays what it is.
ADOPTED = "adopted"
_LOOK = tuple(name for name in SiteLook.__struct_fields__ if name != "title")
_FILES = {
    "logo_url": AssetKind.LOGO,
    "fav_icon_url": AssetKind.FAVICON,
    "touch_icon_url": AssetKind.TOUCH_ICON,
}


async def take_sites(taking: Taking) -> None:
    """Make or change all sites. What is wrong with one of them is a failure, and the others go on."""
    for site in taking.found.sites:
        where = f"site {site.sub_domain}"
        taking.summary.sites.read += 1
        try:
            site_id, has_new_dress = await _take(taking, site, where)
            taking.places.sites[site.id] = site_id
            if has_new_dress:
                await _dress(taking, site, site_id, where)
        except WaypostError as error:
            taking.summary.fail(where, reason_of(error))
        taking.told()


async def _take(taking: Taking, site: SiteIn, where: str) -> tuple[str, bool]:
    """The site here, and whether its look was written."""
    restriction = taking.found.restrictions.get(site.id)
    mark = mark_of(site, restriction)
    count, actor = taking.summary.sites, taking.actor
    async with taking.desk.transactions.open() as tx:
        origin = await docs.find_origin(tx, actor, OriginKind.SITE, site.id)
        here = await _still(tx, taking, origin)
        if here is not None and origin is not None and origin.mark in (mark, ADOPTED):
            count.unchanged += 1
        elif here is not None:
            here = await _change(tx, taking, here, site, where)
            count.changed += 1
        else:
            here = await _chosen(tx, taking, site)
            if here is not None:
                mark = ADOPTED
                count.unchanged += 1
            else:
                here = await _make(tx, taking, site, where)
                count.created += 1
        if origin is None or origin.mark != ADOPTED:
            await docs.note_origin(tx, actor, OriginKind.SITE, site.id, Origin(local_id=here.id, mark=mark))
        is_new = mark != ADOPTED and (origin is None or origin.mark not in (mark, ADOPTED))
        if is_new:
            await _restrict(tx, taking, here, restriction, where)
            times = history(site.created_at, site.updated_at)
            await docs.set_times(tx, actor, OriginKind.SITE, here.id, times)
        taking.places.bases[here.id] = taking.desk.addresses.base_of(here.fields)
        return here.id, is_new


async def _still(tx: Tx, taking: Taking, origin: Origin | None) -> docs.Site | None:
    if origin is None:
        return None
    try:
        return await docs.get_site(tx, taking.actor, origin.local_id)
    except NotFound:
        return None


async def _chosen(tx: Tx, taking: Taking, site: SiteIn) -> docs.Site | None:
    """The site of the account that somebody has chosen for this one, if it is there."""
    name = taking.choices.sites.get(site.sub_domain)
    if name is None:
        return None
    page = await docs.list_sites(tx, taking.actor, PageRequest(1, 1000))
    return next((one for one in page.items if one.fields.sub_domain == name), None)


async def _make(tx: Tx, taking: Taking, site: SiteIn, where: str) -> docs.Site:
    name = taking.choices.sites.get(site.sub_domain, site.sub_domain).lower()
    fields, look = await _wanted(tx, taking, site, where)
    dropped: set[str] = set()
    while True:
        wanted = SiteFields(
            sub_domain=name, **fields, look=SiteLook(**{k: v for k, v in look.items() if k not in dropped})
        )
        try:
            return await docs.create_site(tx, taking.actor, taking.desk.addresses, wanted, site_id=site.id)
        except Invalid as error:
            dropped = _without(error, look, dropped, taking, where)


async def _change(tx: Tx, taking: Taking, here: docs.Site, site: SiteIn, where: str) -> docs.Site:
    fields, look = await _wanted(tx, taking, site, where)
    fields.pop("cname", None)
    dropped: set[str] = set()
    while True:
        wanted = {name: value for name, value in look.items() if name not in dropped}
        try:
            return await docs.update_site(tx, taking.actor, taking.desk.addresses, here.id, fields, wanted)
        except Invalid as error:
            dropped = _without(error, look, dropped, taking, where)


def _without(error: Invalid, look: dict[str, Any], dropped: set[str], taking: Taking, where: str) -> set[str]:
    """The parts of the look to leave out after this refusal. Raises Invalid where it is of something else."""
    snake = {"".join([n.split("_")[0], *(p.capitalize() for p in n.split("_")[1:])]): n for n in look}
    named = {item.path: snake.get(item.path, "") for item in error.errors}
    if any(item.path == "subDomain" for item in error.errors):
        raise Invalid.one(
            "subDomain",
            f"{reason_of(error)}. --site {where.removeprefix('site ')}=OTHER makes it under another name, or puts its"
            " articles into the site of this account that has that name",
            "Unknown",
        ) from error
    if not all(named.values()) or "title" in named.values() or set(named.values()) <= dropped:
        raise error
    for member in named:
        taking.summary.note(where, f"{member} is left out: it is not valid here")
    return dropped | set(named.values())


async def _wanted(tx: Tx, taking: Taking, site: SiteIn, where: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Fields and look of a site, as far as they mean anything here."""
    look: dict[str, Any] = {"title": (site.title or site.company_name or site.sub_domain)[:255]}
    for name in _LOOK:
        value = getattr(site, name)
        if value not in (None, ""):
            look[name] = value
    if site.bg_color and not site.page_bg_color:
        look["page_bg_color"] = site.bg_color
    mailbox = None
    has_form = bool(site.has_contact_form)
    if has_form:
        ids = await mailboxes.ids_of(tx, taking.actor.account_id)
        mailbox = str(ids[0]) if len(ids) == 1 else None
        if mailbox is None and not site.contact_email:
            has_form = False
            taking.summary.note(where, "the contact form is off until a mailbox is chosen for it")
    if site.cname and not taking.choices.has_host_names:
        taking.summary.note(where, f"its host name {site.cname[:100]} is for you to set once it leads here")
    fields: dict[str, Any] = {
        "status": SiteStatus.INACTIVE if site.status == "inactive" else SiteStatus.ACTIVE,
        "has_public_site": site.has_public_site is not False,
        "has_contact_form": has_form,
        "mailbox": mailbox,
        "language": site.language or taking.choices.language,
        "cname": site.cname.lower() if site.cname and taking.choices.has_host_names else None,
    }
    return fields, look


async def _restrict(tx: Tx, taking: Taking, here: docs.Site, restriction: RestrictionIn | None, where: str) -> None:
    """Let in whom the source lets in: never more."""
    callback = (restriction.callback_configuration if restriction else None) or {}
    sign_in, secret = callback.get("signInUrl"), callback.get("sharedSecret")
    key, actor = taking.desk.secret_key, taking.actor
    try:
        if restriction is not None and (not restriction.enabled or sign_in):
            before = await docs.get_restriction(tx, actor, key, here.id)
            if restriction.enabled or before.is_enabled:
                await docs.set_restriction(
                    tx, actor, key, here.id, is_enabled=restriction.enabled, sign_in_url=sign_in, first_secret=secret
                )
            return
    except Invalid as error:
        taking.summary.note(where, reason_of(error))
    await docs.update_site(tx, actor, taking.desk.addresses, here.id, {"has_public_site": False}, {})
    taking.summary.note(where, "it has no public pages until you say who may see them: the source does not tell how")


async def _dress(taking: Taking, site: SiteIn, site_id: str, where: str) -> None:
    """Bring the pictures of a site's dress along."""
    look = {}
    for name, kind in _FILES.items():
        reference = getattr(site, name)
        hosts = taking.places.hosts
        address = file_address(reference, taking.source.base, hosts, is_shown=True) if reference else None
        if address is not None:
            path = await taking.files.stored(address, kind, site_id, None, where)
            if path is not None:
                look[name] = taking.desk.file_base + path
    if look:
        async with taking.desk.transactions.open() as tx:
            await docs.update_site(tx, taking.actor, taking.desk.addresses, site_id, {}, look)
            times = history(site.created_at, site.updated_at)
            await docs.set_times(tx, taking.actor, OriginKind.SITE, site_id, times)


__all__ = ["ADOPTED", "take_sites"]
