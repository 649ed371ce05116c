"""SQL of automatic routing: settings, the rotation, and how much everybody has to do (from the kept totals)."""

from __future__ import annotations

from datetime import datetime

from asyncpg import Record

from waypost.domains.mailboxes.models import AssignmentMethod, Candidate, Routing
from waypost.kit.db import Connection

_COLUMNS = """r.mailbox_id, r.is_enabled, r.enabled_at, r.assignment_limit, r.assignment_method,
coalesce((select p.position from mailbox_routing_user p
          where p.account_id = r.account_id and p.mailbox_id = r.mailbox_id and p.user_id = r.last_user_id), 0)
  as last_place"""
FIND = f"select {_COLUMNS} from mailbox_routing r where r.account_id = $1 and r.mailbox_id = $2"
LOCK = f"{FIND} for no key update of r"
ENABLED = f"""
select {_COLUMNS} from mailbox_routing r where r.account_id = $1 and r.mailbox_id = any ($2::bigint[]) and r.is_enabled
"""
OF_USER = """
select r.mailbox_id from mailbox_routing r
join mailbox_routing_user p on p.account_id = r.account_id and p.mailbox_id = r.mailbox_id
where r.account_id = $1 and p.user_id = $2 and r.is_enabled order by r.mailbox_id
"""
# Everybody who works in the mailbox. Both parts of the kept totals together are exact.
PEOPLE = """
with tally as (
  select assignee_id, sum(n) filter (where status = 'active') as active, sum(n) as n
  from (select status, assignee_id, n from conversation_tally where account_id = $1 and mailbox_id = $2
        union all
        select status, assignee_id, n from conversation_tally_delta where account_id = $1 and mailbox_id = $2) kept
  where status in ('active', 'pending') group by assignee_id
)
select u.id as user_id, coalesce(p.position, 0) as place, coalesce(t.active, 0)::bigint as active_count,
       coalesce(t.n, 0)::bigint as count,
       case when p.position is null then 'not_in_rotation'
            when a.status = 'away' then 'away'
            when coalesce(t.n, 0) >= r.assignment_limit then 'at_capacity' end as reason
from account_user u
left join mailbox_routing r on r.account_id = u.account_id and r.mailbox_id = $2
left join mailbox_routing_user p on p.account_id = u.account_id and p.mailbox_id = $2 and p.user_id = u.id
left join user_availability a on a.account_id = u.account_id and a.user_id = u.id
left join tally t on t.assignee_id = u.id
where u.account_id = $1 and u.type = 'user' and u.status = 'active'
  and (u.role in ('owner', 'admin') or exists (select from mailbox_user m where m.account_id = u.account_id
                                               and m.user_id = u.id and m.mailbox_id = $2))
order by p.position nulls last, lower(u.first_name), lower(u.last_name), u.id
"""
ENSURE = """
insert into mailbox_routing (account_id, mailbox_id, assignment_limit, assignment_method, updated_at)
values ($1, $2, $3, 'round_robin', $4) on conflict do nothing
"""
PUT = """
update mailbox_routing set assignment_limit = $4, assignment_method = $5, updated_at = $6, is_enabled = $3,
  enabled_at = case when not $3 then null when is_enabled then enabled_at else $6 end
where account_id = $1 and mailbox_id = $2
"""
USER_IDS = "select user_id from mailbox_routing_user where account_id = $1 and mailbox_id = $2 order by position"
CLEAR_USERS = "delete from mailbox_routing_user where account_id = $1 and mailbox_id = $2"
INSERT_USERS = """
insert into mailbox_routing_user (account_id, mailbox_id, user_id, position)
select $1, $2, id, position from unnest($3::bigint[]) with ordinality as u (id, position)
"""
SET_LAST = "update mailbox_routing set last_user_id = $3 where account_id = $1 and mailbox_id = $2"


def _routing(row: Record) -> Routing:
    return Routing(
        mailbox_id=row["mailbox_id"],
        is_enabled=row["is_enabled"],
        enabled_at=row["enabled_at"],
        assignment_limit=row["assignment_limit"],
        method=AssignmentMethod(row["assignment_method"]),
        last_place=row["last_place"],
    )


async def find(connection: Connection, account_id: int, mailbox_id: int) -> Routing | None:
    """The settings, if somebody has made any."""
    row = await connection.fetchrow(FIND, account_id, mailbox_id)
    return _routing(row) if row is not None else None


async def lock(connection: Connection, account_id: int, mailbox_id: int) -> Routing | None:
    """The same, kept from changing until the transaction ends."""
    row = await connection.fetchrow(LOCK, account_id, mailbox_id)
    return _routing(row) if row is not None else None


async def enabled(connection: Connection, account_id: int, mailbox_ids: list[int]) -> dict[int, Routing]:
    """Those of the mailboxes that route."""
    rows = await connection.fetch(ENABLED, account_id, mailbox_ids)
    return {row["mailbox_id"]: _routing(row) for row in rows}


async def of_user(connection: Connection, account_id: int, user_id: int) -> list[int]:
    """Mailboxes that route with the user."""
    return [row["mailbox_id"] for row in await connection.fetch(OF_USER, account_id, user_id)]


async def people(connection: Connection, account_id: int, mailbox_id: int) -> list[Candidate]:
    """Active users who see the mailbox: the rotation in its order, then all others by name."""
    return [Candidate(*row.values()) for row in await connection.fetch(PEOPLE, account_id, mailbox_id)]


async def ensure(connection: Connection, account_id: int, mailbox_id: int, limit: int, now: datetime) -> None:
    """Settings to be locked and changed."""
    await connection.execute(ENSURE, account_id, mailbox_id, limit, now)


async def put(
    connection: Connection,
    account_id: int,
    mailbox_id: int,
    is_enabled: bool,
    limit: int,
    method: AssignmentMethod,
    now: datetime,
) -> None:
    """Other settings."""
    await connection.execute(PUT, account_id, mailbox_id, is_enabled, limit, method.value, now)


async def user_ids(connection: Connection, account_id: int, mailbox_id: int) -> list[int]:
    """The rotation as it was set, whatever has become of its users."""
    return [row["user_id"] for row in await connection.fetch(USER_IDS, account_id, mailbox_id)]


async def put_users(connection: Connection, account_id: int, mailbox_id: int, ids: list[int]) -> None:
    """Another rotation."""
    await connection.execute(CLEAR_USERS, account_id, mailbox_id)
    await connection.execute(INSERT_USERS, account_id, mailbox_id, ids)


async def set_last(connection: Connection, account_id: int, mailbox_id: int, user_id: int) -> None:
    """Who got the last conversation."""
    await connection.execute(SET_LAST, account_id, mailbox_id, user_id)
