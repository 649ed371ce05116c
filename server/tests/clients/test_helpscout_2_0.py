"""helpscout-2.0 (npm): its generic calls over what the API has. It asks for tokens in the query string."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from tests.clients import published
from tests.clients.ground import Ground, ground
from tests.clients.published import Refused, Remote
from tests.desk import Desk

pytestmark = pytest.mark.anyio


@pytest.fixture
async def here(module_desk: Desk) -> Ground:
    return await ground(module_desk)


@pytest.fixture
async def client(here: Ground) -> AsyncIterator[Remote]:
    credentials = {"clientId": here.app_id, "clientSecret": here.secret}
    async with published.node("helpscout-2.0", published.environment(here.desk.base_url), credentials) as made:
        yield made


async def test_a_token_is_got_with_everything_in_the_address(client: Remote) -> None:
    token = await client.getAccessToken()

    assert token["token_type"] == "bearer"
    assert token["access_token"]
    assert token["expiresAt"] > 0


async def test_lists_are_gathered_page_by_page(here: Ground, client: Remote) -> None:
    made = [await here.conversation(f"Question {number}") for number in range(26)]

    found = await client.list("conversations", "status=active&sortField=number&sortOrder=asc")

    assert [item["id"] for item in found] == made
    threads = await client.list("threads", None, "conversations", made[0])
    assert [thread["type"] for thread in threads] == ["customer"]
    assert len(await client.list("mailboxes")) == 2
    assert len(await client.list("users")) == 3
    assert await client.list("conversations", "status=closed") == []


async def test_making_reading_changing_and_deleting(here: Ground, client: Remote) -> None:
    body = {
        "subject": "Made",
        "type": "email",
        "mailboxId": here.support.id,
        "status": "active",
        "customer": {"email": "jane@example.com"},
        "threads": [{"type": "customer", "text": "Hello", "customer": {"email": "jane@example.com"}}],
    }
    made = await client.create("conversations", body)
    assert made.isdigit(), "the id is the header's"

    note = await client.addNoteToConversation(made, "A note")
    await client.updatePatch("conversations", made, {"op": "replace", "path": "/subject", "value": "Renamed"})
    # Without an id of its own the path ends in a slash.
    await client.updatePut("tags", None, {"tags": ["vip"]}, "conversations", made)
    found = await client.get("conversations", made, ["threads"])
    assert (found["subject"], [tag["tag"] for tag in found["tags"]]) == ("Renamed", ["vip"])
    assert [thread["type"] for thread in found["_embedded"]["threads"]] == ["note", "customer"]
    assert str(found["_embedded"]["threads"][0]["id"]) == note
    assert (await client.get("conversations", made, None, "threads"))["page"]["totalElements"] == 2

    await client.delete("conversations", made)
    with pytest.raises(Refused, match="Resource not found"):
        await client.get("conversations", made)


async def test_customers_and_raw_calls(here: Ground, client: Remote) -> None:
    made = await client.create("customers", {"firstName": "Jane"})
    await client.create("emails", {"type": "work", "value": "jane@example.com"}, "customers", made)
    await client.updatePut("customers", made, {"firstName": "Janet"})

    answer = await client.rawApi("GET", f"https://api.helpscout.net/v2/customers/{made}", "")

    assert answer["status"] == 200
    told = json.loads(answer["data"])
    assert told["firstName"] == "Janet"
    assert [entry["value"] for entry in told["_embedded"]["emails"]] == ["jane@example.com"]


async def test_webhooks(client: Remote) -> None:
    body = {"url": "https://app.example.com/hook", "events": ["convo.created"], "secret": "secret"}

    made = await client.create("webhooks", body)

    assert [str(item["id"]) for item in await client.list("webhooks")] == [made]
    await client.updatePut("webhooks", made, {**body, "events": ["convo.moved"]})
    assert (await client.get("webhooks", made))["events"] == ["convo.moved"]
    await client.delete("webhooks", made)


async def test_mistakes_arrive_with_their_text(here: Ground, client: Remote) -> None:
    with pytest.raises(Refused, match="may not be empty"):
        await client.create("conversations", {"type": "email"})
