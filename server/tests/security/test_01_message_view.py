"""Attacks 1, 2, 5 and 6 by mail, looked at where agents look at mail: known attacks arrive as messages, are shown on
the page of a message in a real Chromium, framed as the desk frames it, and nothing runs and nothing is asked for."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page

from tests.desk import Desk
from tests.edges.inbox_v2.office import Office, open_office
from tests.edges.session.conftest import chromium
from tests.kit.hostile_html import payloads
from waypost.domains.mail import receive
from waypost.edges.base.content_links import ContentLinks
from waypost.edges.mail_io.parse import parse_message

__all__ = ["chromium"]

pytestmark = pytest.mark.anyio

FRAMES_A_PAGE = 35
#: Spread over all lists of attacks; markup only, because text is escaped.
HOSTILE = [payload for payload in payloads() if "<" in payload and payload.isprintable()][::5]


def raw_mail(payload: str, number: int) -> bytes:
    message = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    message["From"], message["To"], message["Subject"] = f"a{number}@example.com", "support@acme.test", "Hostile"
    message["Message-ID"] = f"<{number}@hostile.example>"
    message.set_content(f"<html><body>{payload}</body></html>", subtype="html", cte="base64")
    return message.as_bytes()


async def arrived(office: Office, count: int) -> list[int]:
    """The threads of the first so many attacks, received by mail."""
    threads = []
    for number, payload in enumerate(HOSTILE[:count]):
        source = raw_mail(payload, number)
        async with office.desk.transactions.open() as tx:
            made = await receive(
                tx, office.desk.parts.files, office.account.id, office.mailbox.id, parse_message(source), source
            )
        assert made.thread_id is not None, payload
        threads.append(made.thread_id)
    return threads


class Witness:
    """Notes everything that a page and its frames make happen."""

    def __init__(self, page: Page, allowed: str) -> None:
        self.page = page
        self.seen: list[str] = []
        self.loaded = 0
        self._allowed = allowed
        page.on("dialog", lambda dialog: self.seen.append(f"dialog: {dialog.message}"))
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.seen.append(f"error: {error}"))
        page.on("popup", lambda popup: self.seen.append(f"popup: {popup.url}"))
        page.on("download", lambda download: self.seen.append(f"download: {download.url}"))
        page.on("request", lambda request: self._ask(request.url))

    def _hear(self, message: ConsoleMessage) -> None:
        self.seen.append(f"console: {message.text}")

    def _ask(self, url: str) -> None:
        if url.startswith(self._allowed):
            self.loaded += 1
        elif not url.startswith("data:image/"):
            self.seen.append(f"request: {url}")

    async def show(self, links: list[str], place: str) -> None:
        """All links side by side, each in a frame like the desk's own."""
        frames = "".join(f'<iframe sandbox="allow-popups" src="{link}"></iframe>' for link in links)
        await self.page.route(place, lambda route: route.fulfill(content_type="text/html", body=frames))
        await self.page.goto(place, wait_until="load")
        for frame in self.page.frames[1:]:
            # What a reader touches: nothing may come of it either.
            await frame.evaluate(TOUCH)
        await self.page.unroute(place)


TOUCH = """
() => { for (const element of document.querySelectorAll('.message *'))
  for (const kind of ['mouseover', 'focus', 'error', 'load', 'toggle', 'animationstart', 'pointerover'])
    element.dispatchEvent(new Event(kind, { bubbles: true, cancelable: true })); }
"""


@pytest.fixture
async def office(module_desk: Desk) -> Office:
    return await open_office(module_desk)


@pytest.mark.parametrize("images", ["", "?images=on"])
async def test_nothing_of_a_known_attack_by_mail_runs_or_asks_where_it_is_shown(
    office: Office, chromium: Browser, images: str
) -> None:
    threads = await arrived(office, 320 if not images else 70)
    desk = office.desk
    context = await chromium.new_context()
    witness = Witness(await context.new_page(), f"{desk.base_url}/content/")
    links = ContentLinks(desk.context, office.account.id, office.account.owner.id, desk.transactions.clock())
    place = f"{desk.base_url}/place"
    shown = [links.thread(thread_id) + images for thread_id in threads]

    for start in range(0, len(shown), FRAMES_A_PAGE):
        await witness.show(shown[start : start + FRAMES_A_PAGE], place)
        found = [what for what in witness.seen if what != f"request: {place}" and not _is_failed_picture(what)]
        assert found == [], shown[start : start + FRAMES_A_PAGE]

    assert len(shown) >= 300 if not images else 60
    assert witness.loaded >= len(shown)
    await context.close()


def _is_failed_picture(what: str) -> bool:
    """What the browser says of a picture that the desk could not fetch: the desk answers with a page, not a picture."""
    return what.startswith("console: Failed to load resource")


async def test_the_witness_sees_what_a_page_without_these_guards_would_do(office: Office, chromium: Browser) -> None:
    context = await chromium.new_context()
    page = await context.new_page()
    witness = Witness(page, f"{office.desk.base_url}/content/")
    evil = f"{office.desk.base_url}/evil"
    await page.route("**/*", lambda route: route.abort())
    await page.route(evil, lambda route: route.fulfill(content_type="text/html", body=EVIL))
    await page.goto(evil)

    for sign in ("console: ran", "request: https://t.example/x.gif"):
        assert any(what.startswith(sign) for what in witness.seen), witness.seen
    await context.close()


EVIL = "<script>console.log('ran')</script><img src='https://t.example/x.gif'>"
