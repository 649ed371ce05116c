"""The desk's clock, moved forward in development: what waits for a time happens, and nowhere else can it be moved."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import httpx
import pytest

from tests import golden
from tests.desk import Desk, desk_with
from tests.edges.inbox_v2.test_live import begin
from tests.kit.waiting import running, until
from tests.make import AccountMade
from waypost import worker
from waypost.domains.accounts import Role
from waypost.kit.clock import system_clock
from waypost.kit.job_runner import JobRunner
from waypost.kit.jobs import Job, enqueue
from waypost.kit.movable_clock import MovableClock
from waypost.kit.wakeups import CLOCK

development = desk_with(is_development=True)
PATH = "/v2/clock"


@pytest.fixture
async def account(desk: Desk) -> AccountMade:
    return await desk.make.account()


@pytest.fixture
async def client(desk: Desk, account: AccountMade) -> httpx.AsyncClient:
    return await desk.client(account.owner)


async def recurring_work(desk: Desk, name: str) -> None:
    """One run of what the worker does again and again."""
    entry = next(entry for entry in worker.recurring(desk.parts) if entry.name == name)
    await entry.handle()


@development
async def test_tells_and_moves_the_time(desk: Desk, client: httpx.AsyncClient) -> None:
    answer = await client.get(PATH)
    golden.check(answer, "inbox_v2/clock")
    before = answer.json()
    assert before["aheadSeconds"] == 0
    assert before["_links"]["self"]["href"] == f"{desk.base_url}{PATH}"

    assert (await client.put(PATH, json={"advanceSeconds": 3600})).status_code == 204
    after = (await client.get(PATH)).json()
    moved = datetime.fromisoformat(after["now"]) - datetime.fromisoformat(before["now"])
    assert timedelta(seconds=3600) <= moved <= timedelta(seconds=3660)
    wanted = (datetime.fromisoformat(after["now"]) + timedelta(hours=5)).isoformat()
    assert (await client.put(PATH, json={"now": wanted})).status_code == 204
    assert 5 * 3600 < (await client.get(PATH)).json()["aheadSeconds"] <= 6 * 3600

    assert (await client.delete(PATH)).status_code == 204
    assert (await client.get(PATH)).json()["aheadSeconds"] == 0


@development
async def test_a_snoozed_conversation_wakes(desk: Desk, account: AccountMade, client: httpx.AsyncClient) -> None:
    mailbox = await desk.make.mailbox(account)
    conversation_id = await begin(client, mailbox)
    until_then = (system_clock() + timedelta(hours=40)).strftime("%Y-%m-%dT%H:%M:%SZ")
    snooze = {"snoozedUntil": until_then, "unsnoozeOnCustomerReply": True}
    assert (await client.put(f"/v2/conversations/{conversation_id}/snooze", json=snooze)).status_code == 204
    await recurring_work(desk, "conversations.wake")
    assert "snooze" in (await client.get(f"/v2/conversations/{conversation_id}")).json()

    await client.put(PATH, json={"advanceSeconds": 41 * 3600})
    await recurring_work(desk, "conversations.wake")

    assert "snooze" not in (await client.get(f"/v2/conversations/{conversation_id}")).json()


@development
async def test_a_token_expires(desk: Desk, client: httpx.AsyncClient) -> None:
    await client.put(PATH, json={"advanceSeconds": 2 * 24 * 3600 + 60})
    assert (await client.get(PATH)).status_code == 401


@development
async def test_a_job_that_waits_is_run(desk: Desk, client: httpx.AsyncClient) -> None:
    ran: list[int] = []

    async def note(payload: dict[str, int]) -> None:
        ran.append(payload["n"])

    runner = JobRunner(desk.pool, [Job(name="noted", handle=note)])
    await client.put(PATH, json={"advanceSeconds": 600})
    async with desk.transactions.open() as tx:
        await enqueue(tx, "noted", {"n": 1}, run_at=tx.now + timedelta(hours=1))
        await enqueue(tx, "noted", {"n": 2}, run_at=tx.now + timedelta(hours=9))
    assert await runner.drain() == 0
    await client.put(PATH, json={"advanceSeconds": 2 * 3600})
    assert await runner.drain() == 1
    assert ran == [1]


@development
async def test_other_processes_follow(desk: Desk, client: httpx.AsyncClient) -> None:
    elsewhere = MovableClock()
    wakeups = desk.parts.wakeups
    async with running(wakeups.run(), elsewhere.follow(desk.transactions, wakeups.waiter(CLOCK))):
        await asyncio.sleep(0)
        await client.put(PATH, json={"advanceSeconds": 777})
        await until(lambda: elsewhere.ahead == timedelta(seconds=777))
    started_later = MovableClock()
    async with desk.connection() as connection:
        await started_later.load(connection)
    assert started_later.ahead == timedelta(seconds=777)


@development
@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "advanceSeconds"),
        ({"advanceSeconds": 0}, "advanceSeconds"),
        ({"advanceSeconds": -5}, "advanceSeconds"),
        ({"advanceSeconds": 10**12}, "advanceSeconds"),
        ({"advanceSeconds": "soon"}, "advanceSeconds"),
        ({"now": "2001-01-01T00:00:00Z"}, "now"),
        ({"now": "9999-01-01T00:00:00Z"}, "now"),
        ({"now": "later"}, "now"),
        ({"now": "2999-01-01T00:00:00Z", "advanceSeconds": 1}, "now"),
    ],
)
async def test_bad_moves_are_refused(desk: Desk, client: httpx.AsyncClient, body: object, path: str) -> None:
    answer = await client.put(PATH, json=body)
    assert answer.status_code == 422, answer.text
    assert [error["path"] for error in answer.json()["_embedded"]["errors"]] == [path]
    assert (await client.get(PATH)).json()["aheadSeconds"] == 0


@development
async def test_plain_users_move_nothing(desk: Desk, account: AccountMade) -> None:
    client = await desk.client(await desk.make.user(account, Role.USER))
    for method, body in (("GET", None), ("PUT", {"advanceSeconds": 1}), ("DELETE", None)):
        assert (await client.request(method, PATH, json=body)).status_code == 403


async def test_a_desk_in_use_has_no_such_call(desk: Desk, client: httpx.AsyncClient) -> None:
    for method, body in (("GET", None), ("PUT", {"advanceSeconds": 60}), ("DELETE", None)):
        assert (await client.request(method, PATH, json=body)).status_code == 404
    async with desk.connection() as connection:
        assert await connection.fetchval("select count(*) from moved_clock") == 0
