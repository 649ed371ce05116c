"""SQL of users: account, account_user, mailbox_user."""

from __future__ import annotations

from typing import Any

import msgspec
from asyncpg import Record, UniqueViolationError

from waypost.domains.accounts.errors import AddressTaken
from waypost.domains.accounts.models import (
    Actor,
    NewUser,
    Role,
    Scope,
    SystemUser,
    User,
    UserPatch,
    UserStatus,
    UserType,
)
from waypost.kit.db import Connection
from waypost.kit.paging import Page, PageRequest
from waypost.kit.tx import Tx

COLUMNS = """u.id, u.type, u.role, u.status, u.first_name, u.last_name, u.email, u.timezone, u.photo_url, u.job_title,
u.phone, u.mention, u.alternate_emails, u.created_at, u.updated_at"""


def user_from(row: Record) -> User:
    """A row of COLUMNS."""
    return User(
        id=row["id"],
        type=UserType(row["type"]),
        role=Role(row["role"]) if row["role"] else None,
        status=UserStatus(row["status"]),
        first_name=row["first_name"],
        last_name=row["last_name"],
        email=row["email"],
        timezone=row["timezone"],
        photo_url=row["photo_url"],
        job_title=row["job_title"],
        phone=row["phone"],
        mention=row["mention"],
        alternate_emails=list(row["alternate_emails"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


async def insert_account(tx: Tx, name: str) -> int:
    """The account and the counter of its conversations."""
    account_id: int = await tx.connection.fetchval(
        "insert into account (name, created_at) values ($1, $2) returning id", name, tx.now
    )
    await tx.connection.execute("insert into account_counter (account_id) values ($1)", account_id)
    return account_id


async def list_accounts(tx: Tx) -> list[tuple[int, str]]:
    """Id and name of every account of this installation, for commands."""
    return [(row["id"], row["name"]) for row in await tx.connection.fetch("select id, name from account order by id")]


async def lock_account(tx: Tx, account_id: int) -> None:
    """Let nobody else name users of the account until this transaction ends."""
    await tx.connection.execute("select 1 from account where id = $1 for no key update", account_id)


async def list_mentions(tx: Tx, account_id: int) -> list[str]:
    """The words by which users and teams of the account are mentioned."""
    rows = await tx.connection.fetch(
        "select mention from account_user where account_id = $1 and status <> 'deleted' and mention <> ''", account_id
    )
    return [row["mention"] for row in rows]


_INSERT = f"""
insert into account_user as u (account_id, type, role, status, first_name, last_name, email, password_hash, timezone,
                               photo_url, job_title, phone, mention, alternate_emails, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15)
on conflict do nothing
returning {COLUMNS}
"""


async def insert_user(
    tx: Tx,
    account_id: int,
    details: NewUser,
    *,
    kind: UserType = UserType.USER,
    role: Role | None = None,
    status: UserStatus = UserStatus.ACTIVE,
    password_hash: str | None = None,
) -> User:
    """A row of any of the three types. Raises AddressTaken."""
    row = await tx.connection.fetchrow(
        _INSERT,
        account_id,
        kind.value,
        role.value if role else None,
        status.value,
        details.first_name,
        details.last_name,
        details.email,
        password_hash,
        details.timezone,
        details.photo_url,
        details.job_title,
        details.phone,
        details.mention,
        details.alternate_emails,
        tx.now,
    )
    if row is None:
        raise AddressTaken(details.email)
    return user_from(row)


async def update_user(tx: Tx, account_id: int, user_id: int, patch: UserPatch) -> User:
    """Change what the patch holds. Raises AddressTaken. The user must be locked already."""
    changes: dict[str, Any] = {
        name: value for name, value in msgspec.structs.asdict(patch).items() if value is not msgspec.UNSET
    }
    # Names of columns are the fields of a struct of ours, never a caller's text.
    assignments = ", ".join(f"{name} = ${number}" for number, name in enumerate(changes, start=4))
    sql = (
        f"update account_user u set updated_at = $3, {assignments} "
        f"where u.account_id = $1 and u.id = $2 returning {COLUMNS}"
    )
    try:
        async with tx.connection.transaction():
            row = await tx.connection.fetchrow(sql, account_id, user_id, tx.now, *changes.values())
    except UniqueViolationError as error:
        raise AddressTaken(str(changes.get("email", ""))) from error
    assert row is not None
    return user_from(row)


async def find_user(tx: Tx, scope: Scope, user_id: int) -> User | None:
    """A user, team or actor of the platform that is not deleted."""
    row = await tx.connection.fetchrow(
        f"select {COLUMNS} from account_user u where u.account_id = $1 and u.id = $2 and u.status <> 'deleted'",
        scope.account_id,
        user_id,
    )
    return user_from(row) if row else None


async def lock_user(tx: Tx, account_id: int, user_id: int) -> User | None:
    """A user (no team) that is not deleted, kept from changing until this transaction ends."""
    row = await tx.connection.fetchrow(
        f"""select {COLUMNS} from account_user u
            where u.account_id = $1 and u.id = $2 and u.type = 'user' and u.status <> 'deleted'
            for no key update""",
        account_id,
        user_id,
    )
    return user_from(row) if row else None


async def lock_owners(tx: Tx, account_id: int, user_id: int) -> list[int]:
    """The active owners, locked together with a user in one order, so that two cannot demote each other at once."""
    rows = await tx.connection.fetch(
        """select id, role = 'owner' and status = 'active' as is_owner from account_user
           where account_id = $1 and type = 'user' and (role = 'owner' or id = $2)
           order by id for no key update""",
        account_id,
        user_id,
    )
    return [row["id"] for row in rows if row["is_owner"]]


# With a mailbox: those who see it, which owners and administrators do without being listed.
_LISTED = """
from account_user u
where u.account_id = $1 and u.type = 'user' and u.status = any($2::text[])
  and ($3::text is null or lower(u.email) = lower($3))
  and ($4::bigint is null or (
        exists (select from mailbox b where b.account_id = u.account_id and b.id = $4)
        and (u.role in ('owner', 'admin')
             or exists (select from mailbox_user m
                        where m.account_id = u.account_id and m.user_id = u.id and m.mailbox_id = $4))))
"""


async def list_users(
    tx: Tx, scope: Scope, statuses: list[UserStatus], email: str | None, mailbox_id: int | None, page: PageRequest
) -> Page[User]:
    """One page of the users by name."""
    filters = (scope.account_id, [status.value for status in statuses], email, mailbox_id)
    total: int = await tx.connection.fetchval(f"select count(*) {_LISTED}", *filters)
    rows = await tx.connection.fetch(
        f"""select {COLUMNS} {_LISTED}
            order by lower(u.first_name), lower(u.last_name), u.id limit $5 offset $6""",
        *filters,
        page.size,
        page.offset,
    )
    return Page([user_from(row) for row in rows], total, page)


async def list_system_users(tx: Tx, scope: Scope, page: PageRequest) -> Page[SystemUser]:
    """One page of the platform's own actors by id."""
    total: int = await tx.connection.fetchval(
        "select count(*) from account_user where account_id = $1 and type = 'system_user'", scope.account_id
    )
    rows = await tx.connection.fetch(
        """select id, first_name, created_at from account_user where account_id = $1 and type = 'system_user'
           order by id limit $2 offset $3""",
        scope.account_id,
        page.size,
        page.offset,
    )
    return Page([SystemUser(row["id"], row["first_name"], row["created_at"]) for row in rows], total, page)


async def load_users(connection: Connection, account_id: int, ids: list[int]) -> list[User]:
    """Users, teams and actors of the platform by their ids, deleted ones too."""
    statement = f"select {COLUMNS} from account_user u where u.account_id = $1 and u.id = any ($2::bigint[])"
    return [user_from(row) for row in await connection.fetch(statement, account_id, ids)]


async def find_system_user(tx: Tx, scope: Scope, user_id: int) -> SystemUser | None:
    """One of the platform's own actors."""
    row = await tx.connection.fetchrow(
        """select id, first_name, created_at from account_user
           where account_id = $1 and id = $2 and type = 'system_user'""",
        scope.account_id,
        user_id,
    )
    return SystemUser(row["id"], row["first_name"], row["created_at"]) if row else None


async def set_role(tx: Tx, account_id: int, user_id: int, role: Role) -> User:
    """The user must be locked already."""
    row = await tx.connection.fetchrow(
        f"""update account_user u set role = $3, updated_at = $4 where u.account_id = $1 and u.id = $2
            returning {COLUMNS}""",
        account_id,
        user_id,
        role.value,
        tx.now,
    )
    assert row is not None
    return user_from(row)


async def set_status(tx: Tx, account_id: int, user_id: int, status: UserStatus) -> User:
    """The user must be locked already."""
    row = await tx.connection.fetchrow(
        f"""update account_user u set status = $3, updated_at = $4 where u.account_id = $1 and u.id = $2
            returning {COLUMNS}""",
        account_id,
        user_id,
        status.value,
        tx.now,
    )
    assert row is not None
    return user_from(row)


async def forget_person(tx: Tx, account_id: int, user_id: int) -> None:
    """Remove what a deleted user no longer needs: ways in, ways to be reached, memberships. Name and address stay, as
    the signature under what they wrote."""
    await tx.connection.execute(
        """update account_user set password_hash = null, totp_secret = null, totp_last_step = null, photo_url = '',
                  phone = '', alternate_emails = '{}' where account_id = $1 and id = $2""",
        account_id,
        user_id,
    )
    for table in ("mailbox_user", "team_member", "user_availability"):
        await tx.connection.execute(f"delete from {table} where account_id = $1 and user_id = $2", account_id, user_id)


async def end_mailed_links(tx: Tx, account_id: int, user_id: int) -> None:
    """End the invitations, password resets and half sign-ins of a user."""
    await tx.connection.execute(
        "delete from one_time_token where account_id = $1 and user_id = $2", account_id, user_id
    )


async def end_sign_ins(tx: Tx, account_id: int, user_id: int) -> None:
    """End the browser sessions of a user as well."""
    await end_mailed_links(tx, account_id, user_id)
    await tx.connection.execute("delete from session where account_id = $1 and user_id = $2", account_id, user_id)


async def insert_mailbox_access(tx: Tx, account_id: int, user_id: int, mailbox_id: int) -> bool | None:
    """Whether the access is new; None when there is no such mailbox.

    Reads a later domain's table because a missing mailbox would otherwise end the whole transaction (foreign key).
    """
    row = await tx.connection.fetchrow(
        """with known as (select id from mailbox where account_id = $1 and id = $3),
                made as (insert into mailbox_user (account_id, user_id, mailbox_id)
                         select $1, $2, id from known on conflict do nothing returning mailbox_id)
           select exists (select from known) as known, exists (select from made) as made""",
        account_id,
        user_id,
        mailbox_id,
    )
    assert row is not None
    return bool(row["made"]) if row["known"] else None


async def delete_mailbox_access(tx: Tx, account_id: int, user_id: int, mailbox_id: int) -> bool:
    """Whether there was such an access."""
    gone = await tx.connection.fetchval(
        """delete from mailbox_user where account_id = $1 and user_id = $2 and mailbox_id = $3 returning 1""",
        account_id,
        user_id,
        mailbox_id,
    )
    return gone is not None


#: The mailboxes of user `u` as an array, or null for those who see them all.
VISIBLE_MAILBOXES = """case when u.role = 'user' then
    array(select m.mailbox_id from mailbox_user m where m.account_id = u.account_id and m.user_id = u.id) end"""

_ACTOR = f"""
select u.role, {VISIBLE_MAILBOXES} as mailbox_ids from account_user u
where u.account_id = $1 and u.id = $2 and u.type = 'user' and u.status = 'active'
"""


async def find_actor(connection: Connection, account_id: int, user_id: int) -> Actor | None:
    """An active user with role and mailboxes, in one query."""
    row = await connection.fetchrow(_ACTOR, account_id, user_id)
    return actor_from(row, account_id, user_id) if row else None


def actor_from(row: Record, account_id: int, user_id: int, application_id: int | None = None) -> Actor:
    """A row with `role` and `mailbox_ids`."""
    visible = row["mailbox_ids"]
    return Actor(
        account_id=account_id,
        kind="user",
        user_id=user_id,
        role=Role(row["role"]),
        mailbox_ids=None if visible is None else frozenset(visible),
        application_id=application_id,
    )
