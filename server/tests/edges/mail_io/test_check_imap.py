"""A test of a connection to IMAP says exactly what is wrong, in every way in which it can go wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.desk import Desk
from tests.edges.mail_io.authority import Authority
from tests.edges.mail_io.check_calls import HOST, Bench
from tests.edges.mail_io.imap_servers import Imap, imap_server
from tests.edges.mail_io.servers import Receiver, saying
from tests.edges.mail_io.servers import receiving as smtp_receiving
from waypost.kit.errors import InProgress

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def bench(module_desk: Desk) -> AsyncIterator[Bench]:
    made = Bench(module_desk)
    yield made
    await made.outgoing.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("authority")


@pytest.fixture
def authority(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """An authority that connections of this test trust."""
    made = Authority(folder)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


# ---------------------------------------------------------------- what works


async def test_a_server_that_works_is_found_to_step_by_step(bench: Bench, authority: Authority) -> None:
    async with imap_server(Imap(), tls=authority.server(HOST)) as port:
        tried = await bench.imap(port, security="tls", folders=("INBOX", "Sent"))
    assert tried.is_ok
    assert [(name, step[0]) for name, step in tried.items()] == [
        (name, "ok")
        for name in ("dns", "connect", "tls", "greeting", "capabilities", "sign-in", "folders", "read", "idle")
    ]
    assert "TLS 1." in tried["tls"][1]
    assert tried["capabilities"][1] == "The server speaks IMAP4; it offers to sign in by XOAUTH2."
    assert tried["sign-in"][1] == "Signed in as me@example.com."
    assert tried["folders"][1] == "INBOX holds 2 messages; Sent holds 0 messages."


async def test_starttls_works_and_forgets_what_was_said_before(bench: Bench, authority: Authority) -> None:
    imap = Imap(tls=authority.server(HOST))
    async with imap_server(imap) as port:
        tried = await bench.imap(port, security="starttls")
    assert tried.is_ok
    assert list(tried)[:5] == ["dns", "connect", "greeting", "tls", "capabilities"]
    commands = [line.split()[1] for line in imap.seen]
    assert commands == ["STARTTLS", "CAPABILITY", "LOGIN", "CAPABILITY", "EXAMINE", "EXAMINE", "FETCH", "LOGOUT"]


async def test_what_a_stranger_slips_in_before_encryption_does_not_count(bench: Bench, authority: Authority) -> None:
    imap = Imap(tls=authority.server(HOST))
    injected = "w2 OK [CAPABILITY IMAP4rev1]\r\n* CAPABILITY EVIL"
    imap.greeting = "* OK ready"
    async with imap_server(imap) as port:
        imap.answers["NOOP"] = []
        imap.greeting = f"* OK ready\r\n{injected}"
        tried = await bench.imap(port, security="starttls")
    assert "EVIL" not in str(dict(tried))


async def test_without_encryption_it_is_warned(bench: Bench) -> None:
    async with imap_server(Imap()) as port:
        tried = await bench.imap(port)
    assert tried.is_ok
    assert (tried["tls"][0], tried["sign-in"][0]) == ("warning", "warning")
    assert "unencrypted" in tried["sign-in"][1]


@pytest.mark.parametrize("password", ['with "quotes" and \\', "größer als 7 Zeichen"])
@pytest.mark.parametrize("way", ["AUTH=PLAIN", "LOGIN"])
async def test_awkward_passwords_get_in(bench: Bench, password: str, way: str) -> None:
    imap = Imap(password=password)
    if way == "LOGIN":
        imap.password = password.replace("\\", "\\\\").replace('"', '\\"')
    else:
        imap.capabilities = "IMAP4rev1 AUTH=PLAIN LOGINDISABLED"
    async with imap_server(imap) as port:
        assert (await bench.imap(port, password=password)).is_ok
    assert any("AUTHENTICATE PLAIN" in line for line in imap.seen) is (way == "AUTH=PLAIN")


async def test_a_server_without_idle_and_an_empty_one_are_no_failure(bench: Bench) -> None:
    async with imap_server(Imap(inside="IMAP4rev1", folders={"INBOX": 0})) as port:
        tried = await bench.imap(port)
    assert tried.is_ok
    assert (tried["idle"][0], tried["read"][0]) == ("warning", "skipped")


async def test_folders_beyond_ascii_are_asked_for_as_servers_spell_them(bench: Bench) -> None:
    imap = Imap(folders={"B&APw-ro": 2})
    async with imap_server(imap) as port:
        tried = await bench.imap(port, folders=("Büro",))
        assert tried["folders"][1] == "Büro holds 2 messages."
        name, message, _ = (await bench.imap(port, folders=("Nirgends",))).failed
    assert (name, message) == ("folders", "There is no folder Nirgends. There are: Büro.")


# ---------------------------------------------------------------- the way there


async def test_an_unknown_name(bench: Bench) -> None:
    name, message, _ = (await bench.imap(993, host="no-such.example")).failed
    assert name == "dns"
    assert "no-such.example has no address" in message


async def test_a_name_that_leads_inside_is_refused_and_not_connected_to(bench: Bench) -> None:
    name, message, _ = (await bench.imap(993, host="inside.example")).failed
    assert name == "dns"
    assert "WAYPOST_OUTGOING_ALLOW" in message
    assert "10.9" not in message


async def test_a_closed_port(bench: Bench) -> None:
    async with imap_server(Imap()) as port:
        pass
    name, message, _ = (await bench.imap(port)).failed
    assert name == "connect"
    assert f"nothing listens on port {port}" in message


@pytest.mark.parametrize("security", ["tls", "starttls"])
@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("expired", "has expired on 20"),
        ("not yet", "is not valid before 20"),
        ("other host", "is not for mail.test. It is for imap.example.com, 10.1.2.3; use one of these"),
        ("self-signed", "has signed its certificate itself"),
        ("unknown authority", "from an authority (CN=Somebody) that this machine does not know"),
    ],
)
async def test_certificates_that_are_not_good(
    bench: Bench, authority: Authority, folder: Path, security: str, kind: str, said: str
) -> None:
    tls = {
        "expired": lambda: authority.server(HOST, begins=timedelta(days=-9), ends=timedelta(days=-2)),
        "not yet": lambda: authority.server(HOST, begins=timedelta(days=2), ends=timedelta(days=9)),
        "other host": lambda: authority.server("imap.example.com", "10.1.2.3"),
        "self-signed": lambda: authority.self_signed(HOST),
        "unknown authority": lambda: Authority(folder, "Somebody").server(HOST),
    }[kind]()
    imap = Imap(tls=tls)
    async with imap_server(imap, tls=tls if security == "tls" else None) as port:
        name, message, _ = (await bench.imap(port, security=security)).failed
    assert name == "tls"
    if security == "tls":
        assert said in message
    else:
        # Details of the certificate are looked up only where TLS begins with the first byte.
        assert message.startswith("The server")
        assert "certificate" in message
    assert not any("LOGIN" in line or "AUTH" in line for line in imap.seen)


async def test_tls_where_the_server_speaks_none(bench: Bench, authority: Authority) -> None:
    async with imap_server(Imap()) as port:
        name, message, _ = (await bench.imap(port, security="tls")).failed
    assert name == "tls"
    assert message.startswith("The server does not speak TLS where it should. Choose starttls")


@pytest.mark.parametrize("security", ["none", "starttls"])
async def test_no_tls_where_the_server_begins_with_it(bench: Bench, authority: Authority, security: str) -> None:
    async with imap_server(Imap(), tls=authority.server(HOST)) as port:
        name, message, _ = (await bench.imap(port, security=security)).failed
    assert name == "greeting"
    assert message == "The server speaks TLS from the first byte on this port. Choose tls."


async def test_a_server_without_starttls(bench: Bench) -> None:
    async with imap_server(Imap()) as port:
        name, message, said = (await bench.imap(port, security="starttls")).failed
    assert (name, said) == ("tls", "what")
    assert "does not offer STARTTLS" in message


async def test_a_server_that_says_nothing(bench: Bench) -> None:
    async with imap_server(Imap(greeting=None)) as port:
        name, message, _ = (await bench.imap(port)).failed
    assert (name, message) == ("greeting", "The server takes the connection, but says nothing.")


async def test_a_server_that_hangs_up(bench: Bench) -> None:
    async with saying(None) as port:
        name, message, _ = (await bench.imap(port)).failed
    assert name == "greeting"
    assert "without a word" in message


async def test_a_server_that_greets_with_a_goodbye(bench: Bench) -> None:
    async with saying("* BYE Too many connections from 127.0.0.1") as port:
        name, _, said = (await bench.imap(port)).failed
    assert (name, said) == ("greeting", "Too many connections from 127.0.0.1")


@pytest.mark.parametrize(
    ("greeting", "message"),
    [
        ("+OK POP3 server secret-name ready", "This is a server for POP3, not for IMAP: the port is wrong."),
        ("SSH-2.0-OpenSSH_9.9 secret-name", "Something answers on this port, but it is no server for IMAP."),
        ("HTTP/1.1 400 secret-name", "Something answers on this port, but it is no server for IMAP."),
        ("-ERR wrong number of arguments secret-name", "Something answers on this port, but it is no server for IMAP."),
        ("x" * 20_000, "Something answers on this port, but it is no server for IMAP."),
    ],
)
async def test_what_is_no_imap_is_not_quoted(bench: Bench, greeting: str, message: str) -> None:
    async with saying(greeting) as port:
        tried = await bench.imap(port)
    assert tried.failed == ("greeting", message, "")
    assert "secret-name" not in str(dict(tried))


async def test_an_smtp_server_is_known_as_one(bench: Bench) -> None:
    async with smtp_receiving(Receiver()) as port:
        assert (await bench.imap(port)).failed[1] == "This is a server for SMTP, not for IMAP: the port is wrong."


# ---------------------------------------------------------------- getting in


async def test_a_wrong_password_sent_as_base64_is_not_repeated_either(bench: Bench) -> None:
    refusal = "TAG NO bad AG1lQGV4YW1wbGUuY29tAGh1bnRlcjItc2VjcmV0"
    imap = Imap(capabilities="IMAP4rev1 AUTH=PLAIN", answers={"AUTHENTICATE": [refusal]})
    async with imap_server(imap) as port:
        tried = await bench.imap(port, password="hunter2-secret")
    assert tried.failed[0] == "sign-in"
    assert "dW50ZXIyLXNlY3Jl" not in tried.failed[2]
    assert "***" in tried.failed[2]


async def test_a_wrong_password_is_not_repeated_in_the_servers_words(bench: Bench) -> None:
    async with imap_server(Imap()) as port:
        name, message, said = (await bench.imap(port, password="hunter2-secret")).failed
    assert name == "sign-in"
    assert message == "The server did not take the user name and password."
    assert said == '[AUTHENTICATIONFAILED] no: "me@example.com" "***"'


@pytest.mark.parametrize(
    ("host", "reply", "said"),
    [
        ("mail.test", "NO [ALERT] Application-specific password required: https://x", "wants an app password"),
        ("mail.test", "NO [AUTHENTICATIONFAILED] Basic authentication is disabled", "use OAuth 2.0"),
        ("mail.test", "BAD User is authenticated but not connected.", "may not open this mailbox"),
        ("mail.test", "NO [ALERT] Your account is not enabled for IMAP use", "IMAP is switched off"),
        ("mail.test", "NO [UNAVAILABLE] Temporary authentication failure", "wait some minutes"),
        ("mail.test", "NO [EXPIRED] password", "has expired"),
        ("mail.test", "NO [WEBALERT https://x] Web login required", "browser"),
        ("imap.gmail.com", "NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)", "Google takes app passwords"),
        ("outlook.office365.com", "NO LOGIN failed.", "Microsoft takes OAuth 2.0 alone"),
        ("imap.mail.yahoo.com", "NO LOGIN Invalid credentials", "app passwords only"),
        ("mail.test", "NO no\x1b[31m \u202ecolours", "did not take the user name"),
    ],
)  # fmt: skip
async def test_what_a_refusal_means(bench: Bench, host: str, reply: str, said: str) -> None:
    async with imap_server(Imap(answers={"LOGIN": [f"TAG {reply}"]})) as port:
        name, message, words = (await bench.imap(port, host=host)).failed
    assert name == "sign-in"
    assert said in message
    assert words.isprintable()


async def test_a_server_that_takes_no_unencrypted_sign_in(bench: Bench) -> None:
    imap = Imap(capabilities="IMAP4rev1 STARTTLS LOGINDISABLED")
    async with imap_server(imap) as port:
        name, message, _ = (await bench.imap(port)).failed
    assert name == "sign-in"
    assert "not encrypted" in message
    # The password has not left this machine.
    assert not any("right" in line for line in imap.seen)


async def test_a_folder_that_is_not_there_is_told_with_those_that_are(bench: Bench) -> None:
    async with imap_server(Imap()) as port:
        name, message, said = (await bench.imap(port, folders=("INBOX", "Support"))).failed
    assert (name, message) == ("folders", "There is no folder Support. There are: INBOX, Sent.")
    assert said == "[NONEXISTENT] Mailbox doesn't exist: Support"


async def test_a_folder_that_may_not_be_opened(bench: Bench) -> None:
    async with imap_server(Imap(answers={"EXAMINE": ["TAG NO [NOPERM] Permission denied"]})) as port:
        name, message, _ = (await bench.imap(port)).failed
    assert (name, message) == ("folders", "The user may not open the folder INBOX.")


async def test_messages_that_may_not_be_read(bench: Bench) -> None:
    async with imap_server(Imap(answers={"FETCH": ["TAG NO [NOPERM] not yours"]})) as port:
        name, message, said = (await bench.imap(port)).failed
    assert (name, message, said) == ("read", "The user may not read messages in INBOX.", "[NOPERM] not yours")


@pytest.mark.parametrize(
    ("answers", "step"),
    [
        ({"CAPABILITY": None}, "capabilities"),
        ({"CAPABILITY": ["* CAPABILITY NOTHING", "TAG OK"]}, "capabilities"),
        ({"CAPABILITY": ["* x"] * 6_000}, "capabilities"),
        ({"LOGIN": []}, "sign-in"),
        ({"LOGIN": None}, "sign-in"),
        ({"EXAMINE": ["* OK {999999999}"]}, "folders"),
        ({"FETCH": ["x" * 10_000]}, "read"),
        ({"FETCH": ["TAG OK nothing"]}, "read"),
    ],
)
async def test_servers_that_break_off_or_babble_end_the_test_where_it_is(
    bench: Bench, answers: dict[str, Any], step: str
) -> None:
    async with imap_server(Imap(answers=answers)) as port:
        assert (await bench.imap(port)).failed[0] == step


# ---------------------------------------------------------------- several at once


async def test_a_mailbox_is_tested_by_one_at_a_time(bench: Bench) -> None:
    async with imap_server(Imap()) as port:
        both = await asyncio.gather(bench.imap(port), bench.imap(port), return_exceptions=True)
        assert [isinstance(one, InProgress) for one in both] == [False, True]
        assert (await bench.imap(port)).is_ok
