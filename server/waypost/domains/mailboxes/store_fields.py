"""SQL that changes custom fields and their options. Reading them is in `store`."""

from __future__ import annotations

from waypost.domains.mailboxes.models import FieldOption, FieldType
from waypost.kit.db import Connection

# Conversations that are being filed hold a key share lock, which this one lets be.
LOCK_MAILBOX = "select id from mailbox where account_id = $1 and id = $2 for no key update"
LOCK_FIELD = "select id from custom_field where account_id = $1 and id = $2 for update"
HOLD_FIELDS = "select id from custom_field where account_id = $1 and mailbox_id = $2 order by id for key share"
INSERT = """
insert into custom_field (account_id, mailbox_id, name, type, required, position) values ($1, $2, $3, $4, $5, $6)
returning id
"""
UPDATE = "update custom_field set name = $3, required = $4 where account_id = $1 and id = $2"
REORDER = """
update custom_field f set position = o.position
from unnest($3::bigint[]) with ordinality as o (id, position)
where f.account_id = $1 and f.mailbox_id = $2 and f.id = o.id and f.position <> o.position
"""
DELETE = "delete from custom_field where account_id = $1 and id = $2"
KEEP_OPTIONS = "delete from custom_field_option where account_id = $1 and field_id = $2 and id <> all ($3::bigint[])"
UPDATE_OPTIONS = """
update custom_field_option o set label = n.label, position = n.position
from unnest($3::bigint[], $4::text[], $5::integer[]) as n (id, label, position)
where o.account_id = $1 and o.field_id = $2 and o.id = n.id
"""
INSERT_OPTIONS = """
insert into custom_field_option (account_id, field_id, label, position)
select $1, $2, label, position from unnest($3::text[], $4::integer[]) as o (label, position) order by position
"""


async def lock_mailbox(connection: Connection, account_id: int, mailbox_id: int) -> None:
    """Let nobody else change the mailbox's fields until the transaction ends."""
    await connection.fetchval(LOCK_MAILBOX, account_id, mailbox_id)


async def lock_field(connection: Connection, account_id: int, field_id: int) -> None:
    """Wait for those who are giving values of the field, and let nobody begin."""
    await connection.fetchval(LOCK_FIELD, account_id, field_id)


async def hold_fields(connection: Connection, account_id: int, mailbox_id: int) -> None:
    """Keep the mailbox's fields and their options from going until the transaction ends."""
    await connection.fetch(HOLD_FIELDS, account_id, mailbox_id)


async def insert(
    connection: Connection, account_id: int, mailbox_id: int, name: str, kind: FieldType, required: bool, position: int
) -> int:
    """A new field without options; its id."""
    made: int = await connection.fetchval(INSERT, account_id, mailbox_id, name, kind.value, required, position)
    return made


async def update(connection: Connection, account_id: int, field_id: int, name: str, required: bool) -> None:
    """Another name, required or not."""
    await connection.execute(UPDATE, account_id, field_id, name, required)


async def reorder(connection: Connection, account_id: int, mailbox_id: int, ids: list[int]) -> None:
    """Count the fields in this order, from 1."""
    await connection.execute(REORDER, account_id, mailbox_id, ids)


async def delete(connection: Connection, account_id: int, field_id: int) -> None:
    """Away with it."""
    await connection.execute(DELETE, account_id, field_id)


async def put_options(connection: Connection, account_id: int, field_id: int, options: list[FieldOption]) -> None:
    """Make these the options: those with an id stay under it, those without get one, all others go."""
    kept = [option for option in options if option.id]
    new = [option for option in options if not option.id]
    await connection.execute(KEEP_OPTIONS, account_id, field_id, [option.id for option in kept])
    if kept:
        columns = zip(*[(option.id, option.label, option.position) for option in kept], strict=True)
        await connection.execute(UPDATE_OPTIONS, account_id, field_id, *columns)
    if new:
        labels, positions = [option.label for option in new], [option.position for option in new]
        await connection.execute(INSERT_OPTIONS, account_id, field_id, labels, positions)
