"""The nouns of customers: people who write in, how to reach them, and what the account notes about them."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import NewType

import msgspec

CustomerId = NewType("CustomerId", int)
EntryId = NewType("EntryId", int)
OrganizationId = NewType("OrganizationId", int)


class EntryKind(Enum):
    """The five collections of ways to reach a customer (spec: 8.7)."""

    EMAIL = "email"
    PHONE = "phone"
    CHAT = "chat"
    SOCIAL_PROFILE = "social_profile"
    WEBSITE = "website"


class Gender(Enum):
    """As stored; any case comes in (spec: 8.0)."""

    MALE = "Male"
    FEMALE = "Female"
    UNKNOWN = "Unknown"


class PhotoType(Enum):
    """Where a customer's picture comes from (spec: 8.0)."""

    UNKNOWN = "unknown"
    GRAVATAR = "gravatar"
    TWITTER = "twitter"
    FACEBOOK = "facebook"
    GOOGLE_PROFILE = "googleprofile"
    GOOGLE_PLUS = "googleplus"
    LINKEDIN = "linkedin"
    INSTAGRAM = "instagram"


class PropertyType(Enum):
    """What a property's values are (spec: 8.9)."""

    NUMBER = "number"
    TEXT = "text"
    URL = "url"
    DATE = "date"
    DROPDOWN = "dropdown"


class AddressBounce(msgspec.Struct, frozen=True):
    """Since when mail to an address comes back, and what the other server said last."""

    at: datetime
    reason: str


class Entry(msgspec.Struct, frozen=True):
    """One e-mail address, phone number, chat handle, profile or website. Websites have no type.

    `bounce` is that of an address which mail does not reach for good; None where nothing is known against it.
    """

    id: int
    kind: EntryKind
    type: str | None
    value: str
    bounce: AddressBounce | None = None


class Address(msgspec.Struct, frozen=True):
    """A postal address; a customer has one or none. `country` is two capital letters or empty."""

    id: int
    lines: list[str]
    city: str
    state: str
    postal_code: str
    country: str


class PropertyOption(msgspec.Struct, frozen=True):
    """One choice of a dropdown property; the id is a UUID."""

    id: str
    label: str


class PropertyDefinition(msgspec.Struct, frozen=True):
    """A property that the account keeps about its customers. Only dropdowns have options."""

    id: int
    type: PropertyType
    slug: str
    name: str
    options: list[PropertyOption]


class PropertyValue(msgspec.Struct, frozen=True):
    """What a property says about one customer. `text` differs from `value` for dropdowns: the label of the option."""

    type: PropertyType
    slug: str
    name: str
    value: str
    text: str
    source: str


class OrganizationLink(msgspec.Struct, frozen=True):
    """The organization that a customer belongs to."""

    id: int
    name: str


class Customer(msgspec.Struct, frozen=True):
    """A customer with everything that is known. `conversation_count` counts what the asking actor may see."""

    id: int
    first_name: str
    last_name: str
    gender: Gender
    job_title: str | None
    location: str | None
    organization: OrganizationLink | None
    photo_type: PhotoType | None
    photo_url: str | None
    age: str | None
    background: str | None
    is_draft: bool
    conversation_count: int
    created_at: datetime
    updated_at: datetime
    entries: list[Entry]
    properties: list[PropertyValue]
    address: Address | None

    def of_kind(self, kind: EntryKind) -> list[Entry]:
        """The entries of one collection, oldest first."""
        return [entry for entry in self.entries if entry.kind is kind]

    @property
    def email(self) -> str:
        """The address to write to: the oldest one, or nothing."""
        return next((entry.value for entry in self.entries if entry.kind is EntryKind.EMAIL), "")


class CustomerBrief(msgspec.Struct, frozen=True):
    """A customer as a person beside something else: an author, a recipient."""

    id: int
    first_name: str
    last_name: str
    email: str
    photo_url: str | None


class CustomerSort(Enum):
    """What a list of customers may be ordered by; ties go by id in the same direction."""

    CREATED = "created"
    UPDATED = "updated"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    #: How well a search's words are matched; without such words, as CREATED.
    RELEVANCE = "relevance"


class CustomerOrder(msgspec.Struct, frozen=True):
    """Order of a list."""

    by: CustomerSort = CustomerSort.CREATED
    descending: bool = True


class CustomerFilters(msgspec.Struct, frozen=True):
    """What a list is narrowed to; all of it must hold. Names and the address compare whole, without case.

    `query` is text in the query language (spec: 12).
    """

    mailbox_id: int | None = None
    organization_id: int | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    created_since: datetime | None = None
    updated_since: datetime | None = None
    query: str | None = None


class CursorPosition(msgspec.Struct, frozen=True):
    """The last customer of a page that was read newest first; the next page begins below it."""

    created_at: datetime
    id: int


class CursorPage(msgspec.Struct, frozen=True):
    """A page of a list without totals. `next` is None on the last one."""

    items: list[Customer]
    next: CursorPosition | None
