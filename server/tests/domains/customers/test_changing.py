"""How customers change."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.domains.customers.bench import Bench, paths_of, values_of
from waypost.domains import customers
from waypost.domains.accounts import Actor
from waypost.domains.customers import (
    AddEntry,
    ChangeEntry,
    CustomerProfile,
    EntryKind,
    Gender,
    NewAddress,
    NewEntry,
    PlainFields,
    Refuse,
    RemoveEntry,
    ReplaceEntries,
    SetAddress,
    SetAddressPart,
    SetField,
)
from waypost.kit.errors import FieldError, Invalid, NotFound


def email(value: str, **more: Any) -> NewEntry:
    return NewEntry(kind=EntryKind.EMAIL, value=value, **more)


def field(name: Any, value: Any) -> SetField:
    return SetField(name=name, value=value, at=name)


async def test_fields_are_set_and_cleared(bench: Bench) -> None:
    made = await bench.customer("jane@example.com", job_title="Manager", gender="female")
    bench.pass_time()
    await bench.patch(made.id, field("first_name", "Joan"), field("job_title", None), field("gender", None))
    after = await bench.get(made.id)

    assert (after.first_name, after.job_title, after.gender) == ("Joan", None, Gender.UNKNOWN)
    assert (after.created_at, after.updated_at) == (made.created_at, bench.now)
    assert (await bench.facts("customer.updated")) == [
        ("customer.updated", made.id, {"fields": ["first_name", "gender", "job_title"]})
    ]


async def test_what_changes_nothing_emits_nothing(bench: Bench) -> None:
    made = await bench.customer("jane@example.com", organization="Example Corp")
    bench.pass_time()
    await bench.patch(
        made.id,
        field("first_name", "Jane"),
        field("organization", "EXAMPLE corp"),
        ChangeEntry(kind=EntryKind.EMAIL, entry_id=made.entries[0].id, value="jane@example.com", type="work"),
        SetAddress(address=None),
    )

    assert await bench.get(made.id) == made
    assert await bench.facts("customer.updated") == []


async def test_all_operations_or_none(bench: Bench) -> None:
    made = await bench.customer("jane@example.com")
    with pytest.raises(Invalid) as refusal:
        await bench.patch(
            made.id,
            field("first_name", "Joan"),
            AddEntry(entry=NewEntry(kind=EntryKind.PHONE, value="1", type="moon", type_at="[1].value.type")),
            Refuse(problems=[FieldError("[2].op", "must be one of 'add'", "EnumValue", "test")]),
            field("age", "9999"),
        )

    assert paths_of(refusal.value.errors) == ["[1].value.type", "[2].op", "age"]
    assert await bench.get(made.id) == made


async def test_entries_keep_their_ids_when_they_change(bench: Bench) -> None:
    made = await bench.customer("jane@example.com", "j@example.com")
    first, second = made.entries
    await bench.patch(made.id, ChangeEntry(kind=EntryKind.EMAIL, entry_id=second.id, type="home"))
    await bench.patch(made.id, ChangeEntry(kind=EntryKind.EMAIL, entry_id=first.id, value="joan@example.com"))
    after = await bench.get(made.id)

    assert [(entry.id, entry.type, entry.value) for entry in after.entries] == [
        (first.id, "work", "joan@example.com"),
        (second.id, "home", "j@example.com"),
    ]


async def test_two_entries_can_swap_their_addresses(bench: Bench) -> None:
    made = await bench.customer("a@example.com", "b@example.com")
    first, second = made.entries
    await bench.patch(
        made.id,
        ChangeEntry(kind=EntryKind.EMAIL, entry_id=first.id, value="b@example.com"),
        ChangeEntry(kind=EntryKind.EMAIL, entry_id=second.id, value="a@example.com"),
    )

    assert values_of(await bench.get(made.id), EntryKind.EMAIL) == ["b@example.com", "a@example.com"]


async def test_the_first_address_is_the_one_to_write_to(bench: Bench) -> None:
    made = await bench.customer("a@example.com", "b@example.com")

    async def brief() -> str:
        async with bench.transactions.read() as tx:
            return (await customers.load_people(tx.connection, bench.actor.account_id, [made.id]))[made.id].email

    assert await brief() == "a@example.com"
    await bench.patch(made.id, RemoveEntry(kind=EntryKind.EMAIL, entry_id=made.entries[0].id))
    assert await brief() == "b@example.com"
    await bench.patch(made.id, RemoveEntry(kind=EntryKind.EMAIL, entry_id=made.entries[1].id))
    assert await brief() == ""


async def test_a_collection_is_replaced_and_what_stays_keeps_its_id(bench: Bench) -> None:
    made = await bench.customer("a@example.com", "b@example.com")
    kept = made.entries[1]
    await bench.patch(
        made.id,
        ReplaceEntries(kind=EntryKind.EMAIL, entries=[email("c@example.com"), email("B@example.com")], at="value"),
    )
    after = await bench.get(made.id)

    assert {(entry.id == kept.id, entry.value) for entry in after.entries} == {
        (True, "B@example.com"),
        (False, "c@example.com"),
    }


async def test_a_collection_holds_a_hundred_entries(bench: Bench) -> None:
    phones = [NewEntry(kind=EntryKind.PHONE, value=str(number)) for number in range(101)]
    made = await bench.customer("a@example.com")
    await bench.patch(made.id, ReplaceEntries(kind=EntryKind.PHONE, entries=phones[:100], at="value"))
    for operation in (
        AddEntry(entry=phones[100], at="[0].value"),
        ReplaceEntries(kind=EntryKind.PHONE, entries=phones, at="[0].value"),
    ):
        with pytest.raises(Invalid) as refusal:
            await bench.patch(made.id, operation)
        assert [(problem.path, problem.kind) for problem in refusal.value.errors] == [("[0].value", "Size")]
    assert len((await bench.get(made.id)).of_kind(EntryKind.PHONE)) == 100


@pytest.mark.parametrize("kind", [EntryKind.PHONE, EntryKind.EMAIL])
async def test_entries_of_others_are_not_found(bench: Bench, kind: EntryKind) -> None:
    made = await bench.customer("a@example.com")
    other = await bench.customer("b@example.com")
    entry_id = other.entries[0].id if kind is EntryKind.EMAIL else made.entries[0].id
    for operation in (
        ChangeEntry(kind=kind, entry_id=entry_id, value="x@example.com"),
        RemoveEntry(kind=kind, entry_id=entry_id),
    ):
        with pytest.raises(NotFound):
            await bench.patch(made.id, operation)
    assert (await bench.get(other.id)) == other


async def test_an_address_that_somebody_has_is_a_conflict(bench: Bench) -> None:
    await bench.customer("taken@example.com")
    made = await bench.customer("a@example.com")
    for operation in (
        AddEntry(entry=email("TAKEN@example.com")),
        AddEntry(entry=email("A@example.com")),
        ChangeEntry(kind=EntryKind.EMAIL, entry_id=made.entries[0].id, value="taken@example.com"),
        ReplaceEntries(kind=EntryKind.EMAIL, entries=[email("taken@example.com")], at="value"),
        ReplaceEntries(kind=EntryKind.EMAIL, entries=[email("x@example.com"), email("X@example.com")], at="value"),
    ):
        with pytest.raises(customers.DuplicateEmail) as refusal:
            await bench.patch(made.id, operation)
        assert paths_of(refusal.value.errors) == ["value"]
    assert await bench.get(made.id) == made


async def test_parallel_additions_of_one_address_leave_it_with_one_customer(bench: Bench) -> None:
    made = [await bench.customer(f"{number}@example.com") for number in range(6)]
    added = AddEntry(entry=email("shared@example.com"))
    results = await asyncio.gather(*(bench.patch(one.id, added) for one in made), return_exceptions=True)

    assert sum(result is None for result in results) == 1
    assert sum(isinstance(result, customers.DuplicateEmail) for result in results) == 5


async def test_parallel_changes_of_one_customer_all_count(bench: Bench) -> None:
    made = await bench.customer("a@example.com")
    phones = [AddEntry(entry=NewEntry(kind=EntryKind.PHONE, value=str(number))) for number in range(10)]
    await asyncio.gather(*(bench.patch(made.id, phone) for phone in phones))

    assert len((await bench.get(made.id)).of_kind(EntryKind.PHONE)) == 10


async def test_the_address_is_kept_part_by_part(bench: Bench) -> None:
    made = await bench.customer("a@example.com")
    await bench.patch(made.id, SetAddressPart(part="city", value="Vienna", at="value"))
    await bench.patch(
        made.id,
        SetAddressPart(part="lines", value=["Main street 1", "Floor 2"], at="value"),
        SetAddressPart(part="country", value="at", at="value"),
    )
    address = (await bench.get(made.id)).address

    assert address is not None
    assert (address.city, address.lines, address.country) == ("Vienna", ["Main street 1", "Floor 2"], "AT")
    assert [fact[2] for fact in await bench.facts("customer.updated")] == [{"fields": ["address"]}] * 2


async def test_an_address_replaced_keeps_its_id_and_can_go(bench: Bench) -> None:
    made = await bench.customer("a@example.com", address=NewAddress(city="Vienna"))
    async with bench.transactions.open() as tx:
        await customers.put_address(tx, bench.actor, made.id, NewAddress(city="Graz", country="AT"))
    after = await bench.get(made.id)
    assert made.address is not None
    assert after.address is not None
    assert (after.address.id, after.address.city) == (made.address.id, "Graz")

    async with bench.transactions.open() as tx:
        await customers.remove_address(tx, bench.actor, made.id)
    assert (await bench.get(made.id)).address is None
    with pytest.raises(NotFound):
        async with bench.transactions.open() as tx:
            await customers.remove_address(tx, bench.actor, made.id)


async def test_the_organization_named_last_counts(bench: Bench) -> None:
    made = await bench.customer("a@example.com", organization="First")
    assert made.organization is not None
    await bench.patch(made.id, field("organization", "Second"))
    await bench.patch(made.id, field("organization", "Third"), field("organization_id", made.organization.id))
    assert (await bench.get(made.id)).organization == made.organization

    await bench.patch(made.id, field("organization", None))
    assert (await bench.get(made.id)).organization is None


async def test_overwriting_clears_what_is_not_given(bench: Bench) -> None:
    made = await bench.customer(
        "a@example.com", last_name="Smith", job_title="Manager", organization="Corp", address=NewAddress(city="Vienna")
    )
    async with bench.transactions.open() as tx:
        await customers.overwrite(tx, bench.actor, made.id, PlainFields(first_name="Joan"))
    after = await bench.get(made.id)

    assert (after.first_name, after.last_name, after.job_title, after.organization) == ("Joan", "", None, None)
    assert (after.entries, after.address) == (made.entries, made.address)
    assert (await bench.facts("customer.updated"))[0][2] == {
        "fields": ["first_name", "last_name", "job_title", "organization"]
    }


async def test_customers_of_other_accounts_cannot_be_changed(bench: Bench) -> None:
    made = await bench.customer("a@example.com")
    with pytest.raises(NotFound):
        await bench.patch(made.id, field("first_name", "Joan"), by=bench.stranger)
    assert await bench.get(made.id) == made


async def test_a_customer_changes_only_themselves(bench: Bench) -> None:
    jane, john = await bench.customer("jane@example.com"), await bench.customer("john@example.com")
    visitor = Actor.for_customer(bench.actor.account_id, jane.id)
    await bench.patch(jane.id, field("first_name", "Joan"), by=visitor)
    with pytest.raises(NotFound):
        await bench.patch(john.id, field("first_name", "Joan"), by=visitor)

    assert (await bench.get(jane.id)).first_name == "Joan"
    assert (await bench.get(john.id)).first_name == "Jane"


async def test_a_change_and_a_find_of_the_same_customer_do_not_block_each_other(bench: Bench) -> None:
    made = await bench.customer("a@example.com")
    async with bench.transactions.open() as tx:
        await customers.find_or_create_by_email(tx, bench.actor, "a@example.com", CustomerProfile())
        await asyncio.wait_for(bench.patch(made.id, field("first_name", "Joan")), timeout=5)
    assert (await bench.get(made.id)).first_name == "Joan"
