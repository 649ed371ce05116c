"""Collections and categories over HTTP (spec: docs-api 4, 5)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.edges.docs_v1.shelf import UNKNOWN, Shelf, assert_refused

pytestmark = pytest.mark.anyio


async def categories(shelf: Shelf, query: str = "") -> list[dict[str, Any]]:
    listed = await shelf.get(f"/v1/collections/{shelf.collection['id']}/categories{query}")
    assert set(listed["categories"]) == {"page", "pages", "count", "items"}
    items: list[dict[str, Any]] = listed["categories"]["items"]
    return items


async def test_a_collection_as_it_is_answered(shelf: Shelf) -> None:
    body = {"siteId": shelf.site["id"], "name": "User Guide", "description": "Complete", "order": 7}
    answer = await shelf.client.post("/v1/collections", json=body)
    made = answer.json()["collection"]

    assert answer.headers["location"] == f"{shelf.desk.base_url}/v1/collections/{made['id']}"
    assert set(made) == {
        "id", "siteId", "number", "slug", "visibility", "order", "name", "description", "publicUrl", "articleCount",
        "publishedArticleCount", "createdBy", "updatedBy", "createdAt", "updatedAt",
    }  # fmt: skip
    expected = {
        "siteId": shelf.site["id"], "slug": "user-guide", "visibility": "public", "order": 7, "name": "User Guide",
        "description": "Complete", "articleCount": 0, "publishedArticleCount": 0,
    }  # fmt: skip
    assert {name: made[name] for name in expected} == expected
    assert made["publicUrl"].endswith(f"/collection/{made['number']}-user-guide")
    for reference in (made["id"], made["number"]):
        assert (await shelf.get(f"/v1/collections/{reference}"))["collection"] == made


async def test_a_new_collection_has_an_uncategorized_category(shelf: Shelf) -> None:
    found = next(item for item in await categories(shelf) if item["name"] == "Uncategorized")

    expected = {"slug": "uncategorized", "order": 10000, "defaultSort": "popularity", "visibility": "public"}
    assert {name: found[name] for name in expected} == expected


async def test_the_only_site_need_not_be_named(shelf: Shelf) -> None:
    made = await shelf.post("/v1/collections", {"name": "Other"}, "collection")
    assert (made["siteId"], made["order"]) == (shelf.site["id"], 2)
    again = await shelf.post("/v1/collections", {"name": "Third", "site_id": shelf.site["id"]}, "collection")
    assert again["siteId"] == shelf.site["id"]

    await shelf.post("/v1/sites", {"subDomain": f"{shelf.site['subDomain']}-two", "title": "Two"}, "site")
    answer = await shelf.client.post("/v1/collections", json={"name": "Fourth"})
    assert_refused(answer, 400, "siteId is required", siteId="siteId is required")


@pytest.mark.parametrize(
    ("members", "name", "error"),
    [
        ({"siteId": UNKNOWN}, "siteId", "siteId was not found"),
        ({"name": ""}, "name", "name is required"),
        ({"name": "guide"}, "name", "Collection name is already in use"),
        ({"description": "x" * 46}, "description", "description is too long"),
        ({"visibility": "secret"}, "visibility", "visibility is invalid"),
        ({"order": "first"}, "order", "order is invalid"),
        ({"order": 2**40}, "order", "order is invalid"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_refused_collections(shelf: Shelf, members: dict[str, object], name: str, error: str) -> None:
    body = {"siteId": shelf.site["id"], "name": "New", **members}

    assert_refused(await shelf.client.post("/v1/collections", json=body), 400, error, **{name: error})


async def test_a_collection_is_changed_and_counts_its_articles(shelf: Shelf) -> None:
    await shelf.article("A", status="published")
    await shelf.article("B")
    path = f"/v1/collections/{shelf.collection['id']}"

    answer = await shelf.client.put(f"{path}?reload=true", json={"visibility": "private", "slug": "X Y", "order": 3})

    changed = answer.json()["collection"]
    seen = tuple(changed[name] for name in ("visibility", "slug", "order", "name"))
    assert seen == ("private", "x-y", 3, "Guide")
    assert (changed["articleCount"], changed["publishedArticleCount"]) == (2, 1)


@pytest.mark.parametrize("sort", ["number", "visibility", "order", "name", "createdAt", "updatedAt"])
async def test_collections_are_listed_in_every_order(shelf: Shelf, sort: str) -> None:
    await shelf.post("/v1/collections", {"name": "Admin", "visibility": "private"}, "collection")

    seen = []
    for order in ("asc", "desc"):
        listed = await shelf.get(f"/v1/collections?sort={sort}&order={order}&siteId={shelf.site['id']}")
        seen.append([item["name"] for item in listed["collections"]["items"]])

    assert seen[0] == seen[1][::-1]
    assert seen[0] == {"name": ["Admin", "Guide"], "visibility": ["Admin", "Guide"]}.get(sort, ["Guide", "Admin"])


async def test_collections_are_filtered(shelf: Shelf) -> None:
    await shelf.post("/v1/collections", {"name": "Admin", "visibility": "private"}, "collection")

    for query, expected in (
        ("visibility=private", ["Admin"]),
        ("visibility=public", ["Guide"]),
        ("", ["Guide", "Admin"]),
    ):
        listed = await shelf.get(f"/v1/collections?{query}")
        assert [item["name"] for item in listed["collections"]["items"]] == expected
    assert_refused(await shelf.client.get(f"/v1/collections?siteId={UNKNOWN}"), 404, "Resource not found")


async def test_a_deleted_collection_takes_everything_along(shelf: Shelf) -> None:
    article = await shelf.article("A", status="published")
    body = {"siteId": shelf.site["id"], "urlMapping": "/old", "redirect": shelf.category["publicUrl"]}
    redirect = await shelf.post("/v1/redirects", body, "redirect")

    answer = await shelf.client.delete(f"/v1/collections/{shelf.collection['id']}")

    assert (answer.status_code, answer.content) == (204, b"")
    for path in (
        f"collections/{shelf.collection['id']}", f"categories/{shelf.category['id']}", f"articles/{article['id']}",
        f"redirects/{redirect['id']}",
    ):  # fmt: skip
        assert_refused(await shelf.client.get(f"/v1/{path}"), 404, "Resource not found")


async def test_a_category_as_it_is_answered(shelf: Shelf) -> None:
    body = {"collectionId": shelf.collection["id"], "name": "Billing & Payments", "defaultSort": "name", "order": 3}
    answer = await shelf.client.post("/v1/categories", json=body)
    made = answer.json()["category"]

    assert answer.headers["location"] == f"{shelf.desk.base_url}/v1/categories/{made['id']}"
    assert set(made) == {
        "id", "number", "slug", "visibility", "collectionId", "order", "defaultSort", "name", "description",
        "articleCount", "publishedArticleCount", "publicUrl", "createdBy", "updatedBy", "createdAt", "updatedAt",
    }  # fmt: skip
    assert (made["slug"], made["order"], made["defaultSort"]) == ("billing-payments", 3, "name")
    for reference in (made["id"], made["number"]):
        assert (await shelf.get(f"/v1/categories/{reference}"))["category"] == made


async def test_defaults_of_a_category(shelf: Shelf) -> None:
    assert (shelf.category["order"], shelf.category["defaultSort"]) == (1, "popularity")
    assert (shelf.category["visibility"], shelf.category["description"]) == ("public", None)


@pytest.mark.parametrize(
    ("members", "name", "error"),
    [
        ({"collectionId": UNKNOWN}, "collectionId", "collectionId was not found"),
        ({"collectionId": None}, "collectionId", "collectionId is required"),
        ({"name": None}, "name", "name is required"),
        ({"name": "BASICS"}, "name", "Category name is already in use"),
        ({"defaultSort": "size"}, "defaultSort", "defaultSort is invalid"),
        ({"visibility": "hidden"}, "visibility", "visibility is invalid"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_refused_categories(shelf: Shelf, members: dict[str, object], name: str, error: str) -> None:
    body = {"collectionId": shelf.collection["id"], "name": "New", **members}

    assert_refused(await shelf.client.post("/v1/categories", json=body), 400, error, **{name: error})


async def test_name_and_slug_of_uncategorized_stay(shelf: Shelf) -> None:
    found = next(item for item in await categories(shelf) if item["name"] == "Uncategorized")
    path = f"/v1/categories/{found['id']}"

    for name in ("name", "slug"):
        error = f"{name} of Uncategorized cannot change"
        assert_refused(await shelf.client.put(path, json={name: "other"}), 400, error, **{name: error})
    assert (await shelf.client.put(path, json={"order": 5, "visibility": "private"})).status_code == 200
    assert_refused(
        await shelf.client.delete(path), 400, "Uncategorized cannot be deleted", id="Uncategorized cannot be deleted"
    )


@pytest.mark.parametrize("shape", ["object", "bare", "ids", "alias"])
async def test_categories_are_ordered_in_every_shape(shelf: Shelf, shape: str) -> None:
    second = await shelf.post("/v1/categories", {"collectionId": shelf.collection["id"], "name": "Second"}, "category")
    wanted = [{"id": second["id"], "order": 1}, {"id": shelf.category["id"], "order": 2}]
    body: object = {"object": {"categories": wanted}, "bare": wanted}.get(shape, [item["id"] for item in wanted])
    path = f"/v1/collections/{shelf.collection['id']}/categories" + ("/order" if shape == "alias" else "")

    answer = await shelf.client.put(path, json=body)

    assert (answer.status_code, answer.content) == (200, b"")
    assert [item["name"] for item in await categories(shelf)] == ["Second", "Basics", "Uncategorized"]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"categories": [{"id": UNKNOWN, "order": 1}]}, "categories was not found"),
        ({"categories": [{"order": 1}]}, "categories is invalid"),
        ({"categories": [7]}, "categories is invalid"),
        ({}, "categories is required"),
    ],
)
async def test_refused_orders(shelf: Shelf, body: object, error: str) -> None:
    answer = await shelf.client.put(f"/v1/collections/{shelf.collection['id']}/categories", json=body)

    assert_refused(answer, 400, error, categories=error)


@pytest.mark.parametrize("sort", ["number", "order", "name", "articleCount", "createdAt", "updatedAt"])
async def test_categories_are_listed_in_every_order(shelf: Shelf, sort: str) -> None:
    await shelf.article("A", categories=[shelf.category["id"]])

    seen = [[item["name"] for item in await categories(shelf, f"?sort={sort}&order={way}")] for way in ("asc", "desc")]

    assert seen[0] == seen[1][::-1]
    first = {"number": "Uncategorized", "articleCount": "Uncategorized", "createdAt": "Uncategorized"}
    assert sort == "updatedAt" or seen[0][0] == first.get(sort, "Basics")


async def test_articles_of_a_deleted_category_become_uncategorized(shelf: Shelf) -> None:
    other = await shelf.post("/v1/categories", {"collectionId": shelf.collection["id"], "name": "Other"}, "category")
    alone = await shelf.article("Alone", categories=[shelf.category["id"]])
    both = await shelf.article("Both", categories=[shelf.category["id"], other["id"]])

    answer = await shelf.client.delete(f"/v1/categories/{shelf.category['id']}")

    assert (answer.status_code, answer.content) == (204, b"")
    counts = {item["name"]: item["articleCount"] for item in await categories(shelf)}
    assert counts == {"Other": 1, "Uncategorized": 1}
    assert (await shelf.get(f"/v1/articles/{alone['id']}"))["article"]["categories"] is None
    assert (await shelf.get(f"/v1/articles/{both['id']}"))["article"]["categories"] == [other["id"]]
