"""A company that has workflows: two mailboxes, its people, and what tests of workflows do again and again."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.desk import Desk
from tests.make import AccountMade, Person
from waypost.domains.mailboxes import Mailbox

NOTE = {"type": "addNote", "text": "Seen"}


class Office:
    """A company with two mailboxes; its user sees the first."""

    def __init__(self, desk: Desk, account: AccountMade, support: Mailbox, sales: Mailbox, user: Person) -> None:
        self.desk = desk
        self.account = account
        self.support = support
        self.sales = sales
        self.user = user

    async def client(self, who: Person | None = None) -> httpx.AsyncClient:
        return await self.desk.client(who or self.account.owner)

    async def workflow(self, **changes: Any) -> dict[str, Any]:
        body = {
            "mailboxId": self.support.id,
            "type": "manual",
            "status": "active",
            "name": "Escalate",
            "actions": [NOTE],
            **changes,
        }
        answer = await (await self.client()).post("/v2/workflows", json=body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def conversation(self, mailbox: Mailbox | None = None, subject: str = "A refund") -> int:
        answer = await (await self.client()).post(
            "/v2/conversations",
            json={
                "subject": subject,
                "type": "email",
                "mailboxId": (mailbox or self.support).id,
                "status": "active",
                "customer": {"email": "jane@example.com"},
                "threads": [{"type": "customer", "text": "Hello"}],
            },
        )
        return int(answer.json()["id"])

    async def runs(self, workflow_id: int) -> list[dict[str, Any]]:
        await self.desk.run_workers()
        answer = await (await self.client()).get(f"/v2/workflows/{workflow_id}/runs")
        return list(answer.json()["_embedded"]["runs"])


async def build(desk: Desk) -> Office:
    account = await desk.make.account()
    support = await desk.make.mailbox(account, users=[account.user])
    sales = await desk.make.mailbox(account, name="Sales")
    return Office(desk, account, support, sales, await desk.make.refreshed(account.user))


@pytest.fixture
async def office(module_desk: Desk) -> Office:
    """A company of the test's own on the module's desk."""
    return await build(module_desk)


def errors_of(answer: httpx.Response) -> dict[str, str]:
    return {error["path"]: error["message"] for error in answer.json()["_embedded"]["errors"]}
