"""helpscout-wrapper (PyPI): every method whose endpoint exists. It takes nothing but exactly 200, 201 and 204."""

from __future__ import annotations

from collections.abc import AsyncIterator

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
    given = published.python_environment(here.desk.base_url, "helpscout-wrapper")
    async with published.python("helpscout.helpscout", "Client", given, here.app_id, here.secret) as made:
        yield made


async def test_reading_mailboxes_users_teams_and_tags(here: Ground, client: Remote) -> None:
    await here.conversation(tags=["vip"])

    assert len((await client.mailbox.list())["_embedded"]["mailboxes"]) == 2
    assert (await client.mailbox.get(here.support.id))["id"] == here.support.id
    assert (await client.mailbox.mailbox_fields(here.support.id))["_embedded"]["fields"][0]["id"] == here.field_id
    assert (await client.mailbox.mailbox_folders(here.support.id))["_embedded"]["folders"]
    assert len((await client.user.list(page=1))["_embedded"]["users"]) == 3
    assert (await client.user.user(here.account.user.id))["firstName"] == "Una"
    assert (await client.user.resource_owner())["id"] == here.account.owner.id
    assert [team["name"] for team in (await client.team.list())["_embedded"]["teams"]] == ["Tier 2"]
    members = await client.team.members(here.team_id)
    assert [user["id"] for user in members["_embedded"]["users"]] == [here.account.user.id]
    assert [tag["name"] for tag in (await client.tag.list())["_embedded"]["tags"]] == ["vip"]
    assert await client.mailbox.get(999_999) == {}, "404 is read as nothing"


async def test_conversations_from_beginning_to_end(here: Ground, client: Remote) -> None:
    status = await client.conversation.create(
        subject="Made",
        type="email",
        mailboxId=here.support.id,
        status="active",
        customer={"email": "jane@example.com"},
        threads=[{"type": "customer", "text": "Hello", "customer": {"email": "jane@example.com"}}],
    )
    assert status == 201
    listed = await client.conversation.list(status="active", mailbox=here.support.id)
    [made] = [item["id"] for item in listed["_embedded"]["conversations"]]

    assert await client.conversation.update(made, "replace", "/subject", "Renamed") == 204
    assert await client.conversation.update(made, "replace", "/assignTo", here.account.user.id) == 204
    # Without a value this client sends null.
    assert await client.conversation.update(made, "remove", "/assignTo") == 204
    assert await client.conversation.tag.update(made, ["vip"]) == 204
    field = {"id": here.field_id, "value": "Premium"}
    assert await client.conversation.custom_field.update(made, [field]) == 204
    found = await client.conversation.get(made, embed="threads")
    assert found["subject"] == "Renamed"
    assert "assignee" not in found
    assert found["customFields"][0]["text"] == "Premium"
    assert found["_embedded"]["threads"][0]["body"] == "Hello"
    assert await client.conversation.delete(made) == 204
    assert await client.conversation.get(made) == {}


async def test_threads_of_every_kind(here: Ground, client: Remote) -> None:
    made = await here.conversation()
    customer = {"email": "jane@example.com"}
    thread = client.conversation.thread

    assert await thread.create_reply_thread(made, text="Reply", customer=customer) == 201
    assert await thread.create_note(made, text="Note") == 201
    assert await thread.create_phone_thread(made, text="Call", customer=customer) == 201
    assert await thread.create_chat_thread(made, text="Chat", customer=customer) == 201
    assert await thread.create_customer_thread(made, text="Again", customer=customer) == 201

    listed = (await thread.list(made))["_embedded"]["threads"]
    assert [item["type"] for item in listed] == ["customer", "chat", "phone", "note", "message", "customer"]
    assert await thread.update(made, listed[3]["id"], "replace", "/text", "Better") == 204
    assert (await thread.list(made))["_embedded"]["threads"][3]["body"] == "Better"


async def test_files_are_read_and_deleted(here: Ground, client: Remote) -> None:
    made = await here.conversation()
    note = await here.made(f"/v2/conversations/{made}/notes", {"text": "See"})
    body = {"fileName": "a.txt", "mimeType": "text/plain", "data": "aGVsbG8="}
    attachment = await here.made(f"/v2/conversations/{made}/threads/{note}/attachments", body)

    assert (await client.conversation.attachment.get(made, attachment))["data"] == "aGVsbG8="
    assert await client.conversation.attachment.delete(made, attachment) == 204
    assert await client.conversation.attachment.get(made, attachment) == {}
    # Its upload leaves a slash out of the path, so it works nowhere: what matters is an answer that it can read.
    with pytest.raises(Refused, match="BadRequestException"):
        await client.conversation.attachment.upload(made, note, "a.txt", "text/plain", "aGVsbG8=")


async def test_customers_and_what_hangs_on_them(here: Ground, client: Remote) -> None:
    assert await client.customer.create("Jane", lastName="Smith") == 201
    [customer] = (await client.customer.list(firstName="Jane"))["_embedded"]["customers"]
    one = customer["id"]
    assert await client.customer.update(one, "Janet", lastName="Smith") == 204
    assert (await client.customer.get(one))["firstName"] == "Janet"

    address = ("Vienna", "Vienna", "1010", "AT", ["Main street 1"])
    assert await client.customer.address.get(one) == {}
    assert await client.customer.address.create(one, *address) == 201
    assert await client.customer.address.update(one, "Graz", *address[1:]) == 204
    assert (await client.customer.address.get(one))["city"] == "Graz"
    assert await client.customer.address.delete(one) == 204


@pytest.mark.parametrize(
    ("part", "rel", "kind", "value"),
    [
        ("email", "emails", "work", "jane@example.com"),
        ("phone", "phones", "mobile", "+43 1"),
        ("chat_handler", "chats", "skype", "jane"),
        ("social_profile", "social-profiles", "twitter", "@jane"),
        ("website", "websites", None, "https://example.com"),
    ],
)
async def test_entries_are_added_listed_and_deleted(
    here: Ground, client: Remote, part: str, rel: str, kind: str | None, value: str
) -> None:
    one = await here.made("/v2/customers", {"firstName": "Jane"})
    entries = getattr(client.customer, part)

    assert await entries.create(one, *([kind] if kind else []), value) == 201

    [entry] = (await entries.list(one))["_embedded"][rel]
    assert entry["value"] == value
    # Its other updates call what does not exist (a misspelt method, POST for PUT), so they work nowhere.
    if part in ("chat_handler", "website"):
        assert await entries.update(one, entry["id"], *([kind] if kind else []), value + "2") == 204
        assert (await entries.list(one))["_embedded"][rel][0]["value"] == value + "2"
    assert await entries.delete(one, entry["id"]) == 204
    assert (await entries.list(one))["_embedded"][rel] == []


async def test_webhooks_from_beginning_to_end(client: Remote) -> None:
    url = "https://app.example.com/hook"

    assert await client.webhook.create(url, ["convo.created"], "secret") == 201
    [made] = (await client.webhook.list())["_embedded"]["webhooks"]
    assert await client.webhook.update(made["id"], url + "/2", ["customer.created"], "other", notification=True) == 204
    found = await client.webhook.get(made["id"])
    assert (found["url"], found["events"], found["notification"]) == (url + "/2", ["customer.created"], True)
    assert await client.webhook.delete(made["id"]) == 204
    assert await client.webhook.get(made["id"]) == {}


async def test_workflows_are_listed_run_and_switched_off(here: Ground, client: Remote) -> None:
    conversation, one = await here.conversation(), await here.workflow()

    assert await client.workflow.run_manual(one, [conversation]) == 204
    assert await client.workflow.update_status(one, "replace", "inactive", "/status") == 204

    [listed] = (await client.workflow.list(page=1))["_embedded"]["workflows"]
    assert (listed["id"], listed["status"]) == (one, "inactive")


async def test_mistakes_arrive_as_the_clients_own_error(here: Ground, client: Remote) -> None:
    with pytest.raises(Refused, match=r"BadRequestException: .*'path': 'status'.*Expected one of these"):
        await client.conversation.list(status="no-such-status")
    with pytest.raises(Refused, match=r"BadRequestException: .*firstName"):
        await client.customer.create("x" * 41)
