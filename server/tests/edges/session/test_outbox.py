"""The demo's outbox: caught mails, for this machine or for signed-in users, shown so that nothing in them runs."""

from __future__ import annotations

from dataclasses import dataclass

from tests.desk import Desk, desk_with
from tests.edges.session.visit import visiting, with_password


@dataclass
class Caught:
    id: str = "20260301-1"
    subject: str = "<b>Hello</b>"
    sender: str = "Support <support@acme.test>"
    recipients: str = "Eve <eve@example.com>"
    when: str = "2026-03-01 12:00"
    html: str = "<p>Hi</p><script>parent.document.title = 'owned'</script>"
    text: str = "Hi\n<script>alert(1)</script>"


def catching(desk: Desk, *messages: Caught) -> None:
    desk.context.sunk_messages = lambda: list(messages)
    desk.context.sunk_message = lambda wanted: next((each for each in messages if each.id == wanted), None)


async def test_outside_of_a_demo_there_is_no_outbox(desk: Desk) -> None:
    catching(desk, Caught())
    owner = await with_password(desk, (await desk.make.account()).owner)
    async with visiting(desk) as visit:
        await visit.sign_in(owner)
        for path in ("/outbox", "/outbox/20260301-1", "/outbox/20260301-1/html"):
            assert (await visit.get(path)).status == 404


@desk_with(is_demo=True)
async def test_mails_are_listed_and_shown_as_text_around_a_closed_frame(desk: Desk) -> None:
    catching(desk, Caught())
    async with visiting(desk) as visit:
        listed = await visit.get("/outbox")
        assert "<b>Hello</b>" in listed.text
        page = await visit.get("/outbox/20260301-1")
        assert page.title == "<b>Hello</b>"
        assert "<script>alert" not in page.answer.text
        frame = page.tree.css_first("iframe")
        assert frame is not None
        assert frame.attributes["sandbox"] == "allow-popups allow-popups-to-escape-sandbox"
        body = await visit.get(frame.attributes["src"] or "")
        policy = body.answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "sandbox" in policy
        assert "script-src" not in policy
        assert "allow-scripts" not in policy
        assert "allow-same-origin" not in policy
        assert "frame-ancestors 'self'" in policy
        assert (await visit.get("/outbox/other")).status == 404


@desk_with(is_demo=True)
async def test_an_empty_outbox_says_so(desk: Desk) -> None:
    async with visiting(desk) as visit:
        assert "Nothing was sent yet." in (await visit.get("/outbox")).text


@desk_with(is_demo=True)
async def test_through_a_proxy_only_signed_in_users_see_it(desk: Desk) -> None:
    catching(desk, Caught())
    owner = await with_password(desk, (await desk.make.account()).owner)
    async with visiting(desk, headers={"X-Forwarded-For": "127.0.0.1"}) as visit:
        assert (await visit.get("/outbox/20260301-1")).location == "/sign-in?next=%2Foutbox%2F20260301-1"
        assert (await visit.get("/outbox/20260301-1/html")).status == 302
        await visit.sign_in(owner)
        assert (await visit.get("/outbox/20260301-1")).status == 200
