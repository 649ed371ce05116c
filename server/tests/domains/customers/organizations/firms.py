"""Builders and looks for the tests of organizations."""

from __future__ import annotations

from typing import Any

from tests.domains.customers.bench import Bench
from waypost.domains.accounts import Actor, Role, Scope, scope_of
from waypost.domains.customers import (
    CustomerFilters,
    CustomerOrder,
    Organization,
    OrganizationFields,
    OrganizationOrder,
    OrganizationSort,
    list_customers,
    organizations,
)
from waypost.kit.paging import PageRequest

#: Counted from the rows themselves, by organization and mailbox, and of the whole under 0.
COUNTED = """
select o.id, 0 as mailbox_id,
       (select count(*) from customer k where k.organization_id = o.id and k.state = 'active') as customers,
       (select count(*) from customer k join conversation c on c.primary_customer_id = k.id and c.state = 'published'
         where k.organization_id = o.id) as conversations,
       coalesce((select max(c.modified_at) from customer k
                 join conversation c on c.primary_customer_id = k.id and c.state = 'published'
                 where k.organization_id = o.id), '-infinity') as interacted_at
from organization o where o.deleted_at is null
union all
select k.organization_id, c.mailbox_id, 0, count(*), max(c.modified_at)
from customer k join conversation c on c.primary_customer_id = k.id and c.state = 'published'
where k.organization_id is not null group by 1, 2
order by 1, 2
"""
KEPT = """
select organization_id as id, mailbox_id, customers, conversations, interacted_at from organization_tally
where mailbox_id = 0 or conversations <> 0 order by 1, 2
"""


async def make(bench: Bench, name: str = "Corp", by: Actor | None = None, **fields: Any) -> Organization:
    async with bench.transactions.open() as tx:
        return await organizations.create(tx, by or bench.actor, OrganizationFields(name=name, **fields))


async def get(bench: Bench, organization_id: int, scope: Scope | None = None) -> Organization:
    async with bench.transactions.read() as tx:
        return await organizations.get(tx, scope or bench.scope, organization_id)


async def delete(bench: Bench, organization_id: int) -> None:
    async with bench.transactions.open() as tx:
        await organizations.delete(tx, bench.actor, organization_id)


async def overwrite(bench: Bench, organization_id: int, **fields: Any) -> None:
    async with bench.transactions.open() as tx:
        await organizations.overwrite(tx, bench.actor, organization_id, OrganizationFields(**fields))


async def counts(bench: Bench, organization_id: int, scope: Scope | None = None) -> tuple[int, int]:
    found = await get(bench, organization_id, scope)
    return found.customer_count, found.conversation_count


async def ordered(
    bench: Bench, by: OrganizationSort, *, descending: bool = True, scope: Scope | None = None, size: int = 50
) -> list[str]:
    names: list[str] = []
    async with bench.transactions.read() as tx:
        while True:
            request = PageRequest(len(names) // size + 1, size)
            page = await organizations.list_organizations(
                tx, scope or bench.scope, OrganizationOrder(by, descending), request
            )
            names += [item.name for item in page.items]
            if len(page.items) < size:
                assert page.total == len(names)
                return names


async def members(bench: Bench, organization_id: int) -> list[int]:
    async with bench.transactions.read() as tx:
        filters = CustomerFilters(organization_id=organization_id)
        page = await list_customers(tx, bench.scope, filters, CustomerOrder(descending=False), PageRequest(1, 100))
    assert min(page.total, 100) == len(page.items)
    return [item.id for item in page.items]


async def fold_and_compare(bench: Bench) -> None:
    """Fold, and hold what is kept against what can be counted."""
    await organizations.fold(bench.transactions)
    assert await bench.pool.fetchval("select count(*) from organization_tally_delta") == 0
    kept, counted = await bench.pool.fetch(KEPT), await bench.pool.fetch(COUNTED)
    assert [tuple(row.values()) for row in kept] == [tuple(row.values()) for row in counted]


def of_mailboxes(bench: Bench, *mailbox_ids: int) -> Scope:
    """What a user of these mailboxes sees."""
    visible = frozenset(mailbox_ids)
    return scope_of(
        Actor(account_id=bench.actor.account_id, kind="user", user_id=1, role=Role.USER, mailbox_ids=visible)
    )
