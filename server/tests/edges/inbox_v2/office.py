"""An account with a mailbox, and short ways to start conversations, answer them and look at them."""

from __future__ import annotations

from typing import Any

import httpx

from tests.desk import Desk
from tests.make import AccountMade
from waypost.domains.mail import Received, receive
from waypost.domains.mailboxes import Mailbox
from waypost.edges.mail_io.parse import parse_message


class Office:
    """The owner's view of an account."""

    def __init__(self, desk: Desk, account: AccountMade, mailbox: Mailbox, client: httpx.AsyncClient) -> None:
        self.desk = desk
        self.account = account
        self.mailbox = mailbox
        self.client = client

    async def start(self, **changes: Any) -> int:
        """Start a conversation; its id."""
        body = {
            "subject": "Question",
            "customer": {"email": "jane@example.com", "firstName": "Jane", "lastName": "Smith"},
            "mailboxId": self.mailbox.id,
            "type": "email",
            "status": "active",
            "threads": [{"type": "customer", "text": "Hello"}],
            **changes,
        }
        answer = await self.client.post("/v2/conversations", json=body)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    async def add(self, conversation_id: int, kind: str, **body: Any) -> int:
        """Add a thread; its id."""
        answer = await self.client.post(f"/v2/conversations/{conversation_id}/{kind}", json={"text": "Hello", **body})
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    async def get(self, path: str) -> dict[str, Any]:
        answer = await self.client.get(path)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def conversation(self, conversation_id: int) -> dict[str, Any]:
        return await self.get(f"/v2/conversations/{conversation_id}")

    async def threads(self, conversation_id: int) -> list[dict[str, Any]]:
        """Newest first."""
        return list((await self.get(f"/v2/conversations/{conversation_id}/threads?limit=100"))["_embedded"]["threads"])

    async def listed(self, query: str = "status=all") -> list[int]:
        return [item["id"] for item in (await self.get(f"/v2/conversations?{query}"))["_embedded"]["conversations"]]

    async def facts(self, *types: str) -> list[dict[str, Any]]:
        """What the log holds of these types, oldest first."""
        async with self.desk.connection() as connection:
            rows = await connection.fetch(
                "select type, subject_id, scope_id, actor_kind, actor_id, data from event"
                " where account_id = $1 and type = any ($2::text[]) order by id",
                self.account.id,
                list(types),
            )
        return [dict(row) for row in rows]

    async def mail(self, raw: str, mailbox: Mailbox | None = None) -> Received:
        """Let a message arrive."""
        source = raw.replace("\n", "\r\n").encode()
        async with self.desk.transactions.open() as tx:
            box = mailbox or self.mailbox
            return await receive(tx, self.desk.parts.files, self.account.id, box.id, parse_message(source), source)


async def open_office(desk: Desk) -> Office:
    account = await desk.make.account()
    mailbox = await desk.make.mailbox(account)
    return Office(desk, account, mailbox, await desk.client(account.owner))


def refused(answer: httpx.Response) -> dict[str, str]:
    """The paths that a validation error names, each with its message."""
    assert answer.headers["content-type"] == "application/vnd.error+json"
    return {error["path"]: error["message"] for error in answer.json()["_embedded"]["errors"]}
