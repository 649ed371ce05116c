"""Mails for tests: written with what matters, taken in as the channels do it, and looked at afterwards."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec

from tests.desk import Desk
from tests.make import AccountMade
from waypost.domains import mail
from waypost.domains.mail import Received, ReceivedMessage
from waypost.domains.mailboxes import Channel, Mailbox, store_channel
from waypost.edges.mail_io.parse import parse_message

_numbers = itertools.count(1)


def letter(
    body: str = "Hello there.",
    *,
    sender: str = "Jane Smith <jane@example.org>",
    to: str = "support@acme.test",
    subject: str = "Where is my order?",
    message_id: str | None = None,
    **fields: str,
) -> bytes:
    """A raw mail; further fields by their names with `_` for `-`."""
    message_id = message_id or f"<mail-{next(_numbers)}@example.org>"
    head = {"Message-ID": message_id, "From": sender, "To": to, "Subject": subject}
    head["Date"] = "Mon, 2 Nov 2026 10:00:00 +0000"
    head |= {name.replace("_", "-"): value for name, value in fields.items()}
    lines = [f"{name}: {value}" for name, value in head.items() if value]
    return ("\r\n".join([*lines, "", *body.split("\n")]) + "\r\n").encode()


class Post:
    """One mailbox of a desk, and the mail that arrives there."""

    def __init__(self, desk: Desk, account: AccountMade, mailbox: Mailbox) -> None:
        self.desk = desk
        self.account = account
        self.mailbox = mailbox

    @property
    def key(self) -> bytes:
        return self.desk.context.secret_key

    async def take(self, raw: bytes, *, recipients: tuple[str, ...] = (), **changes: Any) -> Received:
        """Let a mail arrive; `changes` are fields of the parsed message that are to read otherwise."""
        message: ReceivedMessage = msgspec.structs.replace(parse_message(raw), **changes)
        arrival = mail.Arrival(key=self.key, recipients=recipients)
        async with self.desk.transactions.open() as tx:
            return await mail.receive(
                tx, self.desk.parts.files, self.account.id, self.mailbox.id, message, raw, arrival
            )

    async def may_answer(self, received: Received) -> str:
        """Why a mail may not be answered automatically; empty when it may."""
        assert received.thread_id is not None
        async with self.desk.transactions.open() as tx:
            return (await mail.may_answer(tx, self.account.id, received.thread_id)).reason

    async def connect(self, **channel: Any) -> Channel:
        """Set how the mailbox is connected."""
        made = Channel(mailbox_id=self.mailbox.id, name=self.mailbox.name, email=self.mailbox.email, **channel)
        async with self.desk.transactions.open() as tx:
            await store_channel.put(tx.connection, self.key, self.account.id, made, tx.now)
        return made


async def opened(desk: Desk, email: str = "support@acme.test") -> Post:
    """A new company with one mailbox that `account.user` sees too."""
    account = await desk.make.account()
    mailbox = await desk.make.mailbox(account, "Acme Support", email, users=[account.user])
    return Post(desk, account, mailbox)
