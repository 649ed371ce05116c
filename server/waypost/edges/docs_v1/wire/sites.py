"""Sites, their restrictions and redirects on the wire (spec: 6, 7, 8)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from waypost.domains.docs import Redirect, RedirectChange, RedirectTarget, Restriction, Site, SiteLook, SiteStatus
from waypost.edges.docs_v1.envelope import Listing
from waypost.edges.docs_v1.members import RELOAD, Member, Members
from waypost.kit.errors import FieldError

#: Members of the look by their kind, with the core's names: the wire's are the same words in camel case.
_LOOK_TEXTS = (
    "company_name", "description", "meta_description", "logo_url", "fav_icon_url", "touch_icon_url", "home_url",
    "home_link_text", "page_bg_color", "header_bg_color", "nav_text_color", "nav_active_color", "link_color",
    "article_text_color", "contact_email", "style_sheet_url", "header_code",
)  # fmt: skip
_LOOK_NUMBERS = ("logo_width", "logo_height")
_ALIASES = {"page_bg_color": ("bgColor",), "header_bg_color": ("color",)}


def camel(name: str) -> str:
    """The wire's name of a field."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


MEMBERS = (
    Member("subDomain", "text", "Its name below the help centers' domain.", is_required=True),
    Member("title", "text", "What its pages are headed by.", is_required=True),
    Member("status", "text", "Whether it is in use.", choices=("active", "inactive")),
    Member("cname", "text", "Its own host name."),
    Member("hasPublicSite", "boolean", "Whether it has pages at all."),
    Member("homePageContent", "text", "What its first page lists.", choices=("categories", "articles")),
    Member("hasContactForm", "boolean", "Whether it has a contact form."),
    Member("mailboxId", "text", "The mailbox that gets its messages."),
    Member("includeMetadata", "boolean", "Whether pages describe themselves to other sites."),
    Member("language", "text", "The language whose forms of words its search knows."),
    *(Member(camel(name), "text", "Part of its look.", aliases=_ALIASES.get(name, ())) for name in _LOOK_TEXTS),
    *(Member(camel(name), "number", "In pixels.") for name in _LOOK_NUMBERS),
    RELOAD,
)
RESTRICTION_MEMBERS = (
    Member("enabled", "boolean", "Whether visitors have to sign in.", is_required=True),
    Member("authentication", "text", "How.", choices=("CALLBACK", "PASSWORD")),
    Member("callbackConfiguration", "object", "`signInUrl`: where visitors are sent."),
    Member(
        "password",
        "text",
        "Opens private collections, or with PASSWORD the whole site. Never answered; null takes it away.",
    ),
)
REDIRECT_MEMBERS = (
    Member("siteId", "text", "The site that it is of.", is_required=True, aliases=("site_id",)),
    Member("urlMapping", "text", "The path that it leads from.", is_required=True),
    Member("redirect", "text", "Where it leads.", is_required=True),
    RELOAD,
)


class SiteOut(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A site."""

    id: str
    status: str
    sub_domain: str
    cname: str | None
    has_public_site: bool
    company_name: str
    home_page_content: str
    title: str
    description: str | None
    meta_description: str | None
    logo_url: str | None
    logo_width: int | None
    logo_height: int | None
    fav_icon_url: str | None
    touch_icon_url: str | None
    home_url: str | None
    home_link_text: str | None
    bg_color: str | None
    page_bg_color: str | None
    header_bg_color: str | None
    nav_text_color: str | None
    nav_active_color: str | None
    link_color: str | None
    article_text_color: str | None
    has_contact_form: bool
    mailbox_id: int | str | None
    contact_email: str | None
    style_sheet_url: str | None
    header_code: str | None
    include_metadata: bool
    language: str
    created_by: int | None
    updated_by: int | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, site: Site) -> SiteOut:
        """Render."""
        fields, look, author = site.fields, site.fields.look, site.author
        shown = msgspec.structs.asdict(look)
        shown["description"] = look.description if look.description is not None else look.meta_description
        shown["meta_description"] = look.meta_description if look.meta_description is not None else look.description
        return cls(
            **shown,
            id=site.id,
            status=fields.status.value,
            sub_domain=fields.sub_domain,
            cname=fields.cname,
            has_public_site=fields.has_public_site,
            has_contact_form=fields.has_contact_form,
            mailbox_id=_mailbox(fields.mailbox),
            bg_color=look.page_bg_color,
            language=fields.language,
            created_by=author.created_by,
            updated_by=author.updated_by,
            created_at=author.created_at,
            updated_at=author.updated_at,
        )


def _mailbox(text: str | None) -> int | str | None:
    """A number is one; anything else comes back as it was sent (spec: 6)."""
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 19 else text


class SiteBody(msgspec.Struct, frozen=True):
    """One site in its envelope."""

    site: SiteOut


class SiteList(msgspec.Struct, frozen=True):
    """A page of sites."""

    sites: Listing[SiteOut]


def site_change(members: Members) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a body wants of a site, and of its look, by the core's names; what is not sent is not there."""
    fields: dict[str, Any] = {
        "sub_domain": members.text("subDomain"),
        "status": members.choice("status", SiteStatus),
        "cname": members.nullable_text("cname"),
        "has_public_site": members.boolean("hasPublicSite"),
        "has_contact_form": members.boolean("hasContactForm"),
        "mailbox": members.nullable_text("mailboxId"),
        "language": members.text("language"),
    }
    look: dict[str, Any] = {
        "title": members.text("title"),
        "home_page_content": members.text("homePageContent"),
        "include_metadata": members.boolean("includeMetadata"),
        **{name: members.nullable_text(camel(name)) for name in _LOOK_TEXTS},
        **{name: members.nullable_number(camel(name)) for name in _LOOK_NUMBERS},
    }
    members.done()
    look = {name: value for name, value in look.items() if value is not UNSET}
    # Empty texts take away what can be without; a company has a name, be it empty.
    for name in _LOOK_TEXTS:
        if look.get(name, "set") in ("", None):
            look[name] = "" if name == "company_name" else None
    fields = {name: value for name, value in fields.items() if value is not UNSET}
    for name in ("cname", "mailbox"):
        if fields.get(name) == "":
            fields[name] = None
    for name in ("sub_domain", "cname"):
        if fields.get(name):
            fields[name] = fields[name].lower()
    return fields, look


def new_look(look: dict[str, Any]) -> SiteLook:
    """The look of a new site."""
    return SiteLook(**look)


class CallbackOut(msgspec.Struct, frozen=True, rename="camel"):
    """Where visitors are sent, and what signs their tokens."""

    sign_in_url: str
    shared_secret: str | None


class RestrictionOut(msgspec.Struct, frozen=True, rename="camel"):
    """A site's restriction, without an envelope."""

    enabled: bool
    authentication: str | None
    callback_configuration: CallbackOut | None
    #: Beside the specification, and only where it is so: there is a password for private content.
    has_password: bool | UnsetType = UNSET

    @classmethod
    def of(cls, found: Restriction) -> RestrictionOut:
        """Render; one that was never enabled is all null (spec: 7)."""
        callback = None
        if found.secret is not None or found.sign_in_url:
            callback = CallbackOut(found.sign_in_url, found.secret)
        is_by_password = found.is_enabled and not found.sign_in_url
        kind = "PASSWORD" if is_by_password else "CALLBACK" if callback else None
        return cls(found.is_enabled, kind, callback, found.has_password or UNSET)


class RestrictionIn(msgspec.Struct, frozen=True):
    """What a body wants of a restriction. A `sign_in_url` of None stays, an empty one goes."""

    is_enabled: bool
    sign_in_url: str | None
    password: str | UnsetType | None


def restriction_of(members: Members) -> RestrictionIn:
    """Whether visitors have to sign in, and where."""
    is_enabled = members.boolean("enabled")
    if is_enabled is UNSET and not members.errors:
        members.errors.append(FieldError("enabled", "enabled is required", "NotNull"))
    kind = members.text("authentication")
    if kind not in (UNSET, "CALLBACK", "PASSWORD"):
        members.errors.append(FieldError("authentication", "authentication is invalid", "EnumValue", kind))
    raw = members.raw("callbackConfiguration")
    if raw is not UNSET and not isinstance(raw, dict):
        members.errors.append(FieldError("callbackConfiguration", "callbackConfiguration is invalid", "Type"))
    password: str | UnsetType | None = members.nullable_text("password")
    if password == "":
        password = None
    members.done()
    url = Members(raw, {}, is_form=False).text("signInUrl") if isinstance(raw, dict) else UNSET
    sign_in_url = None if url is UNSET else url
    if kind == "PASSWORD":
        # The address and the password are two ways: who asks for one of them takes the other off the door.
        sign_in_url = ""
    return RestrictionIn(bool(is_enabled), sign_in_url, password)


class RedirectOut(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A redirect. Who changed it stands there under both names that documents have (spec: 8)."""

    id: str
    site_id: str
    url_mapping: str
    type: str
    document_id: str | None
    anchor: str | None
    redirect: str
    created_by: int | None
    updated_by: int | None
    created_at: datetime
    updated_at: datetime
    modified_by: int | None
    modified_at: datetime

    @classmethod
    def of(cls, found: Redirect) -> RedirectOut:
        """Render."""
        return cls(
            id=found.id,
            site_id=found.site_id,
            url_mapping=found.url_mapping,
            type=found.type.value,
            document_id=found.document_id,
            anchor=found.anchor,
            redirect=found.target,
            created_by=found.author.created_by,
            updated_by=found.author.updated_by,
            created_at=found.author.created_at,
            updated_at=found.author.updated_at,
            modified_by=found.author.updated_by,
            modified_at=found.author.updated_at,
        )


class RedirectBody(msgspec.Struct, frozen=True):
    """One redirect in its envelope."""

    redirect: RedirectOut


class RedirectList(msgspec.Struct, frozen=True):
    """A page of redirects."""

    redirects: Listing[RedirectOut]


class RedirectedUrlOut(msgspec.Struct, frozen=True):
    """Where a path leads in the end."""

    type: str
    redirect: str
    slug: str | None
    number: int | None
    anchor: str | None

    @classmethod
    def of(cls, found: RedirectTarget) -> RedirectedUrlOut:
        """Render."""
        return cls(found.type.value, found.redirect, found.slug, found.number, found.anchor)


class FoundBody(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """The answer to a search for a redirect; `redirect` is the first hop, where the call gives it."""

    redirected_url: RedirectedUrlOut | None
    redirect: RedirectOut | msgspec.UnsetType | None = UNSET


def redirect_change(members: Members) -> RedirectChange:
    """What a body wants of a redirect; computed members that clients send back are passed over."""
    found = RedirectChange(
        site_id=members.text("siteId"), url_mapping=members.text("urlMapping"), redirect=members.text("redirect")
    )
    members.done()
    return found
