"""`waypost mailboxes connect, test, show, …`, as they are typed, against real mail servers."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.desk import Desk
from tests.edges.mail_io.imap_servers import Imap, imap_server
from tests.edges.mail_io.servers import Receiver, receiving, saying
from tests.edges.mail_io.test_oauth_tokens import TokenServer
from tests.receiver import receiving as token_server
from waypost.commands.mailboxes import group
from waypost.domains import mailboxes
from waypost.domains.mailboxes import Channel, Mailbox

pytestmark = pytest.mark.anyio

PASSWORD = "pa55 for-mail"
LIMIT_S = 60


class Shell:
    """Types commands about one mailbox."""

    def __init__(self, desk: Desk, mailbox: Mailbox, account_id: int) -> None:
        self.desk, self.mailbox, self.account_id = desk, mailbox, account_id

    async def run(self, command: str, *words: str, stdin: str = "", status: int = 0) -> str:
        """Within this process, in a thread of its own, because starting one takes longer than all else."""
        said = [*command.split(), self.mailbox.email, *words, "--account", str(self.account_id)]
        result = await asyncio.to_thread(CliRunner(env=self.environment).invoke, group, said, input=stdin)
        assert result.exit_code == status, result.output
        assert PASSWORD not in result.output
        return result.output

    async def typed(self, command: str, *words: str, stdin: str = "", status: int = 0, **environment: str) -> str:
        """As an administrator types it."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("WAYPOST_")}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "waypost.cli", "mailboxes", command, self.mailbox.email, *words,
            "--account", str(self.account_id),
            env={**clean, **self.environment, **environment},
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        async with asyncio.timeout(LIMIT_S):
            output, _ = await process.communicate(stdin.encode())
        text = output.decode()
        assert process.returncode == status, text
        assert PASSWORD not in text
        return text

    @property
    def environment(self) -> dict[str, str]:
        return {
            "WAYPOST_DATABASE_URL": self.desk.dsn,
            "WAYPOST_DATA_DIR": str(self.desk.parts.settings.data_dir),
            "WAYPOST_OUTGOING_ALLOW": "127.0.0.1",
            "WAYPOST_ALLOW_INSECURE_WEBHOOKS": "1",
        }

    async def stored(self) -> Channel:
        key = self.desk.context.secret_key
        async with self.desk.transactions.read() as tx:
            found = await mailboxes.store_channel.find(tx.connection, key, self.account_id, self.mailbox.id)
        assert found is not None
        return found

    async def refresh_tokens(self) -> list[str]:
        stored = await self.stored()
        return [
            server.oauth2.refresh_token
            for server in (stored.incoming, stored.outgoing)
            if server is not None and server.oauth2 is not None
        ]


@pytest.fixture
async def shell(module_desk: Desk) -> Shell:
    account = await module_desk.make.account()
    return Shell(module_desk, await module_desk.make.mailbox(account), account.id)


def servers(imap: int, smtp: int) -> list[str]:
    return [
        "--imap-host", "127.0.0.1", "--imap-port", str(imap), "--imap-security", "none", "--imap-folder", "INBOX",
        "--smtp-host", "127.0.0.1", "--smtp-port", str(smtp), "--smtp-security", "none", "--username", "me@example.com",
    ]  # fmt: skip


async def test_connecting_tests_first_and_stores_what_works(shell: Shell) -> None:
    receiver = Receiver(password=PASSWORD)
    options: dict[str, Any] = {"authenticator": receiver.authenticate, "auth_require_tls": False}
    async with imap_server(Imap(password=PASSWORD)) as imap, receiving(receiver, **options) as smtp:
        refused = await shell.typed("connect", *servers(imap, smtp), stdin="wrong\n", status=1)
        assert "IMAP sign-in      failed" in refused
        assert "SMTP sign-in      failed" in refused
        assert "Nothing was stored" in refused
        assert (await shell.stored()).incoming is None

        told = await shell.typed("connect", *servers(imap, smtp), stdin=f"{PASSWORD}\n")
        assert "IMAP folders      ok      INBOX holds 2 messages." in told
        assert "SMTP recipient    ok" in told
        assert told.endswith("Connected.\n")
        stored = await shell.stored()
        assert stored.incoming is not None
        assert stored.outgoing is not None
        assert (stored.incoming.password, stored.outgoing.password) == (PASSWORD, PASSWORD)

        assert (await shell.run("test")).endswith("All works.\n")
        report = json.loads(await shell.typed("test", "--json"))
        assert (report["ok"], report["incoming"]["server"]) == (True, f"127.0.0.1:{imap}")
    report = json.loads(await shell.typed("test", "--json", status=1))
    assert [step["name"] for step in report["outgoing"]["steps"] if step["status"] == "failed"] == ["connect"]


async def test_a_refresh_token_that_the_test_has_used_up_is_not_what_is_stored(shell: Shell) -> None:
    server = TokenServer(rotates=True, access_token="good-token")
    lines = ("220 mx", "250-mx\r\n250 AUTH XOAUTH2", "235 in", "250 ok", "250 ok", "250 ok", "221 bye")
    async with (
        token_server(server.answer) as tokens,
        imap_server(Imap()) as imap,
        saying(*lines) as smtp,
    ):
        words = [*servers(imap, smtp), "--oauth-client-id", "c1", "--oauth-token-url", tokens.url]
        told = await shell.run("connect", *words, stdin="s3cret\nr0\n")
        states = {tuple(line.split()[:2]): line.split()[2] for line in told.splitlines() if len(line.split()) > 2}
        assert (states["IMAP", "token"], states["SMTP", "token"]) == ("ok", "ok"), told
        assert await shell.refresh_tokens() == ["r1", "r1"]
        # A test of what is stored stores what comes of it as well, and so does connecting by what is stored.
        await shell.run("test")
        assert await shell.refresh_tokens() == ["r2", "r2"]
        await shell.run("connect", *words, stdin="s3cret\nr2\n")
        assert await shell.refresh_tokens() == ["r3", "r3"]
    assert [asked["refresh_token"] for asked in server.asked] == ["r0", "r1", "r2"]


async def test_a_refresh_token_that_is_lost_is_told_of(shell: Shell) -> None:
    server = TokenServer(rotates=True, access_token="good-token")
    async with token_server(server.answer) as tokens, imap_server(Imap(token="another")) as imap:
        words = [*servers(imap, 1)[:8], "--username", "me", "--oauth-client-id", "c1", "--oauth-token-url", tokens.url]
        told = await shell.run("connect", *words, stdin="s3cret\nr0\n", status=1)
        assert "may be used up by the test" in told
        assert await shell.refresh_tokens() == []
        told = await shell.run("connect", *words, "--untested", stdin="s3cret\nr1\n", status=1)
        assert "used up" not in told
        assert await shell.refresh_tokens() == ["r2"]


async def test_passwords_come_from_the_environment_too_and_settings_can_be_stored_untested(shell: Shell) -> None:
    environment = {"WAYPOST_IMAP_PASSWORD": PASSWORD, "WAYPOST_SMTP_PASSWORD": "another"}
    words = [*servers(1, 1), "--untested"]
    report = json.loads(await shell.typed("connect", *words, "--json", status=1, **environment))
    assert report["ok"] is False
    stored = await shell.stored()
    assert stored.incoming is not None
    assert stored.outgoing is not None
    assert (stored.incoming.password, stored.outgoing.password) == (PASSWORD, "another")
    await shell.run("connect", "--imap-host", "", "--smtp-host", "")
    assert (await shell.stored()).incoming is None


async def test_presets_know_the_servers_of_a_service(shell: Shell) -> None:
    words = ["--provider", "gmail", "--oauth-client-id", "c1", "--imap-host", "127.0.0.1", "--imap-port", "1"]
    words += ["--smtp-host", "127.0.0.1", "--smtp-port", "1", "--untested"]
    await shell.run("connect", *words, stdin="s3cret\nt0ken\n", status=1)
    stored = (await shell.stored()).incoming
    assert stored is not None
    assert stored.oauth2 == mailboxes.OAuth2(
        "https://oauth2.googleapis.com/token", "c1", "s3cret", "t0ken", "https://mail.google.com/"
    )
    assert stored.username == shell.mailbox.email


async def test_what_is_wrong_is_told_by_its_name(shell: Shell) -> None:
    words = ["--imap-host", "10.0.0.1", "--username", "me"]
    assert "incoming.host: 10.0.0.1 on port 993 must not be reached" in await shell.run(
        "connect", *words, stdin="x\n", status=1
    )
    assert "name a server" in await shell.run("connect", status=2)
    assert "undoSeconds: must be between 0 and 120" in await shell.run("set", "--undo-seconds", "121", status=1)
    assert "from.name: may not be empty" in await shell.run("from", "custom", status=1)
    assert "email: not a well-formed" in await shell.run("alias add", "x", status=1)
    assert "no such alias" in await shell.run("alias remove", "x@example.com", status=1)


async def test_the_rest_is_set_and_shown(shell: Shell, tmp_path: Path) -> None:
    page = tmp_path / "signature.html"
    page.write_text("<p>Yours,<br>{%user.firstName%}</p><script>x</script>")
    alias = f"help{shell.mailbox.id}@example.com"
    await shell.run("signature", str(page))
    assert await shell.run("signature") == "<p>Yours,<br>{%user.firstName%}</p>\n"
    await shell.run("auto-reply", "-", "--on", "--subject", "Thanks", stdin="We have\nyour mail")
    assert await shell.run("auto-reply") == "on\nThanks\n\nWe have<br>your mail\n"
    await shell.run("auto-reply", "--off")
    await shell.run("from", "custom", "--name", "Acme Help")
    await shell.run(
        "set", "--undo-seconds", "20", "--ratings", "--reply-addresses", "--trusted-authority", "mx.acme.test"
    )
    await shell.run("alias add", alias)
    assert await shell.run("alias list") == f"{alias}\n"
    await shell.run("pause")
    record = await shell.run("dkim", "--make", "--selector", "s1", "--algorithm", "ed25519")
    assert record.startswith('s1._domainkey.acme.test. TXT "v=DKIM1; k=ed25519; p=')
    key = (await shell.run("inbound-key", "--make")).splitlines()[0]

    shown = await shell.run("show")
    for text in ("paused", alias, "Acme Help", "20 s", "mx.acme.test", "s1._domainkey.acme.test", "has a key"):
        assert text in shown
    assert key not in shown
    stored = await shell.stored()
    assert (stored.inbound_key, stored.are_ratings_on, stored.is_auto_reply_on) == (key, True, False)
    found = json.loads(await shell.run("show", "--json"))
    assert (found["undoSeconds"], found["ratings"], found["autoReply"]["enabled"]) == (20, True, False)

    await shell.run("resume")
    await shell.run("dkim", "--remove")
    await shell.run("inbound-key", "--remove")
    await shell.run("signature", "--clear")
    stored = await shell.stored()
    assert (stored.is_paused, stored.dkim, stored.inbound_key, stored.signature) == (False, None, None, "")
    assert "not signed" in await shell.run("dkim", status=1)
    renamed = await shell.run("rename", "--name", "Front desk")
    assert renamed == f"It is now Front desk <{shell.mailbox.email}>\n"
