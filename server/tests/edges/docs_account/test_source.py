"""Sources that limit, break, lie and attack: what is right is taken in, what is not is told, and nothing hangs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.desk import Desk
from tests.edges.docs_account.fake_source import SHELF, SITE, FakeSource, article_id, page, said
from tests.edges.docs_account.moving import Clock, move, owner_client, source_for
from tests.edges.docs_v1.test_files import png
from tests.make import AccountMade
from tests.receiver import Request, receiving
from waypost.domains import accounts, docs
from waypost.domains.accounts import Actor
from waypost.edges.docs_account.source import ATTEMPTS, SourceError, checked_base
from waypost.edges.docs_account.summary import Summary
from waypost.edges.docs_account.wire import SiteIn
from waypost.kit.paging import PageRequest
from waypost.kit.tx import Tx

pytestmark = pytest.mark.anyio
URLS = [
    json.loads(line) for line in (Path(__file__).parents[2] / "data/hostile/ssrf-urls.jsonl").open(encoding="utf-8")
]


class Place:
    """An account to move into, and what is in it."""

    def __init__(self, desk: Desk, account: AccountMade) -> None:
        self.desk, self.account = desk, account

    async def take(self, source: FakeSource, **more: Any) -> Summary:
        async with receiving(source.answer) as server:
            return await move(self.desk, self.account, f"http://127.0.0.1:{server.port}", **more)

    async def refused(self, source: FakeSource, **more: Any) -> str:
        with pytest.raises(SourceError) as raised:
            await self.take(source, **more)
        return str(raised.value)

    async def text(self, number: int = 0) -> str:
        client = await owner_client(self.desk, self.account)
        found: dict[str, Any] = (await client.get(f"/v1/articles/{article_id(number)}")).json()["article"]
        return str(found["text"])

    async def articles(self) -> int:
        client = await owner_client(self.desk, self.account)
        found: int = (await client.get("/v1/search/articles?query=*")).json()["articles"]["count"]
        return found


@pytest.fixture
async def place(module_desk: Desk) -> Place:
    account = await module_desk.make.account()
    made = Place(module_desk, account)
    # Sub-domains are of all accounts together.
    async with module_desk.transactions.open() as tx:
        for actor, site_id in await every_site(tx):
            await docs.delete_site(tx, module_desk.parts.files, actor, site_id)
    return made


async def every_site(tx: Tx) -> list[tuple[Actor, str]]:
    found = []
    for account_id, _ in await accounts.list_accounts(tx):
        actor = Actor.system(account_id)
        found += [(actor, one.id) for one in (await docs.list_sites(tx, actor, PageRequest(1, 100))).items]
    return found


def once_at(part: str, *answers: bytes) -> Callable[[Request], bytes | None]:
    """These answers, one after the other, to requests whose path holds the part; then the usual ones."""
    left = list(answers)
    return lambda request: left.pop(0) if part in request.path and left else None


@pytest.mark.parametrize(
    ("headers", "waited"),
    [
        ({"Retry-After": "7", "X_RateLimit_Reset": "1800000099"}, 7.0),
        ({"X_RateLimit_Reset": "1800000033"}, 33.0),
        ({"X_RateLimit_Reset": "44"}, 44.0),
        ({"Retry-After": "99999"}, 900.0),
        ({"Retry-After": "soon"}, 10.0),
        ({}, 10.0),
    ],
)
async def test_a_limit_is_waited_for(place: Place, headers: dict[str, str], waited: float) -> None:
    clock = Clock()
    refusal = said({"code": 429, "error": "Rate limit exceeded"}, 429, **headers)
    summary = await place.take(FakeSource("<p>x</p>", first=once_at("/articles/", refusal)), clock=clock)
    assert (clock.waits, summary.failures, await place.articles()) == ([waited], [], 1)


async def test_the_last_request_of_a_window_is_followed_by_waiting(place: Place) -> None:
    clock, source = Clock(), FakeSource("<p>x</p>")
    answer = said({"sites": {"page": 1, "pages": 1, "count": 1, "items": [source.site]}},
                  X_RateLimit_Limit="2000", X_RateLimit_Remaining="0", X_RateLimit_Reset="60")  # fmt: skip
    source.first = once_at("/sites", answer)
    await place.take(source, clock=clock)
    assert clock.waits == [60.0]


async def test_a_limit_without_end_is_given_up(place: Place) -> None:
    told = await place.refused(FakeSource(first=lambda _: said({}, 429)))
    assert "429 again and again" in told


async def test_faults_that_pass_are_tried_again(place: Place) -> None:
    clock = Clock()
    first = once_at("/articles/", said({}, 502), b"", b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{", said({}, 500))
    summary = await place.take(FakeSource("<p>x</p>", first=first), clock=clock)
    # A connection that breaks may be tried again at once.
    assert clock.waits in ([1.0, 2.0, 4.0], [1.0, 2.0, 4.0, 8.0])
    assert summary.failures == []
    assert await place.text() == "<p>x</p>"


async def test_one_article_that_fails_does_not_hold_up_the_others(place: Place) -> None:
    source = FakeSource("<p>zero</p>", "<p>one</p>", "<p>two</p>")
    source.first = lambda request: said({}, 500) if article_id(1) in request.path else None
    summary = await place.take(source)
    assert [one.source for one in summary.failures] == ["article 601 (Article 1)"]
    assert source.asked.count(f"/v1/articles/{article_id(1)}") == ATTEMPTS
    assert [await place.text(0), await place.text(2)] == ["<p>zero</p>", "<p>two</p>"]
    again = await place.take(FakeSource("<p>zero</p>", "<p>one</p>", "<p>two</p>"))
    assert (again.articles.created, again.articles.changed, again.failures) == (0, 1, [])
    assert await place.text(1) == "<p>one</p>"


async def test_a_source_that_is_gone_stops_the_import_and_it_goes_on_later(place: Place) -> None:
    texts = [f"<p>{number}</p>" for number in range(6)]
    source = FakeSource(*texts)
    source.first = lambda request: b"" if article_id(3) in request.path else None
    told = await place.refused(source)
    assert "does not answer" in told
    assert await place.text(2) == "<p>2</p>"
    client = await owner_client(place.desk, place.account)
    waiting = (await client.get(f"/v1/articles/{article_id(4)}")).json()["article"]
    assert waiting["status"] == "notpublished"

    rest = FakeSource(*texts)
    summary = await place.take(rest)

    assert (summary.articles.created, summary.articles.changed, summary.articles.unchanged) == (0, 3, 3)
    assert f"/v1/articles/{article_id(2)}" not in rest.asked
    assert [await place.text(number) for number in range(6)] == texts


@pytest.mark.parametrize("name", ["sites", "collections", "categories", "articles", "redirects"])
async def test_pages_that_begin_again_are_an_error(place: Place, name: str) -> None:
    source = FakeSource("<p>x</p>")
    redirect = {"id": "r", "siteId": SITE, "urlMapping": "/a", "redirect": "https://x.example"}
    things: dict[str, Any] = {
        "sites": source.site,
        "collections": source.collections[0],
        "categories": source.categories[0],
        "articles": source.articles[0],
        "redirects": redirect,
    }
    part = f"/{name}/site/" if name == "redirects" else f"/{name}?"
    source.first = lambda request: page(name, [things[name]], 1, 99) if part in request.path else None
    assert "earlier pages" in await place.refused(source)
    assert await place.articles() == 0


async def test_a_list_without_end_is_an_error(place: Place) -> None:
    count = iter(range(10_000))
    source = FakeSource()

    def more(request: Request) -> bytes | None:
        if f"/collections/{SHELF}/articles" not in request.path:
            return None
        number = next(count)
        thing = {"id": f"{number:024x}", "collectionId": SHELF, "name": str(number)}
        return page("articles", [thing], number, number + 5)

    source.first = more
    assert "more than 2000 pages" in await place.refused(source)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (said(b"{"), "no JSON"),
        (said(b"<html>"), "no JSON"),
        (said(b'{"sites": 1}'), "no list of sites"),
        (said(b"[]"), "no object"),
        (said(b"[" * 100_000), "no JSON"),
        (said(b'{"sites": {"items": {}}}'), "no list of sites"),
        (said(b"{}", 401), "does not know this key"),
        (said(b"", 302, Location="http://127.0.0.1:9/"), "leads elsewhere"),
        (said(b"{}", 403), "HTTP 403"),
        (said(b"{}", 418), "HTTP 418"),
        (said(b'{"sites": {"items": [' + b" " * (32 * 1024 * 1024) + b"]}}"), "larger than 32 MB"),
    ],
    ids=["cut", "html", "number", "array", "deep", "object", "key", "elsewhere", "forbidden", "teapot", "huge"],
)
async def test_answers_that_are_none_are_told(place: Place, answer: bytes, told: str) -> None:
    assert told in await place.refused(FakeSource(first=lambda _: answer))


async def test_things_that_are_not_as_they_should_be_are_left_out(place: Place) -> None:
    source = FakeSource("<p>x</p>")
    source.collections += [{"id": 5}, {"id": "x", "siteId": "gone", "name": "Lost"}, "text", None]  # type: ignore[list-item]
    source.articles += [
        {"id": article_id(7), "collectionId": SHELF, "name": "\0\ud83d\ude00 Odd\u202e" + "x" * 400, "text": None,
         "status": "published", "number": 10**30, "keywords": ["k" * 90, "ok", ""], "related": ["none"],
         "categories": ["none"], "createdAt": "yesterday", "updatedAt": 99999999999999, "viewCount": -5},
        {"id": article_id(8), "collectionId": SHELF, "name": "Article 0", "text": "", "status": "odd", "number": "77"},
        {"id": "../../x?", "collectionId": SHELF, "name": "", "number": 501},
    ]  # fmt: skip
    summary = await place.take(source)
    client = await owner_client(place.desk, place.account)
    client_articles = (await client.get(f"/v1/collections/{SHELF}/articles")).json()["articles"]["items"]
    names = sorted(one["name"] for one in client_articles)
    assert [name for name in names if not name.startswith("\U0001f600")] == [
        "Article 0",
        "Article 0 (2)",
        "Without a name",
    ]
    assert next(one for one in client_articles if one["name"] == "Article 0 (2)")["status"] == "notpublished"
    assert len(summary.failures) == 6
    assert all(0 < one["number"] < 2000 for one in client_articles)


async def test_hostile_texts_are_harmless_here(place: Place) -> None:
    hostile = '<p onclick="x()">Hi<script>alert(1)</script><img src=x onerror=alert(1)><a href="javascript:x">y</a></p>'
    await place.take(FakeSource(hostile, "<div>" * 30_000 + "deep", "<p>" + "x" * 4_900_000))
    text = await place.text(0)
    assert "script" not in text
    assert "onclick" not in text
    assert "onerror" not in text
    assert "deep" in await place.text(1)
    assert len(await place.text(2)) > 4_900_000


async def test_a_text_that_is_too_long_is_a_failure_of_its_own(place: Place) -> None:
    summary = await place.take(FakeSource("<p>" + "x" * 5_100_000, "<p>fine</p>"))
    assert [one.source for one in summary.failures] in ([], ["article 600 (Article 0)"])
    assert await place.text(1) == "<p>fine</p>"


async def test_pictures_of_the_source_are_fetched_and_others_are_not(place: Place) -> None:
    source = FakeSource(
        '<img src="/docs/assets/s/images/1/a.png"><img src="/docs/assets/s/images/2/moved.png">'
        '<img src="/docs/assets/s/images/3/gone.png"><img src="/docs/assets/s/images/4/text.png">'
        '<img src="/docs/assets/s/images/5/loop.png"><img src="https://else.example/docs/assets/x.png">'
        '<a href="/docs/assets/s/attachments/6/run.exe">run</a>'
    )

    def files(request: Request) -> bytes | None:
        if "/docs/assets/" not in request.path:
            return None
        if "/1/" in request.path:
            return said(png())
        if "/2/" in request.path:
            return said(b"", 302, Location="/docs/assets/s/images/1/a.png")
        if "/4/" in request.path:
            return said(b"no picture")
        if "/5/" in request.path:
            return said(b"", 302, Location=request.path)
        if "/6/" in request.path:
            return said(b"MZ...")
        return said(b"", 404)

    source.first = files
    summary = await place.take(source)
    text = await place.text()
    assert (summary.files, summary.missing, summary.failures) == (2, 4, [])
    assert text.count('src="/docs/assets/') == 2
    assert 'src="https://else.example/docs/assets/x.png"' in text
    assert "/images/3/gone.png" in text
    reasons = " ".join(one.reason for one in summary.notes)
    for told in ("HTTP 404", "file is not an image", "from address to address", "can be run"):
        assert told in reasons
    asked = len([one for one in source.asked if "/images/1/" in one])
    again = FakeSource(source.articles[0]["text"], first=files)
    summary = await place.take(again)
    # What was missing is tried again, what is here is not fetched again.
    assert (summary.files, summary.missing, asked) == (0, 4, 2)
    assert not [one for one in again.asked if "/images/1/" in one or "/images/2/" in one]


async def test_no_address_of_a_text_leads_inside(place: Place) -> None:
    """Attack 12: a source that calls the hosts of the list its own, in texts, redirects and pictures of a site."""
    hosts = {host_of(url) for url in URLS} - {""}
    text = "".join(f'<img src="{url}"><a href="{url}">x</a>' for url in URLS)
    async with receiving(200) as inside:
        further = FakeSource(text + '<img src="/docs/assets/s/images/1/go.png">',
                             site={"logoUrl": "http://169.254.169.254/docs/assets/logo.png"})  # fmt: skip
        for number, host in enumerate(sorted(hosts)):
            further.categories.append(
                {"id": f"{number:024x}", "collectionId": SHELF, "number": 700 + number, "name": f"C{number}",
                 "publicUrl": f"http://{host}/category/1"}
            )  # fmt: skip
        go = said(b"", 302, Location=f"http://127.0.0.1:{inside.port}/docs/assets/x.png")
        further.first = lambda request: go if "/docs/assets/" in request.path else None
        summary = await place.take(further)
        assert inside.requests == []
    assert summary.files == 0
    assert summary.missing >= 40
    reasons = {
        one.reason.rpartition(" stays a link: ")[2].partition(":")[0] for one in summary.notes if "stays" in one.reason
    }
    assert reasons <= {"blocked-address", "dns", "connect", "timeout", "HTTP 404", "tls"}


def host_of(url: str) -> str:
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


async def test_a_site_that_does_not_say_who_may_see_it_is_closed(place: Place) -> None:
    source = FakeSource("<p>x</p>")
    source.first = lambda request: said({}, 403) if "/restrict" in request.path else None
    summary = await place.take(source)
    client = await owner_client(place.desk, place.account)
    site = (await client.get("/v1/sites")).json()["sites"]["items"][0]
    assert site["hasPublicSite"] is False
    assert any("no public pages" in one.reason for one in summary.notes)


async def test_a_look_that_is_not_valid_here_is_left_out(place: Place) -> None:
    site = {"pageBgColor": "red", "homeUrl": "javascript:x", "title": "Fine", "linkColor": "#123456", "mailboxId": 1,
            "cname": "docs.acme.example", "hasContactForm": True, "language": None}  # fmt: skip
    summary = await place.take(FakeSource("<p>x</p>", site=site), language="german")
    client = await owner_client(place.desk, place.account)
    made = (await client.get("/v1/sites")).json()["sites"]["items"][0]
    shown = {
        name: made[name] for name in ("pageBgColor", "homeUrl", "linkColor", "cname", "hasContactForm", "language")
    }
    assert shown == {"pageBgColor": None, "homeUrl": None, "linkColor": "#123456", "cname": None,
                     "hasContactForm": False, "language": "german"}  # fmt: skip
    told = " ".join(one.reason for one in summary.notes)
    for part in ("pageBgColor is left out", "homeUrl is left out", "docs.acme.example", "contact form is off"):
        assert part in told


async def test_a_shelf_of_no_known_visibility_is_private(place: Place) -> None:
    source = FakeSource("<p>x</p>")
    source.collections[0]["visibility"] = "partners"
    await place.take(source)
    client = await owner_client(place.desk, place.account)
    assert (await client.get(f"/v1/collections/{SHELF}")).json()["collection"]["visibility"] == "private"


async def test_revisions_are_read_by_either_path_and_bad_ones_left_out(place: Place) -> None:
    source = FakeSource("<p>new</p>")
    listed = [
        {"id": "r2", "articleId": article_id(0), "createdAt": "2024-02-01T00:00:00Z", "createdBy": {"id": 1}},
        {"id": "r1", "articleId": article_id(0), "createdAt": "2024-01-01T00:00:00Z", "createdBy": 7},
    ]

    def answer(request: Request) -> bytes | None:
        if request.path.endswith(f"/{article_id(0)}/revisions?page=1"):
            return page("revisions", listed)
        if request.path.endswith("/revisions/r1") and "/articles/" in request.path:
            return said({"revision": {**listed[1], "text": "<p>old</p>"}})
        return None

    source.first = answer
    summary = await place.take(source)
    client = await owner_client(place.desk, place.account)
    found = (await client.get(f"/v1/articles/{article_id(0)}/revisions")).json()["revisions"]["items"]
    assert [one["createdAt"] for one in found] == ["2024-01-01T00:00:00Z"]
    text = (await client.get(f"/v1/revisions/{found[0]['id']}")).json()["revision"]["text"]
    assert (text, summary.revisions) == ("<p>old</p>", 1)


@pytest.mark.parametrize(
    "base", ["", "docsapi.example", "ftp://x.example", "https://", "https://a@b.example", "https://x/v1?a"]
)
def test_addresses_that_are_none_are_refused(base: str) -> None:
    with pytest.raises(SourceError):
        checked_base(base)


def test_the_path_of_the_api_may_be_left_out() -> None:
    assert checked_base("https://desk.example/") == "https://desk.example/v1"
    assert checked_base("https://desk.example/v1/") == "https://desk.example/v1"


async def test_the_named_source_is_the_only_private_address_that_is_asked(module_desk: Desk) -> None:
    async with receiving(200) as named, receiving(200) as other:
        source = source_for(module_desk, f"http://127.0.0.1:{named.port}")
        try:
            with pytest.raises(SourceError):
                await source.one("/x", "x", SiteIn)
            with pytest.raises(Exception, match="blocked-address"):
                await source.outgoing.request("GET", f"http://127.0.0.1:{other.port}/", headers={})
        finally:
            await source.close()
        assert (len(named.requests), other.requests) == (1, [])
        assert httpx.URL(named.url).port == named.port
