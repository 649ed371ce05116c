"""What holds for every call: signing in, CORS, HEAD, methods, sizes, types, conditional reads, odd addresses."""

from __future__ import annotations

import pytest

from tests.desk import Desk
from tests.make import AccountMade
from tests.security.company import Company, build

pytestmark = pytest.mark.anyio


@pytest.fixture
def desk(module_desk: Desk) -> Desk:
    """One desk for the module: every test works in an account of its own."""
    return module_desk


@pytest.fixture
async def account(desk: Desk) -> AccountMade:
    return await desk.make.account()


@pytest.fixture(scope="module")
async def company(module_desk: Desk) -> Company:
    return await build(module_desk)


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer nonsense", "Basic abc", "Bearer a b c"])
async def test_no_or_bad_tokens_are_401_with_a_challenge(desk: Desk, header: str | None) -> None:
    client = await desk.client(**({"Authorization": header} if header is not None else {}))

    answer = await client.get("/v2/conversations")

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    body = answer.json()
    assert (body["message"], body["error"]) == ("Unauthorized", "invalid_token")


async def test_tokens_in_the_address_do_not_count(desk: Desk, account: AccountMade) -> None:
    token = await desk.make.token(account.owner)

    answer = await (await desk.client()).get(f"/v2/users?access_token={token}&token={token}")

    assert answer.status_code == 401


async def test_unknown_paths_are_404_with_or_without_a_token(desk: Desk, account: AccountMade) -> None:
    for client in (await desk.client(), await desk.client(account.owner)):
        for path in ("/v2/nothing", "/v3/conversations", "/v2/conversations/x", "/v2/conversations/0"):
            answer = await client.get(path)
            if path.endswith("/0") and answer.status_code == 401:
                continue
            assert answer.status_code == 404, path
            assert answer.headers["content-type"] == "application/vnd.error+json"


@pytest.mark.parametrize(
    "number", ["99999999999999999999999", "-1", "0", "2147483648", "9223372036854775807", "1e5", "%00", "\uff11"]
)
async def test_ids_that_cannot_be_are_not_found(desk: Desk, account: AccountMade, number: str) -> None:
    client = await desk.client(account.owner)

    for path in ("/v2/conversations/{}", "/v2/customers/{}/emails", "/v2/users/{}", "/v2/conversations/1/threads/{}"):
        assert (await client.get(path.format(number))).status_code == 404


async def test_known_paths_refuse_other_methods(desk: Desk, account: AccountMade) -> None:
    answer = await (await desk.client(account.owner)).delete("/v2/mailboxes")

    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]
    assert answer.json()["message"] == "Method not allowed"


async def test_head_is_get_without_its_body(desk: Desk, account: AccountMade) -> None:
    client = await desk.client(account.owner)
    got, head = await client.get("/v2/users"), await client.head("/v2/users")

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == got.headers["content-length"]


async def test_browsers_may_call_from_anywhere(desk: Desk, account: AccountMade) -> None:
    client = await desk.client(account.owner)
    asked = await client.options(
        "/v2/conversations", headers={"Origin": "https://app.example", "Access-Control-Request-Method": "PATCH"}
    )
    answered = await client.get("/v2/users", headers={"Origin": "https://app.example"})

    assert asked.status_code == 204
    assert "Authorization" in asked.headers["access-control-allow-headers"]
    assert "PATCH" in asked.headers["access-control-allow-methods"]
    for answer in (asked, answered):
        assert answer.headers["access-control-allow-origin"] == "*"
    exposed = answered.headers["access-control-expose-headers"]
    for name in ("X-RateLimit-Remaining", "Resource-ID", "Location", "Web-Location", "Correlation-Id", "Retry-After"):
        assert name in exposed


async def test_trailing_slashes_and_blanks_are_trimmed(desk: Desk, account: AccountMade) -> None:
    client = await desk.client(account.owner)

    for path in ("/v2/mailboxes/", "/v2/mailboxes%20", "/v2/customer-properties%20", "/v2/users/me/"):
        assert (await client.get(path)).status_code == 200


async def test_a_read_that_changed_nothing_costs_no_body(desk: Desk, company: Company) -> None:
    client = await desk.client(company.account.owner)
    path = f"/v2/customers/{company.ids['customer_id']}"
    first = await client.get(path)
    same = await client.get(path, headers={"If-None-Match": first.headers["etag"]})
    await client.patch(path, json=[{"op": "replace", "path": "/jobTitle", "value": "Lead"}])
    changed = await client.get(path, headers={"If-None-Match": first.headers["etag"]})

    assert (same.status_code, same.content) == (304, b"")
    assert "x-ratelimit-limit" in same.headers
    assert changed.status_code == 200
    assert changed.headers["etag"] != first.headers["etag"]


async def test_addresses_over_the_limit_are_414(desk: Desk, account: AccountMade) -> None:
    answer = await (await desk.client(account.owner)).get("/v2/conversations?query=" + "x" * 9000)

    assert answer.status_code == 414


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 404),
        ("application/json; charset=UTF-8", 404),
        ("application/json-patch+json", 404),
        ("APPLICATION/JSON", 404),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/xml", 415),
    ],
)
async def test_only_json_is_read(desk: Desk, account: AccountMade, content_type: str, status: int) -> None:
    client = await desk.client(account.owner)

    answer = await client.put(
        "/v2/conversations/1/tags", content=b'{"tags": []}', headers={"Content-Type": content_type}
    )

    assert answer.status_code == status


async def test_nul_characters_are_taken_out_of_every_field(desk: Desk, company: Company) -> None:
    client = await desk.client(company.account.owner)
    address = f"/v2/conversations/{company.ids['conversation_id']}"
    body = b'{"op": "replace", "path": "/subject", "value": "a\\u0000b\\\\u0000c"}'

    assert (await client.patch(address, content=body)).status_code == 204
    assert (await client.get(address)).json()["subject"] == "ab\\u0000c"


async def test_every_request_has_an_id_that_is_its_errors_reference(desk: Desk, account: AccountMade) -> None:
    client = await desk.client(account.owner)
    one, other = await client.get("/v2/nothing"), await client.get("/v2/nothing")

    assert one.headers["correlation-id"] == f"{one.json()['logRef']}#0"
    assert one.json()["logRef"] != other.json()["logRef"]


async def test_the_preference_of_a_request_decides_its_dialect(desk: Desk, account: AccountMade) -> None:
    client = await desk.client(account.owner)
    body = {"firstName": ""}
    asked = {
        422: [{}, {"Prefer": "validation-status=422"}],
        400: [{"Prefer": "validation-status=400"}, {"User-Agent": "Help Scout PHP API Client/3.7.0 (PHP)"}],
    }
    for status, headers in asked.items():
        for given in headers:
            assert (await client.post("/v2/customers", json=body, headers=given)).status_code == status


async def test_the_applications_setting_decides_its_dialect(desk: Desk, account: AccountMade) -> None:
    from waypost.domains.accounts import Dialect

    token = await desk.make.token(account.owner, Dialect.PLATFORM)
    client = await desk.client(token)

    assert (await client.post("/v2/customers", json={"firstName": ""})).status_code == 400
    assert (
        await client.post("/v2/customers", json={"firstName": ""}, headers={"Prefer": "validation-status=422"})
    ).status_code == 422
