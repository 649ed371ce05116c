"""SQL of what automatic workflows have yet to look at, and of the conversations that they have run for."""

from __future__ import annotations

from datetime import datetime

import msgspec
from asyncpg import Record

from waypost.kit.db import Connection
from waypost.kit.events import Fact

ADD_FACTS = """
insert into workflow_pending (account_id, conversation_id, due_at, cause, event_id, event_type, happened, chain, depth,
                              queued_at)
select f.account_id, f.conversation_id, f.at, 'event', f.event_id, f.event_type, f.happened,
       coalesce((select array_agg(w.id::bigint order by w.place)
                 from jsonb_array_elements_text(f.chain::jsonb) with ordinality as w (id, place)), '{}'), f.depth, $9
from unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::int[])
  as f (account_id, conversation_id, at, event_id, event_type, happened, chain, depth)
on conflict do nothing
"""
LOCK_CONVERSATION = """
select state, locked_at is not null as is_busy from conversation where account_id = $1 and id = $2 for update
"""
TAKE = """
delete from workflow_pending where account_id = $1 and conversation_id = $2 and due_at <= $3
returning id, due_at, cause, event_id, event_type, happened, workflow_id, chain, depth
"""
DEFER = """
insert into workflow_pending (account_id, conversation_id, due_at, cause, workflow_id)
values ($1, $2, $3, 'clock', $4)
on conflict (account_id, workflow_id, conversation_id) where workflow_id is not null
do update set due_at = least(workflow_pending.due_at, excluded.due_at)
"""
APPLIED = "select workflow_id from workflow_applied where account_id = $1 and conversation_id = $2"
APPLY = """
insert into workflow_applied (account_id, workflow_id, conversation_id) values ($1, $2, $3) on conflict do nothing
"""
RELEASE = "delete from workflow_applied where account_id = $1 and workflow_id = $2 and conversation_id = $3"
# Jobs that were lost are queued again after a while: looking twice at what is done finds nothing.
CLAIM_DUE = """
update workflow_pending p set queued_at = $1
from (select account_id, id from workflow_pending
      where due_at <= $1 and (queued_at is null or queued_at < $2)
      order by due_at limit $3 for update skip locked) due
where p.account_id = due.account_id and p.id = due.id
returning p.account_id, p.conversation_id
"""

WITH_CLOCK = """
select w.account_id, w.id, w.mailbox_id, w.definition, w.clock_checked_at from workflow w
where w.status = 'active' and w.type = 'automatic' and w.has_clock and w.deleted_at is null
  and w.clock_checked_at < $1
order by w.clock_checked_at for update skip locked
"""
CHECKED = """
update workflow w set clock_checked_at = $3
from unnest($1::bigint[], $2::bigint[]) as done (account_id, id)
where w.account_id = done.account_id and w.id = done.id
"""
_MATURED = """
insert into workflow_pending (account_id, conversation_id, due_at, cause, workflow_id)
select distinct $1::bigint, c.id, $6::timestamptz, 'clock', $2::bigint
"""
_ONCE = """
on conflict (account_id, workflow_id, conversation_id) where workflow_id is not null
do update set due_at = least(workflow_pending.due_at, excluded.due_at)
"""
_HERE = "c.account_id = $1 and c.mailbox_id = $3 and c.state = 'published'"
MATURED_CREATED = f"{_MATURED} from conversation c where {_HERE} and c.created_at > $4 and c.created_at <= $5 {_ONCE}"
MATURED_WAITING = f"""
{_MATURED} from conversation c where {_HERE} and c.waiting_since > $4 and c.waiting_since <= $5 {_ONCE}
"""
MATURED_CUSTOMER = f"""
{_MATURED} from thread t join conversation c on c.account_id = t.account_id and c.id = t.conversation_id
where t.account_id = $1 and t.type = 'customer' and t.state = 'published' and not t.is_imported
  and t.created_at > $4 and t.created_at <= $5 and {_HERE} {_ONCE}
"""
MATURED_USER = f"""
{_MATURED} from thread t join conversation c on c.account_id = t.account_id and c.id = t.conversation_id
where t.account_id = $1 and t.type = 'message' and t.state = 'published' and not t.is_imported
  and t.created_at > $4 and t.created_at <= $5 and {_HERE} {_ONCE}
"""
MATURED_STATUS = f"""
{_MATURED} from event e join conversation c on c.account_id = e.account_id and c.id = e.subject_id
where e.account_id = $1 and e.type = 'convo.status' and e.at > $4 and e.at <= $5 and {_HERE} {_ONCE}
"""
#: Which statements find the conversations that have crossed the limit of a time condition, by its field. Since no
#: status has changed in a new conversation, its beginning counts too.
MATURED: dict[str, tuple[str, ...]] = {
    "createdAt": (MATURED_CREATED,),
    "waitingSince": (MATURED_WAITING,),
    "lastCustomerReplyAt": (MATURED_CUSTOMER,),
    "lastUserReplyAt": (MATURED_USER,),
    "statusChangedAt": (MATURED_STATUS, MATURED_CREATED),
}
FORGET_CUSTOMER = """
delete from workflow_run r using conversation c
where r.account_id = $1 and c.account_id = $1 and c.primary_customer_id = $2 and r.conversation_id = c.id
"""


class Pending(msgspec.Struct, frozen=True):
    """Something that automatic workflows look at: a fact, or (with `workflow_id`) time that has passed."""

    id: int
    at: datetime
    cause: str
    event_id: int | None
    event_type: str | None
    happened: str | None
    workflow_id: int | None
    chain: list[int]
    depth: int


class ToLookAt(msgspec.Struct, frozen=True):
    """A fact of the log that workflows may have to do with."""

    fact: Fact
    happened: str | None
    chain: list[int]
    depth: int


async def add_facts(connection: Connection, items: list[ToLookAt], now: datetime) -> None:
    """Keep facts until they have been looked at; those that are kept already stay once."""
    await connection.execute(
        ADD_FACTS,
        [item.fact.account_id for item in items],
        [item.fact.subject_id for item in items],
        [item.fact.at for item in items],
        [item.fact.id for item in items],
        [item.fact.type for item in items],
        [item.happened for item in items],
        # As texts: the driver would take lists of lists for one array of two dimensions.
        [msgspec.json.encode(item.chain).decode() for item in items],
        [item.depth for item in items],
        now,
    )


async def lock_conversation(connection: Connection, account_id: int, conversation_id: int) -> tuple[bool, bool]:
    """(it is there, a merge or move holds it), the row locked until the transaction ends."""
    row = await connection.fetchrow(LOCK_CONVERSATION, account_id, conversation_id)
    return (False, False) if row is None else (row["state"] == "published", row["is_busy"])


async def take(connection: Connection, account_id: int, conversation_id: int, now: datetime) -> list[Pending]:
    """What is due for a conversation, in order: gone with the transaction that deals with it."""
    rows = await connection.fetch(TAKE, account_id, conversation_id, now)
    return sorted((Pending(*row.values()) for row in rows), key=lambda item: item.id)


async def defer(
    connection: Connection, account_id: int, workflow_id: int, conversation_id: int, until: datetime
) -> None:
    """Have one workflow look at a conversation again then, or earlier where that is planned already."""
    await connection.execute(DEFER, account_id, conversation_id, until, workflow_id)


async def applied(connection: Connection, account_id: int, conversation_id: int) -> set[int]:
    """The workflows that have run for the conversation, and whose conditions have held ever since."""
    return {row["workflow_id"] for row in await connection.fetch(APPLIED, account_id, conversation_id)}


async def apply(connection: Connection, account_id: int, workflow_id: int, conversation_id: int) -> None:
    """It has run, and its conditions hold still."""
    await connection.execute(APPLY, account_id, workflow_id, conversation_id)


async def release(connection: Connection, account_id: int, workflow_id: int, conversation_id: int) -> None:
    """Its conditions hold no longer: when they do again, it runs again."""
    await connection.execute(RELEASE, account_id, workflow_id, conversation_id)


async def claim_due(connection: Connection, now: datetime, queued_before: datetime, most: int) -> list[tuple[int, int]]:
    """(account, conversation) of what is due and has no job, or whose job was lost."""
    rows = await connection.fetch(CLAIM_DUE, now, queued_before, most)
    return sorted({(row["account_id"], row["conversation_id"]) for row in rows})


async def with_clock(connection: Connection, before: datetime) -> list[Record]:
    """Active workflows with time conditions that were last looked at before then, locked."""
    return list(await connection.fetch(WITH_CLOCK, before))


async def checked(connection: Connection, ids: list[tuple[int, int]], at: datetime) -> None:
    """Time conditions of these (account, workflow) have been looked at up to then."""
    await connection.execute(CHECKED, [account for account, _ in ids], [workflow for _, workflow in ids], at)


async def add_matured(
    connection: Connection,
    statement: str,
    account_id: int,
    workflow_id: int,
    mailbox_id: int,
    after: datetime,
    until: datetime,
    now: datetime,
) -> None:
    """Keep the conversations that crossed a limit between the two moments, for one workflow."""
    await connection.execute(statement, account_id, workflow_id, mailbox_id, after, until, now)


async def forget_customer(connection: Connection, account_id: int, customer_id: int) -> None:
    """Remove the history of a customer's conversations, which quotes what stood there."""
    await connection.execute(FORGET_CUSTOMER, account_id, customer_id)
