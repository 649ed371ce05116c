"""Taking mail files in: each message in a transaction of its own, several at once, none before what it answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from itertools import islice

import asyncpg
import msgspec
import structlog

from waypost.domains import mail
from waypost.domains.conversations import Status
from waypost.domains.mail import Arrival, Received, ReceivedMessage
from waypost.edges.mail_io.parse import parse_message
from waypost.kit.errors import Busy, WaypostError
from waypost.kit.files import FileStore
from waypost.kit.tx import Transactions

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 4
#: Two messages that wait for each other's rows may be stopped by the database, and a connection may be lost.
TRIES = 4
FIRST_PAUSE_S = 0.2
_READ_AT_ONCE = 16
_MOST_KEYS = 50
#: The database had time and no answer: that says something about this message alone.
_ABOUT_THE_MESSAGE = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.QueryCanceledError)


class Failure(msgspec.Struct, frozen=True):
    """A message that could not be stored, by the name of its source, and why."""

    source: str
    reason: str


class Summary(msgspec.Struct):
    """What has become of the messages so far. `flawed` were stored, though parts of them could not be read."""

    read: int = 0
    conversations: int = 0
    threads: int = 0
    duplicates: int = 0
    flawed: int = 0
    failures: list[Failure] = []

    def count(self, received: Received) -> None:
        """One more message is done."""
        self.conversations += received.outcome == "conversation"
        self.threads += received.outcome == "thread"
        self.duplicates += received.outcome == "duplicate"


class MailImport:
    """One import into one mailbox. `summary` is filled as it goes, and right also when the import is stopped."""

    def __init__(
        self,
        transactions: Transactions,
        files: FileStore,
        account_id: int,
        mailbox_id: int,
        *,
        status: Status = Status.ACTIVE,
        summary: Summary | None = None,
        told: Callable[[Summary], None] = lambda _: None,
    ) -> None:
        self.summary = Summary() if summary is None else summary
        self._transactions = transactions
        self._files = files
        self._account_id = account_id
        self._mailbox_id = mailbox_id
        self._status = status
        self._told = told
        self._tasks: set[asyncio.Task[None]] = set()
        self._outage: Exception | None = None
        #: The newest message under way by each of its keys.
        self._under_way: dict[str, asyncio.Task[None]] = {}

    async def run(self, messages: Iterable[tuple[str, bytes]]) -> Summary:
        """Take all messages in. A message that fails is noted, and the next one is taken.

        What was taken in before is skipped, so an import that was stopped is simply run again. Cancelled, it ends what
        is under way first. Raises what reading `messages` raises, and what the database raises when it is out of reach.
        """
        # Each message needs a connection, and somebody else may want one.
        slots = asyncio.Semaphore(max(1, min(MOST_AT_ONCE, self._transactions.pool.get_max_size() - 1)))
        try:
            async for source, raw, message in _parsed(messages):
                await slots.acquire()
                if self._outage is not None:
                    break
                self._start(slots, source, raw, message)
        finally:
            if self._tasks:
                await asyncio.wait(self._tasks)
        if self._outage is not None:
            raise self._outage
        return self.summary

    def _start(self, slots: asyncio.Semaphore, source: str, raw: bytes, message: ReceivedMessage) -> None:
        keys = _keys(message)
        earlier = {self._under_way[key] for key in keys if key in self._under_way}
        task = asyncio.create_task(self._take(earlier, source, raw, message))
        self._tasks.add(task)
        for key in keys:
            self._under_way[key] = task
        task.add_done_callback(lambda done: self._end(done, slots, keys))

    def _end(self, task: asyncio.Task[None], slots: asyncio.Semaphore, keys: frozenset[str]) -> None:
        slots.release()
        self._tasks.discard(task)
        for key in keys:
            if self._under_way.get(key) is task:
                del self._under_way[key]

    async def _take(self, earlier: set[asyncio.Task[None]], source: str, raw: bytes, message: ReceivedMessage) -> None:
        if earlier:
            await asyncio.wait(earlier)
        try:
            received = await self._stored(raw, message)
        except Exception as error:
            if isinstance(error, Busy) and not isinstance(error.__cause__, _ABOUT_THE_MESSAGE):
                # The database is not there for any message; going on would only list them all.
                self._outage = self._outage or error
                return
            # Whatever is wrong with one message must not keep the others out.
            log.warning("mail.import_failed", source=source, error=repr(error))
            self.summary.failures.append(Failure(source, _reason(error)))
        else:
            self.summary.count(received)
            self.summary.flawed += bool(message.warnings) and received.outcome != "duplicate"
        self.summary.read += 1
        self._told(self.summary)

    async def _stored(self, raw: bytes, message: ReceivedMessage) -> Received:
        for failures in range(1, TRIES + 1):
            try:
                return await self._received(raw, message)
            except Busy:
                if failures == TRIES:
                    raise
                await asyncio.sleep(FIRST_PAUSE_S * 2 ** (failures - 1))
        raise AssertionError("unreachable")

    async def _received(self, raw: bytes, message: ReceivedMessage) -> Received:
        async with self._transactions.open() as tx:
            return await mail.receive(
                tx,
                self._files,
                self._account_id,
                self._mailbox_id,
                message,
                raw,
                Arrival(is_imported=True, status=self._status),
            )


async def _parsed(messages: Iterable[tuple[str, bytes]]) -> AsyncIterator[tuple[str, bytes, ReceivedMessage]]:
    """Read and parse some messages at a time, in a thread, while others are stored."""
    iterator = iter(messages)
    while batch := await asyncio.to_thread(_next_few, iterator):
        for each in batch:
            yield each


def _next_few(messages: Iterator[tuple[str, bytes]]) -> list[tuple[str, bytes, ReceivedMessage]]:
    return [(source, raw, parse_message(raw)) for source, raw in islice(messages, _READ_AT_ONCE)]


def _keys(message: ReceivedMessage) -> frozenset[str]:
    """What a message shares with those that must not be taken in at the same time: its thread by ids or by subject."""
    ids = (message.message_id, *message.in_reply_to, *message.references[-_MOST_KEYS:])
    return frozenset((*ids, f"subject {mail.without_prefix(message.subject)[0].lower()}"))


def _reason(error: Exception) -> str:
    text = error.message if isinstance(error, WaypostError) else str(error)
    return f"{type(error).__name__}: {text}"[:500] if text else type(error).__name__
