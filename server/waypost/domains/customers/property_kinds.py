"""The two kinds of thing that an account keeps properties about, and in what their properties differ."""

from __future__ import annotations

from dataclasses import dataclass

from waypost.domains.customers import events
from waypost.domains.customers.property_values import CUSTOMER_LIMITS, ORGANIZATION_LIMITS, Limits
from waypost.domains.customers.store.properties import CUSTOMER_TABLES, ORGANIZATION_TABLES, PropertyTables


@dataclass(frozen=True)
class PropertyKind:
    """Where properties of a kind lie, what holds for them, and which facts they leave."""

    tables: PropertyTables
    limits: Limits
    defined: type[events.PropertyDefined]
    redefined: type[events.PropertyRedefined]
    removed: type[events.PropertyRemoved]


OF_CUSTOMERS = PropertyKind(
    CUSTOMER_TABLES, CUSTOMER_LIMITS, events.PropertyDefined, events.PropertyRedefined, events.PropertyRemoved
)
OF_ORGANIZATIONS = PropertyKind(
    ORGANIZATION_TABLES,
    ORGANIZATION_LIMITS,
    events.OrganizationPropertyDefined,
    events.OrganizationPropertyRedefined,
    events.OrganizationPropertyRemoved,
)
