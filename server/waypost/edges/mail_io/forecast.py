"""What an import would do, without doing it: the messages are read and looked up, and nothing is written."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from waypost.domains import mail
from waypost.domains.mail import ReceivedMessage
from waypost.edges.mail_io.importing import Options, Summary
from waypost.edges.mail_io.mailbox_file import Found
from waypost.edges.mail_io.parse import parse_message
from waypost.kit.tx import Transactions, Tx

_READ_AT_ONCE = 64
_SUBJECT_WINDOW_S = mail.imported.subject_window_s()


class Forecast:
    """The outcome of an import, counted as the import itself counts. What is remembered of a message is a few numbers,
    so that a million of them fit into memory."""

    def __init__(
        self,
        transactions: Transactions,
        account_id: int,
        mailbox_id: int,
        *,
        options: Options,
        summary: Summary,
        told: Callable[[Summary], None] = lambda _: None,
    ) -> None:
        self.summary = summary
        self._transactions = transactions
        self._account_id = account_id
        self._mailbox_id = mailbox_id
        self._options = options
        self._told = told
        self._seen: set[int] = set()
        self._ids: set[int] = set()
        #: When somebody last spoke of a subject, by the subject and the person.
        self._spoken: dict[int, float] = {}

    async def run(self, messages: Iterable[Found]) -> Summary:
        """Count all messages. Raises what reading them raises."""
        iterator = iter(messages)
        while some := await asyncio.to_thread(_next_few, iterator):
            async with self._transactions.read() as tx:
                known = await mail.imported.known_digests(
                    tx, self._account_id, self._mailbox_id, [one[0] for one in some]
                )
                for digest, found in some:
                    message = None if digest in known else await asyncio.to_thread(parse_message, found.raw)
                    self._count(found, message, None if message is None else await self._in_desk(tx, message))
            self._told(self.summary)
        return self.summary

    async def _in_desk(self, tx: Tx, message: ReceivedMessage) -> bool | None:
        return await mail.imported.foresee(tx, self._account_id, self._mailbox_id, message)

    def _count(self, found: Found, message: ReceivedMessage | None, in_desk: bool | None) -> None:
        if found.fault:
            self.summary.fail(found.name, found.fault)
            return
        is_dropped = found.marks.is_dropped and not self._options.has_dropped
        if is_dropped or (message is not None and not self._options.wants(message)):
            self.summary.left_out += 1
        elif message is None or in_desk is None or self._is_repeated(message):
            self.summary.duplicates += 1
        else:
            is_thread = in_desk or self._is_answer(message)
            self.summary.threads += is_thread
            self.summary.conversations += not is_thread
            self.summary.flawed += bool(message.warnings)
            self._remember(message)
        self.summary.read += 1

    def _is_repeated(self, message: ReceivedMessage) -> bool:
        marks = {
            hash(("content", message.content_digest)),
            hash(("identity", message.message_id[:500], mail.imported.identity_of(message))),
        }
        is_known = not marks.isdisjoint(self._seen)
        self._seen |= marks
        return is_known

    def _is_answer(self, message: ReceivedMessage) -> bool:
        if any(hash(one) in self._ids for one in (*message.in_reply_to, *message.references)):
            return True
        subject, is_answer = mail.without_prefix(message.subject)
        if not is_answer or not subject or message.sent_at is None:
            return False
        at = message.sent_at.timestamp()
        spoken = (self._spoken.get(key) for key in _keys(message))
        return any(said is not None and abs(at - said) <= _SUBJECT_WINDOW_S for said in spoken)

    def _remember(self, message: ReceivedMessage) -> None:
        self._ids.add(hash(message.message_id))
        if message.sent_at is not None:
            for key in _keys(message):
                self._spoken[key] = message.sent_at.timestamp()


def _keys(message: ReceivedMessage) -> Iterator[int]:
    subject = mail.without_prefix(message.subject)[0][:100].lower()
    people = (message.sender, *message.to, *message.cc)
    return (hash((subject, person.email.lower())) for person in people if person is not None)


def _next_few(messages: Iterator[Found]) -> list[tuple[str, Found]]:
    return [(hashlib.sha256(found.raw).hexdigest(), found) for found in islice(messages, _READ_AT_ONCE)]
