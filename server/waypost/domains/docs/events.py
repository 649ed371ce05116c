"""What happens in the knowledge base. Facts hold ids and the names of fields, never what was written.

Ids of the knowledge base are text: a fact is about the number of a collection, category or article, and holds the id
beside it.
"""

from __future__ import annotations

from typing import ClassVar

from waypost.kit.events import Event


class SiteCreated(Event, frozen=True, kw_only=True):
    """There is one more help center."""

    NAME: ClassVar[str] = "docs_site.created"
    SUBJECT: ClassVar[str] = "docs_site"
    id: str


class SiteUpdated(Event, frozen=True, kw_only=True):
    """A site has other settings."""

    NAME: ClassVar[str] = "docs_site.updated"
    SUBJECT: ClassVar[str] = "docs_site"
    id: str
    fields: list[str]


class SiteDeleted(Event, frozen=True, kw_only=True):
    """A site is gone, with all that it held."""

    NAME: ClassVar[str] = "docs_site.deleted"
    SUBJECT: ClassVar[str] = "docs_site"
    id: str


class RestrictionChanged(Event, frozen=True, kw_only=True):
    """A site asks its visitors to sign in, or does not any more, or elsewhere."""

    NAME: ClassVar[str] = "docs_site.restricted"
    SUBJECT: ClassVar[str] = "docs_site"
    id: str
    is_enabled: bool


class CollectionCreated(Event, frozen=True, kw_only=True):
    """There is one more collection."""

    NAME: ClassVar[str] = "docs_collection.created"
    SUBJECT: ClassVar[str] = "docs_collection"
    id: str
    site_id: str


class CollectionUpdated(Event, frozen=True, kw_only=True):
    """Something about a collection is another than before."""

    NAME: ClassVar[str] = "docs_collection.updated"
    SUBJECT: ClassVar[str] = "docs_collection"
    id: str
    site_id: str
    fields: list[str]


class CollectionDeleted(Event, frozen=True, kw_only=True):
    """A collection is gone, with its categories and articles."""

    NAME: ClassVar[str] = "docs_collection.deleted"
    SUBJECT: ClassVar[str] = "docs_collection"
    id: str
    site_id: str


class CategoryCreated(Event, frozen=True, kw_only=True):
    """There is one more category."""

    NAME: ClassVar[str] = "docs_category.created"
    SUBJECT: ClassVar[str] = "docs_category"
    id: str
    collection_id: str


class CategoryUpdated(Event, frozen=True, kw_only=True):
    """Something about a category is another than before."""

    NAME: ClassVar[str] = "docs_category.updated"
    SUBJECT: ClassVar[str] = "docs_category"
    id: str
    collection_id: str
    fields: list[str]


class CategoryDeleted(Event, frozen=True, kw_only=True):
    """A category is gone; its articles stay."""

    NAME: ClassVar[str] = "docs_category.deleted"
    SUBJECT: ClassVar[str] = "docs_category"
    id: str
    collection_id: str


class ArticleEvent(Event, frozen=True, kw_only=True):
    """Something happened to an article."""

    SUBJECT: ClassVar[str] = "article"
    id: str
    site_id: str
    collection_id: str


class ArticleCreated(ArticleEvent, frozen=True, kw_only=True):
    """There is one more article."""

    NAME: ClassVar[str] = "article.created"


class ArticleUpdated(ArticleEvent, frozen=True, kw_only=True):
    """Something about an article is another than before."""

    NAME: ClassVar[str] = "article.updated"
    fields: list[str]


class ArticlePublished(ArticleEvent, frozen=True, kw_only=True):
    """Visitors get to see an article from now on."""

    NAME: ClassVar[str] = "article.published"


class ArticleUnpublished(ArticleEvent, frozen=True, kw_only=True):
    """Visitors do not see an article any more."""

    NAME: ClassVar[str] = "article.unpublished"


class ArticleDeleted(ArticleEvent, frozen=True, kw_only=True):
    """An article is gone, with its draft and revisions."""

    NAME: ClassVar[str] = "article.deleted"


class DraftSaved(ArticleEvent, frozen=True, kw_only=True):
    """An article has a text that is not published."""

    NAME: ClassVar[str] = "article.draft_saved"


class DraftDeleted(ArticleEvent, frozen=True, kw_only=True):
    """A draft was dropped."""

    NAME: ClassVar[str] = "article.draft_deleted"


class RedirectCreated(Event, frozen=True, kw_only=True):
    """A path of a site leads elsewhere."""

    NAME: ClassVar[str] = "docs_redirect.created"
    SUBJECT: ClassVar[str] = "docs_redirect"
    id: str
    site_id: str


class RedirectUpdated(Event, frozen=True, kw_only=True):
    """A redirect has another path or another target."""

    NAME: ClassVar[str] = "docs_redirect.updated"
    SUBJECT: ClassVar[str] = "docs_redirect"
    id: str
    site_id: str


class RedirectDeleted(Event, frozen=True, kw_only=True):
    """A redirect is gone."""

    NAME: ClassVar[str] = "docs_redirect.deleted"
    SUBJECT: ClassVar[str] = "docs_redirect"
    id: str
    site_id: str


class AssetAdded(Event, frozen=True, kw_only=True):
    """A file was stored."""

    NAME: ClassVar[str] = "docs_asset.created"
    SUBJECT: ClassVar[str] = "docs_asset"
    id: str
    site_id: str


class RightGiven(Event, frozen=True, kw_only=True):
    """A user may do more or less in the knowledge base than before."""

    NAME: ClassVar[str] = "user.docs_right"
    SUBJECT: ClassVar[str] = "user"
    level: str


class PasswordChanged(Event, frozen=True, kw_only=True):
    """A site's password is another one, or there is none any more."""

    NAME: ClassVar[str] = "docs_site.password_changed"
    SUBJECT: ClassVar[str] = "docs_site"
    id: str
    has_password: bool


class SecretRenewed(Event, frozen=True, kw_only=True):
    """Tokens for a site are signed by another secret; visitors who came in by the old one are out."""

    NAME: ClassVar[str] = "docs_site.secret_renewed"
    SUBJECT: ClassVar[str] = "docs_site"
    id: str


class VisitBegun(Event, frozen=True, kw_only=True):
    """A help center has let somebody in: `by` is `user`, `callback` or `password`."""

    NAME: ClassVar[str] = "docs_visit.begun"
    SUBJECT: ClassVar[str] = "docs_visit"
    site_id: str
    by: str


class VisitEnded(Event, frozen=True, kw_only=True):
    """Somebody has signed out of a help center, or signed in anew."""

    NAME: ClassVar[str] = "docs_visit.ended"
    SUBJECT: ClassVar[str] = "docs_visit"
    site_id: str
    by: str
