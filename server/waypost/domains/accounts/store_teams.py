"""SQL of teams: rows of account_user of type team, and team_member."""

from __future__ import annotations

from waypost.domains.accounts.models import Scope, User
from waypost.domains.accounts.store_users import COLUMNS, user_from
from waypost.kit.paging import Page, PageRequest
from waypost.kit.tx import Tx

_LISTED_MEMBER = "u.type = 'user' and u.status in ('active', 'invited')"


async def find_team(tx: Tx, scope: Scope, team_id: int) -> User | None:
    """A team of the account."""
    row = await tx.connection.fetchrow(
        f"""select {COLUMNS} from account_user u
            where u.account_id = $1 and u.id = $2 and u.type = 'team' and u.status = 'active'""",
        scope.account_id,
        team_id,
    )
    return user_from(row) if row else None


async def lock_team(tx: Tx, account_id: int, team_id: int) -> User | None:
    """The same, kept from changing until this transaction ends."""
    row = await tx.connection.fetchrow(
        f"""select {COLUMNS} from account_user u
            where u.account_id = $1 and u.id = $2 and u.type = 'team' and u.status = 'active' for no key update""",
        account_id,
        team_id,
    )
    return user_from(row) if row else None


async def list_teams(tx: Tx, scope: Scope, page: PageRequest) -> Page[User]:
    """One page of the teams by name."""
    matching = "from account_user u where u.account_id = $1 and u.type = 'team' and u.status = 'active'"
    total: int = await tx.connection.fetchval(f"select count(*) {matching}", scope.account_id)
    rows = await tx.connection.fetch(
        f"select {COLUMNS} {matching} order by lower(u.first_name), lower(u.last_name), u.id limit $2 offset $3",
        scope.account_id,
        page.size,
        page.offset,
    )
    return Page([user_from(row) for row in rows], total, page)


async def list_members(tx: Tx, scope: Scope, team_id: int, page: PageRequest) -> Page[User]:
    """One page of the users in a team by name."""
    matching = f"""from team_member t join account_user u on u.account_id = t.account_id and u.id = t.user_id
                   where t.account_id = $1 and t.team_id = $2 and {_LISTED_MEMBER}"""
    total: int = await tx.connection.fetchval(f"select count(*) {matching}", scope.account_id, team_id)
    rows = await tx.connection.fetch(
        f"select {COLUMNS} {matching} order by lower(u.first_name), lower(u.last_name), u.id limit $3 offset $4",
        scope.account_id,
        team_id,
        page.size,
        page.offset,
    )
    return Page([user_from(row) for row in rows], total, page)


async def list_member_ids(tx: Tx, account_id: int, team_id: int) -> set[int]:
    """All users in a team, the deactivated too."""
    rows = await tx.connection.fetch(
        "select user_id from team_member where account_id = $1 and team_id = $2", account_id, team_id
    )
    return {row["user_id"] for row in rows}


async def find_users_among(tx: Tx, account_id: int, ids: list[int]) -> set[int]:
    """Which of the ids are users that are not deleted; they stay so until this transaction ends."""
    rows = await tx.connection.fetch(
        """select id from account_user
           where account_id = $1 and id = any($2::bigint[]) and type = 'user' and status <> 'deleted'
           order by id for share""",
        account_id,
        ids,
    )
    return {row["id"] for row in rows}


async def change_members(tx: Tx, account_id: int, team_id: int, added: list[int], removed: list[int]) -> None:
    """The team must be locked already."""
    await tx.connection.execute(
        "delete from team_member where account_id = $1 and team_id = $2 and user_id = any($3::bigint[])",
        account_id,
        team_id,
        removed,
    )
    await tx.connection.execute(
        "insert into team_member (account_id, team_id, user_id) select $1, $2, unnest($3::bigint[])",
        account_id,
        team_id,
        added,
    )
