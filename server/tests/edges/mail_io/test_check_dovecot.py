"""A test of a connection to a real Dovecot: what works, and its own words for what does not."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.desk import Desk
from tests.edges.mail_io.authority import Authority
from tests.edges.mail_io.check_calls import HOST, Bench
from tests.edges.mail_io.dovecot import PASSWORD, WITHOUT_IDLE, needs_dovecot, running_dovecot

pytestmark = [pytest.mark.anyio, needs_dovecot]

USER = {"username": "help@acme.test", "password": PASSWORD}


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Not below pytest's folder, which only its owner can enter."""
    folder = Path(tempfile.mkdtemp(prefix="waypost-authority-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
async def bench(module_desk: Desk) -> AsyncIterator[Bench]:
    made = Bench(module_desk)
    made.check.step_s = 20.0
    yield made
    await made.outgoing.close()


async def test_what_works_and_what_does_not(bench: Bench, open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority(open_folder)
    certificate = authority.files(HOST)
    async with running_dovecot(certificate=certificate) as dovecot:
        dovecot.append("help@acme.test", b"Message-ID: <a@b.test>\r\nSubject: One\r\n\r\nHello\r\n")
        dovecot.append("help@acme.test", b"Subject: Two\r\n\r\nHello\r\n", "Support")

        # Nobody knows the authority yet.
        name, message, _ = (await bench.imap(dovecot.tls_port, security="tls", **USER)).failed
        assert (name, "that this machine does not know" in message) == ("tls", True)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        for port, security in ((dovecot.tls_port, "tls"), (dovecot.port, "starttls")):
            tried = await bench.imap(port, security=security, folders=("INBOX", "Support"), **USER)
            assert tried.is_ok, dict(tried)
            assert {step[0] for step in tried.values()} == {"ok"}
            assert tried["folders"][1] == "INBOX holds 1 message; Support holds 1 message."

        tried = await bench.imap(dovecot.tls_port, security="tls", username="help@acme.test", password="wrong")
        name, message, said = tried.failed
        assert (name, message) == ("sign-in", "The server did not take the user name and password.")
        assert "AUTHENTICATIONFAILED" in said
        name, message, _ = (await bench.imap(dovecot.tls_port, security="tls", folders=("Other",), **USER)).failed
        assert name == "folders"
        assert message.startswith("There is no folder Other. There are: ")
        assert "Support" in message
        # Both sides wait for the other to begin, until the test gives up.
        bench.check.step_s = 1.0
        name, message, _ = (await bench.imap(dovecot.tls_port, **USER)).failed
        bench.check.step_s = 20.0
        assert (name, message[-11:]) == ("greeting", "Choose tls.")
        name, message, _ = (await bench.imap(dovecot.port, security="tls", **USER)).failed
        assert (name, "does not speak TLS" in message) == ("tls", True)
        # The messages are as new as they were.
        with dovecot.client("help@acme.test") as imap:
            assert imap.search(None, "UNSEEN")[1] == [b"1"]


async def test_a_server_without_idle(bench: Bench) -> None:
    async with running_dovecot(capability=WITHOUT_IDLE) as dovecot:
        tried = await bench.imap(dovecot.port, **USER)
    assert tried.is_ok
    assert (tried["idle"][0], tried["read"][0]) == ("warning", "skipped")
