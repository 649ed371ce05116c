"""Fill a migrated database with a large account for benchmarks.

    python bench/generate.py DSN --conversations 200000

Loads by COPY: a million conversations with three million threads take some minutes. Adds a new account on every run
and prints its ids as JSON; run it while nothing else writes. Triggers are off during the load, so totals and the search
documents are made afterwards (`--no-search` leaves the latter out). As superuser it is faster, as foreign keys are then
not checked row by row.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from itertools import count

import asyncpg
from generation import load, rows

BATCH = 20_000


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dsn", help="address of the database")
    parser.add_argument("--conversations", type=int, default=200_000)
    parser.add_argument("--threads-per-conversation", type=int, default=3, help="mean; single ones have up to 90")
    parser.add_argument("--customers", type=int, help="default: a fifth of the conversations")
    parser.add_argument("--mailboxes", type=int, default=5)
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--tags", type=int, default=200)
    parser.add_argument("--years", type=float, default=2.0, help="the time over which the conversations are spread")
    parser.add_argument("--seed", type=int, default=1, help="the same seed and counts give the same texts")
    parser.add_argument("--name", default="Bench")
    parser.add_argument("--no-search", action="store_true", help="leave the search documents empty")
    parser.add_argument("--search-connections", type=int, default=2, help="how many fill the search documents at once")
    parser.add_argument("--keep-indexes", action="store_true", help="do not build the indexes after the load")
    return parser.parse_args()


async def ground(connection: load.Connection, options: argparse.Namespace) -> rows.Ground:
    """The account with its users, teams, mailboxes, fields and tags."""
    value, many = connection.fetchval, connection.fetch
    account = await value("insert into account (name) values ($1) returning id", options.name)
    await connection.execute("insert into account_counter values ($1, $2)", account, options.conversations)
    users = await many(
        "insert into account_user (account_id, type, role, first_name, last_name, email)"
        " select $1::bigint, 'user', case when n = 1 then 'owner' else 'user' end,"
        " ($3::text[])[1 + n % 40], ($4::text[])[1 + n % 33],"
        " format('agent%s.%s@desk.example', n, $1::bigint) from generate_series(1, $2::int) n returning id",
        *(account, options.users, rows.FIRST_NAMES, rows.LAST_NAMES),
    )
    teams = await many(
        "insert into account_user (account_id, type, first_name) select $1, 'team', 'Team ' || n"
        " from generate_series(1, 3) n returning id",
        account,
    )
    mailboxes = await many(
        "insert into mailbox (account_id, name, slug, email) select $1::bigint, case n when 1 then 'General Support'"
        " else 'Mailbox ' || n end, format('box-%s-%s', $1::bigint, n), format('box%s.%s@desk.example', n, $1::bigint)"
        " from generate_series(1, $2::int) n returning id",
        *(account, options.mailboxes),
    )
    names = [*rows.TAG_NAMES, *(f"topic {number}" for number in range(options.tags))][: options.tags]
    tags = await many(
        "insert into tag (account_id, name, slug) select $1, name, replace(name, ' ', '-') from unnest($2::text[]) name"
        " returning id",
        *(account, names),
    )
    await connection.execute(
        "insert into mailbox_user (account_id, mailbox_id, user_id) select $1, m, u from unnest($2::bigint[]) m,"
        " unnest($3::bigint[]) u",
        *(account, [row["id"] for row in mailboxes], [row["id"] for row in users]),
    )
    fields = {row["id"]: await _fields(connection, account, row["id"]) for row in mailboxes}
    lists = [[row["id"] for row in found] for found in (mailboxes, users, teams, tags)]
    return rows.Ground(account, *lists, fields)


async def _fields(connection: load.Connection, account: int, mailbox: int) -> tuple[int, list[int], int]:
    dropdown, text = await connection.fetch(
        "insert into custom_field (account_id, mailbox_id, name, type, position) values"
        " ($1, $2, 'Account Type', 'dropdown', 1), ($1, $2, 'Device', 'singleline', 2) returning id",
        *(account, mailbox),
    )
    options = await connection.fetch(
        "insert into custom_field_option (account_id, field_id, label, position) select $1, $2, label, place"
        " from unnest($3::text[]) with ordinality o (label, place) returning id",
        *(account, dropdown["id"], ["Free", "Premium", "Enterprise", "blue"]),
    )
    return dropdown["id"], [row["id"] for row in options], text["id"]


async def customers(connection: load.Connection, writer: rows.Writer, number: int) -> range:
    """The account's customers and their organizations; the customers' ids."""
    organizations = await connection.fetch(
        "insert into organization (account_id, name) select $1::bigint, 'Company ' || n"
        " from generate_series(1, $2::int) n returning id",
        *(writer.ground.account_id, max(1, number // 200)),
    )
    ids = await load.reserve_ids(connection, "customer", number)
    for start in range(0, number, BATCH):
        people, entries = writer.customers(ids[start : start + BATCH], [row["id"] for row in organizations])
        await load.copy(connection, "customer", rows.CUSTOMER, people)
        await load.copy(connection, "customer_entry", rows.ENTRY, entries)
    return ids


async def conversations(
    connection: load.Connection, writer: rows.Writer, options: argparse.Namespace
) -> tuple[range, int]:
    """All conversations with what hangs on them; their ids and the number of threads."""
    ids = await load.reserve_ids(connection, "conversation", options.conversations)
    first_thread = await connection.fetchval("select coalesce(max(id), 0) + 1 from thread")
    thread_ids = count(first_thread)
    began = time.monotonic()
    for start in range(0, options.conversations, BATCH):
        numbers = range(start + 1, min(options.conversations, start + BATCH) + 1)
        batch = writer.batch(numbers, ids[start], thread_ids, options.threads_per_conversation)
        await load.copy(connection, "conversation", rows.CONVERSATION, batch.conversation)
        await load.copy(connection, "thread", rows.THREAD, batch.thread)
        await load.copy(connection, "conversation_tag", rows.TAGGING, batch.conversation_tag)
        await load.copy(connection, "conversation_field", rows.FIELD_VALUE, batch.conversation_field)
        await load.copy(connection, "attachment", rows.ATTACHMENT, batch.attachment)
        tell(f"{numbers[-1]} conversations, {time.monotonic() - began:.0f} s")
    last_thread = next(thread_ids) - 1
    await connection.execute("select setval(pg_get_serial_sequence('thread', 'id'), $1)", last_thread)
    return ids, last_thread - first_thread + 1


async def search(options: argparse.Namespace, account_id: int, customer_ids: range, conversation_ids: range) -> None:
    """The search documents, conversations over several connections."""
    await load.fill_search(options.dsn, "customer", account_id, customer_ids, tell)
    share = -(-len(conversation_ids) // options.search_connections)
    parts = [conversation_ids[start : start + share] for start in range(0, len(conversation_ids), share)]
    await asyncio.gather(*(load.fill_search(options.dsn, "conversation", account_id, part, tell) for part in parts))


def tell(text: str) -> None:
    """Progress goes to stderr; stdout is for the result."""
    print(text, file=sys.stderr, flush=True)


async def generate(options: argparse.Namespace) -> dict[str, object]:
    """Make one account; its ids and the counts."""
    connection = await asyncpg.connect(options.dsn, server_settings={"synchronous_commit": "off"})
    began = time.monotonic()
    try:
        place = await ground(connection, options)
        writer = rows.Writer(place, seed=options.seed, conversations=options.conversations, years=options.years)
        async with load.without_triggers(connection, load.BULK_TABLES):
            bulk, sought = ((), ()) if options.keep_indexes else (load.BULK_TABLES, load.SEARCH_TABLES)
            async with load.without_indexes(connection, bulk):
                people = await customers(connection, writer, options.customers or max(1, options.conversations // 5))
                ids, threads = await conversations(connection, writer, options)
                tell("building indexes")
            async with load.without_indexes(connection, () if options.no_search else sought):
                if not options.no_search:
                    await load.tidy(connection)
                    await search(options, place.account_id, people, ids)
                tell("building indexes")
        await load.recount(connection)
        await load.tidy(connection)
    finally:
        await connection.close()
    return {
        "account_id": place.account_id,
        "mailbox_ids": place.mailbox_ids,
        "user_ids": place.user_ids,
        "tag_ids": place.tag_ids[:20],
        "conversations": options.conversations,
        "threads": threads,
        "seconds": round(time.monotonic() - began, 1),
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(generate(arguments()))))
