"""Files of articles that are deleted: kept for a week, and longer where something still shows them (spec: 9)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.desk import Desk
from tests.edges.docs_v1.shelf import Shelf, build
from tests.edges.docs_v1.test_files import png, store
from waypost.kit.jobs import bring_forward

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shelf(desk: Desk) -> Shelf:
    return await build(desk)


async def picture_of(shelf: Shelf, article_id: str) -> str:
    """Where a new picture of an article is."""
    answer = await store(shelf, "article", "a.png", png(), articleId=article_id, assetType="image")
    assert answer.status_code == 201, answer.text
    link: str = answer.json()["filelink"]
    return link.removeprefix(shelf.desk.base_url)


async def pass_days(shelf: Shelf, days: int) -> None:
    async with shelf.desk.transactions.open() as tx:
        await bring_forward(tx, timedelta(days=days))
    await shelf.desk.run_workers()


async def is_there(shelf: Shelf, path: str) -> bool:
    status = (await (await shelf.desk.client()).get(path)).status_code
    assert status in (200, 404)
    return status == 200


async def delete(shelf: Shelf, path: str) -> None:
    answer = await shelf.client.delete(f"/v1/{path}")
    assert answer.status_code == 204, answer.text


async def test_a_file_goes_a_week_after_its_article(shelf: Shelf) -> None:
    made, other = await shelf.article("A"), await shelf.article("B")
    path, others = await picture_of(shelf, made["id"]), await picture_of(shelf, other["id"])
    await delete(shelf, f"articles/{made['id']}")

    await pass_days(shelf, 6)
    assert await is_there(shelf, path)
    await pass_days(shelf, 2)

    assert not await is_there(shelf, path)
    assert await is_there(shelf, others)
    async with shelf.desk.transactions.read() as tx:
        keys = [row["storage_key"] for row in await tx.connection.fetch("select storage_key from docs_asset")]
    assert len(keys) == 1


@pytest.mark.parametrize("where", ["text", "draft", "revision", "look"])
async def test_a_file_that_something_shows_stays(shelf: Shelf, where: str) -> None:
    made, other = await shelf.article("A"), await shelf.article("B", status="published")
    path = await picture_of(shelf, made["id"])
    shown = f'<p><img src="{path}"></p>'
    if where == "draft":
        await shelf.client.put(f"/v1/articles/{other['id']}/drafts", json={"text": shown})
    elif where == "look":
        look = {"logoUrl": f"{shelf.desk.base_url}{path}"}
        assert (await shelf.client.put(f"/v1/sites/{shelf.site['id']}", json=look)).status_code == 200
    else:
        await shelf.client.put(f"/v1/articles/{other['id']}", json={"text": shown})
    if where == "revision":
        await shelf.client.put(f"/v1/articles/{other['id']}", json={"text": "<p>without</p>"})
    await delete(shelf, f"articles/{made['id']}")

    await pass_days(shelf, 8)

    assert await is_there(shelf, path)


async def test_files_go_with_a_collection_too(shelf: Shelf) -> None:
    made = await shelf.article("A")
    path = await picture_of(shelf, made["id"])
    await delete(shelf, f"collections/{shelf.collection['id']}")

    await pass_days(shelf, 8)
    await pass_days(shelf, 8)

    assert not await is_there(shelf, path)
