"""Settings of a mailbox's mail: what is read and changed, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.desk import Desk
from tests.edges.inbox_v2.channel_calls import IMAP, KEY, OAUTH, SECRETS, SMTP, Box, new_box, pem
from tests.edges.inbox_v2.customer_calls import assert_refused

pytestmark = pytest.mark.anyio


@pytest.fixture
def desk(module_desk: Desk) -> Desk:
    """One desk for the module: every test works in an account of its own."""
    return module_desk


@pytest.fixture
async def box(desk: Desk) -> Box:
    return await new_box(desk)


# ---------------------------------------------------------------- reading and changing


async def test_a_mailbox_that_nobody_has_set_up_has_the_defaults(box: Box) -> None:
    found = await box.get()
    own = f"{box.desk.base_url}{box.path}"
    assert found == {
        "mailboxId": box.mailbox.id,
        "name": "Support",
        "email": box.mailbox.email,
        "aliases": [],
        "paused": False,
        "incoming": None,
        "outgoing": None,
        "hasInboundKey": False,
        "from": {"kind": "user", "name": ""},
        "replyAddresses": False,
        "signature": "",
        "autoReply": {"enabled": False, "subject": "", "body": ""},
        "undoSeconds": 0,
        "ratings": False,
        "dkim": None,
        "trustedAuthority": None,
        "_links": {
            "self": {"href": own},
            "mailbox": {"href": own.removesuffix("/channel")},
            "aliases": {"href": f"{own}/aliases"},
            "test": {"href": f"{own}/test"},
        },
    }


async def test_everything_can_be_set_at_once_and_is_told_in_words(box: Box) -> None:
    answer = await box.put(
        paused=True,
        incoming={**IMAP, "folders": ["inbox", "Büro", "INBOX"], "since": "2026-01-31"},
        outgoing=SMTP,
        **{"from": {"kind": "custom", "name": "Acme\r\nBcc: x@example.com\u202e help"}},
        replyAddresses=True,
        signature='<p onclick="x()">Yours, <b>{%user.firstName%}</b><script>alert(1)</script></p>',
        autoReply={"enabled": True, "subject": "We have\nyour mail", "body": "Thank you.\nSoon more."},
        undoSeconds=30,
        ratings=True,
        dkim={"domain": "Example.COM", "selector": "S1", "privateKey": pem()},
        trustedAuthority="MX.example.com",
        aliases=["Help@EXAMPLE.com", f"b{box.mailbox.id}@example.com", "help@example.com"],
    )
    assert (answer.status_code, answer.text) == (204, "")

    found = await box.get()
    assert found["incoming"] == {
        "host": "imap.example.com", "port": 993, "security": "tls", "username": "me@example.com", "hasPassword": True,
        "oauth2": None, "folders": ["INBOX", "Büro"], "since": "2026-01-31",
    }  # fmt: skip
    assert found["outgoing"] == {
        "host": "smtp.example.com", "port": 587, "security": "starttls", "username": "me@example.com",
        "hasPassword": True, "oauth2": None,
    }  # fmt: skip
    assert found["from"] == {"kind": "custom", "name": "Acme Bcc: x@example.com help"}
    assert found["signature"] == "<p>Yours, <b>{%user.firstName%}</b></p>"
    assert found["autoReply"] == {
        "enabled": True, "subject": "We have your mail", "body": "Thank you.<br>Soon more."
    }  # fmt: skip
    assert (found["paused"], found["replyAddresses"], found["undoSeconds"], found["ratings"]) == (True, True, 30, True)
    assert found["trustedAuthority"] == "mx.example.com"
    assert found["aliases"] == ["Help@example.com", f"b{box.mailbox.id}@example.com"]
    record = found["dkim"].pop("record")
    assert found["dkim"] == {"domain": "example.com", "selector": "s1", "hasPrivateKey": True}
    assert (record["type"], record["name"]) == ("TXT", "s1._domainkey.example.com")
    assert record["value"].startswith("v=DKIM1; k=rsa; p=MII")
    assert await box.changes() == [
        ["paused", "incoming", "outgoing", "from", "replyAddresses", "signature", "autoReply", "undoSeconds",
         "ratings", "dkim", "trustedAuthority", "aliases"]
    ]  # fmt: skip


async def test_putting_back_what_was_read_changes_nothing(box: Box) -> None:
    await box.change(incoming={**IMAP}, outgoing={"host": "smtp.example.com", "username": "me", "oauth2": OAUTH})
    await box.change(dkim={"domain": "example.com", "selector": "s", "privateKey": pem(1024)}, undoSeconds=5)
    before, found = await box.stored(), await box.get()

    assert (await box.put(**found)).status_code == 204

    assert await box.stored() == before
    assert len(await box.changes()) == 2


async def test_a_put_sets_what_it_leaves_out_to_its_default(box: Box) -> None:
    await box.change(undoSeconds=9, incoming=IMAP, signature="x", aliases=[f"a{box.mailbox.id}@example.com"])

    assert (await box.put(ratings=True)).status_code == 204

    found = await box.get()
    assert (found["undoSeconds"], found["incoming"], found["signature"], found["aliases"]) == (0, None, "", [])
    assert found["ratings"] is True


async def test_a_patch_takes_operations_on_parts_and_plain_objects(box: Box) -> None:
    assert (await box.patch([
        {"op": "replace", "path": "/autoReply/body", "value": "Thanks"},
        {"op": "replace", "path": "/autoReply/enabled", "value": True},
        {"op": "add", "path": "/incoming", "value": IMAP},
        {"op": "replace", "path": "/incoming/port", "value": 1993},
        {"op": "replace", "path": "/undoSeconds", "value": 7},
    ])).status_code == 204  # fmt: skip
    found = await box.get()
    assert found["autoReply"] == {"enabled": True, "subject": "", "body": "Thanks"}
    assert (found["incoming"]["port"], found["incoming"]["hasPassword"]) == (1993, True)

    await box.change(autoReply={"subject": "Hello"})
    assert (await box.get())["autoReply"] == {"enabled": True, "subject": "Hello", "body": "Thanks"}

    assert (await box.patch([
        {"op": "remove", "path": "/incoming"},
        {"op": "remove", "path": "/undoSeconds"},
        {"op": "remove", "path": "/autoReply"},
    ])).status_code == 204  # fmt: skip
    found = await box.get()
    assert (found["incoming"], found["undoSeconds"], found["autoReply"]["enabled"]) == (None, 0, False)


@pytest.mark.parametrize(
    ("operation", "path"),
    [
        ({"op": "replace", "path": "/inbound_key", "value": "x"}, "[0].path"),
        ({"op": "replace", "path": "/autoReply/text", "value": "x"}, "[0].path"),
        ({"op": "replace", "path": "/autoReply/body/x", "value": "x"}, "[0].path"),
        ({"op": "replace", "path": "/name", "value": "x"}, "[0].path"),
        ({"op": "replace", "path": "/signature/x", "value": "x"}, "[0].path"),
        ({"op": "replace", "path": "/undoSeconds", "value": "soon"}, "[0].value"),
        ({"op": "replace", "path": "/incoming/port", "value": "x"}, "[0].value"),
        ({"op": "copy", "path": "/signature", "value": "x"}, "[0].op"),
    ],
)
async def test_an_operation_that_cannot_be_is_named(box: Box, operation: dict[str, Any], path: str) -> None:
    assert_refused(await box.patch([operation]), path)
    assert await box.changes() == []


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"incoming": {**IMAP, "host": ""}}, "incoming.host"),
        ({"incoming": {**IMAP, "host": "imap.example.com\r\nx"}}, "incoming.host"),
        ({"incoming": {**IMAP, "host": "https://imap.example.com"}}, "incoming.host"),
        ({"incoming": {**IMAP, "host": "me@imap.example.com"}}, "incoming.host"),
        ({"incoming": {**IMAP, "host": "a" * 64 + ".example.com"}}, "incoming.host"),
        ({"incoming": {**IMAP, "host": "127.0.0.1"}}, "incoming.host"),
        ({"incoming": {**IMAP, "host": "169.254.169.254"}}, "incoming.host"),
        ({"incoming": {**IMAP, "host": "::1"}}, "incoming.host"),
        ({"incoming": {**IMAP, "host": "localhost"}}, "incoming.host"),
        ({"incoming": {**IMAP, "port": 0}}, "incoming.port"),
        ({"incoming": {**IMAP, "port": 65536}}, "incoming.port"),
        ({"incoming": {**IMAP, "port": 10**30}}, "incoming.port"),
        ({"incoming": {**IMAP, "security": "ssl"}}, "incoming.security"),
        ({"incoming": {**IMAP, "username": "a\r\nb"}}, "incoming.username"),
        ({"incoming": {**IMAP, "password": "a\nb"}}, "incoming.password"),
        ({"incoming": {**IMAP, "password": "x" * 9000}}, "incoming.password"),
        ({"incoming": {**IMAP, "password": ""}}, "incoming.password"),
        ({"incoming": {"host": "imap.example.com", "password": "x"}}, "incoming.username"),
        ({"incoming": {**IMAP, "folders": []}}, "incoming.folders"),
        ({"incoming": {**IMAP, "folders": ["INBOX", "a\r\nb"]}}, "incoming.folders[1]"),
        ({"incoming": {**IMAP, "folders": [" "]}}, "incoming.folders[0]"),
        ({"incoming": {**IMAP, "since": "yesterday"}}, "incoming.since"),
        ({"outgoing": {**SMTP, "oauth2": {**OAUTH, "tokenUrl": "http://a.example/"}}}, "outgoing.oauth2.tokenUrl"),
        ({"outgoing": {**SMTP, "oauth2": {**OAUTH, "tokenUrl": "https://a.example:25/"}}}, "outgoing.oauth2.tokenUrl"),
        ({"outgoing": {**SMTP, "oauth2": {**OAUTH, "tokenUrl": "ftp://x"}}}, "outgoing.oauth2.tokenUrl"),
        ({"outgoing": {**SMTP, "oauth2": {**OAUTH, "clientId": ""}}}, "outgoing.oauth2.clientId"),
        ({"outgoing": {**SMTP, "oauth2": {**OAUTH, "refreshToken": None}}}, "outgoing.oauth2.refreshToken"),
        ({"outgoing": {**SMTP, "oauth2": {**OAUTH, "refreshToken": "a\x01b"}}}, "outgoing.oauth2.refreshToken"),
        ({"from": {"kind": "boss"}}, "from.kind"),
        ({"from": {"kind": "custom", "name": " \u202e "}}, "from.name"),
        ({"from": {"kind": "custom", "name": "x" * 256}}, "from.name"),
        ({"signature": "x" * 100_001}, "signature"),
        ({"autoReply": {"enabled": True, "body": "<p> </p>"}}, "autoReply.body"),
        ({"autoReply": {"subject": "x" * 256}}, "autoReply.subject"),
        ({"undoSeconds": -1}, "undoSeconds"),
        ({"undoSeconds": 121}, "undoSeconds"),
        ({"trustedAuthority": "mx example"}, "trustedAuthority"),
        ({"trustedAuthority": "mx.example;x"}, "trustedAuthority"),
        ({"aliases": ["no address"]}, "aliases[0]"),
        ({"aliases": ["ok@example.com", "a@b\r\nx"]}, "aliases[1]"),
        ({"aliases": ["a\u202e@example.com"]}, "aliases[0]"),
        ({"aliases": ["<a@example.com>"]}, "aliases[0]"),
        ({"aliases": [f"a{n}@example.com" for n in range(101)]}, "aliases"),
        ({"dkim": {"domain": "example.com", "selector": "s"}}, "dkim.privateKey"),
        ({"dkim": {"domain": "example.com", "selector": "s", "privateKey": "x"}}, "dkim.privateKey"),
        ({"dkim": {"domain": "exa mple", "selector": "s", "privateKey": KEY}}, "dkim.domain"),
        ({"dkim": {"domain": "example.com", "selector": "s;x", "privateKey": KEY}}, "dkim.selector"),
        ({"paused": "maybe"}, "paused"),
        ({"aliases": "a@example.com"}, "aliases"),
        ({"incoming": []}, "incoming"),
    ],
)  # fmt: skip
async def test_what_cannot_be_is_refused_by_its_name_and_changes_nothing(
    box: Box, body: dict[str, Any], path: str
) -> None:
    for answer in (await box.put(**body), await box.patch(body)):
        assert_refused(answer, path)
        assert not any(secret in answer.text for secret in SECRETS)
    assert await box.changes() == []


async def test_all_mistakes_are_named_at_once(box: Box) -> None:
    answer = await box.put(incoming={"port": 0}, undoSeconds=500, **{"from": {"kind": "x"}}, aliases=["?"])
    paths = [error["path"] for error in answer.json()["_embedded"]["errors"]]
    assert answer.status_code == 422
    assert paths == ["incoming.host", "incoming.port", "from.kind", "undoSeconds", "aliases[0]"]


async def test_servers_beyond_ascii_are_kept_by_their_real_names(box: Box) -> None:
    await box.change(incoming={**IMAP, "host": "Bücher.Example."})
    assert (await box.get())["incoming"]["host"] == "xn--bcher-kva.example"


@pytest.mark.parametrize(
    ("said", "port", "security"),
    [
        ({}, 993, "tls"),
        ({"port": 143}, 143, "starttls"),
        ({"port": 993}, 993, "tls"),
        ({"security": "starttls"}, 143, "starttls"),
        ({"security": "TLS", "port": None}, 993, "tls"),
        ({"security": "none", "port": 1143}, 1143, "none"),
    ],
)
async def test_port_and_encryption_are_found_by_each_other(
    box: Box, said: dict[str, Any], port: int, security: str
) -> None:
    await box.change(incoming={**IMAP, **said})
    found = (await box.get())["incoming"]
    assert (found["port"], found["security"]) == (port, security)


# ---------------------------------------------------------------- the domain


async def test_a_test_of_sending_says_what_the_dns_of_the_domain_lacks(box: Box) -> None:
    domain = f"{box.mailbox.id}.shop.example.com"
    async with box.desk.connection() as connection:
        await connection.execute("update mailbox set email = $2 where id = $1", box.mailbox.id, f"help@{domain}")
    asked: list[str] = []

    async def look_up(name: str) -> list[str]:
        asked.append(name)
        return ["v=spf1 mx -all"] if name == domain else []

    check, before = box.desk.parts.check_channel, box.desk.parts.check_channel.look_up
    check.look_up = look_up
    try:
        whole = await box.client.post(f"{box.path}/test", json={})
        incoming = {"incoming": {"host": "no-such-host.invalid", "username": "u", "password": "p"}}
        fetching = await box.client.post(f"{box.path}/test", json=incoming)
    finally:
        check.look_up = before

    assert whole.status_code == 200, whole.text
    found = whole.json()
    assert (found["ok"], found["domain"]["name"]) == (True, domain)
    assert [(step["name"], step["status"]) for step in found["domain"]["steps"]] == [
        ("spf", "ok"), ("dkim", "skipped"), ("dmarc", "warning"),
    ]  # fmt: skip
    assert found["domain"]["steps"][0]["serverSaid"] == "v=spf1 mx -all"
    assert asked == [domain, f"_dmarc.{domain}", "_dmarc.shop.example.com", "_dmarc.example.com"]
    assert "domain" not in fetching.json()
