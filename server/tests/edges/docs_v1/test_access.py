"""Keys, headers, limits, rights and awkward requests (spec: docs-api 2, 10)."""

from __future__ import annotations

import re
import time
from typing import Any

import httpx
import pytest

from tests.desk import Desk, desk_with
from tests.edges.docs_v1.shelf import JSON, UNKNOWN, Shelf, assert_refused, build, key_of, keyed
from waypost.domains import accounts, docs
from waypost.domains.docs import Level

pytestmark = pytest.mark.anyio

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
BAD_KEY = "Authentication credentials are invalid"


@pytest.mark.parametrize("password", ["X", "", "anything"])
async def test_the_key_is_the_user_name_and_the_password_is_nothing(shelf: Shelf, password: str) -> None:
    client = await shelf.desk.client()
    key = await key_of(shelf.desk, shelf.account.user)

    assert (await client.get("/v1/sites", auth=httpx.BasicAuth(key, password))).status_code == 200


@pytest.mark.parametrize(
    "header", ["", "Basic", "Basic %%%", "Basic eHg6WA==", "Basic OlG=", "Bearer abc", "Basic /////w==", "Digest a=b"]
)
async def test_no_key_or_a_wrong_one(shelf: Shelf, header: str) -> None:
    client = await shelf.desk.client()
    answer = await client.get("/v1/sites", headers={"Authorization": header} if header else {})

    assert_refused(answer, 401, BAD_KEY)
    assert answer.headers["www-authenticate"] == 'Basic realm="Docs API"'


async def test_a_bearer_token_is_no_key(shelf: Shelf) -> None:
    client = await shelf.desk.client(shelf.account.owner)
    assert_refused(await client.get("/v1/sites"), 401, BAD_KEY)


async def test_a_withdrawn_key_stops_at_once(shelf: Shelf) -> None:
    async with shelf.desk.transactions.open() as tx:
        key_id, key = await accounts.create_api_key(tx, shelf.account.user.actor, "Old")
    client = await shelf.desk.client()
    assert (await client.get("/v1/sites", auth=(key, "X"))).status_code == 200

    async with shelf.desk.transactions.open() as tx:
        await accounts.revoke_api_key(tx, shelf.account.user.actor, key_id)

    assert_refused(await client.get("/v1/sites", auth=(key, "X")), 401, BAD_KEY)


async def test_headers_of_every_answer(shelf: Shelf) -> None:
    ok = await shelf.client.get("/v1/sites")
    refused = await (await shelf.desk.client()).get("/v1/sites")

    assert ok.headers["content-type"] == JSON
    assert ok.headers["correlation-id"] != refused.headers["correlation-id"]
    for answer in (ok, refused):
        assert UUID.fullmatch(answer.headers["correlation-id"])
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["access-control-allow-headers"] == "Authorization, Content-Type"
        assert answer.headers["access-control-allow-methods"] == "GET, POST, PUT, DELETE"
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert answer.headers["x-frame-options"] == "SAMEORIGIN"
        assert {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"} <= set(answer.headers)


async def test_preflight_needs_no_key(shelf: Shelf) -> None:
    answer = await (await shelf.desk.client()).options("/v1/articles")

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-headers"] == "Authorization, Content-Type"


async def test_head_is_get_without_a_body(shelf: Shelf) -> None:
    answer = await shelf.client.head("/v1/sites")

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == JSON


async def test_unknown_paths_and_methods(shelf: Shelf) -> None:
    anonymous = await shelf.desk.client()
    for client in (shelf.client, anonymous):
        assert_refused(await client.get("/v1/no-such-resource"), 404, "Resource not found")
    answer = await shelf.client.patch(f"/v1/articles/{UNKNOWN}", json={})
    assert_refused(answer, 405, "Method not allowed")
    assert "PUT" in answer.headers["allow"]


async def test_a_slash_at_the_end_makes_no_difference(shelf: Shelf) -> None:
    assert (await shelf.client.get("/v1/sites/")).status_code == 200


@pytest.mark.parametrize("body", [b"{", b"[]", b"7", b"\xff\xfe", b'"text"', b"[" * 100_000, b'{"a":1}}'])
async def test_bodies_that_are_no_object(shelf: Shelf, body: bytes) -> None:
    answer = await shelf.client.post("/v1/articles", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 400
    assert set(answer.json()) == {"code", "error"}


async def test_wrong_content_types(shelf: Shelf) -> None:
    answer = await shelf.client.post("/v1/articles", content=b"<a/>", headers={"Content-Type": "application/xml"})
    assert_refused(answer, 415, "The body must be JSON")
    answer = await shelf.client.post("/v1/articles/upload", json={"name": "A"})
    assert_refused(answer, 415, "The body must be multipart/form-data")


async def test_bodies_that_are_too_large(shelf: Shelf) -> None:
    answer = await shelf.client.post("/v1/sites", content=b"x" * (1024 * 1024 + 1))
    assert_refused(answer, 413, "Bodies may be 1 MB at most here")


async def test_nul_and_lone_surrogates_do_no_harm(shelf: Shelf) -> None:
    body = '{"collectionId": "%s", "name": "a\\u0000\\ud800b", "text": "c\\u0000\\ud800d", "keywords": ["\\u0000e"]}'
    answer = await shelf.client.post(
        "/v1/articles",
        content=(body % shelf.collection["id"]).encode(),
        headers={"Content-Type": "application/json"},
    )

    assert answer.status_code in (201, 400)
    assert (await shelf.client.get("/v1/search/articles?query=a%00b")).status_code == 200
    assert (await shelf.client.get("/v1/articles/%00")).status_code == 404


LEVELS: list[tuple[Level, set[str]]] = [
    (Level.READ, set()),
    (Level.EDIT, {"articles"}),
    (Level.MANAGE, {"articles", "shelves"}),
]


@pytest.mark.parametrize(("level", "may"), LEVELS, ids=["read", "edit", "manage"])
async def test_rights_by_level(shelf: Shelf, level: Level, may: set[str]) -> None:
    async with shelf.desk.transactions.open() as tx:
        await docs.give(tx, shelf.account.owner.actor, shelf.account.user.id, level)
    article = await shelf.article("A", status="published")
    redirect = await shelf.post(
        "/v1/redirects", {"siteId": shelf.site["id"], "urlMapping": "/a", "redirect": "https://a.example"}, "redirect"
    )
    client = await keyed(shelf.desk, shelf.account.user)
    site, collection, category = (f"{item['id']}" for item in (shelf.site, shelf.collection, shelf.category))
    new: dict[str, Any] = {"collectionId": collection, "siteId": site, "name": "N", "text": "T"}
    calls: list[tuple[str, str, str, Any]] = [
        ("articles", "POST", "articles", new),
        ("articles", "PUT", f"articles/{article['id']}", {"name": "B"}),
        ("articles", "PUT", f"articles/{article['id']}/views", {}),
        ("articles", "PUT", f"articles/{article['id']}/drafts", {"text": "d"}),
        ("articles", "DELETE", f"articles/{article['id']}/drafts", None),
        ("shelves", "POST", "collections", new),
        ("shelves", "PUT", f"collections/{collection}", {"order": 4}),
        ("shelves", "POST", "categories", new),
        ("shelves", "PUT", f"categories/{category}", {"order": 4}),
        ("shelves", "PUT", f"collections/{collection}/categories", {"categories": []}),
        ("shelves", "POST", "sites", {"subDomain": f"{shelf.site['subDomain']}-x", "title": "X"}),
        ("shelves", "PUT", f"sites/{site}", {"title": "X"}),
        ("shelves", "GET", f"sites/{site}/restricted", None),
        ("shelves", "PUT", f"sites/{site}/restricted", {"enabled": False}),
        ("shelves", "POST", "redirects", {"siteId": site, "urlMapping": "/b", "redirect": "https://a.example"}),
        ("shelves", "PUT", f"redirects/{redirect['id']}", {"urlMapping": "/c"}),
        ("shelves", "DELETE", f"redirects/{redirect['id']}", None),
        ("articles", "DELETE", f"articles/{article['id']}", None),
        ("shelves", "DELETE", f"categories/{category}", None),
        ("shelves", "DELETE", f"collections/{collection}", None),
        ("shelves", "DELETE", f"sites/{site}", None),
    ]

    for path in ("sites", "collections", f"articles/{article['id']}", "search/articles?query=*"):
        assert (await client.get(f"/v1/{path}")).status_code == 200
    for kind, method, path, body in calls:
        answer = await client.request(method, f"/v1/{path}", json=body)
        if kind in may:
            assert answer.status_code in (200, 201, 204), (method, path, answer.text)
        else:
            assert_refused(answer, 403, "Access denied")


async def test_only_administrators_give_rights(shelf: Shelf) -> None:
    from waypost.kit.errors import Forbidden

    async with shelf.desk.transactions.open() as tx:
        with pytest.raises(Forbidden):
            await docs.give(tx, shelf.account.user.actor, shelf.account.user.id, Level.MANAGE)


@desk_with(docs_rate_limit=4)
async def test_the_window_grows_with_the_sites_and_ends(desk: Desk) -> None:
    account = await desk.make.account()
    client = await keyed(desk, account.owner)
    seen = [(await client.get("/v1/sites")).headers for _ in range(4)]

    assert [headers["x-ratelimit-limit"] for headers in seen] == ["4"] * 4
    assert [headers["x-ratelimit-remaining"] for headers in seen] == ["3", "2", "1", "0"]
    assert 0 < int(seen[0]["x-ratelimit-reset"]) - time.time() <= 601
    refused = await client.get("/v1/sites")
    assert_refused(refused, 429, "Rate limit exceeded")
    assert 0 < int(refused.headers["retry-after"]) <= 600
    assert refused.headers["x-ratelimit-remaining"] == "0"

    other = await build_two_sites(desk)
    assert (await other.client.get("/v1/sites")).headers["x-ratelimit-limit"] == "6"
    await other.post("/v1/sites", {"subDomain": "third-site", "title": "C"}, "site")
    assert (await other.client.get("/v1/sites")).headers["x-ratelimit-limit"] == "8"


async def build_two_sites(desk: Desk) -> Shelf:
    shelf = await build(desk)
    await shelf.post("/v1/sites", {"subDomain": "second-site", "title": "B"}, "site")
    return shelf
