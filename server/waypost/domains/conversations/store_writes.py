"""SQL that starts and changes conversations."""

from __future__ import annotations

from datetime import datetime

import msgspec
from asyncpg import Record

from waypost.domains.accounts import Scope
from waypost.domains.conversations.models import Status
from waypost.domains.conversations.rules import Standing
from waypost.kit.db import Connection

# The number is taken under the row lock of the account's counter: two writers at once neither share nor skip one.
INSERT = """
with counted as (
  update account_counter set conversation_number = conversation_number + 1 where account_id = $1
  returning conversation_number
)
insert into conversation (
  account_id, number, mailbox_id, type, status, state, subject, primary_customer_id, assignee_id,
  created_by_customer_id, created_by_user_id, source_type, source_via, cc, bcc,
  created_at, modified_at, user_updated_at, closed_at, closed_by_user_id, latest_reply_from, waiting_since,
  preview, thread_count, api_thread_count, attachment_count)
select $1, conversation_number, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,
       $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25
from counted
returning id, number
"""
#: What Locked is read from; `c` is the conversation.
LOCK_COLUMNS = """
  c.id, c.number, c.mailbox_id, c.type, c.status, c.state, c.subject, c.primary_customer_id, c.assignee_id,
  c.created_by_user_id, c.cc, c.bcc, c.latest_reply_from, c.waiting_since, c.api_thread_count, c.locked_at,
  c.snoozed_until, c.unsnooze_on_customer_reply, c.closed_by_user_id, c.closed_at
"""
LOCK = f"""
select {LOCK_COLUMNS} from conversation c
where c.account_id = $1 and c.id = $2 and c.state in ('published', 'draft')
  and ($3::bigint[] is null or c.mailbox_id = any ($3)) and (c.state = 'published' or c.created_by_user_id = $4)
for update
"""
_VERSION = """
select c.version from conversation c
where c.account_id = $1 and c.id = $2 and c.state in ('published', 'draft')
  and ($3::bigint[] is null or c.mailbox_id = any ($3)) and (c.state = 'published' or c.created_by_user_id = $4)
"""
VERSION = _VERSION + "-- seen by whoever sees the conversation"
HOLD_VERSION = _VERSION + "for update"
THREAD_VERSION = """
select t.version from thread t
where t.account_id = $1 and t.conversation_id = $2 and t.id = $3 and (t.state <> 'draft' or t.created_by_user_id = $4)
"""
ADD_THREAD = """
update conversation set
  status = $3, latest_reply_from = $4, waiting_since = $5, modified_at = $6,
  user_updated_at = case when $7 then $6 when $5::timestamptz is not null then $5 else user_updated_at end,
  closed_at = $8, closed_by_user_id = $9, preview = coalesce($10, preview),
  thread_count = thread_count + $11, api_thread_count = api_thread_count + $12,
  attachment_count = attachment_count + $13, cc = coalesce($14, cc), bcc = coalesce($15, bcc)
where account_id = $1 and id = $2
"""
SET_STATUS = """
update conversation set status = $3, closed_at = $4, closed_by_user_id = $5, modified_at = $6,
  user_updated_at = $6, waiting_since = case when $3 in ('closed', 'spam') then null else waiting_since end
where account_id = $1 and id = $2
"""
SET_SUBJECT = (
    "update conversation set subject = $3, modified_at = $4, user_updated_at = $4 where account_id = $1 and id = $2"
)
SET_ASSIGNEE = (
    "update conversation set assignee_id = $3, modified_at = $4, user_updated_at = $4 where account_id = $1 and id = $2"
)
SET_MAILBOX = (
    "update conversation set mailbox_id = $3, modified_at = $4, user_updated_at = $4 where account_id = $1 and id = $2"
)
SET_CUSTOMER = (
    "update conversation set primary_customer_id = $3, modified_at = $4, user_updated_at = $4 "
    "where account_id = $1 and id = $2"
)
SET_STATE = (
    "update conversation set state = $3, modified_at = $4, user_updated_at = $4 where account_id = $1 and id = $2"
)
SET_SHOWN = """
update conversation set thread_count = thread_count + $3, preview = $4, modified_at = $5, user_updated_at = $5
where account_id = $1 and id = $2
"""
SET_SNOOZE = """
update conversation set snoozed_until = $3, snoozed_by_user_id = $4, unsnooze_on_customer_reply = $5, modified_at = $6
where account_id = $1 and id = $2
"""
DUE_SNOOZES = """
select account_id, id, mailbox_id, status from conversation
where snoozed_until <= $1 and state = 'published' order by snoozed_until limit $2 for update skip locked
"""
TOUCH = "update conversation set modified_at = $3 where account_id = $1 and id = $2"
ASSIGNEE = """
select type from account_user
where account_id = $1 and id = $2 and status = 'active' and type in ('user', 'team')
"""
OF_CUSTOMER = """
select id, mailbox_id, number from conversation
where account_id = $1 and state in ('published', 'draft') and primary_customer_id = any (array(
  select id from customer where account_id = $1 and (id = $2 or merged_into_id = $2)))
order by id for update
"""


class NewRow(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation about to be inserted."""

    account_id: int
    mailbox_id: int
    type: str
    status: str
    state: str
    subject: str
    primary_customer_id: int
    assignee_id: int | None
    created_by_customer_id: int | None
    created_by_user_id: int | None
    source_type: str
    source_via: str
    cc: list[str]
    bcc: list[str]
    created_at: datetime
    modified_at: datetime
    user_updated_at: datetime
    closed_at: datetime | None
    closed_by_user_id: int | None
    latest_reply_from: str | None
    waiting_since: datetime | None
    preview: str
    thread_count: int
    api_thread_count: int
    attachment_count: int


class Locked(msgspec.Struct, frozen=True):
    """A conversation under its row lock, with what verbs decide by."""

    id: int
    number: int
    mailbox_id: int
    type: str
    status: Status
    state: str
    subject: str
    primary_customer_id: int
    assignee_id: int | None
    created_by_user_id: int | None
    cc: list[str]
    bcc: list[str]
    standing: Standing
    api_thread_count: int
    is_busy: bool
    snoozed_until: datetime | None
    unsnooze_on_customer_reply: bool
    closed_by_user_id: int | None
    closed_at: datetime | None


class ThreadAdded(msgspec.Struct, frozen=True, kw_only=True):
    """What a new thread changes in its conversation."""

    standing: Standing
    at: datetime
    by_user: bool
    closed_at: datetime | None
    closed_by_user_id: int | None
    preview: str | None
    counted: int
    by_api: int
    attachments: int
    cc: list[str] | None
    bcc: list[str] | None


async def insert(connection: Connection, row: NewRow) -> tuple[int, int]:
    """Insert; the id and the account's next number."""
    made = await connection.fetchrow(INSERT, *msgspec.structs.astuple(row))
    assert made is not None
    return made["id"], made["number"]


async def lock(connection: Connection, scope: Scope, conversation_id: int) -> Locked | None:
    """A visible conversation, locked until the transaction ends."""
    row = await connection.fetchrow(LOCK, scope.account_id, conversation_id, scope.mailbox_ids, scope.user_id)
    return read_locked(row) if row is not None else None


async def version(connection: Connection, scope: Scope, conversation_id: int, *, hold: bool) -> int | None:
    """How often a visible conversation has changed; with `hold` it is locked until the transaction ends."""
    found: int | None = await connection.fetchval(
        HOLD_VERSION if hold else VERSION, scope.account_id, conversation_id, scope.mailbox_ids, scope.user_id
    )
    return found


async def thread_version(connection: Connection, scope: Scope, conversation_id: int, thread_id: int) -> int | None:
    """How often a thread that the user sees has changed. Threads change under the lock of their conversation."""
    found: int | None = await connection.fetchval(
        THREAD_VERSION, scope.account_id, conversation_id, thread_id, scope.user_id
    )
    return found


def read_locked(row: Record) -> Locked:
    """A row of LOCK_COLUMNS."""
    status = Status(row["status"])
    return Locked(
        row["id"], row["number"], row["mailbox_id"], row["type"], status, row["state"], row["subject"],
        row["primary_customer_id"], row["assignee_id"], row["created_by_user_id"], row["cc"], row["bcc"],
        Standing(status, row["latest_reply_from"], row["waiting_since"]), row["api_thread_count"],
        row["locked_at"] is not None, row["snoozed_until"], row["unsnooze_on_customer_reply"],
        row["closed_by_user_id"], row["closed_at"],
    )  # fmt: skip


async def add_thread(connection: Connection, account_id: int, conversation_id: int, change: ThreadAdded) -> None:
    """Move the conversation to where a new thread leaves it."""
    standing = change.standing
    await connection.execute(
        ADD_THREAD, account_id, conversation_id, standing.status.value, standing.latest_reply_from,
        standing.waiting_since, change.at, change.by_user, change.closed_at, change.closed_by_user_id, change.preview,
        change.counted, change.by_api, change.attachments, change.cc, change.bcc,
    )  # fmt: skip


async def set_status(
    connection: Connection, account_id: int, conversation_id: int, status: Status, closed_by: int | None, at: datetime
) -> None:
    """A new status. Closing notes when and by whom; any other clears that (spec: 7.4)."""
    is_closed = status is Status.CLOSED
    await connection.execute(
        SET_STATUS,
        account_id,
        conversation_id,
        status.value,
        at if is_closed else None,
        closed_by if is_closed else None,
        at,
    )


async def set_subject(
    connection: Connection, account_id: int, conversation_id: int, subject: str, at: datetime
) -> None:
    """A new subject."""
    await connection.execute(SET_SUBJECT, account_id, conversation_id, subject, at)


async def set_assignee(
    connection: Connection, account_id: int, conversation_id: int, assignee_id: int | None, at: datetime
) -> None:
    """Another assignee, or nobody."""
    await connection.execute(SET_ASSIGNEE, account_id, conversation_id, assignee_id, at)


async def set_mailbox(
    connection: Connection, account_id: int, conversation_id: int, mailbox_id: int, at: datetime
) -> None:
    """Another mailbox."""
    await connection.execute(SET_MAILBOX, account_id, conversation_id, mailbox_id, at)


async def set_customer(
    connection: Connection, account_id: int, conversation_id: int, customer_id: int, at: datetime
) -> None:
    """Another primary customer."""
    await connection.execute(SET_CUSTOMER, account_id, conversation_id, customer_id, at)


async def set_state(connection: Connection, account_id: int, conversation_id: int, state: str, at: datetime) -> None:
    """Another state."""
    await connection.execute(SET_STATE, account_id, conversation_id, state, at)


async def set_shown(
    connection: Connection, account_id: int, conversation_id: int, change: int, preview: str, at: datetime
) -> None:
    """So many threads more or less show, and this is the newest text of them."""
    await connection.execute(SET_SHOWN, account_id, conversation_id, change, preview, at)


async def set_snooze(
    connection: Connection,
    account_id: int,
    conversation_id: int,
    until: datetime | None,
    by_user_id: int | None,
    on_reply: bool,
    at: datetime,
) -> None:
    """Put to sleep, or (None) wake."""
    await connection.execute(SET_SNOOZE, account_id, conversation_id, until, by_user_id, on_reply, at)


async def due_snoozes(connection: Connection, now: datetime, most: int) -> list[tuple[int, int, int, Status]]:
    """(account, id, mailbox, status) of sleepers whose time has come, locked; those locked elsewhere are left out."""
    rows = await connection.fetch(DUE_SNOOZES, now, most)
    return [(row["account_id"], row["id"], row["mailbox_id"], Status(row["status"])) for row in rows]


async def touch(connection: Connection, account_id: int, conversation_id: int, at: datetime) -> None:
    """Note that something about it changed."""
    await connection.execute(TOUCH, account_id, conversation_id, at)


async def is_assignable(connection: Connection, account_id: int, user_id: int) -> bool:
    """Whether an active user or a team has this id."""
    return await connection.fetchval(ASSIGNEE, account_id, user_id) is not None


async def lock_of_customer(connection: Connection, account_id: int, customer_id: int) -> list[tuple[int, int, int]]:
    """(id, mailbox, number) of all conversations of a customer, and of those merged into it, locked."""
    rows = await connection.fetch(OF_CUSTOMER, account_id, customer_id)
    return [(row["id"], row["mailbox_id"], row["number"]) for row in rows]
