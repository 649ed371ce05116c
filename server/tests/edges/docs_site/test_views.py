"""Views of articles: counted for people, in batches, and not lost when the server stops (spec: 11.2)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.desk import Desk, running_desk
from tests.edges.docs_site.center import Center, open_center, path_of
from tests.edges.docs_site.test_keeping import hearing
from tests.make import Person
from waypost.domains import docs

pytestmark = pytest.mark.anyio


async def views(center: Center, article: dict[str, str]) -> int:
    await center.desk.parts.help_centers.views.write()
    found: int = (await center.get(f"/v1/articles/{article['id']}"))["article"]["viewCount"]
    return found


async def test_each_visit_counts_also_of_a_kept_page(desk: Desk) -> None:
    center = await open_center(desk)
    article = await center.article("Refunds", status="published")
    await center.page(path_of(article))
    async with hearing(desk):
        first = await center.visitor.get(path_of(article))
        await center.page(path_of(article))
        again = await center.visitor.get(path_of(article), headers={"If-None-Match": first.headers["etag"]})
        assert again.status_code == 304
        assert await views(center, article) == 4


@pytest.mark.parametrize(
    "headers",
    [
        {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
        {"User-Agent": "curl/8.5.0"},
        {"User-Agent": ""},
        {"Sec-Purpose": "prefetch;prerender"},
    ],
)
async def test_machines_and_pages_fetched_in_advance_do_not_count(center: Center, headers: dict[str, str]) -> None:
    article = await center.article("Refunds", status="published")
    assert (await center.visitor.get(path_of(article), headers=headers)).status_code == 200
    await center.visitor.head(path_of(article))
    await center.visitor.get(f"/article/{article['number']}")
    assert await views(center, article) == 0


async def test_a_stop_of_the_server_loses_no_view(database_url: str, tmp_path: Path) -> None:
    async with running_desk(database_url, tmp_path / "desk") as desk:
        center = await open_center(desk)
        article = await center.article("Refunds", status="published")
        for _ in range(7):
            await center.page(path_of(article))
        account, owner = center.account.id, center.account.owner
    async with running_desk(database_url, tmp_path / "desk") as desk:
        assert await stored(desk, owner, article["id"]) == 7
        async with desk.connection() as connection:
            days = await connection.fetchval("select sum(views) from docs_views_day where account_id = $1", account)
        assert days == 7


async def stored(desk: Desk, owner: Person, article_id: str) -> int:
    async with desk.transactions.read() as tx:
        return (await docs.get_article(tx, owner.actor, article_id)).article.view_count
