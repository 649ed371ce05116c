"""Lists of articles, their paging, filters and orders (spec: docs-api 2.5, 3.2, 3.5)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.edges.docs_v1.shelf import UNKNOWN, Shelf, assert_refused
from tests.edges.docs_v1.test_articles import REF
from waypost.domains import docs

pytestmark = pytest.mark.anyio


async def names(shelf: Shelf, path: str) -> list[str]:
    return [item["name"] for item in (await shelf.get(path))["articles"]["items"]]


async def test_a_list_has_all_four_members_and_short_items(shelf: Shelf) -> None:
    await shelf.article("A")
    listed = await shelf.get(f"/v1/collections/{shelf.collection['number']}/articles")

    assert set(listed) == {"articles"}
    assert {name: listed["articles"][name] for name in ("page", "pages", "count")} == {
        "page": 1,
        "pages": 1,
        "count": 1,
    }
    assert set(listed["articles"]["items"][0]) == REF


@pytest.mark.parametrize(
    ("query", "page", "pages", "size"),
    [
        ("", 1, 1, 3),
        ("?pageSize=2", 1, 2, 2),
        ("?pageSize=2&page=2", 2, 2, 1),
        ("?limit=2&page=2", 2, 2, 1),
        ("?pageSize=2&page=9", 9, 2, 0),
        ("?pageSize=0&page=0", 1, 1, 3),
        ("?pageSize=-1&page=-1", 1, 1, 3),
        ("?pageSize=many&page=one", 1, 1, 3),
        ("?pageSize=1000", 1, 1, 3),
        ("?page=99999999999999999999999", 10_000_000, 1, 0),
    ],
)
async def test_paging(shelf: Shelf, query: str, page: int, pages: int, size: int) -> None:
    for name in "ABC":
        await shelf.article(name)

    listed = (await shelf.get(f"/v1/collections/{shelf.collection['id']}/articles{query}"))["articles"]

    assert (listed["page"], listed["pages"], listed["count"], len(listed["items"])) == (page, pages, 3, size)


async def test_an_empty_list_has_one_page(shelf: Shelf) -> None:
    listed = await shelf.get(f"/v1/categories/{shelf.category['id']}/articles")

    assert listed == {"articles": {"page": 1, "pages": 1, "count": 0, "items": []}}


async def test_status_filters(shelf: Shelf) -> None:
    await shelf.article("Out", status="published")
    await shelf.article("In")
    path = f"/v1/collections/{shelf.collection['id']}/articles"

    assert await names(shelf, f"{path}?status=published") == ["Out"]
    assert await names(shelf, f"{path}?status=notpublished") == ["In"]
    assert set(await names(shelf, f"{path}?status=all")) == {"Out", "In"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("sort=name&order=asc", "ABC"),
        ("sort=name", "CBA"),
        ("sort=number&order=asc", "BCA"),
        ("sort=number&order=desc", "ACB"),
        ("sort=popularity&order=desc", "CAB"),
        ("sort=createdAt&order=asc", "BCA"),
        ("sort=updatedAt&order=asc", "BCA"),
        ("sort=status&order=asc", "BCA"),
        ("sort=custom", "BCA"),
        ("sort=custom&order=desc", "ACB"),
        ("", "CAB"),
        ("order=desc", "BAC"),
    ],
)
async def test_orders_of_a_category(shelf: Shelf, query: str, expected: str) -> None:
    made = {name: await shelf.article(name, categories=[shelf.category["id"]]) for name in "BCA"}
    for name, count in (("C", 9), ("A", 5)):
        await shelf.client.put(f"/v1/articles/{made[name]['id']}/views", json={"count": count})

    assert "".join(await names(shelf, f"/v1/categories/{shelf.category['id']}/articles?{query}")) == expected


@pytest.mark.parametrize(
    ("default", "expected"),
    [("name", "ABC"), ("custom", "CAB"), ("manual", "CAB"), ("number", "BCA"), ("popularity", "ACB")],
)
async def test_a_category_is_listed_by_its_default_sort(shelf: Shelf, default: str, expected: str) -> None:
    made = {name: await shelf.article(name, categories=[shelf.category["id"]]) for name in "BCA"}
    await shelf.client.put(f"/v1/articles/{made['A']['id']}/views", json={"count": 9})
    await shelf.client.put(f"/v1/articles/{made['C']['id']}/views", json={"count": 2})
    await shelf.client.put(f"/v1/categories/{shelf.category['id']}", json={"defaultSort": default})
    async with shelf.desk.transactions.open() as tx:
        placed = [made[name]["id"] for name in "CAB"]
        await docs.place_articles(tx, shelf.account.owner.actor, shelf.category["id"], placed)

    assert "".join(await names(shelf, f"/v1/categories/{shelf.category['id']}/articles")) == expected


async def test_a_collection_is_listed_by_the_order_of_its_categories(shelf: Shelf) -> None:
    early = {"collectionId": shelf.collection["id"], "name": "Early", "order": 0}
    first = await shelf.post("/v1/categories", early, "category")
    await shelf.article("Last")
    await shelf.article("Middle", categories=[shelf.category["id"]])
    await shelf.article("First", categories=[shelf.category["id"], first["id"]])

    path = f"/v1/collections/{shelf.collection['id']}/articles"

    assert await names(shelf, path) == ["First", "Middle", "Last"]
    assert await names(shelf, f"{path}?order=desc") == ["Last", "Middle", "First"]


@pytest.mark.parametrize("query", ["sort=colour", "order=up", "status=live"])
async def test_unknown_choices_are_refused(shelf: Shelf, query: str) -> None:
    name = query.partition("=")[0]
    answer = await shelf.client.get(f"/v1/collections/{shelf.collection['id']}/articles?{query}")

    assert answer.status_code == 400
    assert answer.json() == {"code": 400, "error": f"{name} is invalid", name: [f"{name} is invalid"]}


@pytest.mark.parametrize("parent", ["collections", "categories"])
async def test_an_unknown_parent_is_not_found(shelf: Shelf, parent: str) -> None:
    assert_refused(await shelf.client.get(f"/v1/{parent}/{UNKNOWN}/articles"), 404, "Resource not found")


async def test_related_articles_come_in_their_order(shelf: Shelf) -> None:
    made = {name: await shelf.article(name, status="published") for name in "ABC"}
    related = [made[name]["id"] for name in "CAB"]
    article = await shelf.article("Main", related=related)
    path = f"/v1/articles/{article['id']}/related"

    assert await names(shelf, path) == ["C", "A", "B"]
    assert await names(shelf, f"{path}?sort=name&order=asc") == ["A", "B", "C"]
    assert await names(shelf, f"{path}?status=notpublished") == []
    await shelf.client.delete(f"/v1/articles/{made['A']['id']}")
    assert await names(shelf, path) == ["C", "B"]
    assert_refused(await shelf.client.get(f"/v1/articles/{UNKNOWN}/related"), 404, "Resource not found")


async def test_private_collections_are_listed_to_users(shelf: Shelf) -> None:
    await shelf.client.put(f"/v1/collections/{shelf.collection['id']}", json={"visibility": "private"})
    await shelf.article("Secret")

    path = f"/v1/collections/{shelf.collection['id']}/articles"
    items: list[dict[str, Any]] = (await shelf.get(path))["articles"]["items"]
    assert [item["name"] for item in items] == ["Secret"]
