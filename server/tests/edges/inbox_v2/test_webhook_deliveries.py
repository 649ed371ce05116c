"""The log of deliveries over HTTP, sending again, and tests (spec: webhooks 8)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.desk import Desk
from tests.edges.inbox_v2.test_webhooks import refused
from tests.hooks import OPEN, SECRET, converse, settle, subscribe
from tests.receiver import Receiver, receiving
from waypost.domains.webhooks import SPELLINGS

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("desk", [OPEN], indirect=True, ids=["open"])]


class Scene:
    def __init__(self, desk: Desk, client: httpx.AsyncClient, mailbox_id: int, receiver: Receiver) -> None:
        self.desk, self.client, self.mailbox_id, self.receiver = desk, client, mailbox_id, receiver
        self.status = 200
        receiver.answer = lambda _: self.status
        self.path = ""

    async def subscribe(self, *events: str, **more: Any) -> None:
        webhook = await subscribe(self.client, self.receiver.url, *events, **more)
        self.path = f"/v2/webhooks/{webhook['id']}"

    async def get(self, path: str = "/deliveries", **query: Any) -> list[dict[str, Any]]:
        answer = await self.client.get(self.path + path, params=query)
        assert answer.status_code == 200, answer.text
        [items] = answer.json()["_embedded"].values()
        return list(items)

    async def post(self, path: str, body: Any = None) -> httpx.Response:
        return await self.client.post(self.path + path, json=body)


@pytest.fixture
async def scene(desk: Desk) -> AsyncIterator[Scene]:
    account = await desk.make.account()
    mailbox = await desk.make.mailbox(account)
    async with receiving() as receiver:
        yield Scene(desk, await desk.client(account.owner), mailbox.id, receiver)


async def test_a_delivery_and_its_attempt(scene: Scene) -> None:
    await scene.subscribe("convo.created")
    conversation_id = await converse(scene.client, scene.mailbox_id)
    await settle(scene.desk)
    [listed] = await scene.get()
    found = (await scene.client.get(f"{scene.path}/deliveries/{listed['id']}")).json()
    assert found == listed
    sent = scene.receiver.requests[0]
    assert found["eventId"] == sent.headers["x-helpscout-delivery"]
    assert (found["eventType"], found["state"], found["attempts"]) == ("convo.created", "delivered", 1)
    assert found["resource"] == {"type": "conversation", "id": conversation_id}
    assert found["isRedelivery"] is False
    assert found["deliveredAt"].endswith("Z")
    assert "nextAttemptAt" not in found
    [attempt] = await scene.get(f"/deliveries/{found['id']}/attempts")
    assert (attempt["number"], attempt["responseStatus"], attempt["responseBody"]) == (1, 200, "ok")
    assert attempt["responseHeaders"] == {"Content-Length": "2"}
    assert attempt["requestBody"].encode() == sent.body
    assert attempt["durationMs"] >= 0
    assert attempt["requestHeaders"]["X-HelpScout-Signature"] == sent.headers["x-helpscout-signature"]
    assert "error" not in attempt
    assert SECRET not in repr(attempt)


async def test_filters_and_pages(scene: Scene) -> None:
    await scene.subscribe("convo.created", "customer.created")
    ids = [await converse(scene.client, scene.mailbox_id) for _ in range(3)]
    await settle(scene.desk)
    assert len(await scene.get()) == 4
    newest = [item["id"] for item in await scene.get()]
    assert newest == sorted(newest, reverse=True)
    assert len(await scene.get(eventType="convo.created")) == 3
    assert len(await scene.get(eventType=["convo.created", "customer.created"])) == 4
    [found] = await scene.get(resourceId=ids[1], eventType="convo.created")
    assert found["resource"]["id"] == ids[1]
    assert await scene.get(state="failed") == []
    assert len(await scene.get(state="delivered", since="2024-01-01T00:00:00Z")) == 4
    assert await scene.get(until="2024-01-01T00:00:00Z") == []
    answer = (await scene.client.get(f"{scene.path}/deliveries", params={"page": 2, "limit": 3})).json()
    assert answer["page"] == {"size": 3, "totalElements": 4, "totalPages": 2, "number": 2}
    for query in ({"state": "lost"}, {"since": "x"}, {"resourceId": "x"}, {"page": "x"}):
        refused(await scene.client.get(f"{scene.path}/deliveries", params=query), next(iter(query)), status=400)
    assert (await scene.client.get(f"{scene.path}/deliveries/999999")).status_code == 404


async def test_sending_one_again_keeps_the_event_and_the_body(scene: Scene) -> None:
    await scene.subscribe("convo.created")
    await converse(scene.client, scene.mailbox_id)
    await settle(scene.desk)
    [first] = await scene.get()
    answer = await scene.post(f"/deliveries/{first['id']}/redeliver")
    assert answer.status_code == 201, answer.text
    again = answer.json()
    assert answer.headers["location"] == again["_links"]["self"]["href"]
    assert (again["eventId"], again["isRedelivery"], again["state"]) == (first["eventId"], True, "pending")
    await settle(scene.desk)
    one, two = scene.receiver.requests
    assert (one.body, one.headers["webhook-id"]) == (two.body, two.headers["webhook-id"])
    assert (two.headers["x-helpscout-redelivery"], two.headers["x-helpscout-attempt"]) == ("true", "1")
    assert (await scene.post("/deliveries/999999/redeliver")).status_code == 404


async def test_one_that_waits_is_sent_sooner(scene: Scene) -> None:
    scene.status = 500
    await scene.subscribe("convo.created", retryPolicy="extended")
    await converse(scene.client, scene.mailbox_id)
    await settle(scene.desk)
    [waiting] = await scene.get(state="failed")
    assert waiting["nextAttemptAt"] > waiting["createdAt"]
    scene.status = 200
    assert (await scene.post(f"/deliveries/{waiting['id']}/redeliver")).json()["id"] == waiting["id"]
    await settle(scene.desk)
    [after] = await scene.get()
    assert (after["state"], after["attempts"]) == ("delivered", 2)


async def test_a_replay_sends_what_matches_once(scene: Scene) -> None:
    await scene.subscribe("convo.created", "customer.created")
    for _ in range(3):
        await converse(scene.client, scene.mailbox_id)
    await settle(scene.desk)
    scene.receiver.requests.clear()
    wanted = {"states": ["delivered"], "eventTypes": ["convo.created"], "since": "2024-01-01T00:00:00Z"}
    first = await scene.post("/replay", {**wanted, "requestId": "monday"})
    assert (first.status_code, first.json()) == (200, {"count": 3})
    # The same request again is answered from the record.
    assert (await scene.post("/replay", {**wanted, "requestId": "monday"})).json() == {"count": 3}
    await settle(scene.desk)
    assert scene.receiver.events == ["convo.created"] * 3
    assert all(request.headers["x-helpscout-redelivery"] == "true" for request in scene.receiver.requests)
    too_soon = await scene.post("/replay", {})
    assert too_soon.status_code == 429
    assert 1 <= int(too_soon.headers["retry-after"]) <= 60
    refused(
        await scene.post("/replay", {"states": ["lost"], "eventTypes": ["x"], "requestId": "r" * 256}),
        "states[0]", "eventTypes[0]", "requestId",
    )  # fmt: skip
    refused(await scene.post("/replay", {"since": "yesterday"}), "since")


async def test_a_test_is_sent_in_the_subscriptions_own_form(scene: Scene) -> None:
    await scene.subscribe("convo.created")
    answer = await scene.post("/test")
    assert (answer.status_code, answer.json()["eventType"]) == (201, "helpscout.test")
    await scene.post("/test", {"eventType": "convo.status"})
    await settle(scene.desk)
    assert sorted(scene.receiver.events) == ["convo.status", "helpscout.test"]
    bodies = {request.event: request.json for request in scene.receiver.requests}
    assert bodies["helpscout.test"]["data"] == {"id": int(scene.path.rpartition("/")[2])}
    assert bodies["convo.status"]["data"]["closedBy"]["firstName"] == "John"
    refused(await scene.post("/test", {"eventType": "convo.exploded"}), "eventType")


@pytest.mark.parametrize("profile", ["seed", "platform"])
async def test_every_event_has_a_sample(scene: Scene, profile: str) -> None:
    await scene.subscribe("convo.created", profile=profile)
    available = [name for name, kind in SPELLINGS.items() if kind.is_produced]
    for name in available:
        assert (await scene.post("/test", {"eventType": name})).status_code == 201, name
    refused(await scene.post("/test", {"eventType": "beacon.chat.created"}), "eventType")
    await settle(scene.desk)
    assert sorted(scene.receiver.events) == sorted(available)
    assert all(request.json for request in scene.receiver.requests)


async def test_a_test_that_fails_is_not_repeated_and_changes_nothing(scene: Scene) -> None:
    scene.status = 500
    await scene.subscribe("convo.created")
    await scene.post("/test")
    await settle(scene.desk)
    [delivery] = await scene.get()
    assert (delivery["state"], delivery["attempts"]) == ("discarded", 1)
    assert (await scene.client.get(scene.path)).json()["consecutiveFailures"] == 0


async def test_nothing_is_sent_by_one_that_is_off(scene: Scene) -> None:
    await scene.subscribe("convo.created")
    await converse(scene.client, scene.mailbox_id)
    await settle(scene.desk)
    [delivery] = await scene.get()
    await scene.client.patch(scene.path, json={"state": "disabled"})
    for path in ("/test", "/replay", f"/deliveries/{delivery['id']}/redeliver"):
        answer = await scene.post(path)
        assert (answer.status_code, answer.json()["message"]) == (409, "The webhook is disabled")
