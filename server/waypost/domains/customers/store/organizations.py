"""What customers need of organizations: to be linked to one by name or by id."""

from __future__ import annotations

from datetime import datetime

from waypost.domains.customers.models import OrganizationLink
from waypost.kit.db import Connection

_BY_ID = "select id, name from organization where account_id = $1 and id = $2 for key share"
_BY_NAME = "select id, name from organization where account_id = $1 and lower(name) = lower($2) for key share"
_INSERT = """
insert into organization (account_id, name, created_at, updated_at) values ($1, $2, $3, $3)
on conflict (account_id, lower(name)) do nothing
returning id, name
"""


async def find(connection: Connection, account_id: int, organization_id: int) -> OrganizationLink | None:
    """An organization, kept from being deleted until the transaction ends."""
    row = await connection.fetchrow(_BY_ID, account_id, organization_id)
    return OrganizationLink(row["id"], row["name"]) if row else None


async def find_by_name(connection: Connection, account_id: int, name: str) -> OrganizationLink | None:
    """The organization of that name, whatever its case, kept until the transaction ends."""
    row = await connection.fetchrow(_BY_NAME, account_id, name)
    return OrganizationLink(row["id"], row["name"]) if row else None


async def insert(connection: Connection, account_id: int, name: str, at: datetime) -> OrganizationLink | None:
    """Make an organization; None if the name is taken."""
    row = await connection.fetchrow(_INSERT, account_id, name, at)
    return OrganizationLink(row["id"], row["name"]) if row else None
