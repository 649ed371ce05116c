"""Taking mail in before anybody reads it: first the bytes are safe, then whoever brought them is told so.

The bytes of a message are on disk, and its row, the bookmark of the folder it came from and the job that will read it
are one transaction. A crash before its end leaves a message that is brought again; after it, one that will be read. The
same bytes are taken once by a mailbox, by whatever way they come and whatever became of their conversation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from itertools import accumulate

import msgspec

from waypost.domains.accounts import Actor
from waypost.domains.mail import store_intake
from waypost.domains.mail.intake_models import Intake, IntakeFilter, NewIntake, Settled
from waypost.domains.mail.receiving import Received
from waypost.domains.mailboxes import get as get_mailbox
from waypost.domains.mailboxes import ids_of
from waypost.kit.errors import Conflict, Forbidden, NotFound
from waypost.kit.files import FileStore
from waypost.kit.jobs import enqueue
from waypost.kit.paging import Page, PageRequest
from waypost.kit.tx import Transactions, Tx

READ_JOB = "mail.read"
#: After so many failures by the message itself it becomes a conversation that holds it as a file.
MOST_TRIES = 3
_PAUSES = (timedelta(seconds=2), timedelta(seconds=30))
#: Looked for by the net under lost jobs, a time.
_MOST_DUE = 200
_OVERDUE = timedelta(seconds=5)

Also = Callable[[Tx], Awaitable[None]]


class Taken(msgspec.Struct, frozen=True):
    """A message is safe. `intake_id` is None when the mailbox has had the same bytes before."""

    account_id: int
    mailbox_id: int
    intake_id: int | None


async def take_in(
    transactions: Transactions, files: FileStore, messages: Sequence[tuple[int, NewIntake]], also: Also | None = None
) -> list[Taken]:
    """Make messages (each with its account) safe, all of them or none; `also` joins the transaction.

    Raises StorageFull and OSError when the bytes cannot be stored, and what the database raises.
    """
    async with files.together() as together:
        keys = [together.new_key(account_id, "mail") for account_id, _ in messages]
        for key, (_, new) in zip(keys, messages, strict=True):
            await together.write(key, new.raw)
    # Should it fail, the files stay: a transaction whose end was not heard may have been committed.
    async with transactions.open() as tx:
        taken = [await _note(tx, account_id, new, key) for (account_id, new), key in zip(messages, keys, strict=True)]
        if also is not None:
            await also(tx)
    for found, key in zip(taken, keys, strict=True):
        if found.intake_id is None:
            files.delete_later(key)
    return taken


async def known(tx: Tx, account_id: int, mailbox_id: int, raws: Sequence[bytes]) -> list[bool]:
    """For each message whether the mailbox has had the same bytes."""
    digests = [_digest(raw) for raw in raws]
    found = await store_intake.known(tx.connection, account_id, mailbox_id, digests)
    return [digest in found for digest in digests]


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


async def _note(tx: Tx, account_id: int, new: NewIntake, key: str) -> Taken:
    added = await store_intake.add(tx.connection, account_id, new, key, _digest(new.raw), tx.now)
    if added is not None:
        await queue(tx, account_id, new.mailbox_id)
    return Taken(account_id, new.mailbox_id, added)


async def queue(tx: Tx, account_id: int, mailbox_id: int, run_at: datetime | None = None) -> None:
    """Have a mailbox's mail read. Without a key: a job that runs already may have had its last look."""
    await enqueue(tx, READ_JOB, {"account_id": account_id, "mailbox_id": mailbox_id}, run_at)


async def queue_due(tx: Tx) -> int:
    """The net under lost and given up jobs: have read what waits although it is due. Returns 0, there is one round."""
    for account_id, mailbox_id in await store_intake.due(tx.connection, tx.now - _OVERDUE, _MOST_DUE):
        payload = {"account_id": account_id, "mailbox_id": mailbox_id}
        await enqueue(tx, READ_JOB, payload, dedupe_key=f"{READ_JOB}:{account_id}:{mailbox_id}")
    return 0


async def upcoming(tx: Tx, account_id: int, mailbox_id: int, most: int, most_bytes: int) -> list[Intake]:
    """The messages that a mailbox has to read next, in the order in which they came; one at least, if any waits."""
    waiting = await store_intake.upcoming(tx.connection, account_id, mailbox_id, tx.now, most)
    sizes = accumulate(each.size for each in waiting)
    return [
        each for place, (each, size) in enumerate(zip(waiting, sizes, strict=True)) if not place or size <= most_bytes
    ]


async def claim(tx: Tx, account_id: int, intake_ids: Sequence[int]) -> set[int]:
    """Those of the messages that still wait; they are the caller's until the transaction ends."""
    return await store_intake.lock(tx.connection, account_id, intake_ids)


async def settle(
    tx: Tx, account_id: int, results: Sequence[tuple[int, Received, Sequence[str]]], error: str = ""
) -> None:
    """Note what became of messages, each with its warnings; `error` is why one stands as a file in its conversation."""
    settled = [
        Settled(intake_id, received.outcome, received.conversation_id, received.thread_id, tuple(warnings))
        for intake_id, received, warnings in results
    ]
    if error:
        for each in settled:
            await store_intake.not_read(tx.connection, account_id, each.intake_id, error[:1000], tx.now, for_good=False)
    if settled:
        await store_intake.settle(tx.connection, account_id, settled, tx.now)


async def note_fault(tx: Tx, account_id: int, intake: Intake, error: str) -> None:
    """A try failed by the message itself: it is tried again later, and does not hold up those behind it."""
    tries = min(intake.attempts, len(_PAUSES) - 1)
    due_at = tx.now + _PAUSES[tries]
    await store_intake.not_read(tx.connection, account_id, intake.id, error[:1000], due_at, for_good=False)
    await queue(tx, account_id, intake.mailbox_id, due_at)


async def give_up(tx: Tx, account_id: int, intake: Intake, error: str) -> None:
    """Not even a conversation that only holds the message could be made: it stays listed until somebody retries."""
    await store_intake.not_read(tx.connection, account_id, intake.id, error[:1000], tx.now, for_good=True)


async def list_received(tx: Tx, actor: Actor, wanted: IntakeFilter, page: PageRequest) -> Page[Intake]:
    """What came in, newest first: the answer to "where is my mail?". Raises NotFound for a mailbox not to be seen."""
    mailbox_ids = await _visible(tx, actor, wanted.mailbox_id)
    found, total = await store_intake.list_received(
        tx.connection, actor.account_id, mailbox_ids, wanted, page.size, page.offset
    )
    return Page(found, total, page)


async def get_received(tx: Tx, actor: Actor, mailbox_id: int, intake_id: int) -> Intake:
    """One message that came in. Raises NotFound."""
    await get_mailbox(tx, actor, mailbox_id)
    found = await store_intake.get(tx.connection, actor.account_id, mailbox_id, intake_id)
    if found is None:
        raise NotFound
    return found


async def retry(tx: Tx, actor: Actor, mailbox_id: int | None = None, intake_id: int | None = None) -> int:
    """Have read again what was given up or waits; how many messages that is. Administrators only.

    Raises NotFound and Forbidden.
    """
    mailbox_ids = await _visible(tx, actor, mailbox_id)
    if intake_id is not None and mailbox_id is not None:
        await get_received(tx, actor, mailbox_id, intake_id)
    if not actor.is_administrator:
        raise Forbidden("Only administrators may do this")
    touched = await store_intake.retry(tx.connection, actor.account_id, mailbox_ids, tx.now, intake_id)
    for touched_id in sorted(set(touched)):
        await queue(tx, actor.account_id, touched_id)
    return len(touched)


async def retry_one(tx: Tx, actor: Actor, mailbox_id: int, intake_id: int) -> None:
    """Have one message read again. Raises NotFound, Forbidden, and Conflict for one that was read."""
    if not await retry(tx, actor, mailbox_id, intake_id):
        raise Conflict("The message has been read")


def message_id_of(text: str) -> str | None:
    """A Message-ID as it is kept, from one with angle brackets or without; None for nothing."""
    inside = text.strip().removeprefix("<").removesuffix(">").strip()
    return f"<{inside}>" if inside else None


async def _visible(tx: Tx, actor: Actor, mailbox_id: int | None) -> list[int]:
    if mailbox_id is not None:
        return [(await get_mailbox(tx, actor, mailbox_id)).id]
    return [each for each in await ids_of(tx, actor.account_id) if actor.sees_mailbox(each)]
