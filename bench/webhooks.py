"""Measure how fast webhooks leave: deliveries a second, how long one takes from commit to receipt, what they cost.

    python -m bench.webhooks
    python -m bench.webhooks --events 3000 --subscriptions 1,10

A receiver in a process of its own answers at once. Needs a quiet machine.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection
from pathlib import Path

import uvloop
from rich.console import Console
from rich.table import Table

from waypost import logs, runtime, worker
from waypost.config import Settings
from waypost.domains import conversations, mailboxes, webhooks
from waypost.domains.accounts import Actor, NewUser, create_account
from waypost.domains.conversations import (
    ConversationType,
    CustomerReference,
    NewConversation,
    NewThread,
    Status,
    ThreadType,
)
from waypost.domains.webhooks import Means, Profile, WebhookChanges

BAR_PER_SECOND, BAR_P95_MS = 500, 200
EVENTS = ["convo.created", "convo.note.created"]


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=2000)
    parser.add_argument("--subscriptions", default="1,10")
    parser.add_argument("--profile", choices=[profile.value for profile in Profile], default="seed")
    return parser.parse_args()


# ---------------------------------------------------------------- the receiver


def receive(pipe: Connection) -> None:
    """Answer 204 to everything; on request tell when each request came and what it was about."""
    seen: list[tuple[float, str, int, int]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                now = time.time()
                fields = {
                    name.lower(): value.strip()
                    for name, _, value in (line.partition(b":") for line in head.split(b"\r\n")[1:] if line)
                }
                await reader.readexactly(int(fields[b"content-length"]))
                seen.append(
                    (
                        now,
                        fields[b"x-helpscout-delivery"].decode(),
                        int(fields[b"x-helpscout-sequence"]),
                        int(fields[b"x-helpscout-webhook-id"]),
                    )
                )
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def main() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        while True:
            await asyncio.sleep(0.02)
            if pipe.poll():
                asked = pipe.recv()
                if asked == "stop":
                    return
                if asked == "count":
                    pipe.send(len(seen))
                else:
                    pipe.send(list(seen))
                    seen.clear()

    uvloop.run(main())


@asynccontextmanager
async def receiving() -> AsyncIterator[tuple[int, Connection]]:
    """The receiver's port, and the pipe to ask it by."""
    ours, theirs = Pipe()
    process = Process(target=receive, args=(theirs,), daemon=True)
    process.start()
    try:
        yield await asyncio.to_thread(ours.recv), ours
    finally:
        ours.send("stop")
        process.join(5)


# ---------------------------------------------------------------- the desk


class Ground:
    """An account with a mailbox, and what is needed to make things happen in it."""

    def __init__(self, desk: runtime.Desk, actor: Actor, mailbox_id: int) -> None:
        self.desk, self.actor, self.mailbox_id = desk, actor, mailbox_id

    async def subscribe(self, port: int, count: int, profile: Profile) -> None:
        """So many subscriptions to everything that is measured."""
        means = Means(self.desk.context.secret_key, self.desk.outgoing)
        for _ in range(count):
            wanted = WebhookChanges(url=f"http://127.0.0.1:{port}/hook", events=EVENTS, secret="x")  # noqa: S106 - nobody's
            async with self.desk.transactions.open() as tx:
                await webhooks.subscribe(tx, self.actor, means, wanted, profile)

    async def create(self, number: int) -> int:
        """A conversation; its id."""
        wanted = NewConversation(
            subject=f"Question {number}",
            type=ConversationType.EMAIL,
            mailbox_id=self.mailbox_id,
            status=Status.ACTIVE,
            customer=CustomerReference(email=f"bench{number % 500}@example.com"),
            threads=[NewThread(type=ThreadType.CUSTOMER, body="I have a question about my recent bill.")],
        )
        async with self.desk.transactions.open() as tx:
            return (await conversations.create(tx, self.desk.files, self.actor, wanted)).id

    async def note(self, conversation_id: int, number: int) -> None:
        """One more event about a conversation."""
        async with self.desk.transactions.open() as tx:
            await conversations.add_thread(
                tx,
                self.desk.files,
                self.actor,
                conversation_id,
                NewThread(type=ThreadType.NOTE, body=f"Note {number}", source_type="web"),
            )


@asynccontextmanager
async def ground() -> AsyncIterator[Ground]:
    """A desk on a private PostgreSQL, its worker not running."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            data_dir=Path(folder), outgoing_allow=("127.0.0.1",), allow_insecure_webhooks=True, log_level="error"
        )
        async with runtime.open_desk(settings) as desk:
            async with desk.transactions.open() as tx:
                owner = NewUser(email="owner@example.com", first_name="Olivia", last_name="Owner")
                account = await create_account(tx, "Bench", owner)
            system = Actor.system(account.id)
            async with desk.transactions.open() as tx:
                mailbox = await mailboxes.create(tx, system, "Support", "support@example.com")
            actor = Actor(account_id=account.id, kind="user", user_id=account.owner.id, role=account.owner.role)
            yield Ground(desk, actor, mailbox.id)


@asynccontextmanager
async def working(desk: runtime.Desk) -> AsyncIterator[None]:
    """The worker beside the block."""
    stop = asyncio.Event()
    carrying = asyncio.create_task(desk.wakeups.run())
    running = asyncio.create_task(worker.run(desk, stop))
    try:
        yield
    finally:
        stop.set()
        await running
        carrying.cancel()
        await asyncio.gather(carrying, return_exceptions=True)


async def arrived(pipe: Connection, count: int) -> None:
    """Return when the receiver has got so many."""
    async with asyncio.timeout(300):
        while True:
            pipe.send("count")
            if await asyncio.to_thread(pipe.recv) >= count:
                return
            await asyncio.sleep(0.02)


async def taken(pipe: Connection) -> list[tuple[float, str, int, int]]:
    """Everything that the receiver has got."""
    pipe.send("all")
    found: list[tuple[float, str, int, int]] = await asyncio.to_thread(pipe.recv)
    return found


# ---------------------------------------------------------------- what is measured


async def rate(place: Ground, pipe: Connection, events: int, subscriptions: int) -> tuple[float, bool]:
    """Deliveries a second out of a full queue, from reading the log on; and whether each thing's came in order."""
    ids = [await place.create(number) for number in range(events // 10)]
    for number in range(9):
        for conversation_id in ids:
            await place.note(conversation_id, number)
    expected = len(ids) * 10 * subscriptions
    began = time.perf_counter()
    async with working(place.desk):
        await arrived(pipe, expected)
        elapsed = time.perf_counter() - began
    seen = await taken(pipe)
    async with place.desk.transactions.read() as tx:
        rows = await tx.connection.fetch("select sequence, resource_id from webhook_delivery")
    about = {row["sequence"]: row["resource_id"] for row in rows}
    last: dict[tuple[int, int], int] = {}
    in_order = True
    for _, _, sequence, webhook_id in seen:
        lane = (webhook_id, about[sequence])
        in_order = in_order and last.get(lane, 0) < sequence
        last[lane] = sequence
    return expected / elapsed, in_order


async def latencies(place: Ground, pipe: Connection, count: int) -> list[float]:
    """Milliseconds from commit to receipt, one conversation at a time, twenty a second."""
    committed: list[float] = []
    async with working(place.desk):
        await asyncio.sleep(1)
        for number in range(count):
            await place.create(number)
            committed.append(time.time())
            await asyncio.sleep(0.05)
        await arrived(pipe, count)
    received = sorted(at for at, *_ in await taken(pipe))
    return [(after - before) * 1000 for before, after in zip(committed, received, strict=True)]


async def creating(place: Ground, count: int) -> float:
    """Milliseconds to create a conversation while the worker works beside it (median)."""
    times = []
    async with working(place.desk):
        for number in range(count):
            began = time.perf_counter()
            await place.create(number)
            times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


async def main(arguments: argparse.Namespace) -> int:
    """Measure and print; 1 where a bar is missed."""
    logs.set_up("json", "error")
    profile, table, missed = Profile(arguments.profile), Table("what", "measured", "bar"), False
    for count in [int(part) for part in arguments.subscriptions.split(",")]:
        async with receiving() as (port, pipe), ground() as place:
            await place.subscribe(port, count, profile)
            per_second, in_order = await rate(place, pipe, arguments.events, count)
            missed = missed or per_second < BAR_PER_SECOND or not in_order
            told = f"{per_second:,.0f}/s" + ("" if in_order else ", OUT OF ORDER")
            table.add_row(f"deliveries, {count} subscriptions, {profile.value}", told, f"{BAR_PER_SECOND}/s")
    async with receiving() as (port, pipe), ground() as place:
        await place.subscribe(port, 1, profile)
        times = sorted(await latencies(place, pipe, 200))
        p50, p95 = times[len(times) // 2], times[int(len(times) * 0.95)]
        missed = missed or p95 > BAR_P95_MS
        table.add_row("commit to receipt", f"p50 {p50:.0f} ms, p95 {p95:.0f} ms", f"p95 {BAR_P95_MS} ms")
    costs = {}
    for count in (0, 3):
        async with receiving() as (port, _), ground() as place:
            await place.subscribe(port, count, profile)
            costs[count] = await creating(place, 300)
    ratio = costs[3] / costs[0]
    table.add_row(
        "creating a conversation, 0 and 3 webhooks", f"{costs[0]:.1f} and {costs[3]:.1f} ms ({ratio:.2f}x)", ""
    )
    Console().print(table)
    return int(missed)


if __name__ == "__main__":
    sys.exit(uvloop.run(main(options())))
