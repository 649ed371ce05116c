"""SQL of saved replies. Deleted ones are there for threads alone."""

from __future__ import annotations

from datetime import datetime

import msgspec
from asyncpg import Record

from waypost.domains.accounts import Scope
from waypost.domains.mailboxes.models import SavedReply
from waypost.kit.db import Connection
from waypost.kit.paging import Page, PageRequest

_COLUMNS = "r.id, r.mailbox_id, r.name, r.body, r.chat_body, r.preview, r.chat_preview"
# Words are compared as they are: strpos knows no wildcards.
_LISTED = """
r.account_id = $1 and r.deleted_at is null and ($2::bigint[] is null or r.mailbox_id = any ($2))
  and ($3::bigint is null or r.mailbox_id = $3) and ($4::text is null or strpos(r.search_text, lower($4)) > 0)
  and ($5 or r.body <> '')
"""
LIST = f"select {_COLUMNS} from saved_reply r where {_LISTED} order by lower(r.name), r.id"
LIST_PAGE = f"{LIST} limit $6 offset $7"
COUNT = f"select count(*) from saved_reply r where {_LISTED}"
FIND = f"""
select {_COLUMNS} from saved_reply r
where r.account_id = $1 and r.id = $3 and r.deleted_at is null
  and ($2::bigint[] is null or r.mailbox_id = any ($2)) and ($4::bigint is null or r.mailbox_id = $4)
"""
LOCK = f"{FIND} for no key update"
VERSION = """
select r.version from saved_reply r
where r.account_id = $1 and r.id = $3 and r.deleted_at is null and ($2::bigint[] is null or r.mailbox_id = any ($2))
"""
HOLD_VERSION = f"{VERSION} for no key update"
INSERT = """
insert into saved_reply (account_id, mailbox_id, name, body, chat_body, preview, chat_preview, search_text,
                         created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
returning id, mailbox_id, name, body, chat_body, preview, chat_preview
"""
UPDATE = """
update saved_reply set name = $3, body = $4, chat_body = $5, preview = $6, chat_preview = $7, search_text = $8,
                       updated_at = $9
where account_id = $1 and id = $2
"""
SET_DELETED = "update saved_reply set deleted_at = $3, updated_at = $3 where account_id = $1 and id = $2"
WAS_THERE = "select exists (select from saved_reply where account_id = $1 and mailbox_id = $2 and id = $3)"


class Texts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of a saved reply that can change, in the order of the statements."""

    name: str
    body: str
    chat_body: str
    preview: str
    chat_preview: str
    search_text: str


def _reply(row: Record) -> SavedReply:
    return SavedReply(*row.values())


async def version(connection: Connection, scope: Scope, saved_reply_id: int, *, hold: bool) -> int | None:
    """How often a visible saved reply has changed; with `hold` it is locked until the transaction ends."""
    found: int | None = await connection.fetchval(
        HOLD_VERSION if hold else VERSION, scope.account_id, scope.mailbox_ids, saved_reply_id
    )
    return found


async def list_all(connection: Connection, scope: Scope, mailbox_id: int, *, with_chat_only: bool) -> list[SavedReply]:
    """The saved replies of one mailbox by name."""
    rows = await connection.fetch(LIST, scope.account_id, scope.mailbox_ids, mailbox_id, None, with_chat_only)
    return [_reply(row) for row in rows]


async def list_page(
    connection: Connection,
    scope: Scope,
    page: PageRequest,
    *,
    mailbox_id: int | None,
    words: str | None,
    with_chat_only: bool,
) -> Page[SavedReply]:
    """Visible saved replies by name."""
    asked = (scope.account_id, scope.mailbox_ids, mailbox_id, words, with_chat_only)
    total: int = await connection.fetchval(COUNT, *asked)
    rows = await connection.fetch(LIST_PAGE, *asked, page.size, page.offset)
    return Page([_reply(row) for row in rows], total, page)


async def find(connection: Connection, scope: Scope, saved_reply_id: int, mailbox_id: int | None) -> SavedReply | None:
    """A visible one, in any mailbox or in this."""
    row = await connection.fetchrow(FIND, scope.account_id, scope.mailbox_ids, saved_reply_id, mailbox_id)
    return _reply(row) if row is not None else None


async def lock(connection: Connection, scope: Scope, saved_reply_id: int, mailbox_id: int | None) -> SavedReply | None:
    """The same, kept from changing until the transaction ends."""
    row = await connection.fetchrow(LOCK, scope.account_id, scope.mailbox_ids, saved_reply_id, mailbox_id)
    return _reply(row) if row is not None else None


async def insert(connection: Connection, account_id: int, mailbox_id: int, texts: Texts, now: datetime) -> SavedReply:
    """A new one."""
    row = await connection.fetchrow(INSERT, account_id, mailbox_id, *msgspec.structs.astuple(texts), now)
    assert row is not None
    return _reply(row)


async def update(connection: Connection, account_id: int, saved_reply_id: int, texts: Texts, now: datetime) -> None:
    """Other texts."""
    await connection.execute(UPDATE, account_id, saved_reply_id, *msgspec.structs.astuple(texts), now)


async def set_deleted(connection: Connection, account_id: int, saved_reply_id: int, now: datetime) -> None:
    """Out of every list."""
    await connection.execute(SET_DELETED, account_id, saved_reply_id, now)


async def was_there(connection: Connection, account_id: int, mailbox_id: int, saved_reply_id: int) -> bool:
    """Whether the mailbox has or had it."""
    return bool(await connection.fetchval(WAS_THERE, account_id, mailbox_id, saved_reply_id))
