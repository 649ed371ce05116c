"""Which messages are stored together, and which at the same time: what belongs together keeps its order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

from waypost.domains import mail
from waypost.domains.mail import ReceivedMessage

_MOST_KEYS = 50
T = TypeVar("T")


def keys_of(message: ReceivedMessage) -> frozenset[str]:
    """What a message shares with those that must not be taken in at the same time: its thread by ids or by subject, and
    its sender, whom two transactions would make and each wait for the other's."""
    ids = (message.message_id, *message.in_reply_to, *message.references[-_MOST_KEYS:])
    sender = (f"from {message.sender.email.lower()}",) if message.sender is not None else ()
    return frozenset((*ids, *sender, f"subject {mail.without_prefix(message.subject)[0].lower()}"))


def answers_first(messages: Sequence[ReceivedMessage]) -> list[int]:
    """The places of the messages in the order in which they are best stored together: what shares a key keeps its
    order, and what begins conversations comes last, because those take the account's next number until they are
    committed, for which others wait."""
    later = set[str]()
    first, last = [], []
    for place, message in enumerate(messages):
        keys = keys_of(message)
        if (message.in_reply_to or message.references) and later.isdisjoint(keys):
            first.append(place)
        else:
            last.append(place)
            later |= keys
    return first + last


class _Waiting(NamedTuple, Generic[T]):
    item: T
    keys: frozenset[str]
    is_alone: bool


class SideBySide(Generic[T]):
    """Takes items in batches, some of them at the same time, which share no key with each other.

    Items that share a key are taken in the order in which they were added. A batch is of the oldest that can go, of at
    most `together`; `at_once` are under way, and `most_waiting` items wait beside them. What `take` raises ends it all.
    """

    def __init__(
        self, take: Callable[[list[T]], Awaitable[None]], *, at_once: int, together: int, most_waiting: int
    ) -> None:
        self._take = take
        self._at_once = at_once
        self._together = together
        self._most_waiting = most_waiting
        self._waiting: list[_Waiting[T]] = []
        self._under_way: dict[asyncio.Task[None], frozenset[str]] = {}
        self._ended = asyncio.Event()
        self._fault: BaseException | None = None

    async def add(self, item: T, keys: frozenset[str], *, is_alone: bool = False) -> None:
        """Have an item taken, with others or alone; waits while many do. Raises what `take` has raised."""
        self._waiting.append(_Waiting(item, keys, is_alone))
        self._start(is_last=False)
        while len(self._waiting) >= self._most_waiting:
            await self._next_end()
            self._start(is_last=False)
        self._check()

    async def finish(self) -> None:
        """Until everything is taken. Raises what `take` has raised."""
        self._start(is_last=True)
        while self._under_way:
            await self._next_end()
            self._start(is_last=True)
        self._check()

    async def stop(self) -> None:
        """Leave what waits, and end what is under way."""
        self._waiting.clear()
        if self._under_way:
            await asyncio.wait(self._under_way)

    def _check(self) -> None:
        if self._fault is not None:
            raise self._fault

    async def _next_end(self) -> None:
        self._check()
        self._ended.clear()
        await self._ended.wait()

    def _start(self, *, is_last: bool) -> None:
        while self._fault is None and self._waiting and len(self._under_way) < self._at_once:
            # More is to come: a whole batch may come together.
            can_wait = not is_last and len(self._waiting) < self._most_waiting
            if can_wait and len(self._waiting) < self._together:
                return
            chosen, keys = self._chosen()
            if not chosen or (can_wait and len(chosen) < self._together):
                return
            items = [self._waiting[place].item for place in chosen]
            for place in reversed(chosen):
                del self._waiting[place]
            task = asyncio.create_task(self._taken(items))
            self._under_way[task] = keys
            task.add_done_callback(self._end)

    def _chosen(self) -> tuple[list[int], frozenset[str]]:
        """The places of the next batch, and its keys: the oldest of which nothing earlier is under way or left."""
        held = set[str]().union(*self._under_way.values())
        chosen: list[int] = []
        keys: set[str] = set()
        for place, (_, own, is_alone) in enumerate(self._waiting):
            if not held.isdisjoint(own) or (is_alone and chosen):
                held |= own
                continue
            chosen.append(place)
            keys |= own
            if is_alone or len(chosen) == self._together:
                break
        return chosen, frozenset(keys)

    async def _taken(self, items: list[T]) -> None:
        await self._take(items)

    def _end(self, task: asyncio.Task[None]) -> None:
        del self._under_way[task]
        if not task.cancelled() and task.exception() is not None:
            self._fault = self._fault or task.exception()
        self._ended.set()
