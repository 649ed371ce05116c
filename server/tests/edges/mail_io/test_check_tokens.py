"""Testing connections that sign in by OAuth 2.0: the token server, and what mail servers say of tokens."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import AsyncIterator

import pytest

from tests import receiver as receivers
from tests.desk import Desk, desk_with
from tests.edges.inbox_v2.channel_calls import new_box
from tests.edges.mail_io.check_calls import Bench
from tests.edges.mail_io.imap_servers import Imap, imap_server
from tests.edges.mail_io.servers import saying
from tests.edges.mail_io.test_oauth_tokens import TokenServer
from tests.receiver import Receiver, receiving
from waypost.domains.mailboxes import OAuth2

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def bench(module_desk: Desk) -> AsyncIterator[Bench]:
    made = Bench(module_desk)
    yield made
    await made.outgoing.close()


def answering(status: int, **document: object) -> receivers.Answer:
    body = json.dumps(document)
    return lambda _: receivers.raw(f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())


def oauth2(running: Receiver) -> OAuth2:
    return OAuth2(running.url, "client", "cl13nt-s3cret", "r3fresh-t0ken")


async def test_imap_takes_a_token(bench: Bench) -> None:
    async with receiving(answering(200, access_token="good-token")) as tokens, imap_server(Imap()) as port:
        tried = await bench.imap(port, password="", oauth2=oauth2(tokens))
    assert tried.is_ok
    assert tried["token"][0] == "ok"
    assert tried["sign-in"][1] == "Signed in as me@example.com by OAuth 2.0."


async def test_a_refresh_token_that_trying_may_have_used_up_is_warned_of(bench: Bench) -> None:
    answer = answering(200, access_token="good-token", refresh_token="the-next-one")
    async with receiving(answer) as tokens, imap_server(Imap()) as port:
        tried = await bench.imap(port, password="", oauth2=oauth2(tokens))
    assert tried.is_ok
    assert (tried["token"][0], "may be used up" in tried["token"][1]) == ("warning", True)
    assert "the-next-one" not in str(dict(tried))


@desk_with(outgoing_allow=("127.0.0.1",), allow_insecure_webhooks=True)
async def test_a_test_of_what_is_stored_stores_the_refresh_token_that_comes_of_it(desk: Desk) -> None:
    server = TokenServer(rotates=True, access_token="good-token")
    answers = ("235 in", "250 ok", "250 ok", "250 ok", "221 bye")
    box = await new_box(desk)
    async with (
        receiving(server.answer) as tokens,
        imap_server(Imap()) as imap,
        saying("220 mx", "250-mx\r\n250 AUTH XOAUTH2", *answers) as smtp,
    ):
        client = {"tokenUrl": tokens.url, "clientId": "c1", "clientSecret": "s3cret", "refreshToken": "r0"}
        common = {"host": "127.0.0.1", "security": "none", "username": "me@example.com", "oauth2": client}
        await box.change(incoming={**common, "port": imap}, outgoing={**common, "port": smtp})
        for number in (1, 2):
            answer = await box.client.post(f"{box.path}/test")
            assert answer.json()["ok"] is True, answer.text
            assert f"r{number}" not in answer.text
            stored = await box.stored()
            for each in (stored.incoming, stored.outgoing):
                assert each is not None
                assert each.oauth2 is not None
                assert each.oauth2.refresh_token == f"r{number}"
    # Both servers sign in with the token of one request.
    assert [asked["refresh_token"] for asked in server.asked] == ["r0", "r1"]


async def test_imap_refuses_a_token_and_its_reason_is_shown(bench: Bench) -> None:
    async with receiving(answering(200, access_token="bad-token")) as tokens, imap_server(Imap()) as port:
        name, message, said = (await bench.imap(port, password="", oauth2=oauth2(tokens))).failed
    assert name == "sign-in"
    assert "did not take the access token" in message
    assert said.startswith("status: 400, schemes: Bearer, scope: https://mail.example/ [AUTHENTICATIONFAILED]")


async def test_imap_without_xoauth2(bench: Bench) -> None:
    imap = Imap(capabilities="IMAP4rev1 AUTH=PLAIN")
    async with receiving(answering(200, access_token="good-token")) as tokens, imap_server(imap) as port:
        name, message, _ = (await bench.imap(port, password="", oauth2=oauth2(tokens))).failed
    assert name == "sign-in"
    assert "does not offer OAuth 2.0" in message


async def test_smtp_takes_a_token(bench: Bench) -> None:
    answers = ("235 in", "250 ok", "250 ok", "250 ok", "221 bye")
    async with (
        receiving(answering(200, access_token="good-token")) as tokens,
        saying("220 mx", "250-mx\r\n250 AUTH XOAUTH2", *answers) as port,
    ):
        assert (await bench.smtp(port, password="", oauth2=oauth2(tokens))).is_ok


async def test_smtp_refuses_a_token_and_its_reason_is_shown(bench: Bench) -> None:
    reason = b64encode(b'{"status":"401","schemes":"bearer mac"}').decode()
    repeating = "535 5.7.3 bad s3cret-access-token"
    async with (
        receiving(answering(200, access_token="s3cret-access-token")) as tokens,
        saying("220 mx", "250-mx\r\n250 AUTH XOAUTH2", f"334 {reason}", repeating) as port,
    ):
        tried = await bench.smtp(port, password="", oauth2=oauth2(tokens))
    assert tried.failed[0] == "sign-in"
    assert tried.failed[2] == "status: 401, schemes: bearer mac 535 5.7.3 bad ***"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            answering(400, error="invalid_grant", error_description="r3fresh-t0ken"),
            "invalid_grant (the refresh token has",
        ),
        (answering(401, error="invalid_client"), "the client secret is wrong"),
        (answering(500), "answered 500 and no token"),
    ],
)
async def test_a_token_server_that_gives_none(bench: Bench, answer: receivers.Answer, said: str) -> None:
    async with receiving(answer) as tokens, imap_server(Imap()) as port:
        tried = await bench.imap(port, password="", oauth2=oauth2(tokens))
    assert tried.failed[0] == "token"
    assert said in tried.failed[1]
    assert "r3fresh-t0ken" not in str(dict(tried))


async def test_a_token_server_inside_is_not_asked(bench: Bench) -> None:
    inside = OAuth2("https://inside.example/token", "client", "s", "r")
    async with imap_server(Imap()) as port:
        name, message, _ = (await bench.imap(port, password="", oauth2=inside)).failed
    assert name == "token"
    assert "must not be reached from here" in message
