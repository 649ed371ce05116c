"""A help center under test: a company, keys for its people, and a site with a collection and a category."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import httpx

from tests.desk import Desk
from tests.make import AccountMade, Person
from waypost.domains import accounts

_numbers = itertools.count(1)
JSON = "application/json; charset=utf-8"
UNKNOWN = "5f0000000000000000000001"


@dataclass
class Shelf:
    """What tests begin with. `client` sends the owner's key."""

    desk: Desk
    account: AccountMade
    client: httpx.AsyncClient
    site: dict[str, Any]
    collection: dict[str, Any]
    category: dict[str, Any]

    async def post(self, path: str, body: Any, name: str) -> dict[str, Any]:
        answer = await self.client.post(path, json=body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()[name]
        return made

    async def article(self, name: str, text: str = "<p>Text</p>", **members: Any) -> dict[str, Any]:
        body = {"collectionId": self.collection["id"], "name": name, "text": text, **members}
        return await self.post("/v1/articles", body, "article")

    async def get(self, path: str) -> Any:
        answer = await self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()


async def key_of(desk: Desk, person: Person) -> str:
    async with desk.transactions.open() as tx:
        return (await accounts.create_api_key(tx, person.actor, "Tests"))[1]


async def keyed(desk: Desk, person: Person) -> httpx.AsyncClient:
    """A client that sends a fresh key of the person's."""
    client = await desk.client()
    client.auth = httpx.BasicAuth(await key_of(desk, person), "X")
    return client


async def build(desk: Desk, name: str = "Acme") -> Shelf:
    account = await desk.make.account(name)
    client = await keyed(desk, account.owner)
    shelf = Shelf(desk, account, client, {}, {}, {})
    shelf.site = await shelf.post("/v1/sites", {"subDomain": f"help-{next(_numbers)}", "title": "Help"}, "site")
    shelf.collection = await shelf.post("/v1/collections", {"siteId": shelf.site["id"], "name": "Guide"}, "collection")
    body = {"collectionId": shelf.collection["id"], "name": "Basics"}
    shelf.category = await shelf.post("/v1/categories", body, "category")
    return shelf


def assert_refused(answer: httpx.Response, status: int, error: str, /, **members: str) -> None:
    """The error body, with exactly these members beside it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == JSON
    assert answer.json() == {"code": status, "error": error, **{name: [text] for name, text in members.items()}}
