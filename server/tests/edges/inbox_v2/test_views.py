"""Folders, kept totals, drafts, custom fields as filters, and numbers under parallel writers."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from tests.desk import Desk
from tests.make import AccountMade
from waypost.domains import mailboxes
from waypost.domains.mailboxes import FieldType, Mailbox

pytestmark = pytest.mark.anyio


@pytest.fixture
def desk(module_desk: Desk) -> Desk:
    """One desk for the module: every test works in an account of its own."""
    return module_desk


class Shop:
    def __init__(self, account: AccountMade, mailbox: Mailbox, client: httpx.AsyncClient) -> None:
        self.account = account
        self.mailbox = mailbox
        self.client = client

    async def create(self, **changes: Any) -> int:
        body = {
            "subject": "Question",
            "customer": {"email": "jane@example.com"},
            "mailboxId": self.mailbox.id,
            "type": "email",
            "status": "active",
            "threads": [{"type": "customer", "text": "Hello"}],
            **changes,
        }
        answer = await self.client.post("/v2/conversations", json=body)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    async def ids(self, **query: str) -> list[int]:
        listed = (await self.client.get("/v2/conversations", params=query)).json()
        found = [item["id"] for item in listed["_embedded"]["conversations"]]
        assert listed["page"]["totalElements"] == len(found)
        return found

    async def folders(self) -> dict[str, dict[str, Any]]:
        listed = (await self.client.get(f"/v2/mailboxes/{self.mailbox.id}/folders")).json()
        return {folder["type"]: folder for folder in listed["_embedded"]["folders"]}


@pytest.fixture
async def shop(desk: Desk) -> Shop:
    account = await desk.make.account()
    mailbox = await desk.make.mailbox(account)
    return Shop(account, mailbox, await desk.client(account.owner))


async def test_folders_gather_by_status_and_assignee_and_count_what_they_list(shop: Shop) -> None:
    me, other = shop.account.owner.id, shop.account.administrator.id
    expected = {
        "open": [await shop.create(), await shop.create(status="pending")],
        "mytickets": [await shop.create(assignTo=me)],
        "closed": [await shop.create(status="closed"), await shop.create(status="closed", assignTo=me)],
        "spam": [spam := await shop.create()],
    }
    expected["assigned"] = [*expected["mytickets"], await shop.create(assignTo=other)]
    await shop.client.patch(f"/v2/conversations/{spam}", json={"op": "replace", "path": "/status", "value": "spam"})

    folders = await shop.folders()

    for kind, ids in expected.items():
        folder = folders[kind]
        assert sorted(await shop.ids(folder=str(folder["id"]), status="all")) == sorted(ids), kind
        assert folder["totalCount"] == len(ids), kind
    assert {kind: folder["activeCount"] for kind, folder in folders.items()} == {
        "open": 1,
        "mytickets": 1,
        "drafts": 0,
        "assigned": 2,
        "closed": 0,
        "spam": 0,
    }
    assert (folders["mytickets"]["userId"], folders["open"]["userId"]) == (me, 0)


async def test_a_conversation_says_in_which_folder_it_shows(shop: Shop) -> None:
    folders = {kind: folder["id"] for kind, folder in (await shop.folders()).items()}
    for changes, kind in (
        ({}, "open"),
        ({"assignTo": shop.account.owner.id}, "mytickets"),
        ({"assignTo": shop.account.administrator.id}, "assigned"),
        ({"status": "closed"}, "closed"),
    ):
        found = (await shop.client.get(f"/v2/conversations/{await shop.create(**changes)}")).json()
        assert found["folderId"] == folders[kind]


async def test_kept_totals_stay_exact_through_changes_and_folding(desk: Desk, shop: Shop) -> None:
    ids = [await shop.create() for _ in range(5)]
    await shop.client.patch(f"/v2/conversations/{ids[0]}", json={"op": "replace", "path": "/status", "value": "closed"})
    await shop.client.delete(f"/v2/conversations/{ids[1]}")
    await shop.client.patch(
        f"/v2/conversations/{ids[2]}",
        json={"op": "replace", "path": "/assignTo", "value": shop.account.administrator.id},
    )

    async def totals() -> tuple[int, int, int]:
        listed = [await shop.ids(), await shop.ids(status="closed"), await shop.ids(status="all")]
        return tuple(len(some) for some in listed)  # type: ignore[return-value]

    assert await totals() == (3, 1, 4)
    await desk.run_workers()
    assert await totals() == (3, 1, 4)
    assigned = {"assigned_to": str(shop.account.administrator.id)}
    assert await shop.ids(**assigned) == [ids[2]]


async def test_draft_conversations_are_their_authors_until_published(desk: Desk, shop: Shop) -> None:
    draft = await shop.create(threads=[{"type": "reply", "text": "Soon", "draft": True}])
    other = await desk.client(shop.account.administrator)

    assert await shop.ids() == [draft]
    assert (await shop.client.get(f"/v2/conversations/{draft}")).json()["state"] == "draft"
    assert (await other.get(f"/v2/conversations/{draft}")).status_code == 404
    assert (await other.get("/v2/conversations")).json()["page"]["totalElements"] == 0
    assert (await shop.folders())["drafts"]["totalCount"] == 1
    publish = {"op": "replace", "path": "/draft", "value": False}
    assert (await shop.client.patch(f"/v2/conversations/{draft}", json=publish)).status_code == 204
    assert (await other.get(f"/v2/conversations/{draft}")).json()["threads"] == 1
    again = {"op": "replace", "path": "/draft", "value": True}
    assert (await shop.client.patch(f"/v2/conversations/{draft}", json=again)).status_code == 422


async def test_custom_fields_filter_by_id_and_by_label(desk: Desk, shop: Shop) -> None:
    actor = shop.account.owner.actor
    async with desk.transactions.open() as tx:
        plan = await mailboxes.create_field(tx, actor, shop.mailbox.id, "Plan", FieldType.DROPDOWN, ["Blue", "Red"])
        note = await mailboxes.create_field(tx, actor, shop.mailbox.id, "Note", FieldType.SINGLELINE)
        count = await mailboxes.create_field(tx, actor, shop.mailbox.id, "Count", FieldType.NUMBER)
    one = await shop.create(
        fields=[
            {"id": plan.id, "value": "blue"},
            {"id": note.id, "value": "early morning: call"},
            {"id": count.id, "value": 99},
        ]
    )
    await shop.create(fields=[{"id": plan.id, "value": str(plan.options[1].id)}])

    for text in (
        f"{plan.id}:blue,{count.id}:99",
        f"{plan.id}:{plan.options[0].id}",
        f"{note.id}:morning call",
    ):
        assert await shop.ids(customFieldsByIds=text) == [one], text
    assert await shop.ids(customFieldsByIds=f"{plan.id}:green") == []
    refused = await shop.client.put(
        f"/v2/conversations/{one}/fields",
        json={
            "fields": [{"id": plan.id, "value": "green"}, {"id": count.id, "value": "x"}, {"id": 999999, "value": "1"}]
        },
    )
    assert [error["path"] for error in refused.json()["_embedded"]["errors"]] == [
        "fields[0].value",
        "fields[1].value",
        "fields[2].id",
    ]
    assert (await shop.client.put(f"/v2/conversations/{one}/fields", json={"fields": []})).status_code == 204
    assert (await shop.client.get(f"/v2/conversations/{one}")).json()["customFields"] == []


async def test_numbers_have_neither_gap_nor_double_under_parallel_writers(shop: Shop) -> None:
    async def attempt(index: int) -> None:
        if index % 4 == 0:
            answer = await shop.client.post("/v2/conversations", json={"subject": "refused"})
            assert answer.status_code == 422
        else:
            await shop.create(subject=f"Parallel {index}", tags=[f"t{index % 3}", "all"])

    await asyncio.gather(*(attempt(index) for index in range(40)))

    listed = (await shop.client.get("/v2/conversations?limit=100")).json()["_embedded"]["conversations"]
    assert sorted(item["number"] for item in listed) == list(range(1, 31))


async def test_parallel_replies_are_all_there(shop: Shop) -> None:
    conversation_id = await shop.create()
    answers = await asyncio.gather(
        *(shop.client.post(f"/v2/conversations/{conversation_id}/notes", json={"text": f"n{n}"}) for n in range(20))
    )

    assert {answer.status_code for answer in answers} == {201}
    assert (await shop.client.get(f"/v2/conversations/{conversation_id}")).json()["threads"] == 21


async def test_a_deleted_customers_conversations_go_along(shop: Shop) -> None:
    conversation_id = await shop.create()
    customer = (await shop.client.get(f"/v2/conversations/{conversation_id}")).json()["primaryCustomer"]["id"]

    assert (await shop.client.delete(f"/v2/customers/{customer}")).status_code == 204
    assert (await shop.client.get(f"/v2/conversations/{conversation_id}")).status_code == 404
    assert await shop.ids(status="all") == []


async def test_the_timeline_tells_what_happened_once(desk: Desk, shop: Shop) -> None:
    conversation_id = await shop.create()
    path = f"/v2/conversations/{conversation_id}"
    for value in ("closed", "active"):
        await shop.client.patch(path, json={"op": "replace", "path": "/status", "value": value})
    await shop.client.patch(path, json={"op": "replace", "path": "/assignTo", "value": shop.account.administrator.id})
    await desk.run_workers()
    await desk.run_workers()

    threads = (await shop.client.get(f"{path}/threads")).json()["_embedded"]["threads"]

    items = [thread for thread in threads if thread["type"] == "lineitem"]
    assert [item["action"]["text"] for item in reversed(items)] == [
        "Marked as Closed",
        "Marked as Active",
        "Assigned to Adam Admin",
    ]
    assert all("body" not in item and item["createdBy"]["id"] == shop.account.owner.id for item in items)
    assert items[0]["action"]["associatedEntities"] == {"user": shop.account.administrator.id}
    assert (await shop.client.get(path)).json()["threads"] == 1
