"""What a caller may ask to be made or changed. Values are as they were sent; `content` judges them.

`at`, `value_at` and `type_at` say where a value stood in the request, so that a refusal can point at it.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from waypost.domains.customers.models import EntryKind
from waypost.kit.errors import FieldError

FieldName = Literal[
    "first_name",
    "last_name",
    "photo_url",
    "photo_type",
    "job_title",
    "location",
    "background",
    "age",
    "gender",
    "organization",
    "organization_id",
]
AddressPart = Literal["lines", "city", "state", "postal_code", "country"]


class PlainFields(msgspec.Struct, frozen=True, kw_only=True):
    """The single-valued fields of a customer (spec: 8.0). `organization_id` wins over `organization`, a name."""

    first_name: str | None = None
    last_name: str | None = None
    photo_url: str | None = None
    photo_type: str | None = None
    job_title: str | None = None
    location: str | None = None
    background: str | None = None
    age: str | None = None
    gender: str | None = None
    organization: str | None = None
    organization_id: int | None = None


class CustomerProfile(PlainFields, frozen=True, kw_only=True):
    """What is known of somebody who writes in, used only if they are new (spec: 7.2)."""

    phone: str | None = None
    is_draft: bool = False


class NewEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry to add. Without a type it gets the one that its kind has by default."""

    kind: EntryKind
    value: str | None = None
    type: str | None = None
    value_at: str = "value"
    type_at: str = "type"


class NewAddress(msgspec.Struct, frozen=True, kw_only=True):
    """An address to keep, in place of any that is there."""

    lines: list[str] = []
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""
    at: str = ""


class SetProperty(msgspec.Struct, frozen=True, kw_only=True):
    """Give a property a value, or take it away (None)."""

    slug: str
    value: str | int | None
    slug_at: str = "slug"
    value_at: str = "value"


class NewCustomer(PlainFields, frozen=True, kw_only=True):
    """A customer to make, with all that is known at once (spec: 8.3)."""

    entries: list[NewEntry] = []
    address: NewAddress | None = None
    properties: list[SetProperty] = []


class SetField(msgspec.Struct, frozen=True, kw_only=True):
    """Give a single-valued field another value, or clear it (None)."""

    name: FieldName
    value: str | int | None
    at: str


class AddEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Put one more entry into its collection, which may be full."""

    entry: NewEntry
    at: str = ""


class ChangeEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Change what is given of one entry; UNSET stays."""

    kind: EntryKind
    entry_id: int
    value: str | msgspec.UnsetType | None = msgspec.UNSET
    type: str | msgspec.UnsetType | None = msgspec.UNSET
    value_at: str = "value"
    type_at: str = "type"


class RemoveEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Take one entry away."""

    kind: EntryKind
    entry_id: int


class ReplaceEntries(msgspec.Struct, frozen=True, kw_only=True):
    """Put other entries in the place of a whole collection. Those that are there already keep their ids."""

    kind: EntryKind
    entries: list[NewEntry]
    at: str


class SetAddress(msgspec.Struct, frozen=True, kw_only=True):
    """Keep this address, or none."""

    address: NewAddress | None


class SetAddressPart(msgspec.Struct, frozen=True, kw_only=True):
    """Change one part of the address, which begins empty if there was none."""

    part: AddressPart
    value: str | list[str] | None
    at: str


class Refuse(msgspec.Struct, frozen=True, kw_only=True):
    """An operation that could not be read. It stands among the others so that all mistakes are named at once."""

    problems: list[FieldError]


Operation = (
    SetField
    | AddEntry
    | ChangeEntry
    | RemoveEntry
    | ReplaceEntries
    | SetAddress
    | SetAddressPart
    | SetProperty
    | Refuse
)


class NewOption(msgspec.Struct, frozen=True, kw_only=True):
    """A choice of a dropdown. An id that the property has already keeps the option's values."""

    label: str | None
    id: str | None = None
    at: str = ""


class NewProperty(msgspec.Struct, frozen=True, kw_only=True):
    """A property to define (spec: 8.10)."""

    type: str | None
    slug: str | None
    name: str | None
    options: list[NewOption] = []
