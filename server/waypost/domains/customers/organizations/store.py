"""Rows of organizations: read one with all that hangs on it, found by name and domain, made, changed, taken away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from waypost.domains.accounts import Scope
from waypost.domains.customers.models import OrganizationLink, PropertyType, PropertyValue
from waypost.domains.customers.organizations.models import Organization, OrganizationRow
from waypost.kit.db import Connection
from waypost.kit.text import clean_text


class _PropertyRow(msgspec.Struct, array_like=True):
    type: PropertyType
    slug: str
    name: str
    value: str
    source: str


_read_properties = msgspec.json.Decoder(list[_PropertyRow]).decode

#: What an organization is read from; `o` is the row, $1 the account, $2 the visible mailboxes. The counts are kept:
#: base and deltas together are exact (see organizations.tallies).
COLUMNS = """
  o.id, o.name, o.website, o.description, o.location, o.logo_url, o.note, o.domains, o.phones, o.brand_color,
  o.created_at, o.updated_at,
  (select coalesce(sum(kept.customers), 0)::bigint from (
     select t.customers from organization_tally t
      where t.account_id = $1 and t.organization_id = o.id and t.mailbox_id = 0
     union all
     select d.customers from organization_tally_delta d
      where d.account_id = $1 and d.organization_id = o.id) kept) as customer_count,
  (select coalesce(sum(kept.conversations), 0)::bigint from (
     select t.conversations from organization_tally t
      where t.account_id = $1 and t.organization_id = o.id
        and case when $2::bigint[] is null then t.mailbox_id = 0 else t.mailbox_id = any ($2) end
     union all
     select d.conversations from organization_tally_delta d
      where d.account_id = $1 and d.organization_id = o.id
        and ($2::bigint[] is null or d.mailbox_id = any ($2))) kept) as conversation_count,
  (select json_agg(json_build_array(property.type, property.slug, property.name,
                                    coalesce(chosen.label, held.value), held.source) order by property.id)
     from organization_property_value held
     join organization_property property on property.account_id = held.account_id and property.id = held.property_id
     left join organization_property_option chosen
       on property.type = 'dropdown' and chosen.account_id = property.account_id
      and chosen.property_id = property.id and chosen.id::text = held.value
    where held.account_id = $1 and held.organization_id = o.id) as properties
"""
_FIND = f"select {COLUMNS} from organization o where o.account_id = $1 and o.id = $3 and o.deleted_at is null"
_LOCK = "select 1 from organization where account_id = $1 and id = $2 and deleted_at is null for no key update"
_VERSION = "select version from organization where account_id = $1 and id = $2 and deleted_at is null"
_VERSION_FOR_CHANGE = _VERSION + " for no key update"
_VERSION_FOR_DELETION = _VERSION + " for update"
_LOCK_FOR_DELETION = "select deleted_at from organization where account_id = $1 and id = $2 for update"
_LINK_BY_ID = """
select id, name from organization where account_id = $1 and id = $2 and deleted_at is null for key share
"""
_LINK_BY_NAME = """
select id, name from organization
where account_id = $1 and lower(name) = lower($2) and deleted_at is null for key share
"""
# The domain named first wins; where several organizations have it, the oldest.
_LINK_BY_DOMAIN = """
select o.id, o.name
from unnest($2::text[]) with ordinality as wanted (domain, position)
join organization_domain d on d.account_id = $1 and d.domain = wanted.domain
join organization o on o.account_id = $1 and o.id = d.organization_id and o.deleted_at is null
order by wanted.position, o.id limit 1
for key share of o
"""
_INSERT = """
insert into organization (account_id, name, website, description, location, note, domains, phones, brand_color,
                          created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
on conflict (account_id, lower(name)) where deleted_at is null do nothing
returning id
"""
_NAME_IS_TAKEN = """
select exists (select from organization
               where account_id = $1 and lower(name) = lower($3) and id <> $2 and deleted_at is null)
"""
_UPDATE = """
update organization set
  name = $3, website = $4, description = $5, location = $6, note = $7, domains = $8, phones = $9, brand_color = $10,
  updated_at = greatest(updated_at, $11)
where account_id = $1 and id = $2
"""
_TOUCH = "update organization set updated_at = greatest(updated_at, $3) where account_id = $1 and id = $2"
_HIDE = "update organization set deleted_at = $3 where account_id = $1 and id = $2"
_DROP_TALLY = "delete from organization_tally where account_id = $1 and organization_id = $2"
_DELETE = "delete from organization where account_id = $1 and id = $2 and deleted_at is not null"
_DOMAINS = "select domains from organization where account_id = $1 and id = $2 and deleted_at is null"
_UNLINK = """
with members as (
  select id from customer where account_id = $1 and organization_id = $2 order by id limit $3 for update
)
update customer set organization_id = null, updated_at = greatest(updated_at, $4)
from members where customer.account_id = $1 and customer.id = members.id
returning customer.id, customer.state
"""
_LINK = """
with unlinked as (
  select customer.id from customer
  where customer.account_id = $1 and customer.state = 'active' and customer.organization_id is null
    and customer.id in (
      select entry.customer_id from customer_entry entry
      where entry.account_id = $1 and entry.kind = 'email'
        and lower(split_part(entry.value, '@', 2)) = any ($3::text[]))
  order by customer.id limit $4 for update
)
update customer set organization_id = $2, updated_at = greatest(updated_at, $5)
from unlinked where customer.account_id = $1 and customer.id = unlinked.id
returning customer.id
"""


def organization_of(row: asyncpg.Record) -> Organization:
    """A row of COLUMNS as an organization. A dropdown's value is its label, which is also what sets it (spec: E75)."""
    values: dict[str, Any] = {name: row[name] for name in Organization.__struct_fields__ if name != "properties"}
    held = _read_properties(row["properties"]) if row["properties"] else []
    properties = [PropertyValue(one.type, one.slug, one.name, one.value, one.value, one.source) for one in held]
    return Organization(**values, properties=properties)


async def find(connection: Connection, scope: Scope, organization_id: int) -> Organization | None:
    """An organization that is not deleted."""
    row = await connection.fetchrow(_FIND, scope.account_id, scope.mailbox_ids, organization_id)
    return organization_of(row) if row else None


async def lock(connection: Connection, account_id: int, organization_id: int) -> bool:
    """Hold an organization against other changes; False if it is not there."""
    return await connection.fetchval(_LOCK, account_id, organization_id) is not None


async def version(
    connection: Connection, account_id: int, organization_id: int, *, hold: bool, for_deletion: bool
) -> int | None:
    """How often an organization has changed; with `hold` it is locked as the two others here do."""
    statement = (_VERSION_FOR_DELETION if for_deletion else _VERSION_FOR_CHANGE) if hold else _VERSION
    found: int | None = await connection.fetchval(statement, account_id, organization_id)
    return found


async def lock_for_deletion(connection: Connection, account_id: int, organization_id: int) -> tuple[bool, bool]:
    """Hold it against being linked to as well; whether it is there, and whether it is deleted already."""
    row = await connection.fetchrow(_LOCK_FOR_DELETION, account_id, organization_id)
    return (row is not None, row is not None and row["deleted_at"] is not None)


async def find_link(connection: Connection, account_id: int, organization_id: int) -> OrganizationLink | None:
    """An organization, kept from being deleted until the transaction ends."""
    row = await connection.fetchrow(_LINK_BY_ID, account_id, organization_id)
    return OrganizationLink(row["id"], row["name"]) if row else None


async def find_link_by_name(connection: Connection, account_id: int, name: str) -> OrganizationLink | None:
    """The organization of that name, whatever its case, kept until the transaction ends."""
    row = await connection.fetchrow(_LINK_BY_NAME, account_id, clean_text(name))
    return OrganizationLink(row["id"], row["name"]) if row else None


async def find_link_by_domain(
    connection: Connection, account_id: int, domains: Sequence[str]
) -> OrganizationLink | None:
    """The organization that has one of the domains (in lower case), kept until the transaction ends."""
    row = await connection.fetchrow(_LINK_BY_DOMAIN, account_id, list(domains))
    return OrganizationLink(row["id"], row["name"]) if row else None


async def insert(connection: Connection, account_id: int, wanted: OrganizationRow, at: datetime) -> int | None:
    """Make an organization; None if the name is taken."""
    made: int | None = await connection.fetchval(_INSERT, account_id, *_arguments(wanted), at)
    return made


async def name_is_taken(connection: Connection, account_id: int, organization_id: int, name: str) -> bool:
    """Whether another organization has the name, whatever its case."""
    taken: bool = await connection.fetchval(_NAME_IS_TAKEN, account_id, organization_id, name)
    return taken


async def update(
    connection: Connection, account_id: int, organization_id: int, wanted: OrganizationRow, at: datetime
) -> None:
    """Overwrite the columns that callers set. Raises asyncpg.UniqueViolationError if the name was taken meanwhile."""
    await connection.execute(_UPDATE, account_id, organization_id, *_arguments(wanted), at)


async def touch(connection: Connection, account_id: int, organization_id: int, at: datetime) -> None:
    """Note that something that hangs on it has changed."""
    await connection.execute(_TOUCH, account_id, organization_id, at)


async def hide(connection: Connection, account_id: int, organization_id: int, at: datetime) -> None:
    """Let an organization be seen no more; its name and its domains are free."""
    await connection.execute(_HIDE, account_id, organization_id, at)
    await connection.execute(_DROP_TALLY, account_id, organization_id)


async def delete(connection: Connection, account_id: int, organization_id: int) -> None:
    """Take a hidden organization away that has no customers left."""
    await connection.execute(_DELETE, account_id, organization_id)


async def domains_of(connection: Connection, account_id: int, organization_id: int) -> list[str]:
    """An organization's domains; none if it is not there."""
    return await connection.fetchval(_DOMAINS, account_id, organization_id) or []


async def unlink(
    connection: Connection, account_id: int, organization_id: int, most: int, at: datetime
) -> list[tuple[int, bool]]:
    """Unlink at most so many customers; each one's id and whether it is active."""
    rows = await connection.fetch(_UNLINK, account_id, organization_id, most, at)
    return [(row["id"], row["state"] == "active") for row in rows]


async def link(
    connection: Connection, account_id: int, organization_id: int, domains: Sequence[str], most: int, at: datetime
) -> list[int]:
    """Link at most so many customers who have an address in one of the domains and no organization; their ids."""
    rows = await connection.fetch(_LINK, account_id, organization_id, list(domains), most, at)
    return [row["id"] for row in rows]


def _arguments(wanted: OrganizationRow) -> list[Any]:
    return [
        wanted.name, wanted.website, wanted.description, wanted.location, wanted.note, wanted.domains, wanted.phones,
        wanted.brand_color,
    ]  # fmt: skip
