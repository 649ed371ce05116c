"""Organizations: what customers belong to. Kept numbers tell how many customers and conversations each one has.

Changes leave `organization.created`, `organization.updated` or `organization.deleted` in the log.
"""

from waypost.domains.customers.organizations.errors import DuplicateName
from waypost.domains.customers.organizations.linking import linking_jobs
from waypost.domains.customers.organizations.models import (
    Organization,
    OrganizationFields,
    OrganizationOrder,
    OrganizationSort,
)
from waypost.domains.customers.organizations.properties import (
    define_property,
    get_property_definition,
    list_property_definitions,
    redefine_property,
    remove_property,
    set_property,
    unset_property,
)
from waypost.domains.customers.organizations.search_upkeep import search_job
from waypost.domains.customers.organizations.service import (
    create,
    delete,
    get,
    list_organizations,
    overwrite,
    version,
)
from waypost.domains.customers.organizations.tallies import fold

__all__ = [
    "DuplicateName",
    "Organization",
    "OrganizationFields",
    "OrganizationOrder",
    "OrganizationSort",
    "create",
    "define_property",
    "delete",
    "fold",
    "get",
    "get_property_definition",
    "linking_jobs",
    "list_organizations",
    "list_property_definitions",
    "overwrite",
    "redefine_property",
    "remove_property",
    "search_job",
    "set_property",
    "unset_property",
    "version",
]
