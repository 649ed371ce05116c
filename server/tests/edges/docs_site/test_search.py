"""The search page, and suggestions while somebody types (spec: 11.2)."""

from __future__ import annotations

import asyncio
import html
import re
from typing import Any

import pytest

from tests.edges.docs_site.asking import with_form
from tests.edges.docs_site.center import Center, links_of, path_of

pytestmark = pytest.mark.anyio


async def shelf(center: Center) -> dict[str, Any]:
    """A few articles; one of them is returned."""
    article = await center.article(
        "Refunds & returns",
        "<p>We pay refunds within 14 days of a return.</p>",
        status="published",
        categories=[center.category["id"]],
    )
    await center.article("Shipping", "<p>Parcels leave on Monday.</p>", status="published")
    return article


async def searches(center: Center) -> list[tuple[str, int, int]]:
    async with center.desk.connection() as connection:
        rows = await connection.fetch(
            "select query, searches, failed from docs_searches_day where account_id = $1 order by query",
            center.account.id,
        )
    return [(row["query"], row["searches"], row["failed"]) for row in rows]


async def test_what_is_found_is_shown_with_its_place_and_what_was_sought_marked(center: Center) -> None:
    article = await shelf(center)
    page = await center.page("/search?query=refund")

    assert path_of(article) in links_of(page)
    assert '<span class="name"><mark>Refunds</mark> &amp; returns</span>' in page
    assert "<mark>refunds</mark> within 14 days" in page
    assert "Guide \u203a Basics" in page
    assert "1 result<" in page
    assert "Shipping" not in re.sub(r"<nav.*?</nav>", "", page, flags=re.DOTALL)
    assert '<meta name="robots" content="noindex">' in page
    assert re.search(r'<input id="search-query"[^>]* value="refund"', page)
    assert page.count("<h1") == 1


async def test_headers_keep_the_page_out_of_indexes_and_caches(center: Center) -> None:
    answer = await center.visitor.get("/search?query=refund")
    assert answer.headers["x-robots-tag"] == "noindex"
    assert answer.headers["cache-control"] == "private, no-store"


async def test_a_slip_is_forgiven_and_said(center: Center) -> None:
    article = await shelf(center)
    page = await center.page("/search?query=refnuds")
    assert path_of(article) in links_of(page)
    assert "Nothing was found for “refnuds”. Showing results for “refunds”." in page
    assert "<mark>Refunds</mark>" in page


async def test_nothing_found_shows_ways_to_go_on(center: Center) -> None:
    article = await shelf(center)
    page = await center.page("/search?query=zebra")
    assert "No articles match “zebra”" in page
    assert "Try fewer or other words" in page
    assert path_of(article) in links_of(page)
    assert "/contact" not in links_of(page)
    await with_form(center)
    assert "/contact" in links_of(await center.page("/search?query=zebra"))


async def test_without_a_query_there_is_a_field_and_what_is_read_most(center: Center) -> None:
    article = await shelf(center)
    for path in ("/search", "/search?query=", "/search?query=%20%00"):
        page = await center.page(path)
        assert 'id="search-query"' in page
        assert path_of(article) in links_of(page)
    assert await searches(center) == []


async def test_results_come_in_pages_of_twenty(center: Center) -> None:
    for number in range(23):
        await center.article(f"Refund {number}", "<p>Money back.</p>", status="published")
    first = await center.page("/search?query=refund")
    assert first.count('class="result"') == 20
    assert "Page 1 / 2" in first
    links = [html.unescape(link) for link in links_of(first)]
    assert "/search?query=refund&page=2" in links
    second = await center.page("/search?query=refund&page=2")
    assert second.count('class="result"') == 3
    assert 'start="21"' in second
    assert await searches(center) == [("refund", 1, 0)]
    beyond = await center.page("/search?query=refund&page=9")
    assert beyond.count('class="result"') == 0
    for number in ("0", "-1", "x", "9" * 30, "1.5", "%00", "²"):
        assert (await center.page(f"/search?query=refund&page={number}")).count('class="result"') == 20


async def test_a_collection_can_be_chosen(center: Center) -> None:
    article = await shelf(center)
    other = await center.post("/v1/collections", {"siteId": center.site["id"], "name": "Other"}, "collection")
    elsewhere = await center.article("More refunds", status="published", collectionId=other["id"])

    page = await center.page(f"/search?query=refunds&collectionId={other['id']}")
    assert path_of(elsewhere) in links_of(page)
    assert path_of(article) not in links_of(page)
    assert 'aria-current="true">Other</a>' in page
    assert f"collectionId={center.collection['id']}" in page
    nothing = await center.page(f"/search?query=returns&collectionId={other['id']}")
    assert "Nothing was found in “Other”." in nothing
    for unknown in ("5f0000000000000000000001", "x", "%27"):
        page = await center.page(f"/search?query=refunds&collectionId={unknown}")
        assert {path_of(article), path_of(elsewhere)} <= set(links_of(page))


async def test_searches_are_counted_once_and_only_those_of_people(center: Center) -> None:
    await shelf(center)
    await center.page("/search?query=Refunds")
    await center.page("/search?query=zebra")
    await center.page("/search?query=refunds&page=2")
    await center.visitor.get("/search/suggest?query=ref")
    await center.visitor.get("/search?query=refunds", headers={"User-Agent": "Googlebot/2.1"})
    await center.visitor.head("/search?query=refunds")
    assert await searches(center) == [("refunds", 1, 0), ("zebra", 1, 1)]


async def test_more_searches_at_once_than_connections_all_end(center: Center) -> None:
    await shelf(center)
    answers = await asyncio.gather(*(center.visitor.get("/search?query=refunds") for _ in range(30)))
    assert {answer.status_code for answer in answers} == {200}
    assert await searches(center) == [("refunds", 30, 0)]


async def test_private_and_unpublished_things_are_not_found(center: Center) -> None:
    await center.article("Draft wombat", "<p>wombat</p>")
    private = await center.post(
        "/v1/collections", {"siteId": center.site["id"], "name": "Inner quokka", "visibility": "private"}, "collection"
    )
    await center.article("Secret wombat", "<p>wombat</p>", status="published", collectionId=private["id"])
    hidden = await center.post(
        "/v1/categories",
        {"collectionId": center.collection["id"], "name": "Hidden quokka", "visibility": "private"},
        "category",
    )
    await center.article("Inner wombat", "<p>wombat</p>", status="published", categories=[hidden["id"]])
    both = [hidden["id"], center.category["id"]]
    shown = await center.article("Outer wombat", "<p>wombat</p>", status="published", categories=both)

    for path in ("/search?query=wombat", f"/search?query=wombat&collectionId={private['id']}", "/search?query=*"):
        page = await center.page(path)
        assert "Secret" not in page
        assert "Inner" not in page
        assert "Draft" not in page
        assert "quokka" not in page
        assert path_of(shown) in links_of(page)
    found = (await center.visitor.get("/search/suggest?query=wombat")).json()
    assert [one["url"] for one in found["results"]] == [path_of(shown)]
    assert found["total"] == 1


async def test_suggestions_are_small_json_with_marked_titles(center: Center) -> None:
    article = await shelf(center)
    for path in ("/search/suggest?query=refun", "/search/ajax?query=refun"):
        answer = await center.visitor.get(path)
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-robots-tag"] == "noindex"
        assert answer.json() == {
            "results": [
                {
                    "title": [["Refunds", True], [" & returns", False]],
                    "url": path_of(article),
                    "place": "Guide \u203a Basics",
                }
            ],
            "total": 1,
        }
    assert (await center.visitor.get("/search/suggest?query=")).json() == {"results": [], "total": 0}
    assert (await center.visitor.get("/search/suggest")).json() == {"results": [], "total": 0}
    for number in range(9):
        await center.article(f"Refund {number}", status="published")
    many = (await center.visitor.get("/search/suggest?query=refund")).json()
    assert (len(many["results"]), many["total"]) == (6, 10)


async def test_a_subject_finds_articles_that_hold_some_of_it(center: Center) -> None:
    article = await shelf(center)
    subject = {"query": "Where do I get something like refunds, please?"}
    assert (await center.visitor.get("/search/suggest", params=subject)).json()["results"] == []
    found = (await center.visitor.get("/search/suggest", params={**subject, "any": "1"})).json()
    assert [one["url"] for one in found["results"]] == [path_of(article)]
    assert found["total"] == 1


async def test_titles_that_look_like_html_stay_text(center: Center) -> None:
    name = '<img src=x onerror="alert(1)"> wombat &amp; <mark>x</mark>'
    await center.article(name, "<p>&lt;script&gt;wombat&lt;/script&gt;</p>", status="published")
    page = await center.page("/search?query=wombat")
    assert "<img src=x" not in page
    assert "<script>" not in page
    [found] = (await center.visitor.get("/search/suggest?query=wombat")).json()["results"]
    assert "".join(text for text, _ in found["title"]) == name


async def test_the_words_are_those_of_the_sites_language(center: Center) -> None:
    await shelf(center)
    await center.change(language="german")
    page = await center.page("/search?query=zebra")
    assert '<html lang="de"' in page
    assert "Kein Artikel passt zu „zebra“" in page
