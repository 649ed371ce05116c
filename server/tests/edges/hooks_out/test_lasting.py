"""Sending as the worker does it: by itself, side by side, through crashes of every part, in real time."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import pairwise
from pathlib import Path

import asyncpg
import httpx
import pytest

from tests import receiver as receivers
from tests.desk import Desk, running_desk
from tests.hooks import OPEN, converse, subscribe
from tests.kit.waiting import running, until
from tests.process import waypost
from tests.receiver import receiving
from waypost import worker
from waypost.kit.private_postgres import PrivatePostgres

pytestmark = pytest.mark.anyio

ALLOWED = {"WAYPOST_OUTGOING_ALLOW": "127.0.0.1", "WAYPOST_ALLOW_INSECURE_WEBHOOKS": "1"}


@asynccontextmanager
async def working(desk: Desk, workers: int = 1) -> AsyncIterator[None]:
    """So many workers beside the block, in this process."""
    stop = asyncio.Event()
    async with running(desk.parts.wakeups.run()):
        tasks = [asyncio.create_task(worker.run(desk.parts, stop)) for _ in range(workers)]
        try:
            yield
        finally:
            stop.set()
            await asyncio.gather(*tasks)


@pytest.fixture
async def client(desk: Desk) -> httpx.AsyncClient:
    account = await desk.make.account()
    mailbox = await desk.make.mailbox(account)
    made = await desk.client(account.owner)
    made.params = {"mailbox": mailbox.id}
    return made


async def happen(client: httpx.AsyncClient) -> int:
    return await converse(client, int(client.params["mailbox"]))


async def states(desk: Desk) -> list[str]:
    async with desk.connection() as connection:
        return [row["state"] for row in await connection.fetch("select state from webhook_delivery order by id")]


def environment(desk: Desk) -> dict[str, str]:
    return {
        "WAYPOST_DATABASE_URL": desk.dsn,
        "WAYPOST_DATA_DIR": str(desk.parts.settings.data_dir),
        "WAYPOST_PORT": "0",
        **ALLOWED,
    }


async def test_pauses_of_one_two_and_four_seconds_are_seen_at_the_receiver(
    desk: Desk, client: httpx.AsyncClient
) -> None:
    async with receiving(500) as receiver, working(desk):
        await subscribe(client, receiver.url, "convo.created")
        await happen(client)
        await until(lambda: len(receiver.requests) >= 4)
        gaps = [after.at - before.at for before, after in pairwise(receiver.requests[:4])]
    # How late a loaded machine is says nothing; that nothing comes early does.
    assert all(gap >= least for gap, least in zip(gaps, (0.89, 1.79, 3.59), strict=True))
    assert [request.headers["x-helpscout-attempt"] for request in receiver.requests[:4]] == ["1", "2", "3", "4"]


async def test_nobody_waits_for_a_receiver_that_hangs(desk: Desk, client: httpx.AsyncClient) -> None:
    async with receiving(lambda _: receivers.hang) as dead, receiving() as quick, working(desk):
        await subscribe(client, dead.url, "convo.created")
        await subscribe(client, quick.url, "convo.created")
        for _ in range(8):
            await happen(client)
        await until(lambda: len(quick.requests) == 8)
        # All of them while the other has not let go of its first four.
        assert (dead.open, len(dead.requests)) == (4, 4)


async def test_two_workers_send_each_event_once_and_in_order(desk: Desk, client: httpx.AsyncClient) -> None:
    async with receiving() as receiver, working(desk, workers=2):
        for _ in range(3):
            await subscribe(client, receiver.url, "convo.created", "convo.note.created")
        ids = [await happen(client) for _ in range(3)]
        for number in range(3):
            for conversation_id in ids:
                await client.post(f"/v2/conversations/{conversation_id}/notes", json={"text": str(number)})
        await until(lambda: len(receiver.requests) >= 36)
        await until(lambda: _are_all_delivered(desk))
    sent = [
        (request.headers["x-helpscout-webhook-id"], request.headers["x-helpscout-delivery"])
        for request in receiver.requests
    ]
    assert len(sent) == len(set(sent)) == 36
    for webhook_id in {webhook for webhook, _ in sent}:
        for conversation_id in ids:
            texts = [
                request.json["data"]["thread"]["body"]
                for request in receiver.requests
                if request.headers["x-helpscout-webhook-id"] == webhook_id
                and request.json["data"].get("conversationId") == conversation_id
            ]
            assert texts == ["0", "1", "2"]


async def _are_all_delivered(desk: Desk) -> bool:
    return set(await states(desk)) == {"delivered"}


async def test_a_worker_killed_between_sending_and_recording_sends_again(
    desk: Desk, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    answered = asyncio.Event()

    async def wait(writer: asyncio.StreamWriter) -> None:
        await answered.wait()
        with suppress(ConnectionError):
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    async with receiving(lambda _: wait) as receiver:
        await subscribe(client, receiver.url, "convo.created")
        await happen(client)
        async with waypost(tmp_path / "first", "worker", **environment(desk)) as first:
            await until(lambda: len(receiver.requests) == 1)
            first.process.kill()
            await first.process.wait()
        assert await states(desk) == ["pending"]
        answered.set()
        async with waypost(tmp_path / "second", "worker", **environment(desk)):
            await until(lambda: len(receiver.requests) == 2)
            await until(lambda: _are_all_delivered(desk))
    one, two = receiver.requests
    assert (one.headers["webhook-id"], one.body) == (two.headers["webhook-id"], two.body)


async def test_a_server_killed_after_a_change_loses_no_event(
    desk: Desk, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    async with receiving() as receiver:
        await subscribe(client, receiver.url, "convo.created")
        async with waypost(tmp_path / "server", "serve", "--no-worker", **environment(desk)) as server:
            async with httpx.AsyncClient(
                base_url=await server.base_url(), headers=client.headers, params=client.params, timeout=30
            ) as direct:
                await happen(direct)
            server.process.kill()
            await server.process.wait()
        async with waypost(tmp_path / "worker", "worker", **environment(desk)):
            await until(lambda: len(receiver.requests) == 1)


async def test_lost_connections_to_the_database_lose_no_event(desk: Desk, client: httpx.AsyncClient) -> None:
    async with receiving() as receiver, working(desk):
        await subscribe(client, receiver.url, "convo.created")
        ids = set()
        for round_ in range(4):
            for _ in range(5):
                with suppress(httpx.HTTPError, AssertionError):
                    ids.add(await happen(client))
            if round_ < 3:
                await _cut_all_connections(desk.dsn)
        async with desk.connection() as connection:
            committed = {row["id"] for row in await connection.fetch("select id from conversation")}
        assert ids <= committed
        await until(lambda: {request.json["data"]["id"] for request in receiver.requests} == committed)


async def _cut_all_connections(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(
            """select pg_terminate_backend(pid) from pg_stat_activity
               where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'"""
        )
    finally:
        await connection.close()


async def test_a_database_that_is_killed_loses_no_event(tmp_path: Path) -> None:
    folder = tmp_path / "database"
    server = await asyncio.to_thread(PrivatePostgres.start, folder)
    try:
        async with (
            running_desk(server.dsn(), tmp_path / "desk", **OPEN) as desk,
            receiving() as receiver,
            working(desk),
        ):
            account = await desk.make.account()
            client = await desk.client(account.owner)
            client.params = {"mailbox": (await desk.make.mailbox(account)).id}
            await subscribe(client, receiver.url, "convo.created")
            ids = set()
            for round_ in range(2):
                for _ in range(5):
                    ids.add(await happen(client))
                if round_ == 0:
                    await _kill_database(folder)
                    server = await asyncio.to_thread(PrivatePostgres.start, folder)
                    await until(lambda: _answers(client))
            await until(lambda: {request.json["data"]["id"] for request in receiver.requests} == ids)
            await until(lambda: _are_all_delivered(desk))
    finally:
        await asyncio.to_thread(PrivatePostgres.stop, folder, force=True)


async def _kill_database(folder: Path) -> None:
    """As a crash of the machine does it: the server is gone at once, and its processes after it."""
    number = int((folder / "cluster" / "postmaster.pid").read_text().split()[0])
    os.kill(number, signal.SIGKILL)
    await until(lambda: not Path(f"/proc/{number}").exists() or "Z" in Path(f"/proc/{number}/stat").read_text())


async def _answers(client: httpx.AsyncClient) -> bool:
    return (await client.get("/v2/mailboxes")).status_code == 200


async def test_no_secret_gets_into_the_log(desk: Desk, client: httpx.AsyncClient, tmp_path: Path) -> None:
    secret = "planted-secret-0123456789"
    async with receiving(500) as receiver:
        await subscribe(client, receiver.url, "convo.created")
        await client.patch("/v2/webhooks/1", json={"secret": secret})
        await happen(client)
        async with waypost(tmp_path / "worker", "worker", WAYPOST_LOG_LEVEL="debug", **environment(desk)) as process:
            await until(lambda: len(receiver.requests) == 2)
            assert await process.end() == 0
            assert secret not in process.output
    assert secret.encode() not in b"".join(request.body for request in receiver.requests)
