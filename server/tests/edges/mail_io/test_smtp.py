"""Sending over real connections: what is taken, what may be taken later, what never is, and what stays secret (52)."""

from __future__ import annotations

import re
import socket
import ssl
import traceback
from base64 import b64encode
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.edges.mail_io.servers import Receiver, certificate, receiving, saying
from waypost.edges.mail_io.errors import BadSmtpUrl, MailFailure, PermanentFailure, TemporaryFailure
from waypost.edges.mail_io.smtp import Refusal, SmtpServer, check, send

RAW = b"Subject: Hello\r\n\r\n.dots\r\n..\r\nFrom here\r\n"
ANN = "ann@acme.test"
EVE = "eve@example.com"
JOE = "joe@example.com"
PASSWORD = "s3cret/pass word"


def at(port: int, **changes: Any) -> SmtpServer:
    return msgspec.structs.replace(SmtpServer("127.0.0.1", port, timeout_s=5), **changes)


@pytest.fixture(scope="module")
def own_certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, str]:
    return certificate(tmp_path_factory.mktemp("tls"), "127.0.0.1", "localhost")


# ---------------------------------------------------------------- taken


async def test_a_message_arrives_byte_for_byte_at_those_it_is_for() -> None:
    receiver = Receiver()
    async with receiving(receiver) as port:
        report = await send(at(port), RAW, ANN, [EVE, JOE, EVE])

    assert report.accepted == (EVE, JOE)
    assert (report.refused, report.refused_for_now) == ((), ())
    assert report.reply == "OK queued as 4711"
    (mail,) = receiver.mails
    assert (mail.mail_from, mail.rcpt_tos, mail.content) == (ANN, [EVE, JOE], RAW)


async def test_a_message_that_nobody_shall_answer_has_an_empty_sender() -> None:
    receiver = Receiver()
    async with receiving(receiver) as port:
        await send(at(port), RAW, "", [EVE])
    assert receiver.mails[0].mail_from == "<>"


async def test_a_server_that_knows_no_ehlo_is_greeted_the_old_way() -> None:
    lines = ("220 hi", "502 what?", "250 hello", "250 ok", "250 ok", "354 go", "250 taken", "221 bye")
    async with saying(*lines) as port:
        assert (await send(at(port), RAW, ANN, [EVE])).reply == "taken"


async def test_a_server_that_hangs_up_after_taking_it_has_taken_it() -> None:
    async with saying("220 hi", "250 hello", "250 ok", "250 ok", "354 go", "250 taken", None) as port:
        assert (await send(at(port), RAW, ANN, [EVE])).accepted == (EVE,)


async def test_addresses_beyond_ascii_go_to_servers_that_know_them() -> None:
    receiver = Receiver()
    async with receiving(receiver) as port:
        assert (await send(at(port), RAW, ANN, ["zoë@Bücher.example"])).accepted == ("zoë@Bücher.example",)
    assert receiver.mails[0].rcpt_tos == ["zoë@xn--bcher-kva.example"]

    async with receiving(receiver, enable_SMTPUTF8=False) as port:
        report = await send(at(port), RAW, ANN, ["zoë@example.com", EVE])
    assert report.accepted == (EVE,)
    assert [(each.recipient, each.code) for each in report.refused] == [("zoë@example.com", 553)]
    assert "SMTPUTF8" in report.refused[0].reply


# ---------------------------------------------------------------- refused


async def test_recipients_are_told_apart_by_what_the_server_says_of_each() -> None:
    receiver = Receiver({"full@example.com": "450 4.2.2 mailbox full", "gone@example.com": "550 5.1.1 no such user"})
    async with receiving(receiver) as port:
        report = await send(at(port), RAW, ANN, ["full@example.com", EVE, "gone@example.com"])

    assert report.accepted == (EVE,)
    assert report.refused_for_now == (Refusal("full@example.com", 450, "4.2.2 mailbox full"),)
    assert report.refused == (Refusal("gone@example.com", 550, "5.1.1 no such user"),)
    assert receiver.mails[0].rcpt_tos == [EVE]


@pytest.mark.parametrize(
    ("replies", "kind"),
    [
        ({EVE: "550 5.1.1 no such user", JOE: "553 no"}, PermanentFailure),
        ({EVE: "450 4.2.2 full", JOE: "451 greylisted"}, TemporaryFailure),
        ({EVE: "550 5.1.1 no such user", JOE: "450 full"}, TemporaryFailure),
    ],
)
async def test_without_any_recipient_the_message_fails(replies: dict[str, str], kind: type[MailFailure]) -> None:
    receiver = Receiver(replies)
    async with receiving(receiver) as port:
        with pytest.raises(kind) as caught:
            await send(at(port), RAW, ANN, [EVE, JOE])

    for address, reply in replies.items():
        assert f"{address}: {reply}" in caught.value.message
    assert caught.value.report is not None
    told = {each.recipient for each in (*caught.value.report.refused, *caught.value.report.refused_for_now)}
    assert told == {EVE, JOE}
    assert receiver.mails == []


@pytest.mark.parametrize(
    ("place", "reply", "kind"),
    [
        ("MAIL", "550 5.7.1 not from here", PermanentFailure),
        ("MAIL", "451 4.3.0 busy", TemporaryFailure),
        ("MAIL", "530 5.7.0 authentication required", TemporaryFailure),
        ("DATA", "554 5.7.1 looks like spam", PermanentFailure),
        ("DATA", "452 4.3.1 disk full", TemporaryFailure),
        (EVE, "421 4.3.2 shutting down", TemporaryFailure),
    ],
)
async def test_the_server_s_words_say_whether_to_try_again(place: str, reply: str, kind: type[MailFailure]) -> None:
    async with receiving(Receiver({place: reply})) as port:
        with pytest.raises(kind, match=reply) as caught:
            await send(at(port), RAW, ANN, [EVE])
    assert f"127.0.0.1:{port}" in caught.value.message
    if place == "DATA":
        assert EVE in caught.value.message
        assert caught.value.report is not None
        assert caught.value.report.accepted == ()


async def test_a_message_that_is_too_large_is_not_even_begun() -> None:
    receiver = Receiver()
    async with receiving(receiver, data_size_limit=1000) as port:
        with pytest.raises(PermanentFailure, match=r"1100 bytes.*at most 1000"):
            await send(at(port), b"x" * 1100, ANN, [EVE])


@pytest.mark.parametrize(
    "address", ["eve", "", "eve@x.com>\r\nRCPT TO:<joe@example.com", "eve@x.com joe@y.com", "<a@b.c>"]
)
async def test_what_is_no_address_never_reaches_the_server(address: str) -> None:
    receiver = Receiver()
    async with receiving(receiver) as port:
        report = await send(at(port), RAW, ANN, [address, EVE])
        with pytest.raises(PermanentFailure):
            await send(at(port), RAW, address or "x", [EVE])

    assert [each.rcpt_tos for each in receiver.mails] == [[EVE]]
    assert [(each.recipient, each.code) for each in report.refused] == [(address, 553)]


async def test_a_message_for_nobody_fails_for_good() -> None:
    with pytest.raises(PermanentFailure, match="no recipients"):
        await send(at(1), RAW, ANN, [])


# ---------------------------------------------------------------- connections


async def test_a_server_out_of_reach_is_a_matter_of_time() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(TemporaryFailure, match=re.escape(f"127.0.0.1:{port}: Connection refused")):
            await send(at(port), RAW, ANN, [EVE])
    with pytest.raises(TemporaryFailure, match=r"nowhere\.invalid:25"):
        await send(at(25, host="nowhere.invalid"), RAW, ANN, [EVE])


@pytest.mark.parametrize("steps", range(7))
async def test_a_connection_that_breaks_at_any_step_is_a_matter_of_time(steps: int) -> None:
    lines = ("220 hi", "250 hello", "250 ok", "250 ok", "354 go", "250 taken")[:steps]
    if steps == 6:
        lines = ("220 hi", "250 hello", "250 ok", "250 ok", "354 go")  # and then not a word about the message
    async with saying(*lines, None) as port:
        with pytest.raises(TemporaryFailure, match=re.escape(f"127.0.0.1:{port}")):
            await send(at(port), RAW, ANN, [EVE])


@pytest.mark.parametrize(
    "lines",
    [
        ("554 5.7.1 your address is on a list",),
        ("HTTP/1.1 400 Bad Request",),
        ("220 hi", "250-" + "x" * 20_000),
        ("220 hi", "250 hello", "999 \udc80"),
        (),
        ("220 hi",),
    ],
)
async def test_a_server_that_is_none_or_says_nothing_is_a_matter_of_time(lines: tuple[str, ...]) -> None:
    async with saying(*[line.encode(errors="replace").decode() for line in lines]) as port:
        with pytest.raises(TemporaryFailure):
            await send(at(port, timeout_s=0.3), RAW, ANN, [EVE])


# ---------------------------------------------------------------- encryption


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_server_with_the_expected_certificate_is_trusted(
    security: Any, own_certificate: tuple[ssl.SSLContext, str]
) -> None:
    context, ca_file = own_certificate
    receiver = Receiver()
    options = {"tls": context} if security == "tls" else {"tls_context": context, "require_starttls": True}
    async with receiving(receiver, **options) as port:
        server = at(port, security=security, ca_file=ca_file)
        await send(server, RAW, ANN, [EVE])
        assert "encrypted" in await check(server)

    assert receiver.mails[0].content == RAW
    if security == "starttls":
        assert receiver.sessions[0].ssl is not None


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("doubt", ["unknown", "another name"])
async def test_a_certificate_that_cannot_be_checked_stops_the_message(
    security: Any, doubt: str, own_certificate: tuple[ssl.SSLContext, str], tmp_path: Path
) -> None:
    context, ca_file = own_certificate if doubt == "unknown" else certificate(tmp_path, "mx.other.test")
    receiver = Receiver()
    options = {"tls": context} if security == "tls" else {"tls_context": context}
    async with receiving(receiver, **options) as port:
        server = at(port, security=security, ca_file="" if doubt == "unknown" else ca_file)
        with pytest.raises(TemporaryFailure, match=r"(?i)certificate"):
            await send(server, RAW, ANN, [EVE])
    assert receiver.mails == []


async def test_without_the_wanted_encryption_nothing_is_sent() -> None:
    receiver = Receiver(password=PASSWORD)
    async with receiving(receiver, authenticator=receiver.authenticate, auth_require_tls=False) as port:
        with pytest.raises(TemporaryFailure, match="STARTTLS"):
            await send(at(port, security="starttls", username="ann", password=PASSWORD), RAW, ANN, [EVE])
    assert receiver.mails == []


async def test_a_missing_file_of_trust_is_told() -> None:
    with pytest.raises(TemporaryFailure, match="No such file"):
        await send(at(25, security="tls", ca_file="/nowhere/ca.pem"), RAW, ANN, [EVE])


# ---------------------------------------------------------------- signing in


async def test_a_password_opens_the_server(own_certificate: tuple[ssl.SSLContext, str]) -> None:
    context, ca_file = own_certificate
    receiver = Receiver(password=PASSWORD)
    async with receiving(
        receiver, tls_context=context, auth_required=True, authenticator=receiver.authenticate
    ) as port:
        server = at(port, security="starttls", ca_file=ca_file, username="ann", password=PASSWORD)
        await send(server, RAW, ANN, [EVE])
        assert "signed in as ann" in await check(server)
        with pytest.raises(TemporaryFailure, match="did not let ann in: 535") as caught:
            await check(msgspec.structs.replace(server, password="wrong-guess"))
    assert len(receiver.mails) == 1
    assert "wrong-guess" not in repr(caught.value)


@pytest.mark.parametrize(
    "echo",
    [PASSWORD, b64encode(PASSWORD.encode()).decode(), b64encode(b"\0ann\0" + PASSWORD.encode()).decode()],
)
async def test_a_password_that_the_server_repeats_is_not_told_on(
    echo: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    async with saying("220 hi", "250-mx\r\n250 AUTH PLAIN", f"535 bad AUTH PLAIN {echo}") as port:
        with pytest.raises(TemporaryFailure) as caught:
            await send(at(port, username="ann", password=PASSWORD), RAW, ANN, [EVE])

    told = "".join(traceback.format_exception(caught.value)) + caplog.text + "".join(capfd.readouterr())
    assert "535 bad AUTH PLAIN ***" in told
    assert echo not in told


async def test_a_server_that_lets_nobody_sign_in_is_told() -> None:
    async with saying("220 hi", "250 mx") as port:
        with pytest.raises(TemporaryFailure, match="AUTH"):
            await check(at(port, username="ann", password=PASSWORD))


# ---------------------------------------------------------------- the server's URL


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mx.test", SmtpServer("mx.test", 25)),
        ("smtp://mx.test:2525?security=none", SmtpServer("mx.test", 2525)),
        ("smtp://mx.test:587", SmtpServer("mx.test", 587, security="starttls")),
        ("smtp://mx.test:465/", SmtpServer("mx.test", 465, security="tls")),
        ("smtp://mx.test?security=starttls", SmtpServer("mx.test", 587, security="starttls")),
        ("smtps://mx.test", SmtpServer("mx.test", 465, security="tls")),
        ("smtps://mx.test:9465", SmtpServer("mx.test", 9465, security="tls")),
        ("smtp://ann:pw@mx.test", SmtpServer("mx.test", 587, "ann", "pw", "starttls")),
        ("smtp://ann:pw@mx.test:2525", SmtpServer("mx.test", 2525, "ann", "pw", "starttls")),
        ("smtp://ann:pw@mx.test?security=none", SmtpServer("mx.test", 25, "ann", "pw")),
        ("smtp://ann:pw@localhost:1025", SmtpServer("localhost", 1025, "ann", "pw")),
        ("smtp://ann%40acme.test:p%3A%2F%40%20%25@mx.test:587", SmtpServer("mx.test", 587, "ann@acme.test", "p:/@ %")),
        ("smtp://[::1]:1025", SmtpServer("::1", 1025)),
        ("smtp://Bücher.example:25", SmtpServer("xn--bcher-kva.example", 25)),
        ("smtp://mx.test?timeout=2.5&ca=/etc/ca.pem", SmtpServer("mx.test", 25, timeout_s=2.5, ca_file="/etc/ca.pem")),
    ],
)
def test_a_url_names_a_server(url: str, server: SmtpServer) -> None:
    if server.port == 587:
        server = msgspec.structs.replace(server, security="starttls")
    assert SmtpServer.from_url(url) == server


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "begin with smtp"),
        ("mx.test:25", "begin with smtp"),
        ("https://ann:hunter2@mx.test", "begin with smtp"),
        ("smtp://", "host"),
        ("smtp://:hunter2@", "no user name"),
        ("smtp://ann:hunter2@", "host"),
        ("smtp://ann:hunter2@mx test", "host"),
        ("smtp://ann:hunter2@mx.test:99999", "port"),
        ("smtp://ann:hunter2@mx.test:0", "port 0"),
        ("smtp://ann:hunter2/x@mx.test", "port|%2F"),
        ("smtp://ann:1/hunter2@mx.test", "%2F"),
        ("smtp://ann:1?hunter2@mx.test", "options"),
        ("smtp://ann:1#hunter2@mx.test", "%23"),
        ("smtp://ann:hunter2@mx.test/inbox", "between"),
        ("smtp://ann:hunter2@mx.test?security=ssl", "none, starttls or tls"),
        ("smtps://ann:hunter2@mx.test?security=starttls", "smtp://"),
        ("smtp://ann:hunter2@mx.test?tls=1", "options"),
        ("smtp://ann:hunter2@mx.test?timeout=0", "timeout"),
        ("smtp://ann:hunter2@mx.test?timeout=soon", "timeout"),
        ("smtp://ann:hunter2@[::1", "host"),
    ],
)
def test_a_url_that_names_none_is_refused_with_the_reason_and_no_password(url: str, reason: str) -> None:
    with pytest.raises(BadSmtpUrl, match=reason) as caught:
        SmtpServer.from_url(url)
    assert "hunter2" not in "".join(traceback.format_exception(caught.value)).replace(repr(url), "")


def test_a_server_never_shows_its_password() -> None:
    server = SmtpServer.from_url("smtp://ann:hunter2@mx.test")
    for shown in (repr(server), str(server), f"{server}", repr([server]), server.name, repr(server.__rich_repr__())):
        assert "hunter2" not in shown
    assert "password='***'" in repr(server)
