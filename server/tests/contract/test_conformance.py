"""The specification's short conformance list (spec: 18): one test for each of its items, in its order."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest

from tests.clients.ground import Ground, ground
from tests.desk import Desk, desk_with
from waypost.domains import conversations
from waypost.domains.accounts import Dialect

pytestmark = pytest.mark.anyio

SEED_RATE_HEADERS = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")
PHP_AGENT = "Help Scout PHP API Client/3.7.0 (PHP 8.2.0)"
LARGEST_ID = 2**31 - 1


@pytest.fixture
async def here(module_desk: Desk) -> Ground:
    return await ground(module_desk, Dialect.SEED)


def seeds_body(here: Ground) -> dict[str, Any]:
    """The seed's conversation, with ids of this desk."""
    return {
        "subject": "Need help with billing",
        "customer": {"email": "customer@example.com", "firstName": "Jane", "lastName": "Smith"},
        "mailboxId": here.support.id,
        "type": "email",
        "status": "active",
        "threads": [
            {
                "type": "customer",
                "customer": {"email": "customer@example.com"},
                "text": "I have a question about my recent bill. Can you help?",
            }
        ],
        "tags": ["billing", "priority"],
        "fields": [{"id": here.field_id, "value": "premium"}],
    }


def form(here: Ground) -> dict[str, str]:
    return {"grant_type": "client_credentials", "client_id": here.app_id, "client_secret": here.secret}


async def ids_of(here: Ground, path: str, rel: str, **query: Any) -> list[int]:
    return [item["id"] for item in (await here.get(path, **query))["_embedded"][rel]]


async def test_01_the_seeds_token_call_as_curl_makes_it(here: Ground) -> None:
    client = await here.desk.client()
    sent = "&".join(f"{name}={value}" for name, value in form(here).items())

    answer = await client.post(
        "/v2/oauth2/token", content=sent, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )

    assert answer.status_code == 200
    told = answer.json()
    assert set(told) == {"token_type", "access_token", "expires_in"}
    assert (told["token_type"], told["expires_in"]) == ("bearer", 172800)


async def test_02_the_same_call_as_json_with_a_charset(here: Ground) -> None:
    client = await here.desk.client()
    headers = {"Content-Type": "application/json;charset=UTF-8"}

    answer = await client.post("/v2/oauth2/token", content=json.dumps(form(here)), headers=headers)

    assert answer.status_code == 200
    assert set(answer.json()) == {"token_type", "access_token", "expires_in"}


async def test_03_refreshing_twice_works_and_the_first_token_is_used_up(here: Ground) -> None:
    async def refresh(token: str) -> httpx.Response:
        sent = {**form(here), "grant_type": "refresh_token", "refresh_token": token}
        return await here.http.post("/v2/oauth2/token", data=sent)

    first = (await here.tokens())["refresh_token"]
    second = (await refresh(first)).json()["refresh_token"]
    third = await refresh(second)
    assert third.status_code == 200
    assert set(third.json()) == {"token_type", "access_token", "expires_in", "refresh_token"}

    used_up = await refresh(first)

    assert used_up.status_code == 400
    told = used_up.json()
    assert (told["error"], told["error_description"]) == ("invalid_request", "Invalid refresh_token")


async def test_04_a_list_of_156_has_seven_pages_and_links(here: Ground) -> None:
    for number in range(156):
        await here.conversation(f"Question {number}")

    listed = await here.get("/v2/conversations")

    assert listed["page"] == {"size": 25, "totalElements": 156, "totalPages": 7, "number": 1}
    links = listed["_links"]
    assert set(links) == {"self", "first", "next", "last", "page"}
    base = f"{here.desk.base_url}/v2/conversations"
    assert links["next"] == {"href": f"{base}?page=2"}
    assert links["last"] == {"href": f"{base}?page=7"}
    assert links["page"] == {"href": base + "{?page}", "templated": True}


async def test_05_the_size_of_a_page_and_pages_past_the_end(here: Ground) -> None:
    await here.conversation()

    assert (await here.get("/v2/conversations", limit=10))["page"]["size"] == 10
    past = await here.get("/v2/conversations", page=99)
    assert past["_embedded"] == {"conversations": []}
    assert past["page"]["number"] == 99


async def test_06_the_seeds_conversation_is_made_with_its_customer(here: Ground) -> None:
    answer = await here.http.post("/v2/conversations", json=seeds_body(here))

    assert answer.status_code == 201
    made = answer.json()["id"]
    assert answer.headers["resource-id"] == str(made)
    assert answer.headers["location"] == f"{here.desk.base_url}/v2/conversations/{made}"
    [customer] = (await here.get("/v2/customers", query='(email:"customer@example.com")'))["_embedded"]["customers"]
    assert (customer["firstName"], customer["lastName"]) == ("Jane", "Smith")
    assert (await here.get(f"/v2/conversations/{made}"))["primaryCustomer"]["id"] == customer["id"]


@pytest.mark.parametrize("one_by_one", [False, True], ids=["as an array", "one by one"])
async def test_07_the_seeds_patch(here: Ground, one_by_one: bool) -> None:
    made = await here.conversation()
    operations = [
        {"op": "replace", "path": "/subject", "value": "Updated subject"},
        {"op": "replace", "path": "/status", "value": "closed"},
        {"op": "replace", "path": "/assignTo", "value": here.account.administrator.id},
        {"op": "move", "path": "/mailboxId", "value": here.sales.id},
    ]

    for body in operations if one_by_one else [operations]:
        answer = await here.http.patch(f"/v2/conversations/{made}", json=body)
        assert (answer.status_code, answer.content) == (204, b"")

    found = await here.get(f"/v2/conversations/{made}")
    assert (found["subject"], found["status"], found["mailboxId"]) == ("Updated subject", "closed", here.sales.id)
    assert found["assignee"]["id"] == here.account.administrator.id


@pytest.mark.parametrize(("agent", "status"), [("curl/8.5.0", 422), (PHP_AGENT, 400)])
async def test_08_a_missing_subject(here: Ground, agent: str, status: int) -> None:
    body = seeds_body(here)
    del body["subject"]

    answer = await here.http.post("/v2/conversations", json=body, headers={"User-Agent": agent})

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/vnd.error+json"
    [error] = answer.json()["_embedded"]["errors"]
    assert (error["path"], error["message"]) == ("subject", "may not be empty")


@desk_with(rate_limit_per_minute=200, write_burst_limit=12)
async def test_09_thirteen_writes_and_201_reads(desk: Desk) -> None:
    account = await desk.make.account()
    client = await desk.client(account.owner)

    writes = [await client.delete("/v2/conversations/1") for _ in range(13)]
    assert [answer.status_code for answer in writes] == [404] * 12 + [429]
    for header in ("retry-after", "x-ratelimit-retry-after"):
        assert 1 <= int(writes[-1].headers[header]) <= 5
    reads = [await client.get("/v2/tags") for _ in range(189)]
    # Twelve writes were counted, and 188 reads fit beside them.
    assert [answer.status_code for answer in reads] == [200] * 188 + [429]
    assert 1 <= int(reads[-1].headers["retry-after"]) <= 60


async def test_10_every_answer_has_the_seeds_rate_headers(here: Ground) -> None:
    made = await here.conversation()
    answers = [
        await here.http.get("/v2/conversations"),
        await here.http.put(f"/v2/conversations/{made}/tags", json={"tags": []}),
        await here.http.get("/v2/conversations/999999999"),
        await here.http.get("/v2/no-such-thing"),
        await here.http.post("/v2/conversations", json={}),
        await here.http.post("/v2/conversations", content="{"),
        await here.http.delete("/v2/mailboxes"),
        await here.http.get("/v2/users/me", headers={"Authorization": "Bearer nonsense"}),
        await here.http.post("/v2/customers", json={"firstName": "Jane"}),
    ]

    assert [answer.status_code for answer in answers] == [200, 204, 404, 404, 422, 400, 405, 401, 201]
    for answer in answers:
        assert all(answer.headers[name].isdigit() for name in SEED_RATE_HEADERS), answer.request.url


async def test_11_pages_by_the_next_link_and_by_the_template(here: Ground) -> None:
    made = {await here.conversation(f"Question {number}") for number in range(8)}
    first = await here.get("/v2/conversations", limit=3)

    seen, page = set[int](), first
    while True:
        seen |= {item["id"] for item in page["_embedded"]["conversations"]}
        if "next" not in page["_links"]:
            break
        page = (await here.http.get(page["_links"]["next"]["href"])).json()
    assert seen == made

    template = first["_links"]["page"]
    assert template["templated"] is True
    third = (await here.http.get(template["href"].replace("{&page}", "&page=3"))).json()
    assert (third["page"]["number"], len(third["_embedded"]["conversations"])) == (3, 2)


async def test_12_what_the_php_client_sends_with_nulls_and_extra_keys(here: Ground) -> None:
    body = {
        **seeds_body(here),
        "id": None,
        "number": None,
        "threadCount": None,
        "folderId": None,
        "state": None,
        "preview": None,
        "assignee": None,
        "assignTo": None,
        "autoReply": None,
        "imported": None,
        "createdAt": None,
        "closedAt": None,
        "closedBy": None,
        "userUpdatedAt": None,
        "cc": [],
        "bcc": [],
        "source": None,
        "user": None,
        "fields": [{"id": here.field_id, "name": "Plan", "value": "Premium", "text": None}],
        "customer": {
            "id": None, "firstName": "Jane", "lastName": None, "gender": None, "jobTitle": None, "location": None,
            "organization": None, "photoType": None, "photoUrl": None, "background": None, "age": None,
            "email": "jane@example.com", "emails": [{"id": None, "value": "jane@example.com", "type": "work"}],
        },
        "threads": [
            {
                "id": None, "type": "customer", "text": "Hello", "status": None, "state": None, "action": None,
                "source": None, "assignedTo": None, "savedReplyId": None, "to": [], "cc": [], "bcc": [],
                "customer": {"id": None, "email": "jane@example.com"}, "attachments": [], "createdAt": None,
            }
        ],
    }  # fmt: skip

    answer = await here.http.post("/v2/conversations", json=body, headers={"User-Agent": PHP_AGENT})

    assert answer.status_code == 201, answer.text
    found = await here.get(f"/v2/conversations/{answer.headers['resource-id']}")
    assert found["primaryCustomer"]["email"] == "jane@example.com"
    assert "assignee" not in found


async def test_13_lists_of_an_empty_mailbox_have_their_items(here: Ground) -> None:
    listed = await here.get("/v2/conversations", mailbox=here.sales.id, status="all")

    assert listed["_embedded"] == {"conversations": []}
    assert listed["page"] == {"size": 25, "totalElements": 0, "totalPages": 0, "number": 1}


async def test_14_a_merged_conversation_leads_to_where_it_lives_on(here: Ground) -> None:
    survivor, merged = await here.conversation("Survivor"), await here.conversation("Merged")
    async with here.desk.transactions.open() as tx:
        await conversations.merge(tx, here.account.owner.actor, survivor, [merged])

    answer = await here.http.get(f"/v2/conversations/{merged}", follow_redirects=False)

    assert answer.status_code == 301
    assert answer.headers["location"] == f"{here.desk.base_url}/v2/conversations/{survivor}"
    followed = await here.http.get(f"/v2/conversations/{merged}", follow_redirects=True)
    assert (followed.status_code, followed.json()["id"]) == (200, survivor)


@pytest.mark.parametrize(
    ("collection", "kind", "value", "other"),
    [
        ("emails", "work", "jane@example.com", "j@example.com"),
        ("phones", "mobile", "+43 1", "+43 2"),
        ("chats", "skype", "jane", "janet"),
        ("social-profiles", "twitter", "@jane", "@janet"),
        ("social_profiles", "twitter", "@jane", "@janet"),
        ("websites", None, "https://a.example", "https://b.example"),
    ],
)
async def test_15_four_verbs_on_what_hangs_on_a_customer(
    here: Ground, collection: str, kind: str | None, value: str, other: str
) -> None:
    customer = await here.made("/v2/customers", {"firstName": "Jane"})
    path, typed = f"/v2/customers/{customer}/{collection}", ({"type": kind} if kind else {})

    made = await here.http.post(path, json={**typed, "value": value})
    assert made.status_code == 201
    entry = f"{path}/{made.headers['resource-id']}"
    assert (await here.http.put(entry, json={**typed, "value": other})).status_code == 204
    embedded = (await here.get(path))["_embedded"]
    assert all([item["value"] for item in items] == [other] for items in embedded.values())
    assert set(embedded) == ({"social-profiles", "social_profiles"} if "social" in collection else {collection})
    assert (await here.http.delete(entry)).status_code == 204
    assert all(items == [] for items in (await here.get(path))["_embedded"].values())


async def test_16_a_reply_without_a_customer_goes_to_the_primary_one(here: Ground) -> None:
    conversation = await here.conversation(email="jane@example.com")

    await here.made(f"/v2/conversations/{conversation}/reply", {"type": "reply", "text": "Hello"})

    thread = await here.thread_of(conversation)
    assert (thread["type"], thread["customer"]["email"], thread["to"]) == (
        "message",
        "jane@example.com",
        ["jane@example.com"],
    )


async def test_17_a_file_is_the_same_raw_and_as_base64(here: Ground) -> None:
    content = bytes(range(256)) * 100
    conversation = await here.conversation()
    file = {"fileName": "a.bin", "mimeType": "application/octet-stream", "data": base64.b64encode(content).decode()}
    await here.made(f"/v2/conversations/{conversation}/notes", {"text": "See", "attachments": [file]})
    [attachment] = (await here.thread_of(conversation))["_embedded"]["attachments"]
    path = f"/v2/conversations/{conversation}/attachments/{attachment['id']}"

    raw = await here.http.get(f"{path}/file")

    assert raw.content == content == base64.b64decode((await here.get(f"{path}/data"))["data"])
    assert raw.headers["content-type"] == "application/octet-stream"


#: The samples of the specification's section on searching (spec: 12.5): C conversations, K customers.
QUERIES = (
    ("C", '(subject:"rainbow")'),
    ("C", '(tag:"urgent")'),
    ("C", "(modifiedAt:[2024-01-01T00:00:00Z TO *])"),
    ("C", '(email:"john@example.com")'),
    ("C", '(NOT email:"spam@domain.com")'),
    ("K", '(email:"jane@example.com")'),
    ("C", "tag:fire"),
    ("C", '(email:("a@example.com" OR "b@example.com"))'),
    ("C", '(tag:"vip" AND subject:"invoice")'),
    ("C", '(tag:"vip" OR tag:"gold") AND NOT status:closed'),
    ("C", "tag:vip tag:gold"),
    ("C", '(body:"have a question")'),
    ("C", '(mailbox:"General Support")'),
    ("C", "(mailboxid:(85 OR 123))"),
    ("C", "(createdAt:[2014 TO 2015])"),
    ("C", "(createdAt:[2000-11 TO 2014-12-01])"),
    ("C", "(modifiedAt:[NOW-1HOUR TO NOW])"),
    ("C", "(createdAt:[NOW/YEAR TO NOW/YEAR+1YEAR})"),
    ("C", "(createdAt:[* TO 2023-12-31])"),
    ("C", '(assigned:"Unassigned")'),
    ("C", '(assigned:"John Agent" AND attachments:true)'),
    ("C", "(customerIds: 29418)"),
    ("C", '(replyUserIds:(23 OR 45) AND NOT tag:"spam")'),
    ("C", "(number:[1000 TO 2000])"),
    ("C", "(email:*@example.com)"),
    ("K", '(firstName:"Jane" AND lastName:Smi*)'),
    ("K", "(modifiedAt:[2024-01-01 TO 2024-01-31])"),
    ("C", '(subject:"say \\"hi\\"")'),
    ("C", '((subject:"help") AND (createdAt:[2024-01-01T00:00:00Z TO 2024-02-01T00:00:00Z]))'),
    ("K", '(email:"jane+news@example.com")'),
    ("C", "-tag:spam"),
    ("C", "refund"),
)


async def test_18_every_sample_query_is_read_and_the_seeds_find_what_they_should(here: Ground) -> None:
    rainbow = await here.conversation("Over the rainbow", "john@example.com", tags=["urgent"])
    plain = await here.conversation("Help with setup", "jane@example.com")
    spam = await here.conversation("Win a prize", "spam@domain.com")
    [jane] = await ids_of(here, "/v2/customers", "customers", email="jane@example.com")
    assert len(QUERIES) == 32
    found = []
    for on, query in QUERIES:
        path, rel = ("/v2/conversations", "conversations") if on == "C" else ("/v2/customers", "customers")
        found.append(await ids_of(here, path, rel, query=query))

    assert [sorted(ids) for ids in found[:6]] == [
        [rainbow],
        [rainbow],
        [rainbow, plain, spam],
        [rainbow],
        [rainbow, plain],
        [jane],
    ]


async def test_19_saved_replies_are_an_array_under_the_hyphen_and_hal_under_the_underscore(here: Ground) -> None:
    path = f"/v2/mailboxes/{here.support.id}"
    made = await here.made(f"{path}/saved-replies", {"name": "Welcome", "text": "<p>Hello</p>"})

    array = (await here.http.get(f"{path}/saved-replies")).json()
    assert [(item["id"], item["name"], item["preview"]) for item in array] == [(made, "Welcome", "Hello")]
    hal = await here.get(f"{path}/saved_replies")
    assert [(item["id"], item["text"]) for item in hal["_embedded"]["saved_replies"]] == [(made, "<p>Hello</p>")]
    assert hal["page"]["totalElements"] == 1
    assert "self" in hal["_links"]


async def test_20_no_id_is_too_large_for_32_bits(here: Ground) -> None:
    conversation = await here.conversation(tags=["vip"])
    seen = []
    for path, rel in (
        ("/v2/mailboxes", "mailboxes"),
        (f"/v2/mailboxes/{here.support.id}/folders", "folders"),
        (f"/v2/mailboxes/{here.support.id}/fields", "fields"),
        ("/v2/users", "users"),
        ("/v2/teams", "teams"),
        ("/v2/tags", "tags"),
        ("/v2/customers", "customers"),
        ("/v2/conversations", "conversations"),
        (f"/v2/conversations/{conversation}/threads", "threads"),
    ):
        seen += await ids_of(here, path, rel)

    assert len(seen) > 12
    assert all(0 < one <= LARGEST_ID for one in seen)
