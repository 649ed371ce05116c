"""Who belongs to an organization: by name, by the domain of an address, and for how long."""

from __future__ import annotations

import json

import pytest

from tests.domains.customers.bench import Bench
from tests.domains.customers.organizations.firms import delete, fold_and_compare, get, make, members, overwrite
from waypost.domains import customers
from waypost.domains.accounts import scope_of
from waypost.domains.customers import (
    AddEntry,
    ChangeEntry,
    CustomerFilters,
    CustomerOrder,
    EntryKind,
    NewEntry,
    SetField,
    jobs,
)
from waypost.domains.customers.organizations import linking, search_upkeep
from waypost.kit.errors import NotFound
from waypost.kit.paging import PageRequest

pytestmark = pytest.mark.anyio


async def run_jobs(bench: Bench) -> list[str]:
    """Run what is queued until nothing is left; the names of what ran."""
    kinds = {job.name: job for job in jobs(bench.transactions)}
    ran: list[str] = []
    while rows := await bench.pool.fetch("delete from pgqueuer returning entrypoint, payload"):
        for row in rows:
            await kinds[row["entrypoint"]].handle(json.loads(row["payload"]))
            ran.append(row["entrypoint"])
    return ran


async def organization_of(bench: Bench, customer_id: int) -> str | None:
    linked = (await bench.get(customer_id)).organization
    return linked.name if linked else None


async def test_somebody_new_with_an_address_in_a_domain_becomes_a_member(bench: Bench) -> None:
    await make(bench, domains=["corp.example"])

    made = await bench.customer("jane@CORP.example")
    written = await bench.find_or_create("joe@corp.example", first_name="Joe")
    elsewhere = await bench.customer("eve@mail.corp.example")

    assert await organization_of(bench, made.id) == "Corp"
    assert await organization_of(bench, written.id) == "Corp"
    assert await organization_of(bench, elsewhere.id) is None
    await fold_and_compare(bench)


async def test_a_new_address_makes_a_member_of_who_has_no_organization(bench: Bench) -> None:
    await make(bench, domains=["corp.example"])
    other = await make(bench, "Other")
    free = await bench.customer("free@a.example")
    changed = await bench.customer("changed@a.example")
    bound = await bench.customer("bound@a.example", organization_id=other.id)
    entry_id = changed.entries[0].id
    add = AddEntry(entry=NewEntry(kind=EntryKind.EMAIL, value="jane@corp.example"))

    await bench.patch(free.id, add)
    await bench.patch(changed.id, ChangeEntry(kind=EntryKind.EMAIL, entry_id=entry_id, value="c@corp.example"))
    await bench.patch(bound.id, AddEntry(entry=NewEntry(kind=EntryKind.EMAIL, value="b@corp.example")))

    assert await organization_of(bench, free.id) == "Corp"
    assert await organization_of(bench, changed.id) == "Corp"
    assert await organization_of(bench, bound.id) == "Other"
    assert ("customer.updated", free.id, {"fields": ["organization", "emails"]}) in await bench.facts()


async def test_whoever_is_taken_out_stays_out(bench: Bench) -> None:
    await make(bench, domains=["corp.example"])
    made = await bench.customer("jane@corp.example")

    await bench.patch(made.id, SetField(name="organization", value=None, at="/organization"))
    await bench.patch(made.id, SetField(name="job_title", value="Captain", at="/jobTitle"))
    assert await organization_of(bench, made.id) is None

    named = await bench.customer("joe@corp.example", organization="Own")
    assert await organization_of(bench, named.id) == "Own"


@pytest.mark.parametrize("domain", ["gmail.com", "web.de", "outlook.com"])
async def test_free_mail_makes_nobody_a_member(bench: Bench, domain: str) -> None:
    before = await bench.customer(f"before@{domain}")
    corp = await make(bench, domains=[domain])
    after = await bench.customer(f"after@{domain}")

    assert await run_jobs(bench) == []
    assert await organization_of(bench, before.id) is None
    assert await organization_of(bench, after.id) is None
    assert (await get(bench, corp.id)).domains == [domain]


async def crowd(bench: Bench, domain: str, number: int, organization_id: int | None = None) -> list[int]:
    """Many customers, each with an address."""
    rows = await bench.pool.fetch(
        """
        with made as (
          insert into customer (account_id, first_name, organization_id)
          select $1, 'P', $4 from generate_series(1, $2) returning id
        ), entries as (
          insert into customer_entry (account_id, customer_id, kind, type, value)
          select $1, id, 'email', 'work', id || '@' || $3 from made
        )
        select id from made order by id
        """,
        bench.actor.account_id, number, domain, organization_id,
    )  # fmt: skip
    return [row["id"] for row in rows]


async def test_a_domain_gained_links_who_was_there_before(bench: Bench) -> None:
    corp, other = await make(bench), await make(bench, "Other")
    there = await crowd(bench, "Corp.example", 2 * linking.BATCH + 1)
    bound = await bench.customer("bound@corp.example", organization_id=other.id)
    foreign = await bench.customer("p@corp.example", by=bench.stranger)
    elsewhere = await bench.customer("p@a.example")
    await overwrite(bench, corp.id, name="Corp", domains=["corp.example"])

    assert await run_jobs(bench) == ["organizations.link"]

    assert (await get(bench, corp.id)).customer_count == len(there)
    assert (await members(bench, corp.id))[:100] == there[:100]
    assert await organization_of(bench, bound.id) == "Other"
    assert await organization_of(bench, elsewhere.id) is None
    async with bench.transactions.read() as tx:
        assert (await customers.get(tx, scope_of(bench.stranger), foreign.id)).organization is None
    assert [fact[1] for fact in await bench.facts("customer.updated")] == there
    await fold_and_compare(bench)


async def test_linking_again_changes_nothing(bench: Bench) -> None:
    made = await bench.customer("jane@corp.example")
    corp = await make(bench, domains=["corp.example"])
    await run_jobs(bench)
    before = await bench.facts()
    payload = {"account_id": bench.actor.account_id, "organization_id": corp.id}

    for job in jobs(bench.transactions):
        if job.name == "organizations.link":
            await job.handle(payload)

    assert await members(bench, corp.id) == [made.id]
    assert await bench.facts() == before


async def test_only_a_domain_that_is_new_queues_the_job(bench: Bench) -> None:
    corp = await make(bench, domains=["corp.example"])
    assert await run_jobs(bench) == ["organizations.link"]

    await overwrite(bench, corp.id, name="Corp & Co", domains=["corp.example"])
    assert await run_jobs(bench) == []
    await overwrite(bench, corp.id, name="Corp & Co", domains=["corp.example", "co.example"])
    assert await run_jobs(bench) == ["organizations.link"]
    await overwrite(bench, corp.id, name="Corp & Co", domains=[])
    assert await run_jobs(bench) == []
    stranger = await bench.customer("late@corp.example")
    assert await organization_of(bench, stranger.id) is None


async def test_of_two_with_one_domain_the_older_gets_the_customer(bench: Bench) -> None:
    await make(bench, "Older", domains=["corp.example"])
    await make(bench, "Newer", domains=["corp.example"])

    made = await bench.customer("jane@corp.example")

    assert await organization_of(bench, made.id) == "Older"


async def test_a_deleted_one_links_nobody_and_frees_name_and_domain(bench: Bench) -> None:
    corp = await make(bench, domains=["corp.example"])
    await delete(bench, corp.id)
    await run_jobs(bench)

    made = await bench.customer("jane@corp.example")
    named = await bench.customer("joe@a.example", organization="Corp")

    assert await organization_of(bench, made.id) is None
    linked = (await bench.get(named.id)).organization
    assert linked is not None
    assert linked.id != corp.id


async def test_many_customers_are_unlinked_in_the_background(bench: Bench) -> None:
    corp = await make(bench)
    ids = await crowd(bench, "a.example", linking.BATCH + 3, corp.id)
    left = "select count(*) from customer where organization_id = $1"

    await delete(bench, corp.id)

    assert await organization_of(bench, ids[0]) is None
    assert await organization_of(bench, ids[-1]) is None
    with pytest.raises(NotFound):
        await get(bench, corp.id)
    assert await bench.pool.fetchval(left, corp.id) == 3
    again = await make(bench)
    assert await run_jobs(bench) == ["organizations.unlink"]
    assert await bench.pool.fetchval(left, corp.id) == 0
    assert await bench.pool.fetchval("select count(*) from organization where id = $1", corp.id) == 0
    assert sorted(fact[1] or 0 for fact in await bench.facts("customer.updated")) == ids
    assert (await get(bench, again.id)).customer_count == 0
    await fold_and_compare(bench)


@pytest.mark.parametrize(("number", "ran"), [(3, []), (search_upkeep.AT_ONCE + 3, ["organizations.search"])])
async def test_customers_are_found_by_the_new_name(bench: Bench, number: int, ran: list[str]) -> None:
    corp = await make(bench, "Engines")
    await crowd(bench, "a.example", number, corp.id)

    async def found(query: str) -> int:
        async with bench.transactions.read() as tx:
            filters, request = CustomerFilters(query=query), PageRequest(1, 1)
            page = await customers.list_customers(tx, bench.scope, filters, CustomerOrder(), request)
            return page.total

    assert await found("organization:engines") == number
    await overwrite(bench, corp.id, name="Looms")

    assert await run_jobs(bench) == ran
    assert (await found("organization:looms"), await found("organization:engines")) == (number, 0)


async def test_facts_tell_name_and_domains(bench: Bench) -> None:
    corp = await make(bench, domains=["corp.example"])
    await overwrite(bench, corp.id, name="Corp & Co", domains=["corp.example"], note="x")
    await overwrite(bench, corp.id, name="Corp & Co", domains=["corp.example"], note="x")
    await delete(bench, corp.id)

    known = {"domains": ["corp.example"]}
    assert await bench.facts("organization.created", "organization.updated", "organization.deleted") == [
        ("organization.created", corp.id, {**known, "name": "Corp"}),
        ("organization.updated", corp.id, {**known, "name": "Corp & Co", "fields": ["name", "note"]}),
        ("organization.deleted", corp.id, {**known, "name": "Corp & Co"}),
    ]
