"""The nouns of organizations: the firms, schools and households that customers belong to."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import msgspec

from waypost.domains.customers.models import PropertyValue


class Organization(msgspec.Struct, frozen=True):
    """An organization with all that is known (spec: 9). `conversation_count` counts what the asking actor may see.

    Every user sees all customers, so `customer_count` is the same for all. `location` is two capital letters.
    """

    id: int
    name: str
    website: str | None
    description: str | None
    location: str | None
    logo_url: str | None
    note: str | None
    domains: list[str]
    phones: list[str]
    brand_color: str | None
    created_at: datetime
    updated_at: datetime
    customer_count: int
    conversation_count: int
    properties: list[PropertyValue]


class OrganizationFields(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller may say of an organization, as it was sent; `content` judges it.

    `domain` is a single one, as some clients send it; it counts beside `domains`.
    """

    name: str | None = None
    website: str | None = None
    description: str | None = None
    location: str | None = None
    note: str | None = None
    domain: str | None = None
    domains: list[str] | None = None
    phones: list[str] | None = None
    brand_color: str | None = None


class OrganizationRow(msgspec.Struct, frozen=True, kw_only=True):
    """The same, cleaned: the columns that are written."""

    name: str
    website: str | None = None
    description: str | None = None
    location: str | None = None
    note: str | None = None
    domains: list[str] = []
    phones: list[str] = []
    brand_color: str | None = None


class OrganizationSort(Enum):
    """What a list may be ordered by; ties go by id in the same direction.

    An organization's last interaction is the last change of a conversation of one of its customers, among those that
    the asking actor may see. Without any it comes after all others, or before them in an ascending list.
    """

    NAME = "name"
    CUSTOMER_COUNT = "customers"
    CONVERSATION_COUNT = "conversations"
    LAST_INTERACTION = "interacted_at"


class OrganizationOrder(msgspec.Struct, frozen=True):
    """Order of a list."""

    by: OrganizationSort = OrganizationSort.LAST_INTERACTION
    descending: bool = True
