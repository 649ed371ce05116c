"""Moving from one desk to another over the Docs API: what is read on one side is there on the other."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.desk import Desk, running_desk
from tests.edges.docs_account.moving import (
    Library,
    everything,
    foresee,
    library,
    listed,
    move,
    owner_client,
    without,
)
from tests.edges.docs_v1.test_files import png
from tests.make import AccountMade
from tests.process import waypost
from waypost.domains import docs

pytestmark = pytest.mark.anyio


@pytest.fixture
async def there(module_desk: Desk) -> Library:
    return await library(module_desk)


@pytest.fixture
async def account(desk: Desk) -> AccountMade:
    return await desk.make.account()


async def take(desk: Desk, account: AccountMade, there: Library, **choices: Any) -> Any:
    return await move(desk, account, there.desk.base_url, there.key, **choices)


async def test_everything_comes_along(desk: Desk, account: AccountMade, there: Library) -> None:
    summary = await take(desk, account, there)

    assert summary.failures == []
    client = await owner_client(desk, account)
    before, after = await everything(there.client), await everything(client)
    for kind in ("site", "collection", "category"):
        assert {key: without(one) for key, one in after[kind].items()} == {
            key: without(one) for key, one in before[kind].items()
        }
    for key, one in before["article"].items():
        other = after["article"][key]
        assert without(other, "text", "draft") == without(one, "text", "draft")
    assert after["article"].keys() == before["article"].keys()
    names = there.names
    assert after["article"][names["two"]["id"]]["draft"] == "<p>Second, better</p>"
    assert after["article"][names["two"]["id"]]["viewCount"] == 41
    assert after["article"][names["three"]["id"]]["text"] == "<p>Hidden</p>"
    assert after["article"][names["one"]["id"]]["changeOrigin"] == "import"
    counts = [
        (count.read, count.created) for count in (summary.sites, summary.collections, summary.categories,
                                                  summary.articles, summary.redirects)
    ]  # fmt: skip
    assert counts == [(2, 2), (2, 2), (4, 4), (3, 3), (2, 2)]


async def test_revisions_come_with_their_times_and_no_others(desk: Desk, account: AccountMade, there: Library) -> None:
    await take(desk, account, there)

    before, after = await everything(there.client), await everything(await owner_client(desk, account))
    for key, revisions in before["revision"].items():
        assert [(one["id"], one["createdAt"]) for one in after["revision"][key]] == [
            (one["id"], one["createdAt"]) for one in revisions
        ]
    oldest = after["revision"][there.names["one"]["id"]][-1]
    assert oldest["text"] == "<p>Première</p>"


async def test_files_and_links_lead_here(desk: Desk, account: AccountMade, there: Library) -> None:
    summary = await take(desk, account, there)

    client = await owner_client(desk, account)
    one, two = there.names["one"], there.names["two"]
    text = (await client.get(f"/v1/articles/{one['id']}")).json()["article"]["text"]
    assert (summary.files, summary.missing) == (2, 0)
    picture, attachment = re.search(r'src="(/docs/[^"]+)"', text), re.search(r'href="(/docs/[^"]+)"', text)
    assert picture
    assert attachment
    theirs = (await there.client.get(f"/v1/articles/{one['id']}")).json()["article"]["text"]
    assert picture[1] not in theirs
    assert (await client.get(picture[1])).content == png()
    assert (await client.get(attachment[1])).content == b"A list"
    assert f'href="/article/{two["number"]}-two#part"' in text
    assert f'href="/article/{there.names["three"]["number"]}-three"' in text
    assert f'href="/category/{there.names["by_hand"]["number"]}-hand"' in text
    assert 'href="https://else.example/article/1"' in text
    assert "www.youtube-nocookie.com/embed/dQw4w9WgXcQ" in text
    redirects = await listed(client, f"/v1/redirects/site/{there.site['id']}", "redirects")
    found = {one["urlMapping"]: (one["type"], one["redirect"]) for one in redirects}
    base = desk.context.docs_addresses.base_of
    async with desk.transactions.read() as tx:
        site = await docs.get_site(tx, account.owner.actor, there.site["id"])
    assert found == {
        "/old": ("article", f"{base(site.fields)}/article/{one['number']}-uno#top"),
        "/away": ("custom", "https://else.example/x"),
    }


async def test_a_restricted_site_is_restricted_here_with_the_same_secret(
    desk: Desk, account: AccountMade, there: Library
) -> None:
    await take(desk, account, there)
    client = await owner_client(desk, account)
    path = f"/v1/sites/{there.names['second']['id']}/restricted"
    answer = (await client.get(path)).json()
    assert answer == (await there.client.get(path)).json()
    assert answer["enabled"] is True
    assert answer["callbackConfiguration"]["sharedSecret"]


async def rows(desk: Desk) -> dict[str, int]:
    tables = "site collection category article revision redirect asset article_category related origin".split()
    async with desk.connection() as connection:
        return {name: await connection.fetchval(f"select count(*) from docs_{name}") for name in tables}


async def test_again_nothing_is_doubled_and_only_what_changed_is_changed(
    desk: Desk, account: AccountMade, there: Library
) -> None:
    await take(desk, account, there)
    client = await owner_client(desk, account)
    first, counted = await everything(client), await rows(desk)

    again = await take(desk, account, there)

    assert await everything(client) == first
    assert await rows(desk) == counted
    kinds = ("sites", "collections", "categories", "articles", "redirects")
    assert [(getattr(again, kind).created, getattr(again, kind).changed) for kind in kinds] == [(0, 0)] * 5
    assert (again.files, again.revisions, again.failures) == (0, 0, [])

    three = there.names["three"]["id"]
    await there.client.put(
        f"/v1/articles/{three}", json={"name": "Third", "text": "<p>Shown</p>", "status": "published"}
    )
    await there.client.put(f"/v1/collections/{there.collection['id']}", json={"name": "Manual"})
    await there.client.put(f"/v1/articles/{there.names['two']['id']}/views", json={"count": 9})
    await client.put(f"/v1/articles/{there.names['one']['id']}", json={"name": "Renamed here"})
    changed = await take(desk, account, there)

    assert [(getattr(changed, kind).created, getattr(changed, kind).changed) for kind in kinds] == [
        (0, 0), (0, 1), (0, 0), (0, 1), (0, 0),
    ]  # fmt: skip
    after = await everything(client)
    assert (after["article"][three]["name"], after["article"][three]["text"]) == ("Third", "<p>Shown</p>")
    assert after["article"][three]["status"] == "published"
    assert after["collection"][there.collection["id"]]["name"] == "Manual"
    assert after["article"][there.names["two"]["id"]]["viewCount"] == 50
    assert after["article"][there.names["one"]["id"]]["name"] == "Renamed here"


async def test_numbers_names_and_sub_domains_that_are_taken_are_told(
    desk: Desk, account: AccountMade, there: Library
) -> None:
    client = await owner_client(desk, account)
    own = await client.post("/v1/sites", json={"subDomain": there.site["subDomain"], "title": "Own"})
    site_id = own.json()["site"]["id"]
    for name in ("Guide", "Others"):
        made = await client.post("/v1/collections", json={"siteId": site_id, "name": name})
        assert made.status_code == 201
    foreseen = await foresee(desk, account, there.desk.base_url, there.key)
    refused = await take(desk, account, there)

    for summary in (foreseen, refused):
        assert [one.source for one in summary.failures][:1] == [f"site {there.site['subDomain']}"]
        assert "--site" in summary.failures[0].reason
    assert refused.articles.created == 0
    assert refused.sites.created == 1

    name = there.site["subDomain"]
    done = await take(desk, account, there, sites={name: name})

    assert done.failures == []
    told = [one.reason for one in done.notes]
    assert any("it is called Guide (2) here" in reason for reason in told)
    assert any("its number is taken" in reason for reason in told)
    after = await everything(client)
    assert {one["siteId"] for one in after["collection"].values()} == {site_id}
    assert after["site"][site_id]["title"] == "Own"
    guide = after["collection"][there.collection["id"]]
    assert guide["number"] > there.names["by_hand"]["number"]
    numbers = [one["number"] for kind in ("collection", "category", "article") for one in after[kind].values()]
    assert len(set(numbers)) == len(numbers)


async def test_new_things_get_numbers_behind_those_that_came(desk: Desk, account: AccountMade, there: Library) -> None:
    await take(desk, account, there)
    client = await owner_client(desk, account)
    known = await everything(client)
    largest = max(one["number"] for kind in ("collection", "category", "article") for one in known[kind].values())
    body = {"collectionId": there.collection["id"], "name": "New", "text": "x"}
    made = (await client.post("/v1/articles", json=body)).json()["article"]
    assert made["number"] > largest


async def test_a_forecast_counts_and_changes_nothing(desk: Desk, account: AccountMade, there: Library) -> None:
    before = await rows(desk)
    foreseen = await foresee(desk, account, there.desk.base_url, there.key)
    assert await rows(desk) == before
    done = await take(desk, account, there)
    after = await foresee(desk, account, there.desk.base_url, there.key)
    for kind in ("sites", "collections", "categories", "articles", "redirects"):
        assert getattr(foreseen, kind).created == getattr(done, kind).created == getattr(after, kind).unchanged
        assert getattr(after, kind).created == getattr(after, kind).changed == 0


async def test_what_was_deleted_here_comes_again(desk: Desk, account: AccountMade, there: Library) -> None:
    await take(desk, account, there)
    client = await owner_client(desk, account)
    first = await everything(client)
    assert (await client.delete(f"/v1/sites/{there.site['id']}")).status_code == 204

    again = await take(desk, account, there)

    assert (again.sites.created, again.articles.created, again.files) == (1, 3, 2)
    after = await everything(client)
    for kind in ("collection", "category"):
        assert after[kind].keys() == first[kind].keys()
    assert after["article"][there.names["two"]["id"]]["viewCount"] == 41


async def test_the_command_takes_in_a_desk_and_says_what_it_did(
    there: Library, database_url: str, tmp_path: Path
) -> None:
    async with running_desk(database_url, tmp_path / "data") as desk:
        account = await desk.make.account()
    settings = {
        "WAYPOST_DATABASE_URL": database_url, "WAYPOST_LOG_LEVEL": "error", "WAYPOST_IMPORT_KEY": there.key,
    }  # fmt: skip
    words = ["import", "docs", "--from", f"{there.desk.base_url}/v1", "--data-dir", str(tmp_path / "data")]

    async def run(*more: str, **changes: str) -> tuple[int, str]:
        async with waypost(tmp_path / "run", *words, *more, **{**settings, **changes}) as process, asyncio.timeout(60):
            return await process.process.wait(), process.output

    status, foreseen = await run("--dry-run")
    assert (status, "13 new, 0 changed" in foreseen, "Nothing was changed." in foreseen) == (0, True, True), foreseen
    (tmp_path / "key").write_text(f"{there.key}\n")
    status, output = await run("--json", "--key-file", str(tmp_path / "key"), WAYPOST_IMPORT_KEY="")
    summary = json.loads(output.splitlines()[0])
    assert (status, summary["articles"]["created"], summary["failures"]) == (0, 3, [])
    assert there.key not in output
    status, again = await run()
    assert (status, "0 new, 0 changed, 13 as before" in again) == (0, True), again
    status, wrong = await run(WAYPOST_IMPORT_KEY="wrong")
    assert (status, "does not know this key" in wrong) == (1, True), wrong
    status, missing = await run(WAYPOST_IMPORT_KEY="")
    assert (status, "no API key" in missing) == (1, True), missing
    assert account.id
