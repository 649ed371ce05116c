"""How much work time conditions cost: `python -m bench.workflows`.

Fills a fresh private desk with open conversations and with rules that have time conditions, and then lets minutes pass:
for each, what the worker does (find what has crossed a limit, look at it, run what fits) is done and measured: the
processor's time that the worker and the database's processes take, and the time on the wall, which other programs
lengthen. Prints a table. The bar: 10,000 open conversations and 50 rules cost less than one second of work a minute.
Linux only.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
from rich.console import Console
from rich.table import Table

from waypost import runtime, worker
from waypost.config import Settings
from waypost.domains import workflows
from waypost.domains.accounts import Actor
from waypost.domains.workflows import Action, Condition, Group, WorkflowDraft

BAR_S = 1.0
FIELDS = ("waitingSince", "createdAt", "lastCustomerReplyAt", "statusChangedAt", "lastUserReplyAt")
#: Open conversations were begun evenly over so much time, so that some cross a limit in every minute.
SPREAD = timedelta(days=7)

FILL = """
with account_made as (insert into account (name) values ('Bench') returning id),
counter as (insert into account_counter (account_id, conversation_number) select id, $1::int from account_made),
box as (insert into mailbox (account_id, name, slug, email) select id, 'Support', 'bench', 'support@bench.test'
        from account_made returning account_id, id),
people as (
  insert into customer (account_id, first_name, last_name, email)
  select id, 'Customer', n::text, 'customer' || n || '@bench.test' from account_made, generate_series(1, $1::int) n
  returning account_id, id, last_name),
made as (
  insert into conversation (account_id, number, mailbox_id, type, status, subject, primary_customer_id,
    created_by_customer_id, source_type, source_via, thread_count, latest_reply_from, waiting_since, created_at,
    modified_at, user_updated_at)
  select p.account_id, p.last_name::int, b.id, 'email', 'active', 'Question ' || p.last_name, p.id, p.id, 'email',
    'customer', 1, 'customer', moment, moment, moment, moment
  from people p cross join box b
  cross join lateral (select $2::timestamptz - $3::interval * (p.last_name::int::float / $1::int) as moment) t
  returning account_id, id, mailbox_id, primary_customer_id, created_at)
insert into thread (account_id, conversation_id, type, status, source_type, source_via, customer_id,
  created_by_customer_id, body, body_text, created_at)
select account_id, id, 'customer', 'nochange', 'email', 'customer', primary_customer_id, primary_customer_id,
  'How long does it take?', 'How long does it take?', created_at
from made
"""


# As after a week with these rules: each has run for the conversations that crossed its limit before.
SETTLED = """
insert into workflow_applied (account_id, workflow_id, conversation_id)
select w.account_id, w.id, c.id from workflow w join conversation c on c.account_id = w.account_id
where w.definition #>> '{conditions,2,any,0,operator}' = 'isNot'
  and c.created_at <= w.clock_checked_at
    - make_interval(hours => (w.definition #>> '{conditions,0,any,0,value,amount}')::int)
"""


class Hand:
    """A clock that is turned."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC).replace(microsecond=0)

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Minute:
    """What one minute cost."""

    seconds: float
    worker_seconds: float
    database_seconds: float
    looks: int
    runs: int


async def rules(desk: runtime.Desk, account_id: int, mailbox_id: int, count: int) -> None:
    """Rules whose limits lie evenly over the age of the conversations."""
    actor = Actor.system(account_id)
    async with desk.transactions.open() as tx:
        for place in range(count):
            hours = 1 + round(place * (SPREAD.total_seconds() / 3600 - 2) / count)
            late = Condition(
                field=FIELDS[place % len(FIELDS)], operator="longerAgoThan", value={"amount": hours, "unit": "hours"}
            )
            draft = WorkflowDraft(
                mailbox_id=mailbox_id,
                type="automatic",
                status="active",
                name=f"Rule {place}",
                conditions=[
                    Group([late]),
                    Group([Condition(field="status", operator="is", value=["active", "pending"])]),
                    # Every second rule finds nothing to do when it looks.
                    Group([Condition(field="tags", operator="isNot" if place % 2 else "is", value="urgent")]),
                ],
                actions=[Action(type="addTags", tags=[f"late {place}"])],
            )
            await workflows.create(tx, actor, draft)


async def database_seconds(connection: asyncpg.Connection[asyncpg.Record]) -> float:
    """The processor's time that the database's processes have taken so far."""
    ticks = 0
    for row in await connection.fetch("select pid from pg_stat_activity"):
        with suppress(FileNotFoundError):
            fields = Path(f"/proc/{row['pid']}/stat").read_text().rpartition(")")[2].split()  # noqa: ASYNC240
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


async def pass_minute(desk: runtime.Desk, hand: Hand, connection: asyncpg.Connection[asyncpg.Record]) -> Minute:
    """Turn the clock by a minute and do what the worker does in it: four looks at the clock, and what comes of them."""
    before = await connection.fetchval("select count(*) from workflow_run")
    looks, database = 0, await database_seconds(connection)
    started, own = time.perf_counter(), time.process_time()
    for _ in range(4):
        hand.now += timedelta(seconds=15)
        async with desk.transactions.open() as tx:
            await workflows.ripen(tx)
        while True:
            async with desk.transactions.open() as tx:
                count = await workflows.queue_due(tx)
            looks += count
            if not count:
                break
        await worker.drain(desk)
    seconds, own = time.perf_counter() - started, time.process_time() - own
    database = await database_seconds(connection) - database
    after = await connection.fetchval("select count(*) from workflow_run")
    return Minute(seconds, own, database, looks, after - before)


async def measure(
    desk: runtime.Desk, hand: Hand, dsn: str, options: argparse.Namespace
) -> list[tuple[str, list[Minute]]]:
    """The minutes, by what happens in them."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(FILL, options.conversations, hand.now, SPREAD)
        await connection.execute("set constraints all immediate")
        await connection.execute("vacuum analyze")
        account_id, mailbox_id = await connection.fetchrow("select account_id, id from mailbox")  # type: ignore[misc]
        await rules(desk, account_id, mailbox_id, options.rules)
        await worker.drain(desk)
        await connection.execute(SETTLED)
        usual = [await pass_minute(desk, hand, connection) for _ in range(options.minutes)]
        # The mailbox is emptied of candidates, so that only the looking itself is left.
        await connection.execute("update workflow set clock_checked_at = $1", hand.now + timedelta(days=30))
        none = [await pass_minute(desk, hand, connection) for _ in range(options.minutes)]
        return [("conversations that cross a limit", usual), ("no limit to look at", none)]
    finally:
        await connection.close()


def table(found: list[tuple[str, list[Minute]]], options: argparse.Namespace) -> Table:
    """The figures."""
    shown = Table(
        "a minute with", "looked at", "runs", "worker s", "database s", "work s, most", "on the wall s", "bar", "",
        title=f"{options.conversations:,} open conversations, {options.rules} rules with time conditions",
    )  # fmt: skip
    for what, minutes in found:
        most = max(minute.worker_seconds + minute.database_seconds for minute in minutes)
        shown.add_row(
            what,
            f"{statistics.mean(minute.looks for minute in minutes):.1f}",
            f"{statistics.mean(minute.runs for minute in minutes):.1f}",
            f"{statistics.median(minute.worker_seconds for minute in minutes):.3f}",
            f"{statistics.median(minute.database_seconds for minute in minutes):.3f}",
            f"{most:.3f}",
            f"{statistics.median(minute.seconds for minute in minutes):.3f}",
            f"< {BAR_S:.0f} s",
            "ok" if most < BAR_S else "missed",
        )
    return shown


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--conversations", type=int, default=10_000)
    parser.add_argument("--rules", type=int, default=50)
    parser.add_argument("--minutes", type=int, default=10)
    options = parser.parse_args()
    hand = Hand()
    with tempfile.TemporaryDirectory() as folder:
        async with runtime.open_desk(Settings(data_dir=Path(folder)), clock=hand) as desk:
            found = await measure(desk, hand, desk.dsn, options)
    Console(width=140).print(table(found, options))


if __name__ == "__main__":
    asyncio.run(main())
