"""helpscout-mailbox-api (npm): every resource it has but reports, with both ways of signing in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.clients import published
from tests.clients.ground import Ground, ground
from tests.clients.published import Refused, Remote
from tests.desk import Desk
from waypost.domains import conversations
from waypost.domains.accounts import Actor
from waypost.domains.conversations import Grade

pytestmark = pytest.mark.anyio


@pytest.fixture
async def here(module_desk: Desk) -> Ground:
    return await ground(module_desk)


@pytest.fixture
async def client(here: Ground) -> AsyncIterator[Remote]:
    async with published.node(
        "helpscout-mailbox-api", published.environment(here.desk.base_url), credentials(here, "clientCredentials")
    ) as made:
        await made.setCredentials(await made.getTokens())
        yield made


def credentials(here: Ground, flow: str) -> dict[str, str]:
    return {"clientId": here.app_id, "clientSecret": here.secret, "authenticationFlow": flow}


async def test_conversations_from_beginning_to_end(here: Ground, client: Remote) -> None:
    body = {
        "subject": "Made",
        "type": "email",
        "mailboxId": here.support.id,
        "status": "active",
        "customer": {"email": "jane@example.com"},
        "threads": [{"type": "customer", "text": "Hello", "customer": {"email": "jane@example.com"}}],
    }
    made = await client.conversations.create(body)
    assert made["status"] == 201
    one = int(made["headers"]["resource-id"])
    assert made["data"]["id"] == one

    answers = [
        await client.conversations.update(one, {"op": "replace", "path": "/status", "value": "pending"}),
        await client.conversations.tags.update(one, {"tags": ["vip"]}),
        await client.conversations.customFields.update(one, {"fields": [{"id": here.field_id, "value": "Premium"}]}),
    ]
    assert [answer["status"] for answer in answers] == [204, 204, 204]
    found = (await client.conversations.get(one, {"embed": "threads"}))["data"]
    assert (found["status"], found["tags"][0]["tag"], found["customFields"][0]["text"]) == ("pending", "vip", "Premium")
    assert len(found["_embedded"]["threads"]) == 1
    assert (await client.conversations.delete(one))["status"] == 204
    with pytest.raises(Refused, match='"status":404'):
        await client.conversations.get(one)


async def test_threads_and_files(here: Ground, client: Remote) -> None:
    one = await here.conversation()
    threads = client.conversations.threads
    body = {"text": "Hello", "customer": {"email": "jane@example.com"}}

    made = {
        name: int((await getattr(threads, name)(one, body))["headers"]["resource-id"])
        for name in ("createChat", "createCustomer", "createNote", "createPhone", "createReply")
    }

    listed = (await threads.list(one, {"page": 1}))["data"]["_embedded"]["threads"]
    assert [thread["id"] for thread in listed[:-1]] == list(made.values())[::-1]
    await threads.update(one, made["createNote"], {"op": "replace", "path": "/text", "value": "Better"})
    file = {"fileName": "a.txt", "mimeType": "text/plain", "data": "aGVsbG8="}
    uploaded = await client.conversations.attachments.upload(one, made["createNote"], file)
    attachment = int(uploaded["headers"]["resource-id"])
    assert (await client.conversations.attachments.getData(one, attachment))["data"]["data"] == "aGVsbG8="
    assert (await client.conversations.attachments.delete(one, attachment))["status"] == 204
    with pytest.raises(Refused, match='"status":404'):
        await threads.get(one, made["createNote"])  # its source as mail: it never came by mail


async def test_the_next_page_is_where_the_link_says(here: Ground, client: Remote) -> None:
    made = [await here.conversation(f"Question {number}") for number in range(27)]

    first = (await client.conversations.list({"sortField": "number", "sortOrder": "asc"}))["data"]
    second = (await client.nextPage(first["_links"]))["data"]

    seen = [item["id"] for page in (first, second) for item in page["_embedded"]["conversations"]]
    assert seen == made
    assert "next" not in second["_links"]


async def test_customers_with_their_properties(here: Ground, client: Remote) -> None:
    one = int((await client.customers.create({"firstName": "Jane"}))["headers"]["resource-id"])

    await client.customers.overwrite(one, {"firstName": "Janet", "jobTitle": "Lead"})
    await client.customers.update(one, [{"op": "replace", "path": "/lastName", "value": "Smith"}])
    # This client sends PUT where the documentation has PATCH.
    await client.customers.properties.update(one, [{"op": "replace", "path": "/plan", "value": "Premium"}])
    address: dict[str, Any] = {"city": "Graz", "state": "", "postalCode": "8010", "country": "AT", "lines": ["Main 1"]}
    assert (await client.customers.addresses.create(one, address))["status"] == 201
    await client.customers.addresses.update(one, {**address, "city": "Linz"})
    assert (await client.customers.addresses.get(one))["data"]["city"] == "Linz"
    found = (await client.customers.get(one))["data"]
    assert (found["firstName"], found["lastName"], found["jobTitle"]) == ("Janet", "Smith", "Lead")
    assert found["_embedded"]["properties"][0]["text"] == "Premium"
    assert (await client.customers.addresses.delete(one))["status"] == 204
    assert len((await client.customers.list({"firstName": "janet"}))["data"]["_embedded"]["customers"]) == 1
    definitions = (await client.customerProperties.list())["data"]["_embedded"]["customer-properties"]
    assert [definition["slug"] for definition in definitions] == ["plan"]


@pytest.mark.parametrize(
    ("part", "rel", "kind", "value"),
    [
        ("emails", "emails", "work", "jane@example.com"),
        ("phones", "phones", "mobile", "+43 1"),
        ("chatHandles", "chats", "skype", "jane"),
        ("socialProfiles", "social-profiles", "twitter", "@jane"),
        ("websites", "websites", None, "https://example.com"),
    ],
)
async def test_entries_of_customers(
    here: Ground, client: Remote, part: str, rel: str, kind: str | None, value: str
) -> None:
    one = await here.made("/v2/customers", {"firstName": "Jane"})
    entries, body = getattr(client.customers, part), ({"type": kind} if kind else {})

    entry = int((await entries.create(one, {**body, "value": value}))["headers"]["resource-id"])

    assert (await entries.update(one, entry, {**body, "value": value + "2"}))["status"] == 204
    [listed] = (await entries.list(one))["data"]["_embedded"][rel]
    assert (listed["id"], listed["value"]) == (entry, value + "2")
    assert (await entries.delete(one, entry))["status"] == 204


async def test_the_rest_of_what_can_be_read(here: Ground, client: Remote) -> None:
    await here.conversation(tags=["vip"])

    assert (await client.mailboxes.get(here.support.id))["data"]["id"] == here.support.id
    assert len((await client.mailboxes.list())["data"]["_embedded"]["mailboxes"]) == 2
    assert (await client.mailboxes.folders.list(here.support.id))["data"]["_embedded"]["folders"]
    fields = (await client.mailboxes.customFields.list(here.support.id))["data"]["_embedded"]["fields"]
    assert [field["id"] for field in fields] == [here.field_id]
    assert (await client.users.me())["data"]["id"] == here.account.owner.id
    assert (await client.users.get(here.account.user.id))["data"]["firstName"] == "Una"
    assert len((await client.users.list({"mailbox": here.support.id}))["data"]["_embedded"]["users"]) == 3
    assert (await client.teams.list())["data"]["_embedded"]["teams"][0]["id"] == here.team_id
    assert len((await client.teams.teamMembers.list(here.team_id))["data"]["_embedded"]["users"]) == 1
    assert (await client.tags.list())["data"]["_embedded"]["tags"][0]["name"] == "vip"


async def test_webhooks_from_beginning_to_end(client: Remote) -> None:
    body = {"url": "https://app.example.com/hook", "events": ["convo.created", "customer.created"], "secret": "secret"}

    made = int((await client.webhooks.create(body))["headers"]["resource-id"])

    assert (await client.webhooks.update(made, {**body, "events": ["convo.tags"]}))["status"] == 204
    assert (await client.webhooks.get(made))["data"]["events"] == ["convo.tags"]
    assert [item["id"] for item in (await client.webhooks.list())["data"]["_embedded"]["webhooks"]] == [made]
    assert (await client.webhooks.delete(made))["status"] == 204


async def test_workflows_are_listed_run_and_switched_off(here: Ground, client: Remote) -> None:
    conversation, one = await here.conversation(), await here.workflow()

    assert [item["id"] for item in (await client.workflows.list())["data"]["_embedded"]["workflows"]] == [one]
    assert (await client.workflows.runManual(one, {"conversationIds": [conversation]}))["status"] == 204
    switch = {"op": "replace", "path": "/status", "value": "inactive"}
    assert (await client.workflows.update(one, switch))["status"] == 204
    assert (await client.workflows.list({"mailboxId": here.support.id}))["data"]["_embedded"]["workflows"][0][
        "status"
    ] == "inactive"


async def test_a_rating_is_read(here: Ground, client: Remote) -> None:
    conversation = await here.conversation()
    reply = await here.made(f"/v2/conversations/{conversation}/reply", {"text": "Done"})
    customer = (await here.get(f"/v2/conversations/{conversation}"))["primaryCustomer"]["id"]
    async with here.desk.transactions.open() as tx:
        given = Actor.for_customer(here.account.id, customer)
        rating = await conversations.rate(tx, given, reply, Grade.GREAT, "Thanks!")

    told = (await client.ratings.get(rating.id))["data"]

    assert (told["rating"], told["comments"], told["threadId"]) == ("great", "Thanks!", reply)
    assert (told["customer"]["id"], told["user"]["id"]) == (customer, here.account.owner.id)


async def test_a_stale_token_is_refreshed_once_and_the_call_repeated(here: Ground) -> None:
    tokens = await here.tokens()
    given = published.environment(here.desk.base_url)
    async with published.node("helpscout-mailbox-api", given, credentials(here, "OAuth2")) as client:
        await client.setCredentials({**tokens, "access_token": "stale"})

        assert (await client.users.me())["data"]["id"] == here.account.owner.id

        refreshed = await client.credentials()
        assert refreshed["refresh_token"] != tokens["refresh_token"]
        assert refreshed["token_type"] == "bearer"
        uri = await client.generateAuthorizationUri("abc")
        assert uri.endswith(f"/authentication/authorizeClientApplication?client_id={here.app_id}&state=abc")
        shown = await here.http.get(uri.split("secure.helpscout.net")[1], follow_redirects=False)
        assert shown.status_code in (302, 303), "to the sign-in, and back"
