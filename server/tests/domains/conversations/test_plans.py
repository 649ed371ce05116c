"""How PostgreSQL runs the lists: never by reading a whole table, whatever the filter and the order.

The indexes were chosen on a million conversations (`python -m bench plans`); here a small account is made to look alike
to the planner, and the shape of each plan is asserted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest

from waypost.domains.conversations import Filter, Sort, Status, listing, store, store_threads
from waypost.kit.paging import PageRequest

ACCOUNT, USER = 1, 1
CONVERSATIONS = 30_000
BIG_TABLES = {"conversation", "thread", "customer", "customer_entry", "conversation_tag", "conversation_field"}

FILL = f"""
alter table conversation disable trigger user;
alter table thread disable trigger user;
alter table customer disable trigger user;
alter table conversation_tag disable trigger user;
insert into account (id, name) values ({ACCOUNT}, 'Big');
insert into account_user (account_id, id, type, role, first_name, email)
  select {ACCOUNT}, g, 'user', 'user', 'U' || g, 'u' || g || '@example.com' from generate_series(1, 20) g;
insert into mailbox (account_id, id, name, slug, email)
  select {ACCOUNT}, g, 'M' || g, 'm' || g, 'm' || g || '@example.com' from generate_series(1, 4) g;
insert into customer (account_id, id, first_name, last_name, email)
  select {ACCOUNT}, g, 'First' || g, 'Last' || (g * 7919 % 5000), 'c' || g || '@example.com'
  from generate_series(1, 5000) g;
insert into tag (account_id, id, name, slug) select {ACCOUNT}, g, 't' || g, 't' || g from generate_series(1, 50) g;
insert into conversation (account_id, id, number, mailbox_id, type, status, subject, primary_customer_id, assignee_id,
    created_by_customer_id, source_type, source_via, created_at, modified_at, user_updated_at, waiting_since)
  select {ACCOUNT}, g, g, 1 + g % 4, 'email', (array['active','closed','closed','closed','pending','spam'])[1 + g % 6],
    md5(g::text), 1 + g % 5000, case when g % 3 = 0 then 1 + g % 20 end, 1 + g % 5000, 'email', 'customer',
    now() - g * interval '7 minutes', now() - (g * 31 % {CONVERSATIONS}) * interval '5 minutes', now(),
    case when g % 6 = 0 then now() - g * interval '7 minutes' end
  from generate_series(1, {CONVERSATIONS}) g;
insert into thread (account_id, id, conversation_id, type, status, source_type, source_via, created_at)
  select {ACCOUNT}, g * 3 + k, g, 'note', 'nochange', 'api', 'user', now() - g * interval '1 minute'
  from generate_series(1, {CONVERSATIONS}) g, generate_series(0, 2) k;
insert into conversation_tag (account_id, conversation_id, tag_id)
  select {ACCOUNT}, g, 1 + (g * 13) % 50 from generate_series(1, {CONVERSATIONS}) g;
insert into custom_field (account_id, id, mailbox_id, name, type, position)
  select {ACCOUNT}, g, g, 'F' || g, 'singleline', 1 from generate_series(1, 4) g;
insert into conversation_field (account_id, conversation_id, field_id, value)
  select {ACCOUNT}, g, 1 + g % 4, md5(g::text) from generate_series(1, {CONVERSATIONS}) g;
insert into conversation_tally
  select account_id, mailbox_id, status, coalesce(assignee_id, 0), count(*) from conversation group by 1, 2, 3, 4;
"""


@pytest.fixture(scope="module")
async def big(module_database_url: str) -> str:
    """The address of a database with an account that is large for its planner."""
    connection = await asyncpg.connect(module_database_url)
    await connection.execute(FILL)
    for table in sorted(BIG_TABLES):
        await connection.execute(f"vacuum analyze {table}")
    await connection.close()
    return module_database_url


def shapes() -> Iterator[tuple[str, listing.Query]]:
    lists = {
        "active": Filter(statuses=(Status.ACTIVE,)),
        "all": Filter(),
        "open": Filter(statuses=(Status.ACTIVE, Status.PENDING)),
        "mine": Filter(statuses=(Status.ACTIVE, Status.PENDING), assignee_id=USER),
        "unassigned": Filter(statuses=(Status.ACTIVE, Status.PENDING), assignee_id=0),
        "drafts": Filter(drafts_only=True),
        "number": Filter(number=77),
        "customer": Filter(customer_id=7),
    }
    for name, wanted in lists.items():
        everything = [1, 2, 3, 4] if listing.needs_mailboxes(Sort.CREATED_AT, wanted) else None
        for scope, mailboxes in {"everything": everything, "two": [1, 2]}.items():
            yield f"{name}-{scope}", query(wanted, mailboxes, Sort.CREATED_AT)
    for sort in Sort:
        visible = [1, 2, 3, 4] if listing.needs_mailboxes(sort, Filter()) else None
        yield f"all-by-{sort.value}", query(Filter(), visible, sort)
        yield f"all-by-{sort.value}-ascending", query(Filter(), visible, sort, descending=False)
    yield "deep-page", query(Filter(), None, Sort.CREATED_AT, page=1000)
    yield "synchronisation", query(Filter(), [1, 2, 3, 4], Sort.MODIFIED_AT, descending=False)


def query(
    wanted: Filter, mailboxes: list[int] | None, sort: Sort, *, descending: bool = True, page: int = 1
) -> listing.Query:
    return listing.Query(
        account_id=ACCOUNT,
        user_id=USER,
        filter=wanted,
        mailbox_ids=mailboxes,
        sort=sort,
        descending=descending,
        page=PageRequest(page, 25),
    )


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)


async def explain(url: str, statement: str, arguments: list[Any]) -> dict[str, Any]:
    connection = await asyncpg.connect(url)
    try:
        text = await connection.fetchval(f"explain (analyze, format json) {statement}", *arguments)
        return dict(json.loads(text)[0]["Plan"])
    finally:
        await connection.close()


@pytest.mark.parametrize("shape", list(shapes()), ids=lambda shape: shape[0])
async def test_no_list_reads_a_whole_table(big: str, shape: tuple[str, listing.Query]) -> None:
    built = listing.build(shape[1])

    plan = await explain(big, store.page_sql(built), built.arguments)

    scans = [node for node in nodes(plan) if node["Node Type"] == "Seq Scan"]
    assert not [scan for scan in scans if scan["Relation Name"] in BIG_TABLES]


@pytest.mark.parametrize("shape", list(shapes()), ids=lambda shape: shape[0])
async def test_a_first_page_touches_no_more_rows_than_it_needs(big: str, shape: tuple[str, listing.Query]) -> None:
    name, wanted = shape
    built = listing.build(wanted)

    plan = await explain(big, store.page_sql(built), built.arguments)

    read = sum(
        node["Actual Rows"] * node["Actual Loops"] + node.get("Rows Removed by Filter", 0)
        for node in nodes(plan)
        if node.get("Relation Name") == "conversation"
    )
    # Ranges are walked side by side, each for a page at most; a deep page walks what it skips.
    page = wanted.page.offset + wanted.page.size
    assert read <= 40 * page if name != "deep-page" else read <= 4 * page


async def test_threads_are_found_by_their_conversation(big: str) -> None:
    plan = await explain(big, store_threads.LIST, [ACCOUNT, USER, 500, 25, 0])

    assert not [node for node in nodes(plan) if node["Node Type"] == "Seq Scan" and node["Relation Name"] in BIG_TABLES]
