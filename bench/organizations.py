"""How long lists of organizations take: pages in every order, members, and conversations.

    python bench/organizations.py DSN --organizations 100000 --conversations 1000000

Fills an account of its own in a migrated database (three customers an organization, one in a hundred of them in the
first one; triggers are off meanwhile), then prints milliseconds (median and 95 of 100) for the owner and for a
user of three of the five mailboxes.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg

sys.path.insert(0, str(Path(__file__).parents[1] / "server"))

from waypost.domains import conversations, customers
from waypost.domains.accounts import Actor, Role, scope_of
from waypost.domains.customers import (
    CustomerFilters,
    CustomerOrder,
    OrganizationOrder,
    OrganizationSort,
    organizations,
)
from waypost.kit.db import open_pool
from waypost.kit.paging import PageRequest
from waypost.kit.tx import Transactions, Tx

_FILL = """
alter table organization disable trigger user;
alter table customer disable trigger user;
alter table conversation disable trigger user;
insert into mailbox (account_id, name, slug, email)
  select {account}, 'Box ' || n, 'box' || n, 'box' || n || '@a.example' from generate_series(1, 5) n;
insert into organization (account_id, name, created_at, updated_at)
  select {account}, 'Company ' || n, now(), now() from generate_series(1, {organizations}) n;
insert into customer (account_id, first_name, last_name, organization_id, created_at, updated_at)
  select {account}, 'Jane', 'No ' || n,
         (select min(id) from organization where account_id = {account})
         + case when n % 100 = 0 then 0 else n % {organizations} end,
         now() - n * interval '1 second', now()
  from generate_series(1, 3 * {organizations}) n;
insert into conversation (account_id, number, mailbox_id, type, status, subject, primary_customer_id, source_type,
                          source_via, created_at, modified_at, user_updated_at)
  select {account}, n, (select min(id) from mailbox where account_id = {account}) + n % 5, 'email',
         case n % 3 when 0 then 'active' else 'closed' end, 'Help',
         k.first + (n::bigint * 7919) % (3 * {organizations}), 'email', 'customer',
         now() - n * interval '31 seconds', now() - n * interval '29 seconds', now()
  from generate_series(1, {conversations}) n,
       (select min(id) as first from customer where account_id = {account}) k;
alter table organization enable trigger user;
alter table customer enable trigger user;
alter table conversation enable trigger user;
select organization_tally_fill({account});
insert into organization_total select {account}, {organizations};
insert into customer_tally select {account}, 3 * {organizations};
"""


async def fill(dsn: str, number: int, talks: int) -> int:
    """A filled account; its id."""
    connection = await asyncpg.connect(dsn, command_timeout=3600)
    account: int = await connection.fetchval("insert into account (name) values ('Bench') returning id")
    await connection.execute(_FILL.format(account=account, organizations=number, conversations=talks))
    await connection.execute("vacuum (analyze) organization, organization_tally, customer, conversation, mailbox")
    await connection.close()
    return account


async def measure(label: str, ask: Callable[[], Awaitable[Any]], times: int = 100) -> None:
    """Ask again and again, and print how long it took."""
    took = []
    for _ in range(times + 5):
        begun = time.perf_counter()
        await ask()
        took.append((time.perf_counter() - begun) * 1000)
    took = sorted(took[5:])
    print(f"{label:58} {took[times // 2]:8.2f} {took[times * 95 // 100]:8.2f}", flush=True)


async def measure_all(tx: Tx, who: str, actor: Actor, number: int) -> None:
    """Every list, as this actor sees it."""
    scope, first = (
        scope_of(actor),
        await tx.connection.fetchval("select min(id) from organization where account_id = $1", actor.account_id),
    )
    for by in OrganizationSort:
        for page in (1, number // 100):
            request = PageRequest(page, 50)
            await measure(
                f"{who}: by {by.value}, page {page}",
                lambda by=by, request=request: organizations.list_organizations(  # type: ignore[misc]
                    tx, scope, OrganizationOrder(by), request
                ),
            )
    for size, place in (("largest", first), ("small", first + 7)):
        await measure(
            f"{who}: conversations of the {size}",
            lambda place=place: conversations.list_of_organization(  # type: ignore[misc]
                tx, actor, place, PageRequest(1, 50)
            ),
        )
        await measure(
            f"{who}: customers of the {size}",
            lambda place=place: customers.list_customers(  # type: ignore[misc]
                tx, scope, CustomerFilters(organization_id=place), CustomerOrder(), PageRequest(1, 50)
            ),
        )


async def main() -> None:
    """Fill and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dsn")
    parser.add_argument("--organizations", type=int, default=100_000)
    parser.add_argument("--conversations", type=int, default=1_000_000)
    wanted = parser.parse_args()
    account = await fill(wanted.dsn, wanted.organizations, wanted.conversations)
    pool = await open_pool(wanted.dsn, max_size=2)
    owner = Actor(account_id=account, kind="user", user_id=1, role=Role.OWNER)
    async with Transactions(pool).read() as tx:
        mailboxes = [row["id"] for row in await tx.connection.fetch(
            "select id from mailbox where account_id = $1 order by id limit 3", account)]  # fmt: skip
        user = Actor(account_id=account, kind="user", user_id=2, role=Role.USER, mailbox_ids=frozenset(mailboxes))
        print(f"{'':58} {'median':>8} {'p95':>8}")
        await measure_all(tx, "owner", owner, wanted.organizations)
        await measure_all(tx, "user", user, wanted.organizations)
    await pool.close()


if __name__ == "__main__":
    asyncio.run(main())
