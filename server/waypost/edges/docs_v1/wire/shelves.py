"""Collections and categories on the wire (spec: 4, 5)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import UNSET

from waypost.domains.docs import (
    Category,
    CategoryChange,
    Collection,
    CollectionChange,
    DefaultSort,
    Visibility,
    path_of,
)
from waypost.edges.docs_v1.envelope import Listing
from waypost.edges.docs_v1.errors import Unparsable
from waypost.edges.docs_v1.members import RELOAD, Member, Members
from waypost.kit.errors import FieldError, Invalid

_VISIBILITY = Member("visibility", "text", "Who sees it.", choices=("public", "private"))
COLLECTION_MEMBERS = (
    Member("siteId", "text", "The site that it is of; may be left out where there is one.", aliases=("site_id",)),
    Member("name", "text", "What it is called, once in its site.", is_required=True),
    Member("slug", "text", "What stands in its address behind the number."),
    _VISIBILITY,
    Member("order", "number", "Its place among the others; the last unless said."),
    Member("description", "text", "At most 45 characters."),
    RELOAD,
)
CATEGORY_MEMBERS = (
    Member("collectionId", "text", "The collection that it is of.", is_required=True, aliases=("collection_id",)),
    Member("name", "text", "What it is called, once in its collection.", is_required=True),
    Member("slug", "text", "What stands in its address behind the number."),
    _VISIBILITY,
    Member("order", "number", "Its place among the others."),
    Member(
        "defaultSort", "text", "How its articles are sorted.",
        choices=("popularity", "name", "custom", "updatedAt", "number"),
    ),
    Member("description", "text", "What it is about."),
    RELOAD,
)  # fmt: skip
ORDER_MEMBERS = (Member("categories", "objects", "`{id, order}` of those that move."),)
Kind = Literal["collection", "category"]
_OTHER_SORTS = {"manual": DefaultSort.CUSTOM}


class CollectionOut(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A collection."""

    id: str
    site_id: str
    number: int
    slug: str
    visibility: str
    order: int
    name: str
    description: str | None
    public_url: str
    article_count: int
    published_article_count: int
    created_by: int | None
    updated_by: int | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, found: Collection, bases: dict[str, str]) -> CollectionOut:
        """Render."""
        return cls(**_shelf("collection", found, bases), site_id=found.site_id)


class CollectionBody(msgspec.Struct, frozen=True):
    """One collection in its envelope."""

    collection: CollectionOut


class CollectionList(msgspec.Struct, frozen=True):
    """A page of collections."""

    collections: Listing[CollectionOut]


class CategoryOut(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A category."""

    id: str
    number: int
    slug: str
    visibility: str
    collection_id: str
    order: int
    default_sort: str
    name: str
    description: str | None
    article_count: int
    published_article_count: int
    public_url: str
    created_by: int | None
    updated_by: int | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, found: Category, bases: dict[str, str]) -> CategoryOut:
        """Render."""
        return cls(
            **_shelf("category", found, bases),
            collection_id=found.collection_id,
            default_sort=found.default_sort.value,
        )


class CategoryBody(msgspec.Struct, frozen=True):
    """One category in its envelope."""

    category: CategoryOut


class CategoryList(msgspec.Struct, frozen=True):
    """A page of categories."""

    categories: Listing[CategoryOut]


def collection_change(members: Members) -> CollectionChange:
    """What a body wants of a collection."""
    found = CollectionChange(**_wanted(members))
    members.done()
    return found


def category_change(members: Members) -> CategoryChange:
    """What a body wants of a category."""
    sort = members.choice("defaultSort", DefaultSort, _OTHER_SORTS)
    found = CategoryChange(**_wanted(members), default_sort=sort)
    members.done()
    return found


def _wanted(members: Members) -> dict[str, Any]:
    return {
        "name": members.text("name"),
        "slug": members.text("slug"),
        "visibility": members.choice("visibility", Visibility),
        "order": members.number("order"),
        "description": members.nullable_text("description"),
    }


def _shelf(
    kind: Literal["collection", "category"], found: Collection | Category, bases: dict[str, str]
) -> dict[str, Any]:
    """What collections and categories show alike."""
    return {
        "id": found.id,
        "number": found.number,
        "slug": found.slug,
        "visibility": found.visibility.value,
        "order": found.order,
        "name": found.name,
        "description": found.description,
        "public_url": bases[found.site_id] + path_of(kind, found.number, found.slug),
        "article_count": found.article_count,
        "published_article_count": found.published_article_count,
        "created_by": found.author.created_by,
        "updated_by": found.author.updated_by,
        "created_at": found.author.created_at,
        "updated_at": found.author.updated_at,
    }


def positions_of(value: Any) -> dict[str, int]:
    """Which category goes where: objects or plain ids, bare or as `categories` (spec: 5)."""
    if isinstance(value, dict):
        value = value.get("categories")
        if value is None:
            raise Invalid([FieldError("categories", "categories is required", "NotEmpty")])
    if not isinstance(value, list):
        raise Unparsable("The body must name categories")
    positions: dict[str, int] = {}
    for place, item in enumerate(value, 1):
        if isinstance(item, str):
            positions[item] = place
            continue
        one = Members(item, {}, is_form=False) if isinstance(item, dict) else None
        category_id = one.text("id") if one else UNSET
        order = one.number("order") if one else UNSET
        if category_id is UNSET or order is UNSET:
            raise Invalid([FieldError("categories", "categories is invalid", "Type")])
        positions[category_id] = order
    return positions
