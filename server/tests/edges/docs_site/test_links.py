"""Links between articles: shown with today's addresses, and reported where they are broken (spec: 11.2)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.desk import Desk
from tests.edges.docs_site.center import Center, links_of, open_center, path_of
from tests.edges.docs_site.coming_in import enter, private_article
from tests.edges.docs_v1.shelf import UNKNOWN, assert_refused, keyed
from tests.edges.docs_v1.test_files import png

pytestmark = pytest.mark.anyio


async def renamed(center: Center, article: dict[str, Any], slug: str) -> dict[str, Any]:
    answer = await center.client.put(f"/v1/articles/{article['id']}?reload=1", json={"slug": slug})
    changed: dict[str, Any] = answer.json()["article"]
    return changed


async def linking(center: Center, *hrefs: str, **members: Any) -> dict[str, Any]:
    """A published article with these links."""
    text = "".join(f'<p><a href="{href}">x</a></p>' for href in hrefs)
    return await center.article(f"Links {hrefs}"[:200], text, **{"status": "published", **members})


async def broken(center: Center) -> list[tuple[str, str]]:
    found = (await center.get(f"/v1/sites/{center.site['id']}/broken-links"))["brokenLinks"]
    assert found["count"] == len(found["items"])
    return [(item["address"], item["reason"]) for item in found["items"]]


async def test_links_follow_a_renamed_article(center: Center) -> None:
    target = await center.article("Refunds", status="published")
    number, old = target["number"], path_of(target)
    hrefs = [old, f"/article/{number}", f"{center.address}{old}?a=b#top", f"{number}-anything", f"{old}/#x"]
    page = await linking(center, *hrefs, "https://example.org/article/1", "mailto:a@b.example", "#here")

    new = path_of(await renamed(center, target, "money-back"))

    assert new != old
    shown = links_of((await center.page(path_of(page))).partition('id="fullArticle"')[2])
    kept = ["https://example.org/article/1", "mailto:a@b.example", "#here"]
    assert [href for href in [new, new, f"{new}?a=b#top", new, f"{new}#x", *kept] if href not in shown] == []
    assert [href for href in hrefs if href in shown] == []


async def test_links_lead_to_another_of_the_companys_sites(center: Center) -> None:
    other = await center.post("/v1/sites", {"subDomain": f"{center.site['subDomain']}-b", "title": "B"}, "site")
    shelf = await center.post("/v1/collections", {"siteId": other["id"], "name": "Other"}, "collection")
    target = await center.article("There", status="published", collectionId=shelf["id"])
    page = await linking(center, f"/article/{target['number']}")

    assert target["publicUrl"] in links_of(await center.page(path_of(page)))
    assert await broken(center) == []


async def test_a_page_tells_no_name_of_what_its_reader_does_not_see(center: Center) -> None:
    secret, draft = await private_article(center), await center.article("Draft of marmot")
    hrefs = [f"/article/{secret['number']}", f"/article/{draft['number']}-then"]
    page = await linking(center, *hrefs)

    text = await center.page(path_of(page))
    assert "quokka" not in text
    assert "marmot" not in text
    assert [href for href in hrefs if href not in links_of(text)] == []

    await enter(center, center.account.user)
    text = (await center.visitor.get(path_of(page))).text
    assert path_of(secret) in links_of(text)
    assert "marmot" not in text


async def test_a_page_is_shown_anew_when_what_it_links_to_has_another_name(center: Center) -> None:
    target = await center.article("Refunds", status="published")
    page = await linking(center, path_of(target))
    assert path_of(target) in links_of(await center.page(path_of(page)))

    new = await renamed(center, target, "money-back")

    assert path_of(new) in links_of(await center.page(path_of(page)))


async def test_a_sound_site_has_no_broken_links(center: Center) -> None:
    sent = {"data": {"assetType": "image"}, "files": {"file": ("a b.png", png())}}
    target = await center.article("Target", '<h2>How To</h2><p id="own">x</p>', status="published")
    sent["data"]["articleId"] = target["id"]
    file = (await center.client.post("/v1/assets/article", **sent)).json()["filelink"]
    path = "/docs/assets/" + file.partition("/docs/assets/")[2]
    body = {"siteId": center.site["id"], "urlMapping": "/old", "redirect": target["publicUrl"]}
    await center.post("/v1/redirects", body, "redirect")
    hrefs = [
        "/", "/contact", "/search?query=x", "/old", "/old/", path_of(target), f"{path_of(target)}#how-to",
        f"{path_of(target)}#own", f"{path_of(target)}#", path_of(center.collection), path_of(center.category), "#top",
        center.address, "https://example.org/gone", "mailto:a@b.example", "tel:+49123", path, file,
    ]  # fmt: skip
    await linking(center, *hrefs)
    await center.article("Picture", f'<p><img src="{path}"></p>', status="published")

    assert await broken(center) == []


async def test_broken_links_are_named_with_the_reason(center: Center) -> None:
    secret, draft = await private_article(center), await center.article("Draft")
    target = await center.article("Target", "<h2>How To</h2>", status="published")
    site_id, other = center.site["id"], UNKNOWN
    wanted = [
        ("/article/999999-gone", "notFound"),
        ("/category/999999", "notFound"),
        ("/nowhere", "notFound"),
        (f"/collection/{target['number']}", "notFound"),
        (path_of(draft), "notPublished"),
        (path_of(secret), "private"),
        (path_of(target) + "#no-such-place", "unknownAnchor"),
        ("#no-such-place", "unknownAnchor"),
        (f"/docs/assets/{site_id}/images/{other}/a.png", "fileMissing"),
        (f"{center.desk.base_url}/docs/assets/{site_id}/attachments/{other}/a.pdf", "fileMissing"),
    ]
    article = await linking(center, *[href for href, _ in wanted])

    answer = await center.get(f"/v1/sites/{site_id}/broken-links")

    items = answer["brokenLinks"]["items"]
    assert [(item["address"], item["reason"]) for item in items] == wanted
    assert {(item["articleId"], item["articleNumber"], item["articleName"]) for item in items} == {
        (article["id"], article["number"], article["name"])
    }


async def test_a_private_article_may_link_to_private_ones(center: Center) -> None:
    secret = await private_article(center)
    await linking(center, path_of(secret), collectionId=secret["collectionId"])

    assert await broken(center) == []


async def test_missing_pictures_are_named(center: Center) -> None:
    address = f"/docs/assets/{center.site['id']}/images/{UNKNOWN}/a.png"
    await center.article("Picture", f'<p><img src="{address}"></p>', status="published")

    assert await broken(center) == [(address, "fileMissing")]


async def test_what_is_not_published_is_not_looked_at(center: Center) -> None:
    await linking(center, "/nowhere", status="notpublished")

    assert await broken(center) == []


async def test_the_report_is_cut_into_pages(center: Center) -> None:
    await linking(center, *[f"/nowhere/{number}" for number in range(5)])
    path = f"/v1/sites/{center.site['id']}/broken-links"

    page = (await center.get(f"{path}?pageSize=2&page=3"))["brokenLinks"]

    assert (page["page"], page["pages"], page["count"]) == (3, 3, 5)
    assert [item["address"] for item in page["items"]] == ["/nowhere/4"]


async def test_the_report_is_for_users_of_the_account(center: Center, module_desk: Desk) -> None:
    await linking(center, "/nowhere")
    stranger = await open_center(module_desk, "Strangers")
    path = f"/v1/sites/{center.site['id']}/broken-links"

    assert_refused(await stranger.client.get(path), 404, "Resource not found")
    reader = await keyed(center.desk, center.account.user)
    assert (await reader.get(path)).json()["brokenLinks"]["count"] == 1
