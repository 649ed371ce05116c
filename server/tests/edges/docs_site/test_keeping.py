"""Pages are kept rendered, and yet a change shows at once: in this process and in others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.desk import Desk
from tests.edges.docs_site.center import BROWSER, Center, open_center, path_of
from tests.kit.waiting import until
from waypost.kit.listening import Listening
from waypost.serve import application
from waypost.server import HttpServer

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def hearing(desk: Desk) -> AsyncIterator[Listening]:
    """The desk hears of changes, as a served one does; without that it keeps nothing."""
    listening = desk.parts.help_centers.kept.listening
    task = asyncio.create_task(listening.run(desk.dsn))
    try:
        async with asyncio.timeout(30):
            await listening.heard.wait()
        yield listening
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def fetch(center: Center, path: str, **headers: str) -> httpx.Response:
    return await center.visitor.get(path, headers=headers)


def kept(desk: Desk) -> int:
    return len(desk.parts.help_centers.kept)


async def test_a_page_is_kept_and_a_published_edit_shows_at_once(desk: Desk) -> None:
    center = await open_center(desk)
    article = await center.article("Refunds", "<p>before</p>", status="published")
    path = path_of(article)
    async with hearing(desk):
        assert "before" in await center.page(path)
        assert kept(desk) == 1
        assert "before" in await center.page(path)
        for text in ("first", "second", "third"):
            answer = await center.client.put(f"/v1/articles/{article['id']}", json={"text": f"<p>{text}</p>"})
            assert answer.status_code == 200
            assert text in await center.page(path)
        await center.client.put(f"/v1/articles/{article['id']}", json={"status": "notpublished"})
        await center.page(path, 404)


async def test_every_kind_of_change_shows_at_once(desk: Desk) -> None:
    center = await open_center(desk)
    article = await center.article("Refunds", status="published", categories=[center.category["id"]])
    async with hearing(desk):
        for _ in range(2):
            assert "<title>Help</title>" in await center.page("/")
        await center.change(title="Other title")
        assert "<title>Other title</title>" in await center.page("/")
        await center.client.put(f"/v1/collections/{center.collection['id']}", json={"name": "Other guide"})
        assert "Other guide" in await center.page("/")
        await center.page(path_of(center.category))
        await center.client.put(f"/v1/categories/{center.category['id']}", json={"name": "Other basics"})
        assert "Other basics" in await center.page(path_of(center.category))
        body = {"siteId": center.site["id"], "urlMapping": path_of(article), "redirect": "https://elsewhere.example/x"}
        await center.page(path_of(article))
        redirect = await center.post("/v1/redirects", body, "redirect")
        moved = await fetch(center, path_of(article))
        assert (moved.status_code, moved.headers["location"]) == (301, "https://elsewhere.example/x")
        await center.client.delete(f"/v1/redirects/{redirect['id']}")
        await center.page(path_of(article))
        await center.change(hasPublicSite=False)
        await center.page("/", 404)
        await center.page(path_of(article), 404)
        await center.change(hasPublicSite=True, status="inactive")
        await center.page("/", 404)


async def test_an_edit_by_another_process_shows(desk: Desk) -> None:
    center = await open_center(desk)
    article = await center.article("Refunds", "<p>before</p>", status="published")
    path = path_of(article)
    async with hearing(desk):
        assert "before" in await center.page(path)
        # As the transaction of another process leaves it: only the database tells.
        async with desk.connection() as connection, connection.transaction():
            await connection.execute("update docs_article set text = '<p>after</p>' where id = $1", article["id"])
            await connection.execute("select pg_notify('waypost_docs', $1)", str(center.account.id))
        await until(lambda: not kept(desk))
        assert "after" in await center.page(path)


async def test_nothing_is_kept_while_changes_are_not_heard(desk: Desk) -> None:
    center = await open_center(desk)
    path = path_of(await center.article("Refunds", status="published"))
    await center.page(path)
    assert kept(desk) == 0
    async with hearing(desk) as listening:
        await center.page(path)
        assert kept(desk) == 1
        async with desk.connection() as connection:
            await connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'waypost waypost_docs'"
                " and datname = current_database()"
            )
        await until(lambda: not kept(desk))
        await until(lambda: listening.is_heard)
        await center.page(path)
        assert kept(desk) == 1


async def test_a_page_that_was_made_during_a_change_is_not_kept(desk: Desk) -> None:
    center = await open_center(desk)
    path = path_of(await center.article("Refunds", status="published"))
    pages = desk.parts.help_centers.kept
    async with hearing(desk):
        await center.page(path)
        page = pages.find((center.site["id"], path))
        assert page is not None
        before = pages.generation
        pages.forget(center.account.id)
        pages.keep((center.site["id"], path), page, before)
        assert kept(desk) == 0


async def test_who_has_the_page_is_told_that_it_is_the_same(desk: Desk) -> None:
    center = await open_center(desk)
    article = await center.article("Refunds", "<p>text</p>" * 200, status="published")
    path = path_of(article)
    async with hearing(desk):
        for _ in ("made", "kept"):
            first = await fetch(center, path, **{"Accept-Encoding": "identity"})
            assert first.headers["cache-control"] == "public, no-cache"
            assert first.headers["vary"] == "Accept-Encoding, Cookie"
            packed = await fetch(center, path, **{"Accept-Encoding": "gzip"})
            assert packed.headers["content-encoding"] == "gzip"
            assert packed.text == first.text
            assert packed.headers["etag"] != first.headers["etag"]
            for tag in (first.headers["etag"], packed.headers["etag"], f'W/{first.headers["etag"]}, "x"', "*"):
                same = await fetch(center, path, **{"If-None-Match": tag})
                assert (same.status_code, same.content) == (304, b"")
                assert "content-security-policy" in same.headers
            assert (await fetch(center, path, **{"If-None-Match": '"other"'})).status_code == 200
            head = await center.visitor.head(path)
            assert (head.status_code, head.content) == (200, b"")
            assert int(head.headers["content-length"]) > 0
        await center.client.put(f"/v1/articles/{article['id']}", json={"text": "<p>new</p>"})
        assert (await fetch(center, path, **{"If-None-Match": first.headers["etag"]})).status_code == 200


async def test_what_is_kept_is_bounded(desk: Desk) -> None:
    center = await open_center(desk)
    async with hearing(desk):
        pages = desk.parts.help_centers.kept
        await center.page("/")
        page = pages.find((center.site["id"], "/"))
        assert page is not None
        for number in range(5):
            page.body = b"x" * 8_000_000
            pages.keep((center.site["id"], f"/{number}"), page, pages.generation)
        assert 1 <= kept(desk) < 6
        page.body = b"x" * 20_000_000
        pages.keep((center.site["id"], "/large"), page, pages.generation)
        assert pages.find((center.site["id"], "/large")) is None


async def test_two_processes_serve_one_help_center(desk: Desk) -> None:
    center = await open_center(desk)
    article = await center.article("Refunds", "<p>before</p>", status="published")
    async with hearing(desk), HttpServer("127.0.0.1", 0) as server:
        await server.start(application(desk.parts))
        headers = {"Host": center.host, "User-Agent": BROWSER}
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", headers=headers) as other:
            assert "before" in (await other.get(path_of(article))).text
            assert "before" in await center.page(path_of(article))
