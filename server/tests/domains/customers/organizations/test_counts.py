"""What is kept of organizations stays what could be counted, whatever comes, goes and moves."""

from __future__ import annotations

import asyncio
import random

import asyncpg
import pytest

from tests.domains.customers.bench import Bench
from tests.domains.customers.organizations.firms import (
    counts,
    delete,
    fold_and_compare,
    get,
    make,
    members,
    of_mailboxes,
    ordered,
)
from waypost.domains import customers
from waypost.domains.customers import OrganizationSort, SetField, organizations

pytestmark = pytest.mark.anyio


def of(organization_id: int | None) -> SetField:
    return SetField(name="organization_id", value=organization_id, at="/organizationId")


async def test_counts_are_exact_before_and_after_folding(bench: Bench) -> None:
    corp = await make(bench)
    mailbox, other = await bench.mailbox("one"), await bench.mailbox("two")
    jane = await bench.customer("jane@a.example", organization_id=corp.id)
    await bench.customer("joe@a.example", organization_id=corp.id)
    await bench.conversation(jane.id, mailbox)
    await bench.conversation(jane.id, other)
    await bench.conversation(jane.id, other, state="draft")

    for _ in range(2):
        assert await counts(bench, corp.id) == (2, 2)
        assert await counts(bench, corp.id, of_mailboxes(bench, mailbox)) == (2, 1)
        assert await counts(bench, corp.id, of_mailboxes(bench)) == (2, 0)
        await fold_and_compare(bench)


@pytest.mark.parametrize("folds_between", [False, True])
async def test_whatever_happens_to_conversations_is_counted(bench: Bench, folds_between: bool) -> None:
    corp, rival = await make(bench), await make(bench, "Rival")
    mailbox, other = await bench.mailbox("one"), await bench.mailbox("two")
    jane = await bench.customer("jane@a.example", organization_id=corp.id)
    joe = await bench.customer("joe@a.example", organization_id=rival.id)
    nobody = await bench.customer("no@a.example")
    talk = await bench.conversation(jane.id, mailbox)
    draft = await bench.conversation(jane.id, mailbox, state="draft")
    for change, of_corp, of_rival in (
        (f"update conversation set mailbox_id = {other} where id = {talk}", 1, 0),
        (f"update conversation set primary_customer_id = {joe.id} where id = {talk}", 0, 1),
        (f"update conversation set primary_customer_id = {nobody.id} where id = {talk}", 0, 0),
        (f"update conversation set primary_customer_id = {jane.id}, mailbox_id = {mailbox} where id = {talk}", 1, 0),
        (f"update conversation set state = 'published' where id = {draft}", 2, 0),
        (f"update conversation set state = 'merged' where id = {draft}", 1, 0),
        (f"update conversation set state = 'deleted' where id = {talk}", 0, 0),
        (f"update conversation set state = 'published' where id = {talk}", 1, 0),
        (f"delete from conversation where id = {talk}", 0, 0),
    ):
        await bench.pool.execute(change)
        assert (await counts(bench, corp.id))[1] == of_corp, change
        assert (await counts(bench, rival.id))[1] == of_rival, change
        if folds_between:
            await fold_and_compare(bench)
    await fold_and_compare(bench)


async def test_customers_take_their_conversations_along(bench: Bench) -> None:
    corp, rival = await make(bench), await make(bench, "Rival")
    mailbox, other = await bench.mailbox("one"), await bench.mailbox("two")
    jane = await bench.customer("jane@a.example", organization_id=corp.id)
    for place in (mailbox, mailbox, other):
        await bench.conversation(jane.id, place)

    await bench.patch(jane.id, of(rival.id))
    assert (await counts(bench, corp.id), await counts(bench, rival.id)) == ((0, 0), (1, 3))
    assert await counts(bench, rival.id, of_mailboxes(bench, mailbox)) == (1, 2)
    await fold_and_compare(bench)

    await bench.patch(jane.id, of(None))
    assert (await counts(bench, corp.id), await counts(bench, rival.id)) == ((0, 0), (0, 0))
    await fold_and_compare(bench)

    await bench.patch(jane.id, of(corp.id))
    async with bench.transactions.open() as tx:
        await tx.connection.execute("update conversation set state = 'deleted' where account_id = $1",
                                    bench.actor.account_id)  # fmt: skip
        await customers.delete(tx, bench.actor, jane.id)
    assert await counts(bench, corp.id) == (0, 0)
    assert await members(bench, corp.id) == []
    await fold_and_compare(bench)


async def test_a_merged_customer_counts_no_more(bench: Bench) -> None:
    corp = await make(bench)
    mailbox = await bench.mailbox("one")
    jane = await bench.customer("jane@a.example", organization_id=corp.id)
    twin = await bench.customer("twin@a.example", organization_id=corp.id)
    talk = await bench.conversation(twin.id, mailbox)
    await bench.pool.execute("update conversation set primary_customer_id = $2 where id = $1", talk, jane.id)
    await bench.pool.execute(
        "update customer set state = 'merged', merged_into_id = $2 where id = $1", twin.id, jane.id
    )

    assert await counts(bench, corp.id) == (1, 1)
    await fold_and_compare(bench)


async def test_the_last_interaction_goes_back_when_its_conversation_goes(bench: Bench) -> None:
    first, second = await make(bench, "First"), await make(bench, "Second")
    mailbox = await bench.mailbox("one")
    jane = await bench.customer("jane@a.example", organization_id=first.id)
    joe = await bench.customer("joe@a.example", organization_id=second.id)
    await bench.conversation(jane.id, mailbox)
    bench.pass_time()
    await bench.conversation(joe.id, mailbox)
    bench.pass_time()
    last = await bench.conversation(jane.id, mailbox)
    assert await ordered(bench, OrganizationSort.LAST_INTERACTION) == ["First", "Second"]

    await bench.pool.execute("update conversation set state = 'deleted' where id = $1", last)
    await organizations.fold(bench.transactions)

    for scope in (bench.scope, of_mailboxes(bench, mailbox)):
        assert await ordered(bench, OrganizationSort.LAST_INTERACTION, scope=scope) == ["Second", "First"]
    await fold_and_compare(bench)


async def test_a_change_of_a_conversation_is_an_interaction(bench: Bench) -> None:
    first, second = await make(bench, "First"), await make(bench, "Second")
    mailbox = await bench.mailbox("one")
    jane = await bench.customer("jane@a.example", organization_id=first.id)
    joe = await bench.customer("joe@a.example", organization_id=second.id)
    talk = await bench.conversation(jane.id, mailbox)
    bench.pass_time()
    await bench.conversation(joe.id, mailbox)
    await organizations.fold(bench.transactions)
    assert await ordered(bench, OrganizationSort.LAST_INTERACTION) == ["Second", "First"]

    await bench.pool.execute(
        "update conversation set modified_at = modified_at + interval '1 hour' where id = $1", talk
    )

    for scope in (bench.scope, of_mailboxes(bench, mailbox)):
        assert await ordered(bench, OrganizationSort.LAST_INTERACTION, scope=scope) == ["First", "Second"]
        await fold_and_compare(bench)


async def test_ties_are_in_the_same_order_on_every_page(bench: Bench) -> None:
    for number in range(7):
        await make(bench, f"n{number}")
    mailbox = await bench.mailbox("one")
    jane = await bench.customer("jane@a.example", organization="n3")
    await bench.conversation(jane.id, mailbox)

    for is_folded in (False, True):
        for by in set(OrganizationSort) - {OrganizationSort.NAME}:
            for scope in (bench.scope, of_mailboxes(bench, mailbox)):
                down = await ordered(bench, by, size=2, scope=scope)
                up = await ordered(bench, by, size=3, scope=scope, descending=False)
                assert down == ["n3", "n6", "n5", "n4", "n2", "n1", "n0"], (by, is_folded)
                assert up == down[::-1], (by, is_folded)
        await organizations.fold(bench.transactions)


async def test_the_number_of_organizations_is_kept(bench: Bench) -> None:
    ids = [(await make(bench, f"n{number}")).id for number in range(3)]
    await make(bench, "theirs", by=bench.stranger)
    await delete(bench, ids[0])

    assert await ordered(bench, OrganizationSort.NAME, descending=False) == ["n1", "n2"]


async def test_folding_what_belongs_to_a_deleted_one_leaves_nothing(bench: Bench) -> None:
    corp = await make(bench)
    mailbox = await bench.mailbox("one")
    jane = await bench.customer("jane@a.example", organization_id=corp.id)
    await bench.conversation(jane.id, mailbox)
    await delete(bench, corp.id)

    await fold_and_compare(bench)
    assert await bench.pool.fetchval("select count(*) from organization_tally") == 0


async def test_counts_are_right_after_many_writers_at_once(bench: Bench) -> None:
    firms = [await make(bench, f"n{number}") for number in range(3)]
    mailboxes = [await bench.mailbox("one"), await bench.mailbox("two")]
    people = [await bench.customer(f"p{number}@a.example", organization_id=firms[number % 3].id) for number in range(6)]
    talks = [await bench.conversation(person.id, mailboxes[0]) for person in people]

    async def work(seed: int) -> None:
        dice = random.Random(seed)
        for _ in range(15):
            try:
                match dice.randrange(4):
                    case 0:
                        await bench.patch(dice.choice(people).id, of(dice.choice([*(firm.id for firm in firms), None])))
                    case 1:
                        await bench.pool.execute("update conversation set mailbox_id = $2 where id = $1",
                                                 dice.choice(talks), dice.choice(mailboxes))  # fmt: skip
                    case 2:
                        await bench.pool.execute("update conversation set primary_customer_id = $2 where id = $1",
                                                 dice.choice(talks), dice.choice(people).id)  # fmt: skip
                    case _:
                        await organizations.fold(bench.transactions)
            except (customers.ConversationsInTheWay, asyncpg.DeadlockDetectedError):
                continue

    await asyncio.gather(*(work(seed) for seed in range(6)))

    assert (await get(bench, firms[0].id)).customer_count >= 0
    await fold_and_compare(bench)


async def test_filling_anew_gives_what_the_triggers_kept(bench: Bench) -> None:
    corp = await make(bench)
    await make(bench, "Empty")
    mailbox = await bench.mailbox("one")
    jane = await bench.customer("jane@a.example", organization_id=corp.id)
    await bench.conversation(jane.id, mailbox)
    await bench.pool.execute("delete from organization_tally")

    await bench.pool.execute("select organization_tally_fill(id) from account")

    assert await counts(bench, corp.id) == (1, 1)
    await fold_and_compare(bench)
