"""Attacks 1, 15, 17, 18, 47 and 54 on the knowledge base: foreign ids by every route, hostile texts, private content.

The matrix is made from the route table of the Docs API, so a new route is in it by itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.routes import HTTPRoute

from tests.desk import Desk
from tests.edges.docs_v1.shelf import Shelf, build, keyed
from tests.edges.docs_v1.test_files import png
from tests.security.company import snapshot
from waypost.domains import docs
from waypost.domains.docs import SearchScope
from waypost.edges.docs_v1.app import make_router
from waypost.kit.paging import PageRequest

pytestmark = pytest.mark.anyio

MARK = "zxqvmark"
HOSTILE = Path(__file__).parents[1] / "data" / "hostile"


def calls() -> Iterator[tuple[str, str]]:
    for route in make_router(is_described=True).routes:
        assert isinstance(route, HTTPRoute)
        path = re.sub(r"\{(\w+)[^}]*\}", r"{\1}", route.path)
        for method in sorted(route.methods):
            if method in ("GET", "POST", "PUT", "DELETE"):
                yield str(method), path


CALLS = sorted(calls())


class Library:
    """A company's shelf, and the ids of all that is on it."""

    def __init__(self, shelf: Shelf, ids: dict[str, Any]) -> None:
        self.shelf = shelf
        self.ids = ids


async def build_library(desk: Desk) -> Library:
    shelf = await build(desk, f"Company {MARK}")
    article = await shelf.article(f"Name {MARK}", f"<p>{MARK}</p>", status="published", keywords=[MARK])
    await shelf.client.put(f"/v1/articles/{article['id']}/drafts", json={"text": MARK})
    revision = (await shelf.get(f"/v1/articles/{article['id']}/revisions"))["revisions"]["items"][0]
    body = {"siteId": shelf.site["id"], "urlMapping": f"/{MARK}", "redirect": article["publicUrl"]}
    redirect = await shelf.post("/v1/redirects", body, "redirect")
    restriction = {"enabled": True, "callbackConfiguration": {"signInUrl": f"https://{MARK}.example"}}
    await shelf.client.put(f"/v1/sites/{shelf.site['id']}/restricted", json=restriction)
    ids = {
        "article_id": article["id"],
        "collection_id": shelf.collection["id"],
        "category_id": shelf.category["id"],
        "site_id": shelf.site["id"],
        "revision_id": revision["id"],
        "redirect_id": redirect["id"],
    }
    return Library(shelf, ids)


@pytest.fixture(scope="module")
async def library(module_desk: Desk) -> Library:
    return await build_library(module_desk)


def body_of(path: str) -> Any:
    """Keys that satisfy every body at once: a call that is refused is refused for whose thing it is."""
    if path.endswith(("/categories", "/order")):
        return {"categories": []}
    return {
        "name": "Taken", "text": "taken", "title": "Taken", "enabled": False, "urlMapping": "/taken",
        "redirect": "https://taken.example", "order": 1,
    }  # fmt: skip


@pytest.mark.parametrize(("method", "path"), [call for call in CALLS if "{" in call[1]], ids=str)
async def test_another_companys_ids_do_not_exist(module_desk: Desk, library: Library, method: str, path: str) -> None:
    stranger = await build(module_desk, "Strangers")
    before = await snapshot(module_desk, library.shelf.account.id)
    sent: dict[str, Any] = {"json": body_of(path)}
    if path.endswith("/assets"):
        sent = {"files": {"file": ("a.png", png())}}
    if method in ("GET", "DELETE"):
        sent = {}

    answer = await stranger.client.request(method, path.format(**library.ids), **sent)

    assert answer.status_code == 404, answer.text
    assert answer.json() == {"code": 404, "error": "Resource not found"}
    assert await snapshot(module_desk, library.shelf.account.id) == before


@pytest.mark.parametrize(
    "path",
    ["collections", "sites", f"search/articles?query={MARK}", "search/articles?query=*", "search/articles?query=%25"],
)
async def test_lists_and_searches_hold_nothing_of_another_company(
    module_desk: Desk, library: Library, path: str
) -> None:
    stranger = await build(module_desk, "Strangers")

    answer = await stranger.client.get(f"/v1/{path}")

    assert answer.status_code == 200
    assert MARK not in answer.text.replace(f"query={MARK}", "")
    assert library.shelf.site["id"] not in answer.text


async def test_numbers_lead_to_ones_own_things_alone(module_desk: Desk, library: Library) -> None:
    stranger = await build(module_desk, "Strangers")
    for number in range(1, 12):
        for kind in ("articles", "collections", "categories"):
            answer = await stranger.client.get(f"/v1/{kind}/{number}")
            assert MARK not in answer.text


async def test_own_things_cannot_be_tied_to_foreign_ones(module_desk: Desk, library: Library) -> None:
    stranger = await build(module_desk, "Strangers")
    own = await stranger.article("Own")
    ids = library.ids
    before = await snapshot(module_desk, library.shelf.account.id)
    attempts: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", "articles", {"collectionId": ids["collection_id"], "name": "x", "text": "y"}),
        ("PUT", f"articles/{own['id']}", {"collectionId": ids["collection_id"]}),
        ("PUT", f"articles/{own['id']}", {"categories": [ids["category_id"]]}),
        ("PUT", f"articles/{own['id']}", {"related": [ids["article_id"]]}),
        ("POST", "collections", {"siteId": ids["site_id"], "name": "x"}),
        ("POST", "categories", {"collectionId": ids["collection_id"], "name": "x"}),
        ("PUT", f"collections/{stranger.collection['id']}/categories", {"categories": [ids["category_id"]]}),
        ("POST", "redirects", {"siteId": ids["site_id"], "urlMapping": "/x", "redirect": "https://x.example"}),
    ]
    for method, path, body in attempts:
        answer = await stranger.client.request(method, f"/v1/{path}", json=body)
        assert answer.status_code == 400, (path, answer.text)
        assert "was not found" in answer.json()["error"]
    for kind, part in (("image", "articleId"), ("logo", "siteId")):
        answer = await stranger.client.post(
            "/v1/assets/article",
            files={"file": ("a.png", png())},
            data={"assetType": kind, part: ids["article_id" if kind == "image" else "site_id"]},
        )
        assert answer.status_code == 400, answer.text
    assert await snapshot(module_desk, library.shelf.account.id) == before


async def test_a_redirect_to_a_foreign_document_learns_nothing_of_it(module_desk: Desk, library: Library) -> None:
    stranger = await build(module_desk, "Strangers")
    theirs = (await library.shelf.get(f"/v1/articles/{library.ids['article_id']}"))["article"]["publicUrl"]
    target = re.sub(r"/article/(\d+).*", r"/article/\1", theirs)

    made = await stranger.post(
        "/v1/redirects", {"siteId": stranger.site["id"], "urlMapping": "/x", "redirect": target}, "redirect"
    )

    assert (made["type"], made["documentId"], made["redirect"]) == ("custom", None, target)


async def test_members_of_the_platforms_own_are_ignored(module_desk: Desk, library: Library) -> None:
    stranger = await build(module_desk, "Strangers")
    made = await stranger.article(
        "Own", id=library.ids["article_id"], accountId=library.shelf.account.id, account_id=1, number=777,
        siteId=library.ids["site_id"], viewCount=99, popularity=5, createdBy=library.shelf.account.owner.id,
        createdAt="2001-01-01T00:00:00Z", publicUrl="https://taken.example", changeOrigin="web",
    )  # fmt: skip

    assert made["id"] != library.ids["article_id"]
    assert (made["number"], made["viewCount"], made["createdBy"]) == (4, 0, stranger.account.owner.id)
    assert not made["createdAt"].startswith("2001")
    assert made["changeOrigin"] == "api"


async def test_a_user_without_rights_does_not_see_the_secret(module_desk: Desk, library: Library) -> None:
    client = await keyed(module_desk, library.shelf.account.user)

    answer = await client.get(f"/v1/sites/{library.ids['site_id']}/restricted")

    assert answer.status_code == 403


def payloads() -> list[str]:
    found = []
    for file in sorted(HOSTILE.glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").split("\n"):
            record = json.loads(line or '""')
            text = (
                record
                if isinstance(record, str)
                else next((value for key, value in record.items() if key in ("payload", "input", "html", "text")), "")
            )
            if text and "<" in text:
                found.append(text)
    return found


EXECUTES = re.compile(
    r"<(?:script|iframe|object|embed|form|meta|base|svg|math|style|link)\b|\son\w+\s*=|javascript:", re.IGNORECASE
)


async def test_hostile_texts_come_back_harmless(module_desk: Desk) -> None:
    shelf = await build(module_desk)
    hostile = payloads()
    assert len(hostile) >= 300
    made = await shelf.article("Hostile", "<p>x</p>", status="published")
    together = "\n".join(f"<div>{payload}</div>" for payload in hostile)
    answer = await shelf.client.put(f"/v1/articles/{made['id']}?reload=1", json={"text": together})
    text = answer.json()["article"]["text"]
    tags = "".join(re.findall(r"<[^>]*>", text))

    assert answer.status_code == 200
    assert not EXECUTES.findall(re.sub(r'"[^"]*"', '""', tags))
    again = await shelf.client.put(f"/v1/articles/{made['id']}?reload=1", json={"text": text})
    assert again.json()["article"]["text"] == text
    uploaded = await shelf.client.post(
        "/v1/articles/upload",
        files={"file": ("h.md", together.encode())},
        data={"collectionId": shelf.collection["id"]},
    )
    assert uploaded.status_code == 201
    marks = "".join(re.findall(r"<[^>]*>", uploaded.json()["article"]["text"]))
    assert not EXECUTES.findall(re.sub(r'"[^"]*"', '""', marks))


async def test_private_articles_are_in_nothing_that_visitors_ask(module_desk: Desk) -> None:
    shelf = await build(module_desk)
    await shelf.client.put(f"/v1/collections/{shelf.collection['id']}", json={"visibility": "private"})
    secret = await shelf.article("Hidden quokka", "<p>quokka wombat</p>", status="published")
    public = await shelf.post("/v1/collections", {"siteId": shelf.site["id"], "name": "Public"}, "collection")
    shown = await shelf.article("Shown", "<p>wombat</p>", status="published", collectionId=public["id"])
    scope = SearchScope(account_id=shelf.account.id, site_id=shelf.site["id"], is_public=True)

    async with module_desk.transactions.read() as tx:
        for query in ("quokka", "quokk", "qoukka", "*", "wombat", '"quokka wombat"'):
            hits = await docs.search(tx, query, scope, PageRequest(1, 50))
            assert secret["id"] not in {hit.id for hit in hits.items}
            assert hits.total <= 1
            assert "quokka" not in (hits.corrected or "")
        assert secret["id"] not in {hit.id for hit in await docs.find_similar(tx, scope, shown["id"])}
