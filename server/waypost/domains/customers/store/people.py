"""Customer rows: how they are read with everything that hangs on them, made, changed and emptied.

One statement reads a customer, or a whole page of them, with entries, properties, address, organization and the number
of conversations; nothing is looked up row by row.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from waypost.domains.accounts import Scope
from waypost.domains.customers.models import (
    Address,
    AddressBounce,
    Customer,
    CustomerBrief,
    Entry,
    EntryKind,
    Gender,
    OrganizationLink,
    PhotoType,
    PropertyType,
    PropertyValue,
)
from waypost.kit.db import Connection
from waypost.kit.text import clean_text


class _EntryRow(msgspec.Struct, array_like=True):
    id: int
    kind: EntryKind
    type: str | None
    value: str
    bounced_at: datetime | None
    bounce_reason: str | None


class _PropertyRow(msgspec.Struct, array_like=True):
    type: PropertyType
    slug: str
    name: str
    value: str
    text: str
    source: str


_read_entries = msgspec.json.Decoder(list[_EntryRow]).decode
_read_properties = msgspec.json.Decoder(list[_PropertyRow]).decode

#: What a full customer is read from; `customer` is the table itself, {mailboxes} the parameter with the visible ones.
COLUMNS = """
  customer.id, customer.state, customer.merged_into_id, customer.first_name, customer.last_name, customer.gender,
  customer.job_title, customer.location, customer.photo_type, customer.photo_url, customer.age, customer.background,
  customer.is_draft, customer.created_at, customer.updated_at, customer.organization_id,
  organization.name as organization_name,
  address.id as address_id, address.lines, address.city, address.state as address_state, address.postal_code,
  address.country,
  (select json_agg(json_build_array(entry.id, entry.kind, entry.type, entry.value, entry.bounced_at,
                                    entry.bounce_reason) order by entry.id)
     from customer_entry entry
    where entry.account_id = customer.account_id and entry.customer_id = customer.id) as entries,
  (select json_agg(json_build_array(property.type, property.slug, property.name, held.value,
                                    coalesce(chosen.label, held.value), held.source) order by property.id)
     from customer_property_value held
     join customer_property property on property.account_id = held.account_id and property.id = held.property_id
     left join customer_property_option chosen
       on property.type = 'dropdown' and chosen.account_id = property.account_id
      and chosen.property_id = property.id and chosen.id::text = held.value
    where held.account_id = customer.account_id and held.customer_id = customer.id) as properties,
  (select count(*)
     from conversation
    where conversation.account_id = customer.account_id and conversation.primary_customer_id = customer.id
      and conversation.state = 'published'
      and ({mailboxes}::bigint[] is null or conversation.mailbox_id = any({mailboxes}))) as conversation_count
"""
JOINS = """
  left join organization on organization.account_id = customer.account_id and organization.id = customer.organization_id
                        and organization.deleted_at is null
  left join customer_address address on address.account_id = customer.account_id and address.customer_id = customer.id
"""
_ONE = f"select {COLUMNS.format(mailboxes='$2')} from customer {JOINS} where customer.account_id = $1 and "
_BY_ID = _ONE + "customer.id = $3"
_LOAD = _ONE + "customer.state = 'active' and customer.id = any ($3::bigint[])"
_BY_EMAIL = (
    _ONE
    + """customer.state = 'active' and customer.id = (
  select entry.customer_id from customer_entry entry
   where entry.account_id = $1 and entry.kind = 'email' and lower(entry.value) = lower($3))
"""
)
#: Keeps a found customer from being deleted until the transaction ends, and nothing else from happening to it.
_BY_EMAIL_KEPT = _BY_EMAIL + "for key share of customer"

_KEEP_BY_EMAIL = """
select customer.id from customer_entry entry
join customer on customer.account_id = entry.account_id and customer.id = entry.customer_id
where entry.account_id = $1 and entry.kind = 'email' and lower(entry.value) = lower($2) and customer.state = 'active'
for key share of customer
"""
# In the order of their ids, as everybody goes through several.
_HOLD_BY_EMAILS = """
select lower(entry.value) as email, customer.id from customer_entry entry
join customer on customer.account_id = entry.account_id and customer.id = entry.customer_id
where entry.account_id = $1 and entry.kind = 'email' and lower(entry.value) = any ($2::text[])
  and customer.state = 'active'
order by customer.id for key share of customer
"""
_BRIEF = """
select id, first_name, last_name, email, photo_url from customer where account_id = $1 and id = any($2::bigint[])
"""
_KEEP = """
select id, first_name, last_name, email, photo_url from customer
where account_id = $1 and id = $2 and state = 'active' for key share
"""
_LOCK_FOR_CHANGE = "select state, merged_into_id from customer where account_id = $1 and id = $2 for no key update"
_LOCK_EXCLUSIVELY = "select state, merged_into_id from customer where account_id = $1 and id = $2 for update"
_VERSION = "select version from customer where account_id = $1 and id = $2 and state = 'active'"
_VERSION_FOR_CHANGE = _VERSION + " for no key update"
_VERSION_FOR_DELETION = _VERSION + " for update"
_INSERT = """
insert into customer (account_id, first_name, last_name, gender, job_title, location, organization_id, photo_type,
                      photo_url, age, background, is_draft, created_at, updated_at, email)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, $14)
returning id
"""
# The address is taken first, and the customer made only by the one who got it: of any number of callers at once one
# makes the customer, the others wait for it and make nothing. The foreign key is checked when the statement ends.
_INSERT_WITH_EMAIL = """
with taken as (
  insert into customer_entry (account_id, customer_id, kind, type, value)
  values ($1, nextval(pg_get_serial_sequence('customer', 'id')), 'email', $15, $14)
  on conflict (account_id, lower(value)) where kind = 'email' do nothing
  returning customer_id
)
insert into customer (account_id, id, email, first_name, last_name, gender, job_title, location, organization_id,
                      photo_type, photo_url, age, background, is_draft, created_at, updated_at)
select $1, customer_id, $14, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13 from taken
returning id
"""
_UPDATE = """
update customer set
  first_name = $3, last_name = $4, gender = $5, job_title = $6, location = $7, organization_id = $8, photo_type = $9,
  photo_url = $10, age = $11, background = $12, is_draft = $13, updated_at = greatest(updated_at, $14),
  email = coalesce((select entry.value from customer_entry entry
                     where entry.account_id = $1 and entry.customer_id = $2 and entry.kind = 'email'
                     order by entry.id limit 1), '')
where account_id = $1 and id = $2
"""
_PUBLISH = """
update customer set is_draft = false, updated_at = greatest(updated_at, $3)
where account_id = $1 and id = $2 and is_draft and state = 'active'
"""
# What customers that were merged into it were called.
_ERASE_MERGED = """
update customer set
  first_name = '', last_name = '', email = '', gender = 'Unknown', job_title = null, location = null,
  organization_id = null, photo_type = null, photo_url = null, age = null, background = null, updated_at = $3
where account_id = $1 and merged_into_id = $2
"""
# See the migration `merging`: whoever changes many conversations at once indexes them itself.
_INDEX_BY_BATCH = "select set_config('waypost.search_upkeep', 'by batch', true)"
_ERASE_ENTRIES = "delete from customer_entry where account_id = $1 and customer_id = $2"
_ERASE_ADDRESS = "delete from customer_address where account_id = $1 and customer_id = $2"
_ERASE_PROPERTIES = "delete from customer_property_value where account_id = $1 and customer_id = $2"
_ERASE = """
update customer set
  state = 'deleted', first_name = '', last_name = '', email = '', gender = 'Unknown', job_title = null, location = null,
  organization_id = null, photo_type = null, photo_url = null, age = null, background = null, updated_at = $3
where account_id = $1 and id = $2
"""
_CONVERSATIONS = """
select count(*) as total, count(*) filter (where $3::bigint[] is null or mailbox_id = any($3)) as visible
from conversation
where account_id = $1 and state in ('published', 'draft') and primary_customer_id = any(array(
  select id from customer where account_id = $1 and (id = $2 or merged_into_id = $2)))
"""


class CustomerRow(msgspec.Struct, frozen=True):
    """The single-valued columns of a customer, as they are written."""

    first_name: str
    last_name: str
    gender: Gender
    job_title: str | None
    location: str | None
    organization_id: int | None
    photo_type: PhotoType | None
    photo_url: str | None
    age: str | None
    background: str | None
    is_draft: bool

    @property
    def arguments(self) -> list[Any]:
        """In the order of the statements above."""
        return [
            self.first_name, self.last_name, self.gender.value, self.job_title, self.location, self.organization_id,
            self.photo_type.value if self.photo_type else None, self.photo_url, self.age, self.background,
            self.is_draft,
        ]  # fmt: skip


class Standing(msgspec.Struct, frozen=True):
    """Whether a customer is there to be changed, and where it went if not."""

    state: str
    merged_into_id: int | None


def customer_of(row: asyncpg.Record) -> Customer:
    """A row of COLUMNS as a customer."""
    organization = None
    if row["organization_name"] is not None:
        organization = OrganizationLink(row["organization_id"], row["organization_name"])
    address = None
    if row["address_id"] is not None:
        address = Address(
            row["address_id"], row["lines"], row["city"], row["address_state"], row["postal_code"], row["country"]
        )
    entries = _read_entries(row["entries"]) if row["entries"] else []
    properties = _read_properties(row["properties"]) if row["properties"] else []
    return Customer(
        id=row["id"],
        first_name=row["first_name"],
        last_name=row["last_name"],
        gender=Gender(row["gender"]),
        job_title=row["job_title"],
        location=row["location"],
        organization=organization,
        photo_type=PhotoType(row["photo_type"]) if row["photo_type"] else None,
        photo_url=row["photo_url"],
        age=row["age"],
        background=row["background"],
        is_draft=row["is_draft"],
        conversation_count=row["conversation_count"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        entries=[_entry(entry) for entry in entries],
        properties=[
            PropertyValue(held.type, held.slug, held.name, held.value, held.text, held.source) for held in properties
        ],
        address=address,
    )


def _entry(row: _EntryRow) -> Entry:
    bounce = AddressBounce(row.bounced_at, row.bounce_reason or "") if row.bounced_at is not None else None
    return Entry(row.id, row.kind, row.type, row.value, bounce)


async def find(connection: Connection, scope: Scope, customer_id: int) -> tuple[Standing, Customer] | None:
    """A customer in whatever state it is."""
    row = await connection.fetchrow(_BY_ID, scope.account_id, scope.mailbox_ids, customer_id)
    return (Standing(row["state"], row["merged_into_id"]), customer_of(row)) if row else None


async def load(connection: Connection, account_id: int, ids: list[int]) -> list[Customer]:
    """Active customers by their ids."""
    return [customer_of(row) for row in await connection.fetch(_LOAD, account_id, None, ids)]


async def find_by_email(connection: Connection, scope: Scope, email: str, *, keep: bool = False) -> Customer | None:
    """The active customer with this address. `keep` holds off a deletion until the transaction ends."""
    statement = _BY_EMAIL_KEPT if keep else _BY_EMAIL
    row = await connection.fetchrow(statement, scope.account_id, scope.mailbox_ids, clean_text(email))
    return customer_of(row) if row else None


async def keep_by_email(connection: Connection, account_id: int, email: str) -> int | None:
    """The id of the active customer with this address, held against deletion until the transaction ends."""
    found: int | None = await connection.fetchval(_KEEP_BY_EMAIL, account_id, email)
    return found


async def hold_by_emails(connection: Connection, account_id: int, emails: Iterable[str]) -> dict[str, int]:
    """The same of several addresses in lower case, by their address."""
    rows = await connection.fetch(_HOLD_BY_EMAILS, account_id, list(emails))
    return {row["email"]: row["id"] for row in rows}


async def load_briefs(connection: Connection, account_id: int, ids: Iterable[int]) -> dict[int, CustomerBrief]:
    """The persons behind ids, whatever has become of them. Unknown ids are left out."""
    rows = await connection.fetch(_BRIEF, account_id, list(ids))
    return {row["id"]: CustomerBrief(*row.values()) for row in rows}


async def keep(connection: Connection, account_id: int, customer_id: int) -> CustomerBrief | None:
    """An active customer, held against deletion until the transaction ends."""
    row = await connection.fetchrow(_KEEP, account_id, customer_id)
    return CustomerBrief(*row.values()) if row else None


async def lock(
    connection: Connection, account_id: int, customer_id: int, *, exclusively: bool = False
) -> Standing | None:
    """Hold a customer against other changes until the transaction ends; exclusively, against being kept too."""
    statement = _LOCK_EXCLUSIVELY if exclusively else _LOCK_FOR_CHANGE
    row = await connection.fetchrow(statement, account_id, customer_id)
    return Standing(row["state"], row["merged_into_id"]) if row else None


async def version(
    connection: Connection, account_id: int, customer_id: int, *, hold: bool, for_deletion: bool
) -> int | None:
    """How often an active customer has changed; with `hold` it is locked as `lock` does."""
    statement = (_VERSION_FOR_DELETION if for_deletion else _VERSION_FOR_CHANGE) if hold else _VERSION
    found: int | None = await connection.fetchval(statement, account_id, customer_id)
    return found


async def insert(connection: Connection, account_id: int, customer: CustomerRow, at: datetime, email: str) -> int:
    """Make a customer; its id. `email` is the first of the entries that will be written, or nothing."""
    made: int = await connection.fetchval(_INSERT, account_id, *customer.arguments, at, email)
    return made


async def insert_with_email(
    connection: Connection, account_id: int, customer: CustomerRow, at: datetime, email: str, type_: str
) -> int | None:
    """Make a customer with an address, or nothing (None) if somebody has it, even by a transaction still open."""
    made: int | None = await connection.fetchval(_INSERT_WITH_EMAIL, account_id, *customer.arguments, at, email, type_)
    return made


async def update(
    connection: Connection, account_id: int, customer_id: int, customer: CustomerRow, at: datetime
) -> None:
    """Write the single-valued columns, and take the first of the entries as the customer's address."""
    await connection.execute(_UPDATE, account_id, customer_id, *customer.arguments, at)


async def publish(connection: Connection, account_id: int, customer_id: int, at: datetime) -> bool:
    """Make a draft a customer like others; False if it was none."""
    status: str = await connection.execute(_PUBLISH, account_id, customer_id, at)
    return status != "UPDATE 0"


async def erase(connection: Connection, account_id: int, customer_id: int, at: datetime) -> None:
    """Empty a customer of everything known; the bare row stays for what still points at it."""
    for statement in (_ERASE_ENTRIES, _ERASE_ADDRESS, _ERASE_PROPERTIES):
        await connection.execute(statement, account_id, customer_id)
    await connection.execute(_ERASE_MERGED, account_id, customer_id, at)
    await connection.execute(_ERASE, account_id, customer_id, at)


async def index_by_batch(connection: Connection) -> None:
    """Leave the search documents of conversations alone in this transaction: the caller makes them anew."""
    await connection.execute(_INDEX_BY_BATCH)


async def count_conversations(connection: Connection, scope: Scope, customer_id: int) -> tuple[int, int]:
    """How many conversations a customer has, and how many of them are visible."""
    row = await connection.fetchrow(_CONVERSATIONS, scope.account_id, customer_id, scope.mailbox_ids)
    return row["total"], row["visible"]
