"""Redirects over HTTP (spec: docs-api 8)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.edges.docs_v1.shelf import UNKNOWN, Shelf, assert_refused

pytestmark = pytest.mark.anyio

FIELDS = {
    "id", "siteId", "urlMapping", "type", "documentId", "anchor", "redirect", "createdBy", "updatedBy", "createdAt",
    "updatedAt", "modifiedBy", "modifiedAt",
}  # fmt: skip


async def make(shelf: Shelf, mapping: str, target: str) -> dict[str, Any]:
    body = {"siteId": shelf.site["id"], "urlMapping": mapping, "redirect": target}
    return await shelf.post("/v1/redirects", body, "redirect")


async def find(shelf: Shelf, url: str) -> Any:
    answer = await shelf.client.get("/v1/redirects", params={"url": url, "siteId": shelf.site["id"]})
    assert answer.status_code == 200, answer.text
    return answer.json()["redirectedUrl"]


async def test_a_redirect_to_an_article_follows_its_slug(shelf: Shelf) -> None:
    article = await shelf.article("New Article")
    made = await make(shelf, "/article/22-old-article", article["publicUrl"] + "#part")

    assert set(made) == FIELDS
    expected = {
        "type": "article",
        "documentId": article["id"],
        "anchor": "part",
        "urlMapping": "/article/22-old-article",
    }
    assert {name: made[name] for name in expected} == expected
    assert made["modifiedBy"] == made["updatedBy"] == shelf.account.owner.id
    await shelf.client.put(f"/v1/articles/{article['id']}", json={"slug": "renamed"})
    now = (await shelf.get(f"/v1/redirects/{made['id']}"))["redirect"]
    assert now["redirect"].endswith(f"/article/{article['number']}-renamed#part")
    listed = (await shelf.get(f"/v1/redirects/site/{shelf.site['id']}"))["redirects"]
    assert (listed["count"], listed["items"]) == (1, [now])


@pytest.mark.parametrize("kind", ["category", "collection"])
async def test_redirects_to_shelves(shelf: Shelf, kind: str) -> None:
    target = {"category": shelf.category, "collection": shelf.collection}[kind]
    made = await make(shelf, "/old", f"/{kind}/{target['number']}")

    assert (made["type"], made["documentId"], made["redirect"]) == (kind, target["id"], target["publicUrl"])


async def test_a_redirect_elsewhere_is_custom(shelf: Shelf) -> None:
    made = await make(shelf, "https://old.example.com/a/b?x=1#frag", "https://example.com/here#top")

    assert made["urlMapping"] == "/a/b?x=1"
    assert (made["type"], made["documentId"], made["anchor"]) == ("custom", None, "top")
    assert await find(shelf, "/a/b?x=1") == {
        "type": "custom", "redirect": "https://example.com/here#top", "slug": None, "number": None, "anchor": "top",
    }  # fmt: skip
    assert await find(shelf, "/a/b") is None


async def test_chains_are_followed_to_their_end_and_loops_end_them(shelf: Shelf) -> None:
    article = await shelf.article("End")
    await make(shelf, "/one", "/two")
    await make(shelf, "/two", "/three")
    await make(shelf, "/three", article["publicUrl"])
    await make(shelf, "/a", "/b")
    await make(shelf, "/b", "/a")

    found = await find(shelf, "/one/?utm=1")
    assert found == {
        "type": "article", "redirect": article["publicUrl"], "slug": "end", "number": article["number"], "anchor": None,
    }  # fmt: skip
    assert (await find(shelf, "/a"))["redirect"].endswith(("/a", "/b"))


async def test_a_long_chain_ends_after_twenty_hops(shelf: Shelf) -> None:
    for index in range(25):
        await make(shelf, f"/{index}", f"/{index + 1}")

    assert (await find(shelf, "/0"))["redirect"].endswith("/20")


async def test_the_seeds_way_of_finding(shelf: Shelf) -> None:
    first = await make(shelf, "/one", "/two")
    await make(shelf, "/two", "https://example.com/end")

    for query in ({"url": "/one"}, {"url": "/one", "siteId": shelf.site["id"]}):
        found = (await shelf.client.get("/v1/redirects/find", params=query)).json()
        assert found["redirectedUrl"]["redirect"] == "https://example.com/end"
        assert found["redirect"] == first
    nothing = await shelf.get("/v1/redirects/find?url=/none")
    assert nothing == {"redirectedUrl": None, "redirect": None}
    assert await shelf.get(f"/v1/redirects?url=/none&siteId={shelf.site['id']}") == {"redirectedUrl": None}


async def test_finding_needs_a_path(shelf: Shelf) -> None:
    answer = await shelf.client.get("/v1/redirects")
    assert_refused(answer, 400, "url is required", url="url is required", siteId="siteId is required")
    answer = await shelf.client.get("/v1/redirects/find")
    assert_refused(answer, 400, "url is required", url="url is required")
    answer = await shelf.client.get(f"/v1/redirects?url=/a&siteId={UNKNOWN}")
    assert_refused(answer, 404, "Resource not found")


@pytest.mark.parametrize(
    ("members", "name", "error"),
    [
        ({"siteId": None}, "siteId", "siteId is required"),
        ({"siteId": UNKNOWN}, "siteId", "siteId was not found"),
        ({"urlMapping": ""}, "urlMapping", "urlMapping is required"),
        ({"urlMapping": "no-slash"}, "urlMapping", "urlMapping is invalid"),
        ({"urlMapping": "/taken"}, "urlMapping", "URL mapping is already in use"),
        ({"redirect": None}, "redirect", "redirect is required"),
        ({"redirect": "javascript:alert(1)"}, "redirect", "redirect is invalid"),
        ({"redirect": "//evil.example"}, "redirect", "redirect is invalid"),
        ({"urlMapping": "/x", "redirect": "/x"}, "redirect", "redirect leads to its own urlMapping"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_refused_redirects(shelf: Shelf, members: dict[str, object], name: str, error: str) -> None:
    await make(shelf, "/taken", "https://example.com")
    body = {"siteId": shelf.site["id"], "urlMapping": "/new", "redirect": "https://example.com", **members}

    assert_refused(await shelf.client.post("/v1/redirects", json=body), 400, error, **{name: error})


@pytest.mark.parametrize("path", ["redirects", "redirect"])
async def test_a_whole_redirect_sent_back_changes_what_it_names(shelf: Shelf, path: str) -> None:
    made = await make(shelf, "/old", "https://example.com")

    answer = await shelf.client.put(
        f"/v1/{path}/{made['id']}?reload=true", json={**made, "redirect": "https://example.org", "type": "article"}
    )

    changed = answer.json()["redirect"]
    assert (changed["redirect"], changed["type"], changed["urlMapping"]) == ("https://example.org", "custom", "/old")


async def test_a_redirect_is_deleted(shelf: Shelf) -> None:
    made = await make(shelf, "/old", "https://example.com")

    answer = await shelf.client.delete(f"/v1/redirects/{made['id']}")

    assert (answer.status_code, answer.content) == (204, b"")
    for method in ("GET", "PUT", "DELETE"):
        answer = await shelf.client.request(method, f"/v1/redirects/{made['id']}")
        assert_refused(answer, 404, "Resource not found")
