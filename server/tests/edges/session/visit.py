"""A browser without scripts: keeps cookies, reads forms from pages and sends them as a browser would."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
from selectolax.lexbor import LexborHTMLParser, LexborNode

from tests.desk import PLAIN, Desk
from tests.make import Person
from waypost.domains.accounts import Actor, password_changes

PASSWORD = "a signpost in the fog"


@dataclass
class Page:
    """An answer, and what stands in it."""

    answer: httpx.Response

    @property
    def status(self) -> int:
        return self.answer.status_code

    @property
    def location(self) -> str:
        return str(self.answer.headers.get("location", ""))

    @property
    def tree(self) -> LexborHTMLParser:
        return LexborHTMLParser(self.answer.text)

    @property
    def title(self) -> str:
        node = self.tree.css_first("h1")
        return " ".join(node.text().split()) if node else ""

    @property
    def text(self) -> str:
        body = self.tree.body
        return " ".join(body.text(separator=" ").split()) if body else ""

    def form(self, action: str | None = None) -> tuple[str, dict[str, str]]:
        """Where a form goes and its fields as they stand; the first one of the content, or the one with this action."""
        for node in self.tree.css("main form" if action is None else "form"):
            target = node.attributes.get("action") or str(self.answer.request.url.raw_path, "ascii")
            if action is None or target == action:
                return target, dict(_field(each) for each in node.css("input") if _counts(each))
        raise AssertionError(f"no form {action} on {self.answer.request.url}: {self.text[:200]}")

    def value(self, element_id: str) -> str:
        node = self.tree.css_first(f"#{element_id}")
        assert node is not None, f"no #{element_id}"
        return node.attributes.get("value") or ""


def _counts(node: LexborNode) -> bool:
    return node.attributes.get("type") != "radio" or "checked" in node.attributes


def _field(node: LexborNode) -> tuple[str, str]:
    return node.attributes.get("name") or "", node.attributes.get("value") or ""


class Visit:
    """One browser. Redirects are not followed, so that tests see them."""

    def __init__(self, client: httpx.AsyncClient, base_url: str) -> None:
        self.client = client
        self.base_url = base_url

    async def get(self, path: str, **headers: str) -> Page:
        return Page(await self.client.get(path, headers=headers))

    async def post(self, path: str, fields: dict[str, str], **headers: str) -> Page:
        sent = {"Origin": self.base_url, **headers}
        return Page(await self.client.post(path, data=fields, headers=sent))

    async def send(self, page: Page, fields: dict[str, str] | None = None, action: str | None = None) -> Page:
        """Fill in a form of a page and send it."""
        target, standing = page.form(action)
        return await self.post(target, {**standing, **(fields or {})})

    async def submit(self, path: str, fields: dict[str, str] | None = None, action: str | None = None) -> Page:
        """Open a page, fill in its form, send it."""
        return await self.send(await self.get(path), fields, action)

    async def sign_in(self, person: Person, password: str = PASSWORD) -> Page:
        return await self.submit("/sign-in", {"email": person.email, "password": password})

    async def sign_out(self) -> Page:
        return await self.submit("/", action="/sign-out")

    def cookie(self, name: str) -> str | None:
        return self.client.cookies.get(f"waypost_{name}")


@asynccontextmanager
async def visiting(desk: Desk, **client: Any) -> AsyncIterator[Visit]:
    """A new browser."""
    async with httpx.AsyncClient(base_url=desk.base_url, timeout=30, verify=PLAIN, **client) as made:
        yield Visit(made, desk.base_url)


async def with_password(desk: Desk, person: Person, password: str = PASSWORD) -> Person:
    async with desk.transactions.open() as tx:
        by = Actor.system(person.account_id)
        await password_changes.set_password(tx, by, person.account_id, person.id, password)
    return person


async def mailed(desk: Desk) -> list[dict[str, Any]]:
    """The system mails that are queued, oldest first."""
    sql = "select payload from pgqueuer where entrypoint = 'mail.send_system' order by id"
    async with desk.connection() as connection:
        return [json.loads(row["payload"]) for row in await connection.fetch(sql)]


def link_in(html: str) -> str:
    """The path of the first link of a mail."""
    node = LexborHTMLParser(html).css_first("a")
    assert node is not None
    return urlsplit(node.attributes["href"] or "").path
