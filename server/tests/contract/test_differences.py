"""Where clients differ from each other or from the seed (spec: 16): a test for each row of that table, in its order."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.clients.ground import Ground, ground
from tests.desk import Desk, desk_with
from waypost.domains.accounts import Dialect

pytestmark = pytest.mark.anyio

PHP_AGENT = "Help Scout PHP API Client/3.7.0 (PHP 8.2.0)"
TOO_LONG = {"firstName": "x" * 41}


@pytest.fixture
async def here(module_desk: Desk) -> Ground:
    return await ground(module_desk, Dialect.SEED)


async def patched(here: Ground, path: str, body: Any, **headers: str) -> dict[str, Any]:
    """Send a PATCH that must do; the thing as it is then."""
    answer = await here.http.patch(path, content=json.dumps(body), headers=headers)
    assert answer.status_code == 204, answer.text
    return await here.get(path)


async def listed(here: Ground, query: str) -> list[int]:
    """Ids of a list of conversations, the query as literally sent."""
    answer = await here.http.get(f"/v2/conversations?{query}")
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["_embedded"]["conversations"]]


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 422), ({"User-Agent": PHP_AGENT}, 400), ({"Prefer": "validation-status=400"}, 400)],
)
async def test_validation_status(here: Ground, headers: dict[str, str], status: int) -> None:
    answer = await here.http.post("/v2/customers", json=TOO_LONG, headers=headers)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/vnd.error+json"


async def test_validation_status_of_an_application(module_desk: Desk) -> None:
    here = await ground(module_desk, Dialect.PLATFORM)
    token = (await here.tokens())["access_token"]

    answer = await here.http.post("/v2/customers", json=TOO_LONG, headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == 400


@pytest.mark.parametrize("kind", ["application/json", "application/json-patch+json", "application/json;charset=UTF-8"])
@pytest.mark.parametrize(
    "body",
    [
        [{"op": "replace", "path": "/subject", "value": "New"}],
        {"op": "replace", "path": "/subject", "value": "New"},
        {"subject": "New", "status": "pending", "assignTo": 0, "tags": ["vip"]},
    ],
    ids=["array: N8N, seed", "operation: PHP, SD, CLB, HSCLI", "plain object: ML"],
)
async def test_patch_of_a_conversation(here: Ground, body: Any, kind: str) -> None:
    made = await here.conversation()

    assert (await patched(here, f"/v2/conversations/{made}", body, **{"Content-Type": kind}))["subject"] == "New"


@pytest.mark.parametrize(
    "body",
    [[{"op": "replace", "path": "/firstName", "value": "Janet"}], {"firstName": "Janet"}],
    ids=["array", "plain object: ML"],
)
async def test_patch_of_a_customer(here: Ground, body: Any) -> None:
    made = await here.made("/v2/customers", {"firstName": "Jane"})

    assert (await patched(here, f"/v2/customers/{made}", body))["firstName"] == "Janet"


@pytest.mark.parametrize("spelling", ["social_profiles", "social-profiles"])
async def test_path_and_rels_of_profiles(here: Ground, spelling: str) -> None:
    customer = await here.made("/v2/customers", {"firstName": "Jane"})

    made = await here.made(f"/v2/customers/{customer}/{spelling}", {"type": "twitter", "value": "@jane"})

    told = (await here.get(f"/v2/customers/{customer}/{spelling}"))["_embedded"]
    assert told["social-profiles"] == told["social_profiles"]
    assert [item["id"] for item in told["social_profiles"]] == [made]
    inside = (await here.get(f"/v2/customers/{customer}"))["_embedded"]
    assert [item["id"] for item in inside["social_profiles"]] == [made]


async def test_saved_replies(here: Ground) -> None:
    path = f"/v2/mailboxes/{here.support.id}"
    made = await here.made(f"{path}/saved_replies", {"name": "Welcome", "text": "Hello"})
    tops = await here.made("/v2/saved-replies", {"mailboxId": here.support.id, "name": "Bye", "text": "Bye"})

    bare = (await here.http.get(f"{path}/saved-replies")).json()
    assert isinstance(bare, list), "CLB shows nothing else"
    assert {item["id"] for item in bare} == {made, tops}
    hal = (await here.get(f"{path}/saved_replies"))["_embedded"]["saved_replies"]
    assert {item["id"] for item in hal} == {made, tops}
    everywhere = (await here.get("/v2/saved-replies", mailboxId=here.support.id))["_embedded"]["savedReplies"]
    assert {(item["id"], item["mailboxId"]) for item in everywhere} == {
        (made, here.support.id),
        (tops, here.support.id),
    }
    for spelling in (f"{path}/saved-replies/{made}", f"{path}/saved_replies/{made}", f"/v2/saved-replies/{made}"):
        assert (await here.http.put(spelling, json={"name": "Renamed"})).status_code == 204
        assert (await here.get(spelling))["name"] == "Renamed"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v2/conversations", "conversation"),
        ("/v2/customers", {"firstName": "Jane"}),
        ("/v2/customers/{customer}/emails", {"type": "work", "value": "j@example.com"}),
        ("/v2/conversations/{conversation}/reply", {"text": "Hello"}),
        ("/v2/conversations/{conversation}/notes", {"text": "Hello"}),
        ("/v2/conversations/{conversation}/phones", {"text": "Hello"}),
        ("/v2/conversations/{conversation}/chats", {"text": "Hello"}),
        ("/v2/conversations/{conversation}/customer", {"text": "Hello"}),
        (
            "/v2/conversations/{conversation}/threads/{thread}/attachments",
            {"fileName": "a.txt", "mimeType": "text/plain", "data": "aGVsbG8="},
        ),
    ],
)
async def test_body_and_id_of_what_was_made(here: Ground, path: str, body: Any) -> None:
    conversation = await here.conversation()
    ids = {
        "conversation": conversation,
        "customer": (await here.get(f"/v2/conversations/{conversation}"))["primaryCustomer"]["id"],
        "thread": (await here.thread_of(conversation))["id"],
    }
    if body == "conversation":
        customer = {"email": "jane@example.com"}
        threads = [{"type": "customer", "text": "x"}]
        body = {"subject": "x", "type": "email", "status": "active", "mailboxId": here.support.id}
        body |= {"customer": customer, "threads": threads}

    answer = await here.http.post(path.format(**ids), json=body)

    assert answer.status_code == 201
    made = answer.json()["id"]  # HSCLI; SD and CLB parse whatever is no 204
    assert answer.headers["resource-id"] == str(made)  # PHP, SHARP, ML, RB
    assert answer.headers["location"].rsplit("/", 1)[1] == str(made)  # OPK, the digits at its end: MCP
    followed = await here.http.get(answer.headers["location"])
    assert (followed.status_code, followed.json()["id"]) == (200, made)


async def test_customer_of_a_reply(here: Ground) -> None:
    conversation = await here.conversation(email="jane@example.com")
    primary = (await here.get(f"/v2/conversations/{conversation}"))["primaryCustomer"]["id"]

    for body in (
        {"text": "Hello"},
        {"text": "Hello", "customer": {"id": primary}},
        {"text": "Hello", "customer": None},
    ):
        await here.made(f"/v2/conversations/{conversation}/reply", body)
        assert (await here.thread_of(conversation))["customer"]["id"] == primary


@pytest.mark.parametrize(
    ("kind", "seen"),
    [(None, "message"), ("reply", "message"), ("note", "note"), ("phone", "phone"), ("chat", "chat")],
)
async def test_type_of_a_reply(here: Ground, kind: str | None, seen: str) -> None:
    conversation = await here.conversation()

    await here.made(f"/v2/conversations/{conversation}/reply", {"text": "Hello", **({"type": kind} if kind else {})})

    assert (await here.thread_of(conversation))["type"] == seen


@pytest.mark.parametrize("name", ["limit", "size", "pageSize"])
async def test_page_size(here: Ground, name: str) -> None:
    for number in range(3):
        await here.conversation(f"Question {number}")

    page = await here.get("/v2/conversations", **{name: 2})

    assert (page["page"]["size"], len(page["_embedded"]["conversations"])) == (2, 2)
    assert f"{name}=2" in page["_links"]["next"]["href"]


@desk_with(rate_limit_per_minute=1)
async def test_rate_headers(desk: Desk) -> None:
    client = await desk.client((await desk.make.account()).owner)

    first, second = await client.get("/v2/tags"), await client.get("/v2/tags")

    assert (first.status_code, second.status_code) == (200, 429)
    for answer in (first, second):
        assert answer.headers["x-ratelimit-limit"] == answer.headers["x-ratelimit-limit-minute"] == "1"
        assert answer.headers["x-ratelimit-remaining"] == answer.headers["x-ratelimit-remaining-minute"] == "0"
        assert answer.headers["x-ratelimit-reset"].isdigit()
    assert second.headers["retry-after"] == second.headers["x-ratelimit-retry-after"]


@pytest.mark.parametrize(
    ("desk", "left"),
    [({"rate_limit_per_minute": 10}, "9"), ({"rate_limit_per_minute": 10, "rate_write_weight": 2}, "8")],
    indirect=["desk"],
)
async def test_write_weight(desk: Desk, left: str) -> None:
    client = await desk.client((await desk.make.account()).owner)

    answer = await client.post("/v2/customers", json={"firstName": "Jane"})

    assert (answer.status_code, answer.headers["x-ratelimit-remaining"]) == (201, left)


@pytest.mark.parametrize("carrier", ["data", "json", "params"])
async def test_token_request(here: Ground, carrier: str) -> None:
    client = await here.desk.client()
    sent: Any = {"grant_type": "client_credentials", "client_id": here.app_id, "client_secret": here.secret}

    answer = await client.post("/v2/oauth2/token", **{carrier: sent})

    assert (answer.status_code, answer.json()["token_type"]) == (200, "bearer")


async def test_token_answer(here: Ground) -> None:
    sent = {"client_id": here.app_id, "client_secret": here.secret}

    async def ask(**more: str) -> set[str]:
        return set((await here.http.post("/v2/oauth2/token", data={**sent, **more})).json())

    three = {"token_type", "access_token", "expires_in"}
    assert await ask(grant_type="client_credentials") == three
    refresh = (await here.tokens())["refresh_token"]
    assert await ask(grant_type="refresh_token", refresh_token=refresh) == three | {"refresh_token"}


async def test_webhook_event_names(here: Ground) -> None:
    seeds = [
        "convo.tags.added", "convo.tags.removed", "satisfaction.ratings.received",
        "beacon.chat.customer.reply.created", "survey.response.received",
    ]  # fmt: skip
    others = [
        "convo.tags", "satisfaction.ratings", "beacon.chat.customer.replied", "message.survey.response.received",
        "convo.custom-fields", "organization.created",
    ]  # fmt: skip
    body = {"url": "https://app.example.com/hook", "secret": "s", "events": [*seeds, *others]}

    made = await here.made("/v2/webhooks", body)

    assert (await here.get(f"/v2/webhooks/{made}"))["events"] == [*seeds, *others], "as they were spelled"
    refused = await here.http.post("/v2/webhooks", json={**body, "events": ["convo.opened"]})
    assert [error["path"] for error in refused.json()["_embedded"]["errors"]] == ["events[0]"]


async def test_tags_and_time_of_change_in_a_conversation(here: Ground) -> None:
    conversation = await here.get(f"/v2/conversations/{await here.conversation(tags=['vip'])}")

    [tag] = conversation["tags"]
    assert tag["tag"] == tag["name"] == "vip"
    assert conversation["modifiedAt"].endswith("Z")
    assert conversation["userUpdatedAt"].endswith("Z")


@pytest.mark.parametrize("name", ["assigned_to", "assignedTo"])
async def test_filter_by_assignee(here: Ground, name: str) -> None:
    await here.conversation()
    mine = await here.conversation(assignTo=here.account.user.id)

    assert await listed(here, f"{name}={here.account.user.id}") == [mine]


async def test_filter_by_mailbox(here: Ground) -> None:
    one, two = await here.conversation(), await here.conversation(mailboxId=here.sales.id)

    assert await listed(here, f"mailbox={here.support.id}") == [one]
    assert await listed(here, f"mailbox={here.support.id},{here.sales.id}") == [two, one]
    assert await listed(here, f"mailbox={here.support.id}&mailbox={here.sales.id}") == [two, one]


@pytest.mark.parametrize("spelling", ["mailboxid", "mailboxId"])
async def test_case_of_sort_fields(here: Ground, spelling: str) -> None:
    two, one = await here.conversation(mailboxId=here.sales.id), await here.conversation()

    assert await listed(here, f"sortField={spelling}&sortOrder=asc") == [one, two]


@pytest.mark.parametrize("operator", ["move", "replace"])
async def test_moving_to_another_mailbox(here: Ground, operator: str) -> None:
    made = await here.conversation()

    body = {"op": operator, "path": "/mailboxId", "value": here.sales.id}
    assert (await patched(here, f"/v2/conversations/{made}", body))["mailboxId"] == here.sales.id
    # dynasty-nerds names a folder: one that fills itself is passed over.
    folders = (await here.get(f"/v2/mailboxes/{here.sales.id}/folders"))["_embedded"]["folders"]
    await patched(here, f"/v2/conversations/{made}", {"op": "move", "path": "/folderId", "value": folders[0]["id"]})


@pytest.mark.parametrize("name", ["mailbox", "mailboxId"])
async def test_filter_of_users(here: Ground, name: str) -> None:
    users = (await here.get("/v2/users", **{name: here.sales.id}))["_embedded"]["users"]

    seen = {user["id"] for user in users}
    assert here.account.user.id not in seen
    assert here.account.owner.id in seen


@pytest.mark.parametrize("key", ["conversationIds", "conversation_ids"])
async def test_running_a_workflow(here: Ground, key: str) -> None:
    conversation, workflow = await here.conversation(), await here.workflow()

    answer = await here.http.post(f"/v2/workflows/{workflow}/run", json={key: [conversation]})

    assert answer.status_code == 204, answer.text
    await here.desk.run_workers()
    assert [tag["tag"] for tag in (await here.get(f"/v2/conversations/{conversation}"))["tags"]] == ["ran"]


@pytest.mark.parametrize(
    "body",
    [
        {"op": "replace", "path": "/status", "value": "inactive"},
        [{"op": "replace", "path": "/status", "value": "inactive"}],
        {"op": "inactive", "path": "/replace", "value": "/status"},
    ],
    ids=["docs", "array", "PHP"],
)
async def test_patch_of_a_workflow(here: Ground, body: Any) -> None:
    workflow = await here.workflow()

    answer = await here.http.patch(f"/v2/workflows/{workflow}", json=body)

    assert answer.status_code == 204, answer.text
    [listed] = (await here.get("/v2/workflows", mailboxId=here.support.id))["_embedded"]["workflows"]
    assert (listed["id"], listed["status"]) == (workflow, "inactive")


async def test_keys_of_attachments(here: Ground) -> None:
    conversation = await here.conversation()
    thread = (await here.thread_of(conversation))["id"]
    path = f"/v2/conversations/{conversation}"
    file = {"mimeType": "text/plain", "data": "aGVsbG8="}

    uploaded = await here.made(f"{path}/threads/{thread}/attachments", {**file, "filename": "upload.txt"})
    await here.made(f"{path}/reply", {"text": "1", "attachments": [{**file, "fileName": "a.txt"}]})
    await here.made(f"{path}/reply", {"text": "2", "attachments": [{**file, "filename": "b.txt"}]})
    await here.made(f"{path}/reply", {"text": "3", "attachments": [uploaded]})

    threads = (await here.get(f"{path}/threads"))["_embedded"]["threads"]
    names = [[item["filename"] for item in thread["_embedded"]["attachments"]] for thread in threads]
    assert names == [["upload.txt"], ["b.txt"], ["a.txt"], ["upload.txt"]]


@pytest.mark.parametrize("body", [{"domains": ["example.com"]}, {"domain": "example.com"}], ids=["docs", "N8N, OPK"])
async def test_domain_of_an_organization(here: Ground, body: dict[str, Any]) -> None:
    made = await here.made("/v2/organizations", {"name": "Example Corp", **body})

    assert (await here.get(f"/v2/organizations/{made}"))["domains"] == ["example.com"]


@pytest.mark.parametrize(
    "path",
    [
        "/v2/conversations?query=(tag:%22no-such%22)",
        "/v2/customers?query=(tag:%22no-such%22)",
        "/v2/tags",
        "/v2/mailboxes/{sales}/fields",
        "/v2/customers/{customer}/emails",
    ],
)
async def test_lists_without_items(here: Ground, path: str) -> None:
    customer = await here.made("/v2/customers", {"firstName": "Jane"})

    told = await here.get(path.format(sales=here.sales.id, customer=customer))

    assert list(told["_embedded"].values()) == [[]]


async def test_page_numbers_are_integers(here: Ground) -> None:
    page = (await here.get("/v2/conversations", page="1"))["page"]

    assert {name: type(value) for name, value in page.items()} == dict.fromkeys(
        ("size", "totalElements", "totalPages", "number"), int
    )


async def test_exact_codes_of_writes(here: Ground) -> None:
    conversation = await here.conversation()
    customer = await here.made("/v2/customers", {"firstName": "Jane"})
    path = f"/v2/conversations/{conversation}"
    address = {"lines": ["1"], "city": "Graz", "state": "", "postalCode": "8010", "country": "AT"}
    answers = [
        await here.http.put(f"{path}/tags", json={"tags": ["vip"]}),
        await here.http.put(f"{path}/fields", json={"fields": []}),
        await here.http.put(f"{path}/snooze", json={"snoozedUntil": "2050-01-01T00:00:00Z"}),
        await here.http.delete(f"{path}/snooze"),
        await here.http.put(f"/v2/customers/{customer}", json={"firstName": "Janet"}),
        await here.http.put(f"/v2/customers/{customer}/address", json=address),
        await here.http.delete(f"/v2/customers/{customer}/address"),
        await here.http.delete(path),
    ]

    assert [answer.status_code for answer in answers] == [204] * 8
    assert all(answer.content == b"" and "content-type" not in answer.headers for answer in answers)
