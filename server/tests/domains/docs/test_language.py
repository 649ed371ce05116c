"""Another language of a site: its articles are indexed anew in the background, and are found all the while."""

from __future__ import annotations

import pytest

from tests.desk import Desk
from tests.edges.docs_v1.shelf import Shelf, build
from tests.edges.docs_v1.test_search import names
from waypost.domains.docs import indexing

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shelf(desk: Desk) -> Shelf:
    shelf = await build(desk)
    for number in range(3):
        await shelf.article(f"Häuser {number}", "<p>We are running houses.</p>", status="published")
    return shelf


async def speak(shelf: Shelf, language: str) -> None:
    answer = await shelf.client.put(f"/v1/sites/{shelf.site['id']}", json={"language": language})
    assert answer.status_code == 200, answer.text


async def languages(shelf: Shelf) -> tuple[set[str], list[str]]:
    """In which languages the articles are indexed, and in which they are asked for besides the site's own."""
    async with shelf.desk.transactions.read() as tx:
        rows = await tx.connection.fetch("select distinct language from docs_entry")
        former = await tx.connection.fetchval("select former_languages from docs_site")
    return {row["language"] for row in rows}, former


async def test_the_former_index_serves_until_the_new_one_is_there(shelf: Shelf) -> None:
    await speak(shelf, "german")

    assert await languages(shelf) == ({"english"}, ["english"])
    assert len(await names(shelf, "run houses")) == 3
    await shelf.article("Häuser am See", "<p>Viele.</p>", status="published")
    assert await names(shelf, "haus") == ["Häuser am See"]

    await shelf.desk.run_workers()

    assert await languages(shelf) == ({"german"}, [])
    assert len(await names(shelf, "haus")) == 4
    assert await names(shelf, "run houses") == []


async def test_a_job_that_was_stopped_goes_on_where_it_was(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    await speak(shelf, "german")
    monkeypatch.setattr(indexing, "BATCH", 1)
    place = (shelf.desk.transactions, shelf.account.id, shelf.site["id"])

    assert await indexing._index_some(*place)
    assert await languages(shelf) == ({"english", "german"}, ["english"])
    assert len(await names(shelf, "häuser")) == 3

    await shelf.desk.run_workers()
    await shelf.desk.run_workers()

    assert await languages(shelf) == ({"german"}, [])


async def test_the_last_of_several_changes_counts(shelf: Shelf) -> None:
    for language in ("german", "french", "english"):
        await speak(shelf, language)
    assert await languages(shelf) == ({"english"}, ["english", "french", "german"])
    await speak(shelf, "french")

    await shelf.desk.run_workers()

    assert await languages(shelf) == ({"french"}, [])


async def test_a_site_that_is_gone_by_then_is_no_fault(shelf: Shelf) -> None:
    await speak(shelf, "german")
    assert (await shelf.client.delete(f"/v1/sites/{shelf.site['id']}")).status_code == 204

    await shelf.desk.run_workers()
