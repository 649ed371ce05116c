"""What hangs on a customer, over HTTP: entries, address, property values (E35 to E60, X8)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.desk import Desk
from tests.edges.inbox_v2.customer_calls import Caller, assert_refused, caller_on, paths
from waypost.domains.accounts import Dialect

COLLECTIONS: dict[str, tuple[list[str], str]] = {
    "emails": (["home", "work", "other"], "work"),
    "phones": (["fax", "home", "mobile", "other", "pager", "work"], "work"),
    "chats": (["aim", "gtalk", "icq", "msn", "other", "qq", "skype", "xmpp", "yahoo"], "other"),
    "social-profiles": (
        ["aboutme", "facebook", "flickr", "foursquare", "google", "googleplus", "linkedin", "other", "quora",
         "tungleme", "twitter", "youtube"],
        "other",
    ),
    "social_profiles": (["twitter"], "other"),
}  # fmt: skip


@pytest.fixture
async def caller(module_desk: Desk) -> Caller:
    return await caller_on(module_desk)


async def items(caller: Caller, path: str) -> list[dict[str, Any]]:
    body = (await caller.client.get(path)).json()
    assert set(body) == {"_embedded", "_links"}
    assert body["_links"] == {"self": {"href": caller.desk.base_url + path}}
    rel = path.rsplit("/", 1)[1]
    found: list[dict[str, Any]] = body["_embedded"][rel]
    return found


@pytest.mark.parametrize("collection", [*COLLECTIONS, "websites"])
async def test_four_verbs_on_every_collection(caller: Caller, collection: str) -> None:
    path = f"/v2/customers/{await caller.customer()}/{collection}"
    assert await items(caller, path) == []

    sent = {"type": "other", "value": "a@example.com"}
    answer = await caller.client.post(path, json=sent)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    own = f"{caller.desk.base_url}{path}/{made['id']}"
    kept = sent if collection != "websites" else {"value": "a@example.com"}
    if collection == "social_profiles":
        kept = {**kept}
    assert made == {"id": made["id"], **kept, "_links": {"self": {"href": own}}}
    assert answer.headers["resource-id"] == str(made["id"])
    assert answer.headers["location"] == own
    assert await items(caller, path) == [{"id": made["id"], **kept}]
    assert (await caller.client.get(own)).json() == made

    answer = await caller.client.put(own, json={"type": "other", "value": "b@example.com"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert [entry["value"] for entry in await items(caller, path)] == ["b@example.com"]
    assert (await caller.client.put(own, json={"type": "other", "value": "b@example.com"})).status_code == 204

    answer = await caller.client.delete(own)
    assert (answer.status_code, answer.content) == (204, b"")
    assert await items(caller, path) == []
    assert (await caller.client.delete(own)).status_code == 404
    assert (await caller.client.put(own, json=sent)).status_code == 404
    assert (await caller.client.get(own)).status_code == 404


@pytest.mark.parametrize("collection", COLLECTIONS)
async def test_types_are_those_of_the_specification(caller: Caller, collection: str) -> None:
    types, default = COLLECTIONS[collection]
    path = f"/v2/customers/{await caller.customer()}/{collection}"
    for type_ in types:
        answer = await caller.client.post(path, json={"type": type_, "value": f"{type_}@example.com"})
        assert answer.json()["type"] == type_
    assert (await caller.client.post(path, json={"value": "d@example.com"})).json()["type"] == default
    answer = await caller.client.post(path, json={"type": "moon", "value": "e@example.com"})
    assert_refused(answer, "type")
    message = answer.json()["_embedded"]["errors"][0]["message"]
    assert message.startswith("must be one of '")
    assert all(f"'{type_}'" in message for type_ in types)


async def test_profiles_are_listed_under_both_rels(caller: Caller) -> None:
    customer_id = await caller.customer(socialProfiles=[{"type": "twitter", "value": "@jane"}])
    for spelling in ("social-profiles", "social_profiles"):
        body = (await caller.client.get(f"/v2/customers/{customer_id}/{spelling}")).json()
        assert body["_embedded"]["social-profiles"] == body["_embedded"]["social_profiles"]
        assert len(body["_embedded"]["social-profiles"]) == 1


async def test_values_are_required_and_bounded(caller: Caller) -> None:
    path = f"/v2/customers/{await caller.customer()}"
    for body in ({}, {"value": None}, {"value": ""}, {"value": " \t"}, {"value": "x" * 256}):
        assert_refused(await caller.client.post(f"{path}/phones", json=body), "value")
    assert_refused(await caller.client.post(f"{path}/phones", json={"value": 5, "type": []}), "value", "type")
    for bad in ("jane", "jane@", "@example.com", "a b@example.com", "a@b@c.d", "jane@example..com", "jane@-x.com"):
        assert_refused(await caller.client.post(f"{path}/emails", json={"value": bad}), "value")
    assert (await caller.client.post(f"{path}/phones", json={"value": "x" * 255})).status_code == 201
    assert await items(caller, f"{path}/emails") == []


@pytest.mark.parametrize(
    "good", ["Jane.Doe+tag@Example.co.uk", "o'neil@example.com", "jürgen@bücher.example", "1@2.at"]
)
async def test_addresses_are_kept_as_sent(caller: Caller, good: str) -> None:
    path = f"/v2/customers/{await caller.customer()}/emails"
    assert (await caller.client.post(path, json={"value": f" {good} "})).json()["value"] == good


async def test_a_duplicate_address_is_a_conflict(caller: Caller) -> None:
    await caller.customer(email="taken@example.com")
    path = f"/v2/customers/{await caller.customer(email='own@example.com')}/emails"
    for value in ("TAKEN@example.com", "own@example.com"):
        answer = await caller.client.post(path, json={"value": value})
        assert_refused(answer, "value", status=409)
        assert answer.json()["_embedded"]["errors"][0]["rejectedValue"] == value
    client = await caller.desk.client(await caller.desk.make.token(caller.account.owner, Dialect.PLATFORM))
    assert_refused(await client.post(path, json={"value": "taken@example.com"}), "value", status=400)


async def test_a_collection_takes_a_hundred_entries(caller: Caller) -> None:
    path = f"/v2/customers/{await caller.customer(phones=[{'value': str(n)} for n in range(100)])}/phones"
    answer = await caller.client.post(path, json={"value": "one more"})

    assert answer.status_code == 422
    assert answer.json()["_embedded"]["errors"][0]["message"] == "size must be between 0 and 100"
    assert len(await items(caller, path)) == 100


async def test_entries_of_other_customers_and_accounts_are_not_found(caller: Caller) -> None:
    rival = await caller_on(caller.desk)
    ours = await caller.customer(email="jane@example.com")
    other = await caller.get(await caller.customer(email="john@example.com"))
    theirs = await rival.get(await rival.customer(email="jane@example.com"))
    body = {"value": "x@example.com"}
    for path in (
        f"/v2/customers/{ours}/emails/{other['emails'][0]['id']}",
        f"/v2/customers/{ours}/emails/{theirs['emails'][0]['id']}",
        f"/v2/customers/{ours}/emails/0",
        f"/v2/customers/{ours}/emails/x",
        f"/v2/customers/{theirs['id']}/emails/{theirs['emails'][0]['id']}",
        f"/v2/customers/{other['id']}/phones/{other['emails'][0]['id']}",
    ):
        assert (await caller.client.put(path, json=body)).status_code == 404, path
        assert (await caller.client.delete(path)).status_code == 404, path
    for part in ("emails", "phones", "chats", "social-profiles", "websites", "address"):
        assert (await caller.client.get(f"/v2/customers/{theirs['id']}/{part}")).status_code == 404
        answer = await caller.client.post(f"/v2/customers/{theirs['id']}/{part}", json={"value": "1", "city": "x"})
        assert answer.status_code == 404, part
    assert await rival.get(theirs["id"]) == theirs


async def test_the_address(caller: Caller) -> None:
    path = f"/v2/customers/{await caller.customer()}/address"
    assert (await caller.client.get(path)).status_code == 404
    sent = {"lines": ["Main street 1"], "city": "Vienna", "state": "", "postalCode": "1010", "country": "at"}
    answer = await caller.client.post(path, json=sent)
    assert answer.status_code == 201
    assert answer.headers["location"] == caller.desk.base_url + path
    body = answer.json()
    assert answer.headers["resource-id"] == str(body["id"])
    links = {"_links": {"self": {"href": caller.desk.base_url + path}}}
    assert body == {"id": body["id"], **sent, "country": "AT", **links}
    assert (await caller.client.get(path)).json() == body

    assert (await caller.client.post(path, json={"city": "Graz"})).status_code == 201
    assert (await caller.client.get(path)).json() == {
        "id": body["id"], "lines": [], "city": "Graz", "state": "", "postalCode": "", "country": "", **links
    }  # fmt: skip
    assert (await caller.client.delete(path)).status_code == 204
    assert (await caller.client.delete(path)).status_code == 404
    assert (await caller.client.get(path)).status_code == 404


async def test_putting_an_address_makes_one(caller: Caller) -> None:
    customer_id = await caller.customer()
    path = f"/v2/customers/{customer_id}/address"
    for city in ("Vienna", "Graz"):
        answer = await caller.client.put(path, json={"city": city, "lines": "Main street 1", "country": None})
        assert (answer.status_code, answer.content) == (204, b"")
    address = (await caller.get(customer_id))["_embedded"]["address"]
    assert (address["city"], address["lines"]) == ("Graz", ["Main street 1"])


async def test_bad_addresses_are_refused_with_every_reason(caller: Caller) -> None:
    path = f"/v2/customers/{await caller.customer()}/address"
    sent = {"lines": ["ok", "x" * 256], "city": "x" * 256, "state": "ok", "postalCode": "x" * 256, "country": "AUT"}
    assert_refused(await caller.client.put(path, json=sent), "lines[1]", "city", "postalCode", "country")
    assert_refused(await caller.client.put(path, json={"lines": [1], "city": 5}), "lines[0]", "city")
    assert_refused(await caller.client.put(path, json={"lines": ["x"] * 11}), "lines")
    assert (await caller.client.get(path)).status_code == 404


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
async def test_property_values(caller: Caller, method: str) -> None:
    for type_, slug in (("text", "account-type"), ("number", "age-group"), ("date", "since")):
        definition = {"type": type_, "slug": slug, "name": slug}
        assert (await caller.client.post("/v2/customer-properties", json=definition)).status_code == 201
    customer_id = await caller.customer()
    path = f"/v2/customers/{customer_id}/properties"

    async def change(*operations: dict[str, Any]) -> int:
        return (await caller.client.request(method, path, json=list(operations))).status_code

    async def held() -> dict[str, str]:
        properties = (await caller.get(customer_id))["_embedded"]["properties"]
        return {one["slug"]: one["value"] for one in properties}

    assert (
        await change(
            {"op": "replace", "path": "/account-type", "value": "Premium"},
            {"op": "add", "path": "/age-group", "value": 4},
            {"op": "add", "path": "since", "value": "2024-01-31"},
        )
        == 204
    )
    assert await held() == {"account-type": "Premium", "age-group": "4", "since": "2024-01-31"}
    assert await change({"op": "remove", "path": "/age-group"}) == 204
    assert await change({"op": "remove", "path": "/age-group"}) == 204
    assert await held() == {"account-type": "Premium", "since": "2024-01-31"}

    answer = await caller.client.request(
        method,
        path,
        json=[
            {"op": "replace", "path": "/account-type", "value": "Basic"},
            {"op": "replace", "path": "/unknown", "value": "x"},
            {"op": "replace", "path": "/since", "value": "tomorrow"},
            {"op": "replace", "path": "/account-type", "value": {"a": 1}},
            {"op": "test", "path": "/account-type", "value": "Premium"},
            {"op": "replace", "path": "/account-type"},
        ],
    )
    assert_refused(answer, "[1].path", "[2].value", "[3].value", "[4].op", "[5].value")
    assert await held() == {"account-type": "Premium", "since": "2024-01-31"}


async def test_parallel_additions_of_one_address_make_one_entry(caller: Caller) -> None:
    made = [await caller.customer(firstName=f"n{number}") for number in range(6)]
    answers = await asyncio.gather(
        *(caller.client.post(f"/v2/customers/{one}/emails", json={"value": "jane@example.com"}) for one in made)
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
    assert [paths(answer) for answer in answers if answer.status_code == 409] == [["value"]] * 5
