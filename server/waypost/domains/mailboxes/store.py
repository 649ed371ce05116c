"""All SQL of mailboxes."""

from __future__ import annotations

from asyncpg import Record

from waypost.domains.accounts import Scope
from waypost.domains.mailboxes.models import CustomField, FieldOption, FieldType, Folder, FolderType, Mailbox
from waypost.kit.db import Connection
from waypost.kit.paging import Page, PageRequest

_COLUMNS = "m.id, m.name, m.slug, m.email, m.created_at, m.updated_at"

LIST = f"""
select {_COLUMNS}, count(*) over () as total
from mailbox m
where m.account_id = $1 and ($2::bigint[] is null or m.id = any ($2))
order by m.id limit $3 offset $4
"""
COUNT = "select count(*) from mailbox m where m.account_id = $1 and ($2::bigint[] is null or m.id = any ($2))"
FIND = f"""
select {_COLUMNS} from mailbox m
where m.account_id = $1 and m.id = $3 and ($2::bigint[] is null or m.id = any ($2))
"""
INSERT = """
insert into mailbox (account_id, name, slug, email) values ($1, $2, $3, $4)
returning id, name, slug, email, created_at, updated_at
"""
INSERT_FOLDERS = """
insert into folder (account_id, mailbox_id, type, name, user_id, position)
select $1, $2, type, name, user_id, position
from unnest($3::text[], $4::text[], $5::bigint[], $6::integer[]) as f (type, name, user_id, position)
"""
ADD_PERSONAL_FOLDERS = """
insert into folder (account_id, mailbox_id, type, name, user_id, position)
select $1, m.id, 'mytickets', 'Mine', $2, 2
from mailbox m
where m.account_id = $1 and ($3::bigint[] is null or m.id = any ($3))
  and not exists (select from folder f where f.account_id = $1 and f.mailbox_id = m.id
                  and f.type = 'mytickets' and f.user_id = $2)
"""
FOLDERS = """
with tally as (
  select status, assignee_id, sum(n)::bigint as n
  from (select status, assignee_id, n from conversation_tally where account_id = $1 and mailbox_id = $2
        union all
        select status, assignee_id, n from conversation_tally_delta where account_id = $1 and mailbox_id = $2) kept
  group by status, assignee_id
), drafts as (
  select count(*) as n from conversation
  where account_id = $1 and mailbox_id = $2 and state = 'draft' and created_by_user_id = $3
)
select f.id, f.mailbox_id, f.type, f.name, f.user_id, f.updated_at, counted.total_count, counted.active_count
from folder f cross join lateral (
  select case when f.type = 'drafts' then (select n from drafts) else coalesce(sum(t.n), 0) end::bigint as total_count,
         case when f.type = 'drafts' then (select n from drafts)
              else coalesce(sum(t.n) filter (where t.status = 'active'), 0) end::bigint as active_count
  from tally t
  where case f.type
          when 'open' then t.status in ('active', 'pending') and t.assignee_id = 0
          when 'mytickets' then t.status in ('active', 'pending') and t.assignee_id = f.user_id
          when 'assigned' then t.status in ('active', 'pending') and t.assignee_id <> 0
          when 'closed' then t.status = 'closed'
          when 'spam' then t.status = 'spam'
          else false
        end
) counted
where f.account_id = $1 and f.mailbox_id = $2 and (f.user_id is null or f.user_id = $3)
order by f.position, f.id
"""
FIND_FOLDER = """
select f.id, f.mailbox_id, f.type, f.user_id from folder f
where f.account_id = $1 and f.id = $3 and ($2::bigint[] is null or f.mailbox_id = any ($2))
"""
FOLDER_IDS = """
select f.id, f.mailbox_id, f.type, f.user_id from folder f
where f.account_id = $1 and f.mailbox_id = any ($2::bigint[]) and (f.user_id is null or f.user_id = $3)
"""
FIELDS = """
select f.id, f.mailbox_id, f.name, f.type, f.required, f.position,
       coalesce((select array_agg((o.id, o.position, o.label) order by o.position, o.id)
                 from custom_field_option o where o.account_id = f.account_id and o.field_id = f.id), '{}') as options
from custom_field f
where f.account_id = $1 and f.mailbox_id = any ($2::bigint[])
order by f.mailbox_id, f.position, f.id
"""


def _mailbox(row: Record) -> Mailbox:
    return Mailbox(row["id"], row["name"], row["slug"], row["email"], row["created_at"], row["updated_at"])


def _field(row: Record) -> CustomField:
    return CustomField(
        id=row["id"],
        mailbox_id=row["mailbox_id"],
        name=row["name"],
        type=FieldType(row["type"]),
        required=row["required"],
        position=row["position"],
        options=[FieldOption(*option) for option in row["options"]],
    )


async def list_mailboxes(connection: Connection, scope: Scope, page: PageRequest) -> Page[Mailbox]:
    """Visible mailboxes by id."""
    rows = await connection.fetch(LIST, scope.account_id, scope.mailbox_ids, page.size, page.offset)
    total = rows[0]["total"] if rows else await connection.fetchval(COUNT, scope.account_id, scope.mailbox_ids)
    return Page([_mailbox(row) for row in rows], total, page)


async def find(connection: Connection, scope: Scope, mailbox_id: int) -> Mailbox | None:
    """A visible mailbox."""
    row = await connection.fetchrow(FIND, scope.account_id, scope.mailbox_ids, mailbox_id)
    return _mailbox(row) if row is not None else None


async def insert(connection: Connection, account_id: int, name: str, slug: str, email: str) -> Mailbox:
    """A new mailbox."""
    row = await connection.fetchrow(INSERT, account_id, name, slug, email)
    assert row is not None
    return _mailbox(row)


async def insert_folders(
    connection: Connection, account_id: int, mailbox_id: int, folders: list[tuple[FolderType, str, int | None, int]]
) -> None:
    """Folders as (type, name, user id, position)."""
    types, names, users, positions = zip(*[(kind.value, *rest) for kind, *rest in folders], strict=True)
    await connection.execute(INSERT_FOLDERS, account_id, mailbox_id, types, names, users, positions)


async def add_personal_folders(
    connection: Connection, account_id: int, user_id: int, mailbox_ids: list[int] | None
) -> None:
    """The user's own folder in each mailbox (None: all) that has none yet."""
    await connection.execute(ADD_PERSONAL_FOLDERS, account_id, user_id, mailbox_ids)


async def list_folders(connection: Connection, account_id: int, mailbox_id: int, user_id: int) -> list[Folder]:
    """The folders that the user sees in a mailbox, with counts."""
    rows = await connection.fetch(FOLDERS, account_id, mailbox_id, user_id)
    return [
        Folder(
            id=row["id"],
            mailbox_id=row["mailbox_id"],
            type=FolderType(row["type"]),
            name=row["name"],
            user_id=row["user_id"],
            total_count=row["total_count"],
            active_count=row["active_count"],
            updated_at=row["updated_at"],
        )
        for row in rows
    ]


async def find_folder(
    connection: Connection, scope: Scope, folder_id: int
) -> tuple[int, FolderType, int | None] | None:
    """(mailbox id, type, user id) of a visible folder."""
    row = await connection.fetchrow(FIND_FOLDER, scope.account_id, scope.mailbox_ids, folder_id)
    return (row["mailbox_id"], FolderType(row["type"]), row["user_id"]) if row is not None else None


async def folder_ids(
    connection: Connection, account_id: int, mailbox_ids: list[int], user_id: int
) -> dict[tuple[int, FolderType], int]:
    """Folder ids by (mailbox, type), as the user sees them."""
    rows = await connection.fetch(FOLDER_IDS, account_id, mailbox_ids, user_id)
    return {(row["mailbox_id"], FolderType(row["type"])): row["id"] for row in rows}


async def list_fields(connection: Connection, account_id: int, mailbox_ids: list[int]) -> list[CustomField]:
    """The custom fields of mailboxes, in their own order."""
    return [_field(row) for row in await connection.fetch(FIELDS, account_id, mailbox_ids)]


ALL_IDS = "select id from mailbox where account_id = $1 order by id"


async def all_ids(connection: Connection, account_id: int) -> list[int]:
    """Every mailbox of the account."""
    return [row["id"] for row in await connection.fetch(ALL_IDS, account_id)]
