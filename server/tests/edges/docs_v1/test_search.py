"""The search over HTTP (spec: docs-api 3.3)."""

from __future__ import annotations

import pytest

from tests.edges.docs_v1.shelf import UNKNOWN, Shelf, assert_refused
from waypost.domains import docs
from waypost.domains.docs import SearchScope
from waypost.kit.paging import PageRequest

pytestmark = pytest.mark.anyio


async def names(shelf: Shelf, query: str, **more: str) -> list[str]:
    answer = await shelf.client.get("/v1/search/articles", params={"query": query, **more})
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json()["articles"]["items"]]


async def test_a_hit_as_it_is_answered(shelf: Shelf) -> None:
    made = await shelf.article(
        "Refunds", f"<p>How <b>refunds</b> work {'very well ' * 40}</p>", status="published",
        categories=[shelf.category["id"]],
    )  # fmt: skip

    listed = (await shelf.get("/v1/search/articles?query=refund"))["articles"]

    assert {name: listed[name] for name in ("page", "pages", "count")} == {"page": 1, "pages": 1, "count": 1}
    hit = listed["items"][0]
    assert len(hit.pop("preview")) <= 160
    assert hit == {
        "id": made["id"], "collectionId": shelf.collection["id"], "categoryIds": [shelf.category["id"]],
        "slug": "refunds", "name": "Refunds", "url": f"/article/{made['number']}-refunds",
        "docsUrl": made["publicUrl"], "publicUrl": made["publicUrl"], "number": made["number"],
        "adminUrl": f"/docs/{shelf.collection['id']}/article/{made['id']}", "status": "published",
        "visibility": "public",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("password", ["Reset your password", "Sign in"]),
        ("passwords resetting", ["Reset your password"]),
        ("how do I reset my password", ["Reset your password"]),
        ("passw", ["Reset your password", "Sign in"]),
        ("email pass", ["Sign in"]),
        ('"forgotten password"', ["Sign in"]),
        ('"password forgotten"', []),
        ("credential", ["Reset your password"]),
        ("pasword", ["Reset your password", "Sign in"]),
        ("passwrod", ["Reset your password", "Sign in"]),
        ("resset pasword", ["Reset your password"]),
        ("invoce", ["Invoices"]),
        ("pasword sett", ["Reset your password"]),
        ("passwords setings", ["Reset your password"]),
        ("zebra", []),
        ("2fa", ["Sign in"]),
        ("the", []),
        ("&|!():*'\\", []),
        ("% _", []),
    ],
)
async def test_what_is_found(shelf: Shelf, query: str, expected: list[str]) -> None:
    await shelf.article(
        "Reset your password", "<p>Open the settings.</p>", keywords=["credentials"], status="published"
    )
    await shelf.article("Sign in", "<p>Type e-mail and the forgotten password, or use 2fa.</p>", status="published")
    await shelf.article("Invoices", "<p>Pay them.</p>", status="published")

    assert await names(shelf, query) == expected


async def test_a_star_finds_everything_by_popularity(shelf: Shelf) -> None:
    made = [await shelf.article(name) for name in "ABC"]
    await shelf.client.put(f"/v1/articles/{made[1]['id']}/views", json={})

    assert await names(shelf, "*") == ["B", "A", "C"]
    assert await names(shelf, "*", pageSize="2", page="2") == ["C"]


async def test_names_and_keywords_come_first_then_popularity(shelf: Shelf) -> None:
    await shelf.article("Other", "<p>export export export export</p>")
    await shelf.article("Keyword", "<p>text</p>", keywords=["export"])
    second = await shelf.article("Same", "<p>export</p>")
    await shelf.article("Sama", "<p>export</p>")
    await shelf.client.put(f"/v1/articles/{second['id']}/views", json={})

    found = await names(shelf, "export")

    assert found[0] == "Keyword"
    assert found.index("Same") < found.index("Sama")


async def test_filters(shelf: Shelf) -> None:
    await shelf.article("Word one", status="published")
    private = {"siteId": shelf.site["id"], "name": "Private", "visibility": "private"}
    other = await shelf.post("/v1/collections", private, "collection")
    await shelf.article("Word two", collectionId=other["id"])

    assert await names(shelf, "word", visibility="public") == ["Word one"]
    assert await names(shelf, "word", visibility="private") == ["Word two"]
    assert await names(shelf, "word", status="notpublished") == ["Word two"]
    assert await names(shelf, "word", collectionId=other["id"]) == ["Word two"]
    assert set(await names(shelf, "word", siteId=shelf.site["id"])) == {"Word one", "Word two"}
    for name in ("collectionId", "siteId"):
        answer = await shelf.client.get(f"/v1/search/articles?query=word&{name}={UNKNOWN}")
        assert_refused(answer, 404, "Resource not found")


@pytest.mark.parametrize("query", ["", "?query="])
async def test_a_query_is_required(shelf: Shelf, query: str) -> None:
    answer = await shelf.client.get(f"/v1/search/articles{query}")

    assert_refused(answer, 400, "query is required", query="query is required")


async def test_drafts_are_not_searched_and_changes_are_found_at_once(shelf: Shelf) -> None:
    made = await shelf.article("A", "<p>before</p>", status="published")
    await shelf.client.put(f"/v1/articles/{made['id']}/drafts", json={"text": "<p>hidden</p>"})
    assert await names(shelf, "hidden") == []

    await shelf.client.put(f"/v1/articles/{made['id']}", json={"text": "<p>afterwards</p>"})

    assert await names(shelf, "afterwards") == ["A"]
    assert await names(shelf, "before") == []
    await shelf.client.delete(f"/v1/articles/{made['id']}")
    assert await names(shelf, "afterwards") == []


async def test_each_site_has_its_language(shelf: Shelf) -> None:
    await shelf.article("Häuser", "<p>Viele Häuser und 東京タワー</p>", status="published")
    assert await names(shelf, "haus") == []

    await shelf.client.put(f"/v1/sites/{shelf.site['id']}", json={"language": "german"})
    await shelf.desk.run_workers()

    assert await names(shelf, "Haus und Hof") == []
    assert await names(shelf, "hauses") == ["Häuser"]
    assert await names(shelf, "タワー") == ["Häuser"]


async def test_visitors_find_only_what_they_may_see(shelf: Shelf) -> None:
    hidden = {"collectionId": shelf.collection["id"], "name": "Hidden", "visibility": "private"}
    category = await shelf.post("/v1/categories", hidden, "category")
    private = {"siteId": shelf.site["id"], "name": "Private", "visibility": "private"}
    collection = await shelf.post("/v1/collections", private, "collection")
    await shelf.article("Secretword open", status="published", categories=[shelf.category["id"], category["id"]])
    await shelf.article("Secretword unpublished", categories=[shelf.category["id"]])
    await shelf.article("Secretword category", status="published", categories=[category["id"]])
    await shelf.article("Secretword collection", status="published", collectionId=collection["id"])
    scope = SearchScope(account_id=shelf.account.id, site_id=shelf.site["id"], is_public=True)

    async with shelf.desk.transactions.read() as tx:
        for query in ("secretword", "secretwrd", "*", "secret"):
            hits = await docs.search(tx, query, scope, PageRequest(1, 20))
            assert [hit.name for hit in hits.items] == ["Secretword open"], query
        marked = await docs.highlights(tx, scope, "secretword", hits.items)
        assert marked[hits.items[0].id][0] == "<mark>Secretword</mark> open"
        corrected = await docs.search(tx, "secretwrod", scope, PageRequest(1, 20))
        assert corrected.corrected == "secretword"


async def test_similar_articles_are_those_that_say_the_same(shelf: Shelf) -> None:
    made = await shelf.article("Printing invoices", "<p>Print invoices as documents</p>", status="published")
    await shelf.article("Sending invoices", "<p>Invoices are sent by mail</p>", status="published")
    await shelf.article("Cats", "<p>They purr</p>", status="published")
    scope = SearchScope(account_id=shelf.account.id, site_id=shelf.site["id"], is_public=True)

    async with shelf.desk.transactions.read() as tx:
        found = await docs.find_similar(tx, scope, made["id"])

    assert [hit.name for hit in found] == ["Sending invoices"]
