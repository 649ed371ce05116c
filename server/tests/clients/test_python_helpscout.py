"""python-helpscout and its forerunner python-helpscout-v2 (PyPI). Both take a base address: nothing is redirected."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.clients import published
from tests.clients.ground import Ground, ground
from tests.clients.published import Refused, Remote
from tests.desk import Desk, desk_with
from waypost.domains.accounts import rights

pytestmark = pytest.mark.anyio

#: The package's folder, where it has one of its own.
PACKAGES = {"python-helpscout": "", "python-helpscout-v2": "python-helpscout-v2"}


@pytest.fixture
async def here(module_desk: Desk) -> Ground:
    return await ground(module_desk)


@pytest.fixture(params=PACKAGES.values(), ids=PACKAGES.keys())
async def client(here: Ground, request: pytest.FixtureRequest) -> AsyncIterator[Remote]:
    given = published.python_environment(here.desk.base_url, request.param)
    base = f"{here.desk.base_url}/v2/"
    async with published.python("helpscout", "HelpScout", given, here.app_id, here.secret, base_url=base) as made:
        yield made


async def test_lists_go_through_all_pages(here: Ground, client: Remote) -> None:
    made = [await here.conversation(f"Question {number}") for number in range(27)]

    found = await client.conversations.get(params="status=active&sortField=number&sortOrder=asc")

    assert [item["id"] for item in found] == made
    assert found[0]["subject"] == "Question 0"
    assert await client.conversations.get(params={"status": "closed"}) == []


async def test_one_thing_by_its_id(here: Ground, client: Remote) -> None:
    conversation = await here.conversation("Question")

    found = await client.conversations.get(conversation)
    assert (found["id"], found["subject"]) == (conversation, "Question")
    assert (await client.conversations[conversation].get())["id"] == conversation
    assert (await client.mailboxes.get(here.support.id))["name"] == "General Support"
    assert (await client.users.get("me"))["id"] == here.account.owner.id
    [thread] = await client.conversations[conversation].threads.get()
    assert thread["type"] == "customer"


@pytest.mark.parametrize("endpoint", ["mailboxes", "users", "teams", "tags", "customers", "conversations"])
async def test_every_list_has_items_of_its_kind(here: Ground, client: Remote, endpoint: str) -> None:
    await here.conversation(tags=["vip"])

    found = await getattr(client, endpoint).get()

    listed = await here.get(f"/v2/{endpoint}")
    assert [item["id"] for item in found] == [item["id"] for item in listed["_embedded"][endpoint]]
    assert len(found) == listed["page"]["totalElements"] > 0


async def test_making_changing_and_deleting(here: Ground, client: Remote) -> None:
    body = {
        "subject": "Made",
        "type": "email",
        "mailboxId": here.support.id,
        "status": "active",
        "customer": {"email": "jane@example.com"},
        "threads": [{"type": "customer", "text": "Hello", "customer": {"email": "jane@example.com"}}],
    }
    assert await client.conversations.post(data=body) is None
    [made] = await client.conversations.get()

    one = client.conversations[made["id"]]
    assert await one.notes.post(data={"text": "A note"}) is None
    assert await one.tags.put(data={"tags": ["vip"]}) is None
    assert await one.patch(data={"op": "replace", "path": "/status", "value": "pending"}) is None
    found = await one.get()
    assert (found["status"], [tag["tag"] for tag in found["tags"]]) == ("pending", ["vip"])
    assert [thread["type"] for thread in await one.threads.get()] == ["note", "customer"]

    assert await client.conversations.delete(made["id"]) is None
    assert await client.conversations.get(params={"status": "all"}) == []
    with pytest.raises(Refused, match=r"HelpScoutException: .*Resource not found"):
        await one.get()


async def test_a_customer_and_what_hangs_on_them(here: Ground, client: Remote) -> None:
    await client.customers.post(data={"firstName": "Jane", "emails": [{"type": "work", "value": "jane@example.com"}]})
    [customer] = await client.customers.get(params='query=(email:"jane@example.com")')

    one = client.customers[customer["id"]]
    await one.phones.post(data={"type": "work", "value": "+43 1"})
    await one.address.put(data={"city": "Vienna", "country": "AT", "lines": [], "state": "", "postalCode": "1010"})

    [address] = await one.address.get()
    assert address["city"] == "Vienna"
    found = await one.get()
    assert [phone["value"] for phone in found["_embedded"]["phones"]] == ["+43 1"]


async def test_a_withdrawn_token_is_replaced_on_the_way(here: Ground, client: Remote) -> None:
    await client.mailboxes.get()
    async with here.desk.transactions.open() as tx:
        await tx.connection.execute(
            "delete from oauth_token where account_id = $1 and application_id = $2",
            here.account.id,
            here.application.id,
        )
        await rights.changed(tx, here.account.id)

    assert len(await client.mailboxes.get()) == 2


async def test_a_wrong_secret_is_told_as_such(here: Ground) -> None:
    given = published.python_environment(here.desk.base_url)
    base = f"{here.desk.base_url}/v2/"
    async with published.python("helpscout", "HelpScout", given, here.app_id, "wrong", base_url=base) as client:
        with pytest.raises(Refused, match=r"HelpScoutAuthenticationException.*invalid_client"):
            await client.users.get()


@desk_with(rate_limit_per_minute=3)
async def test_the_limit_is_told_as_such(desk: Desk) -> None:
    here = await ground(desk)  # one of the three requests
    given = published.python_environment(desk.base_url)
    named = {"base_url": f"{desk.base_url}/v2/", "sleep_on_rate_limit_exceeded": False}
    async with published.python("helpscout", "HelpScout", given, here.app_id, here.secret, **named) as client:
        await client.users.get()
        await client.users.get()
        with pytest.raises(Refused, match="HelpScoutRateLimitExceededException"):
            await client.users.get()
