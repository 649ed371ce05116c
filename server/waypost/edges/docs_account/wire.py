"""What the source says about its things (spec: docs-api 3 to 8), read leniently: only what cannot be done without is
required, numbers may be texts, times may be numbers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from waypost.kit.text import clean_text

#: A time that is given as a number above this is in milliseconds.
_MILLISECONDS = 100_000_000_000
_DEEPEST = 20

Time = str | int | float | None


class _Thing(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    id: str
    created_at: Time = None
    updated_at: Time = None


class SiteIn(_Thing, frozen=True, rename="camel", kw_only=True):
    """A site; members of its look are passed on by name."""

    sub_domain: str
    title: str | None = None
    status: str | None = None
    cname: str | None = None
    has_public_site: bool | None = None
    has_contact_form: bool | None = None
    language: str | None = None
    company_name: str | None = None
    home_page_content: str | None = None
    description: str | None = None
    meta_description: str | None = None
    logo_url: str | None = None
    logo_width: int | None = None
    logo_height: int | None = None
    fav_icon_url: str | None = None
    touch_icon_url: str | None = None
    home_url: str | None = None
    home_link_text: str | None = None
    bg_color: str | None = None
    page_bg_color: str | None = None
    header_bg_color: str | None = None
    nav_text_color: str | None = None
    nav_active_color: str | None = None
    link_color: str | None = None
    article_text_color: str | None = None
    contact_email: str | None = None
    style_sheet_url: str | None = None
    header_code: str | None = None
    include_metadata: bool | None = None


class RestrictionIn(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """Whether a site asks its visitors who they are."""

    enabled: bool = False
    callback_configuration: dict[str, str | None] | None = None


class CollectionIn(_Thing, frozen=True, rename="camel", kw_only=True):
    """A collection."""

    site_id: str
    number: int | None = None
    slug: str | None = None
    visibility: str | None = None
    order: int | None = None
    name: str
    description: str | None = None
    public_url: str | None = None


class CategoryIn(_Thing, frozen=True, rename="camel", kw_only=True):
    """A category."""

    collection_id: str
    number: int | None = None
    slug: str | None = None
    visibility: str | None = None
    order: int | None = None
    default_sort: str | None = None
    name: str
    description: str | None = None
    public_url: str | None = None

    @property
    def is_uncategorized(self) -> bool:
        """The one that every collection has."""
        return self.slug == "uncategorized" and self.name.lower() == "uncategorized"


class ArticleRefIn(_Thing, frozen=True, rename="camel", kw_only=True):
    """An article as lists show it."""

    collection_id: str
    number: int | None = None
    slug: str | None = None
    status: str | None = None
    has_draft: bool | None = None
    name: str
    public_url: str | None = None
    keywords: list[str] | None = None
    view_count: int | None = None
    last_published_at: Time = None


class ArticleIn(ArticleRefIn, frozen=True, rename="camel", kw_only=True):
    """A whole article."""

    text: str | None = None
    categories: list[str] | None = None
    related: list[str] | None = None
    code: str | None = None


class UserIn(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """Who has written a revision."""

    first_name: str | None = None
    last_name: str | None = None


class RevisionIn(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A published text of before; lists have no text."""

    id: str
    created_at: Time = None
    created_by: UserIn | int | None = None
    text: str | None = None


class RedirectIn(_Thing, frozen=True, rename="camel", kw_only=True):
    """A redirect."""

    site_id: str
    url_mapping: str
    redirect: str


def cleaned(value: Any, depth: int = 0) -> Any:
    """Decoded JSON without characters that cannot be stored. Raises ValueError for what is nested too deeply."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict | list) and depth > _DEEPEST:
        raise ValueError("nested too deeply")
    if isinstance(value, dict):
        return {name: cleaned(item, depth + 1) for name, item in value.items()}
    if isinstance(value, list):
        return [cleaned(item, depth + 1) for item in value]
    return value


def time_of(value: Time, now: datetime) -> datetime | None:
    """A time as texts (ISO 8601) or numbers (Unix) say it, none later than now; None for what is no time."""
    try:
        if isinstance(value, str) and not value.strip().isdigit():
            at = datetime.fromisoformat(value.strip())
            at = at if at.tzinfo else at.replace(tzinfo=UTC)
        elif value is None:
            return None
        else:
            seconds = float(value)
            at = datetime.fromtimestamp(seconds / 1000 if seconds > _MILLISECONDS else seconds, UTC)
        return min(at.astimezone(UTC), now)
    except (ValueError, OverflowError, OSError):
        return None
