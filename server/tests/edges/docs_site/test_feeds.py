"""What programs read of a help center: robots.txt, sitemaps, Atom and RSS (spec: 11.2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from tests.edges.docs_site.center import Center, path_of
from tests.edges.docs_site.coming_in import PASSWORD, by_callback, enter, private_article, restrict, unlock
from waypost.domains.docs.feeds import NewArticle
from waypost.edges.docs_site import feed_documents
from waypost.edges.docs_site.feed_documents import ATOM, CONTENT, SITEMAP, Address, Feed

pytestmark = pytest.mark.anyio

FEEDS = ("/atom.xml", "/rss.xml")
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def tags(root: ET.Element, name: str, namespace: str = SITEMAP) -> Iterator[ET.Element]:
    return root.iter(f"{{{namespace}}}{name}")


def text_of(parent: ET.Element, name: str, namespace: str = "") -> str:
    found = parent.find(f"{{{namespace}}}{name}" if namespace else name)
    assert found is not None, name
    return found.text or ""


def locations(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one.text or "" for one in tags(ET.fromstring(answer.content), "loc")]


async def test_the_sitemap_names_what_is_public(center: Center) -> None:
    shown = await center.article("Shown", status="published", categories=[center.category["id"]])
    hidden, secret = await center.article("Draft"), await private_article(center)
    await center.post("/v1/collections", {"siteId": center.site["id"], "name": "Empty"}, "collection")

    answer = await center.visitor.get("/sitemap.xml")

    assert answer.headers["content-type"] == "application/xml"
    base = center.address
    assert locations(answer) == [f"{base}/"] + [
        base + path_of(one) for one in (center.collection, center.category, shown)
    ]
    assert path_of(hidden) not in answer.text
    assert path_of(secret) not in answer.text
    for entry in tags(ET.fromstring(answer.content), "url"):
        moment = datetime.fromisoformat(text_of(entry, "lastmod", SITEMAP))
        assert moment.tzinfo is not None
        assert abs(moment - datetime.now(UTC)) < timedelta(minutes=5)


async def test_a_signed_in_reader_gets_the_same_public_sitemap(center: Center) -> None:
    await private_article(center)
    before = await center.visitor.get("/sitemap.xml")
    await restrict(center, password=PASSWORD)
    await unlock(center)

    for path in ("/sitemap.xml", *FEEDS):
        assert "quokka" not in (await center.visitor.get(path)).text
    assert (await center.visitor.get("/sitemap.xml")).content == before.content


async def test_a_private_category_is_in_nothing(center: Center) -> None:
    body = {"collectionId": center.collection["id"], "name": "Backroom", "visibility": "private"}
    backroom = await center.post("/v1/categories", body, "category")
    only = await center.article("Only there", status="published", categories=[backroom["id"]])
    also = await center.article("Also here", status="published", categories=[backroom["id"], center.category["id"]])

    found = locations(await center.visitor.get("/sitemap.xml"))

    assert center.address + path_of(also) in found
    for one in (only, backroom):
        assert center.address + path_of(one) not in found
    for path in FEEDS:
        feed = (await center.visitor.get(path)).text
        assert "Also here" in feed
        assert "Only there" not in feed
        assert "Backroom" not in feed


async def test_more_addresses_than_a_file_may_hold_are_in_several(center: Center) -> None:
    article = await center.article("First", status="published")
    async with center.desk.connection() as connection, connection.transaction():
        await connection.execute("set local statement_timeout = 0")
        await connection.execute(
            """insert into docs_article (account_id, id, site_id, collection_id, number, slug, status, name, source,
                 text, plain, preview, created_at, updated_at)
               select account_id, lpad(to_hex(n), 24, '0'), site_id, collection_id, 1000 + n, 'x', status, 'A' || n, '',
                 '', '', '', now(), now()
               from docs_article, generate_series(1, 50100) n where account_id = $1 and id = $2""",
            center.account.id, article["id"],
        )  # fmt: skip
        # Else the plans of foreign keys are those for the few rows of before; and no page here depends on the trigger.
        await connection.execute("analyze docs_article")
        await connection.execute("alter table docs_article_category disable trigger docs_entry_of_membership")
        await connection.execute(
            """insert into docs_article_category (account_id, category_id, article_id, position)
               select m.account_id, m.category_id, lpad(to_hex(n), 24, '0'), n
               from docs_article_category m, generate_series(1, 50100) n
               where m.account_id = $1 and m.article_id = $2""",
            center.account.id, article["id"],
        )  # fmt: skip
        await connection.execute("alter table docs_article_category enable trigger docs_entry_of_membership")

    index = await center.visitor.get("/sitemap.xml")

    root = ET.fromstring(index.content)
    assert root.tag == f"{{{SITEMAP}}}sitemapindex"
    parts = locations(index)
    assert parts == [f"{center.address}/sitemap.xml?part={number}" for number in (1, 2)]
    found = [locations(await center.visitor.get(part.removeprefix(center.address))) for part in parts]
    assert len(found[0]) == 50_000
    assert len({address for one in found for address in one}) == sum(len(one) for one in found) == 50_100 + 4
    for bad in ("0", "3", "-1", "x", "1" * 30, ""):
        assert (await center.visitor.get("/sitemap.xml", params={"part": bad})).status_code == 404


async def test_robots_are_told_of_the_sitemap(center: Center) -> None:
    answer = await center.visitor.get("/robots.txt")

    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert f"Sitemap: {center.address}/sitemap.xml" in answer.text.splitlines()
    assert "Disallow: /search" in answer.text.splitlines()
    assert "Disallow: /" not in answer.text.splitlines()


async def test_a_restricted_site_tells_programs_nothing(center: Center) -> None:
    await center.article("Shown", status="published")
    await by_callback(center)

    robots, sitemap = await center.visitor.get("/robots.txt"), await center.visitor.get("/sitemap.xml")

    assert robots.text == "User-agent: *\nDisallow: /\n"
    assert locations(sitemap) == []
    for path in FEEDS:
        assert (await center.visitor.get(path)).status_code == 404
    await enter(center, center.account.user)
    for path in FEEDS:
        assert (await center.visitor.get(path)).status_code == 404
    assert "atom.xml" not in await center.page("/")


@pytest.mark.parametrize("change", [{"status": "inactive"}, {"hasPublicSite": False}])
async def test_robots_keep_out_of_a_site_that_is_closed(center: Center, change: dict[str, Any]) -> None:
    await center.change(**change)

    assert (await center.visitor.get("/robots.txt")).text == "User-agent: *\nDisallow: /\n"
    for path in ("/sitemap.xml", *FEEDS):
        assert (await center.visitor.get(path)).status_code == 404


async def test_atom_has_new_and_changed_articles(center: Center) -> None:
    other = await center.article("Other", status="published")
    text = f'<p>See <a href="/article/{other["number"]}">this</a> &amp; <a href="https://example.org/x">that</a>.</p>'
    article = await center.article("A & B <i>", text, status="published", categories=[center.category["id"]])

    answer = await center.visitor.get("/atom.xml")

    assert answer.headers["content-type"] == "application/atom+xml"
    feed = ET.fromstring(answer.content)
    check_atom(feed)
    assert text_of(feed, "id", ATOM) == f"{center.address}/"
    first = next(tags(feed, "entry", ATOM))
    assert text_of(first, "title", ATOM) == "A & B <i>"
    link = first.find(f"{{{ATOM}}}link")
    assert link is not None
    assert link.get("href") == center.address + path_of(article)
    content = text_of(first, "content", ATOM)
    assert f'href="{center.address}{path_of(other)}"' in content
    assert 'href="https://example.org/x"' in content
    category = first.find(f"{{{ATOM}}}category")
    assert category is not None
    assert category.get("term") == "Basics"


async def test_rss_has_the_same(center: Center) -> None:
    article = await center.article("A & B", "<p>Text</p>", status="published")

    answer = await center.visitor.get("/rss.xml")

    assert answer.headers["content-type"] == "application/rss+xml"
    root = ET.fromstring(answer.content)
    check_rss(root)
    item = next(root.iter("item"))
    assert text_of(item, "title") == "A & B"
    assert text_of(item, "link") == center.address + path_of(article)
    assert text_of(item, "encoded", CONTENT) == "<p>Text</p>"


async def test_a_changed_article_comes_first_again_under_the_same_id(center: Center) -> None:
    first, _ = await center.article("First", status="published"), await center.article("Second", status="published")
    async with center.desk.connection() as connection:
        await connection.execute(
            "update docs_article set last_published_at = last_published_at - interval '1 day' where account_id = $1",
            center.account.id,
        )
    before = ids_of(await center.visitor.get("/atom.xml"))

    await center.client.put(f"/v1/articles/{first['id']}", json={"text": "<p>Another</p>", "slug": "anew"})

    after = ids_of(await center.visitor.get("/atom.xml"))
    assert after == before[::-1]


@pytest.mark.parametrize("path", ["/sitemap.xml", *FEEDS])
async def test_programs_that_have_it_already_are_told_so(center: Center, path: str) -> None:
    article = await center.article("Shown", status="published")
    first = await center.visitor.get(path)
    tag, changed = first.headers["etag"], first.headers["last-modified"]

    for known in (tag, f'W/{tag}, "x"', "*"):
        again = await center.visitor.get(path, headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert (await center.visitor.get(path, headers={"If-Modified-Since": changed})).status_code == 304
    long_ago = {"If-Modified-Since": "Sat, 01 Jan 2022 00:00:00 GMT"}
    assert (await center.visitor.get(path, headers=long_ago)).status_code == 200
    # The tag decides where both are sent.
    both = {"If-None-Match": '"other"', "If-Modified-Since": changed}
    assert (await center.visitor.get(path, headers=both)).status_code == 200
    for broken in ("soon", "Sat, 99 Jan 2022 00:00:00 GMT", "\xff"):
        assert (
            await center.visitor.get(path, headers={"If-Modified-Since": broken.encode("latin-1")})
        ).status_code == 200

    await center.client.put(f"/v1/articles/{article['id']}", json={"name": "Other name", "slug": "other-name"})
    changed_now = await center.visitor.get(path, headers={"If-None-Match": tag})
    assert changed_now.status_code == 200
    assert changed_now.headers["etag"] != tag


async def test_pages_name_their_feeds(center: Center) -> None:
    page = await center.page("/")

    for media_type, path in (("application/atom+xml", "/atom.xml"), ("application/rss+xml", "/rss.xml")):
        assert f'<link rel="alternate" type="{media_type}"' in page
        assert f'href="{path}"' in page


async def test_a_site_without_articles_has_feeds_without_entries(center: Center) -> None:
    assert ids_of(await center.visitor.get("/atom.xml")) == []
    check_rss(ET.fromstring((await center.visitor.get("/rss.xml")).content))
    assert locations(await center.visitor.get("/sitemap.xml")) == [f"{center.address}/"]


def test_what_xml_cannot_hold_is_left_out() -> None:
    odd = "a\x00b\x0bc\x1fd\ufffee\U0001f600 ]]> &lt; <b>"
    article = NewArticle(
        number=1, slug="x", name=odd, preview=odd, text=odd, categories=[odd], published_at=NOW, changed_at=NOW
    )
    feed = Feed(base="https://a.example", title=odd, author=odd, language="en", articles=[article])

    for made in (feed_documents.atom(feed), feed_documents.rss(feed)):
        root = ET.fromstring(made)
        assert "abcde\U0001f600 ]]> &lt; <b>" in [one.text for one in root.iter()]


def test_a_sitemap_index_names_the_newest_change_of_each_part() -> None:
    listed = [Address(f"https://a.example/{n}", NOW + timedelta(days=n)) for n in range(5)]

    root = ET.fromstring(feed_documents.sitemap_index("https://a.example", listed, most=2))

    found = [(text_of(one, "loc", SITEMAP), text_of(one, "lastmod", SITEMAP)) for one in tags(root, "sitemap")]
    assert found == [
        ("https://a.example/sitemap.xml?part=1", "2026-11-29T12:00:00Z"),
        ("https://a.example/sitemap.xml?part=2", "2026-12-01T12:00:00Z"),
        ("https://a.example/sitemap.xml?part=3", "2026-12-02T12:00:00Z"),
    ]


def ids_of(answer: httpx.Response) -> list[str]:
    feed = ET.fromstring(answer.content)
    check_atom(feed)
    return [text_of(entry, "id", ATOM) for entry in tags(feed, "entry", ATOM)]


def check_atom(feed: ET.Element) -> None:
    """RFC 4287: what each feed and entry must have, once."""
    assert feed.tag == f"{{{ATOM}}}feed"
    relations = {link.get("rel"): link.get("href", "") for link in feed.findall(f"{{{ATOM}}}link")}
    assert set(relations) == {"self", "alternate"}
    assert all(address.startswith("http") for address in relations.values())
    entries = feed.findall(f"{{{ATOM}}}entry")
    for one in (feed, *entries):
        for name in ("id", "title", "updated"):
            assert len(one.findall(f"{{{ATOM}}}{name}")) == 1, name
        assert datetime.fromisoformat(text_of(one, "updated", ATOM)).tzinfo is not None
        assert text_of(one, "id", ATOM).startswith("http")
    author = feed.find(f"{{{ATOM}}}author")
    assert author is not None
    assert text_of(author, "name", ATOM)
    for entry in entries:
        published, updated = (datetime.fromisoformat(text_of(entry, name, ATOM)) for name in ("published", "updated"))
        assert published <= updated
        content = entry.find(f"{{{ATOM}}}content")
        assert content is not None
        assert content.get("type") == "html"
    ids = [text_of(entry, "id", ATOM) for entry in entries]
    assert len(set(ids)) == len(ids)


def check_rss(root: ET.Element) -> None:
    """RSS 2.0: what each channel and item must have."""
    assert (root.tag, root.get("version")) == ("rss", "2.0")
    channel = root.find("channel")
    assert channel is not None
    for name in ("title", "link", "description", "lastBuildDate", "language"):
        assert text_of(channel, name), name
    parsedate_to_datetime(text_of(channel, "lastBuildDate"))
    for item in channel.findall("item"):
        assert text_of(item, "link").startswith("http")
        assert parsedate_to_datetime(text_of(item, "pubDate")).tzinfo is not None
        guid = item.find("guid")
        assert guid is not None
        assert (guid.text or "").startswith("http")
