"""Changing a customer by operations over HTTP, in all the forms that clients send, and by those that attack it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.desk import Desk
from tests.edges.inbox_v2.customer_calls import FULL, Caller, assert_refused, caller_on

NAUGHTY = Path(__file__).parents[2] / "data" / "hostile" / "naughty-strings.jsonl"
WITHOUT_PROPERTIES = {key: value for key, value in FULL.items() if key != "properties"}


@pytest.fixture
async def caller(module_desk: Desk) -> Caller:
    return await caller_on(module_desk)


def entries(body: dict[str, Any], collection: str) -> list[tuple[str, str]]:
    return [(entry.get("type", ""), entry["value"]) for entry in body["_embedded"][collection]]


async def test_operations_on_every_kind_of_path(caller: Caller) -> None:
    await caller.client.post("/v2/customer-properties", json={"type": "text", "slug": "tier", "name": "Tier"})
    customer_id = await caller.customer(**WITHOUT_PROPERTIES)
    before = await caller.get(customer_id)
    email_id, phone_id = before["emails"][0]["id"], before["phones"][0]["id"]
    chat_id = before["_embedded"]["chats"][0]["id"]
    answer = await caller.patch(
        customer_id,
        [
            {"op": "replace", "path": "/firstName", "value": "Joan"},
            {"op": "add", "path": "/jobTitle", "value": "Director"},
            {"op": "remove", "path": "/background"},
            {"op": "replace", "path": "/location", "value": None},
            {"op": "replace", "path": "/age", "value": 35},
            {"op": "replace", "path": "/organization", "value": "Other Corp"},
            {"op": "add", "path": "/emails", "value": {"type": "home", "value": "joan@example.com"}},
            {"op": "add", "path": "/phones/-", "value": {"value": "2"}},
            {"op": "add", "path": "/social-profiles", "value": {"type": "facebook", "value": "joan"}},
            {"op": "add", "path": "/socialProfiles", "value": {"value": "joan2"}},
            {"op": "replace", "path": f"/emails/{email_id}/value", "value": "jane2@example.com"},
            {"op": "replace", "path": f"/emails/{email_id}/type", "value": "other"},
            {"op": "replace", "path": f"/chats/{chat_id}", "value": {"type": "icq", "value": "123"}},
            {"op": "remove", "path": f"/phones/{phone_id}"},
            {"op": "replace", "path": "/address/city", "value": "Graz"},
            {"op": "remove", "path": "/address/lines"},
            {"op": "replace", "path": "/properties/tier", "value": "gold"},
        ],
    )
    after = await caller.get(customer_id)

    assert (answer.status_code, answer.content) == (204, b"")
    assert (after["firstName"], after["jobTitle"], after["age"]) == ("Joan", "Director", "35")
    assert after["organization"] == "Other Corp"
    assert not {"background", "location"} & set(after)
    assert entries(after, "emails") == [("other", "jane2@example.com"), ("home", "joan@example.com")]
    assert after["emails"][0]["id"] == email_id
    assert entries(after, "phones") == [("work", "2")]
    assert entries(after, "chats") == [("icq", "123")]
    assert entries(after, "social_profiles") == [("twitter", "@jane"), ("facebook", "joan"), ("other", "joan2")]
    assert (after["_embedded"]["address"]["city"], after["_embedded"]["address"]["lines"]) == ("Graz", [])
    assert after["_embedded"]["properties"][0]["value"] == "gold"


async def test_one_operation_alone(caller: Caller) -> None:
    customer_id = await caller.customer()
    answer = await caller.patch(customer_id, {"op": "replace", "path": "/firstName", "value": "Joan"})

    assert answer.status_code == 204
    assert (await caller.get(customer_id))["firstName"] == "Joan"
    assert_refused(await caller.patch(customer_id, {"op": "replace", "path": "/age", "value": "1000"}), "value")
    assert_refused(await caller.patch(customer_id, {"op": "copy", "path": "/age", "from": "/firstName"}), "op")


async def test_the_media_type_of_patches_is_read(caller: Caller) -> None:
    customer_id = await caller.customer()
    answer = await caller.client.patch(
        f"/v2/customers/{customer_id}",
        content=b'[{"op":"replace","path":"/firstName","value":"Joan"}]',
        headers={"Content-Type": "application/json-patch+json"},
    )

    assert answer.status_code == 204
    assert (await caller.get(customer_id))["firstName"] == "Joan"


async def test_a_plain_object_changes_what_it_names(caller: Caller) -> None:
    await caller.client.post("/v2/customer-properties", json={"type": "text", "slug": "tier", "name": "Tier"})
    customer_id = await caller.customer(**WITHOUT_PROPERTIES)
    answer = await caller.patch(
        customer_id,
        {
            "firstName": "Joan",
            "lastName": None,
            "id": 5,
            "accountId": 5,
            "draft": True,
            "emails": [{"value": "joan@example.com"}],
            "address": {"city": "Graz"},
            "properties": [{"slug": "tier", "value": "gold"}],
        },
    )
    after = await caller.get(customer_id)

    assert answer.status_code == 204, answer.text
    assert (after["id"], after["firstName"], after["lastName"], after["draft"]) == (customer_id, "Joan", "Smith", False)
    assert entries(after, "emails") == [("work", "joan@example.com")]
    assert after["_embedded"]["address"]["city"] == "Graz"
    assert after["_embedded"]["address"]["lines"] == []
    assert after["_embedded"]["properties"][0]["value"] == "gold"
    bad = {
        "firstName": "",
        "emails": [{"value": "x"}, 5],
        "age": "1000",
        "properties": [{}, {"slug": "no", "value": 1}],
    }
    assert_refused(
        await caller.patch(customer_id, bad),
        "firstName",
        "emails[1]",
        "age",
        "properties[0].slug",
        "properties[1].slug",
    )
    assert await caller.get(customer_id) == after


async def test_replacing_a_whole_collection(caller: Caller) -> None:
    customer_id = await caller.customer(emails=[{"value": "a@example.com"}, {"value": "b@example.com"}])
    kept = (await caller.get(customer_id))["emails"][1]
    replacement = [{"type": "home", "value": "c@example.com"}, {"type": "work", "value": "b@example.com"}]
    answer = await caller.patch(customer_id, [{"op": "replace", "path": "/emails", "value": replacement}])

    assert answer.status_code == 204, answer.text
    after = (await caller.get(customer_id))["emails"]
    assert sorted(entry["value"] for entry in after) == ["b@example.com", "c@example.com"]
    assert kept in after
    for operation in (
        {"op": "remove", "path": "/emails"},
        {"op": "replace", "path": "/emails", "value": {"value": "x@example.com"}},
        {"op": "add", "path": "/emails", "value": [{"value": "x@example.com"}]},
    ):
        assert (await caller.patch(customer_id, [operation])).status_code == 422
    assert (await caller.get(customer_id))["emails"] == after


async def test_every_mistake_is_named_with_its_place(caller: Caller) -> None:
    customer_id = await caller.customer(**WITHOUT_PROPERTIES)
    before = await caller.get(customer_id)
    answer = await caller.patch(
        customer_id,
        [
            {"op": "replace", "path": "/firstName", "value": "Joan"},
            {"op": "replace", "path": "/firstName", "value": " "},
            {"op": "replace", "path": "/id", "value": 1},
            {"op": "test", "path": "/firstName", "value": "Jane"},
            {"op": "add", "path": "/emails", "value": {"type": "moon", "value": "nobody"}},
            {"op": "add", "path": "/emails", "value": "x@example.com"},
            {"op": "replace", "path": "/age"},
            {"op": "replace", "path": "/gender", "value": ["male"]},
            {"op": "replace", "path": "/address", "value": {"country": "Austria", "city": 5}},
            {"op": "replace", "path": "/organizationId", "value": 2**40},
            {"op": "replace", "path": "/organizationId", "value": -1},
        ],
    )

    assert_refused(
        answer,
        "[1].value",
        "[2].path",
        "[3].op",
        "[4].value.type",
        "[4].value.value",
        "[5].value",
        "[6].value",
        "[7].value",
        "[8].value.city",
        "[10].value",
    )
    assert await caller.get(customer_id) == before


async def test_an_unknown_entry_is_not_found_and_nothing_changes(caller: Caller) -> None:
    customer_id = await caller.customer(email="jane@example.com")
    other = await caller.get(await caller.customer(email="john@example.com"))
    for entry_id in (other["emails"][0]["id"], 0, 10**17):
        operations = [
            {"op": "replace", "path": "/firstName", "value": "Joan"},
            {"op": "replace", "path": f"/emails/{entry_id}/value", "value": "x@example.com"},
        ]
        assert (await caller.patch(customer_id, operations)).status_code == 404
    assert (await caller.get(customer_id))["firstName"] == ""
    assert (await caller.get(other["id"])) == other


@pytest.mark.parametrize("body", [b"5", b'"x"', b"null", b"", b"[1", b'[{"op":"add"', b"[" * 3000])
async def test_bodies_that_are_no_patch(caller: Caller, body: bytes) -> None:
    answer = await caller.client.patch(
        f"/v2/customers/{await caller.customer()}", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 400


async def test_empty_patches_change_nothing(caller: Caller) -> None:
    customer_id = await caller.customer()
    before = await caller.get(customer_id)
    for body in ([], {}):
        assert (await caller.patch(customer_id, body)).status_code == 204
    assert await caller.get(customer_id) == before


async def test_a_patch_is_bounded(caller: Caller) -> None:
    customer_id = await caller.customer()
    operations = [{"op": "replace", "path": "/firstName", "value": "x"}] * 501
    assert (await caller.patch(customer_id, operations)).status_code == 422


# Attack 48: every operation on every path, with values of every type.

OPS = ["add", "replace", "remove", "test", "copy", "move", "ADD", "", "delete", None, 5, {}]
PATHS = [
    "/firstName", "/lastName", "/photoUrl", "/photoType", "/jobTitle", "/location", "/background", "/age", "/gender",
    "/organization", "/organizationId", "/emails", "/emails/-", "/emails/ID", "/emails/ID/value", "/emails/ID/type",
    "/emails/ID/id", "/emails/ID/value/0", "/phones", "/phones/ID", "/social_profiles", "/websites/ID/type", "/address",
    "/address/city", "/address/lines", "/address/lines/0", "/address/country", "/address/id", "/properties",
    "/properties/tier", "/properties/none", "/id", "/accountId", "/account_id", "/state", "/draft", "/createdAt",
    "/conversationCount", "/_embedded/emails", "/_links", "/merged_into_id", "", "/", "//", "firstName",
    "/../firstName", "/emails/OTHER", "/emails/OTHER/value", "/emails/../phones", "/emails/%2e%2e", "/emails/0",
    "/emails/-1", "/emails/1e3", "/emails/99999999999999999999999",
    "/emails/ID\x00", "/firstName/", "/firstName~1", "/~0firstName", "/properties/~1~0", "/emails/\u0661",
    "/__class__", "/constructor/prototype", None, 5, ["/firstName"],
]  # fmt: skip
PRIVATE = "select account_id, id, state, merged_into_id, is_draft, created_at from customer where id = $1"


def naughty() -> list[str]:
    return [json.loads(line) for line in NAUGHTY.read_text(encoding="utf-8").splitlines()]


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8"), max_size=60),
    st.sampled_from(naughty()),
)
values = st.one_of(
    scalars,
    st.fixed_dictionaries({"value": scalars}, optional={"type": scalars, "id": scalars}),
    st.lists(st.one_of(scalars, st.dictionaries(st.sampled_from(["value", "type", "id"]), scalars)), max_size=4),
    st.dictionaries(st.sampled_from(["city", "lines", "country", "postalCode", "x"]), scalars, max_size=4),
)
operations = st.fixed_dictionaries(
    {"op": st.sampled_from(OPS), "path": st.sampled_from(PATHS)},
    optional={"value": values, "from": st.sampled_from(PATHS)},
)


class Target:
    """A customer to attack, and one beside it that must stay as it is."""

    def __init__(self, caller: Caller, customer_id: int, bystander: dict[str, Any]) -> None:
        self.caller, self.customer_id, self.bystander = caller, customer_id, bystander

    async def private(self) -> Any:
        """What no operation may change."""
        async with self.caller.desk.connection() as connection:
            return await connection.fetchrow(PRIVATE, self.customer_id)

    def aimed(self, patch: list[dict[str, Any]], before: dict[str, Any]) -> list[dict[str, Any]]:
        """The operations with ids that exist in the place of ID, and those of the bystander in the place of OTHER."""
        own = [entry["id"] for name in ("emails", "phones", "websites") for entry in before["_embedded"][name]]
        text = json.dumps(patch).replace("OTHER", str(self.bystander["emails"][0]["id"]))
        return list(json.loads(text.replace("ID", str(own[len(text) % len(own)] if own else 0))))


@pytest.fixture
async def target(caller: Caller) -> Target:
    await caller.client.post("/v2/customer-properties", json={"type": "text", "slug": "tier", "name": "Tier"})
    bystander = await caller.get(await caller.customer(email="bystander@example.com", firstName="Bystander"))
    return Target(caller, await caller.customer(**WITHOUT_PROPERTIES), bystander)


@settings(
    max_examples=200,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(patch=st.lists(operations, min_size=1, max_size=4))
async def test_no_operation_reaches_what_it_must_not(target: Target, patch: list[dict[str, Any]]) -> None:
    caller, customer_id = target.caller, target.customer_id
    before, private = await caller.get(customer_id), await target.private()
    patch = target.aimed(patch, before)
    answer = await caller.patch(customer_id, patch)

    assert answer.status_code in (204, 400, 404, 409, 422), answer.text
    if answer.status_code != 204:
        assert await caller.get(customer_id) == before
    if any(operation["op"] not in ("add", "replace", "remove", "ADD") for operation in patch):
        assert answer.status_code != 204
    assert await target.private() == private
    assert await caller.get(target.bystander["id"]) == target.bystander


# Text that breaks systems: stored as it was sent, or refused.

TEXT_PLACES: dict[str, int] = {
    "firstName": 40, "lastName": 40, "jobTitle": 60, "location": 60, "background": 200, "age": 3, "organization": 60,
}  # fmt: skip


def fits(name: str, text: str) -> bool:
    return 0 < len(text) <= TEXT_PLACES[name] and bool(text.strip() or name not in ("firstName", "lastName"))


async def test_awkward_text_is_stored_as_sent_or_refused(caller: Caller) -> None:
    for text in filter(None, naughty()):
        good = {name: text for name in TEXT_PLACES if fits(name, text)}
        answer = await caller.client.post("/v2/customers", json={"phone": "1", **good})
        assert answer.status_code == 201, (text, answer.text)
        stored = {name: value for name, value in answer.json().items() if name in good}
        if name := stored.pop("organization", None):
            # The one of that name, whatever its case, which another string may have made.
            assert name.lower() == good["organization"].strip().lower()
        assert stored == {name: value for name, value in good.items() if name != "organization"}
        if len(good) < len(TEXT_PLACES):
            answer = await caller.client.post("/v2/customers", json={"phone": "1", **dict.fromkeys(TEXT_PLACES, text)})
            assert_refused(answer, *(name for name in TEXT_PLACES if name not in good))


async def test_awkward_entries_are_stored_as_sent_or_refused(caller: Caller) -> None:
    texts = naughty()
    for start in range(0, len(texts), 50):
        sent = [{"value": text} for text in texts[start : start + 50] if text.strip() and len(text) <= 255]
        body = {"phones": sent, "chats": sent, "socialProfiles": sent, "websites": sent}
        answer = await caller.client.post("/v2/customers", json=body)
        assert answer.status_code == 201, answer.text
        for name in ("phones", "chats", "social_profiles", "websites"):
            stored = [entry["value"] for entry in answer.json()["_embedded"][name]]
            assert stored == [entry["value"].replace("\x00", "") for entry in sent]
    for text in texts:
        answer = await caller.client.post("/v2/customers", json={"email": text})
        assert answer.status_code in (201, 422), (text, answer.text)
        if answer.status_code == 201:
            assert [entry["value"] for entry in answer.json()["emails"]] == [text.strip()] * bool(text)


async def test_awkward_text_in_addresses_properties_and_queries(caller: Caller) -> None:
    await caller.client.post("/v2/customer-properties", json={"type": "text", "slug": "tier", "name": "Tier"})
    customer_id = await caller.customer()
    for number, text in enumerate(naughty()):
        kept = text.replace("\x00", "")
        address = {"lines": [text], "city": text, "state": text, "postalCode": text}
        operations = [
            {"op": "replace", "path": "/address", "value": address},
            {"op": "replace", "path": "/properties/tier", "value": text},
        ]
        answer = await caller.patch(customer_id, operations)
        assert answer.status_code == (204 if len(text) <= 255 else 422), (text, answer.text)
        if answer.status_code == 204:
            parts = (await caller.get(customer_id))["_embedded"]
            assert [parts["address"][name] for name in ("city", "state", "postalCode")] == [kept] * 3
            assert parts["address"]["lines"] == [kept]
            assert parts["properties"][0]["value"] == kept
        filters = {"firstName": text, "lastName": text, "email": text}
        path = ("/v2/customers", "/v3/customers")[number % 2]
        assert (await caller.client.get(path, params=filters)).status_code == 200


async def test_nul_characters_are_dropped(caller: Caller) -> None:
    body = await caller.get(await caller.customer(firstName="Ja\x00ne", phone="\x001", organization="Co\x00rp"))

    assert (body["firstName"], body["phones"][0]["value"], body["organization"]) == ("Jane", "1", "Corp")
