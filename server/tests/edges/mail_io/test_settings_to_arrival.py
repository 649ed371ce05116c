"""From the settings of a mailbox to a mail that arrives, and back from its rating links: all by HTTP and SMTP."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.desk import running_desk
from tests.edges.inbox_v2.channel_calls import Box
from tests.edges.mail_io.authority import Authority
from tests.edges.mail_io.servers import Receiver, receiving
from tests.edges.mail_io.talks import begun, read
from tests.edges.mail_io.test_letters_out import html_of, text_of

pytestmark = pytest.mark.anyio

PASSWORD = "pa55 for-mail"


async def test_a_reply_leaves_by_the_server_that_was_set_and_comes_back_as_a_rating(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    receiver = Receiver(password=PASSWORD)
    encrypted = {"authenticator": receiver.authenticate, "auth_required": True, "auth_require_tls": False}
    async with receiving(receiver, authority.server("127.0.0.1"), **encrypted) as port:
        allowed = (f"127.0.0.1:{port}",)
        async with running_desk(database_url, tmp_path / "desk", outgoing_allow=allowed) as desk:
            talk = await begun(desk)
            box = Box(desk, talk.account, talk.mailbox, await desk.client(talk.account.administrator))
            outgoing = {"host": "127.0.0.1", "port": port, "security": "tls", "username": "me", "password": PASSWORD}
            wanted = {
                "from": {"kind": "mailbox"},
                "signature": "<p>Yours, {%user.firstName%} of {%mailbox.name%}</p>",
                "ratings": True,
            }
            # What is allowed is this port of this machine, and no other.
            refused = await box.put(**wanted, outgoing={**outgoing, "port": port + 1})
            assert refused.status_code == 422
            assert "outgoing.host" in refused.text
            stored = await box.put(**wanted, outgoing=outgoing)
            assert (stored.status_code, stored.text) == (204, "")
            shown = (await box.get())["outgoing"]
            assert (shown["security"], shown["hasPassword"], "password" in shown) == ("tls", True, False)
            tried = await box.client.post(f"{box.path}/test")
            assert tried.json()["ok"] is True, tried.text
            assert receiver.mails == []

            thread_id = await talk.reply("<p>It is <b>on its way</b>.</p>")
            await desk.run_workers()

            [caught] = receiver.mails
            [session] = receiver.sessions
            # The server speaks TLS from the first byte, and only that.
            assert session.authenticated is True
            assert (caught.mail_from, caught.rcpt_tos) == ("support@acme.test", ["jane@example.org"])
            message = read(caught.content)
            assert message["From"] == "Acme Support <support@acme.test>"
            assert message["To"].addresses[0].addr_spec == "jane@example.org"
            assert message["Subject"] == "Re: Where is my order?"
            assert message["In-Reply-To"] == "<question@example.org>"
            for text in (html_of(message), text_of(message)):
                assert text.count("Yours, Olivia of Acme Support") == 1
            links = re.findall(rf"{re.escape(desk.base_url)}/\S+", text_of(message))
            assert len(links) == 3
            for link in links:
                assert f'href="{link}"' in html_of(message)

            path = f"/v2/conversations/{talk.id}/threads/{thread_id}"
            thread = (await talk.client.get(path)).json()
            assert thread["delivery"]["state"] == "sent"
            browser = await desk.client()
            page = await browser.get(links[0])
            assert page.status_code == 200
            assert "rating" not in (await talk.client.get(path)).json()
            [form] = re.findall(r'<form[^>]* action="([^"]+)"', page.text) or [links[0].rpartition("/")[0]]
            [grade] = re.findall(r'value="(\w+)" required checked', page.text)
            thanks = await browser.post(form, data={"grade": grade, "comments": "Quick!"})
            assert thanks.status_code == 200, thanks.text

            rating = (await talk.client.get(path)).json()["rating"]
            assert (rating["rating"], rating["comments"]) == ("great", "Quick!")


@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
async def test_without_ratings_nobody_is_asked_and_a_wrong_password_keeps_the_reply(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    receiver = Receiver(password=PASSWORD)
    encrypted = {"authenticator": receiver.authenticate, "auth_required": True, "auth_require_tls": False}
    async with (
        receiving(receiver, authority.server("127.0.0.1"), **encrypted) as port,
        running_desk(database_url, tmp_path / "desk", outgoing_allow=(f"127.0.0.1:{port}",)) as desk,
    ):
        talk = await begun(desk)
        box = Box(desk, talk.account, talk.mailbox, await desk.client(talk.account.administrator))
        outgoing = {"host": "127.0.0.1", "port": port, "security": "tls", "username": "me", "password": password}
        assert (await box.put(outgoing=outgoing)).status_code == 204
        thread_id = await talk.reply()
        if password == PASSWORD:
            await desk.run_workers()
            [caught] = receiver.mails
            assert desk.base_url not in text_of(read(caught.content))
            return
        with pytest.raises(ExceptionGroup):
            await desk.run_workers()
        assert receiver.mails == []
        thread = (await talk.client.get(f"/v2/conversations/{talk.id}/threads/{thread_id}")).json()
        assert thread["delivery"]["state"] == "queued"
        assert PASSWORD not in thread["delivery"]["error"]
