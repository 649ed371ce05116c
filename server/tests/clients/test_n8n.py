"""The Help Scout nodes of n8n-nodes-base (npm), every operation, in the smallest workbench that they accept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.clients import published
from tests.clients.ground import Ground, ground
from tests.clients.published import Refused, Remote
from tests.desk import Desk

pytestmark = pytest.mark.anyio


@pytest.fixture
async def here(module_desk: Desk) -> Ground:
    return await ground(module_desk)


@pytest.fixture
async def client(here: Ground) -> AsyncIterator[Remote]:
    credentials = {
        "client_id": here.app_id,
        "client_secret": here.secret,
        "refresh_token": (await here.tokens())["refresh_token"],
    }
    async with published.node("n8n.cjs", published.environment(here.desk.base_url), credentials) as made:
        yield made


def operation(resource: str, name: str, **parameters: Any) -> dict[str, Any]:
    return {"resource": resource, "operation": name, **parameters}


async def test_a_conversation_is_made_read_and_deleted(here: Ground, client: Remote) -> None:
    made = operation(
        "conversation",
        "create",
        mailboxId=here.support.id,
        status="active",
        subject="From a workflow",
        type="email",
        resolveData=True,
        additionalFields={"customerEmail": "jane@example.com", "tags": ["vip"], "autoReply": False},
        threadsUi={"threadsValues": [{"type": "customer", "text": "Hello"}, {"type": "note", "text": "Internal"}]},
    )

    [told] = await client.execute(made)
    assert (told["subject"], told["primaryCustomer"]["email"]) == ("From a workflow", "jane@example.com")
    assert [tag["tag"] for tag in told["tags"]] == ["vip"]
    [short] = await client.execute({**made, "resolveData": False})
    assert short["uri"].endswith(f"/v2/conversations/{short['id']}")

    [read] = await client.execute(operation("conversation", "get", conversationId=told["id"]))
    assert read["id"] == told["id"]
    assert await client.execute(operation("conversation", "delete", conversationId=told["id"])) == [{"success": True}]
    with pytest.raises(Refused, match="NodeApiError"):
        await client.execute(operation("conversation", "get", conversationId=told["id"]))


async def test_lists_go_through_all_pages_although_parameters_come_twice(here: Ground, client: Remote) -> None:
    made = [await here.conversation(f"Question {number}", tags=["vip"]) for number in range(30)]
    options = {"status": "active", "tags": ["vip", "gold"], "sortField": "number", "sortOrder": "asc"}

    everything = await client.execute(operation("conversation", "getAll", returnAll=True, options=options))
    assert [item["id"] for item in everything] == made
    three = await client.execute(operation("conversation", "getAll", returnAll=False, limit=3, options=options))
    assert [item["id"] for item in three] == made[:3]


async def test_customers_are_made_changed_and_listed(here: Ground, client: Remote) -> None:
    made = operation(
        "customer",
        "create",
        resolveData=True,
        additionalFields={"firstName": "Jane", "age": 34, "jobTitle": "Lead", "gender": "female"},
        chatsUi={"chatsValues": [{"type": "skype", "value": "jane"}]},
        addressUi={
            "addressValue": {
                "line1": "Main 1",
                "line2": "",
                "city": "Graz",
                "state": "",
                "country": "AT",
                "postalCode": "8010",
            }
        },
        emailsUi={"emailsValues": [{"type": "work", "value": "jane@example.com"}]},
        phonesUi={"phonesValues": [{"type": "mobile", "value": "+43 1"}]},
        socialProfilesUi={"socialProfilesValues": [{"type": "twitter", "value": "@jane"}]},
        websitesUi={"websitesValues": [{"value": "https://example.com"}]},
    )

    [told] = await client.execute(made)
    assert (told["firstName"], told["age"]) == ("Jane", "34")
    embedded = told["_embedded"]
    assert embedded["address"]["city"] == "Graz"
    for rel in ("emails", "phones", "chats", "social_profiles", "websites"):
        assert len(embedded[rel]) == 1, rel

    change = operation("customer", "update", customerId=told["id"], updateFields={"firstName": "Janet", "age": 35})
    assert await client.execute(change) == [{"success": True}]
    [read] = await client.execute(operation("customer", "get", customerId=told["id"]))
    assert (read["firstName"], read["age"]) == ("Janet", "35")
    listed = await client.execute(
        operation("customer", "getAll", returnAll=True, options={"query": '(email:"jane@example.com")'})
    )
    assert [item["id"] for item in listed] == [told["id"]]
    assert len(await client.execute(operation("customer", "getAll", returnAll=False, limit=1, options={}))) == 1
    [definition] = await client.execute(operation("customer", "properties"))
    assert (definition["slug"], definition["type"]) == ("plan", "dropdown")


async def test_mailboxes_and_what_menus_offer(here: Ground, client: Remote) -> None:
    await here.conversation(tags=["vip"])

    [mailbox] = await client.execute(operation("mailbox", "get", mailboxId=here.support.id))
    assert mailbox["name"] == "General Support"
    assert len(await client.execute(operation("mailbox", "getAll", returnAll=True))) == 2
    assert len(await client.execute(operation("mailbox", "getAll", returnAll=False, limit=1))) == 1
    assert {entry["value"] for entry in await client.options("getMailboxes")} == {here.support.id, here.sales.id}
    assert await client.options("getTags") == [{"name": "vip", "value": "vip"}]


@pytest.mark.parametrize(
    ("kind", "listed"),
    [("reply", "message"), ("customer", "customer"), ("note", "note"), ("phone", "phone"), ("chat", "chat")],
)
async def test_threads_of_every_kind_with_files(here: Ground, client: Remote, kind: str, listed: str) -> None:
    conversation = await here.conversation()
    made = operation(
        "thread",
        "create",
        conversationId=conversation,
        type=kind,
        text="Hello",
        additionalFields={"customerEmail": "jane@example.com", "imported": False},
        attachmentsUi={
            "attachmentsValues": [{"fileName": "a.txt", "mimeType": "text/plain", "data": "aGVsbG8="}],
            "attachmentsBinary": [{"property": "file"}],
        },
    )
    file = {"file": {"fileName": "b.txt", "mimeType": "text/plain", "data": "d29ybGQ="}}

    assert await client.execute(made, file) == [{"success": True}]

    threads = await client.execute(operation("thread", "getAll", returnAll=True, conversationId=conversation))
    assert [thread["type"] for thread in threads] == [listed, "customer"]
    names = [attachment["filename"] for attachment in threads[0]["_embedded"]["attachments"]]
    assert names == ["a.txt", "b.txt"]
    one = operation("thread", "getAll", returnAll=False, limit=1, conversationId=conversation)
    assert len(await client.execute(one)) == 1


async def test_a_trigger_subscribes_finds_itself_again_and_leaves(here: Ground, client: Remote) -> None:
    url, events = "https://n8n.example.com/webhook/1", ["convo.created", "convo.tags", "satisfaction.ratings"]
    assert await client.trigger("checkExists", url, events) is False

    assert await client.trigger("create", url, events) is True

    [made] = (await here.get("/v2/webhooks"))["_embedded"]["webhooks"]
    assert (made["url"], made["events"], made["state"]) == (url, events, "enabled")
    assert await client.trigger("checkExists", url, events) is True
    assert await client.trigger("checkExists", url, [*events, "convo.moved"]) is False
    assert await client.trigger("delete", url, events) is True
    assert (await here.get("/v2/webhooks"))["_embedded"]["webhooks"] == []
