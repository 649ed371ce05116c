"""What collections and categories have in common: how they are named, changed and checked (spec: 4, 5)."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from waypost.domains.accounts import Actor
from waypost.domains.docs import errors
from waypost.domains.docs.ids import new_id, slug_of
from waypost.domains.docs.models import Author, Shelf, Visibility
from waypost.kit.errors import FieldError
from waypost.kit.text import clean_name
from waypost.kit.tx import Tx

NAME_LENGTH = 255

AnyShelf = TypeVar("AnyShelf", bound=Shelf)


class ShelfChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is to change of one, or what a new one is to be; what is UNSET stays, or has its default."""

    name: str | UnsetType = UNSET
    slug: str | UnsetType = UNSET
    visibility: Visibility | UnsetType = UNSET
    order: int | UnsetType = UNSET
    description: str | UnsetType | None = UNSET


def new_fields(tx: Tx, actor: Actor, wanted: ShelfChange) -> dict[str, Any]:
    """The fields of a new one but for its place and its number, which comes last."""
    name = clean_name(wanted.name, NAME_LENGTH + 1) if wanted.name is not UNSET else ""
    user_id = actor.user_id or None
    return {
        "id": new_id(tx.now),
        "number": 0,
        "slug": slug_of((wanted.slug if wanted.slug is not UNSET else "") or name),
        "visibility": wanted.visibility if wanted.visibility is not UNSET else Visibility.PUBLIC,
        "name": name,
        "description": (wanted.description or None) if wanted.description is not UNSET else None,
        "article_count": 0,
        "published_article_count": 0,
        "author": Author(created_by=user_id, updated_by=user_id, created_at=tx.now, updated_at=tx.now),
    }


def changed(tx: Tx, actor: Actor, before: AnyShelf, change: ShelfChange) -> tuple[AnyShelf, list[str]]:
    """One as it is to be, not yet checked, and the names of the fields that differ."""
    values = {name: getattr(change, name) for name in change.__struct_fields__ if getattr(change, name) is not UNSET}
    if "name" in values:
        values["name"] = clean_name(values["name"], NAME_LENGTH + 1)
    if "slug" in values:
        values["slug"] = slug_of(values["slug"] or values.get("name", before.name))
    if "description" in values:
        values["description"] = values["description"] or None
    fields = [name for name, value in values.items() if value != getattr(before, name)]
    author = msgspec.structs.replace(before.author, updated_by=actor.user_id or None, updated_at=tx.now)
    return msgspec.structs.replace(before, author=author, **values), fields


def check(wanted: Shelf, longest_description: int) -> None:
    """Raises Invalid for what cannot be kept."""
    found: list[FieldError] = []
    if not wanted.name:
        found.append(errors.required("name"))
    elif len(wanted.name) > NAME_LENGTH:
        found.append(errors.too_long("name"))
    if len(wanted.description or "") > longest_description:
        found.append(errors.too_long("description"))
    if not -(2**31) <= wanted.order < 2**31:
        found.append(errors.invalid("order", wanted.order))
    errors.raise_any(found)
