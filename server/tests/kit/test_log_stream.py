"""Followers of the log: told every fact of their account once, in order, however fast or slow they read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.kit.log_help import note
from tests.kit.waiting import until
from waypost.kit import log_stream
from waypost.kit.log_store import Entry, Position
from waypost.kit.log_stream import LogStream, TooFarBehind
from waypost.kit.tx import Transactions

LIMIT_S = 30


class Reader:
    """A follower that notes what it is told."""

    def __init__(self, stream: LogStream, account_id: int = 1, after: Position | None = None) -> None:
        self.entries: list[Entry] = []
        self.position = after or Position(0, 0)
        self.beats = 0
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()
        self._source = stream.follow(account_id, after, heartbeat_s=0.05)

    @property
    def texts(self) -> list[str]:
        return [entry.fact.data["text"] for entry in self.entries]

    async def run(self) -> None:
        async for position, entries in self._source:
            self.position = position
            self.beats += not entries
            self.entries += entries
            if entries:
                await self.may_go_on.wait()


@asynccontextmanager
async def reading(*readers: Reader) -> AsyncIterator[None]:
    """Readers that have begun."""
    tasks = [asyncio.create_task(reader.run()) for reader in readers]
    await until(lambda: all(reader.beats for reader in readers) or any(task.done() for task in tasks))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def stream(transactions: Transactions) -> LogStream:
    return LogStream(transactions, poll_s=0.02)


async def test_everybody_is_told_what_happens_in_their_account(transactions: Transactions, stream: LogStream) -> None:
    await note(transactions, "before")
    first, second, stranger = Reader(stream), Reader(stream), Reader(stream, account_id=2)
    async with reading(first, second, stranger):
        await note(transactions, "a", "b")
        await note(transactions, "theirs", account_id=2)
        await note(transactions, "c")
        await until(lambda: first.texts[-3:] == second.texts[-3:] == ["a", "b", "c"] and stranger.texts == ["theirs"])


async def test_a_reader_goes_on_where_it_was(transactions: Transactions, stream: LogStream) -> None:
    reader = Reader(stream)
    async with reading(reader):
        await note(transactions, "a", "b", "c")
        await until(lambda: reader.texts[-3:] == ["a", "b", "c"])
    place = reader.entries[-2].position
    await note(transactions, "d")
    later = Reader(stream, after=place)
    async with reading(later):
        await note(transactions, "e")
        await until(lambda: later.texts == ["c", "d", "e"])


async def test_a_slow_reader_misses_nothing_and_holds_nobody_up(
    transactions: Transactions, stream: LogStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_stream, "MOST_QUEUED", 5)
    slow, quick = Reader(stream), Reader(stream)
    async with reading(slow, quick):
        slow.may_go_on.clear()
        await note(transactions, "first")
        await until(lambda: slow.texts[-1:] == ["first"])
        expected = ["first"]
        for number in range(30):
            await note(transactions, f"{number}a", f"{number}b")
            expected += [f"{number}a", f"{number}b"]
        await until(lambda: quick.texts[-len(expected) :] == expected)
        assert slow.texts[-1] == "first"
        slow.may_go_on.set()
        await until(lambda: slow.texts[-len(expected) :] == expected)
        await note(transactions, "last")
        await until(lambda: slow.texts[-1] == quick.texts[-1] == "last")


async def test_what_commits_late_is_told_in_its_turn(transactions: Transactions, stream: LogStream) -> None:
    reader = Reader(stream)
    async with reading(reader):
        async with transactions.open() as tx:
            await tx.connection.fetchval("select pg_current_xact_id()")
            await note(transactions, "later transaction, earlier commit")
            await until(lambda: reader.beats > 2)
            assert "later transaction, earlier commit" not in reader.texts
        await until(lambda: reader.texts[-1:] == ["later transaction, earlier commit"])


async def test_writers_side_by_side_lose_nothing(transactions: Transactions, stream: LogStream) -> None:
    reader = Reader(stream)

    async def write(name: str) -> None:
        for number in range(25):
            await note(transactions, f"{name}{number}")

    async with reading(reader):
        await asyncio.gather(*(write(name) for name in "abcd"))
        await until(lambda: len(reader.entries) >= 100)
    assert sorted(reader.texts) == sorted(f"{name}{number}" for name in "abcd" for number in range(25))
    assert reader.entries == sorted(reader.entries, key=lambda entry: entry.position)


@pytest.mark.parametrize("place", [Position(2**62, 0), Position(0, 0)])
async def test_a_place_that_is_unknown_or_too_far_back_is_told(
    transactions: Transactions, stream: LogStream, place: Position
) -> None:
    await note(transactions, "a", "b", "c")
    with pytest.raises(TooFarBehind):
        async for _ in stream.follow(1, place, most_behind=2):
            pass


async def test_closing_ends_every_stream(transactions: Transactions, stream: LogStream) -> None:
    tasks = [asyncio.create_task(Reader(stream).run()) for _ in range(3)]
    await until(lambda: len(stream._everyone()) == 3)
    stream.close()
    async with asyncio.timeout(LIMIT_S):
        await asyncio.gather(*tasks)
    assert not stream._everyone()
