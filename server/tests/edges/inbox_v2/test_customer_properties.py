"""The definitions of customer properties over HTTP (E61, E62, X15, X16)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.desk import Desk
from tests.edges.inbox_v2.customer_calls import Caller, assert_refused, caller_on

PATH = "/v2/customer-properties"


@pytest.fixture
async def caller(module_desk: Desk) -> Caller:
    return await caller_on(module_desk)


async def listed(caller: Caller) -> list[dict[str, Any]]:
    body = (await caller.client.get(PATH)).json()
    assert set(body) == {"_embedded", "_links"}
    found: list[dict[str, Any]] = body["_embedded"]["customer-properties"]
    return found


async def test_defining_and_listing(caller: Caller) -> None:
    assert await listed(caller) == []
    option_id = "9d0c2f6e-0000-4000-8000-000000000001"
    sent = {
        "type": "dropdown",
        "slug": "account-type",
        "name": "Account type",
        "options": [{"id": option_id, "label": "Premium"}, {"label": "Free"}],
    }
    answer = await caller.client.post(PATH, json=sent)
    assert answer.status_code == 201
    own = f"{caller.desk.base_url}{PATH}/account-type"
    assert answer.headers["location"] == own
    assert answer.headers["resource-id"] == "account-type"
    body = answer.json()
    free_id = body["options"][1]["id"]
    assert body == {
        "type": "dropdown",
        "slug": "account-type",
        "name": "Account type",
        "options": [{"id": option_id, "label": "Premium"}, {"id": free_id, "label": "Free"}],
        "_links": {"self": {"href": own}},
    }
    assert await listed(caller) == [body]
    assert (await caller.client.get(own)).json() == body


@pytest.mark.parametrize("type_", ["number", "text", "url", "date"])
async def test_only_dropdowns_have_options(caller: Caller, type_: str) -> None:
    sent = {"type": type_, "slug": "slot", "name": "Slot", "options": [{"label": "Ignored"}]}
    assert "options" not in (await caller.client.post(PATH, json=sent)).json()


async def test_the_path_with_a_blank_at_its_end(caller: Caller) -> None:
    await caller.client.post(PATH, json={"type": "text", "slug": "tier", "name": "Tier"})
    for path in (f"{PATH}%20", f"{PATH}/"):
        answer = await caller.client.get(path)
        assert answer.status_code == 200
        assert [item["slug"] for item in answer.json()["_embedded"]["customer-properties"]] == ["tier"]


async def test_everything_missing_is_named(caller: Caller) -> None:
    assert_refused(await caller.client.post(PATH, json={}), "type", "slug", "name")
    sent = {"type": "colour", "slug": "jobTitle", "name": " ", "options": None}
    assert_refused(await caller.client.post(PATH, json=sent), "type", "slug", "name")
    options = [{"label": ""}, {"label": "x", "id": "x"}, {}]
    sent = {"type": "dropdown", "slug": "tier", "name": "Tier", "options": options}
    assert_refused(await caller.client.post(PATH, json=sent), "options[0].label", "options[1].id", "options[2].label")
    many = {**sent, "options": [{"label": str(number)} for number in range(101)]}
    assert_refused(await caller.client.post(PATH, json=many), "options")
    assert await listed(caller) == []


async def test_a_duplicate_slug_is_a_conflict(caller: Caller) -> None:
    sent = {"type": "text", "slug": "tier", "name": "Tier"}
    await caller.client.post(PATH, json=sent)
    assert_refused(await caller.client.post(PATH, json={**sent, "slug": "TIER"}), "slug", status=409)


async def test_redefining_and_removing(caller: Caller) -> None:
    sent = {"type": "dropdown", "slug": "tier", "name": "Tier", "options": [{"label": "Free"}, {"label": "Gold"}]}
    gold = (await caller.client.post(PATH, json=sent)).json()["options"][1]
    customer_id = await caller.customer(firstName="Jane", properties=[{"slug": "tier", "value": "Gold"}])
    changed = {"name": "Level", "options": [{"id": gold["id"], "label": "Platinum"}], "type": "text", "slug": "x"}
    answer = await caller.client.put(f"{PATH}/tier", json=changed)
    assert (answer.status_code, answer.content) == (204, b"")
    after = (await caller.client.get(f"{PATH}/tier")).json()
    assert (after["type"], after["slug"], after["name"]) == ("dropdown", "tier", "Level")
    assert after["options"] == [{"id": gold["id"], "label": "Platinum"}]
    held = (await caller.get(customer_id))["_embedded"]["properties"][0]
    assert (held["value"], held["text"], held["name"]) == (gold["id"], "Platinum", "Level")

    assert_refused(await caller.client.put(f"{PATH}/tier", json={"options": []}), "name")
    assert (await caller.client.delete(f"{PATH}/tier")).status_code == 204
    assert (await caller.client.delete(f"{PATH}/tier")).status_code == 404
    assert (await caller.get(customer_id))["_embedded"]["properties"] == []


async def test_definitions_belong_to_their_account(caller: Caller) -> None:
    rival = await caller_on(caller.desk)
    await rival.client.post(PATH, json={"type": "text", "slug": "theirs", "name": "Theirs"})
    assert await listed(caller) == []
    assert (await caller.client.get(f"{PATH}/theirs")).status_code == 404
    assert (await caller.client.put(f"{PATH}/theirs", json={"name": "Ours"})).status_code == 404
    assert (await caller.client.delete(f"{PATH}/theirs")).status_code == 404
    assert (await listed(rival))[0]["name"] == "Theirs"


async def test_plain_users_may_not_change_or_remove_definitions(caller: Caller) -> None:
    await caller.client.post(PATH, json={"type": "text", "slug": "tier", "name": "Tier"})
    user = await caller.desk.client(caller.account.user)
    assert (await user.get(PATH)).status_code == 200
    assert (await user.put(f"{PATH}/tier", json={"name": "x"})).status_code == 403
    assert (await user.delete(f"{PATH}/tier")).status_code == 403


@pytest.mark.parametrize("slug", ["%00", "%2e%2e", "a%2Fb", "%25", "%E4", "x" * 300, "' or 1=1 --"])
async def test_strange_slugs_are_not_found(caller: Caller, slug: str) -> None:
    answer = await caller.client.get(f"{PATH}/{slug}")
    assert answer.status_code == 404
