"""The contact form of a site whose contact address reaches no mailbox: messages leave as mail (spec: 11.7)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tests.desk import Desk, running_desk
from tests.edges.docs_site.asking import conversations_of, opened, send
from tests.edges.docs_site.center import Center, links_of, open_center
from tests.edges.docs_v1.test_files import png
from tests.edges.mail_io.talks import Server, read, server
from tests.security.test_28_header_injection import TEXTS

__all__ = ["server"]

pytestmark = pytest.mark.anyio
SENDER = "Acme Desk <desk@acme.test>"
DESK_FIELDS = {
    "auto-submitted", "content-type", "date", "from", "message-id", "mime-version", "reply-to", "subject", "to",
}  # fmt: skip


class Mailed:
    """A site whose messages go to help@elsewhere.example, by the test's mail server."""

    def __init__(self, center: Center, server: Server, files: Path) -> None:
        self.center = center
        self.desk: Desk = center.desk
        self.server = server
        self._files = files

    async def sent(self) -> list[EmailMessage]:
        """What has left after all work is done."""
        await self.desk.run_workers()
        return [read(one.content) for one in self.server.caught]

    def files(self) -> list[bytes]:
        """What lies in the file store for letters."""
        return [path.read_bytes() for path in self._files.glob("**/letters/**/*") if path.is_file()]

    async def make_due(self) -> None:
        async with self.desk.connection() as connection:
            await connection.execute("update pgqueuer set execute_after = now() - interval '1 second'")


@pytest.fixture
async def mailed(database_url: str, tmp_path: Path, server: Server) -> AsyncIterator[Mailed]:
    changes: dict[str, Any] = {"smtp_url": server.url, "mail_from": SENDER, "contact_limit": 2}
    async with running_desk(database_url, tmp_path / "desk", **changes) as desk:
        center = await open_center(desk)
        await center.change(hasContactForm=True, contactEmail="help@elsewhere.example", title="Harbour Help")
        yield Mailed(center, server, tmp_path / "desk")


async def test_a_message_leaves_as_a_mail_that_is_answered_to_the_visitor(mailed: Mailed) -> None:
    assert "/contact" in links_of(await mailed.center.page("/"))
    assert (await mailed.center.visitor.get("/contact")).status_code == 200
    files = [("files", ("plan.png", png(), "image/png")), ("files", ("Straße.txt", b"Hello", "text/plain"))]

    answer = await send(mailed.center, files=files, name="Zoë Smith", message="Hello,\n\nwhere is <b>it</b>?")

    assert (answer.status_code, answer.headers["location"]) == (303, "/contact/sent")
    assert "Thank you, your message has arrived" in await mailed.center.page("/contact/sent")
    [message] = await mailed.sent()
    [caught] = mailed.server.caught
    assert (caught.mail_from, caught.rcpt_tos) == ("desk@acme.test", ["help@elsewhere.example"])
    assert {name.lower() for name in message} == DESK_FIELDS
    assert (message["From"], message["To"]) == (SENDER, "help@elsewhere.example")
    [reply_to] = message["Reply-To"].addresses
    assert (reply_to.display_name, reply_to.addr_spec) == ("Zoë Smith", "jane@example.org")
    assert message["Subject"] == "Where is it?"
    assert message["Auto-Submitted"] == "auto-generated"
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().split() == (
        "Zoë Smith <jane@example.org> Harbour Help Hello, where is <b>it</b>?".split()
    )
    assert html.get_content().strip() == (
        "<p>Zoë Smith &lt;jane@example.org&gt;<br>Harbour Help</p><p>Hello,</p><p>where is &lt;b&gt;it&lt;/b&gt;?</p>"
    )
    attached = [(one.get_filename(), one.get_content_type(), one.get_content()) for one in message.iter_attachments()]
    assert attached == [("plan.png", "image/png", png()), ("Straße.txt", "text/plain", "Hello")]
    assert mailed.files() == []
    assert await conversations_of(mailed.center) == []


async def test_the_same_form_sent_twice_is_one_mail(mailed: Mailed) -> None:
    stamp = await opened(mailed.center)
    answers = await asyncio.gather(*(send(mailed.center, stamp=stamp) for _ in range(3)))
    assert [answer.status_code for answer in answers] == [303] * 3
    assert len(await mailed.sent()) == 1


async def test_the_same_words_in_another_form_are_a_mail_of_their_own(mailed: Mailed) -> None:
    for _ in range(2):
        assert (await send(mailed.center)).status_code == 303
    first, second = await mailed.sent()
    assert first["Message-ID"] != second["Message-ID"]


async def test_mails_have_the_budget_of_conversations(mailed: Mailed) -> None:
    files = [("files", ("a.txt", b"x", "text/plain"))]
    answers = [await send(mailed.center, email=f"jane{number}@example.org", files=files) for number in range(4)]
    assert [answer.status_code for answer in answers] == [303, 303, 429, 429]
    assert len(mailed.files()) == 2
    assert len(await mailed.sent()) == 2


async def test_what_is_refused_leaves_no_mail_and_no_file(mailed: Mailed) -> None:
    files = [("files", ("a.txt", b"x", "text/plain"))]
    answer = await send(mailed.center, email="jane@example.org\r\nBcc: x@y.example", files=files)
    assert answer.status_code == 422
    assert await mailed.sent() == []
    assert mailed.files() == []


@pytest.mark.parametrize("refusal", ["451 later", "550 unknown"])
async def test_a_mail_that_is_refused_waits_with_its_files(mailed: Mailed, refusal: str) -> None:
    mailed.server.answer_to = lambda _: refusal
    await send(mailed.center, files=[("files", ("a.txt", b"kept", "text/plain"))])
    with pytest.raises(ExceptionGroup):
        await mailed.desk.run_workers()
    assert mailed.files() == [b"kept"]

    mailed.server.answer_to = lambda _: "250 OK"
    await mailed.make_due()
    [message] = await mailed.sent()
    assert [one.get_content() for one in message.iter_attachments()] == ["kept"]
    assert mailed.files() == []


async def test_words_arrive_even_if_a_file_is_gone(mailed: Mailed, tmp_path: Path) -> None:
    await send(mailed.center, files=[("files", ("a.txt", b"x", "text/plain"))])
    [path] = [path for path in (tmp_path / "desk").glob("**/letters/**/*") if path.is_file()]
    path.unlink()
    [message] = await mailed.sent()
    assert list(message.iter_attachments()) == []
    assert "where?" in message.as_string()


async def test_an_address_that_mail_cannot_spell_holds_nothing_up(mailed: Mailed) -> None:
    # A label that is longer in ASCII than the 63 characters that one may have.
    label = "".join(chr(0x4E00 + 997 * number % 20_000) for number in range(30))
    email = f"jane@{label}.example"
    assert (await send(mailed.center, email=email)).status_code == 303
    [message] = await mailed.sent()
    assert message["Reply-To"] is None
    html = message.get_body(("html",))
    assert html is not None
    assert email in html.get_content()


async def test_nothing_that_is_typed_adds_a_field_or_a_recipient(database_url: str, tmp_path: Path) -> None:
    server = Server()
    await server.start()
    changes: dict[str, Any] = {"smtp_url": server.url, "mail_from": SENDER, "contact_limit": 0}
    async with running_desk(database_url, tmp_path / "desk", **changes) as desk:
        center = await open_center(desk)
        await center.change(hasContactForm=True, contactEmail="help@elsewhere.example")
        for number, text in enumerate(TEXTS):
            # `.com` in the name of a file is that of a program.
            file_name = text.replace("\x00", "").replace(".com", ".org") + ".txt"
            files = [("files", (file_name, b"x", f"text/plain; name={number}"))]
            answer = await send(center, name=text, subject=text, message=text, files=files)
            assert answer.status_code == 303, (text, answer.text)
        await desk.run_workers()
    await server.stop()

    assert len(server.caught) == len(TEXTS)
    for caught in server.caught:
        message = read(caught.content)
        assert (caught.mail_from, caught.rcpt_tos) == ("desk@acme.test", ["help@elsewhere.example"])
        assert {name.lower() for name in message} == DESK_FIELDS
        assert len(message.items()) == len(DESK_FIELDS)
        assert message["From"] == SENDER
        assert [one.addr_spec for one in message["To"].addresses] == ["help@elsewhere.example"]
        assert [one.addr_spec for one in message["Reply-To"].addresses] == ["jane@example.org"]
        html = message.get_body(("html",))
        assert html is not None
        assert "<b>" not in html.get_content()
        [attached] = message.iter_attachments()
        assert {name.lower() for name in attached} == {
            "content-type", "content-transfer-encoding", "content-disposition", "mime-version",
        }  # fmt: skip
