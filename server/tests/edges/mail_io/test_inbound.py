"""Mail is posted over HTTP: signed by the mailbox's key, safe before 202, taken once however often it is sent."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.desk import Desk
from tests.edges.mail_io.incoming import connect, letter, rows, subjects
from waypost.domains.mailboxes import Mailbox
from waypost.edges.mail_io import inbound

pytestmark = pytest.mark.anyio
KEY = "k" * 40


@pytest.fixture
async def mailbox(module_desk: Desk) -> Mailbox:
    account = await module_desk.make.account()
    made = await module_desk.make.mailbox(account)
    await connect(module_desk, account, made, inbound_key=KEY)
    return made


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    inbound._limits.storage.reset()


def signed(raw: bytes, *, key: str = KEY, at: float = 0.0, prefix: str = "") -> dict[str, str]:
    timestamp = str(int(at or time.time()))
    signature = hmac.new(key.encode(), timestamp.encode() + b"." + raw, hashlib.sha256).hexdigest()
    return {
        "Content-Type": "message/rfc822",
        "X-Waypost-Timestamp": timestamp,
        "X-Waypost-Signature": prefix + signature,
    }


async def post(desk: Desk, mailbox_id: int, raw: bytes, headers: dict[str, str]) -> httpx.Response:
    client = await desk.client()
    return await client.post(f"/inbound/mail/{mailbox_id}", content=raw, headers=headers)


async def test_a_signed_message_is_taken_once_however_often_it_is_sent(module_desk: Desk, mailbox: Mailbox) -> None:
    first = await post(module_desk, mailbox.id, letter(1), signed(letter(1)))
    again = await post(module_desk, mailbox.id, letter(1), signed(letter(1), prefix="sha256="))
    assert (first.status_code, again.status_code) == (202, 202)
    assert (first.json()["isDuplicate"], again.json()) == (False, {"id": None, "isDuplicate": True})
    await module_desk.run_workers()
    assert await subjects(module_desk, mailbox) == ["Letter 1"]
    assert await rows(module_desk, mailbox, "id, channel") == [(first.json()["id"], "http")]


@pytest.mark.parametrize(
    "changed",
    [
        {"X-Waypost-Signature": ""},
        {"X-Waypost-Signature": "0" * 64},
        {"X-Waypost-Signature": "é"},
        {"X-Waypost-Timestamp": ""},
        {"X-Waypost-Timestamp": "1"},
        {"X-Waypost-Timestamp": "١٢٣"},
    ],
    ids=str,
)
async def test_what_is_not_signed_rightly_is_not_taken(
    module_desk: Desk, mailbox: Mailbox, changed: dict[str, str]
) -> None:
    headers: Any = {name: value.encode() for name, value in {**signed(letter(1)), **changed}.items()}
    answer = await post(module_desk, mailbox.id, letter(1), headers)
    assert (answer.status_code, answer.json()["error"]) == (401, "bad-signature")
    assert await rows(module_desk, mailbox) == []


async def test_wrong_keys_old_times_other_bodies_and_unknown_mailboxes_look_the_same(
    module_desk: Desk, mailbox: Mailbox
) -> None:
    keyless = await module_desk.make.mailbox(await module_desk.make.account())
    now = time.time()
    tries = [
        (mailbox.id, signed(letter(1), key="another")),
        (mailbox.id, signed(letter(1), at=now - 301)),
        (mailbox.id, signed(letter(1), at=now + 330)),
        (mailbox.id, signed(letter(2))),
        (keyless.id, signed(letter(1), key=inbound._NOBODY)),
        (2**62, signed(letter(1), key=inbound._NOBODY)),
    ]
    answers = [await post(module_desk, mailbox_id, letter(1), headers) for mailbox_id, headers in tries]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1


async def test_other_types_and_empty_bodies_are_refused(module_desk: Desk, mailbox: Mailbox) -> None:
    other = await post(module_desk, mailbox.id, letter(1), {**signed(letter(1)), "Content-Type": "application/json"})
    assert other.status_code == 415
    assert (await post(module_desk, mailbox.id, b"", signed(b""))).status_code == 400
    plain = await post(module_desk, mailbox.id, b"\x00\xff nothing", signed(b"\x00\xff nothing"))
    assert plain.status_code == 202


async def test_what_is_too_large_is_refused_before_and_while_it_is_read(module_desk: Desk, mailbox: Mailbox) -> None:
    host, _, port = module_desk.base_url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = {**signed(b""), "Content-Length": str(inbound.MOST_BYTES + 1), "Host": host}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    writer.write(f"POST /inbound/mail/{mailbox.id} HTTP/1.1\r\n{lines}\r\n".encode())
    assert b" 413 " in await asyncio.wait_for(reader.readline(), 20)
    writer.close()

    async def untold() -> AsyncIterator[bytes]:
        for _ in range(inbound.MOST_BYTES // 2**20):
            yield b"x" * 2**20
        yield b"x"

    client = await module_desk.client()
    answer = await client.post(f"/inbound/mail/{mailbox.id}", content=untold(), headers=signed(b""))
    assert (answer.status_code, answer.json()["error"]) == (413, "too-large")
    large = secrets.token_bytes(12 * 2**20)
    assert (await post(module_desk, mailbox.id, large, signed(large))).status_code == 202


async def test_a_flood_is_held_up_and_guessing_too(module_desk: Desk, mailbox: Mailbox) -> None:
    for _ in range(inbound.BAD_PER_MINUTE):
        inbound._limits.hit(inbound._bad_limit, "127.0.0.1")
    answer = await post(module_desk, mailbox.id, letter(1), signed(letter(1)))
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
    inbound._limits.storage.reset()
    inbound._limits.hit(inbound._mailbox_limit, str(mailbox.id), cost=inbound.PER_MINUTE)
    assert (await post(module_desk, mailbox.id, letter(1), signed(letter(1)))).status_code == 429


async def test_a_database_that_is_away_is_told_as_such(desk: Desk) -> None:
    account = await desk.make.account()
    mailbox = await desk.make.mailbox(account)
    await connect(desk, account, mailbox, inbound_key=KEY)
    async with desk.connection() as connection:
        await connection.execute("alter table mail_intake rename to away")
    answer = await post(desk, mailbox.id, letter(1), signed(letter(1)))
    assert (answer.status_code, answer.json()["error"]) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0
    async with desk.connection() as connection:
        await connection.execute("alter table away rename to mail_intake")
    assert (await post(desk, mailbox.id, letter(1), signed(letter(1)))).status_code == 202
