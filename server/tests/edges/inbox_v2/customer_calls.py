"""What the tests of customers over HTTP share: a caller with an account of its own, and how refusals are read."""

from __future__ import annotations

from typing import Any

import httpx

from tests.desk import Desk
from tests.make import AccountMade

FULL = {
    "firstName": "Jane",
    "lastName": "Smith",
    "gender": "female",
    "jobTitle": "Marketing Manager",
    "location": "Vienna",
    "organization": "Example Corp",
    "photoType": "gravatar",
    "photoUrl": "https://photos.example/c.png",
    "age": 34,
    "background": "Met at the fair",
    "emails": [{"type": "work", "value": "jane@example.com"}],
    "phones": [{"type": "work", "value": "+1-555-123-4567"}],
    "chats": [{"type": "skype", "value": "jane.s"}],
    "socialProfiles": [{"type": "twitter", "value": "@jane"}],
    "websites": [{"value": "https://example.com"}],
    "address": {
        "lines": ["Main street 1", "Floor 2"],
        "city": "Vienna",
        "state": "Vienna",
        "postalCode": "1010",
        "country": "AT",
    },
    "properties": [{"slug": "account-type", "value": "Premium"}],
}


class Caller:
    """An account of its own on the shared desk, and a client of its owner."""

    def __init__(self, desk: Desk, account: AccountMade, client: httpx.AsyncClient) -> None:
        self.desk, self.account, self.client = desk, account, client

    async def customer(self, **body: Any) -> int:
        answer = await self.client.post("/v2/customers", json=body or {"firstName": "Jane"})
        assert answer.status_code == 201, answer.text
        made: int = answer.json()["id"]
        return made

    async def get(self, customer_id: int) -> dict[str, Any]:
        answer = await self.client.get(f"/v2/customers/{customer_id}")
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def patch(self, customer_id: int, body: Any) -> httpx.Response:
        return await self.client.patch(f"/v2/customers/{customer_id}", json=body)

    async def listed(self, query: str = "", version: str = "v2") -> list[int]:
        answer = await self.client.get(f"/{version}/customers{query}")
        assert answer.status_code == 200, answer.text
        return [item["id"] for item in answer.json()["_embedded"]["customers"]]

    async def conversation(self, customer_id: int, mailbox_id: int) -> None:
        async with self.desk.connection() as connection:
            await connection.execute(
                """
                insert into conversation (account_id, number, mailbox_id, type, status, subject, primary_customer_id,
                                          source_type, source_via, created_at, modified_at, user_updated_at)
                select $1, coalesce(max(number), 0) + 1, $2, 'email', 'active', 'Help', $3, 'api', 'user',
                       now(), now(), now()
                from conversation where account_id = $1
                """,
                self.account.id,
                mailbox_id,
                customer_id,
            )


async def caller_on(desk: Desk) -> Caller:
    """A fresh account on a shared desk."""
    account = await desk.make.account()
    return Caller(desk, account, await desk.client(account.owner))


def paths(answer: httpx.Response) -> list[str]:
    return [problem["path"] for problem in answer.json()["_embedded"]["errors"]]


def assert_refused(answer: httpx.Response, *bad: str, status: int = 422) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/vnd.error+json"
    assert answer.json()["message"] == "Validation failed"
    assert paths(answer) == list(bad)
