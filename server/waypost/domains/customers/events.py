"""What has happened to customers and organizations, as the log keeps it.

Facts about customers name fields, never what stood in them. Those about organizations tell their names and domains,
which subscribers are told of one that is gone, too (spec: webhooks); the audit trail leaves them out.
"""

from __future__ import annotations

from typing import ClassVar

from waypost.kit.events import Event


class CustomerCreated(Event, frozen=True, kw_only=True):
    """Somebody is known now who was not."""

    NAME: ClassVar[str] = "customer.created"
    SUBJECT: ClassVar[str] = "customer"

    is_draft: bool = False


class CustomerUpdated(Event, frozen=True, kw_only=True):
    """Something about a customer is another than before; `fields` are the attributes of the model that changed."""

    NAME: ClassVar[str] = "customer.updated"
    SUBJECT: ClassVar[str] = "customer"

    fields: list[str]


class CustomerDeleted(Event, frozen=True, kw_only=True):
    """A customer and everything that was known about them is gone."""

    NAME: ClassVar[str] = "customer.deleted"
    SUBJECT: ClassVar[str] = "customer"


class CustomerMerged(Event, frozen=True, kw_only=True):
    """Others were found to be the same person, and are one with this customer now."""

    NAME: ClassVar[str] = "customer.merged"
    SUBJECT: ClassVar[str] = "customer"

    merged_customer_ids: list[int]


class OrganizationCreated(Event, frozen=True, kw_only=True):
    """There is an organization that was not known. Subscribers get its name and domains."""

    NAME: ClassVar[str] = "organization.created"
    SUBJECT: ClassVar[str] = "organization"

    name: str
    domains: list[str]


class OrganizationUpdated(Event, frozen=True, kw_only=True):
    """Something about an organization is another than before; `name` and `domains` are what holds now."""

    NAME: ClassVar[str] = "organization.updated"
    SUBJECT: ClassVar[str] = "organization"

    fields: list[str]
    name: str
    domains: list[str]


class OrganizationDeleted(Event, frozen=True, kw_only=True):
    """An organization is gone; `name` and `domains` are its last ones."""

    NAME: ClassVar[str] = "organization.deleted"
    SUBJECT: ClassVar[str] = "organization"

    name: str
    domains: list[str]


class PropertyDefined(Event, frozen=True, kw_only=True):
    """The account keeps one more property about its customers."""

    NAME: ClassVar[str] = "customer_property.created"
    SUBJECT: ClassVar[str] = "customer_property"

    slug: str


class PropertyRedefined(Event, frozen=True, kw_only=True):
    """A property has another name or other options."""

    NAME: ClassVar[str] = "customer_property.updated"
    SUBJECT: ClassVar[str] = "customer_property"

    slug: str


class PropertyRemoved(Event, frozen=True, kw_only=True):
    """A property is gone, and its values with it."""

    NAME: ClassVar[str] = "customer_property.deleted"
    SUBJECT: ClassVar[str] = "customer_property"

    slug: str


class OrganizationPropertyDefined(PropertyDefined, frozen=True, kw_only=True):
    """The same about organizations."""

    NAME: ClassVar[str] = "organization_property.created"
    SUBJECT: ClassVar[str] = "organization_property"


class OrganizationPropertyRedefined(PropertyRedefined, frozen=True, kw_only=True):
    """The same about organizations."""

    NAME: ClassVar[str] = "organization_property.updated"
    SUBJECT: ClassVar[str] = "organization_property"


class OrganizationPropertyRemoved(PropertyRemoved, frozen=True, kw_only=True):
    """The same about organizations."""

    NAME: ClassVar[str] = "organization_property.deleted"
    SUBJECT: ClassVar[str] = "organization_property"
