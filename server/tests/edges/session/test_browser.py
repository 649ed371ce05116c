"""Journeys in a real browser, under the policies that the pages carry."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from playwright.async_api import Page, expect

from tests.desk import Desk, desk_with
from tests.edges.session.test_outbox import ID, catching, caught
from tests.edges.session.visit import PASSWORD, with_password
from tests.make import Person
from waypost.domains.accounts import register_application
from waypost.kit.clock import system_clock


async def sign_in(tab: Page, desk: Desk, person: Person, path: str = "/sign-in") -> None:
    await tab.goto(desk.base_url + path)
    await tab.get_by_label("Email address").fill(person.email)
    await tab.get_by_label("Password").fill(PASSWORD)
    await tab.get_by_role("button", name="Sign in").click()


@dataclass
class Receiver:
    """An application's own web server: remembers where browsers were sent to."""

    port: int = 0
    paths: list[str] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = await reader.readline()
        path = line.split(b" ")[1].decode() if line.count(b" ") == 2 else ""
        if path.startswith("/return"):
            self.paths.append(path)
            self.arrived.set()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<h1>Thanks</h1>")
        await writer.drain()
        writer.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    server = await asyncio.start_server(made.answer, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    async with server:
        yield made


async def test_a_user_signs_in_with_the_keyboard_and_out(module_desk: Desk, tab: Page, complaints: list[str]) -> None:
    owner = await with_password(module_desk, (await module_desk.make.account()).owner)
    await tab.goto(module_desk.base_url + "/profile")
    await expect(tab).to_have_title("Sign in \u2013 Waypost")
    await tab.get_by_label("Email address").focus()
    await tab.keyboard.type(owner.email)
    await tab.keyboard.press("Tab")
    await tab.keyboard.type(PASSWORD)
    await tab.keyboard.press("Enter")
    await expect(tab.get_by_role("heading", name="Your details")).to_be_visible()
    await tab.get_by_role("button", name="Sign out").click()
    await expect(tab.get_by_role("status")).to_have_text("You are signed out.")
    await tab.go_back()
    await tab.reload()
    await expect(tab).to_have_title("Sign in \u2013 Waypost")
    assert complaints == []


async def test_a_wrong_password_is_told_in_the_page(module_desk: Desk, tab: Page) -> None:
    owner = (await module_desk.make.account()).owner
    await sign_in(tab, module_desk, owner)
    await expect(tab.get_by_role("alert")).to_contain_text("do not go together")
    await expect(tab.get_by_label("Email address")).to_have_value(owner.email)
    await expect(tab.get_by_label("Password")).to_have_value("")


async def test_two_step_sign_in_is_set_up_and_used(module_desk: Desk, tab: Page, complaints: list[str]) -> None:
    owner = await with_password(module_desk, (await module_desk.make.account()).owner)
    await sign_in(tab, module_desk, owner, "/sign-in?next=/profile/security")
    await tab.get_by_label("Your password").fill(PASSWORD)
    await tab.get_by_role("button", name="Set up").click()
    await expect(tab.get_by_role("img", name="QR code for your authenticator app")).to_be_visible()
    await tab.get_by_text("I can\u2019t scan it").click()
    totp = pyotp.TOTP(await tab.get_by_label("Enter this key in the app").input_value())
    await tab.get_by_label("Code", exact=True).fill(totp.at(system_clock(), counter_offset=-1))
    await tab.get_by_role("button", name="Switch on").click()
    await expect(tab.get_by_role("status").first).to_contain_text("Two-step sign-in is on.")
    await tab.get_by_role("button", name="Sign out").click()
    await sign_in(tab, module_desk, owner, "/sign-in?next=/profile")
    await expect(tab.get_by_label("Code")).to_be_focused()
    await tab.keyboard.type(totp.at(system_clock()))
    await tab.keyboard.press("Enter")
    await expect(tab.get_by_role("heading", name="Your details")).to_be_visible()
    assert complaints == []


@pytest.mark.parametrize(("button", "expected"), [("Allow", "code"), ("Don\u2019t allow", "error")])
async def test_consent_ends_at_the_application(
    module_desk: Desk, tab: Page, receiver: Receiver, complaints: list[str], button: str, expected: str
) -> None:
    account = await module_desk.make.account()
    user = await with_password(module_desk, account.user)
    async with module_desk.transactions.open() as tx:
        address = f"http://127.0.0.1:{receiver.port}/return"
        application, secret = await register_application(tx, account.owner.actor, "Parcels", address)
    path = f"/authentication/authorizeClientApplication?client_id={application.client_id}&state=s1"
    await sign_in(tab, module_desk, user, path)
    await expect(tab.get_by_role("heading", name="Allow Parcels to act for you?")).to_be_visible()
    await tab.get_by_role("button", name=button, exact=True).click()
    await expect(tab.get_by_role("heading", name="Thanks")).to_be_visible()
    answer = parse_qs(urlsplit(receiver.paths[0]).query)
    assert answer["state"] == ["s1"]
    assert complaints == []
    if expected == "error":
        assert answer["error"] == ["access_denied"]
        return
    fields = {"client_id": application.client_id, "client_secret": secret, "code": answer["code"][0]}
    client = await module_desk.client()
    token = await client.post("/v2/oauth2/token", json={"grant_type": "authorization_code", **fields})
    me = await (await module_desk.client(token.json()["access_token"])).get("/v2/users/me")
    assert me.json()["email"] == user.email


async def open_call(tab: Page, path: str) -> Any:
    """Find a call in the explorer and open it."""
    await expect(tab.locator(".opblock-tag").first).to_be_visible()
    call = tab.locator(".opblock", has=tab.locator(f'[data-path="{path}"]')).first
    section = tab.locator(".opblock-tag-section", has=tab.get_by_text("Users", exact=True)).locator(".opblock-tag")
    await section.click()
    await call.locator(".opblock-summary-control").click()
    return call


async def test_the_explorer_signs_in_and_makes_a_call(module_desk: Desk, tab: Page, complaints: list[str]) -> None:
    owner = await with_password(module_desk, (await module_desk.make.account()).owner)
    await sign_in(tab, module_desk, owner, "/sign-in?next=/developers")
    await expect(tab.get_by_role("heading", name="API explorer")).to_be_visible()
    await tab.get_by_role("button", name="Use my account").click()
    await expect(tab.locator("#explorer-state")).to_contain_text("Calls are made as you until")
    call = await open_call(tab, "/v2/users/me")
    await call.get_by_role("button", name="Execute").click()
    await expect(call.locator(".live-responses-table .response-col_status").last).to_contain_text("200")
    await expect(call.locator(".live-responses-table")).to_contain_text(owner.email)
    assert complaints == []


async def test_the_explorer_signs_in_as_an_application_with_consent(
    module_desk: Desk, tab: Page, complaints: list[str]
) -> None:
    owner = await with_password(module_desk, (await module_desk.make.account()).owner)
    async with module_desk.transactions.open() as tx:
        address = module_desk.base_url + "/developers/oauth2-redirect"
        application, secret = await register_application(tx, owner.actor, "My script", address)
    await sign_in(tab, module_desk, owner, "/sign-in?next=/developers")
    await tab.locator(".btn.authorize").click()
    flow = tab.locator(".auth-container", has=tab.get_by_text("authorizationCode").first).last
    await flow.get_by_label("client_id").fill(application.client_id)
    await flow.get_by_label("client_secret").fill(secret)
    async with tab.expect_popup() as opened:
        await flow.locator("button.authorize").click()
    consent = await opened.value
    async with consent.expect_event("close"):
        await consent.get_by_role("button", name="Allow", exact=True).click()
    await expect(flow.get_by_text("Logout")).to_be_visible()
    await tab.locator(".close-modal").click()
    call = await open_call(tab, "/v2/users/me")
    await call.get_by_role("button", name="Execute").click()
    await expect(call.locator(".live-responses-table")).to_contain_text(owner.email)
    assert complaints == []


@desk_with(is_demo=True)
async def test_nothing_in_a_caught_mail_runs_or_reaches_out(desk: Desk, tab: Page, receiver: Receiver) -> None:
    away = f"http://127.0.0.1:{receiver.port}/return"
    html = f"""<h1>Hi</h1><script>fetch('{away}?1')</script><img src="{away}?2" onerror="fetch('{away}?3')">
        <svg onload="top.document.title='owned'"></svg><link rel=stylesheet href="{away}?4">
        <iframe src="{away}?5"></iframe>
        <form action="{away}?6" id=f><input name=a></form><meta http-equiv=refresh content="0;url={away}?7">
        <a href="/password/reset/abc">link</a>"""
    catching(desk, caught(html=html))
    dialogs: list[str] = []
    tab.on("dialog", lambda dialog: dialogs.append(dialog.message))
    await tab.goto(desk.base_url + f"/outbox/{ID}", wait_until="networkidle")
    frame = tab.frame_locator("iframe.mail-frame")
    await expect(frame.get_by_role("heading", name="Hi")).to_be_visible()
    await expect(tab).to_have_title("<b>Hello</b> \u2013 Outbox \u2013 Waypost")
    assert dialogs == []
    assert receiver.paths == []
    async with tab.expect_popup() as opened:
        await frame.get_by_role("link", name="link").click()
    await expect((await opened.value).get_by_role("heading", level=1)).to_have_text("No path leads here")


@desk_with(is_demo=True)
async def test_no_page_is_wider_than_a_small_phone(desk: Desk, tab: Page) -> None:
    account = await desk.make.account()
    owner = await with_password(desk, account.owner)
    catching(desk, caught(subject="W" * 200, recipients="someone.with.a.long.address@" + "example" * 12 + ".com"))
    async with desk.transactions.open() as tx:
        long_url = "https://" + "a" * 60 + ".example/" + "b" * 200
        application, _ = await register_application(tx, owner.actor, "N" * 100, long_url)
    await tab.set_viewport_size({"width": 360, "height": 740})
    await sign_in(tab, desk, owner)
    await expect(tab.get_by_role("heading", name="Hello")).to_be_visible()
    consent = f"/authentication/authorizeClientApplication?client_id={application.client_id}"
    app = f"/profile/apps/{application.id}"
    for path in ("/", "/profile", "/profile/security", "/profile/apps", app, "/profile/keys", consent, "/outbox",
                 f"/outbox/{ID}", "/developers", "/password/forgot", "/nowhere"):  # fmt: skip
        await tab.goto(desk.base_url + path, wait_until="networkidle")
        wider = await tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0, path
