"""Lists of customers and their totals."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import pairwise
from typing import Any

import asyncpg
import pytest

from tests.domains.customers.bench import Bench, paths_of, values_of
from waypost.domains import customers
from waypost.domains.accounts import Scope
from waypost.domains.customers import (
    CustomerFilters,
    CustomerOrder,
    CustomerSort,
    EntryKind,
    NewEntry,
)
from waypost.kit import tally
from waypost.kit.errors import BadParameter
from waypost.kit.paging import Page, PageRequest
from waypost.kit.tally import Tally
from waypost.kit.tx import Tx


@asynccontextmanager
async def statements(connection: Any) -> AsyncIterator[list[asyncpg.connection.LoggedQuery]]:
    """What is sent to the database, but for the driver's own questions about types."""
    seen: list[asyncpg.connection.LoggedQuery] = []

    def note(statement: asyncpg.connection.LoggedQuery) -> None:
        if "typeinfo" not in statement.query:
            seen.append(statement)

    with connection.query_logger(note):
        yield seen
        # The driver tells of a statement in the turn of the loop after it.
        await asyncio.sleep(0)


async def page(
    bench: Bench,
    order: CustomerOrder = CustomerOrder(),  # noqa: B008 - frozen
    number: int = 1,
    size: int = 50,
    scope: Scope | None = None,
    **filters: Any,
) -> Page[customers.Customer]:
    async with bench.transactions.read() as tx:
        return await customers.list_customers(
            tx, scope or bench.scope, CustomerFilters(**filters), order, PageRequest(number, size)
        )


async def ids(bench: Bench, *arguments: Any, **filters: Any) -> list[int]:
    found = await page(bench, *arguments, **filters)
    assert found.total == len(found.items)
    return [customer.id for customer in found.items]


async def three(bench: Bench) -> list[int]:
    made = []
    for first, last in (("bob", "Young"), ("Ann", "young"), ("Cid", "Adams")):
        made.append((await bench.customer(f"{first}@example.com", first_name=first, last_name=last)).id)
        bench.pass_time()
    return made


async def test_lists_have_four_orders_in_two_directions(bench: Bench) -> None:
    bob, ann, cid = await three(bench)
    await bench.patch(bob, customers.SetField(name="age", value="9", at="age"))
    expected = {
        CustomerSort.CREATED: [bob, ann, cid],
        CustomerSort.UPDATED: [ann, cid, bob],
        CustomerSort.FIRST_NAME: [ann, bob, cid],
        CustomerSort.LAST_NAME: [cid, bob, ann],
        CustomerSort.RELEVANCE: [bob, ann, cid],
    }
    for sort, order in expected.items():
        assert await ids(bench, CustomerOrder(sort, descending=False)) == order
        assert await ids(bench, CustomerOrder(sort, descending=True)) == order[::-1]


async def test_pages_are_cut_from_the_whole_and_say_how_much_that_is(bench: Bench) -> None:
    made = await three(bench)
    pages = [await page(bench, CustomerOrder(descending=False), number, 2) for number in (1, 2, 3)]

    assert [[customer.id for customer in one.items] for one in pages] == [made[:2], made[2:], []]
    assert [one.total for one in pages] == [3, 3, 3]


async def test_a_page_takes_two_statements_whatever_hangs_on_its_customers(bench: Bench) -> None:
    for number in range(5):
        made = await bench.customer(f"{number}@example.com", f"{number}@b.example", organization="Corp")
        await bench.patch(
            made.id,
            customers.AddEntry(entry=NewEntry(kind=EntryKind.PHONE, value="1")),
            customers.SetAddressPart(part="city", value="Vienna", at=""),
        )
    async with bench.transactions.read() as tx, statements(tx.connection) as seen:
        listed = await customers.list_customers(tx, bench.scope, CustomerFilters(), CustomerOrder(), PageRequest(1, 50))

    assert len(seen) == 2
    assert all(len(values_of(customer, EntryKind.EMAIL)) == 2 for customer in listed.items)
    assert all(customer.organization and customer.address for customer in listed.items)


async def test_filters_narrow_together(bench: Bench) -> None:
    bob, ann, cid = await three(bench)

    assert await ids(bench, first_name="BOB") == [bob]
    assert await ids(bench, last_name="Young") == [ann, bob]
    assert await ids(bench, first_name="Ann", last_name="Adams") == []
    assert await ids(bench, email="CID@EXAMPLE.COM") == [cid]
    assert await ids(bench, created_since=bench.now - timedelta(minutes=2)) == [cid, ann]
    assert await ids(bench, updated_since=bench.now - timedelta(minutes=1)) == [cid]
    assert await ids(bench, updated_since=bench.now) == []


async def test_a_mailbox_narrows_to_those_with_published_conversations_in_it(bench: Bench) -> None:
    bob, ann, cid = await three(bench)
    first, second = await bench.mailbox("first"), await bench.mailbox("second")
    await bench.conversation(bob, first)
    await bench.conversation(bob, first)
    await bench.conversation(ann, second)
    await bench.conversation(cid, first, state="deleted")
    narrow = Scope(bench.actor.account_id, bench.actor.user_id, [second])

    assert await ids(bench, mailbox_id=first) == [bob]
    assert await ids(bench, mailbox_id=second, scope=narrow) == [ann]
    assert await ids(bench, mailbox_id=first, scope=narrow) == []


async def test_an_organization_narrows_to_its_people(bench: Bench) -> None:
    member = await bench.customer("a@example.com", organization="Corp")
    await bench.customer("b@example.com")
    assert member.organization is not None

    assert await ids(bench, organization_id=member.organization.id) == [member.id]


async def test_conversations_are_counted_as_far_as_they_are_visible(bench: Bench) -> None:
    made = await bench.customer("a@example.com")
    first, second = await bench.mailbox("first"), await bench.mailbox("second")
    for mailbox_id, state in ((first, "published"), (first, "draft"), (second, "published"), (second, "merged")):
        await bench.conversation(made.id, mailbox_id, state)
    narrow = Scope(bench.actor.account_id, bench.actor.user_id, [second])

    assert (await bench.get(made.id)).conversation_count == 2
    assert (await bench.get(made.id, narrow)).conversation_count == 1
    assert (await page(bench, scope=narrow)).items[0].conversation_count == 1


async def test_a_search_is_one_more_filter(bench: Bench) -> None:
    bob, ann, _ = await three(bench)

    assert await ids(bench, last_name="young", query="firstName:(bob OR cid)") == [bob]
    assert await ids(bench, query='(email:"ann@example.com")', created_since=bench.now) == []
    assert len(await ids(bench, query="*:*")) == 3
    assert len(await ids(bench, query=" ")) == 3
    async with bench.transactions.read() as tx:
        filters = CustomerFilters(last_name="young", query="NOT firstName:bob")
        found = await customers.list_by_cursor(tx, bench.scope, filters, None, 50)
    assert [customer.id for customer in found.items] == [ann]


async def test_the_best_hits_come_first_where_that_is_asked(bench: Bench) -> None:
    best = await bench.customer("vienna@example.com", first_name="Vienna", last_name="Vienna", location="Vienna")
    good = await bench.customer("b@example.com", first_name="Vienna", last_name="Smith")
    order = CustomerOrder(CustomerSort.RELEVANCE)

    assert await ids(bench, order, query="vienna") == [best.id, good.id]
    assert await ids(bench, CustomerOrder(), query="vienna") == [good.id, best.id]
    assert await ids(bench, order, query=f"id:[1 TO {good.id}]") == [good.id, best.id]
    assert await ids(bench, order) == [good.id, best.id]


async def test_a_query_that_cannot_be_read_is_refused(bench: Bench) -> None:
    with pytest.raises(BadParameter) as refusal:
        await page(bench, query="firstName:[a TO")
    assert paths_of(refusal.value.errors) == ["query"]


async def test_cursors_go_through_customers_of_one_second_without_loss(bench: Bench) -> None:
    made = [(await bench.customer(f"{number}@example.com")).id for number in range(7)]
    seen: list[int] = []
    position = None
    while True:
        async with bench.transactions.read() as tx:
            found = await customers.list_by_cursor(tx, bench.scope, CustomerFilters(), position, 3)
        seen += [customer.id for customer in found.items]
        if found.next is None:
            break
        position = found.next

    assert seen == made[::-1]


async def test_other_accounts_do_not_count(bench: Bench) -> None:
    await bench.customer("a@example.com", by=bench.stranger)
    made = await bench.customer("a@example.com")

    assert await ids(bench) == [made.id]


async def test_totals_follow_every_change_of_state(bench: Bench) -> None:
    made = await three(bench)
    async with bench.transactions.open() as tx:
        await customers.delete(tx, bench.actor, made[0])
    assert len(await ids(bench)) == 2
    await bench.pool.execute(
        "update customer set state = 'merged', merged_into_id = $1 where id = $2", made[1], made[2]
    )
    assert len(await ids(bench)) == 1
    await bench.pool.execute("update customer set state = 'active' where id = $1", made[2])
    assert len(await ids(bench)) == 2
    await bench.pool.execute("delete from customer where id = $1", made[2])
    assert len(await ids(bench)) == 1


async def test_a_rolled_back_customer_does_not_count(bench: Bench) -> None:
    async with bench.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await customers.create(Tx(connection, bench.now), bench.actor, customers.NewCustomer(first_name="Ghost"))
        await transaction.rollback()

    assert await ids(bench) == []


async def test_folding_beside_writers_keeps_totals_exact(bench: Bench) -> None:
    async def fold() -> None:
        await tally.fold(bench.transactions, (Tally("customer_tally", ("account_id",)),))

    work = [bench.customer(f"{number}@example.com") for number in range(30)]
    folds = [fold() for _ in range(10)]
    await asyncio.gather(*(task for pair in zip(work[:10], folds, strict=True) for task in pair), *work[10:])

    assert (await page(bench)).total == 30
    await fold()
    assert (await page(bench)).total == 30
    assert await bench.pool.fetchval("select count(*) from customer_tally_delta") == 0
    assert await bench.pool.fetchval("select n from customer_tally") == 30


async def test_deep_pages_are_found_in_the_index_alone(bench: Bench) -> None:
    await bench.pool.execute(
        """
        insert into customer (account_id, first_name, last_name, created_at, updated_at)
        select $1, 'First' || n, 'Last' || n, now() - n * interval '1 s', now() - n * interval '2 s'
        from generate_series(1, 3000) n
        """,
        bench.actor.account_id,
    )
    await bench.pool.execute("vacuum analyze customer")
    async with bench.pool.acquire() as connection:
        for sort in CustomerSort:
            async with statements(connection) as seen:
                await customers.queries.listing.list_page(
                    connection, bench.scope, CustomerFilters(), CustomerOrder(sort), PageRequest(20, 50), None
                )
            plan = await connection.fetch("explain " + seen[-1].query, *seen[-1].args)
            text = "\n".join(row[0] for row in plan)
            assert "Index Only Scan Backward using customer_" in text, text
            assert "Seq Scan on customer" not in text, text


async def test_pages_have_no_gaps_and_no_doubles(bench: Bench) -> None:
    for number in range(9):
        await bench.customer(f"{number}@example.com", first_name="Same")
    order = CustomerOrder(CustomerSort.FIRST_NAME, descending=True)
    seen = [customer.id for number in (1, 2, 3) for customer in (await page(bench, order, number, 3)).items]

    assert all(before > after for before, after in pairwise(seen))
    assert len(seen) == 9
