"""Whether an article has helped: without a script, with one, and what is not counted."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.desk import Desk
from tests.edges.docs_site.asking import with_form
from tests.edges.docs_site.center import Center, links_of, open_center, path_of

pytestmark = pytest.mark.anyio
JSON = {"Accept": "application/json"}


async def votes(center: Center, article: dict[str, Any]) -> tuple[int, int]:
    async with center.desk.connection() as connection:
        row = await connection.fetchrow(
            """select coalesce(sum(helpful), 0)::int as helpful, coalesce(sum(unhelpful), 0)::int as unhelpful
               from docs_votes_day where account_id = $1 and article_id = $2""",
            center.account.id,
            article["id"],
        )
    assert row is not None
    return row["helpful"], row["unhelpful"]


async def vote(center: Center, article: dict[str, Any], said: str, **headers: str) -> httpx.Response:
    return await center.visitor.post(f"{path_of(article)}/vote", data={"helpful": said}, headers=headers)


async def another_browser(center: Center) -> Center:
    visitor = await center.desk.visitor(center.host)
    return Center(
        center.desk, center.account, center.client, center.site, center.collection, center.category, visitor
    )  # fmt: skip


@pytest.fixture
async def article(center: Center) -> dict[str, Any]:
    return await center.article("Refunds", status="published")


async def test_the_article_asks(center: Center, article: dict[str, Any]) -> None:
    page = await center.page(path_of(article))
    assert "Was this article helpful?" in page
    assert f'action="{path_of(article)}/vote"' in page


async def test_without_a_script_a_page_thanks_and_lets_one_think_again(center: Center, article: dict[str, Any]) -> None:
    answer = await vote(center, article, "yes")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{path_of(article)}/vote?helpful=yes"
    assert await votes(center, article) == (1, 0)

    page = await center.page(answer.headers["location"])
    assert "Thank you. We are glad that it helped." in page
    assert '<meta name="robots" content="noindex">' in page
    assert path_of(article) in links_of(page)
    await vote(center, article, "no")
    assert await votes(center, article) == (0, 1)


async def test_after_a_no_there_is_a_way_to_write(center: Center, article: dict[str, Any]) -> None:
    thanks = f"{path_of(article)}/vote?helpful=no"
    assert "Write to us" not in await center.page(thanks)
    await with_form(center)
    assert "Write to us" in await center.page(thanks)
    assert "Write to us" not in await center.page(f"{path_of(article)}/vote?helpful=yes")


async def test_with_a_script_the_answer_is_json(center: Center, article: dict[str, Any]) -> None:
    answer = await vote(center, article, "no", **JSON)
    assert (answer.status_code, answer.json()) == (200, {"helpful": False})
    assert answer.headers["cache-control"] == "private, no-store"
    assert await votes(center, article) == (0, 1)


async def test_a_browser_counts_once_and_others_beside_it(center: Center, article: dict[str, Any]) -> None:
    for _ in range(3):
        await vote(center, article, "yes", **JSON)
    assert await votes(center, article) == (1, 0)
    await vote(await another_browser(center), article, "yes", **JSON)
    assert await votes(center, article) == (2, 0)


async def test_the_cookie_says_nothing_and_leaves_kept_pages_alone(center: Center, article: dict[str, Any]) -> None:
    answer = await vote(center, article, "yes", **JSON)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("help_voter=")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "set-cookie" not in (await vote(center, article, "no", **JSON)).headers
    async with center.desk.connection() as connection:
        stored = await connection.fetch("select voter from docs_vote where account_id = $1", center.account.id)
    assert [len(row["voter"]) for row in stored] == [16]
    assert center.visitor.cookies["help_voter"].encode() not in stored[0]["voter"]
    assert (await center.visitor.get(path_of(article))).headers["cache-control"] == "public, no-cache"


@pytest.mark.parametrize("cookie", ["x", "x" * 5000, "../../../../etc/passwd", "' or 1=1 --", "x" * 21 + "\u00e9"])
async def test_made_up_cookies_are_replaced(center: Center, article: dict[str, Any], cookie: str) -> None:
    header = f"help_voter={cookie}".encode("latin-1")
    answer = await center.visitor.post(
        f"{path_of(article)}/vote", data={"helpful": "yes"}, headers=[(b"cookie", header), (b"accept", b"text/html")]
    )
    assert answer.status_code == 303
    assert "help_voter=" in answer.headers["set-cookie"]
    assert f"help_voter={cookie};" not in answer.headers["set-cookie"]


@pytest.mark.parametrize("said", ["", "maybe", "YES", "yes\x00", "<script>"])
async def test_anything_else_is_no_vote(center: Center, article: dict[str, Any], said: str) -> None:
    answer = await vote(center, article, said)
    assert answer.status_code == (303 if said == "yes\x00" else 400)
    page = await center.visitor.get(f"{path_of(article)}/vote", params={"helpful": said})
    assert (page.status_code, page.headers.get("location")) == (302, path_of(article))


async def test_what_is_not_seen_takes_no_vote(center: Center, article: dict[str, Any]) -> None:
    hidden = await center.article("Hidden")
    stranger = await open_center(center.desk, "Strangers")
    await stranger.article("First")
    await stranger.article("Second")
    # Numbers count up in each company: this one is nobody's here.
    theirs = await stranger.article("Theirs", status="published")
    for one in (hidden, theirs, {**article, "publicUrl": "http://x/article/999999-x"}):
        assert (await vote(center, one, "yes")).status_code == 404
        assert (await center.visitor.get(f"{path_of(one)}/vote?helpful=yes")).status_code == 404
    assert await votes(stranger, theirs) == (0, 0)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)  # fmt: skip
async def test_other_sites_cannot_vote_for_somebody(
    center: Center, article: dict[str, Any], headers: dict[str, str]
) -> None:
    assert (await vote(center, article, "yes", **headers)).status_code == 403
    assert await votes(center, article) == (0, 0)
    own = await vote(center, article, "yes", Origin=center.address, **{"Sec-Fetch-Site": "same-origin"})
    assert own.status_code == 303


async def test_one_network_address_does_not_vote_without_end(module_desk: Desk) -> None:
    center = await open_center(module_desk)
    article = await center.article("Refunds", status="published")
    statuses = []
    for _ in range(22):
        center.visitor.cookies.clear()
        statuses.append((await vote(center, article, "no")).status_code)
    assert statuses == [303] * 20 + [429] * 2
    assert await votes(center, article) == (0, 20)
    center.visitor.cookies.clear()
    assert int((await vote(center, article, "no")).headers["retry-after"]) > 0


async def test_a_vote_is_small(center: Center, article: dict[str, Any]) -> None:
    answer = await center.visitor.post(f"{path_of(article)}/vote", data={"helpful": "yes", "more": "x" * 5000})
    assert answer.status_code == 413
