"""The pages that hold articles: home, collection, category, article (spec: 11.2, 11.5, 11.6)."""

from __future__ import annotations

import pytest

from tests.edges.docs_site.center import Center, links_of, path_of

pytestmark = pytest.mark.anyio


async def test_home_leads_to_collection_category_and_article(center: Center) -> None:
    article = await center.article(
        "Refunds", "<p>Within 14 days.</p>", status="published", categories=[center.category["id"]]
    )
    home = await center.page("/")
    assert path_of(center.collection) in links_of(home)
    assert path_of(article) in links_of(home)

    collection = await center.page(path_of(center.collection))
    assert path_of(center.category) in links_of(collection)
    assert path_of(article) in links_of(collection)
    assert path_of(article) in links_of(await center.page(path_of(center.category)))
    shown = await center.page(path_of(article))
    assert "<p>Within 14 days.</p>" in shown
    assert shown.count("<h1") == 1


async def test_an_article_by_number_or_an_old_slug_moves_to_its_path(center: Center) -> None:
    article = await center.article("Refunds", status="published")
    for path in (f"/article/{article['number']}", f"/article/{article['number']}-old", path_of(article) + "/"):
        answer = await center.visitor.get(path)
        assert (answer.status_code, answer.headers["location"]) == (301, path_of(article)), path
    kept = await center.visitor.get(f"/article/{article['number']}?utm_source=x")
    assert kept.headers["location"] == path_of(article) + "?utm_source=x"


async def test_what_is_not_there_is_a_page_with_a_search(center: Center) -> None:
    await center.article("Refunds", status="published")
    for path in ("/article/999999-x", "/article/x", "/nowhere", "/a/b/c", "/category/1", "/v2/users/me", "/signin"):
        text = await center.page(path, 404)
        assert 'action="/search"' in text, path
        assert path_of(center.collection) in links_of(text), path


async def test_drafts_and_what_is_not_published_are_not_there(center: Center) -> None:
    hidden = await center.article("Secret", "<p>wombat</p>")
    await center.page(path_of(hidden), 404)
    shown = await center.article("Shown", "<p>before</p>", status="published")
    draft = await center.client.put(f"/v1/articles/{shown['id']}/drafts", json={"text": "<p>wombat</p>"})
    assert draft.status_code == 200
    for path in ("/", path_of(center.collection), path_of(shown)):
        text = await center.page(path)
        assert "wombat" not in text
        assert "Secret" not in text


async def test_notes_for_the_team_are_on_no_public_page_and_in_no_search(center: Center) -> None:
    article = await center.article(
        "Refunds",
        '<p>Within 14 days.</p><p class="private-note">Ask <b>wombat</b> first.</p>'
        '<section class="callout-blue"><p>Keep the bill.</p></section>',
        status="published",
    )
    shown = await center.page(path_of(article))
    assert '<section class="callout-blue"><p>Keep the bill.</p></section>' in shown
    assert "wombat" not in shown
    found = await center.client.get("/v1/search/articles", params={"query": "wombat"})
    assert found.json()["articles"]["count"] == 0
    # Who writes articles has it all.
    assert "wombat" in (await center.client.get(f"/v1/articles/{article['id']}")).json()["article"]["text"]


async def test_an_unknown_host_below_the_domain_is_an_honest_404(center: Center) -> None:
    visitor = await center.desk.visitor(f"nobody.{center.desk.context.docs_domain}")
    answer = await visitor.get("/")
    assert answer.status_code == 404
    assert "There is no help center here" in answer.text
    for path in ("/v2/users/me", "/v1/sites", "/sign-in", "/healthz"):
        assert (await visitor.get(path)).status_code == 404, path


async def test_other_hosts_are_the_desks(center: Center) -> None:
    for host in ("127.0.0.1", "localhost", "somewhere.example", "[::1]:80"):
        visitor = await center.desk.visitor(host)
        assert (await visitor.get("/healthz")).status_code == 200, host
        assert (await visitor.get("/v2/users/me")).status_code == 401, host
        assert (await visitor.head("/healthz")).status_code == 405, host
