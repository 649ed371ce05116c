"""The nouns of the knowledge base: sites, collections, categories, articles and what belongs to them."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import msgspec

from waypost.kit.paging import PageRequest


class Level(Enum):
    """What a user may do: read, also write articles, or also change everything else (spec: 10)."""

    READ = "read"
    EDIT = "edit"
    MANAGE = "manage"


class SiteStatus(Enum):
    """An inactive site has no public pages."""

    ACTIVE = "active"
    INACTIVE = "inactive"


class Visibility(Enum):
    """Everybody, or only signed-in users of the account."""

    PUBLIC = "public"
    PRIVATE = "private"


class ArticleStatus(Enum):
    """Whether visitors get to see an article."""

    PUBLISHED = "published"
    NOT_PUBLISHED = "notpublished"


class DefaultSort(Enum):
    """The order of a category's articles (spec: 5)."""

    POPULARITY = "popularity"
    NAME = "name"
    CUSTOM = "custom"
    UPDATED_AT = "updatedAt"
    NUMBER = "number"


class RedirectType(Enum):
    """What a redirect leads to; all but CUSTOM follow their document."""

    ARTICLE = "article"
    CATEGORY = "category"
    COLLECTION = "collection"
    CUSTOM = "custom"


class AssetKind(Enum):
    """What a file is for: shown in an article, linked from one, or part of a site's dress."""

    IMAGE = "image"
    ATTACHMENT = "attachment"
    LOGO = "logo"
    FAVICON = "favicon"
    TOUCH_ICON = "touchicon"

    @property
    def is_of_site(self) -> bool:
        """Part of the site's dress rather than of an article."""
        return self not in (AssetKind.IMAGE, AssetKind.ATTACHMENT)


class Author(msgspec.Struct, frozen=True, kw_only=True):
    """Who made and last changed a thing, and when. No user for what the desk itself has made."""

    created_by: int | None
    updated_by: int | None
    created_at: datetime
    updated_at: datetime


class SiteLook(msgspec.Struct, frozen=True, kw_only=True):
    """What only the public pages of a site show (spec: 6)."""

    title: str = ""
    company_name: str = ""
    home_page_content: str = "categories"
    description: str | None = None
    meta_description: str | None = None
    logo_url: str | None = None
    logo_width: int | None = None
    logo_height: int | None = None
    fav_icon_url: str | None = None
    touch_icon_url: str | None = None
    home_url: str | None = None
    home_link_text: str | None = None
    page_bg_color: str | None = None
    header_bg_color: str | None = None
    nav_text_color: str | None = None
    nav_active_color: str | None = None
    link_color: str | None = None
    article_text_color: str | None = None
    contact_email: str | None = None
    style_sheet_url: str | None = None
    header_code: str | None = None
    include_metadata: bool = False


class SiteFields(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of a site that can be changed."""

    status: SiteStatus = SiteStatus.ACTIVE
    sub_domain: str
    cname: str | None = None
    has_public_site: bool = True
    has_contact_form: bool = False
    mailbox: str | None = None
    language: str
    look: SiteLook = SiteLook()


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """A help center."""

    id: str
    fields: SiteFields
    author: Author


class Restriction(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a site asks its visitors who they are (spec: 7). `secret` is None until it was enabled once.

    A restricted site without an address to sign in at asks for its password.
    """

    is_enabled: bool = False
    sign_in_url: str = ""
    secret: str | None = None
    has_password: bool = False


class Shelf(msgspec.Struct, frozen=True, kw_only=True):
    """Where articles stand: what collections and categories have in common."""

    id: str
    site_id: str
    number: int
    slug: str
    visibility: Visibility
    order: int
    name: str
    description: str | None
    article_count: int
    published_article_count: int
    author: Author


class Collection(Shelf, frozen=True, kw_only=True):
    """A shelf of a site."""


class Category(Shelf, frozen=True, kw_only=True):
    """A heading within a collection."""

    collection_id: str
    default_sort: DefaultSort
    is_uncategorized: bool


class Article(msgspec.Struct, frozen=True, kw_only=True):
    """An article as lists show it. `most_views` is the largest number of views of an article in its site."""

    id: str
    site_id: str
    collection_id: str
    number: int
    slug: str
    status: ArticleStatus
    has_draft: bool
    name: str
    keywords: list[str]
    view_count: int
    most_views: int
    author: Author
    last_published_at: datetime | None

    @property
    def popularity(self) -> float:
        """0.0 without views, else 1.0 to 5.0 by the share of the most viewed article's views (spec: 3.1)."""
        if not self.view_count:
            return 0.0
        return round(1 + 4 * self.view_count / max(self.most_views, self.view_count), 1)


class ArticleText(msgspec.Struct, frozen=True, kw_only=True):
    """A whole article: what lists leave out."""

    article: Article
    #: Made safe, as it may be shown.
    text: str
    draft: str | None
    category_ids: list[str]
    related_ids: list[str]
    change_origin: str
    code: str | None


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """A published text as it was at one time. `text` is None in lists."""

    id: str
    article_id: str
    text: str | None
    user_id: int | None
    first_name: str
    last_name: str
    created_at: datetime


class Redirect(msgspec.Struct, frozen=True, kw_only=True):
    """From a path of a site to somewhere else. `target` is the address as it is now."""

    id: str
    site_id: str
    url_mapping: str
    type: RedirectType
    document_id: str | None
    anchor: str | None
    target: str
    author: Author


class RedirectTarget(msgspec.Struct, frozen=True, kw_only=True):
    """Where a path leads in the end (spec: 8). `slug` and `number` only for documents."""

    type: RedirectType
    redirect: str
    slug: str | None
    number: int | None
    anchor: str | None
    #: The first of the redirects that were followed.
    first: Redirect


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """A stored file of a site. `width` and `height` only of pictures."""

    account_id: int
    id: str
    site_id: str
    kind: AssetKind
    file_name: str
    mime_type: str
    size: int
    width: int | None
    height: int | None
    storage_key: str

    @property
    def path(self) -> str:
        """Where it is served (spec: 9)."""
        from urllib.parse import quote

        folder = "attachments" if self.kind is AssetKind.ATTACHMENT else "images"
        return f"/docs/assets/{self.site_id}/{folder}/{self.id}/{quote(self.file_name, safe='')}"


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """An article that a search has found."""

    id: str
    site_id: str
    collection_id: str
    category_ids: list[str]
    number: int
    slug: str
    name: str
    preview: str
    status: ArticleStatus
    visibility: Visibility


class Hits(msgspec.Struct, frozen=True, kw_only=True):
    """A page of hits. `corrected` is the query as it was understood when its own words found nothing."""

    items: list[Hit]
    total: int
    request: PageRequest
    corrected: str | None = None
