"""Attacks 1, 2 and 5 through the API, shown in a real Chromium: what is stored runs nothing, and cleaning it again
changes nothing."""

from __future__ import annotations

import html
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, Route

from tests.desk import Desk
from tests.edges.session.conftest import chromium
from tests.kit.hostile_html import dangers, payloads
from tests.make import AccountMade
from waypost.domains.mailboxes import Mailbox
from waypost.kit.html import clean_body, sanitise, to_text

__all__ = ["chromium"]

pytestmark = pytest.mark.anyio

THREADS_A_CONVERSATION = 100
BODIES_A_PAGE = 300
PLACE = "http://shown.example/"
#: Whatever script runs ends in one of these, or in the console, or in a request.
HOOKS = """
window.ran = [];
for (const name of ['alert', 'confirm', 'prompt', 'print', 'open', 'fetch'])
  window[name] = (...words) => { window.ran.push(name + ': ' + String(words[0]).slice(0, 80)); };
addEventListener('securitypolicyviolation', event => window.ran.push('policy: ' + event.violatedDirective));
"""
#: What a reader might do to a message.
TOUCH = """
() => {
  for (const element of document.querySelectorAll('main *'))
    for (const kind of ['click', 'mouseover', 'mouseenter', 'mousemove', 'focus', 'focusin', 'blur', 'error', 'load',
                        'toggle', 'animationstart', 'transitionend', 'pointerover', 'keydown', 'paste', 'wheel'])
      element.dispatchEvent(new Event(kind, { bubbles: true, cancelable: true }));
  return document.querySelectorAll('main *').length;
}
"""
#: Where links lead that lead elsewhere than to pages, mail and telephones, as the browser itself reads them.
LINKS = """
() => [...document.querySelectorAll('main a[href]')]
  .filter(link => !['http:', 'https:', 'mailto:', 'tel:', ':'].includes(link.protocol))
  .map(link => 'link: ' + link.href)
"""


@pytest.fixture(scope="module")
async def account(module_desk: Desk) -> AccountMade:
    return await module_desk.make.account()


@pytest.fixture(scope="module")
async def mailbox(module_desk: Desk, account: AccountMade) -> Mailbox:
    return await module_desk.make.mailbox(account)


@pytest.fixture
async def client(module_desk: Desk, account: AccountMade) -> httpx.AsyncClient:
    return await module_desk.client(account.owner)


class Witness:
    """A tab that notes everything that a page makes happen."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.shown = ""
        self.seen: list[str] = []
        page.on("dialog", lambda dialog: self._note(f"dialog: {dialog.message}", dialog.dismiss()))
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.seen.append(f"error: {error}"))
        page.on("popup", lambda popup: self.seen.append(f"popup: {popup.url}"))

    def _hear(self, message: ConsoleMessage) -> None:
        # What the browser says of an image that it was not let fetch is no work of a message's.
        if "Failed to load resource" not in message.text:
            self.seen.append(f"console: {message.text}")

    def _note(self, text: str, answer: Any) -> Any:
        self.seen.append(text)
        return answer

    async def answer(self, route: Route) -> None:
        """The page itself; nothing else leaves the machine: images are not fetched, links that are touched end here."""
        if route.request.url == PLACE:
            await route.fulfill(content_type="text/html; charset=utf-8", body=self.shown)
        else:
            await route.abort()

    async def show(self, bodies: list[str]) -> int:
        """Show the bodies, touch every element, and note what ran; how many elements there are."""
        sections = "".join(f"<section>{body}</section>" for body in bodies)
        self.shown = f"<!DOCTYPE html><meta charset=utf-8><title>x</title><main>{sections}</main>"
        await self.page.goto(PLACE, wait_until="domcontentloaded")
        count: int = await self.page.evaluate(TOUCH)
        self.seen += await self.page.evaluate("() => window.ran")
        self.seen += await self.page.evaluate(LINKS)
        return count


@pytest.fixture
async def witness(chromium: Browser) -> AsyncIterator[Witness]:
    context = await chromium.new_context()
    page = await context.new_page()
    await page.add_init_script(HOOKS)
    witness = Witness(page)
    await page.route("**/*", witness.answer)
    yield witness
    await context.close()


def says_something(payload: str) -> bool:
    """Whether a call would take it as a text: not empty once it is clean, and made of characters."""
    body = clean_body(payload)
    is_whole = not any("\ud800" <= letter <= "\udfff" for letter in payload)
    return is_whole and bool(to_text(body).strip() or "<img" in body)


HOSTILE = [payload for payload in payloads() if says_something(payload)]


async def stored_notes(client: httpx.AsyncClient, mailbox: Mailbox, texts: list[str]) -> list[str]:
    """The bodies of notes with these texts, as the API gives them back."""
    body = {
        "subject": "Hostile", "type": "email", "mailboxId": mailbox.id, "status": "active",
        "customer": {"email": "hostile@example.com"}, "threads": [{"type": "note", "text": text} for text in texts],
    }  # fmt: skip
    answer = await client.post("/v2/conversations", content=json.dumps(body).encode())
    assert answer.status_code == 201, answer.text
    found = await client.get(f"/v2/conversations/{answer.headers['resource-id']}?embed=threads")
    return [thread["body"] for thread in found.json()["_embedded"]["threads"]]


async def test_the_witness_sees_what_runs(witness: Witness) -> None:
    for body, sign in {
        "<img src=x onerror=alert(1)>": "alert",
        "<p onmouseover=alert(2)>x</p>": "alert",
        "<a href='javascript:alert(3)' onclick='alert(3)'>x</a>": "alert",
        "<script>console.log('four')</script>": "console",
        "<script>throw Error('five')</script>": "error",
        "<a href='java\tscript:alert(6)'>x</a>": "link",
    }.items():
        witness.seen.clear()
        await witness.show([body])
        assert any(sign in what for what in witness.seen), (body, witness.seen)


async def test_nothing_of_a_known_attack_runs_when_its_stored_body_is_shown(
    client: httpx.AsyncClient, mailbox: Mailbox, witness: Witness
) -> None:
    bodies: list[str] = []
    for start in range(0, len(HOSTILE), THREADS_A_CONVERSATION):
        bodies += await stored_notes(client, mailbox, HOSTILE[start : start + THREADS_A_CONVERSATION])

    assert len(bodies) == len(HOSTILE) > 1900
    assert [body for body in bodies if dangers(body)] == []
    assert [body for body in bodies if sanitise(body) != body] == []
    for start in range(0, len(bodies), BODIES_A_PAGE):
        assert await witness.show(bodies[start : start + BODIES_A_PAGE]) >= BODIES_A_PAGE / 2
        assert witness.seen == []


async def test_saved_replies_are_as_safe(client: httpx.AsyncClient, mailbox: Mailbox, witness: Witness) -> None:
    bodies = []
    for payload in HOSTILE[::40]:
        body = {"name": "Hostile", "text": payload, "chatText": payload}
        answer = await client.post(f"/v2/mailboxes/{mailbox.id}/saved-replies", json=body)
        assert answer.status_code == 201, answer.text
        found = (await client.get(f"/v2/saved-replies/{answer.json()['id']}")).json()
        bodies += [found["text"], found["chatText"]]

    assert [body for body in bodies if dangers(body) or sanitise(body) != body] == []
    await witness.show(bodies)
    assert witness.seen == []


async def test_plain_fields_hold_what_was_sent_and_run_nothing_once_escaped(
    client: httpx.AsyncClient, witness: Witness
) -> None:
    shown = []
    for payload in HOSTILE[::40]:
        text = payload.replace("\0", "")[:200]
        answer = await client.post("/v2/customers", json={"firstName": "Hostile", "background": text})
        assert answer.status_code == 201, answer.text
        background = answer.json().get("background", "")
        assert background.strip() == text.strip()
        shown.append(html.escape(background))

    await witness.show(shown)
    assert witness.seen == []
