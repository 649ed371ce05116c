"""How customers come to be."""

from __future__ import annotations

import asyncio

import pytest

from tests.domains.customers.bench import Bench, paths_of, values_of
from waypost.domains import customers
from waypost.domains.accounts import Actor
from waypost.domains.customers import (
    CustomerProfile,
    EntryKind,
    Gender,
    NewAddress,
    NewCustomer,
    NewEntry,
    NewProperty,
    PhotoType,
    SetProperty,
)
from waypost.kit.errors import Forbidden, Invalid


async def test_parallel_calls_for_one_address_make_one_customer(bench: Bench) -> None:
    spellings = ["Jane@Example.com", "jane@example.com"]
    found = await asyncio.gather(*(bench.find_or_create(spellings[turn % 2]) for turn in range(20)))

    assert len({customer.id for customer in found}) == 1
    assert await bench.pool.fetchval("select count(*) from customer") == 1
    assert len(await bench.facts("customer.created")) == 1


async def test_an_unknown_address_makes_a_customer_from_the_profile(bench: Bench) -> None:
    made = await bench.find_or_create(
        " jane@example.com ",
        first_name="Jane",
        last_name="Smith",
        job_title="Manager",
        organization="Example Corp",
        phone="+43 1",
        gender="FEMALE",
        photo_type="gravatar",
        is_draft=True,
    )

    assert (made.first_name, made.last_name, made.job_title) == ("Jane", "Smith", "Manager")
    assert made.organization is not None
    assert made.organization.name == "Example Corp"
    assert values_of(made, EntryKind.EMAIL) == ["jane@example.com"]
    assert values_of(made, EntryKind.PHONE) == ["+43 1"]
    assert (made.gender, made.photo_type, made.is_draft) == (Gender.FEMALE, PhotoType.GRAVATAR, True)
    assert made.created_at == bench.now


async def test_a_known_address_ignores_the_profile(bench: Bench) -> None:
    known = await bench.customer("jane@example.com", first_name="Jane")
    found = await bench.find_or_create("JANE@example.com", first_name="Mallory", phone="666")

    assert found == known


async def test_any_of_the_addresses_finds_the_customer(bench: Bench) -> None:
    known = await bench.customer("first@example.com", "second@example.com")

    assert (await bench.find_or_create("second@example.com")).id == known.id


async def test_a_profile_that_is_too_long_is_cut_rather_than_refused(bench: Bench) -> None:
    made = await bench.find_or_create(
        "x@example.com", first_name="J" * 90, last_name="\u202eevil\x00", photo_url="javascript:alert(1)", gender="?"
    )

    assert made.first_name == "J" * 40
    assert made.last_name == "evil"
    assert (made.photo_url, made.gender) == (None, Gender.UNKNOWN)


@pytest.mark.parametrize("address", ["", "  ", "\x00", "a" * 250 + "@example.com"])
async def test_an_address_that_cannot_be_kept_is_refused(bench: Bench, address: str) -> None:
    with pytest.raises(Invalid):
        await bench.find_or_create(address)


async def test_a_strange_address_is_kept_because_mail_came_from_it(bench: Bench) -> None:
    made = await bench.find_or_create("undisclosed recipients")

    assert made.email == "undisclosed recipients"


async def test_the_same_address_in_two_accounts_is_two_customers(bench: Bench) -> None:
    ours = await bench.customer("jane@example.com")
    theirs = await bench.customer("jane@example.com", by=bench.stranger)

    assert ours.id != theirs.id


async def test_a_deleted_customer_is_not_found_by_address(bench: Bench) -> None:
    gone = await bench.customer("jane@example.com")
    async with bench.transactions.open() as tx:
        await customers.delete(tx, bench.actor, gone.id)

    assert (await bench.find_or_create("jane@example.com")).id != gone.id


async def test_a_found_customer_cannot_be_deleted_until_the_transaction_ends(bench: Bench) -> None:
    known = await bench.customer("jane@example.com")

    async def delete() -> None:
        async with bench.transactions.open() as tx:
            await customers.delete(tx, bench.actor, known.id)

    async with bench.transactions.open() as tx:
        await customers.find_or_create_by_email(tx, bench.actor, "jane@example.com", CustomerProfile())
        deletion = asyncio.create_task(delete())
        waiting = (
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        )
        while not await bench.pool.fetchval(waiting):
            assert not deletion.done()
            await asyncio.sleep(0.01)
    await deletion


async def test_publishing_a_draft_emits_one_event(bench: Bench) -> None:
    made = await bench.find_or_create("jane@example.com", is_draft=True)
    for _ in range(2):
        async with bench.transactions.open() as tx:
            await customers.publish(tx, bench.actor, made.id)

    assert not (await bench.get(made.id)).is_draft
    assert await bench.facts("customer.updated") == [("customer.updated", made.id, {"fields": ["is_draft"]})]


async def test_everything_can_be_given_at_once(bench: Bench) -> None:
    async with bench.transactions.open() as tx:
        await customers.define_property(
            tx, bench.actor, NewProperty(type="text", slug="account-type", name="Account type")
        )
        made = await customers.create(
            tx,
            bench.actor,
            NewCustomer(
                first_name="Jane",
                organization="Example Corp",
                entries=[
                    NewEntry(kind=EntryKind.EMAIL, value="jane@example.com", type="home"),
                    NewEntry(kind=EntryKind.EMAIL, value="j@example.com"),
                    NewEntry(kind=EntryKind.CHAT, value="jane.s", type="skype"),
                    NewEntry(kind=EntryKind.WEBSITE, value="https://example.com", type="ignored"),
                ],
                address=NewAddress(lines=["Main street 1"], city="Vienna", country="at"),
                properties=[SetProperty(slug="Account-Type", value="Premium")],
            ),
        )
    stored = await bench.get(made.id)

    assert stored == made
    assert [(entry.type, entry.value) for entry in stored.of_kind(EntryKind.EMAIL)] == [
        ("home", "jane@example.com"),
        ("work", "j@example.com"),
    ]
    assert stored.of_kind(EntryKind.WEBSITE)[0].type is None
    assert stored.address is not None
    assert stored.address.country == "AT"
    assert [(held.slug, held.value) for held in stored.properties] == [("account-type", "Premium")]
    assert await bench.facts("customer.created", "organization.created") == [
        (
            "organization.created",
            stored.organization.id if stored.organization else None,
            {"name": "Example Corp", "domains": []},
        ),
        ("customer.created", stored.id, {"is_draft": False}),
    ]


async def test_every_bad_field_is_named_at_once_and_nothing_is_stored(bench: Bench) -> None:
    await bench.customer("taken@example.com")
    with pytest.raises(Invalid) as refusal:
        await _create_with_mistakes(bench)

    assert paths_of(refusal.value.errors) == [
        "firstName",
        "lastName",
        "photoUrl",
        "photoType",
        "jobTitle",
        "location",
        "background",
        "age",
        "gender",
        "emails[0].value",
        "emails[1].type",
        "phones[0].value",
        "address.country",
        "properties[0].slug",
        "organizationId",
        "emails[2].value",
    ]
    assert await bench.pool.fetchval("select count(*) from customer") == 1
    assert len(await bench.facts()) == 1


async def _create_with_mistakes(bench: Bench) -> None:
    wanted = NewCustomer(
        first_name="  ",
        last_name="x" * 41,
        photo_url="x" * 201,
        photo_type="polaroid",
        job_title="x" * 61,
        location="x" * 61,
        background="x" * 201,
        age="1000",
        gender="robot",
        organization_id=2**40,
        entries=[
            NewEntry(kind=EntryKind.EMAIL, value="no address", value_at="emails[0].value"),
            NewEntry(kind=EntryKind.EMAIL, value="a@example.com", type="moon", type_at="emails[1].type"),
            NewEntry(kind=EntryKind.EMAIL, value="Taken@example.com", value_at="emails[2].value"),
            NewEntry(kind=EntryKind.PHONE, value=" ", value_at="phones[0].value"),
        ],
        address=NewAddress(country="Austria", at="address"),
        properties=[SetProperty(slug="unknown", value="x", slug_at="properties[0].slug")],
    )
    async with bench.transactions.open() as tx:
        await customers.create(tx, bench.actor, wanted)


async def test_a_customer_needs_a_name_or_a_way_to_be_reached(bench: Bench) -> None:
    with pytest.raises(Invalid):
        await bench.customer(first_name=None, job_title="Ghost")


async def test_an_address_of_another_customer_is_a_conflict_that_names_it(bench: Bench) -> None:
    await bench.customer("jane@example.com")
    with pytest.raises(customers.DuplicateEmail) as refusal:
        await bench.customer("new@example.com", "JANE@example.com")

    assert [problem.rejected for problem in refusal.value.errors] == ["JANE@example.com"]


async def test_the_same_address_twice_in_one_customer_is_a_conflict(bench: Bench) -> None:
    with pytest.raises(customers.DuplicateEmail):
        await bench.customer("jane@example.com", "Jane@example.com")


async def test_parallel_creation_of_one_address_leaves_one_customer(bench: Bench) -> None:
    results = await asyncio.gather(*(bench.customer("jane@example.com") for _ in range(8)), return_exceptions=True)

    assert sum(isinstance(result, customers.Customer) for result in results) == 1
    assert sum(isinstance(result, customers.DuplicateEmail) for result in results) == 7
    assert await bench.pool.fetchval("select count(*) from customer") == 1


async def test_parallel_naming_of_one_organization_makes_one(bench: Bench) -> None:
    made = await asyncio.gather(*(bench.customer(f"u{n}@example.com", organization="Example Corp") for n in range(8)))

    assert len({customer.organization.id for customer in made if customer.organization}) == 1


async def test_an_organization_of_another_account_does_not_exist(bench: Bench) -> None:
    theirs = await bench.customer(by=bench.stranger, organization="Rival")
    assert theirs.organization is not None
    with pytest.raises(Invalid) as refusal:
        await bench.customer(organization_id=theirs.organization.id)

    assert paths_of(refusal.value.errors) == ["organizationId"]


async def test_a_customer_makes_no_customers(bench: Bench) -> None:
    visitor = Actor.for_customer(bench.actor.account_id, 1)
    with pytest.raises(Forbidden):
        await bench.customer("jane@example.com", by=visitor)
