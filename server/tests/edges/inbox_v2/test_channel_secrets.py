"""Secrets of a mailbox's mail settings: they go in, never come out, and stay where they were meant for."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from tests.desk import Desk
from tests.edges.inbox_v2.channel_calls import IMAP, OAUTH, SECRETS, SMTP, Box, new_box, pem
from tests.edges.inbox_v2.customer_calls import assert_refused

pytestmark = pytest.mark.anyio


@pytest.fixture
def desk(module_desk: Desk) -> Desk:
    """One desk for the module: every test works in an account of its own."""
    return module_desk


@pytest.fixture
async def box(desk: Desk) -> Box:
    return await new_box(desk)


# ---------------------------------------------------------------- secrets


async def test_a_password_that_is_left_out_stays(box: Box) -> None:
    await box.change(incoming=IMAP)
    await box.change(incoming={"folders": ["INBOX", "Support"]})
    assert (await box.put(incoming={"host": "imap.example.com", "username": "me@example.com"})).status_code == 204
    kept = (await box.stored()).incoming
    assert kept is not None
    assert (kept.password, kept.folders) == ("pa55 wörd", ("INBOX",))


@pytest.mark.parametrize(
    "change",
    [
        {"host": "imap.attacker.example"},
        {"port": 1993},
        {"security": "none"},
        {"username": "somebody@example.com"},
    ],
)
async def test_a_stored_password_cannot_be_pointed_somewhere_else(box: Box, change: dict[str, Any]) -> None:
    await box.change(incoming=IMAP)
    whole = {"host": "imap.example.com", "port": 993, "security": "tls", "username": "me@example.com", **change}
    for answer in (
        await box.patch({"incoming": change}),
        await box.put(incoming=whole),
        await box.patch([{"op": "replace", "path": f"/incoming/{key}", "value": change[key]} for key in change]),
        await box.client.post(f"{box.path}/test", json={"incoming": change}),
    ):
        assert_refused(answer, "incoming.password")
        assert "must be given again" in answer.text
    assert len(await box.changes()) == 1
    await box.change(incoming={**change, "password": "another"})
    kept = (await box.stored()).incoming
    assert kept is not None
    assert kept.password == "another"


async def test_without_encryption_from_the_beginning_it_may_stay_so(box: Box) -> None:
    await box.change(incoming={**IMAP, "security": "none", "port": 143})
    await box.change(incoming={"security": "starttls"})
    await box.change(incoming={"folders": ["INBOX"]})
    kept = (await box.stored()).incoming
    assert kept is not None
    assert kept.password == "pa55 wörd"


@pytest.mark.parametrize(
    "change",
    [
        {"host": "smtp.attacker.example"},
        {"oauth2": {"tokenUrl": "https://attacker.example/token"}},
        {"oauth2": {"clientId": "another"}},
    ],
)
async def test_stored_tokens_cannot_be_pointed_somewhere_else(box: Box, change: dict[str, Any]) -> None:
    await box.change(outgoing={"host": "smtp.example.com", "username": "me", "oauth2": OAUTH})
    assert_refused(await box.patch({"outgoing": change}), "outgoing.oauth2.refreshToken")
    found = (await box.get())["outgoing"]
    assert found["oauth2"] == {
        "tokenUrl": "https://login.example.com/token", "clientId": "client-1", "scope": "offline mail",
        "hasClientSecret": True, "hasRefreshToken": True,
    }  # fmt: skip
    assert found["hasPassword"] is False


async def test_a_password_takes_the_place_of_tokens_and_the_other_way_round(box: Box) -> None:
    await box.change(outgoing=SMTP)
    await box.change(outgoing={"oauth2": OAUTH})
    kept = (await box.stored()).outgoing
    assert kept is not None
    assert (kept.password, kept.oauth2 is not None) == ("", True)
    assert_refused(await box.patch({"outgoing": {"oauth2": None}}), "outgoing.password")
    await box.change(outgoing={"oauth2": None, "password": "pa55 again"})
    kept = (await box.stored()).outgoing
    assert kept is not None
    assert (kept.password, kept.oauth2) == ("pa55 again", None)


async def test_secrets_are_sealed_in_the_database(box: Box) -> None:
    await box.change(incoming=IMAP, outgoing={**SMTP, "oauth2": OAUTH})
    await box.change(dkim={"domain": "example.com", "selector": "s", "privateKey": pem(1024)})
    key = (await box.client.post(f"{box.path}/inbound-key")).json()["key"]
    async with box.desk.connection() as connection:
        row = await connection.fetchval(
            "select c::text || encode(incoming_sealed, 'escape') from mail_channel c where mailbox_id = $1",
            box.mailbox.id,
        )
        log = await connection.fetchval("select string_agg(e::text, '') from event e")
    assert not any(secret in text for secret in (*SECRETS, key) for text in (row, log))


# ---------------------------------------------------------------- keys


@pytest.mark.parametrize("algorithm", ["rsa", "ed25519"])
async def test_a_dkim_key_is_made_and_its_record_shown(box: Box, algorithm: str) -> None:
    answer = await box.client.post(f"{box.path}/dkim", json={"algorithm": algorithm})
    assert answer.status_code == 200
    made = answer.json()
    assert made["domain"] == "acme.test"
    assert made["record"]["name"] == f"{made['selector']}._domainkey.acme.test"
    assert made["record"]["value"].startswith(f"v=DKIM1; k={algorithm}; p=")
    assert made == (await box.get())["dkim"]
    again = (await box.client.post(f"{box.path}/dkim", json={"algorithm": "ed25519"})).json()
    # Mail under way is checked by the key before: that one's record must be able to stay.
    assert again["selector"] != made["selector"]


async def test_a_dkim_key_of_a_wanted_name_is_made(box: Box) -> None:
    body = {"domain": "mail.example.com", "selector": "two", "algorithm": "ed25519"}
    made = (await box.client.post(f"{box.path}/dkim", json=body)).json()
    assert made["record"]["name"] == "two._domainkey.mail.example.com"
    assert_refused(await box.client.post(f"{box.path}/dkim", json={"domain": "x"}), "domain")
    assert_refused(await box.client.post(f"{box.path}/dkim", json={"algorithm": "md5"}), "algorithm")


async def test_keys_that_sign_no_mail_are_refused(box: Box) -> None:
    curve = ec.generate_private_key(ec.SECP256R1())
    locked = rsa.generate_private_key(65537, 1024)
    for text, why in (
        (curve.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(), "neither an RSA"),
        (
            locked.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")).decode(),
            "passphrase",
        ),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "not a private key"),
        ("x" * 20_000, "too long"),
    ):
        answer = await box.patch({"dkim": {"domain": "example.com", "selector": "s", "privateKey": text}})
        assert_refused(answer, "dkim.privateKey")
        assert why in answer.text
        assert "PRIVATE KEY" not in answer.text


async def test_an_inbound_key_is_shown_once_and_ends_the_one_before(box: Box) -> None:
    first = (await box.client.post(f"{box.path}/inbound-key")).json()["key"]
    second = (await box.client.post(f"{box.path}/inbound-key")).json()["key"]
    assert len(first) >= 32
    assert first != second
    assert (await box.stored()).inbound_key == second
    found = await box.client.get(box.path)
    assert found.json()["hasInboundKey"] is True
    assert second not in found.text

    assert (await box.client.delete(f"{box.path}/inbound-key")).status_code == 204
    assert (await box.get())["hasInboundKey"] is False
    assert await box.changes() == [["inboundKey"]] * 3
