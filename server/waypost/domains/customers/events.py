"""What has happened to customers, as the log keeps it. Facts name fields, never what stood in them."""

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


class OrganizationCreated(Event, frozen=True, kw_only=True):
    """A customer named an organization that was not known."""

    NAME: ClassVar[str] = "organization.created"
    SUBJECT: ClassVar[str] = "organization"


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
