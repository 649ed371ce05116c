"""SQL of everything that is stored as a digest: codes, access and refresh tokens, API keys.

Rows are locked in the order applications, users, tokens, each by their key; whoever locks otherwise risks a deadlock.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from waypost.domains.accounts.models import Actor, Credential, Dialect, OAuthApplication
from waypost.domains.accounts.store_users import VISIBLE_MAILBOXES, actor_from
from waypost.kit.db import Connection
from waypost.kit.tx import Tx


class StoredCode(msgspec.Struct, frozen=True):
    """A consent that can be turned into tokens once."""

    user_id: int
    family: UUID
    code_challenge: str | None
    expires_at: datetime
    used_at: datetime | None


class StoredToken(msgspec.Struct, frozen=True):
    """A token that is not withdrawn."""

    digest: bytes
    user_id: int
    family: UUID
    kind: str
    used_at: datetime | None


_AUTHENTICATE = f"""
select t.account_id, t.user_id, t.application_id, t.expires_at, a.dialect, u.role, {VISIBLE_MAILBOXES} as mailbox_ids
from oauth_token t
join oauth_application a on a.account_id = t.account_id and a.id = t.application_id and a.deleted_at is null
join account_user u on u.account_id = t.account_id and u.id = t.user_id and u.type = 'user' and u.status = 'active'
join account_user o on o.account_id = a.account_id and o.id = a.user_id and o.status = 'active'
where t.digest = $1 and t.kind = 'access' and t.revoked_at is null and t.expires_at > $2
"""


async def find_credential(connection: Connection, digest: bytes, now: datetime) -> Credential | None:
    """What a live access token stands for: token, application, its user, who consented and mailboxes in one query."""
    row = await connection.fetchrow(_AUTHENTICATE, digest, now)
    if row is None:
        return None
    actor = actor_from(row, row["account_id"], row["user_id"], row["application_id"])
    return Credential(actor, Dialect(row["dialect"]), row["expires_at"])


async def are_active(tx: Tx, account_id: int, user_ids: set[int]) -> dict[int, bool]:
    """Which of the users are active, and stay so until this transaction ends."""
    rows = await tx.connection.fetch(
        """select id, status from account_user where account_id = $1 and id = any($2::bigint[]) and type = 'user'
           order by id for share""",
        account_id,
        list(user_ids),
    )
    return {row["id"]: row["status"] == "active" for row in rows}


async def insert_code(
    tx: Tx,
    application: OAuthApplication,
    user_id: int,
    *,
    digest: bytes,
    family: UUID,
    code_challenge: str | None,
    expires_at: datetime,
) -> None:
    """A consent."""
    await tx.connection.execute(
        """insert into oauth_code (digest, account_id, application_id, user_id, family, code_challenge,
                                   created_at, expires_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8)""",
        digest,
        application.account_id,
        application.id,
        user_id,
        family,
        code_challenge,
        tx.now,
        expires_at,
    )


async def find_code_user(tx: Tx, application: OAuthApplication, digest: bytes) -> int | None:
    """Whose consent a code of this application is."""
    user_id: int | None = await tx.connection.fetchval(
        "select user_id from oauth_code where digest = $1 and account_id = $2 and application_id = $3",
        digest,
        application.account_id,
        application.id,
    )
    return user_id


async def lock_code(tx: Tx, application: OAuthApplication, digest: bytes) -> StoredCode | None:
    """A code of this application; a second exchange waits here for the first."""
    row = await tx.connection.fetchrow(
        """select user_id, family, code_challenge, expires_at, used_at from oauth_code
           where digest = $1 and account_id = $2 and application_id = $3 for update""",
        digest,
        application.account_id,
        application.id,
    )
    return StoredCode(*row.values()) if row else None


async def mark_code_used(tx: Tx, digest: bytes) -> None:
    """The code must be locked already."""
    await tx.connection.execute("update oauth_code set used_at = $2 where digest = $1", digest, tx.now)


async def delete_codes_of_application(tx: Tx, account_id: int, application_id: int) -> None:
    """End the consents that were not turned into tokens yet."""
    await tx.connection.execute(
        "delete from oauth_code where account_id = $1 and application_id = $2 and used_at is null",
        account_id,
        application_id,
    )


async def insert_token(
    tx: Tx,
    application: OAuthApplication,
    user_id: int,
    *,
    digest: bytes,
    family: UUID,
    kind: str,
    expires_at: datetime | None,
) -> None:
    """An access or a refresh token."""
    await tx.connection.execute(
        """insert into oauth_token (digest, account_id, application_id, user_id, family, kind, created_at, expires_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8)""",
        digest,
        application.account_id,
        application.id,
        user_id,
        family,
        kind,
        tx.now,
        expires_at,
    )


async def find_token(tx: Tx, application: OAuthApplication, digest: bytes) -> StoredToken | None:
    """A token of this application, withdrawn or not."""
    row = await tx.connection.fetchrow(
        """select digest, user_id, family, kind, used_at from oauth_token
           where digest = $1 and account_id = $2 and application_id = $3""",
        digest,
        application.account_id,
        application.id,
    )
    return StoredToken(*row.values()) if row else None


async def lock_family(tx: Tx, application: OAuthApplication, family: UUID) -> dict[bytes, StoredToken]:
    """All tokens of one consent that are not withdrawn, by digest; whoever else wants them waits."""
    rows = await tx.connection.fetch(
        """select digest, user_id, family, kind, used_at from oauth_token
           where account_id = $1 and family = $2 and revoked_at is null order by digest for update""",
        application.account_id,
        family,
    )
    return {row["digest"]: StoredToken(*row.values()) for row in rows}


async def mark_token_used(tx: Tx, digest: bytes) -> None:
    """The token must be locked already."""
    await tx.connection.execute("update oauth_token set used_at = $2 where digest = $1", digest, tx.now)


async def _revoke(tx: Tx, condition: str, *values: object) -> int:
    # Locked in the order of digests, so that two of these cannot wait for each other.
    rows = await tx.connection.fetch(
        f"""with chosen as (select digest from oauth_token where revoked_at is null and {condition}
                            order by digest for update)
            update oauth_token t set revoked_at = $1 from chosen where t.digest = chosen.digest returning 1""",
        tx.now,
        *values,
    )
    return len(rows)


async def revoke_family(tx: Tx, account_id: int, family: UUID, *, spare: bytes = b"") -> int:
    """Withdraw all tokens of one consent but the spared one; how many were live."""
    return await _revoke(tx, "account_id = $2 and family = $3 and digest <> $4", account_id, family, spare)


async def revoke_token(tx: Tx, account_id: int, digest: bytes) -> int:
    """Withdraw a single token; how many were live."""
    return await _revoke(tx, "account_id = $2 and digest = $3", account_id, digest)


async def revoke_tokens_of_application(tx: Tx, account_id: int, application_id: int) -> int:
    """Withdraw all tokens and open codes of an application, which must be locked; how many tokens were live."""
    await delete_codes_of_application(tx, account_id, application_id)
    return await _revoke(tx, "account_id = $2 and application_id = $3", account_id, application_id)


async def revoke_tokens_of_user(tx: Tx, account_id: int, user_id: int) -> int:
    """Withdraw all tokens and open codes that act as a user, who must be locked; how many tokens were live."""
    await tx.connection.execute(
        "delete from oauth_code where account_id = $1 and user_id = $2 and used_at is null", account_id, user_id
    )
    return await _revoke(tx, "account_id = $2 and user_id = $3", account_id, user_id)


async def delete_spent(tx: Tx, before: datetime, limit: int) -> int:
    """Delete codes and tokens that ended before a moment, at most so many of each; how many."""
    count = 0
    for table, ended in (("oauth_code", "expires_at"), ("oauth_token", "least(expires_at, revoked_at)")):
        rows = await tx.connection.fetch(
            f"""delete from {table} where digest in
                  (select digest from {table} where {ended} < $1 limit $2 for update skip locked) returning 1""",
            before,
            limit,
        )
        count += len(rows)
    return count


async def insert_api_key(tx: Tx, account_id: int, user_id: int, digest: bytes, label: str) -> int:
    """The id of the new key."""
    key_id: int = await tx.connection.fetchval(
        """insert into api_key (account_id, user_id, digest, label, created_at) values ($1, $2, $3, $4, $5)
           returning id""",
        account_id,
        user_id,
        digest,
        label,
        tx.now,
    )
    return key_id


_API_KEY = f"""
select k.account_id, k.user_id, u.role, {VISIBLE_MAILBOXES} as mailbox_ids
from api_key k
join account_user u on u.account_id = k.account_id and u.id = k.user_id and u.type = 'user' and u.status = 'active'
where k.digest = $1 and k.revoked_at is null
"""


async def find_api_key_actor(connection: Connection, digest: bytes) -> Actor | None:
    """Whom a live key stands for, in one query."""
    row = await connection.fetchrow(_API_KEY, digest)
    return actor_from(row, row["account_id"], row["user_id"]) if row else None


async def revoke_api_key(tx: Tx, account_id: int, user_id: int | None, key_id: int) -> bool:
    """Whether there was such a live key, of this user or with None of anybody."""
    gone = await tx.connection.fetchval(
        """update api_key set revoked_at = $4
           where account_id = $1 and ($2::bigint is null or user_id = $2) and id = $3 and revoked_at is null
           returning 1""",
        account_id,
        user_id,
        key_id,
        tx.now,
    )
    return gone is not None


async def revoke_api_keys_of(tx: Tx, account_id: int, user_id: int) -> None:
    """End all keys of a user."""
    await tx.connection.execute(
        "update api_key set revoked_at = $3 where account_id = $1 and user_id = $2 and revoked_at is null",
        account_id,
        user_id,
        tx.now,
    )
