"""Replies by servers that others have made or chosen: a real Postfix, and one that wants access tokens."""

from __future__ import annotations

import base64
from pathlib import Path

import dkim
import pytest
from aiosmtpd.smtp import SMTP, AuthResult

from tests.desk import running_desk
from tests.edges.mail_io.postfix import needs_postfix, running_postfix
from tests.edges.mail_io.servers import Receiver, receiving
from tests.edges.mail_io.talks import Server, begun, read
from tests.edges.mail_io.test_dkim_signing import KEYS, record, with_key
from tests.kit.waiting import until
from waypost.edges.mail_io import smtp
from waypost.edges.mail_io.errors import TemporaryFailure
from waypost.edges.mail_io.smtp import Access, SmtpServer


@needs_postfix
async def test_a_real_postfix_passes_a_reply_on_as_it_was_signed(
    database_url: str, tmp_path: Path, server: Server
) -> None:
    async with (
        running_postfix(f"smtp:[127.0.0.1]:{server.port}") as postfix,
        running_desk(
            database_url, tmp_path / "desk", smtp_url=f"smtp://127.0.0.1:{postfix.port}?security=none"
        ) as desk,
    ):
        talk = await begun(desk)
        await talk.connect(dkim=with_key("rsa"), signature="<p>Zoë</p>")
        thread_id = await talk.reply("<p>Grüße\n.\n.. und ein Punkt</p>", bcc=["hidden@example.org"])
        await talk.desk.run_workers()
        await until(lambda: sum(len(one.rcpt_tos) for one in server.replies) == 2)
        found = (await talk.client.get(f"/v2/conversations/{talk.id}/threads/{thread_id}")).json()
    assert found["delivery"]["state"] == "sent"
    content = server.replies[0].content
    assert isinstance(content, bytes)
    assert b"hidden@example.org" not in content
    assert dkim.verify(content, dnsfunc=lambda *_, **__: record(KEYS["rsa"]))
    assert read(content)["From"].addresses[0].addr_spec == "support@acme.test"


class WithTokens(Receiver):
    """Lets in whoever has the token."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self.token = token
        self.asked: list[str] = []

    async def auth_XOAUTH2(self, server: SMTP, arguments: list[str]) -> AuthResult:  # noqa: N802
        said = base64.b64decode(arguments[1]).decode()
        self.asked.append(said)
        is_right = said == f"user=support@acme.test\x01auth=Bearer {self.token}\x01\x01"
        return AuthResult(success=is_right, handled=False)


@pytest.mark.parametrize(
    ("tokens", "asked", "is_in"), [(["new"], 1, True), (["old", "new"], 2, True), (["old", "x"], 2, False)]
)
async def test_signing_in_with_an_access_token_and_with_another_when_it_is_refused(
    tokens: list[str], asked: int, is_in: bool
) -> None:
    refused: list[str] = []

    async def token(before: str) -> str:
        refused.append(before)
        return tokens[len(refused) - 1]

    receiver = WithTokens("new")
    async with receiving(receiver, auth_require_tls=False, authenticator=receiver.authenticate) as port:
        server = SmtpServer("127.0.0.1", port, username="support@acme.test")
        raw = b"Subject: Hello\r\n\r\nHello\r\n"
        if is_in:
            await smtp.send(server, raw, "support@acme.test", ["jane@example.org"], access=Access(token=token))
        else:
            with pytest.raises(TemporaryFailure) as raised:
                await smtp.send(server, raw, "support@acme.test", ["jane@example.org"], access=Access(token=token))
            assert "did not let support@acme.test in" in raised.value.message
    assert len(receiver.asked) == asked
    assert refused == ["", *tokens[: asked - 1]]
    assert len(receiver.mails) == int(is_in)
