"""Articles over HTTP (spec: docs-api 3)."""

from __future__ import annotations

import re

import pytest

from tests.edges.docs_v1.shelf import UNKNOWN, Shelf, assert_refused

pytestmark = pytest.mark.anyio

ID = re.compile(r"[0-9a-f]{24}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
REF = {
    "id", "number", "collectionId", "slug", "status", "hasDraft", "name", "publicUrl", "popularity", "keywords",
    "viewCount", "createdBy", "updatedBy", "createdAt", "updatedAt", "lastPublishedAt",
}  # fmt: skip
FULL = REF | {"text", "categories", "related", "changeOrigin", "code"}


async def test_a_created_article_is_answered_whole_with_its_location(shelf: Shelf) -> None:
    answer = await shelf.client.post(
        "/v1/articles",
        json={
            "collectionId": shelf.collection["id"],
            "status": "published",
            "slug": "billing-faq",
            "name": "Billing FAQ",
            "text": "<p>Pay here</p>",
            "categories": [shelf.category["id"]],
            "keywords": ["billing", "faq"],
        },
    )

    assert answer.status_code == 201
    made = answer.json()["article"]
    assert set(made) == FULL
    assert answer.headers["location"] == f"{shelf.desk.base_url}/v1/articles/{made['id']}"
    assert ID.fullmatch(made["id"])
    assert MOMENT.fullmatch(made["createdAt"])
    assert int(made["id"][:8], 16) > 1_700_000_000
    assert made["lastPublishedAt"] == made["createdAt"] == made["updatedAt"]
    assert made["createdBy"] == made["updatedBy"] == shelf.account.owner.id
    assert made["number"] == shelf.category["number"] + 1
    assert made["publicUrl"].endswith(f"/article/{made['number']}-billing-faq")
    assert made["publicUrl"].startswith(f"http://{shelf.site['subDomain']}.")
    expected = {
        "collectionId": shelf.collection["id"], "slug": "billing-faq", "status": "published", "hasDraft": False,
        "name": "Billing FAQ", "text": "<p>Pay here</p>", "categories": [shelf.category["id"]], "related": None,
        "popularity": 0.0, "viewCount": 0, "keywords": ["billing", "faq"], "changeOrigin": "api", "code": None,
    }  # fmt: skip
    assert {name: made[name] for name in expected} == expected


async def test_defaults_of_a_new_article(shelf: Shelf) -> None:
    made = await shelf.article("Größe & Farbe")

    assert (made["status"], made["slug"], made["categories"]) == ("notpublished", "grosse-farbe", None)
    assert made["lastPublishedAt"] is None
    assert made["keywords"] is None


async def test_unpublished_is_another_word_for_notpublished(shelf: Shelf) -> None:
    assert (await shelf.article("A", status="unpublished"))["status"] == "notpublished"


async def test_plain_text_becomes_paragraphs(shelf: Shelf) -> None:
    assert (await shelf.article("A", "One\ntwo\n\n3 < 4"))["text"] == "<p>One<br>two</p><p>3 &lt; 4</p>"


async def test_an_article_is_found_by_id_and_by_number_but_not_by_slug(shelf: Shelf) -> None:
    made = await shelf.article("Found")

    assert (await shelf.get(f"/v1/articles/{made['id']}"))["article"] == made
    assert (await shelf.get(f"/v1/articles/{made['number']}"))["article"] == made
    assert_refused(await shelf.client.get("/v1/articles/found"), 404, "Resource not found")
    assert_refused(await shelf.client.get(f"/v1/articles/{UNKNOWN}"), 404, "Resource not found")
    assert_refused(await shelf.client.get("/v1/articles/99999999999999999999"), 404, "Resource not found")


@pytest.mark.parametrize("name", ["collectionId", "name", "text"])
async def test_required_members(shelf: Shelf, name: str) -> None:
    body = {"collectionId": shelf.collection["id"], "name": "A", "text": "B"}
    del body[name]

    answer = await shelf.client.post("/v1/articles", json=body)

    assert_refused(answer, 400, f"{name} is required", **{name: f"{name} is required"})


async def test_all_mistakes_are_named_at_once(shelf: Shelf) -> None:
    answer = await shelf.client.post("/v1/articles", json={"name": "x" * 256})

    body = answer.json()
    assert answer.status_code == 400
    assert body["error"] == "collectionId is required"
    assert body["name"] == ["name is too long"]
    assert body["text"] == ["text is required"]


@pytest.mark.parametrize(
    ("members", "name", "error"),
    [
        ({"status": "live"}, "status", "status is invalid"),
        ({"collectionId": UNKNOWN}, "collectionId", "collectionId was not found"),
        ({"categories": [UNKNOWN]}, "categories", "categories was not found"),
        ({"categories": {"a": 1}}, "categories", "categories is invalid"),
        ({"related": [UNKNOWN]}, "related", "related was not found"),
        ({"keywords": ["x" * 81]}, "keywords", "keywords is too long"),
        ({"keywords": [f"k{index}" for index in range(26)]}, "keywords", "keywords is too long"),
        ({"name": ["a"]}, "name", "name is invalid"),
        ({"text": "x" * 5_000_001}, "text", "text is too long"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_refused_members(shelf: Shelf, members: dict[str, object], name: str, error: str) -> None:
    body = {"collectionId": shelf.collection["id"], "name": "A", "text": "B", **members}

    assert_refused(await shelf.client.post("/v1/articles", json=body), 400, error, **{name: error})


async def test_the_uncategorized_category_is_not_accepted(shelf: Shelf) -> None:
    listed = await shelf.get(f"/v1/collections/{shelf.collection['id']}/categories")
    uncategorized = next(item for item in listed["categories"]["items"] if item["slug"] == "uncategorized")
    body = {"collectionId": shelf.collection["id"], "name": "A", "text": "B", "categories": [uncategorized["id"]]}

    answer = await shelf.client.post("/v1/articles", json=body)

    assert_refused(answer, 400, "categories is invalid", categories="categories is invalid")
    assert uncategorized["order"] == 10000


async def test_names_are_taken_whatever_their_case(shelf: Shelf) -> None:
    await shelf.article("Billing")
    other = await shelf.article("Other")
    error = "Article name is already in use"
    body = {"collectionId": shelf.collection["id"], "name": "BILLING", "text": "B"}

    assert_refused(await shelf.client.post("/v1/articles", json=body), 400, error, name=error)
    renamed = await shelf.client.put(f"/v1/articles/{other['id']}", json={"name": "billing"})
    assert_refused(renamed, 400, error, name=error)
    assert (await shelf.client.put(f"/v1/articles/{other['id']}", json={"name": "OTHER"})).status_code == 200


async def test_numbers_go_on_without_gaps_after_a_refusal(shelf: Shelf) -> None:
    first = await shelf.article("One")
    await shelf.client.post("/v1/articles", json={"collectionId": shelf.collection["id"], "name": "One", "text": "B"})
    second = await shelf.article("Two")

    assert (shelf.collection["number"], shelf.category["number"]) == (1, 3)
    assert (first["number"], second["number"]) == (4, 5)


async def test_an_update_changes_what_it_names_and_nothing_else(shelf: Shelf) -> None:
    made = await shelf.article("A", keywords=["k"], categories=[shelf.category["id"]], code="<i>")

    answer = await shelf.client.put(f"/v1/articles/{made['id']}?reload=true", json={"name": "B", "unknown": 1})

    changed = answer.json()["article"]
    assert {name for name in FULL if changed[name] != made[name]} <= {"name", "updatedAt"}
    assert (changed["name"], changed["slug"]) == ("B", "a")


async def test_lists_of_an_article_are_emptied_by_null_and_kept_when_absent(shelf: Shelf) -> None:
    other = await shelf.article("Other")
    made = await shelf.article("A", keywords=["k"], categories=[shelf.category["id"]], related=[other["id"]])
    assert made["related"] == [other["id"]]

    body = {"keywords": None, "related": [], "categories": None}
    changed = (await shelf.client.put(f"/v1/articles/{made['id']}?reload=1", json=body)).json()["article"]

    assert (changed["keywords"], changed["related"], changed["categories"]) == (None, None, None)


async def test_a_slug_changes_the_address(shelf: Shelf) -> None:
    made = await shelf.article("A")

    answer = await shelf.client.put(f"/v1/articles/{made['id']}", json={"slug": " New Slug! ", "reload": True})

    assert answer.json()["article"]["publicUrl"].endswith(f"/article/{made['number']}-new-slug")


@pytest.mark.parametrize(
    ("query", "body", "is_answered"),
    [
        ("", {}, False),
        ("?reload=true", {}, True),
        ("?reload=1", {}, True),
        ("?reload=on", {}, True),
        ("?reload=", {}, False),
        ("?reload=false", {}, False),
        ("", {"reload": "true"}, True),
        ("", {"reload": 1}, True),
        ("", {"reload": ""}, False),
    ],
)
async def test_reload_decides_about_the_body(
    shelf: Shelf, query: str, body: dict[str, object], is_answered: bool
) -> None:
    made = await shelf.article("A")
    answer = await shelf.client.put(f"/v1/articles/{made['id']}{query}", json={"name": "B", **body})

    assert answer.status_code == 200
    assert bool(answer.content) is is_answered
    assert (answer.headers["content-length"] == "0") is not is_answered


async def test_a_create_without_reload_is_answered_with_nothing(shelf: Shelf) -> None:
    body = {"collectionId": shelf.collection["id"], "name": "A", "text": "B", "reload": False}
    answer = await shelf.client.post("/v1/articles", json=body)

    assert (answer.status_code, answer.content) == (201, b"")
    assert "/v1/articles/" in answer.headers["location"]


async def test_members_may_stand_in_the_envelope(shelf: Shelf) -> None:
    body = {"article": {"collectionId": shelf.collection["id"], "name": "A", "text": "B"}, "reload": True}
    answer = await shelf.client.post("/v1/articles", json=body)

    assert answer.json()["article"]["name"] == "A"


async def test_an_article_moves_to_another_collection_and_loses_its_categories(shelf: Shelf) -> None:
    made = await shelf.article("A", categories=[shelf.category["id"]])
    other = await shelf.post("/v1/collections", {"siteId": shelf.site["id"], "name": "Other"}, "collection")

    answer = await shelf.client.put(f"/v1/articles/{made['id']}?reload=1", json={"collectionId": other["id"]})

    moved = answer.json()["article"]
    assert (moved["collectionId"], moved["categories"]) == (other["id"], None)


async def test_views_add_up_and_make_popularity(shelf: Shelf) -> None:
    one, two = await shelf.article("One"), await shelf.article("Two")
    for article, body in ((one, {"count": 3}), (one, {}), (two, {"count": 1})):
        answer = await shelf.client.put(f"/v1/articles/{article['id']}/views", json=body)
        assert (answer.status_code, answer.content) == (200, b"")
    empty = await shelf.client.put(
        f"/v1/articles/{two['id']}/views", content=b"", headers={"Content-Type": "application/json"}
    )
    assert empty.status_code == 200

    seen = [(await shelf.get(f"/v1/articles/{article['id']}"))["article"] for article in (one, two)]

    assert [(item["viewCount"], item["popularity"]) for item in seen] == [(4, 5.0), (2, 3.0)]


@pytest.mark.parametrize("count", [0, -1, "many", 1.5, 10**20])
async def test_views_are_counted_from_one(shelf: Shelf, count: object) -> None:
    made = await shelf.article("A")
    answer = await shelf.client.put(f"/v1/articles/{made['id']}/views", json={"count": count})

    assert_refused(answer, 400, "count is invalid", count="count is invalid")


async def test_a_deleted_article_is_gone_from_others_and_their_redirects(shelf: Shelf) -> None:
    made = await shelf.article("A", status="published")
    other = await shelf.article("B", related=[made["id"]])
    redirect = await shelf.post(
        "/v1/redirects",
        {"siteId": shelf.site["id"], "urlMapping": "/old", "redirect": made["publicUrl"]},
        "redirect",
    )

    answer = await shelf.client.delete(f"/v1/articles/{made['id']}")

    assert (answer.status_code, answer.content) == (204, b"")
    assert (await shelf.client.get(f"/v1/articles/{made['id']}")).status_code == 404
    assert (await shelf.get(f"/v1/articles/{other['id']}"))["article"]["related"] is None
    assert (await shelf.client.get(f"/v1/redirects/{redirect['id']}")).status_code == 404
    assert (await shelf.client.delete(f"/v1/articles/{made['id']}")).status_code == 404
