"""Rows of property definitions, their options and their values."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg

from waypost.domains.customers.models import PropertyDefinition, PropertyOption, PropertyType
from waypost.kit.db import Connection
from waypost.kit.text import clean_text

_DEFINITIONS = """
select property.id, property.type, property.slug, property.name,
       array(select row(option.id::text, option.label) from customer_property_option option
              where option.account_id = property.account_id and option.property_id = property.id
              order by option.position) as options
from customer_property property
where property.account_id = $1
"""
_LIST = _DEFINITIONS + " order by property.id"
_BY_SLUG = _DEFINITIONS + " and lower(property.slug) = lower($2)"
_LOCK_ACCOUNT = "select 1 from account where id = $1 for no key update"
_INSERT = """
insert into customer_property (account_id, slug, name, type) values ($1, $2, $3, $4)
on conflict (account_id, lower(slug)) do nothing
returning id
"""
_RENAME = "update customer_property set name = $3 where account_id = $1 and id = $2"
_DELETE = "delete from customer_property where account_id = $1 and id = $2"
_DROP_OPTIONS = """
with dropped as (
  delete from customer_property_option where account_id = $1 and property_id = $2 and not (id = any($3::uuid[]))
  returning id)
delete from customer_property_value
where account_id = $1 and property_id = $2 and value in (select id::text from dropped)
"""
_PUT_OPTIONS = """
insert into customer_property_option (account_id, id, property_id, label, position)
select $1, wanted.id, $2, wanted.label, wanted.position
from unnest($3::uuid[], $4::text[]) with ordinality as wanted (id, label, position)
on conflict (account_id, id) do update set label = excluded.label, position = excluded.position
where customer_property_option.property_id = $2
"""
_PUT_VALUES = """
insert into customer_property_value (account_id, customer_id, property_id, value)
select $1, $2, wanted.property_id, wanted.value
from unnest($3::bigint[], $4::text[]) as wanted (property_id, value)
on conflict (account_id, customer_id, property_id) do update set value = excluded.value, source = excluded.source
"""
_DELETE_VALUES = """
delete from customer_property_value where account_id = $1 and customer_id = $2 and property_id = any($3::bigint[])
"""


def _definition(row: asyncpg.Record) -> PropertyDefinition:
    options = [PropertyOption(option[0], option[1]) for option in row["options"]]
    return PropertyDefinition(row["id"], PropertyType(row["type"]), row["slug"], row["name"], options)


async def list_definitions(connection: Connection, account_id: int) -> list[PropertyDefinition]:
    """All properties of the account, oldest first; there are never many."""
    return [_definition(row) for row in await connection.fetch(_LIST, account_id)]


async def find_definition(connection: Connection, account_id: int, slug: str) -> PropertyDefinition | None:
    """The property of that slug, whatever its case."""
    row = await connection.fetchrow(_BY_SLUG, account_id, clean_text(slug))
    return _definition(row) if row else None


async def lock_definitions(connection: Connection, account_id: int) -> None:
    """Let one caller at a time change the account's definitions, so that their number can be bounded."""
    await connection.execute(_LOCK_ACCOUNT, account_id)


async def insert_definition(connection: Connection, account_id: int, definition: PropertyDefinition) -> int | None:
    """Define a property; its id, or None if the slug is taken. Options are written apart."""
    made: int | None = await connection.fetchval(
        _INSERT, account_id, definition.slug, definition.name, definition.type.value
    )
    return made


async def rename_definition(connection: Connection, account_id: int, property_id: int, name: str) -> None:
    """Give a property another name."""
    await connection.execute(_RENAME, account_id, property_id, name)


async def delete_definition(connection: Connection, account_id: int, property_id: int) -> None:
    """Remove a property with its options and values."""
    await connection.execute(_DELETE, account_id, property_id)


async def put_options(
    connection: Connection, account_id: int, property_id: int, options: Sequence[PropertyOption]
) -> None:
    """Make these the options of a property; those left out go, and the values that chose them."""
    ids = [option.id for option in options]
    await connection.execute(_DROP_OPTIONS, account_id, property_id, ids)
    await connection.execute(_PUT_OPTIONS, account_id, property_id, ids, [option.label for option in options])


async def put_values(connection: Connection, account_id: int, customer_id: int, values: dict[int, str]) -> None:
    """Set properties (by id) of a customer."""
    if values:
        await connection.execute(_PUT_VALUES, account_id, customer_id, list(values), list(values.values()))


async def delete_values(connection: Connection, account_id: int, customer_id: int, property_ids: Sequence[int]) -> None:
    """Take properties (by id) away from a customer."""
    if property_ids:
        await connection.execute(_DELETE_VALUES, account_id, customer_id, list(property_ids))
