"""SQL of OAuth applications."""

from __future__ import annotations

from asyncpg import Record

from waypost.domains.accounts.models import Dialect, OAuthApplication, Scope
from waypost.kit.db import Connection
from waypost.kit.tx import Tx

_COLUMNS = "a.account_id, a.id, a.user_id, a.name, a.client_id, a.redirect_url, a.dialect, a.created_at"


def _application_from(row: Record) -> OAuthApplication:
    return OAuthApplication(
        account_id=row["account_id"],
        id=row["id"],
        user_id=row["user_id"],
        name=row["name"],
        client_id=row["client_id"],
        redirect_url=row["redirect_url"],
        dialect=Dialect(row["dialect"]),
        created_at=row["created_at"],
    )


async def insert_application(
    tx: Tx,
    account_id: int,
    user_id: int,
    *,
    name: str,
    client_id: str,
    secret_hash: bytes,
    redirect_url: str,
    dialect: Dialect,
) -> OAuthApplication:
    """The secret is stored as its digest only."""
    row = await tx.connection.fetchrow(
        f"""insert into oauth_application as a
              (account_id, user_id, name, client_id, client_secret_hash, redirect_url, dialect, created_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8) returning {_COLUMNS}""",
        account_id,
        user_id,
        name,
        client_id,
        secret_hash,
        redirect_url,
        dialect.value,
        tx.now,
    )
    assert row is not None
    return _application_from(row)


async def lock_application(tx: Tx, account_id: int, application_id: int) -> OAuthApplication | None:
    """An application that is not deleted, kept from changing and from issuing tokens until this transaction ends."""
    row = await tx.connection.fetchrow(
        f"""select {_COLUMNS} from oauth_application a
            where a.account_id = $1 and a.id = $2 and a.deleted_at is null for no key update""",
        account_id,
        application_id,
    )
    return _application_from(row) if row else None


async def find_by_client_id(connection: Connection, client_id: str) -> OAuthApplication | None:
    """By what the application calls itself; the account follows from it."""
    row = await connection.fetchrow(
        f"select {_COLUMNS} from oauth_application a where a.client_id = $1 and a.deleted_at is null", client_id
    )
    return _application_from(row) if row else None


async def hold_with_secret(connection: Connection, client_id: str) -> tuple[OAuthApplication, bytes] | None:
    """The application and the digest of its secret. Within a transaction neither changes until that ends."""
    row = await connection.fetchrow(
        f"""select {_COLUMNS}, a.client_secret_hash from oauth_application a
            where a.client_id = $1 and a.deleted_at is null for share""",
        client_id,
    )
    return (_application_from(row), row["client_secret_hash"]) if row else None


async def find_application(tx: Tx, scope: Scope, application_id: int) -> OAuthApplication | None:
    """One of the account's applications."""
    row = await tx.connection.fetchrow(
        f"""select {_COLUMNS} from oauth_application a
            where a.account_id = $1 and a.id = $2 and a.deleted_at is null""",
        scope.account_id,
        application_id,
    )
    return _application_from(row) if row else None


async def list_applications(tx: Tx, scope: Scope, user_id: int | None) -> list[OAuthApplication]:
    """Those of one user, or with None of everybody in the account, by name."""
    rows = await tx.connection.fetch(
        f"""select {_COLUMNS} from oauth_application a
            where a.account_id = $1 and ($2::bigint is null or a.user_id = $2) and a.deleted_at is null
            order by lower(a.name), a.id""",
        scope.account_id,
        user_id,
    )
    return [_application_from(row) for row in rows]


async def update_application(
    tx: Tx, account_id: int, application_id: int, *, name: str, redirect_url: str, dialect: Dialect
) -> OAuthApplication:
    """The application must be locked already."""
    row = await tx.connection.fetchrow(
        f"""update oauth_application a set name = $3, redirect_url = $4, dialect = $5
            where a.account_id = $1 and a.id = $2 returning {_COLUMNS}""",
        account_id,
        application_id,
        name,
        redirect_url,
        dialect.value,
    )
    assert row is not None
    return _application_from(row)


async def set_secret(tx: Tx, account_id: int, application_id: int, secret_hash: bytes) -> None:
    """The application must be locked already."""
    await tx.connection.execute(
        "update oauth_application set client_secret_hash = $3 where account_id = $1 and id = $2",
        account_id,
        application_id,
        secret_hash,
    )


async def set_deleted(tx: Tx, account_id: int, application_id: int) -> None:
    """The application must be locked already. The row stays, because codes, tokens and facts point to it."""
    await tx.connection.execute(
        "update oauth_application set deleted_at = $3 where account_id = $1 and id = $2",
        account_id,
        application_id,
        tx.now,
    )


async def lock_applications_of(tx: Tx, account_id: int, user_id: int) -> None:
    """Lock all applications of a user, in the order of their ids."""
    await tx.connection.execute(
        """select 1 from oauth_application where account_id = $1 and user_id = $2 and deleted_at is null
           order by id for no key update""",
        account_id,
        user_id,
    )


async def delete_applications_of(tx: Tx, account_id: int, user_id: int) -> list[int]:
    """Delete all applications of a user; their ids."""
    rows = await tx.connection.fetch(
        """update oauth_application set deleted_at = $3
           where account_id = $1 and user_id = $2 and deleted_at is null returning id""",
        account_id,
        user_id,
        tx.now,
    )
    return sorted(row["id"] for row in rows)
