"""SQL of the folders that are read on mail servers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from waypost.domains.mail.intake_models import Bookmark, FolderState
from waypost.kit.db import Connection

# Over all accounts: the worker's own question.
ACCOUNTS = """
select distinct account_id from mail_channel where incoming_sealed is not null and not is_paused order by account_id
"""
FIND = """
select mailbox_id, folder, source, uid_validity, next_uid, since, since_below, succeeded_at from mail_folder
where account_id = $1 and mailbox_id = $2 and folder = $3
"""
PUT = """
insert into mail_folder
  (account_id, mailbox_id, folder, source, uid_validity, next_uid, since, since_below, connected_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict (account_id, mailbox_id, folder) do update
set source = excluded.source, uid_validity = excluded.uid_validity, next_uid = excluded.next_uid,
    since = excluded.since, since_below = excluded.since_below, connected_at = excluded.connected_at
"""
ADVANCE = """
update mail_folder set next_uid = $5, behind = $6
where account_id = $1 and mailbox_id = $2 and folder = $3 and uid_validity = $4 and next_uid <= $5
"""
SUCCEEDED = """
update mail_folder set succeeded_at = $4, connected_at = $5, failures = 0, last_error = null, behind = $6
where account_id = $1 and mailbox_id = $2 and folder = $3
"""
FAILED = """
insert into mail_folder (account_id, mailbox_id, folder, source, failed_at, failures, last_error)
values ($1, $2, $3, '', $4, 1, $5)
on conflict (account_id, mailbox_id, folder) do update
set failed_at = excluded.failed_at, failures = mail_folder.failures + 1, last_error = excluded.last_error
"""
STATES = """
select mailbox_id, folder, behind, connected_at, succeeded_at, failed_at, failures, last_error from mail_folder
where account_id = $1 and mailbox_id = any ($2::bigint[]) order by mailbox_id, folder
"""


class Found(msgspec.Struct, frozen=True):
    """A bookmark, and when the folder was last read to its end."""

    bookmark: Bookmark
    succeeded_at: datetime | None


async def accounts(connection: Connection) -> list[int]:
    """Every account that has mail fetched."""
    return [row["account_id"] for row in await connection.fetch(ACCOUNTS)]


async def find(connection: Connection, account_id: int, mailbox_id: int, folder: str) -> Found | None:
    """How far a folder has been read; None for one that never was reached."""
    row = await connection.fetchrow(FIND, account_id, mailbox_id, folder)
    if row is None or not row["source"]:
        return None
    values = dict(row.items())
    succeeded_at = values.pop("succeeded_at")
    return Found(Bookmark(**values), succeeded_at)


async def put(connection: Connection, account_id: int, bookmark: Bookmark, at: datetime) -> None:
    """Begin to read a folder from there."""
    await connection.execute(
        PUT,
        account_id,
        bookmark.mailbox_id,
        bookmark.folder,
        bookmark.source,
        bookmark.uid_validity,
        bookmark.next_uid,
        bookmark.since,
        bookmark.since_below,
        at,
    )


async def advance(connection: Connection, account_id: int, bookmark: Bookmark, behind: int) -> None:
    """Move a bookmark on; never back, and not that of another life of the folder."""
    await connection.execute(
        ADVANCE,
        account_id,
        bookmark.mailbox_id,
        bookmark.folder,
        bookmark.uid_validity,
        bookmark.next_uid,
        behind,
    )


async def succeeded(
    connection: Connection, account_id: int, place: tuple[int, str], at: datetime, connected_at: datetime, behind: int
) -> None:
    """Note that a folder (`place`: its mailbox and name) was read to its end."""
    await connection.execute(SUCCEEDED, account_id, *place, at, connected_at, behind)


async def failed(connection: Connection, account_id: int, place: tuple[int, str], at: datetime, error: str) -> None:
    """Note that a folder could not be read, and why."""
    await connection.execute(FAILED, account_id, *place, at, error[:1000])


async def states(connection: Connection, account_id: int, mailbox_ids: Sequence[int]) -> list[FolderState]:
    """How the reading of the mailboxes' folders goes."""
    rows = await connection.fetch(STATES, account_id, list(mailbox_ids))
    return [FolderState(**dict(row.items())) for row in rows]
