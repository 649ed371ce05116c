"""Taking mail files in: some messages in a transaction, several at once, none before what it answers."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import aclosing
from datetime import datetime

import asyncpg
import msgspec
import structlog

from waypost.domains import conversations, mail
from waypost.domains.accounts import Actor
from waypost.domains.conversations import Status
from waypost.domains.mail import Arrival, House, Mailbox, Received, ReceivedMessage
from waypost.edges.mail_io.batches import SideBySide, answers_first, keys_of
from waypost.edges.mail_io.mailbox_file import Found
from waypost.edges.mail_io.parse import parse_message
from waypost.edges.mail_io.storing import TOGETHER, Growth, storing
from waypost.kit.errors import Busy, WaypostError
from waypost.kit.files import FileStore
from waypost.kit.tx import Transactions, Tx

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 3
#: Two messages that wait for each other's rows may be stopped by the database, and a connection may be lost.
TRIES = 4
FIRST_PAUSE_S = 0.2
_READ_AT_ONCE = 64
#: Messages that are parsed and wait to be stored.
_READY_AT_MOST = 128
_READ_AT_ONCE_BYTES = 8 * 2**20
#: The database had time and no answer: that says something about this message alone.
_ABOUT_THE_MESSAGE = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.QueryCanceledError)


class Failure(msgspec.Struct, frozen=True):
    """A message that could not be stored, by the name of its source, and why."""

    source: str
    reason: str


class Outcome(msgspec.Struct, frozen=True):
    """What has become of one message. `message` is None where it was not even parsed, `received` where it was not
    stored; `reason` says why."""

    source: str
    message: ReceivedMessage | None
    received: Received | None
    reason: str = ""


class Summary(msgspec.Struct):
    """What has become of the messages so far. `flawed` were stored, though parts of them could not be read; `left_out`
    were not wanted."""

    read: int = 0
    conversations: int = 0
    threads: int = 0
    duplicates: int = 0
    left_out: int = 0
    flawed: int = 0
    failures: list[Failure] = []

    def count(self, received: Received, message: ReceivedMessage) -> None:
        """One more message is done."""
        self.read += 1
        self.conversations += received.outcome == "conversation"
        self.threads += received.outcome == "thread"
        self.duplicates += received.outcome == "duplicate"
        self.flawed += bool(message.warnings) and received.outcome != "duplicate"

    def fail(self, source: str, reason: str) -> None:
        """One more message could not be stored."""
        self.read += 1
        self.failures.append(Failure(source, reason))


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What is taken in, and how.

    `status` is that of new conversations; one whose last message is older than `closed_before` is closed. `tags` are
    put on new conversations, with `has_keywords` also those that mail programs have given to messages. Messages before
    `since`, at `until` or later, and, unless `has_dropped`, those that were thrown away or never sent are left out.
    """

    status: Status = Status.ACTIVE
    tags: tuple[str, ...] = ()
    has_keywords: bool = False
    has_dropped: bool = False
    since: datetime | None = None
    until: datetime | None = None
    closed_before: datetime | None = None

    def wants(self, message: ReceivedMessage) -> bool:
        """Whether the message's time is wanted; one without a time is."""
        at = message.sent_at
        return at is None or ((self.since is None or at >= self.since) and (self.until is None or at < self.until))

    def status_at(self, at: datetime | None) -> Status:
        """The status of a conversation whose last message is of that time."""
        is_old = self.closed_before is not None and at is not None and at < self.closed_before
        return Status.CLOSED if is_old else self.status


class Parsed(msgspec.Struct, frozen=True):
    """A message that has been read, ready to be stored."""

    found: Found
    message: ReceivedMessage


class MailImport:
    """One import into one mailbox. `summary` is filled as it goes, and right also when the import is stopped."""

    def __init__(
        self,
        transactions: Transactions,
        files: FileStore,
        account_id: int,
        mailbox_id: int,
        *,
        options: Options | None = None,
        summary: Summary | None = None,
        told: Callable[[Summary], None] = lambda _: None,
        noted: Callable[[Outcome], None] = lambda _: None,
    ) -> None:
        self.summary = Summary() if summary is None else summary
        self._transactions = transactions
        self._files = files
        self._account_id = account_id
        self._mailbox_id = mailbox_id
        self._options = options or Options()
        self._told = told
        self._noted = noted
        self._house: House | None = None
        self._growth = Growth(transactions)

    async def run(self, messages: Iterable[Found]) -> Summary:
        """Take all messages in. A message that fails is noted, and the next one is taken.

        What was taken in before is skipped, so an import that was stopped is simply run again. Cancelled, it ends what
        is under way first. Raises what reading `messages` raises, and what the database raises when it is out of reach.
        """
        async with self._transactions.read() as tx:
            self._house = await mail.house_of(tx, self._account_id)
        # Each needs a connection, and somebody else may want one.
        at_once = max(1, min(MOST_AT_ONCE, self._transactions.pool.get_max_size() - 1))
        taking = SideBySide(self._take, at_once=at_once, together=TOGETHER, most_waiting=_READY_AT_MOST)
        try:
            try:
                async with aclosing(_ahead(self._wanted(messages))) as wanted:
                    async for some in wanted:
                        for each in some:
                            await taking.add(each, keys_of(each.message))
            except Exception:
                # What was read before is stored.
                await taking.finish()
                raise
            await taking.finish()
        finally:
            await taking.stop()
        return self.summary

    async def _wanted(self, messages: Iterable[Found]) -> AsyncIterator[list[Parsed]]:
        """A few messages at a time, parsed in a thread while others are stored; known ones are not parsed at all."""
        reading = _Reading(messages)
        while some := await asyncio.to_thread(reading.few):
            kept = [each for each in some if self._is_kept(each)]
            async with self._transactions.read() as tx:
                known = await mail.imported.known_digests(
                    tx, self._account_id, self._mailbox_id, [digest for digest, _ in kept]
                )
            fresh = [found for digest, found in kept if digest not in known]
            self._skip(duplicates=len(kept) - len(fresh))
            for digest, found in kept:
                if digest in known:
                    self._noted(Outcome(found.name, None, Received("duplicate")))
            parsed = await asyncio.to_thread(_parse, fresh)
            wanted = [each for each in parsed if self._options.wants(each.message)]
            self._skip(left_out=len(parsed) - len(wanted))
            yield wanted

    def _is_kept(self, each: tuple[str, Found]) -> bool:
        found = each[1]
        if found.fault:
            self._fail(found.name, None, found.fault)
            return False
        if found.marks.is_dropped and not self._options.has_dropped:
            self._skip(left_out=1)
            return False
        return True

    def _skip(self, *, duplicates: int = 0, left_out: int = 0) -> None:
        self.summary.read += duplicates + left_out
        self.summary.duplicates += duplicates
        self.summary.left_out += left_out
        self._told(self.summary)

    async def _take(self, some: list[Parsed]) -> None:
        """Store messages. Raises Busy when the database is out of reach."""
        some = [some[place] for place in answers_first([each.message for each in some])]
        if len(some) == 1 or not await self._taken_together(some):
            for each in some:
                await self._take_one(each)
        await self._growth.add(len(some))

    async def _taken_together(self, some: list[Parsed]) -> bool:
        """Store all of them or none: whatever is wrong is found out one by one."""
        try:
            async with storing(self._transactions, self._files, is_together=True) as (tx, files):
                arrivals = [(each.message, self._arrival(each)) for each in some]
                mailbox = await mail.look_ahead(tx, self._account_id, self._mailbox_id, arrivals)
                received = [await self._receive(tx, files, each, mailbox) for each in some]
        except Exception as error:
            log.debug("mail.import_one_by_one", error=repr(error))
            return False
        for each, one in zip(some, received, strict=True):
            self._count(each, one)
        return True

    async def _take_one(self, each: Parsed) -> None:
        try:
            received = await self._stored(each)
        except Exception as error:
            if isinstance(error, Busy) and not isinstance(error.__cause__, _ABOUT_THE_MESSAGE):
                # The database is not there for any message; going on would only list them all.
                raise
            # Whatever is wrong with one message must not keep the others out.
            log.warning("mail.import_failed", source=each.found.name, error=repr(error))
            self._fail(each.found.name, each.message, _reason(error))
        else:
            self._count(each, received)

    def _count(self, each: Parsed, received: Received) -> None:
        self.summary.count(received, each.message)
        self._noted(Outcome(each.found.name, each.message, received))
        self._told(self.summary)

    def _fail(self, source: str, message: ReceivedMessage | None, reason: str) -> None:
        self.summary.fail(source, reason)
        self._noted(Outcome(source, message, None, reason))
        self._told(self.summary)

    async def _stored(self, each: Parsed) -> Received:
        for failures in range(1, TRIES + 1):
            try:
                async with storing(self._transactions, self._files) as (tx, files):
                    return await self._receive(tx, files, each)
            except Busy:
                if failures == TRIES:
                    raise
                await asyncio.sleep(FIRST_PAUSE_S * 2 ** (failures - 1))
        raise AssertionError("unreachable")

    def _arrival(self, each: Parsed) -> Arrival:
        return Arrival(
            is_imported=True,
            status=self._options.status_at(each.message.sent_at),
            house=self._house,
            is_reviving=self._options.closed_before is not None,
        )

    async def _receive(self, tx: Tx, files: FileStore, each: Parsed, mailbox: Mailbox | None = None) -> Received:
        received = await mail.receive(
            tx,
            files,
            self._account_id,
            self._mailbox_id,
            each.message,
            each.found.raw,
            self._arrival(each),
            mailbox,
        )
        tags = list(self._options.tags) if received.outcome == "conversation" else []
        if self._options.has_keywords and received.outcome != "duplicate":
            tags += each.found.marks.keywords
        if tags and received.conversation_id is not None:
            actor = Actor.system(self._account_id)
            await conversations.add_tags(tx, actor, received.conversation_id, tags, is_imported=True)
        return received


async def _ahead(batches: AsyncIterator[list[Parsed]]) -> AsyncGenerator[list[Parsed], None]:
    """The same, of which the next are made ready while others are stored."""
    ready: asyncio.Queue[list[Parsed] | Exception | None] = asyncio.Queue(1)

    async def fill() -> None:
        try:
            async for batch in batches:
                await ready.put(batch)
        except Exception as fault:
            await ready.put(fault)
        else:
            await ready.put(None)

    filling = asyncio.create_task(fill())
    try:
        while (batch := await ready.get()) is not None:
            if isinstance(batch, Exception):
                raise batch
            yield batch
    finally:
        filling.cancel()
        await asyncio.wait([filling])


class _Reading:
    """Reads some messages at a time. What comes before a fault of the file is given before the fault is raised."""

    def __init__(self, messages: Iterable[Found]) -> None:
        self._messages = iter(messages)
        self._fault: Exception | None = None

    def few(self) -> list[tuple[str, Found]]:
        """The next messages, each with the SHA-256 of its bytes; none when there are no more."""
        if self._fault is not None:
            raise self._fault
        some: list[tuple[str, Found]] = []
        size = 0
        try:
            for found in self._messages:
                some.append((hashlib.sha256(found.raw).hexdigest(), found))
                size += len(found.raw)
                if len(some) == _READ_AT_ONCE or size >= _READ_AT_ONCE_BYTES:
                    break
        except Exception as fault:
            if not some:
                raise
            self._fault = fault
        return some


def _parse(some: list[Found]) -> list[Parsed]:
    return [Parsed(found, parse_message(found.raw)) for found in some]


def _reason(error: Exception) -> str:
    text = error.message if isinstance(error, WaypostError) else str(error)
    return f"{type(error).__name__}: {text}"[:500] if text else type(error).__name__
