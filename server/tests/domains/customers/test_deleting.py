"""How customers go."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.domains.customers.bench import Bench
from waypost.domains import customers
from waypost.domains.accounts import Actor, Role
from waypost.domains.customers import ConversationsInTheWay, EntryKind, NewAddress, NewEntry, NewProperty, SetProperty
from waypost.kit.errors import Forbidden, NotFound
from waypost.kit.job_runner import JobRunner
from waypost.kit.tx import Tx


@asynccontextmanager
async def conversations_that_go(bench: Bench) -> AsyncIterator[list[int]]:
    """Stands in for the later domain that deletes a customer's conversations."""
    asked: list[int] = []

    async def delete_conversations(tx: Tx, actor: Actor, customer_id: int) -> None:
        asked.append(customer_id)
        await tx.connection.execute(
            "update conversation set state = 'deleted' where account_id = $1 and primary_customer_id = $2",
            actor.account_id,
            customer_id,
        )

    customers.before_delete.append(delete_conversations)
    try:
        yield asked
    finally:
        customers.before_delete.remove(delete_conversations)


async def delete(bench: Bench, customer_id: int, by: Actor | None = None) -> None:
    async with bench.transactions.open() as tx:
        await customers.delete(tx, by or bench.actor, customer_id)


def plain_user(bench: Bench, *mailbox_ids: int) -> Actor:
    return Actor(
        account_id=bench.actor.account_id, kind="user", user_id=99, role=Role.USER, mailbox_ids=frozenset(mailbox_ids)
    )


async def test_nothing_that_was_known_remains(bench: Bench) -> None:
    async with bench.transactions.open() as tx:
        await customers.define_property(tx, bench.actor, NewProperty(type="text", slug="note", name="Note"))
    made = await bench.customer(
        "marker@example.com",
        first_name="marker",
        last_name="marker",
        job_title="marker",
        location="marker",
        background="marker",
        photo_url="https://marker.example/",
        address=NewAddress(city="marker"),
        properties=[SetProperty(slug="note", value="marker")],
    )
    await bench.patch(made.id, customers.AddEntry(entry=NewEntry(kind=EntryKind.PHONE, value="marker")))
    await delete(bench, made.id)

    tables = await bench.pool.fetch(
        "select table_name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'"
    )
    for row in tables:
        found = await bench.pool.fetchval(f"select count(*) from {row['table_name']} t where t::text like '%marker%'")
        assert found == 0, row["table_name"]


async def test_a_deleted_customer_is_gone_and_says_so_once(bench: Bench) -> None:
    made = await bench.customer("a@example.com")
    await delete(bench, made.id)

    with pytest.raises(NotFound):
        await bench.get(made.id)
    with pytest.raises(NotFound):
        await delete(bench, made.id)
    with pytest.raises(NotFound):
        async with bench.transactions.open() as tx:
            await customers.keep(tx, bench.actor, made.id)
    assert await bench.facts("customer.deleted") == [("customer.deleted", made.id, {})]


async def test_conversations_go_first_and_in_the_same_transaction(bench: Bench) -> None:
    made = await bench.customer("a@example.com")
    conversation_id = await bench.conversation(made.id, await bench.mailbox("first"))
    async with conversations_that_go(bench) as asked:
        state = "select state from conversation where id = $1"
        async with bench.pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            await customers.delete(Tx(connection, bench.now), bench.actor, made.id)
            await transaction.rollback()
        assert await bench.pool.fetchval(state, conversation_id) == "published"
        await delete(bench, made.id)
        assert await bench.pool.fetchval(state, conversation_id) == "deleted"
    assert asked == [made.id, made.id]


async def test_conversations_that_the_actor_cannot_see_are_in_the_way(bench: Bench) -> None:
    made = await bench.customer("a@example.com")
    first, second = await bench.mailbox("first"), await bench.mailbox("second")
    await bench.conversation(made.id, first)
    await bench.conversation(made.id, second, state="draft")
    async with conversations_that_go(bench) as asked:
        with pytest.raises(ConversationsInTheWay):
            await delete(bench, made.id, by=plain_user(bench, first))
        assert asked == []
        await delete(bench, made.id, by=plain_user(bench, first, second))
        assert asked == [made.id]


async def test_more_than_a_hundred_conversations_are_only_deleted_in_the_background(bench: Bench) -> None:
    made = await bench.customer("a@example.com")
    mailbox_id = await bench.mailbox("first")
    for _ in range(100):
        await bench.conversation(made.id, mailbox_id)
    last = await bench.conversation(made.id, mailbox_id)
    async with conversations_that_go(bench):
        with pytest.raises(ConversationsInTheWay):
            await delete(bench, made.id)
        await bench.pool.execute("update conversation set state = 'deleted' where id = $1", last)
        await delete(bench, made.id)


async def test_a_request_is_carried_out_once_by_its_job(bench: Bench) -> None:
    made = await bench.customer("a@example.com")
    mailbox_id = await bench.mailbox("first")
    for _ in range(101):
        await bench.conversation(made.id, mailbox_id)
    for _ in range(2):
        async with bench.transactions.open() as tx:
            await customers.request_deletion(tx, bench.actor, made.id)
    assert (await bench.get(made.id)).conversation_count == 101

    jobs = customers.jobs(bench.transactions)
    async with conversations_that_go(bench) as asked:
        assert await JobRunner(bench.pool, jobs).drain() == 1
        await jobs[0].handle({"account_id": bench.actor.account_id, "customer_id": made.id, "user_id": 1})
    assert asked == [made.id]
    deleted = await bench.pool.fetch("select actor_id, subject_id from event where type = 'customer.deleted'")
    assert [tuple(row.values()) for row in deleted] == [(bench.actor.user_id, made.id)]


async def test_a_request_needs_a_view_of_all_conversations_too(bench: Bench) -> None:
    made = await bench.customer("a@example.com")
    await bench.conversation(made.id, await bench.mailbox("first"))
    with pytest.raises(ConversationsInTheWay):
        async with bench.transactions.open() as tx:
            await customers.request_deletion(tx, plain_user(bench), made.id)


async def test_others_cannot_delete(bench: Bench) -> None:
    made = await bench.customer("a@example.com")
    with pytest.raises(NotFound):
        await delete(bench, made.id, by=bench.stranger)
    with pytest.raises(Forbidden):
        await delete(bench, made.id, by=Actor.for_customer(bench.actor.account_id, made.id))
    assert await bench.get(made.id) == made
