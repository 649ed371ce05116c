"""What the worker's lists bind together: each entry does its work on a real desk."""

from __future__ import annotations

import httpx
import pytest

from tests.desk import Desk
from waypost import worker


@pytest.fixture
def desk(module_desk: Desk) -> Desk:
    return module_desk


@pytest.fixture
async def client(desk: Desk) -> httpx.AsyncClient:
    account = await desk.make.account()
    mailbox = await desk.make.mailbox(account)
    made = await desk.client(account.owner)
    made.params = {"mailbox": mailbox.id}
    return made


async def begin(client: httpx.AsyncClient) -> str:
    """The path of a new conversation."""
    answer = await client.post(
        "/v2/conversations",
        json={
            "subject": "Hello",
            "customer": {"email": "jane@example.org"},
            "mailboxId": int(client.params["mailbox"]),
            "type": "email",
            "status": "active",
            "threads": [{"type": "customer", "customer": {"email": "jane@example.org"}, "text": "Hello"}],
        },
    )
    assert answer.status_code == 201, answer.text
    return f"/v2/conversations/{answer.json()['id']}"


async def tick(desk: Desk, name: str) -> None:
    """Do one piece of recurring work, as when its time has come."""
    [entry] = [one for one in worker.recurring(desk.parts) if one.name == name]
    await entry.handle()


async def texts(client: httpx.AsyncClient, path: str) -> list[str]:
    threads = (await client.get(f"{path}/threads")).json()["_embedded"]["threads"]
    return [thread["action"]["text"] for thread in threads if thread["type"] == "lineitem"]


async def test_closing_leaves_a_line_in_the_timeline(desk: Desk, client: httpx.AsyncClient) -> None:
    path = await begin(client)
    answer = await client.patch(path, json={"op": "replace", "path": "/status", "value": "closed"})
    assert answer.status_code == 204
    await desk.run_workers()
    assert await texts(client, path) == ["Marked as Closed"]


async def test_sleepers_wake_when_their_time_has_come(desk: Desk, client: httpx.AsyncClient) -> None:
    path = await begin(client)
    later = {"snoozedUntil": "2099-01-01T00:00:00Z", "unsnoozeOnCustomerReply": True}
    assert (await client.put(f"{path}/snooze", json=later)).status_code == 204
    await tick(desk, "conversations.wake")
    assert (await client.get(path)).json()["snooze"]
    async with desk.connection() as connection:
        await connection.execute("update conversation set snoozed_until = '2020-01-01' where snoozed_until is not null")
    await tick(desk, "conversations.wake")
    shown = (await client.get(path)).json()
    assert shown["status"] == "active"
    assert not shown.get("snooze")


async def test_scheduled_replies_go_out_when_their_time_has_come(desk: Desk, client: httpx.AsyncClient) -> None:
    path = await begin(client)
    draft = await client.post(f"{path}/reply", json={"text": "See you then", "draft": True})
    thread_id = int(draft.headers["resource-id"])
    answer = await client.put(
        f"{path}/threads/{thread_id}/schedule",
        json={"scheduledFor": "2099-01-01T00:00:00Z", "unscheduleOnCustomerReply": True, "sendAsCreator": True},
    )
    assert answer.status_code in (200, 201, 204), answer.text
    async with desk.connection() as connection:
        await connection.execute("update thread set scheduled_for = '2020-01-01' where id = $1", thread_id)
    await tick(desk, "conversations.send")
    await desk.run_workers()
    async with desk.connection() as connection:
        assert await connection.fetchval("select state from thread where id = $1", thread_id) == "published"
        assert await connection.fetchval("select state from sent_mail where thread_id = $1", thread_id) == "queued"
