"""Customers on the wire (spec: 8.0 to 8.4)."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from waypost.domains.customers import (
    CursorPosition,
    Customer,
    EntryKind,
    NewCustomer,
    NewEntry,
    PlainFields,
)
from waypost.edges.inbox_v2.body import Int64
from waypost.edges.inbox_v2.hal import Link, Links
from waypost.edges.inbox_v2.wire.customer_entries import AddressIn, AddressOut, EntryIn, EntryOut, grouped
from waypost.edges.inbox_v2.wire.customer_properties import PropertyValueIn, PropertyValueOut
from waypost.edges.inbox_v2.wire.times import stamp
from waypost.kit.errors import BadParameter


class CustomerFieldsIn(msgspec.Struct, frozen=True, rename="camel"):
    """The single-valued fields; all that PUT reads."""

    first_name: str | None = None
    last_name: str | None = None
    photo_url: str | None = None
    photo_type: str | None = None
    job_title: str | None = None
    location: str | None = None
    background: str | None = None
    age: str | int | None = None
    gender: str | None = None
    organization: str | None = None
    organization_id: Int64 | None = None

    def plain(self) -> dict[str, Any]:
        """By the names that the core has for them."""
        values = {name: getattr(self, name) for name in CustomerFieldsIn.__struct_fields__}
        return {**values, "age": None if self.age is None else str(self.age)}

    def to_fields(self) -> PlainFields:
        """Read."""
        return PlainFields(**self.plain())


class CustomerIn(CustomerFieldsIn, frozen=True, rename="camel"):
    """A customer to make. `phone` and `email` are short for a `work` entry; PHP sends `email`."""

    phone: str | None = None
    email: str | None = None
    emails: list[EntryIn] | None = None
    phones: list[EntryIn] | None = None
    chats: list[EntryIn] | None = None
    social_profiles: list[EntryIn] | None = None
    social_profiles_spelt_by_seed: list[EntryIn] | None = msgspec.field(name="social_profiles", default=None)
    websites: list[EntryIn] | None = None
    address: AddressIn | None = None
    properties: list[PropertyValueIn] | None = None

    def to_command(self) -> NewCustomer:
        """Read."""
        return NewCustomer(
            **self.plain(),
            entries=[
                *self._short(EntryKind.EMAIL, "email", self.email, self.emails),
                *_entries(EntryKind.EMAIL, "emails", self.emails),
                *self._short(EntryKind.PHONE, "phone", self.phone, self.phones),
                *_entries(EntryKind.PHONE, "phones", self.phones),
                *_entries(EntryKind.CHAT, "chats", self.chats),
                *_entries(EntryKind.SOCIAL_PROFILE, "socialProfiles", self.social_profiles),
                *_entries(EntryKind.SOCIAL_PROFILE, "social_profiles", self.social_profiles_spelt_by_seed),
                *_entries(EntryKind.WEBSITE, "websites", self.websites),
            ],
            address=self.address.to_command("address") if self.address else None,
            properties=[held.to_command(f"properties[{index}]") for index, held in enumerate(self.properties or [])],
        )

    @staticmethod
    def _short(kind: EntryKind, at: str, value: str | None, listed: list[EntryIn] | None) -> list[NewEntry]:
        """The entry that a lone value stands for, unless the list holds it too."""
        known = {entry.value.strip().lower() for entry in listed or [] if entry.value}
        if not value or value.strip().lower() in known:
            return []
        return [NewEntry(kind=kind, value=value, value_at=at)]


def _entries(kind: EntryKind, at: str, entries: list[EntryIn] | None) -> list[NewEntry]:
    return [entry.to_command(kind, f"{at}[{index}]") for index, entry in enumerate(entries or [])]


class CustomerParts(msgspec.Struct, frozen=True):
    """What hangs on a customer. `address` only when there is one."""

    emails: list[EntryOut]
    phones: list[EntryOut]
    chats: list[EntryOut]
    social_profiles: list[EntryOut]
    websites: list[EntryOut]
    properties: list[PropertyValueOut]
    address: AddressOut | UnsetType = UNSET


class CustomerOut(msgspec.Struct, frozen=True, rename="camel"):
    """A customer. The seed shows `emails` at the top of the object; the platform, inside `_embedded`: both are sent."""

    id: int
    first_name: str
    last_name: str
    gender: str
    draft: bool
    conversation_count: int
    created_at: str
    updated_at: str
    emails: list[EntryOut]
    phones: list[EntryOut]
    embedded: CustomerParts = msgspec.field(name="_embedded")
    links: Links = msgspec.field(name="_links")
    job_title: str | UnsetType = UNSET
    location: str | UnsetType = UNSET
    organization: str | UnsetType = UNSET
    organization_id: int | UnsetType = UNSET
    photo_type: str | UnsetType = UNSET
    photo_url: str | UnsetType = UNSET
    age: str | UnsetType = UNSET
    background: str | UnsetType = UNSET

    @classmethod
    def of(cls, customer: Customer, base_url: str) -> CustomerOut:
        """Render."""
        parts = _parts(customer)
        linked = customer.organization
        return cls(
            id=customer.id,
            first_name=customer.first_name,
            last_name=customer.last_name,
            gender=customer.gender.value,
            draft=customer.is_draft,
            conversation_count=customer.conversation_count,
            created_at=stamp(customer.created_at),
            updated_at=stamp(customer.updated_at),
            emails=parts.emails,
            phones=parts.phones,
            embedded=parts,
            links=_links(customer, base_url),
            job_title=_given(customer.job_title),
            location=_given(customer.location),
            organization=linked.name if linked else UNSET,
            organization_id=linked.id if linked else UNSET,
            photo_type=customer.photo_type.value if customer.photo_type else UNSET,
            photo_url=_given(customer.photo_url),
            age=_given(customer.age),
            background=_given(customer.background),
        )


def _given(text: str | None) -> str | UnsetType:
    return UNSET if text is None else text


def _parts(customer: Customer) -> CustomerParts:
    entries = grouped(customer.entries)
    return CustomerParts(
        emails=entries[EntryKind.EMAIL],
        phones=entries[EntryKind.PHONE],
        chats=entries[EntryKind.CHAT],
        social_profiles=entries[EntryKind.SOCIAL_PROFILE],
        websites=entries[EntryKind.WEBSITE],
        properties=[PropertyValueOut.of(held) for held in customer.properties],
        address=AddressOut.of(customer.address) if customer.address else UNSET,
    )


def _links(customer: Customer, base_url: str) -> Links:
    own = address_of(customer.id, base_url)
    links = {"self": Link(own)}
    for part in ("address", "chats", "emails", "phones", "social-profiles", "websites"):
        links[part] = Link(f"{own}/{part}")
    if customer.organization:
        links["organization"] = Link(f"{base_url}/v2/organizations/{customer.organization.id}")
    return links


def address_of(customer_id: int, base_url: str) -> str:
    """Where a customer is."""
    return f"{base_url}/v2/customers/{customer_id}"


def write_cursor(position: CursorPosition) -> str:
    """A position in the list as opaque text."""
    microseconds = int(position.created_at.timestamp() * 1_000_000)
    return base64.urlsafe_b64encode(f"{microseconds}.{position.id}".encode()).decode().rstrip("=")


def read_cursor(text: str) -> CursorPosition:
    """The position that a text stands for. Raises BadParameter for one that was not made here."""
    try:
        padded = text + "=" * (-len(text) % 4)
        moment, _, id_ = base64.b64decode(padded.encode(), b"-_", validate=True).decode().partition(".")
        created_at = datetime.fromtimestamp(int(moment) / 1_000_000, UTC)
        number = int(id_)
    except (ValueError, OverflowError, OSError, binascii.Error) as error:
        raise BadParameter.one("cursor", "malformed cursor", "Identifier", text) from error
    if not 0 < number < 2**63:
        raise BadParameter.one("cursor", "malformed cursor", "Identifier", text)
    return CursorPosition(created_at, number)
