"""Customer properties and their values on the wire (spec: 8.9, 8.10)."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from waypost.domains.customers import (
    NewOption,
    NewProperty,
    PropertyDefinition,
    PropertyType,
    PropertyValue,
    SetProperty,
)
from waypost.edges.inbox_v2.hal import Link, Links


class SourceOut(msgspec.Struct, frozen=True):
    """Where a value came from."""

    name: str


class PropertyValueOut(msgspec.Struct, frozen=True):
    """What a property says about a customer."""

    type: str
    slug: str
    name: str
    value: str
    text: str
    source: SourceOut

    @classmethod
    def of(cls, held: PropertyValue) -> PropertyValueOut:
        """Render."""
        return cls(held.type.value, held.slug, held.name, held.value, held.text, SourceOut(held.source))


class PropertyValueIn(msgspec.Struct, frozen=True):
    """A value given together with a new customer."""

    slug: str | None = None
    value: str | int | None = None

    def to_command(self, at: str) -> SetProperty:
        """Read; `at` is where it stood in the body."""
        return SetProperty(slug=self.slug or "", value=self.value, slug_at=f"{at}.slug", value_at=f"{at}.value")


class OptionIn(msgspec.Struct, frozen=True):
    """A choice of a dropdown to be."""

    label: str | None = None
    id: str | None = None


class PropertyIn(msgspec.Struct, frozen=True):
    """A property to define, or what to make of one. All but `options` are required; the core says so."""

    type: str | None = None
    slug: str | None = None
    name: str | None = None
    options: list[OptionIn] | None = None

    def to_command(self) -> NewProperty:
        """Read."""
        return NewProperty(type=self.type, slug=self.slug, name=self.name, options=self.new_options())

    def new_options(self) -> list[NewOption]:
        """The options, each knowing where it stood."""
        return [
            NewOption(label=option.label, id=option.id, at=f"options[{index}]")
            for index, option in enumerate(self.options or [])
        ]


class OptionOut(msgspec.Struct, frozen=True):
    """A choice of a dropdown."""

    id: str
    label: str


class PropertyOut(msgspec.Struct, frozen=True):
    """A property. `options` only where there is a choice."""

    type: str
    slug: str
    name: str
    options: list[OptionOut] | UnsetType = UNSET
    links: Links | UnsetType = msgspec.field(name="_links", default=UNSET)

    @classmethod
    def of(cls, definition: PropertyDefinition, address: str) -> PropertyOut:
        """Render; `address` is where the definition is."""
        options: list[OptionOut] | UnsetType = UNSET
        if definition.type is PropertyType.DROPDOWN:
            options = [OptionOut(option.id, option.label) for option in definition.options]
        links = {"self": Link(address)}
        return cls(definition.type.value, definition.slug, definition.name, options, links)


def address_of(slug: str, base_url: str) -> str:
    """Where a property is. Slugs hold nothing that an address would have to escape."""
    return f"{base_url}/v2/customer-properties/{slug}"
