"""What is taken at the same time shares nothing, and what shares something keeps its order."""

from __future__ import annotations

import asyncio
import random

import pytest

from waypost.edges.mail_io.batches import SideBySide, answers_first
from waypost.edges.mail_io.parse import parse_message

pytestmark = pytest.mark.anyio


class Taker:
    """Notes what is under way together; a batch lasts as many turns of the loop as chance says."""

    def __init__(self, keys: dict[int, frozenset[str]]) -> None:
        self.keys = keys
        self.under_way: list[list[int]] = []
        self.taken: list[int] = []
        self.batches: list[list[int]] = []
        self.most = 0
        self._chance = random.Random(4)

    async def take(self, items: list[int]) -> None:
        others = set[str]().union(*(self.keys[each] for some in self.under_way for each in some))
        assert others.isdisjoint(set[str]().union(*(self.keys[each] for each in items)))
        self.under_way.append(items)
        self.batches.append(items)
        self.most = max(self.most, len(self.under_way))
        for _ in range(self._chance.randrange(1, 20)):
            await asyncio.sleep(0)
        self.under_way.remove(items)
        self.taken += items


async def test_what_shares_a_key_is_taken_in_its_order_and_the_rest_at_the_same_time() -> None:
    chance = random.Random(1)
    keys = {n: frozenset(f"k{chance.randrange(40)}" for _ in range(chance.randrange(3))) for n in range(400)}
    taker = Taker(keys)
    side_by_side = SideBySide(taker.take, at_once=3, together=8, most_waiting=50)
    for number, own in keys.items():
        await side_by_side.add(number, own)
    await side_by_side.finish()
    assert sorted(taker.taken) == list(range(400))
    for key in set[str]().union(*keys.values()):
        sharing = [each for each in taker.taken if key in keys[each]]
        assert sharing == sorted(sharing)
    assert taker.most == 3
    sizes = [len(batch) for batch in taker.batches]
    assert max(sizes) == 8
    assert sizes.count(8) > 20


async def test_one_that_goes_alone_shares_its_batch_with_nobody() -> None:
    taker = Taker({number: frozenset(f"{number % 3}") for number in range(9)})
    side_by_side = SideBySide(taker.take, at_once=1, together=8, most_waiting=100)
    for number, own in taker.keys.items():
        await side_by_side.add(number, own, is_alone=number == 4)
    await side_by_side.finish()
    assert sorted(taker.taken) == list(range(9))
    assert [each for each in taker.taken if each % 3 == 1] == [1, 4, 7]
    assert [4] in taker.batches


async def test_a_fault_ends_it_and_is_told() -> None:
    taken: list[int] = []

    async def take(items: list[int]) -> None:
        if 3 in items:
            raise LookupError("three")
        taken.extend(items)

    side_by_side = SideBySide(take, at_once=1, together=2, most_waiting=4)

    async def add_all() -> None:
        for number in range(100):
            await side_by_side.add(number, frozenset())
        await side_by_side.finish()

    with pytest.raises(LookupError, match="three"):
        await add_all()
    await side_by_side.stop()
    assert taken == [0, 1, 2][: len(taken)]
    with pytest.raises(LookupError):
        await side_by_side.finish()


async def test_what_is_stopped_leaves_what_waits_and_ends_what_is_under_way() -> None:
    go = asyncio.Event()
    taken: list[int] = []

    async def take(items: list[int]) -> None:
        await go.wait()
        taken.extend(items)

    side_by_side = SideBySide(take, at_once=1, together=1, most_waiting=10)
    for number in range(3):
        await side_by_side.add(number, frozenset())
    stopping = asyncio.create_task(side_by_side.stop())
    await asyncio.sleep(0)
    assert not stopping.done()
    go.set()
    await stopping
    assert taken == [0]


def _message(own: str, answers: str = "", subject: str = "") -> bytes:
    reference = f"In-Reply-To: <{answers}@x>\r\n" if answers else ""
    return (
        f"Message-ID: <{own}@x>\r\n{reference}From: {own}@x.test\r\nSubject: {subject or own}\r\n\r\nWords\r\n".encode()
    )


def test_what_begins_conversations_comes_last_and_answers_to_it_stay_behind_it() -> None:
    raws = [
        _message("a"),
        _message("b", answers="a"),
        _message("c", answers="known"),
        _message("d"),
        _message("e", answers="older", subject="Re: d"),
        _message("f", answers="c"),
    ]
    assert answers_first([parse_message(raw) for raw in raws]) == [2, 5, 0, 1, 3, 4]
