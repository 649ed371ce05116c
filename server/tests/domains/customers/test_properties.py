"""Properties of customers: what they are, and what they hold."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.domains.customers.bench import Bench, paths_of
from waypost.domains import customers
from waypost.domains.accounts import Actor, Role
from waypost.domains.customers import DuplicateSlug, NewOption, NewProperty, PropertyDefinition, SetProperty
from waypost.kit.errors import Forbidden, Invalid, NotFound


async def define(bench: Bench, type_: str, slug: str, *labels: str, by: Actor | None = None) -> PropertyDefinition:
    options = [NewOption(label=label, at=f"options[{index}]") for index, label in enumerate(labels)]
    wanted = NewProperty(type=type_, slug=slug, name=slug.title(), options=options)
    async with bench.transactions.open() as tx:
        return await customers.define_property(tx, by or bench.actor, wanted)


async def defined(bench: Bench) -> list[PropertyDefinition]:
    async with bench.transactions.read() as tx:
        return await customers.list_property_definitions(tx, bench.scope)


async def held(bench: Bench, customer_id: int) -> dict[str, tuple[str, str]]:
    return {value.slug: (value.value, value.text) for value in (await bench.get(customer_id)).properties}


@pytest.mark.parametrize(
    ("type_", "value", "stored"),
    [
        ("number", 42, "42"),
        ("number", "-007", "-7"),
        ("number", 2**63 - 1, str(2**63 - 1)),
        ("text", "<b>any</b>", "<b>any</b>"),
        ("text", "", ""),
        ("text", "x" * 255, "x" * 255),
        ("url", "https://example.com/?q=1#x", "https://example.com/?q=1#x"),
        ("date", "2024-02-29", "2024-02-29"),
    ],
)
async def test_values_that_fit_their_type_are_kept(bench: Bench, type_: str, value: Any, stored: str) -> None:
    await define(bench, type_, "slot")
    made = await bench.customer("a@example.com")
    await bench.patch(made.id, SetProperty(slug="slot", value=value))

    assert await held(bench, made.id) == {"slot": (stored, stored)}


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("number", "4.2"),
        ("number", ""),
        ("number", True),
        ("number", "٤"),
        ("number", 2**63),
        ("number", "9" * 40),
        ("text", "x" * 256),
        ("url", "example.com"),
        ("url", "javascript://x/%0aalert(1)"),
        ("url", "http://[::1"),
        ("url", "https://"),
        ("date", "2023-02-29"),
        ("date", "2024-W01-1"),
        ("date", "20240101"),
        ("date", "today"),
        ("dropdown", "Platinum"),
        ("dropdown", "00000000-0000-0000-0000-000000000000"),
    ],
)
async def test_values_that_do_not_fit_their_type_are_refused(bench: Bench, type_: str, value: Any) -> None:
    await define(bench, type_, "slot", *(["Premium"] if type_ == "dropdown" else []))
    made = await bench.customer("a@example.com")
    with pytest.raises(Invalid) as refusal:
        await bench.patch(made.id, SetProperty(slug="slot", value=value, value_at="[0].value"))

    assert paths_of(refusal.value.errors) == ["[0].value"]
    assert await held(bench, made.id) == {}


@pytest.mark.parametrize("by", ["id", "label", "folded"])
async def test_a_choice_is_named_by_id_or_label(bench: Bench, by: str) -> None:
    definition = await define(bench, "dropdown", "tier", "Free", "Premium")
    option = definition.options[1]
    made = await bench.customer("a@example.com")
    value = {"id": option.id.upper(), "label": "Premium", "folded": "pREMIUM"}[by]
    await bench.patch(made.id, SetProperty(slug="TIER", value=value))

    assert await held(bench, made.id) == {"tier": (option.id, "Premium")}


async def test_values_are_replaced_and_removed(bench: Bench) -> None:
    await define(bench, "text", "a")
    await define(bench, "text", "b")
    made = await bench.customer("x@example.com")
    await bench.patch(made.id, SetProperty(slug="a", value="1"), SetProperty(slug="b", value="1"))
    await bench.patch(made.id, SetProperty(slug="a", value="2"), SetProperty(slug="b", value=None))
    await bench.patch(made.id, SetProperty(slug="a", value="2"), SetProperty(slug="b", value=None))

    assert await held(bench, made.id) == {"a": ("2", "2")}
    assert [fact[2] for fact in await bench.facts("customer.updated")] == [{"fields": ["properties"]}] * 2


async def test_properties_of_another_account_do_not_exist(bench: Bench) -> None:
    await define(bench, "text", "theirs", by=bench.stranger)
    made = await bench.customer("x@example.com")
    with pytest.raises(Invalid) as refusal:
        await bench.patch(made.id, SetProperty(slug="theirs", value="1"))

    assert [problem.kind for problem in refusal.value.errors] == ["Unknown"]
    assert await defined(bench) == []


async def test_a_definition_is_judged_as_a_whole(bench: Bench) -> None:
    options = [
        NewOption(label=" ", at="options[0]"),
        NewOption(label="x" * 256, id="no uuid", at="options[1]"),
        NewOption(label="Same", at="options[2]"),
        NewOption(label="Same", at="options[3]"),
    ]
    with pytest.raises(Invalid) as refusal:
        async with bench.transactions.open() as tx:
            await customers.define_property(
                tx, bench.actor, NewProperty(type="dropdown", slug="a b", name="", options=options)
            )

    assert paths_of(refusal.value.errors) == [
        "slug",
        "name",
        "options[0].label",
        "options[1].label",
        "options[1].id",
        "options[3].label",
    ]


@pytest.mark.parametrize("slug", ["", "email", "JobTitle", "x" * 101, "a/b", "ä", "a\n", None])
async def test_slugs_have_a_form_and_some_are_reserved(bench: Bench, slug: str | None) -> None:
    with pytest.raises(Invalid) as refusal:
        async with bench.transactions.open() as tx:
            await customers.define_property(tx, bench.actor, NewProperty(type="text", slug=slug, name="Name"))

    assert paths_of(refusal.value.errors) == ["slug"]


async def test_a_slug_is_taken_once_whatever_its_case(bench: Bench) -> None:
    await define(bench, "text", "tier")
    with pytest.raises(DuplicateSlug):
        await define(bench, "number", "TIER")
    await define(bench, "number", "tier", by=bench.stranger)


async def test_an_account_has_fifty_properties_at_most(bench: Bench) -> None:
    results = await asyncio.gather(
        *(define(bench, "text", f"slot-{number}") for number in range(55)), return_exceptions=True
    )

    assert sum(isinstance(result, Invalid) for result in results) == 5
    assert len(await defined(bench)) == 50


async def test_options_left_out_go_with_their_values(bench: Bench) -> None:
    definition = await define(bench, "dropdown", "tier", "Free", "Premium")
    free, premium = definition.options
    first, second = await bench.customer("a@example.com"), await bench.customer("b@example.com")
    await bench.patch(first.id, SetProperty(slug="tier", value="Free"))
    await bench.patch(second.id, SetProperty(slug="tier", value="Premium"))
    async with bench.transactions.open() as tx:
        options = [NewOption(label="New", at="options[0]"), NewOption(label="Gold", id=premium.id, at="options[1]")]
        await customers.redefine_property(tx, bench.actor, "Tier", "Level", options)
    after = (await defined(bench))[0]

    assert (after.name, after.slug, [option.label for option in after.options]) == ("Level", "tier", ["New", "Gold"])
    assert free.id not in {option.id for option in after.options}
    assert await held(bench, first.id) == {}
    assert await held(bench, second.id) == {"tier": (premium.id, "Gold")}


async def test_an_option_of_another_property_cannot_be_taken(bench: Bench) -> None:
    other = await define(bench, "dropdown", "other", "Free")
    options = [NewOption(label="Mine", id=other.options[0].id, at="options[0]")]
    wanted = NewProperty(type="dropdown", slug="mine", name="Mine", options=options)
    with pytest.raises(Invalid) as refusal:
        async with bench.transactions.open() as tx:
            await customers.define_property(tx, bench.actor, wanted)

    assert paths_of(refusal.value.errors) == ["options[0].id"]


async def test_a_removed_property_takes_its_values_along(bench: Bench) -> None:
    await define(bench, "text", "tier")
    made = await bench.customer("a@example.com")
    await bench.patch(made.id, SetProperty(slug="tier", value="gold"))
    async with bench.transactions.open() as tx:
        await customers.remove_property(tx, bench.actor, "tier")

    assert await held(bench, made.id) == {}
    with pytest.raises(NotFound):
        async with bench.transactions.open() as tx:
            await customers.remove_property(tx, bench.actor, "tier")
    facts = await bench.facts("customer_property.created", "customer_property.deleted")
    assert [fact[0] for fact in facts] == ["customer_property.created", "customer_property.deleted"]


async def test_plain_users_define_but_do_not_change_or_remove(bench: Bench) -> None:
    user = Actor(account_id=bench.actor.account_id, kind="user", user_id=9, role=Role.USER, mailbox_ids=frozenset())
    await define(bench, "text", "tier", by=user)
    with pytest.raises(Forbidden):
        async with bench.transactions.open() as tx:
            await customers.remove_property(tx, user, "tier")
    with pytest.raises(Forbidden):
        async with bench.transactions.open() as tx:
            await customers.redefine_property(tx, user, "tier", "Level", [])
    with pytest.raises(Forbidden):
        await define(bench, "text", "other", by=Actor.for_customer(bench.actor.account_id, 1))
