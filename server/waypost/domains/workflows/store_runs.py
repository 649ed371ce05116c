"""SQL of the history: what runs did, and which conversations a dry run looks at."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from asyncpg import Record

from waypost.domains.accounts import Scope
from waypost.domains.workflows.models import ActionDone, Finding, Outcome, Run
from waypost.kit.db import Connection
from waypost.kit.paging import Page, PageRequest

CONVERSATIONS_IN = """
select id from conversation
where account_id = $1 and mailbox_id = $2 and id = any ($3::bigint[]) and state = 'published'
"""
_COLUMNS = """
r.id, r.workflow_id, w.name as workflow_name, r.conversation_id, c.number, c.subject, r.cause, r.event_type,
r.request_id, r.started_by_user_id, r.outcome, r.reason, r.conditions, r.actions, r.chain, r.at
"""
_OF_WORKFLOW = """
from workflow_run r
join workflow w on w.account_id = r.account_id and w.id = r.workflow_id
join conversation c on c.account_id = r.account_id and c.id = r.conversation_id
where r.account_id = $1 and ($2::bigint[] is null or c.mailbox_id = any ($2)) and r.workflow_id = $3
  and ($4::text is null or r.outcome = $4)
"""
LIST_OF_WORKFLOW = f"select {_COLUMNS} {_OF_WORKFLOW} order by r.id desc limit $5 offset $6"
COUNT_OF_WORKFLOW = f"select count(*) {_OF_WORKFLOW}"
_OF_CONVERSATION = """
from workflow_run r
join workflow w on w.account_id = r.account_id and w.id = r.workflow_id
join conversation c on c.account_id = r.account_id and c.id = r.conversation_id
where r.account_id = $1 and ($2::bigint[] is null or c.mailbox_id = any ($2)) and r.conversation_id = $3
"""
LIST_OF_CONVERSATION = f"select {_COLUMNS} {_OF_CONVERSATION} order by r.id desc limit $4 offset $5"
COUNT_OF_CONVERSATION = f"select count(*) {_OF_CONVERSATION}"
INSERT = """
insert into workflow_run (account_id, workflow_id, conversation_id, cause, event_id, event_type, request_id,
                          started_by_user_id, outcome, reason, conditions, chain, depth, at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
on conflict do nothing
returning id
"""
SETTLE = "update workflow_run set outcome = $3, reason = $4, actions = $5 where account_id = $1 and id = $2"
LAST_OTHER = """
select workflow_id from workflow_run
where account_id = $1 and conversation_id = $2 and workflow_id <> $3 and outcome = 'done' order by id desc limit 1
"""
NEWEST_LINK = """
select chain, depth from workflow_run
where account_id = $1 and conversation_id = $2 and outcome = 'done' order by id desc limit 1
"""
NOTE_ACTION = """
update workflow_run
set actions = jsonb_set(jsonb_set(actions, array[$3::int::text, 'outcome'], to_jsonb($4::text), false),
                        array[$3::int::text, 'detail'], to_jsonb($5::text), false)
where account_id = $1 and id = $2
"""
RECENT = """
select c.id from conversation c
where c.account_id = $1 and c.mailbox_id = $2 and c.state = 'published' and c.status = $3 and c.modified_at >= $4
order by c.modified_at desc, c.id desc limit $5
"""
STATUSES = ("active", "pending", "closed", "spam")


class NewRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run about to be noted."""

    account_id: int
    workflow_id: int
    conversation_id: int
    cause: str
    event_id: int | None
    event_type: str | None
    request_id: str | None
    started_by_user_id: int | None
    outcome: Outcome
    reason: str
    conditions: list[Finding]
    chain: list[int]
    depth: int
    at: datetime


async def conversations_in(connection: Connection, account_id: int, mailbox_id: int, ids: list[int]) -> set[int]:
    """Those of the conversations that are in the mailbox."""
    return {row["id"] for row in await connection.fetch(CONVERSATIONS_IN, account_id, mailbox_id, ids)}


async def recent(connection: Connection, account_id: int, mailbox_id: int, since: datetime, most: int) -> list[int]:
    """Conversations of a mailbox in which something happened since then, by id."""
    found: list[int] = []
    for status in STATUSES:
        rows = await connection.fetch(RECENT, account_id, mailbox_id, status, since, most)
        found += [row["id"] for row in rows]
    return sorted(found)


async def insert(connection: Connection, run: NewRun) -> int | None:
    """Note a run; its id, or None when this very one has been noted before."""
    run_id: int | None = await connection.fetchval(
        INSERT, run.account_id, run.workflow_id, run.conversation_id, run.cause, run.event_id, run.event_type,
        run.request_id, run.started_by_user_id, run.outcome.value, run.reason, msgspec.to_builtins(run.conditions),
        run.chain, run.depth, run.at,
    )  # fmt: skip
    return run_id


async def settle(
    connection: Connection, account_id: int, run_id: int, outcome: Outcome, reason: str, actions: list[ActionDone]
) -> None:
    """What became of a run."""
    told: list[Any] = msgspec.to_builtins(actions)
    await connection.execute(SETTLE, account_id, run_id, outcome.value, reason, told)


async def last_other(connection: Connection, account_id: int, conversation_id: int, workflow_id: int) -> int | None:
    """The workflow, other than this one, that last did something to a conversation."""
    found: int | None = await connection.fetchval(LAST_OTHER, account_id, conversation_id, workflow_id)
    return found


async def newest_link(connection: Connection, account_id: int, conversation_id: int) -> tuple[list[int], int] | None:
    """The chain and the depth of the last run that did something to a conversation."""
    row = await connection.fetchrow(NEWEST_LINK, account_id, conversation_id)
    return (row["chain"], row["depth"]) if row is not None else None


async def note_action(
    connection: Connection, account_id: int, run_id: int, place: int, outcome: str, detail: str
) -> None:
    """What became later of one action of a run."""
    await connection.execute(NOTE_ACTION, account_id, run_id, place, outcome, detail)


async def list_of_workflow(
    connection: Connection, scope: Scope, workflow_id: int, outcome: str | None, page: PageRequest
) -> Page[Run]:
    """The runs of a workflow, newest first, for conversations in reach."""
    wanted = (scope.account_id, scope.mailbox_ids, workflow_id, outcome)
    total: int = await connection.fetchval(COUNT_OF_WORKFLOW, *wanted)
    rows = await connection.fetch(LIST_OF_WORKFLOW, *wanted, page.size, page.offset)
    return Page([_read(row) for row in rows], total, page)


async def list_of_conversation(
    connection: Connection, scope: Scope, conversation_id: int, page: PageRequest
) -> Page[Run]:
    """The runs that met a conversation, newest first."""
    wanted = (scope.account_id, scope.mailbox_ids, conversation_id)
    total: int = await connection.fetchval(COUNT_OF_CONVERSATION, *wanted)
    rows = await connection.fetch(LIST_OF_CONVERSATION, *wanted, page.size, page.offset)
    return Page([_read(row) for row in rows], total, page)


def _read(row: Record) -> Run:
    return Run(
        row["id"],
        row["workflow_id"],
        row["workflow_name"],
        row["conversation_id"],
        row["number"],
        row["subject"],
        row["cause"],
        row["event_type"],
        str(row["request_id"]) if row["request_id"] is not None else None,
        row["started_by_user_id"],
        Outcome(row["outcome"]),
        row["reason"],
        msgspec.convert(row["conditions"], list[Finding]),
        msgspec.convert(row["actions"], list[ActionDone]),
        row["chain"],
        row["at"],
    )
