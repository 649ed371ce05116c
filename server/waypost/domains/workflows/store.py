"""SQL of workflows themselves. Their history is in store_runs, what they wait for in store_pending."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from asyncpg import Record

from waypost.domains.accounts import Scope
from waypost.domains.workflows.models import Definition, Problem, Workflow, WorkflowStatus, WorkflowType
from waypost.kit.db import Connection
from waypost.kit.paging import Page, PageRequest

_COLUMNS = (
    "w.id, w.account_id, w.mailbox_id, w.type, w.status, w.name, w.position, w.definition, w.problems, "
    "w.created_at, w.modified_at"
)
_LISTED = """
from workflow w
where w.account_id = $1 and w.deleted_at is null and ($2::bigint[] is null or w.mailbox_id = any ($2))
  and ($3::bigint is null or w.mailbox_id = $3) and ($4::text is null or w.type = $4)
"""
LIST = f"select {_COLUMNS} {_LISTED} order by w.mailbox_id, w.position, w.id limit $5 offset $6"
COUNT = f"select count(*) {_LISTED}"
FIND = f"""
select {_COLUMNS} from workflow w
where w.account_id = $1 and w.id = $3 and w.deleted_at is null and ($2::bigint[] is null or w.mailbox_id = any ($2))
"""
LOCK = f"{FIND} for update"
AUTOMATIC = f"""
select {_COLUMNS} from workflow w
where w.account_id = $1 and w.mailbox_id = $2 and w.deleted_at is null and w.type = 'automatic' and w.status = 'active'
  and w.activated_at <= $3
order by w.position, w.id
"""
OF_ACCOUNT = (
    f"select {_COLUMNS} from workflow w where w.account_id = $1 and w.deleted_at is null order by w.id for update"
)
WITH_AUTOMATIC = """
select distinct w.account_id, w.mailbox_id from workflow w
where w.account_id = any ($1::bigint[]) and w.deleted_at is null and w.type = 'automatic' and w.status = 'active'
"""
WITH_ANY = "select distinct account_id from workflow where account_id = any ($1::bigint[]) and deleted_at is null"
INSERT = f"""
with made as (
  insert into workflow (account_id, mailbox_id, type, status, name, position, definition, has_clock, activated_at,
                        clock_checked_at, created_at, modified_at)
  values ($1, $2, $3, $4, $5,
          (select coalesce(max(position), 0) + 1 from workflow
           where account_id = $1 and mailbox_id = $2 and deleted_at is null),
          $6, $7, $8, $8, $9, $9)
  returning *
)
select {_COLUMNS} from made w
"""
REPLACE = """
update workflow set mailbox_id = $3, type = $4, status = $5, name = $6, definition = $7, has_clock = $8, position = $9,
  activated_at = $10, clock_checked_at = $10, problems = '[]', modified_at = $11
where account_id = $1 and id = $2
"""
LAST_POSITION = """
select coalesce(max(position), 0) from workflow where account_id = $1 and mailbox_id = $2 and deleted_at is null
"""
SET_STATUS = """
update workflow set status = $3, problems = $4, modified_at = $5,
  activated_at = case when $3 = 'active' then $5 else activated_at end,
  clock_checked_at = case when $3 = 'active' then $5 else clock_checked_at end
where account_id = $1 and id = $2
"""
SET_ORDER = """
update workflow w set position = o.position
from unnest($3::bigint[]) with ordinality as o (id, position)
where w.account_id = $1 and w.mailbox_id = $2 and w.id = o.id
"""
IDS_OF_MAILBOX = """
select id from workflow
where account_id = $1 and mailbox_id = $2 and deleted_at is null
order by position, id for update
"""
DELETE = "update workflow set deleted_at = $3, status = 'inactive', modified_at = $3 where account_id = $1 and id = $2"
FORGET_PENDING = "delete from workflow_pending where account_id = $1 and workflow_id = $2"
FORGET_APPLIED = "delete from workflow_applied where account_id = $1 and workflow_id = $2"
PEOPLE = """
select id, type from account_user where account_id = $1 and status = 'active' and type in ('user', 'team')
"""
WORKFLOW_USER = """
select id from account_user where account_id = $1 and type = 'system_user' and first_name = $2 order by id limit 1
"""
MAKE_WORKFLOW_USER = """
insert into account_user (account_id, type, first_name) values ($1, 'system_user', $2) returning id
"""
LOCK_ACCOUNT = "select id from account where id = $1 for update"


def _read(row: Record) -> Workflow:
    return Workflow(
        row["id"],
        row["account_id"],
        row["mailbox_id"],
        WorkflowType(row["type"]),
        WorkflowStatus(row["status"]),
        row["name"],
        row["position"],
        msgspec.convert(row["definition"], Definition),
        msgspec.convert(row["problems"], list[Problem]),
        row["created_at"],
        row["modified_at"],
    )


async def list_page(
    connection: Connection, scope: Scope, mailbox_id: int | None, kind: str | None, page: PageRequest
) -> Page[Workflow]:
    """The visible workflows by mailbox and order (spec: 3.2)."""
    wanted = (scope.account_id, scope.mailbox_ids, mailbox_id, kind)
    total: int = await connection.fetchval(COUNT, *wanted)
    rows = await connection.fetch(LIST, *wanted, page.size, page.offset)
    return Page([_read(row) for row in rows], total, page)


async def find(connection: Connection, scope: Scope, workflow_id: int) -> Workflow | None:
    """A visible workflow."""
    row = await connection.fetchrow(FIND, scope.account_id, scope.mailbox_ids, workflow_id)
    return _read(row) if row is not None else None


async def lock(connection: Connection, scope: Scope, workflow_id: int) -> Workflow | None:
    """A visible workflow, locked until the transaction ends."""
    row = await connection.fetchrow(LOCK, scope.account_id, scope.mailbox_ids, workflow_id)
    return _read(row) if row is not None else None


async def list_automatic(connection: Connection, account_id: int, mailbox_id: int, at: datetime) -> list[Workflow]:
    """The automatic workflows of a mailbox that are active and were at that time, in their order."""
    return [_read(row) for row in await connection.fetch(AUTOMATIC, account_id, mailbox_id, at)]


async def lock_all(connection: Connection, account_id: int) -> list[Workflow]:
    """Every workflow of the account, locked."""
    return [_read(row) for row in await connection.fetch(OF_ACCOUNT, account_id)]


async def mailboxes_with_automatic(connection: Connection, account_ids: list[int]) -> set[tuple[int, int]]:
    """(account, mailbox) of the mailboxes that have active automatic workflows."""
    rows = await connection.fetch(WITH_AUTOMATIC, account_ids)
    return {(row["account_id"], row["mailbox_id"]) for row in rows}


async def accounts_with_any(connection: Connection, account_ids: list[int]) -> list[int]:
    """Those of the accounts that have workflows at all."""
    return [row["account_id"] for row in await connection.fetch(WITH_ANY, account_ids)]


async def insert(connection: Connection, new: Workflow, *, has_clock: bool) -> Workflow:
    """A new workflow, the last of its mailbox; id and position are given to it."""
    row = await connection.fetchrow(
        INSERT, new.account_id, new.mailbox_id, new.type.value, new.status.value, new.name,
        msgspec.to_builtins(new.definition), has_clock,
        new.created_at if new.status is WorkflowStatus.ACTIVE else None, new.created_at,
    )  # fmt: skip
    assert row is not None
    return _read(row)


async def replace(connection: Connection, workflow: Workflow, *, has_clock: bool) -> None:
    """Everything of a workflow anew. It starts looking at what happens from `modified_at` on."""
    await connection.execute(
        REPLACE, workflow.account_id, workflow.id, workflow.mailbox_id, workflow.type.value, workflow.status.value,
        workflow.name, msgspec.to_builtins(workflow.definition), has_clock, workflow.position,
        workflow.modified_at if workflow.status is WorkflowStatus.ACTIVE else None, workflow.modified_at,
    )  # fmt: skip


async def last_position(connection: Connection, account_id: int, mailbox_id: int) -> int:
    """The highest place that is taken in a mailbox."""
    position: int = await connection.fetchval(LAST_POSITION, account_id, mailbox_id)
    return position


async def set_status(
    connection: Connection, workflow: Workflow, status: WorkflowStatus, problems: list[Problem], at: datetime
) -> None:
    """Another status; why, where it is invalid."""
    told: list[Any] = msgspec.to_builtins(problems)
    await connection.execute(SET_STATUS, workflow.account_id, workflow.id, status.value, told, at)


async def lock_ids(connection: Connection, account_id: int, mailbox_id: int) -> list[int]:
    """The workflows of a mailbox in their order, locked."""
    return [row["id"] for row in await connection.fetch(IDS_OF_MAILBOX, account_id, mailbox_id)]


async def set_order(connection: Connection, account_id: int, mailbox_id: int, ids: list[int]) -> None:
    """Put the workflows of a mailbox in this order."""
    await connection.execute(SET_ORDER, account_id, mailbox_id, ids)


async def delete(connection: Connection, account_id: int, workflow_id: int, at: datetime) -> None:
    """Out of every list. Its history stays with the conversations."""
    await connection.execute(DELETE, account_id, workflow_id, at)
    await forget(connection, account_id, workflow_id)


async def forget(connection: Connection, account_id: int, workflow_id: int) -> None:
    """Nothing waits for it, and no conversation has had it."""
    await connection.execute(FORGET_PENDING, account_id, workflow_id)
    await connection.execute(FORGET_APPLIED, account_id, workflow_id)


async def assignable_people(connection: Connection, account_id: int) -> dict[int, str]:
    """Active users and teams: their type by id."""
    return {row["id"]: row["type"] for row in await connection.fetch(PEOPLE, account_id)}


async def workflow_user(connection: Connection, account_id: int, name: str) -> int:
    """The platform's user that workflows act as (spec: 11.9); made where an account has none yet."""
    found: int | None = await connection.fetchval(WORKFLOW_USER, account_id, name)
    if found is None:
        await connection.execute(LOCK_ACCOUNT, account_id)
        found = await connection.fetchval(WORKFLOW_USER, account_id, name)
    if found is None:
        found = await connection.fetchval(MAKE_WORKFLOW_USER, account_id, name)
    assert found is not None
    return found
