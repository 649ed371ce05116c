"""A test of a connection to SMTP says exactly what is wrong, up to the point where a message would be handed over."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.desk import Desk
from tests.edges.mail_io.authority import Authority
from tests.edges.mail_io.check_calls import HOST, Bench
from tests.edges.mail_io.imap_servers import Imap, imap_server
from tests.edges.mail_io.servers import Receiver, receiving, saying

pytestmark = pytest.mark.anyio

IN = {"auth_require_tls": False}


@pytest.fixture(scope="module")
async def bench(module_desk: Desk) -> AsyncIterator[Bench]:
    made = Bench(module_desk)
    yield made
    await made.outgoing.close()


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """An authority that connections of this test trust."""
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


async def test_a_server_that_works_is_found_to_and_gets_no_message(bench: Bench, authority: Authority) -> None:
    receiver = Receiver(password="right")
    options = {"authenticator": receiver.authenticate, **IN}
    async with receiving(receiver, authority.server(HOST), **options) as port:
        tried = await bench.smtp(port, security="tls")
    assert tried.is_ok
    assert [(name, step[0]) for name, step in tried.items()] == [
        (name, "ok") for name in ("dns", "connect", "tls", "greeting", "capabilities", "sign-in", "sender", "recipient")
    ]
    assert tried["sender"][1] == "The server takes mail from help@example.com."
    assert "No message was sent" in tried["recipient"][1]
    assert receiver.mails == []


async def test_starttls_works(bench: Bench, authority: Authority) -> None:
    receiver = Receiver(password="right")
    options = {"authenticator": receiver.authenticate, "tls_context": authority.server(HOST)}
    async with receiving(receiver, **options) as port:
        tried = await bench.smtp(port, security="starttls")
    assert tried.is_ok
    assert list(tried)[:5] == ["dns", "connect", "greeting", "tls", "capabilities"]


async def test_a_server_that_knows_this_machine_needs_no_sign_in(bench: Bench) -> None:
    async with receiving(Receiver()) as port:
        tried = await bench.smtp(port, username="", password="")
    assert tried.is_ok
    assert (tried["sign-in"][0], tried["tls"][0]) == ("skipped", "warning")


async def test_certificates_are_told_about(bench: Bench, authority: Authority) -> None:
    async with receiving(Receiver(), authority.server("smtp.example.com")) as port:
        name, message, _ = (await bench.smtp(port, security="tls")).failed
    assert name == "tls"
    assert "is not for mail.test. It is for smtp.example.com" in message


async def test_tls_where_there_is_none_and_the_other_way_round(bench: Bench, authority: Authority) -> None:
    async with receiving(Receiver()) as port:
        name, message, _ = (await bench.smtp(port, security="tls")).failed
        assert (name, message[:34]) == ("tls", "The server does not speak TLS wher")
        name, message, _ = (await bench.smtp(port, security="starttls")).failed
        assert name == "tls"
        assert "does not offer STARTTLS" in message
    async with receiving(Receiver(), authority.server(HOST)) as port:
        name, message, _ = (await bench.smtp(port, security="starttls")).failed
    assert (name, message) == ("greeting", "The server speaks TLS from the first byte on this port. Choose tls.")


async def test_an_imap_server_is_known_as_one(bench: Bench) -> None:
    async with imap_server(Imap()) as port:
        assert (await bench.smtp(port)).failed[1] == "This is a server for IMAP, not for SMTP: the port is wrong."


@pytest.mark.parametrize("greeting", ["SSH-2.0-x secret-name", "HTTP/1.1 200 secret-name"])
async def test_what_is_no_smtp_is_not_quoted(bench: Bench, greeting: str) -> None:
    async with saying(greeting) as port:
        tried = await bench.smtp(port)
    assert tried.failed[0] == "greeting"
    assert "secret-name" not in str(dict(tried))


async def test_an_ftp_server_is_not_quoted_either(bench: Bench) -> None:
    async with saying("220 (vsFTPd 3.0.3 secret-name)", "530 Please login with USER and PASS, secret-name.") as port:
        tried = await bench.smtp(port)
    assert tried.failed[0] == "capabilities"
    assert "secret-name" not in str(dict(tried))


async def test_a_server_that_does_not_want_this_machine(bench: Bench) -> None:
    async with saying("554-No SMTP service here\r\n554 blocked by dnsbl.example") as port:
        name, _, said = (await bench.smtp(port)).failed
    assert (name, said) == ("greeting", "554 No SMTP service here blocked by dnsbl.example")


async def test_a_wrong_password(bench: Bench) -> None:
    receiver = Receiver(password="right")
    async with receiving(receiver, authenticator=receiver.authenticate, **IN) as port:
        name, message, said = (await bench.smtp(port, password="wrong")).failed
    assert (name, message) == ("sign-in", "The server did not take the user name and password.")
    assert said.startswith("535 5.7.8")


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (
            "534-5.7.9 Application-specific password required. For more\r\n534 5.7.9 information, go to x",
            "app password",
        ),
        ("535 5.7.139 Authentication unsuccessful, basic authentication is disabled.", "use OAuth 2.0"),
        ("535 5.7.139 SmtpClientAuthentication is disabled for the Tenant.", "SMTP AUTH"),
        ("454 4.7.0 Too many login attempts, please try again later.", "wait some minutes"),
        ("421 4.3.0 Temporary System Problem", "wait some minutes"),
    ],
)
async def test_what_a_refusal_means(bench: Bench, reply: str, said: str) -> None:
    async with saying("220 mx", "250-mx\r\n250 AUTH PLAIN LOGIN", reply) as port:
        name, message, _ = (await bench.smtp(port)).failed
    assert name == "sign-in"
    assert said in message


async def test_a_server_that_repeats_the_password_is_not_quoted_with_it(bench: Bench) -> None:
    secret = "sw0rdfish-long"
    sent = b64encode(b"\0me@example.com\0" + secret.encode()).decode()
    async with saying("220 mx", "250-mx\r\n250 AUTH PLAIN", f"535 bad {sent} {secret}") as port:
        tried = await bench.smtp(port, password=secret)
    assert tried.failed[0] == "sign-in"
    shown = str(dict(tried))
    assert secret not in shown
    assert sent[-12:] not in shown


async def test_login_is_used_where_plain_is_not_offered(bench: Bench) -> None:
    answers = ("334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "235 in", "250 ok", "250 ok", "250 ok", "221 bye")
    async with saying("220 mx", "250-mx\r\n250 AUTH LOGIN", *answers) as port:
        assert (await bench.smtp(port)).is_ok


@pytest.mark.parametrize(
    ("offer", "said"),
    [("250 SIZE 1000", "takes no unencrypted sign-in"), ("250 AUTH GSSAPI", "no sign-in with a password")],
)
async def test_no_way_to_sign_in(bench: Bench, offer: str, said: str) -> None:
    async with saying("220 mx", f"250-mx\r\n{offer}") as port:
        name, message, _ = (await bench.smtp(port)).failed
    assert name == "sign-in"
    assert said in message


async def test_a_sender_that_is_not_the_users(bench: Bench) -> None:
    refusal = "553 5.7.1 <help@example.com>: Sender address rejected: not owned by user me@example.com"
    receiver = Receiver({"MAIL": refusal}, password="right")
    async with receiving(receiver, authenticator=receiver.authenticate, **IN) as port:
        name, message, said = (await bench.smtp(port)).failed
    assert name == "sender"
    assert "does not let me@example.com send mail from help@example.com" in message
    assert said == refusal


async def test_a_server_that_wants_a_sign_in_first(bench: Bench) -> None:
    async with receiving(Receiver({"MAIL": "530 5.7.0 Authentication required"})) as port:
        name, message, _ = (await bench.smtp(port, username="", password="")).failed
    assert (name, message) == ("sender", "The server wants a user name and a password first.")


async def test_a_recipient_that_is_refused(bench: Bench) -> None:
    async with receiving(Receiver({"help@example.com": "550 5.1.1 no such user"})) as port:
        name, message, said = (await bench.smtp(port, username="", password="")).failed
    assert (name, said) == ("recipient", "550 5.1.1 no such user")
    assert "takes no mail for help@example.com" in message


@pytest.mark.parametrize("answers", [(None,), ("nonsense",), ("250-x",), ()])
async def test_servers_that_break_off_or_babble_end_the_test_where_it_is(
    bench: Bench, answers: tuple[str | None, ...]
) -> None:
    async with saying("220 mx", *answers) as port:
        assert (await bench.smtp(port)).failed[0] == "capabilities"
