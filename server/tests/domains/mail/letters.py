"""Mails for tests: written with what matters, taken in as the channels do it, and looked at afterwards."""

from __future__ import annotations

import itertools
from typing import Any

import httpx
import msgspec

from tests.desk import Desk
from tests.make import AccountMade, Person
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
    if message_id is None:
        message_id = f"<mail-{next(_numbers)}@example.org>"
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

    async def count(self) -> int:
        """How many conversations the account has."""
        async with self.desk.connection() as connection:
            found: int = await connection.fetchval(
                "select count(*) from conversation where account_id = $1 and state = 'published'", self.account.id
            )
        return found

    async def client(self) -> httpx.AsyncClient:
        """A client of the owner's."""
        return await self.desk.client(self.account.owner)

    async def threads(self, conversation_id: int | None) -> list[dict[str, Any]]:
        """The threads as the API shows them, the oldest first, without line items."""
        answer = await (await self.client()).get(f"/v2/conversations/{conversation_id}/threads")
        assert answer.status_code == 200, answer.text
        return [one for one in reversed(answer.json()["_embedded"]["threads"]) if one["type"] != "lineitem"]

    async def conversation(self, conversation_id: int | None) -> dict[str, Any]:
        """The conversation as the API shows it."""
        answer = await (await self.client()).get(f"/v2/conversations/{conversation_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def reply(self, conversation_id: int | None, text: str = "It is on its way.", **body: Any) -> int:
        """An agent's reply through the API; the thread's id."""
        answer = await (await self.client()).post(
            f"/v2/conversations/{conversation_id}/reply", json={"text": text, **body}
        )
        assert answer.status_code == 201, answer.text
        return int(answer.headers["resource-id"])

    async def patch(self, conversation_id: int | None, path: str, value: Any) -> None:
        """Change the conversation through the API."""
        operation = {"op": "replace", "path": path, "value": value}
        answer = await (await self.client()).patch(f"/v2/conversations/{conversation_id}", json=operation)
        assert answer.status_code == 204, answer.text

    async def sent_ids(self, conversation_id: int | None) -> list[str]:
        """The Message-IDs under which the conversation's replies leave, the oldest first."""
        await self.desk.run_workers()
        async with self.desk.connection() as connection:
            rows = await connection.fetch(
                "select message_id from sent_mail where account_id = $1 and conversation_id = $2 order by id",
                self.account.id,
                conversation_id,
            )
        return [row["message_id"] for row in rows]

    async def mailed_to(self) -> set[str]:
        """Everybody to whom a reply of the account goes or went, in lower case."""
        await self.desk.run_workers()
        async with self.desk.connection() as connection:
            rows = await connection.fetch(
                """select lower(email) as email from sent_mail s
                   join thread t on t.account_id = s.account_id and t.id = s.thread_id
                   cross join lateral unnest(t.to_emails || t.cc || t.bcc) as named (email) where s.account_id = $1""",
                self.account.id,
            )
        return {row["email"] for row in rows}

    def signed_id(self, received: Received, thread_id: int) -> str:
        """The Message-ID of a reply in the conversation of a received mail."""
        return mail.new_message_id(self.key, self.account.id, received.conversation_id or 0, thread_id, "acme.test")

    def notice_id(self, user: Person, conversation_id: int | None, thread_id: int | None = 0) -> str:
        """The Message-ID of a notice to a user."""
        return mail.new_message_id(
            self.key, self.account.id, conversation_id or 0, thread_id or 0, "desk.test", user_id=user.id
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
