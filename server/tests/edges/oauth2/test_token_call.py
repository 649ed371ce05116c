from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec
import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from tests.desk import Desk, desk_with
from tests.make import AccountMade, Person
from waypost.domains import accounts
from waypost.domains.accounts import OAuthApplication, grants
from waypost.kit.secrets import new_token

PATH = "/v2/oauth2/token"
FORM = "application/x-www-form-urlencoded"


@dataclass
class Client:
    """A registered application, its secret, and a way to the desk."""

    desk: Desk
    account: AccountMade
    application: OAuthApplication
    secret: str
    http: httpx.AsyncClient

    @classmethod
    async def new(cls, desk: Desk, of: Person | None = None, account: AccountMade | None = None) -> Client:
        account = account or await desk.make.account()
        async with desk.transactions.open() as tx:
            application, secret = await accounts.register_application(
                tx, (of or account.owner).actor, "Sync", "https://app.example.com/back"
            )
        return cls(desk, account, application, secret, await desk.client())

    def named(self, **more: str) -> dict[str, str]:
        return {**more, "client_id": self.application.client_id, "client_secret": self.secret}

    async def ask(self, **parameters: str) -> httpx.Response:
        return await self.http.post(PATH, data=self.named(**parameters))

    async def code(self, person: Person | None = None, challenge: str | None = None) -> str:
        async with self.desk.transactions.open() as tx:
            user_id = (person or self.account.owner).id
            return await grants.issue_code(tx, self.application, user_id, challenge)

    async def pair(self, person: Person | None = None) -> dict[str, Any]:
        answer = await self.ask(grant_type="authorization_code", code=await self.code(person))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def refresh(self, token: str) -> httpx.Response:
        return await self.ask(grant_type="refresh_token", refresh_token=token)

    async def works(self, access_token: str) -> bool:
        answer = await self.http.get("/v2/mailboxes", headers={"Authorization": f"bearer {access_token}"})
        assert answer.status_code in (200, 401)
        return answer.status_code == 200


@pytest.fixture
async def client(module_desk: Desk) -> Client:
    return await Client.new(module_desk)


def assert_error(answer: httpx.Response, status: int, error: str, description: str) -> None:
    assert answer.status_code == status
    assert answer.json() == {"error_description": description, "error": error, "message": description}
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"


# ---------------------------------------------------------------- carriers


async def test_curls_call_gets_three_keys_and_two_days(client: Client) -> None:
    # The documentation's own call, made by curl itself with nothing but --data.
    sent = client.named(grant_type="client_credentials")
    data = [word for name, value in sent.items() for word in ("--data", f"{name}={value}")]
    process = await asyncio.create_subprocess_exec(
        "curl", "-sS", "-i", "-X", "POST", client.desk.base_url + PATH, *data, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    head, _, body = output.decode().partition("\r\n\r\n")
    document = msgspec.json.decode(body)
    assert head.splitlines()[0].split()[1] == "200"
    assert list(document) == ["token_type", "access_token", "expires_in"]
    assert document["token_type"] == "bearer"
    assert document["expires_in"] == 172800
    assert await client.works(document["access_token"])


Carrier = Callable[[dict[str, str]], dict[str, Any]]
CARRIERS: dict[str, Carrier] = {
    "form": lambda sent: {"data": sent},
    "form with charset": lambda sent: {
        "content": urlencode(sent),
        "headers": {"Content-Type": f"{FORM}; charset=UTF-8"},
    },
    "json": lambda sent: {"json": sent},
    "json with charset": lambda sent: {
        "content": msgspec.json.encode(sent),
        "headers": {"Content-Type": "application/json;charset=UTF-8"},
    },
    "json without a type": lambda sent: {"content": msgspec.json.encode(sent)},
    "form without a type": lambda sent: {"content": urlencode(sent)},
    "query": lambda sent: {"params": sent},
    "json with nulls and more": lambda sent: {"json": {**sent, "code": None, "scope": ["a"], "account_id": 7}},
    "basic": lambda sent: {
        "data": {name: value for name, value in sent.items() if not name.startswith("client_")},
        "auth": (sent["client_id"], sent["client_secret"]),
    },
    "stale bearer beside": lambda sent: {"data": sent, "headers": {"Authorization": "Bearer outdated"}},
}


@pytest.mark.parametrize("carrier", CARRIERS.values(), ids=CARRIERS.keys())
async def test_every_carrier_gives_a_token(client: Client, carrier: Carrier) -> None:
    answer = await client.http.post(PATH, **carrier(client.named(grant_type="client_credentials")))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert sorted(answer.json()) == ["access_token", "expires_in", "token_type"]


async def test_the_body_wins_over_the_query(client: Client) -> None:
    answer = await client.http.post(
        PATH,
        params={"client_secret": "wrong", "grant_type": "password"},
        data=client.named(grant_type="client_credentials"),
    )
    assert answer.status_code == 200


# ---------------------------------------------------------------- the table of errors


@pytest.mark.parametrize(
    "change", [{"client_secret": "wrong"}, {"client_id": "0" * 32}, {"client_id": "a\x00b"}, {"client_id": ""}]
)
async def test_a_client_that_is_not_known_gets_401(client: Client, change: dict[str, str]) -> None:
    answer = await client.http.post(PATH, json={**client.named(grant_type="client_credentials"), **change})
    assert_error(answer, 401, "invalid_client", "Invalid client authentication")


@pytest.mark.parametrize(
    "header", ["Basic !!!", "Basic " + base64.b64encode(b"\xff\xfe:x").decode(), "Basic", "Basic Og=="]
)
async def test_a_broken_basic_header_is_an_unknown_client(client: Client, header: str) -> None:
    answer = await client.http.post(PATH, data={"grant_type": "client_credentials"}, headers={"Authorization": header})
    assert_error(answer, 401, "invalid_client", "Invalid client authentication")


async def test_a_refused_basic_header_is_told_of_basic(client: Client) -> None:
    basic = (client.application.client_id, "wrong")
    answer = await client.http.post(PATH, data={"grant_type": "client_credentials"}, auth=basic)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic ")


@pytest.mark.parametrize("sent", [{}, {"grant_type": ""}])
async def test_without_a_grant_type(client: Client, sent: dict[str, str]) -> None:
    assert_error(await client.ask(**sent), 400, "invalid_request", "Missing grant_type parameter value")


@pytest.mark.parametrize("grant_type", ["password", "CLIENT_CREDENTIALS", "implicit"])
async def test_another_grant_type(client: Client, grant_type: str) -> None:
    answer = await client.ask(grant_type=grant_type)
    assert_error(answer, 400, "unsupported_grant_type", "Invalid grant_type parameter value")


BROKEN = {
    "cut": (b'{"grant_type":', "application/json"),
    "no object": (b"[1]", "application/json"),
    "deep": (b'{"a":' * 50_000, "application/json"),
    "bytes": (b'{"grant_type":"\xff"}', "application/json"),
    "value of another kind": (b'{"grant_type":{"a":1}}', "application/json"),
    "form that is not text": (b"grant_type=\xff", FORM),
    "form that says two things": (b"grant_type=client_credentials&client_id=a&client_id=b", FORM),
    "form without end": (b"a&" * 1000, FORM),
}


@pytest.mark.parametrize(("body", "content_type"), BROKEN.values(), ids=BROKEN.keys())
async def test_an_unreadable_body(client: Client, body: bytes, content_type: str) -> None:
    answer = await client.http.post(PATH, content=body, headers={"Content-Type": content_type})
    assert_error(answer, 400, "invalid_request", "Malformed request body")


@pytest.mark.parametrize("code", ["", "unknown", "a\x00b", "x" * 10_000])
async def test_a_bad_code(client: Client, code: str) -> None:
    answer = await client.ask(grant_type="authorization_code", code=code)
    assert_error(answer, 400, "invalid_request", "Invalid code")


@pytest.mark.parametrize("token", ["", "unknown", "a\x00b"])
async def test_a_bad_refresh_token(client: Client, token: str) -> None:
    assert_error(await client.refresh(token), 400, "invalid_request", "Invalid refresh_token")


async def test_get_is_not_allowed(client: Client) -> None:
    answer = await client.http.get(PATH, params=client.named(grant_type="client_credentials"))
    assert answer.status_code == 405


# ---------------------------------------------------------------- grants over the wire


async def test_a_code_gives_four_keys_in_order(client: Client) -> None:
    answer = await client.ask(
        grant_type="authorization_code", code=await client.code(client.account.user), redirect_uri="https://else.test"
    )
    assert list(answer.json()) == ["refresh_token", "token_type", "access_token", "expires_in"]
    assert await client.works(answer.json()["access_token"])


async def test_refreshing_twice_works_and_the_first_token_then_does_not(client: Client) -> None:
    first = await client.pair()
    second = (await client.refresh(first["refresh_token"])).json()
    third = (await client.refresh(second["refresh_token"])).json()
    assert len({one["access_token"] for one in (first, second, third)}) == 3
    answer = await client.refresh(first["refresh_token"])
    assert_error(answer, 400, "invalid_request", "Invalid refresh_token")


async def test_refreshing_withdraws_the_old_access_token_at_once(client: Client) -> None:
    first = await client.pair()
    assert await client.works(first["access_token"])
    second = (await client.refresh(first["refresh_token"])).json()
    assert not await client.works(first["access_token"])
    assert await client.works(second["access_token"])


async def test_the_withdrawals_that_a_reused_code_causes_are_kept(client: Client) -> None:
    code = await client.code()
    pair = (await client.ask(grant_type="authorization_code", code=code)).json()
    answer = await client.ask(grant_type="authorization_code", code=code)
    assert_error(answer, 400, "invalid_request", "Invalid code")
    assert not await client.works(pair["access_token"])
    assert (await client.refresh(pair["refresh_token"])).status_code == 400


async def test_a_code_with_a_challenge_needs_its_verifier(client: Client) -> None:
    verifier = new_token(40)
    code = await client.code(challenge=create_s256_code_challenge(verifier))
    for wrong in ({}, {"code_verifier": new_token(40)}, {"code_verifier": "é"}):
        answer = await client.ask(grant_type="authorization_code", code=code, **wrong)
        assert_error(answer, 400, "invalid_request", "Invalid code")
    assert (await client.ask(grant_type="authorization_code", code=code, code_verifier=verifier)).status_code == 200


async def test_an_application_of_a_deactivated_owner_gets_401(client: Client) -> None:
    mine = await Client.new(client.desk, of=client.account.administrator, account=client.account)
    token = (await mine.ask(grant_type="client_credentials")).json()["access_token"]
    pair = await mine.pair(client.account.owner)
    async with client.desk.transactions.open() as tx:
        await accounts.deactivate_user(tx, client.account.owner.actor, client.account.administrator.id)
    assert not await mine.works(token)
    assert not await mine.works(pair["access_token"])
    for call in (mine.ask(grant_type="client_credentials"), mine.refresh(pair["refresh_token"])):
        assert_error(await call, 401, "invalid_client", "Invalid client authentication")


async def test_rights_in_the_body_are_ignored(client: Client) -> None:
    mine = await Client.new(client.desk, of=client.account.user, account=client.account)
    answer = await mine.ask(grant_type="client_credentials", scope="admin", role="owner", user_id="1", account_id="1")
    caller = await mine.desk.parts.tokens.authenticate(answer.json()["access_token"])
    assert caller is not None
    assert caller.actor == client.account.user.actor.__class__(
        account_id=client.account.id,
        kind="user",
        user_id=client.account.user.id,
        role=client.account.user.actor.role,
        mailbox_ids=frozenset(),
        application_id=mine.application.id,
    )


# ---------------------------------------------------------------- limit


async def test_the_31st_call_within_a_minute_waits(client: Client) -> None:
    other = await Client.new(client.desk)
    answers = [await client.ask(grant_type="client_credentials") for _ in range(30)]
    assert {answer.status_code for answer in answers} == {200}
    # Neither another case of the path's end nor another carrier nor a spoofed address is another bucket.
    for call in (
        client.ask(grant_type="client_credentials"),
        client.http.post(PATH + "/", json=client.named(grant_type="client_credentials")),
        client.http.post(PATH, data=client.named(), headers={"X-Forwarded-For": "198.51.100.7"}),
    ):
        answer = await call
        assert_error(answer, 429, "temporarily_unavailable", "API rate limit exceeded")
        assert 1 <= int(answer.headers["retry-after"]) <= 60
        assert answer.headers["x-ratelimit-retry-after"] == answer.headers["retry-after"]
    assert (await other.ask(grant_type="client_credentials")).status_code == 200


@desk_with(rate_limit_per_minute=2, write_burst_limit=2)
async def test_token_calls_do_not_count_against_the_account(desk: Desk) -> None:
    client = await Client.new(desk)
    tokens = [(await client.ask(grant_type="client_credentials")).json()["access_token"] for _ in range(5)]
    assert await client.works(tokens[0])


# ---------------------------------------------------------------- taking back (RFC 7009)


async def test_a_token_given_back_works_no_more(client: Client) -> None:
    token = (await client.ask(grant_type="client_credentials")).json()["access_token"]
    other = (await client.ask(grant_type="client_credentials")).json()["access_token"]
    answer = await client.http.post(
        "/v2/oauth2/revoke", data=client.named(token=token, token_type_hint="refresh_token")
    )
    assert (answer.status_code, answer.content) == (200, b"")
    assert not await client.works(token)
    assert await client.works(other)


async def test_a_refresh_token_given_back_takes_its_kin_along(client: Client) -> None:
    pair = await client.pair()
    await client.http.post("/v2/oauth2/revoke", data=client.named(token=pair["refresh_token"]))
    assert not await client.works(pair["access_token"])
    assert (await client.refresh(pair["refresh_token"])).status_code == 400


async def test_nobody_gives_back_anothers_token(client: Client) -> None:
    token = (await client.ask(grant_type="client_credentials")).json()["access_token"]
    other = await Client.new(client.desk)
    answer = await client.http.post("/v2/oauth2/revoke", data=other.named(token=token))
    assert answer.status_code == 200
    assert await client.works(token)


async def test_giving_back_needs_the_secret(client: Client) -> None:
    token = (await client.ask(grant_type="client_credentials")).json()["access_token"]
    answer = await client.http.post(
        "/v2/oauth2/revoke", data={"token": token, "client_id": client.application.client_id}
    )
    assert_error(answer, 401, "invalid_client", "Invalid client authentication")
    assert await client.works(token)


# ---------------------------------------------------------------- use of a token (spec: 2.4)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_the_scheme_word_has_no_case(client: Client, scheme: str) -> None:
    token = (await client.ask(grant_type="client_credentials")).json()["access_token"]
    answer = await client.http.get("/v2/mailboxes", headers={"Authorization": f"{scheme} {token}"})
    assert answer.status_code == 200


async def test_a_token_in_the_query_is_no_token(client: Client) -> None:
    token = (await client.ask(grant_type="client_credentials")).json()["access_token"]
    answer = await client.http.get("/v2/mailboxes", params={"access_token": token})
    assert answer.status_code == 401


# ---------------------------------------------------------------- silence


async def test_no_secret_is_logged(client: Client, capfd: pytest.CaptureFixture[str]) -> None:
    code = await client.code()
    pair = (await client.http.post(PATH, params=client.named(grant_type="authorization_code", code=code))).json()
    await client.refresh(pair["refresh_token"])
    await client.http.post(PATH, content=b"{" + client.secret.encode(), headers={"Content-Type": "application/json"})
    await client.ask(grant_type=client.secret)
    await client.http.post("/v2/oauth2/revoke", data=client.named(token=pair["access_token"]))
    logged = "".join(capfd.readouterr())
    assert PATH in logged
    for secret in (client.secret, code, pair["access_token"], pair["refresh_token"]):
        assert secret not in logged
