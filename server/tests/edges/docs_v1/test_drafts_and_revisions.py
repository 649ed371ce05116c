"""Drafts and revisions over HTTP (spec: docs-api 3.4, 3.6, 3.7, 3.9, 3.12, 3.13)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.edges.docs_v1.shelf import UNKNOWN, Shelf, assert_refused
from waypost.domains import docs

pytestmark = pytest.mark.anyio


async def shown(shelf: Shelf, article: dict[str, Any], query: str = "") -> tuple[bool, str]:
    found = (await shelf.get(f"/v1/articles/{article['id']}{query}"))["article"]
    return found["hasDraft"], found["text"]


async def revisions(shelf: Shelf, article: dict[str, Any]) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = (await shelf.get(f"/v1/articles/{article['id']}/revisions"))["revisions"]["items"]
    return listed


async def test_a_draft_stands_beside_the_published_text(shelf: Shelf) -> None:
    made = await shelf.article("A", "<p>Public</p>", status="published")

    answer = await shelf.client.put(f"/v1/articles/{made['id']}/drafts", json={"text": "<p>New</p><script>1</script>"})

    assert (answer.status_code, answer.content) == (200, b"")
    assert await shown(shelf, made) == (True, "<p>Public</p>")
    assert await shown(shelf, made, "?draft=true") == (True, "<p>New</p>")
    assert await shown(shelf, made, "?draft=false") == (True, "<p>Public</p>")
    assert len(await revisions(shelf, made)) == 1


async def test_a_draft_is_dropped_also_where_there_is_none(shelf: Shelf) -> None:
    made = await shelf.article("A", "<p>Public</p>")
    await shelf.client.post(f"/v1/articles/{made['id']}/drafts", json={"text": "<p>New</p>"})
    assert await shown(shelf, made, "?draft=1") == (True, "<p>New</p>")

    for _ in range(2):
        answer = await shelf.client.delete(f"/v1/articles/{made['id']}/drafts")
        assert (answer.status_code, answer.content) == (204, b"")
        assert await shown(shelf, made, "?draft=true") == (False, "<p>Public</p>")


async def test_a_draft_needs_a_text_and_an_article(shelf: Shelf) -> None:
    made = await shelf.article("A")

    answer = await shelf.client.put(f"/v1/articles/{made['id']}/drafts", json={})
    assert_refused(answer, 400, "text is required", text="text is required")
    answer = await shelf.client.put(f"/v1/articles/{UNKNOWN}/drafts", json={"text": "a"})
    assert_refused(answer, 404, "Resource not found")


async def test_publishing_and_published_texts_drop_the_draft(shelf: Shelf) -> None:
    made = await shelf.article("A", "<p>One</p>")
    path = f"/v1/articles/{made['id']}"
    await shelf.client.put(f"{path}/drafts", json={"text": "<p>Draft</p>"})
    await shelf.client.put(path, json={"name": "Renamed"})
    assert (await shown(shelf, made))[0]

    await shelf.client.put(path, json={"status": "published"})
    assert await shown(shelf, made, "?draft=true") == (False, "<p>One</p>")

    await shelf.client.put(f"{path}/drafts", json={"text": "<p>Draft</p>"})
    await shelf.client.put(path, json={"text": "<p>Two</p>"})
    assert await shown(shelf, made, "?draft=true") == (False, "<p>Two</p>")


async def test_revisions_are_written_when_the_public_text_changes(shelf: Shelf) -> None:
    made = await shelf.article("A", "<p>One</p>")
    path = f"/v1/articles/{made['id']}"
    assert await revisions(shelf, made) == []

    await shelf.client.put(path, json={"text": "<p>Two</p>"})
    assert await revisions(shelf, made) == []
    await shelf.client.put(path, json={"status": "published"})
    await shelf.client.put(path, json={"text": "<p>Three</p>"})
    await shelf.client.put(path, json={"text": "<p>Three</p>", "name": "Same text"})

    found = await revisions(shelf, made)
    owner = shelf.account.owner
    assert len(found) == 2
    assert set(found[0]) == {"id", "articleId", "createdBy", "createdAt"}
    assert found[0]["createdBy"] == {"id": owner.id, "firstName": owner.first_name, "lastName": owner.last_name}
    texts = [(await shelf.get(f"/v1/revisions/{item['id']}"))["revision"]["text"] for item in found]
    assert texts == ["<p>Three</p>", "<p>Two</p>"]
    again = await shelf.get(f"{path}/revisions/{found[0]['id']}")
    assert again["revision"]["articleId"] == made["id"]
    assert (await shelf.client.get(f"/v1/articles/{UNKNOWN}/revisions")).status_code == 404
    assert (await shelf.client.get(f"/v1/revisions/{UNKNOWN}")).status_code == 404


async def test_a_revision_is_not_found_under_another_article(shelf: Shelf) -> None:
    made, other = await shelf.article("A", status="published"), await shelf.article("B")
    revision = (await revisions(shelf, made))[0]

    answer = await shelf.client.get(f"/v1/articles/{other['id']}/revisions/{revision['id']}")

    assert_refused(answer, 404, "Resource not found")


async def test_a_revision_is_restored_as_a_new_one(shelf: Shelf) -> None:
    made = await shelf.article("A", "<p>One</p>", status="published")
    await shelf.client.put(f"/v1/articles/{made['id']}", json={"text": "<p>Two</p>"})
    oldest = (await revisions(shelf, made))[-1]

    async with shelf.desk.transactions.open() as tx:
        await docs.restore_revision(tx, shelf.account.owner.actor, oldest["id"])

    assert (await shown(shelf, made))[1] == "<p>One</p>"
    assert len(await revisions(shelf, made)) == 3
