"""Rows of property definitions, their options and values: the same three tables for customers and organizations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import asyncpg

from waypost.domains.customers.models import PropertyDefinition, PropertyOption, PropertyType
from waypost.kit.db import Connection
from waypost.kit.text import clean_text

_LOCK_ACCOUNT = "select 1 from account where id = $1 for no key update"
_STATEMENTS = {
    "list": """
select property.id, property.type, property.slug, property.name,
       array(select row(option.id::text, option.label) from {owner}_property_option option
              where option.account_id = property.account_id and option.property_id = property.id
              order by option.position) as options
from {owner}_property property
where property.account_id = $1 and ($2::text is null or lower(property.slug) = lower($2))
order by property.id
""",
    "insert": """
insert into {owner}_property (account_id, slug, name, type) values ($1, $2, $3, $4)
on conflict (account_id, lower(slug)) do nothing
returning id
""",
    "rename": "update {owner}_property set name = $3 where account_id = $1 and id = $2",
    "delete": "delete from {owner}_property where account_id = $1 and id = $2",
    "drop_options": """
with dropped as (
  delete from {owner}_property_option where account_id = $1 and property_id = $2 and not (id = any($3::uuid[]))
  returning id)
delete from {owner}_property_value
where account_id = $1 and property_id = $2 and value in (select id::text from dropped)
""",
    "put_options": """
insert into {owner}_property_option (account_id, id, property_id, label, position)
select $1, wanted.id, $2, wanted.label, wanted.position
from unnest($3::uuid[], $4::text[]) with ordinality as wanted (id, label, position)
on conflict (account_id, id) do update set label = excluded.label, position = excluded.position
where {owner}_property_option.property_id = $2
""",
    "put_values": """
insert into {owner}_property_value as held (account_id, {owner}_id, property_id, value)
select $1, $2, wanted.property_id, wanted.value
from unnest($3::bigint[], $4::text[]) as wanted (property_id, value)
on conflict (account_id, {owner}_id, property_id) do update set value = excluded.value, source = excluded.source
where (held.value, held.source) is distinct from (excluded.value, excluded.source)
returning property_id
""",
    "delete_values": """
delete from {owner}_property_value where account_id = $1 and {owner}_id = $2 and property_id = any($3::bigint[])
returning property_id
""",
}


def _definition(row: asyncpg.Record) -> PropertyDefinition:
    options = [PropertyOption(option[0], option[1]) for option in row["options"]]
    return PropertyDefinition(row["id"], PropertyType(row["type"]), row["slug"], row["name"], options)


class PropertyTables:
    """The tables of one kind of owner. `statements` are all that is ever sent for it, by what they do."""

    def __init__(self, owner: Literal["customer", "organization"]) -> None:
        self.statements = {name: text.replace("{owner}", owner) for name, text in _STATEMENTS.items()}

    async def list_definitions(self, connection: Connection, account_id: int) -> list[PropertyDefinition]:
        """All properties of the account, oldest first; there are never many."""
        return [_definition(row) for row in await connection.fetch(self.statements["list"], account_id, None)]

    async def find_definition(self, connection: Connection, account_id: int, slug: str) -> PropertyDefinition | None:
        """The property of that slug, whatever its case."""
        row = await connection.fetchrow(self.statements["list"], account_id, clean_text(slug))
        return _definition(row) if row else None

    async def lock_definitions(self, connection: Connection, account_id: int) -> None:
        """Let one caller at a time change the account's definitions, so that their number can be bounded."""
        await connection.execute(_LOCK_ACCOUNT, account_id)

    async def insert_definition(
        self, connection: Connection, account_id: int, definition: PropertyDefinition
    ) -> int | None:
        """Define a property; its id, or None if the slug is taken. Options are written apart."""
        made: int | None = await connection.fetchval(
            self.statements["insert"], account_id, definition.slug, definition.name, definition.type.value
        )
        return made

    async def rename_definition(self, connection: Connection, account_id: int, property_id: int, name: str) -> None:
        """Give a property another name."""
        await connection.execute(self.statements["rename"], account_id, property_id, name)

    async def delete_definition(self, connection: Connection, account_id: int, property_id: int) -> None:
        """Remove a property with its options and values."""
        await connection.execute(self.statements["delete"], account_id, property_id)

    async def put_options(
        self, connection: Connection, account_id: int, property_id: int, options: Sequence[PropertyOption]
    ) -> None:
        """Make these the options of a property; those left out go, and the values that chose them."""
        ids = [option.id for option in options]
        labels = [option.label for option in options]
        await connection.execute(self.statements["drop_options"], account_id, property_id, ids)
        await connection.execute(self.statements["put_options"], account_id, property_id, ids, labels)

    async def put_values(
        self, connection: Connection, account_id: int, owner_id: int, values: dict[int, str]
    ) -> list[int]:
        """Set properties (by id) of an owner; the ids of those that were another before."""
        if not values:
            return []
        rows = await connection.fetch(
            self.statements["put_values"], account_id, owner_id, list(values), list(values.values())
        )
        return [row["property_id"] for row in rows]

    async def delete_values(
        self, connection: Connection, account_id: int, owner_id: int, property_ids: Sequence[int]
    ) -> list[int]:
        """Take properties (by id) away from an owner; the ids of those that were there."""
        if not property_ids:
            return []
        rows = await connection.fetch(self.statements["delete_values"], account_id, owner_id, list(property_ids))
        return [row["property_id"] for row in rows]


CUSTOMER_TABLES = PropertyTables("customer")
ORGANIZATION_TABLES = PropertyTables("organization")
