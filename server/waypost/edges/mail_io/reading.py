"""The job that reads mail which has been taken in: in the order in which it came, each mailbox for itself.

What goes wrong is told apart by whose fault it is. A database or a disk that is away has nothing to do with the
message: the job waits, and nothing is lost but time. A fault that comes with the message postpones that message alone,
and after some tries it becomes a conversation that holds it as a file.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Sequence
from functools import partial
from typing import Any

import asyncpg
import structlog
from prometheus_client import Counter

from waypost.domains import mail
from waypost.domains.mail import Arrival, Intake, Received, ReceivedMessage
from waypost.edges.mail_io.batches import SideBySide, answers_first, keys_of
from waypost.edges.mail_io.parsers import Parsers, Unreadable
from waypost.edges.mail_io.storing import TOGETHER, Growth, storing
from waypost.edges.mail_io.unread import noted, unread
from waypost.kit.db import DATABASE_ERRORS
from waypost.kit.errors import Busy, NotFound, StorageFull, WaypostError
from waypost.kit.files import FileStore
from waypost.kit.jobs import Job
from waypost.kit.tx import Transactions

log = structlog.get_logger(__name__)

READ = Counter("waypost_mail_read_total", "Messages that were read, by what became of them.", ["channel", "outcome"])
FAULTS = Counter("waypost_mail_read_faults_total", "Tries to read a message that failed by the message itself.")

TIMEOUT_S = 600.0
#: A mailbox with more to read than this gives its place to others, and goes on after them.
TURN_S = 60.0
_AHEAD = 8 * TOGETHER
#: Transactions of a mailbox at the same time.
_AT_ONCE = 2
_BYTES_AHEAD = 16 * 2**20
#: Told by the database as trouble of its own although it comes with the message, when it comes each time.
_ABOUT_THE_MESSAGE = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.QueryCanceledError)
#: Kinds of SQLSTATE that say nothing about what was written: connection, resources, operator, system.
_ABOUT_THE_DATABASE = ("08", "25", "53", "57", "58", "XX")
Parsed = tuple[bytes, ReceivedMessage]
Parsing = tuple[Intake, asyncio.Task[Parsed]]


class Reading:
    """Reads the mail of all mailboxes, each in order: some messages in a transaction, and each alone if one fails."""

    def __init__(self, transactions: Transactions, files: FileStore, parsers: Parsers, key: bytes) -> None:
        self._transactions = transactions
        self._files = files
        self._parsers = parsers
        self._key = key
        self._growth = Growth(transactions)
        #: The mailboxes that are being read, and whether more was announced since.
        self._under_way: dict[tuple[int, int], bool] = {}

    def job(self) -> Job:
        """The kind of job."""
        return Job(
            name=mail.intake.READ_JOB,
            handle=self.run,
            attempts=10,
            first_pause_s=1,
            longest_pause_s=60,
            timeout_s=TIMEOUT_S,
        )

    async def run(self, payload: dict[str, Any]) -> None:
        """Read what waits in a mailbox. Raises for trouble that has nothing to do with the messages."""
        place = (payload["account_id"], payload["mailbox_id"])
        if place in self._under_way:
            self._under_way[place] = True
            return
        self._under_way[place] = True
        until = time.monotonic() + TURN_S
        try:
            while self._under_way[place]:
                self._under_way[place] = False
                if not await self._read_all(place, until):
                    async with self._transactions.open() as tx:
                        await mail.intake.queue(tx, *place)
                    return
        finally:
            del self._under_way[place]

    async def _read_all(self, place: tuple[int, int], until: float) -> bool:
        """Whether there is nothing left."""
        account_id = place[0]
        while time.monotonic() < until:
            async with self._transactions.read() as tx:
                waiting = await mail.intake.upcoming(tx, *place, _AHEAD, _BYTES_AHEAD)
            if not waiting:
                return True
            # The next ones are read while the first are stored.
            ahead = [(each, asyncio.create_task(self._parse(each))) for each in waiting]
            taking = SideBySide(
                partial(self._read_some, account_id), at_once=_AT_ONCE, together=TOGETHER, most_waiting=len(ahead)
            )
            try:
                for each, parsing in ahead:
                    await asyncio.wait([parsing])
                    is_read = not (parsing.cancelled() or parsing.exception())
                    keys = keys_of(parsing.result()[1]) if is_read else frozenset[str]()
                    # What failed before, or fails now, would take others with it.
                    await taking.add((each, parsing), keys, is_alone=bool(each.attempts) or not is_read)
                await taking.finish()
                await self._growth.add(len(ahead))
            finally:
                await taking.stop()
                for _, parsing in ahead:
                    parsing.cancel()
                await asyncio.gather(*(parsing for _, parsing in ahead), return_exceptions=True)
        return False

    async def _read_some(self, account_id: int, some: Sequence[Parsing]) -> None:
        if len(some) > 1:
            some = [some[place] for place in answers_first([parsing.result()[1] for _, parsing in some])]
            if await self._is_done(account_id, some):
                return
        for each, parsing in some:
            await self._read(account_id, each, parsing)

    async def _is_done(self, account_id: int, some: Sequence[Parsing]) -> bool:
        """Whether all of them could be stored together; whatever is wrong is found out one by one."""
        try:
            done = await self._stored(account_id, [(each, *parsing.result()) for each, parsing in some])
        except Exception as error:
            log.debug("mail.read_one_by_one", account_id=account_id, error=type(error).__name__)
            return False
        for each, received in done:
            _tell(account_id, each, received)
        return True

    async def _stored(
        self, account_id: int, some: Sequence[tuple[Intake, bytes, ReceivedMessage]], error: str = ""
    ) -> list[tuple[Intake, Received]]:
        """Store messages of one mailbox in a transaction; what became of those that nobody else has."""
        async with storing(self._transactions, self._files, is_together=len(some) > 1) as (tx, files):
            claimed = await mail.intake.claim(tx, account_id, [each.id for each, _, _ in some])
            ours = [one for one in some if one[0].id in claimed]
            if not ours:
                return []
            mailbox_id = ours[0][0].mailbox_id
            arrivals = [(message, self._arrival(each)) for each, _, message in ours]
            mailbox = await mail.look_ahead(tx, account_id, mailbox_id, arrivals)
            done = [
                (each, await mail.receive(tx, files, account_id, mailbox_id, message, raw, arrival, mailbox))
                for (each, raw, message), (_, arrival) in zip(ours, arrivals, strict=True)
            ]
            settled = [
                (each.id, received, message.warnings)
                for (each, received), (_, _, message) in zip(done, ours, strict=True)
            ]
            await mail.intake.settle(tx, account_id, settled, error)
        return done

    def _arrival(self, intake: Intake) -> Arrival:
        return Arrival(key=self._key, recipients=intake.envelope.recipients, stored_as=intake.storage_key)

    async def _parse(self, intake: Intake) -> Parsed:
        raw = await self._files.read(intake.storage_key)
        if intake.envelope.note:
            return raw, noted(intake, raw)
        return raw, await self._parsers.parse(raw, self._transactions.clock())

    async def _read(self, account_id: int, intake: Intake, parsing: asyncio.Task[Parsed]) -> None:
        try:
            raw, message = await parsing
            await self._store(account_id, intake, raw, message)
        except Exception as error:
            if not _is_about_the_message(error):
                raise
            await self._meet(account_id, intake, error)

    async def _store(
        self, account_id: int, intake: Intake, raw: bytes, message: ReceivedMessage, error: str = ""
    ) -> None:
        for each, received in await self._stored(account_id, [(intake, raw, message)], error):
            _tell(account_id, each, received)

    async def _meet(self, account_id: int, intake: Intake, error: Exception) -> None:
        """A message that cannot be read or stored: again later, or as a file of a conversation."""
        words = _words(error)
        FAULTS.inc()
        log.warning(
            "mail.not_read",
            account_id=account_id,
            intake_id=intake.id,
            tries=intake.attempts + 1,
            error=words,
            at=_place(error),
        )
        if intake.attempts + 1 < mail.intake.MOST_TRIES:
            async with self._transactions.open() as tx:
                await mail.intake.note_fault(tx, account_id, intake, words)
            return
        try:
            raw = await self._files.read(intake.storage_key)
            await self._store(account_id, intake, raw, unread(intake, raw, words), words)
        except Exception as worse:
            if not _is_about_the_message(worse):
                raise
            log.error(
                "mail.given_up", account_id=account_id, intake_id=intake.id, error=_words(worse), at=_place(worse)
            )
            async with self._transactions.open() as tx:
                await mail.intake.give_up(tx, account_id, intake, _words(worse))


def _tell(account_id: int, intake: Intake, received: Received) -> None:
    READ.labels(intake.channel, received.outcome).inc()
    log.info(
        "mail.read",
        account_id=account_id,
        mailbox_id=intake.mailbox_id,
        intake_id=intake.id,
        channel=intake.channel,
        outcome=received.outcome,
        conversation_id=received.conversation_id,
    )


def _is_about_the_message(error: Exception) -> bool:
    if isinstance(error, Busy):
        return isinstance(error.__cause__, _ABOUT_THE_MESSAGE)
    if isinstance(error, asyncpg.PostgresError):
        return not (error.sqlstate or "XX").startswith(_ABOUT_THE_DATABASE)
    if isinstance(error, (StorageFull, *DATABASE_ERRORS)):
        return False
    # A file store that is out of reach says so in errors of its own; one without the file is about the message.
    return isinstance(error, (NotFound, Unreadable)) or not type(error).__module__.startswith("obstore")


def _words(error: Exception) -> str:
    # What the database adds to its message is the row that it refused: the mail itself.
    text = str(error.message if isinstance(error, (asyncpg.PostgresError, WaypostError)) else error)
    return text[:1000] if isinstance(error, Unreadable) else f"{type(error).__name__}: {text}"[:1000]


def _place(error: Exception) -> str:
    """Where in the code a fault came up; of a traceback this much may be logged, the rest could hold the mail."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
