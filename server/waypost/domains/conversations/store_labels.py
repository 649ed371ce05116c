"""SQL of tags and of custom field values."""

from __future__ import annotations

from asyncpg import Record

from waypost.domains.conversations.models import TagSummary
from waypost.kit.db import Connection
from waypost.kit.paging import Page, PageRequest

# Sorted names, so that two writers who create the same tags wait for each other in the same order.
ENSURE_TAGS = """
insert into tag (account_id, name, slug)
select $1, name, slug from unnest($2::text[], $3::text[]) as n (name, slug) order by name
on conflict (account_id, lower(name)) do nothing
returning id, name
"""
# Kept from being deleted or merged away until the transaction ends.
TAG_IDS = """
select id, name from tag where account_id = $1 and lower(name) = any ($2::text[]) order by id for key share
"""
NAMES_OF_TAGS = "select id, name from tag where account_id = $1 and id = any ($2::bigint[])"
TAGS_OF = """
select t.id, t.name from conversation_tag ct join tag t on t.account_id = ct.account_id and t.id = ct.tag_id
where ct.account_id = $1 and ct.conversation_id = $2
"""
PUT_TAGS = """
insert into conversation_tag (account_id, conversation_id, tag_id)
select $1, $2, id from unnest($3::bigint[]) as t (id) on conflict do nothing
"""
TAKE_TAGS = (
    "delete from conversation_tag where account_id = $1 and conversation_id = $2 and tag_id = any ($3::bigint[])"
)
_TALLY = """
coalesce((select n from tag_tally k where k.account_id = t.account_id and k.tag_id = t.id), 0)
+ coalesce((select sum(n) from tag_tally_delta d where d.account_id = t.account_id and d.tag_id = t.id), 0)
"""
LIST_TAGS = f"""
select (select count(*) from tag where account_id = $1) as total, rows.*
from (select 1) one left join (
  select t.id, t.slug, t.name, t.color, t.created_at, t.updated_at, ({_TALLY})::bigint as conversation_count
  from tag t where t.account_id = $1 order by lower(t.name) limit $2 offset $3
) rows on true
order by lower(rows.name)
"""
FIND_TAG = f"""
select t.id, t.slug, t.name, t.color, t.created_at, t.updated_at, ({_TALLY})::bigint as conversation_count
from tag t where t.account_id = $1 and t.id = $2
"""
SET_COLOR = "update tag set color = $3, updated_at = now() where account_id = $1 and lower(name) = lower($2)"
FIELDS_OF = "select field_id, value from conversation_field where account_id = $1 and conversation_id = $2"
PUT_FIELDS = """
insert into conversation_field (account_id, conversation_id, field_id, value)
select $1, $2, id, value from unnest($3::bigint[], $4::text[]) as f (id, value)
on conflict (account_id, conversation_id, field_id) do update set value = excluded.value
"""
CLEAR_FIELDS = (
    "delete from conversation_field where account_id = $1 and conversation_id = $2 and field_id = any ($3::bigint[])"
)
EMPTY_FIELD = "delete from conversation_field where account_id = $1 and field_id = $2"
# As the index has the values.
EMPTY_OPTIONS = """
delete from conversation_field where account_id = $1 and field_id = $2 and left(value, 255) = any ($3::text[])
"""
FIELD_KINDS = """
select f.id, f.type, coalesce(array_agg(o.id) filter (where o.id is not null), '{}') as option_ids,
       coalesce(array_agg(lower(o.label)) filter (where o.id is not null), '{}') as labels
from custom_field f left join custom_field_option o on o.account_id = f.account_id and o.field_id = f.id
where f.account_id = $1 and f.id = any ($2::bigint[])
group by f.id, f.type
"""


async def ensure_tags(
    connection: Connection, account_id: int, names: list[str], slugs: list[str]
) -> list[tuple[int, str]]:
    """Create the tags that are not there yet; (id, name) of the new ones."""
    return [(row["id"], row["name"]) for row in await connection.fetch(ENSURE_TAGS, account_id, names, slugs)]


async def tag_ids(connection: Connection, account_id: int, names: list[str]) -> dict[str, int]:
    """Ids by lower-case name."""
    rows = await connection.fetch(TAG_IDS, account_id, names)
    return {row["name"].lower(): row["id"] for row in rows}


async def names_of_tags(connection: Connection, account_id: int, ids: list[int]) -> dict[int, str]:
    """Names by id."""
    return {row["id"]: row["name"] for row in await connection.fetch(NAMES_OF_TAGS, account_id, ids)}


async def tags_of(connection: Connection, account_id: int, conversation_id: int) -> dict[int, str]:
    """Names of a conversation's tags by id."""
    rows = await connection.fetch(TAGS_OF, account_id, conversation_id)
    return {row["id"]: row["name"] for row in rows}


async def put_tags(connection: Connection, account_id: int, conversation_id: int, ids: list[int]) -> None:
    """Tag a conversation."""
    await connection.execute(PUT_TAGS, account_id, conversation_id, sorted(ids))


async def take_tags(connection: Connection, account_id: int, conversation_id: int, ids: list[int]) -> None:
    """Take tags off a conversation."""
    await connection.execute(TAKE_TAGS, account_id, conversation_id, ids)


async def list_tags(connection: Connection, account_id: int, page: PageRequest) -> Page[TagSummary]:
    """The account's tags by name, each with its kept count."""
    rows = await connection.fetch(LIST_TAGS, account_id, page.size, page.offset)
    return Page([_summary(row) for row in rows if row["id"] is not None], rows[0]["total"], page)


async def find_tag(connection: Connection, account_id: int, tag_id: int) -> TagSummary | None:
    """One tag."""
    row = await connection.fetchrow(FIND_TAG, account_id, tag_id)
    return _summary(row) if row is not None else None


def _summary(row: Record) -> TagSummary:
    return TagSummary(
        row["id"],
        row["slug"],
        row["name"],
        row["color"],
        row["created_at"],
        row["updated_at"],
        row["conversation_count"],
    )


async def set_color(connection: Connection, account_id: int, name: str, color: str) -> None:
    """Give a tag another colour."""
    await connection.execute(SET_COLOR, account_id, name, color)


async def fields_of(connection: Connection, account_id: int, conversation_id: int) -> dict[int, str]:
    """Stored values by field id."""
    rows = await connection.fetch(FIELDS_OF, account_id, conversation_id)
    return {row["field_id"]: row["value"] for row in rows}


async def put_fields(connection: Connection, account_id: int, conversation_id: int, values: dict[int, str]) -> None:
    """Set values."""
    await connection.execute(PUT_FIELDS, account_id, conversation_id, list(values), list(values.values()))


async def clear_fields(connection: Connection, account_id: int, conversation_id: int, ids: list[int]) -> None:
    """Remove values."""
    await connection.execute(CLEAR_FIELDS, account_id, conversation_id, ids)


async def field_kinds(connection: Connection, account_id: int, ids: list[int]) -> dict[int, tuple[str, dict[str, int]]]:
    """By field id: its type, and its options' ids by lower-case label."""
    rows = await connection.fetch(FIELD_KINDS, account_id, ids)
    return {row["id"]: (row["type"], dict(zip(row["labels"], row["option_ids"], strict=True))) for row in rows}


async def empty_field(connection: Connection, account_id: int, field_id: int, option_ids: list[int] | None) -> int:
    """Remove the values that all conversations have of these options, or (None) of the field; how many those were."""
    if option_ids is None:
        done = await connection.execute(EMPTY_FIELD, account_id, field_id)
    else:
        done = await connection.execute(EMPTY_OPTIONS, account_id, field_id, [str(each) for each in option_ids])
    return int(done.split()[-1])
