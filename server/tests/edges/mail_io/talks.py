"""A conversation that a mail began, an agent who answers it, and a mail server that answers as it is told."""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections.abc import AsyncIterator, Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.desk import Desk, running_desk
from tests.make import AccountMade
from waypost.domains import mail
from waypost.domains.mailboxes import Mailbox, store_channel
from waypost.edges.mail_io.parse import parse_message

#: Lets a mailbox use a server of this machine.
HERE: dict[str, Any] = {"outgoing_allow": ("127.0.0.1",)}
QUESTION = b"""\
Message-ID: <question@example.org>
From: Jane Smith <jane@example.org>
To: support@acme.test
Subject: Where is my order?
Date: Mon, 2 Nov 2026 10:00:00 +0000

It was to come on Friday.
"""


class Server:
    """An SMTP server of the test's own that answers as it is told."""

    def __init__(self) -> None:
        self.caught: list[Envelope] = []
        self.answer_to: Callable[[str], str] = lambda _: "250 OK"
        #: For the mailbox's own mail; empty takes it.
        self.answer_to_data = ""
        self.gate = asyncio.Event()
        self.gate.set()
        self.is_asked = asyncio.Event()
        self._server: asyncio.Server | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?security=none"

    @property
    def replies(self) -> list[Envelope]:
        """What the mailbox has sent; the desk's own mails tell users of it."""
        return [one for one in self.caught if one.mail_from == "support@acme.test"]

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: SMTP(self, loop=loop), "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[Any]
    ) -> str:
        answer = self.answer_to(address)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return answer

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.is_asked.set()
        await self.gate.wait()
        if envelope.mail_from and envelope.mail_from.startswith("support") and self.answer_to_data:
            return self.answer_to_data
        self.caught.append(envelope)
        return "250 OK"


class Talk:
    """A conversation that a customer's mail began, and an agent's client."""

    def __init__(self, desk: Desk, account: AccountMade, mailbox: Mailbox, client: httpx.AsyncClient, id_: int) -> None:
        self.desk = desk
        self.account = account
        self.mailbox = mailbox
        self.client = client
        self.id = id_

    async def reply(self, text: str = "It is on its way.", **body: Any) -> int:
        answer = await self.client.post(f"/v2/conversations/{self.id}/reply", json={"text": text, **body})
        assert answer.status_code == 201, answer.text
        return int(answer.headers["resource-id"])

    async def connect(self, **changes: Any) -> None:
        """Settings of the mailbox's mail."""
        key = self.desk.context.secret_key
        async with self.desk.transactions.open() as tx:
            before = await store_channel.find(tx.connection, key, self.account.id, self.mailbox.id)
            assert before is not None
            after = msgspec.structs.replace(before, **changes)
            await store_channel.put(tx.connection, key, self.account.id, after, tx.now)

    async def note(self) -> dict[str, Any]:
        """What is noted of the newest reply that has to leave."""
        async with self.desk.connection() as connection:
            row = await connection.fetchrow("select * from sent_mail order by id desc limit 1")
        assert row is not None
        return dict(row)

    async def waiting_jobs(self) -> list[dict[str, Any]]:
        async with self.desk.connection() as connection:
            rows = await connection.fetch("select *, execute_after > now() as is_later from pgqueuer order by id")
        return [dict(row) for row in rows]

    async def make_due(self) -> None:
        async with self.desk.connection() as connection:
            await connection.execute("update pgqueuer set execute_after = now() - interval '1 second'")


async def take(desk: Desk, account: AccountMade, mailbox: Mailbox, raw: bytes) -> mail.Received:
    async with desk.transactions.open() as tx:
        arrival = mail.Arrival(key=desk.context.secret_key)
        return await mail.receive(tx, desk.parts.files, account.id, mailbox.id, parse_message(raw), raw, arrival)


async def begun(desk: Desk, raw: bytes = QUESTION, address: str = "support@acme.test") -> Talk:
    account = await desk.make.account()
    mailbox = await desk.make.mailbox(account, "Acme Support", address)
    received = await take(desk, account, mailbox, raw)
    assert received.conversation_id is not None
    return Talk(desk, account, mailbox, await desk.client(account.owner), received.conversation_id)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def talk(database_url: str, tmp_path: Path, server: Server) -> AsyncIterator[Talk]:
    async with running_desk(database_url, tmp_path / "desk", smtp_url=server.url) as desk:
        yield await begun(desk)


def read(raw: bytes | str | None) -> EmailMessage:
    assert isinstance(raw, bytes)
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message
