"""The demo's outbox: caught mails, for this machine or for signed-in users, shown so that nothing in them runs."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiosmtplib
import msgspec

from tests.desk import Desk, desk_with
from tests.edges.session.visit import visiting, with_password
from waypost.edges.mail_io.sink import MailSink, SunkAttachment, SunkDetail

ID = "20260301-120000-000000-abcd"


def caught(**changes: Any) -> SunkDetail:
    """A mail as the sink gives it, but with HTML that nothing has cleaned."""
    mail = SunkDetail(
        id=ID,
        at=datetime(2026, 3, 1, 12, 0, tzinfo=UTC),
        sender="Support <support@acme.test>",
        recipients="Eve <eve@example.com>",
        subject="<b>Hello</b>",
        preview="Hi <i>",
        envelope_from="bounces@acme.test",
        envelope_to=("eve@example.com", "blind@example.com"),
        size=1000,
        headers=[("X-Strange", "<script>alert(2)</script>")],
        html="<p>Hi</p><script>parent.document.title = 'owned'</script>",
        text="Hi\n<script>alert(1)</script>",
        attachments=[SunkAttachment("<b>.pdf", "application/pdf", 12345, False)],
        warnings=[],
    )
    return msgspec.structs.replace(mail, **changes)


def catching(desk: Desk, *messages: SunkDetail) -> None:
    desk.context.sunk_messages = lambda: list(messages)
    desk.context.sunk_message = lambda wanted: next((each for each in messages if each.id == wanted), None)


@desk_with(is_demo=True)
async def test_a_real_mail_goes_from_the_sink_to_the_page(desk: Desk, tmp_path: Path) -> None:
    async with MailSink(tmp_path / "sink") as sink:
        desk.context.sunk_messages, desk.context.sunk_message = sink.messages, sink.message
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "desk@acme.test", "Jürgen <j@example.com>", "Grüße"
        mail.set_content("Hallo")
        mail.add_alternative("<p>Hallo <b>Jürgen</b></p>", subtype="html")
        await aiosmtplib.send(mail, hostname=sink.host, port=sink.port, start_tls=False)
        async with visiting(desk) as visit:
            listed = await visit.get("/outbox")
            assert "Grüße" in listed.text
            (href,) = [node.attributes["href"] or "" for node in listed.tree.css(".mail-subject")]
            assert (await visit.get(href)).title == "Grüße"
            assert "<b>Jürgen</b>" in (await visit.get(href + "/html")).answer.text


async def test_outside_of_a_demo_there_is_no_outbox(desk: Desk) -> None:
    catching(desk, caught())
    owner = await with_password(desk, (await desk.make.account()).owner)
    async with visiting(desk) as visit:
        await visit.sign_in(owner)
        for path in ("/outbox", f"/outbox/{ID}", f"/outbox/{ID}/html"):
            assert (await visit.get(path)).status == 404


@desk_with(is_demo=True)
async def test_mails_are_listed_and_shown_as_text_around_a_closed_frame(desk: Desk) -> None:
    catching(desk, caught())
    async with visiting(desk) as visit:
        listed = await visit.get("/outbox")
        assert "<b>Hello</b>" in listed.text
        page = await visit.get(f"/outbox/{ID}")
        assert page.title == "<b>Hello</b>"
        assert "<script>alert" not in page.answer.text
        assert "blind@example.com" in page.text
        assert "<b>.pdf" in page.text
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
    catching(desk, caught())
    owner = await with_password(desk, (await desk.make.account()).owner)
    async with visiting(desk, headers={"X-Forwarded-For": "127.0.0.1"}) as visit:
        assert (await visit.get(f"/outbox/{ID}")).location == f"/sign-in?next=%2Foutbox%2F{ID}"
        assert (await visit.get(f"/outbox/{ID}/html")).status == 302
        await visit.sign_in(owner)
        assert (await visit.get(f"/outbox/{ID}")).status == 200
