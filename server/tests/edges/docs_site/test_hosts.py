"""Which host is whose: sub-domains, own host names, and everything else (spec: 11.1)."""

from __future__ import annotations

import pytest

from tests.edges.docs_site.center import Center, path_of

pytestmark = pytest.mark.anyio


async def test_a_sub_domain_moves_to_the_own_host_name(center: Center) -> None:
    cname = f"help.{center.site['subDomain']}.example"
    await center.change(cname=cname)
    article = await center.article("Refunds", status="published")
    moved = await center.visitor.get(path_of(article) + "?a=1")
    assert (moved.status_code, moved.headers["location"]) == (301, f"http://{cname}{path_of(article)}?a=1")

    own = await center.desk.visitor(cname)
    shown = await own.get(path_of(article))
    assert shown.status_code == 200
    assert f'<link rel="canonical" href="{article["publicUrl"]}">' in shown.text
    assert (await own.get("/v2/users/me")).status_code == 404
    assert (await own.get("/password/forgot")).status_code == 404
    for spelling in (cname.upper(), f"{cname}.", f"{cname}:8443"):
        assert (await (await center.desk.visitor(spelling)).get("/")).status_code == 200, spelling


async def test_every_public_address_of_the_api_answers(center: Center) -> None:
    article = await center.article("Refunds", status="published")
    for thing in (article, center.collection, center.category):
        assert thing["publicUrl"].startswith(center.address)
        await center.page(path_of(thing))


@pytest.mark.parametrize("member", [{"status": "inactive"}, {"hasPublicSite": False}])
async def test_a_site_that_is_not_open_shows_nothing(center: Center, member: dict[str, object]) -> None:
    article = await center.article("Refunds", status="published")
    await center.change(**member)
    for path in ("/", path_of(article), "/article/1", "/_static/x/site.css", "/favicon.ico"):
        text = await center.page(path, 404)
        assert "There is no help center here" in text
        assert "Refunds" not in text


@pytest.mark.parametrize(
    "host", ["a.b.localhost", "-.localhost", "x" * 70 + ".localhost", "%00.localhost", "é.localhost"]
)
async def test_odd_names_below_the_domain_are_nobodys(center: Center, host: str) -> None:
    visitor = await center.desk.client()
    answer = await visitor.get("/", headers={b"Host": host.encode("latin-1")})
    assert answer.status_code == 404
    assert "There is no help center here" in answer.text


async def test_other_methods_are_refused_in_the_words_of_the_site(center: Center) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = await center.visitor.request(method, "/")
        assert answer.status_code == 405
        assert "content-security-policy" in answer.headers


async def test_files_of_the_knowledge_base_are_served_there_too(center: Center) -> None:
    from tests.edges.docs_v1.test_files import png

    answer = await center.client.post(
        "/v1/assets/settings",
        files={"file": ("logo.png", png())},
        data={"assetType": "logo", "siteId": center.site["id"]},
    )
    link = answer.json()["filelink"]
    path = link[link.index("/docs/assets/") :]
    assert (await center.visitor.get(path)).headers["content-type"] == "image/png"


async def test_private_things_are_not_there_for_visitors(center: Center) -> None:
    hidden = await center.post(
        "/v1/collections", {"siteId": center.site["id"], "name": "Staff", "visibility": "private"}, "collection"
    )
    secret = await center.article("Secret", status="published", collectionId=hidden["id"])
    shelf = await center.post(
        "/v1/categories",
        {"collectionId": center.collection["id"], "name": "Inside", "visibility": "private"},
        "category",
    )
    inside = await center.article("Inside job", status="published", categories=[shelf["id"]])
    both = await center.article("In both", status="published", categories=[shelf["id"], center.category["id"]])

    for thing in (hidden, secret, shelf, inside):
        await center.page(path_of(thing), 404)
    for path in ("/", path_of(center.collection), path_of(center.category), path_of(both)):
        text = await center.page(path)
        assert "Secret" not in text
        assert "Inside" not in text
        assert "Staff" not in text
    assert "In both" in await center.page(path_of(center.category))
