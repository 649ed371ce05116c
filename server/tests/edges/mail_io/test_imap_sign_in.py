"""Signing in to a real server: encrypted from the start or by STARTTLS, by password or by OAuth 2.0."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from tests.desk import Desk, desk_with
from tests.edges.mail_io.dovecot import free_port, needs_dovecot, running_dovecot
from tests.edges.mail_io.imap_reading import read_once, server_of
from tests.edges.mail_io.incoming import connect, letter
from tests.edges.mail_io.servers import certificate
from waypost.domains.mailboxes import OAuth2
from waypost.edges.mail_io.errors import TemporaryFailure

pytestmark = [pytest.mark.anyio, needs_dovecot]


class Identity:
    """A token server that hands out numbered tokens, and says of which of them count."""

    def __init__(self) -> None:
        self.port = free_port()
        self.given = 0
        self.revoked: set[str] = set()
        self.user = ""

    async def give(self, request: web.Request) -> web.Response:
        asked = await request.post()
        if asked["refresh_token"] != "refresh":
            return web.json_response({"error": "invalid_grant"}, status=400)
        self.given += 1
        return web.json_response({"access_token": f"token-{self.given}", "expires_in": 3600})

    async def look_into(self, request: web.Request) -> web.Response:
        token = str((await request.post())["token"])
        is_active = token == f"token-{self.given}" and token not in self.revoked
        return web.json_response({"active": is_active, "username": self.user})

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        application = web.Application()
        application.add_routes([web.post("/token", self.give), web.post("/introspect", self.look_into)])
        runner = web.AppRunner(application)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.port).start()
        try:
            yield
        finally:
            await runner.cleanup()


@desk_with(outgoing_allow=("127.0.0.1", "localhost"), allow_insecure_webhooks=True)
async def test_a_token_that_was_withdrawn_is_replaced(desk: Desk) -> None:
    account = await desk.make.account()
    mailbox = await desk.make.mailbox(account)
    identity = Identity()
    identity.user = mailbox.email
    url = f"http://127.0.0.1:{identity.port}"
    async with identity.serving(), running_dovecot(introspection_url=f"{url}/introspect") as server:
        oauth2 = OAuth2(f"{url}/token", "client", "secret", "refresh")
        incoming = server_of(server, mailbox, password="", oauth2=oauth2)
        await connect(desk, account, mailbox, incoming=incoming)
        server.append(mailbox.email, letter(1))
        assert await read_once(desk, account, mailbox, incoming) == 1
        identity.revoked.add("token-1")
        server.append(mailbox.email, letter(2))
        assert await read_once(desk, account, mailbox, incoming) == 1
        assert identity.given == 2
        identity.user = "somebody-else@acme.test"
        with pytest.raises(TemporaryFailure, match="refused to sign in") as told:
            await read_once(desk, account, mailbox, incoming)
        assert "token-" not in str(told.value)


@pytest.mark.parametrize("security", ["tls", "starttls"])
@desk_with(outgoing_allow=("127.0.0.1", "localhost"))
async def test_encrypted_servers_prove_their_name(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, security: str
) -> None:
    account = await desk.make.account()
    mailbox = await desk.make.mailbox(account)
    _, trusted = certificate(tmp_path, "localhost")
    async with running_dovecot(certificate=(tmp_path / "localhost.pem", tmp_path / "localhost.key")) as server:
        server.append(mailbox.email, letter(1))
        port = server.tls_port if security == "tls" else server.port
        incoming = server_of(server, mailbox, host="localhost", port=port, security=security)
        with pytest.raises(TemporaryFailure, match=r"no encrypted connection to localhost: self.signed certificate"):
            await read_once(desk, account, mailbox, incoming)
        monkeypatch.setenv("SSL_CERT_FILE", trusted)
        assert await read_once(desk, account, mailbox, incoming) == 1
        with pytest.raises(TemporaryFailure, match="no encrypted connection"):
            await read_once(desk, account, mailbox, server_of(server, mailbox, port=port, security=security))
