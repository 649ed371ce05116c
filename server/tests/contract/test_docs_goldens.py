"""Every read of the Docs API, compared with what it answered when somebody last agreed to it (spec/wire/docs_v1)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from tests import golden
from tests.desk import Desk, desk_with
from tests.edges.docs_v1.shelf import Shelf, keyed

pytestmark = pytest.mark.anyio

NOW = datetime(2024, 1, 15, 9, 30, tzinfo=UTC)


async def build(desk: Desk) -> tuple[Shelf, dict[str, Any]]:
    account = await desk.make.account()
    shelf = Shelf(desk, account, await keyed(desk, account.owner), {}, {}, {})
    shelf.site = await shelf.post("/v1/sites", {"subDomain": "golden", "title": "Golden"}, "site")
    shelf.collection = await shelf.post("/v1/collections", {"name": "Guide", "description": "All of it"}, "collection")
    body = {"collectionId": shelf.collection["id"], "name": "Basics"}
    shelf.category = await shelf.post("/v1/categories", body, "category")
    first = await shelf.article("Billing", "<p>How to pay</p>", status="published", categories=[shelf.category["id"]])
    second = await shelf.article("Refunds", "<p>Money back</p>", related=[first["id"]], keywords=["return"])
    redirect = await shelf.post(
        "/v1/redirects", {"siteId": shelf.site["id"], "urlMapping": "/old", "redirect": "/article/4#part"}, "redirect"
    )
    revision = (await shelf.get(f"/v1/articles/{first['id']}/revisions"))["revisions"]["items"][0]
    ids = {"first": first["id"], "second": second["id"], "redirect": redirect["id"], "revision": revision["id"]}
    return shelf, ids


@desk_with(clock=lambda: NOW)
async def test_every_read_answers_as_agreed(desk: Desk) -> None:
    shelf, ids = await build(desk)
    site, collection, category = shelf.site["id"], shelf.collection["id"], shelf.category["id"]
    reads = {
        "sites": "sites",
        "sites.id": f"sites/{site}",
        "sites.id.restricted": f"sites/{site}/restricted",
        "collections": "collections",
        "collections.id": f"collections/{collection}",
        "collections.id.articles": f"collections/{collection}/articles",
        "collections.id.categories": f"collections/{collection}/categories",
        "categories.id": f"categories/{category}",
        "categories.id.articles": f"categories/{category}/articles",
        "articles.id": f"articles/{ids['second']}",
        "articles.id.related": f"articles/{ids['second']}/related",
        "articles.id.revisions": f"articles/{ids['first']}/revisions",
        "revisions.id": f"revisions/{ids['revision']}",
        "search.articles": "search/articles?query=money",
        "redirects.site.id": f"redirects/site/{site}",
        "redirects.id": f"redirects/{ids['redirect']}",
        "redirects": f"redirects?url=/old&siteId={site}",
        "redirects.find": "redirects/find?url=/old",
        "errors.404": "articles/99",
        "errors.parameter": "collections?sort=colour",
    }
    differing = []
    for name, path in reads.items():
        answer = await shelf.client.get(f"/v1/{path}")
        try:
            golden.check(answer, f"docs_v1/{name}")
        except AssertionError as error:
            differing.append(f"{name}: {error}")
    assert not differing, "\n".join(differing)


@desk_with(clock=lambda: NOW)
async def test_errors_look_as_agreed(desk: Desk) -> None:
    account = await desk.make.account()
    client = await keyed(desk, account.owner)
    anonymous = await desk.client()

    golden.check(await anonymous.get("/v1/sites"), "docs_v1/errors.401")
    golden.check(await client.delete("/v1/sites"), "docs_v1/errors.405")
    golden.check(await client.post("/v1/articles", content="{"), "docs_v1/errors.unparsable")
    golden.check(await client.post("/v1/articles", json={"status": "live"}), "docs_v1/errors.validation")


def test_ids_are_settled() -> None:
    assert any(re.sub(pattern, fixed, "65a4f9f8aa00000000000001") != "65a4f9f8aa00000000000001"
               for pattern, fixed in golden.SETTLED)  # fmt: skip
