"""What can be wrong with a change, in the fixed words of the specification (spec: 2.8)."""

from __future__ import annotations

from typing import Any

from waypost.kit.errors import FieldError, Invalid

ARTICLE_NAME_TAKEN = "Article name is already in use"
COLLECTION_NAME_TAKEN = "Collection name is already in use"
CATEGORY_NAME_TAKEN = "Category name is already in use"
SUB_DOMAIN_TAKEN = "Subdomain is already in use"
CNAME_TAKEN = "cname is already in use"
URL_MAPPING_TAKEN = "URL mapping is already in use"


def required(member: str) -> FieldError:
    """A member that must be there."""
    return FieldError(member, f"{member} is required", "NotEmpty")


def invalid(member: str, value: Any = None) -> FieldError:
    """A member whose value cannot be."""
    return FieldError(member, f"{member} is invalid", "EnumValue", value)


def too_long(member: str) -> FieldError:
    """A member with more than is taken."""
    return FieldError(member, f"{member} is too long", "Size")


def not_found(member: str) -> FieldError:
    """A member that names what is not there."""
    return FieldError(member, f"{member} was not found", "Unknown")


def taken(member: str, message: str) -> Invalid:
    """What must be the only one of its kind, and is not."""
    return Invalid([FieldError(member, message, "Unknown")])


def raise_any(errors: list[FieldError]) -> None:
    """Raise all mistakes at once, if there are any."""
    if errors:
        raise Invalid(errors)
