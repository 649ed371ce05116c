"""What tests of incoming mail share: messages as raw bytes, taking them in, and what the desk has of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from tests.desk import Desk
from tests.make import AccountMade
from waypost.domains import mail
from waypost.domains.mail import Envelope, NewIntake
from waypost.domains.mailboxes import Channel, Mailbox, store_channel
from waypost.edges.mail_io.preview import preview


def letter(number: int | str, *, answers: int | str | None = None, subject: str = "", body: str = "") -> bytes:
    """A plain message; the same arguments make the same bytes."""
    reference = f"In-Reply-To: <{answers}@example.org>\r\n" if answers is not None else ""
    return (
        f"Message-ID: <{number}@example.org>\r\n{reference}From: Ann <ann{number}@example.org>\r\n"
        "To: help@acme.test\r\nDate: Fri, 27 Nov 2026 10:00:00 +0000\r\n"
        f"Subject: {subject or f'Letter {number}'}\r\n\r\n"
        f"{body or f'Words {number}'}\r\n"
    ).encode()


async def take_in(
    desk: Desk, account: AccountMade, mailbox: Mailbox, *raws: bytes, **more: Any
) -> list[mail.intake.Taken]:
    """Make messages safe, as an edge does."""
    envelope = more.pop("envelope", Envelope())
    messages = [(account.id, NewIntake(mailbox.id, "http", raw, envelope, preview(raw))) for raw in raws]
    return await mail.intake.take_in(desk.transactions, desk.parts.files, messages)


async def connect(desk: Desk, account: AccountMade, mailbox: Mailbox, **changes: Any) -> Channel:
    """Set how a mailbox is connected."""
    key = desk.context.secret_key
    async with desk.transactions.open() as tx:
        before = await store_channel.find(tx.connection, key, account.id, mailbox.id)
        assert before is not None
        after = msgspec.structs.replace(before, **changes)
        await store_channel.put(tx.connection, key, account.id, after, tx.now)
    return after


async def subjects(desk: Desk, mailbox: Mailbox) -> list[str]:
    """The subjects of the mailbox's conversations, oldest first."""
    async with desk.connection() as connection:
        rows = await connection.fetch(
            "select subject from conversation where mailbox_id = $1 and state = 'published' order by id", mailbox.id
        )
    return [row["subject"] for row in rows]


async def rows(desk: Desk, mailbox: Mailbox, columns: str = "state, outcome, attempts") -> list[tuple[Any, ...]]:
    """The intake of a mailbox in the order in which it came."""
    async with desk.connection() as connection:
        found: Sequence[Any] = await connection.fetch(
            f"select {columns} from mail_intake where mailbox_id = $1 order by id", mailbox.id
        )
    return [tuple(row.values()) for row in found]
