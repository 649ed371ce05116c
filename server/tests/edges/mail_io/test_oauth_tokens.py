"""Access tokens for mail servers, from a token server that is real HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest

from tests import receiver as receivers
from tests.desk import Desk, desk_with, running_desk
from tests.receiver import Receiver, receiving
from waypost.domains import mailboxes
from waypost.domains.mailboxes import Channel, IncomingServer, OAuth2, OutgoingServer
from waypost.edges.mail_io.oauth_tokens import AccessTokens, TokenFailure, xoauth2
from waypost.kit.clock import system_clock

pytestmark = pytest.mark.anyio

LOOPBACK = {"outgoing_allow": ("127.0.0.1",), "allow_insecure_webhooks": True}


class TokenServer:
    """Gives out `a1`, `a2`, … (or always `access_token`) for the refresh token that is good now, and if it `rotates` a
    new one of these each time.
    """

    def __init__(self, *, rotates: bool = False, expires_in: object = 3600, access_token: str = "") -> None:
        self.rotates, self.expires_in, self.access_token = rotates, expires_in, access_token
        self.good, self.given = "r0", 0
        self.refusal: dict[str, Any] | None = None
        self.asked: list[dict[str, str]] = []

    def answer(self, request: receivers.Request) -> receivers.Writer:
        asked = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        self.asked.append(asked)
        if self.refusal is not None:
            return self._said(400, self.refusal)
        if asked.get("refresh_token") != self.good:
            return self._said(
                400, {"error": "invalid_grant", "error_description": f"{asked.get('refresh_token')} is dead"}
            )
        self.given += 1
        given: dict[str, Any] = {
            "access_token": self.access_token or f"a{self.given}",
            "token_type": "Bearer",
            "expires_in": self.expires_in,
        }
        if self.rotates:
            self.good = f"r{self.given}"
            given["refresh_token"] = self.good
        return self._said(200, given)

    @staticmethod
    def _said(status: int, document: dict[str, Any]) -> receivers.Writer:
        body = json.dumps(document)
        return receivers.raw(f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())


def client_of(running: Receiver) -> OAuth2:
    return OAuth2(running.url, "the-client", "the-secret", "r0", "mail.read offline_access")


async def connect(desk: Desk, oauth2: OAuth2) -> tuple[int, int]:
    """A mailbox whose two servers both sign in with the tokens; its account and id."""
    account = await desk.make.account()
    mailbox = await desk.make.mailbox(account)
    parts = {"host": "mx.example", "security": "tls", "username": "me@example.com", "oauth2": oauth2}
    channel = Channel(
        mailbox_id=mailbox.id,
        name=mailbox.name,
        email=mailbox.email,
        incoming=IncomingServer(port=993, **parts),  # type: ignore[arg-type]
        outgoing=OutgoingServer(port=465, **parts),  # type: ignore[arg-type]
    )
    async with desk.transactions.open() as tx:
        await mailboxes.store_channel.put(tx.connection, desk.context.secret_key, account.id, channel, tx.now)
    return account.id, mailbox.id


async def stored(desk: Desk, account_id: int, mailbox_id: int) -> list[str]:
    async with desk.transactions.read() as tx:
        channel = await mailboxes.store_channel.find(tx.connection, desk.context.secret_key, account_id, mailbox_id)
    assert channel is not None
    return [server.oauth2.refresh_token for server in (channel.incoming, channel.outgoing) if server and server.oauth2]


def tokens_of(desk: Desk, clock: Callable[[], Any] | None = None) -> AccessTokens:
    """Tokens as another process would hold them."""
    if clock is not None:
        desk.transactions.clock = clock
    return AccessTokens(desk.transactions, desk.parts.outgoing, desk.context.secret_key)


@desk_with(**LOOPBACK)
async def test_a_token_is_asked_for_by_the_refresh_grant_and_kept(desk: Desk) -> None:
    server = TokenServer()
    async with receiving(server.answer) as running:
        account_id, mailbox_id = await connect(desk, client_of(running))
        tokens = tokens_of(desk)

        assert await tokens.get(account_id, mailbox_id, client_of(running)) == "a1"
        assert await tokens.get(account_id, mailbox_id, client_of(running)) == "a1"

    assert server.asked == [
        {
            "grant_type": "refresh_token",
            "refresh_token": "r0",
            "client_id": "the-client",
            "client_secret": "the-secret",
            "scope": "mail.read offline_access",
        }
    ]
    assert running.requests[0].headers["content-type"] == "application/x-www-form-urlencoded"
    assert await stored(desk, account_id, mailbox_id) == ["r0", "r0"]


@desk_with(**LOOPBACK)
async def test_a_token_is_fetched_anew_shortly_before_its_end_and_when_the_server_refused_it(desk: Desk) -> None:
    start = system_clock()
    passed = timedelta(0)
    server = TokenServer()
    async with receiving(server.answer) as running:
        oauth2 = client_of(running)
        account_id, mailbox_id = await connect(desk, oauth2)
        tokens = tokens_of(desk, lambda: start + passed)
        assert await tokens.get(account_id, mailbox_id, oauth2) == "a1"
        passed = timedelta(seconds=3600 - 61)
        assert await tokens.get(account_id, mailbox_id, oauth2) == "a1"
        passed = timedelta(seconds=3600 - 60)
        assert await tokens.get(account_id, mailbox_id, oauth2) == "a2"
        assert await tokens.get(account_id, mailbox_id, oauth2, refused="a2") == "a3"
        assert await tokens.get(account_id, mailbox_id, oauth2, refused="a2") == "a3"


@desk_with(**LOOPBACK)
async def test_a_new_refresh_token_is_stored_sealed_for_both_servers(desk: Desk) -> None:
    server = TokenServer(rotates=True)
    async with receiving(server.answer) as running:
        oauth2 = client_of(running)
        account_id, mailbox_id = await connect(desk, oauth2)

        assert await tokens_of(desk).get(account_id, mailbox_id, oauth2) == "a1"
        assert await stored(desk, account_id, mailbox_id) == ["r1", "r1"]
        # Whoever still holds the old one, in this process or in another, gets on.
        assert await tokens_of(desk).get(account_id, mailbox_id, oauth2) == "a2"

    async with desk.connection() as connection:
        row = await connection.fetchrow("select incoming_sealed, outgoing_sealed from mail_channel")
    assert row is not None
    assert b"r2" not in bytes(row["incoming_sealed"])
    assert b"the-secret" not in bytes(row["incoming_sealed"])


@desk_with(**LOOPBACK)
async def test_many_at_once_in_two_processes_use_no_refresh_token_twice(desk: Desk) -> None:
    server = TokenServer(rotates=True)
    async with receiving(server.answer) as running:
        oauth2 = client_of(running)
        account_id, mailbox_id = await connect(desk, oauth2)
        one, other = tokens_of(desk), tokens_of(desk)

        got = await asyncio.gather(*(each.get(account_id, mailbox_id, oauth2) for each in [one, other] * 5))

    assert sorted(set(got)) == ["a1", "a2"]
    assert [asked["refresh_token"] for asked in server.asked] == ["r0", "r1"]
    assert await stored(desk, account_id, mailbox_id) == ["r2", "r2"]


@desk_with(**LOOPBACK)
async def test_a_refresh_token_that_was_replaced_meanwhile_is_left_alone(desk: Desk) -> None:
    server = TokenServer(rotates=True)
    async with receiving(server.answer) as running:
        oauth2 = client_of(running)
        account_id, mailbox_id = await connect(desk, oauth2)
        other = msgspec.structs.replace(oauth2, refresh_token="an administrator's")
        async with desk.transactions.open() as tx:
            await mailboxes.channel.keep_refresh_token(
                tx, desk.context.secret_key, account_id, mailbox_id, other, "never"
            )
    assert await stored(desk, account_id, mailbox_id) == ["r0", "r0"]


@pytest.mark.parametrize(
    ("refusal", "code", "said"),
    [
        ({"error": "invalid_grant", "error_description": "AADSTS700082"}, "invalid_grant", "connect the mailbox again"),
        ({"error": "invalid_client"}, "invalid_client", "client secret is wrong"),
        ({"error": "odd_thing", "error_description": "x\r\ny\u202e r0 the-secret"}, "odd_thing", r"x y \*\*\* \*\*\*"),
        ({}, "", "answered 400 and no token"),
        ({"error": {"code": 1}}, "", "answered 400 and no token"),
    ],
)  # fmt: skip
async def test_a_refusal_is_told_in_plain_words_without_secrets(
    module_tokens: Desk, refusal: dict[str, Any], code: str, said: str
) -> None:
    server = TokenServer()
    server.refusal = refusal
    async with receiving(server.answer) as running:
        account_id, mailbox_id = await connect(module_tokens, client_of(running))
        with pytest.raises(TokenFailure, match=said) as caught:
            await tokens_of(module_tokens).get(account_id, mailbox_id, client_of(running))
    assert caught.value.code == code
    assert "the-secret" not in caught.value.message


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnone",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
        b'HTTP/1.1 200 OK\r\nContent-Length: 23\r\n\r\n{"access_token": "a b"}',
        b'HTTP/1.1 200 OK\r\nContent-Length: 28\r\n\r\n{"access_token":"a\\u0001b=x"}',
        b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Go\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        b"nonsense",
    ],
)
async def test_an_answer_that_holds_no_token_is_a_failure(module_tokens: Desk, answer: bytes) -> None:
    async with receiving(lambda _: receivers.raw(answer)) as running:
        account_id, mailbox_id = await connect(module_tokens, client_of(running))
        with pytest.raises(TokenFailure):
            await tokens_of(module_tokens).get(account_id, mailbox_id, client_of(running))


@pytest.mark.parametrize("expires_in", ["3600", None, -5, 1e300, True, "soon"])
async def test_odd_lives_of_tokens_are_lived_with(module_tokens: Desk, expires_in: object) -> None:
    server = TokenServer(expires_in=expires_in)
    async with receiving(server.answer) as running:
        account_id, mailbox_id = await connect(module_tokens, client_of(running))
        assert await tokens_of(module_tokens).get(account_id, mailbox_id, client_of(running)) == "a1"


async def test_the_token_server_may_not_be_a_private_one(module_desk: Desk) -> None:
    async with receiving() as running:
        account_id, mailbox_id = await connect(module_desk, client_of(running))
        with pytest.raises(TokenFailure, match="cannot be reached"):
            await tokens_of(module_desk).get(account_id, mailbox_id, client_of(running))
    assert not running.requests


def test_the_words_of_xoauth2() -> None:
    assert xoauth2("me@example.com", "tok") == b"user=me@example.com\x01auth=Bearer tok\x01\x01"


@pytest.fixture(scope="module")
async def module_tokens(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = Path(tmp_path_factory.mktemp("tokens"))
    async with running_desk(module_database_url, folder, **LOOPBACK) as running:
        yield running
