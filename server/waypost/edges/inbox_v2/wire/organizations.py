"""Organizations on the wire (spec: 9)."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from waypost.domains.customers import Organization, OrganizationFields, PropertyValue
from waypost.edges.inbox_v2.hal import Link, Links
from waypost.edges.inbox_v2.wire.times import stamp


class OrganizationIn(msgspec.Struct, frozen=True, rename="camel"):
    """An organization to make, or all of one to overwrite. `domain` is what N8N and hs-cli send for a single one."""

    name: str | None = None
    website: str | None = None
    description: str | None = None
    location: str | None = None
    note: str | None = None
    domain: str | None = None
    domains: list[str] | None = None
    phones: list[str] | None = None
    brand_color: str | None = None

    def to_fields(self) -> OrganizationFields:
        """Read."""
        return OrganizationFields(**{name: getattr(self, name) for name in self.__struct_fields__})


class OrganizationPropertyOut(msgspec.Struct, frozen=True):
    """What a property says about an organization. For dropdowns both are the option's label."""

    type: str
    slug: str
    name: str
    value: str
    text: str

    @classmethod
    def of(cls, held: PropertyValue) -> OrganizationPropertyOut:
        """Render."""
        return cls(held.type.value, held.slug, held.name, held.value, held.text)


class OrganizationParts(msgspec.Struct, frozen=True):
    """What hangs on an organization."""

    properties: list[OrganizationPropertyOut]


class OrganizationOut(msgspec.Struct, frozen=True, rename="camel"):
    """An organization. Counts and properties only where they were asked for; keys without a value are left out."""

    id: int
    name: str
    domains: list[str]
    phones: list[str]
    created_at: str
    updated_at: str
    links: Links = msgspec.field(name="_links")
    website: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    location: str | UnsetType = UNSET
    logo_url: str | UnsetType = UNSET
    note: str | UnsetType = UNSET
    brand_color: str | UnsetType = UNSET
    customer_count: int | UnsetType = UNSET
    conversation_count: int | UnsetType = UNSET
    embedded: OrganizationParts | UnsetType = msgspec.field(name="_embedded", default=UNSET)

    @classmethod
    def of(
        cls, organization: Organization, base_url: str, *, with_counts: bool = True, with_properties: bool = False
    ) -> OrganizationOut:
        """Render."""
        address = address_of(organization.id, base_url)
        links = {"self": Link(address)}
        links |= {part: Link(f"{address}/{part}") for part in ("customers", "conversations")}
        parts = OrganizationParts([OrganizationPropertyOut.of(held) for held in organization.properties])
        return cls(
            id=organization.id,
            name=organization.name,
            domains=organization.domains,
            phones=organization.phones,
            created_at=stamp(organization.created_at),
            updated_at=stamp(organization.updated_at),
            links=links,
            website=_given(organization.website),
            description=_given(organization.description),
            location=_given(organization.location),
            logo_url=_given(organization.logo_url),
            note=_given(organization.note),
            brand_color=_given(organization.brand_color),
            customer_count=organization.customer_count if with_counts else UNSET,
            conversation_count=organization.conversation_count if with_counts else UNSET,
            embedded=parts if with_properties else UNSET,
        )


class OrganizationPropertyValueIn(msgspec.Struct, frozen=True):
    """The value that a property gets."""

    value: str | int | None = None


def _given(text: str | None) -> str | UnsetType:
    return UNSET if text is None else text


def address_of(organization_id: int, base_url: str) -> str:
    """Where an organization is."""
    return f"{base_url}/v2/organizations/{organization_id}"


def property_address_of(slug: str, base_url: str) -> str:
    """Where a property's definition is. Slugs hold nothing that an address would have to escape."""
    return f"{base_url}/v2/organizations/properties/{slug}"
