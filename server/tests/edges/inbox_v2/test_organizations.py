"""Organizations on the wire: E63 to E69 (spec: 9)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.desk import Desk
from tests.edges.inbox_v2.customer_calls import Caller, assert_refused, caller_on
from waypost.domains.mailboxes import Mailbox

pytestmark = pytest.mark.anyio
NAUGHTY = Path(__file__).parents[2] / "data" / "hostile" / "naughty-strings.jsonl"
FULL = {
    "name": "Example Corp",
    "website": "https://example.com",
    "description": "Makes examples",
    "location": "at",
    "note": "Met at the fair",
    "domains": ["Example.com", "example.org"],
    "phones": ["+43 1"],
    "brandColor": "#1292ee",
}


@pytest.fixture
async def caller(module_desk: Desk) -> Caller:
    return await caller_on(module_desk)


async def made(caller: Caller, **fields: Any) -> int:
    answer = await caller.client.post("/v2/organizations", json={"name": "Example Corp", **fields})
    assert answer.status_code == 201, answer.text
    organization_id: int = answer.json()["id"]
    return organization_id


async def shown(caller: Caller, organization_id: int, query: str = "?includeCounts=true") -> dict[str, Any]:
    answer = await caller.client.get(f"/v2/organizations/{organization_id}{query}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def names(caller: Caller, query: str = "", client: Any = None) -> list[str]:
    answer = await (client or caller.client).get(f"/v2/organizations{query}")
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json()["_embedded"]["organizations"]]


async def test_a_new_one_is_answered_by_header_location_and_body(caller: Caller) -> None:
    answer = await caller.client.post("/v2/organizations", json=FULL)

    body = answer.json()
    base = caller.desk.base_url
    own = f"{base}/v2/organizations/{body['id']}"
    assert answer.status_code == 201
    assert answer.headers["Resource-ID"] == str(body["id"])
    assert answer.headers["Location"] == own
    created_at, updated_at = body.pop("createdAt"), body.pop("updatedAt")
    assert created_at == updated_at
    assert len(created_at) == len("2024-01-15T09:00:00Z")
    assert body == {
        **FULL,
        "id": body["id"],
        "location": "AT",
        "domains": ["example.com", "example.org"],
        "customerCount": 0,
        "conversationCount": 0,
        "_links": {
            "self": {"href": own},
            "customers": {"href": f"{own}/customers"},
            "conversations": {"href": f"{own}/conversations"},
        },
    }


async def test_counts_and_properties_are_told_when_asked_for(caller: Caller) -> None:
    organization_id = await made(caller)

    bare = await shown(caller, organization_id, "")
    whole = await shown(caller, organization_id, "?includeCounts=true&includeProperties=true")

    assert not {"customerCount", "conversationCount", "_embedded"} & set(bare)
    assert (whole["customerCount"], whole["conversationCount"]) == (0, 0)
    assert whole["_embedded"] == {"properties": []}
    assert not {"website", "description", "location", "logoUrl", "note", "brandColor"} & set(bare)
    assert (bare["domains"], bare["phones"]) == ([], [])


async def test_one_domain_may_be_sent_as_text(caller: Caller) -> None:
    alone = await made(caller, name="Alone", domain="One.example")
    beside = await made(caller, name="Beside", domain="two.example", domains=["one.example", "two.example"])

    assert (await shown(caller, alone))["domains"] == ["one.example"]
    assert (await shown(caller, beside))["domains"] == ["one.example", "two.example"]


async def test_overwriting_clears_what_is_left_out_and_keeps_the_logo(caller: Caller) -> None:
    organization_id = await made(caller, **FULL)
    async with caller.desk.connection() as connection:
        await connection.execute("update organization set logo_url = 'https://l.example/l.png' where id = $1",
                                 organization_id)  # fmt: skip

    answer = await caller.client.put(
        f"/v2/organizations/{organization_id}", json={"name": "Other", "logoUrl": "https://evil.example/x.png"}
    )

    assert (answer.status_code, answer.content) == (204, b"")
    after = await shown(caller, organization_id, "")
    kept = {key: after[key] for key in ("name", "logoUrl", "domains", "phones")}
    assert kept == {"name": "Other", "logoUrl": "https://l.example/l.png", "domains": [], "phones": []}
    assert not {"website", "description", "location", "note", "brandColor"} & set(after)


@pytest.mark.parametrize(
    ("body", "bad"),
    [
        ({}, ["name"]),
        ({"name": " \t"}, ["name"]),
        ({"name": "x" * 256}, ["name"]),
        ({"name": "x", "website": "javascript:alert(1)"}, ["website"]),
        ({"name": "x", "website": "x" * 256}, ["website"]),
        ({"name": "x", "website": "two words"}, ["website"]),
        ({"name": "x", "description": "x" * 1001}, ["description"]),
        ({"name": "x", "note": "x" * 10_001}, ["note"]),
        ({"name": "x", "location": "AUT"}, ["location"]),
        ({"name": "x", "location": "4T"}, ["location"]),
        ({"name": "x", "brandColor": "red"}, ["brandColor"]),
        ({"name": "x", "brandColor": "#12"}, ["brandColor"]),
        ({"name": "x", "domains": ["fine.example", "not a domain", "x"]}, ["domains[1]", "domains[2]"]),
        ({"name": "x", "domain": "https://example.com"}, ["domain"]),
        ({"name": "x", "domains": ["a.example"] * 101}, ["domains"]),
        ({"name": "x", "phones": ["", "x" * 256]}, ["phones[0]", "phones[1]"]),
        ({"name": "x", "phones": ["1"] * 101}, ["phones"]),
        ({"name": 7, "domains": "a.example", "phones": [7]}, ["name", "domains", "phones[0]"]),
        ({"website": "ftp://x", "location": "x", "brandColor": "x"}, ["name", "website", "location", "brandColor"]),
    ],
)
async def test_bad_fields_are_all_named(caller: Caller, body: dict[str, Any], bad: list[str]) -> None:
    organization_id = await made(caller)

    assert_refused(await caller.client.post("/v2/organizations", json=body), *bad)
    assert_refused(await caller.client.put(f"/v2/organizations/{organization_id}", json=body), *bad)
    assert await names(caller) == ["Example Corp"]


async def test_a_name_is_given_once_whatever_its_case(caller: Caller) -> None:
    await made(caller, name="Example Corp")
    other = await made(caller, name="Other")
    php = await caller.desk.client(caller.account.owner, **{"User-Agent": "Help Scout PHP API Client/3.0"})

    assert_refused(await caller.client.post("/v2/organizations", json={"name": "EXAMPLE corp"}), "name", status=409)
    assert_refused(await php.post("/v2/organizations", json={"name": "EXAMPLE corp"}), "name", status=400)
    taken = await caller.client.put(f"/v2/organizations/{other}", json={"name": "example corp"})
    assert_refused(taken, "name", status=409)
    own = await caller.client.put(f"/v2/organizations/{other}", json={"name": "OTHER"})
    assert own.status_code == 204


async def test_deleting_leaves_the_customers_without_it(caller: Caller) -> None:
    organization_id = await made(caller)
    customer_id = await caller.customer(firstName="Jane", organizationId=organization_id)
    assert (await caller.get(customer_id))["organizationId"] == organization_id

    answer = await caller.client.delete(f"/v2/organizations/{organization_id}")

    assert (answer.status_code, answer.content) == (204, b"")
    customer = await caller.get(customer_id)
    assert not {"organization", "organizationId"} & set(customer)
    assert "organization" not in customer["_links"]
    for method in ("GET", "PUT", "DELETE"):
        again = await caller.client.request(method, f"/v2/organizations/{organization_id}", json={"name": "x"})
        assert again.status_code == 404
    assert await names(caller) == []
    assert await made(caller) != organization_id


async def test_unknown_ones_are_not_found(caller: Caller) -> None:
    for path in ("999999", "999999/customers", "999999/conversations", "0", "x", f"{2**70}"):
        assert (await caller.client.get(f"/v2/organizations/{path}")).status_code == 404, path


async def test_members_are_listed_as_customers(caller: Caller) -> None:
    organization_id = await made(caller)
    first = await caller.customer(firstName="Jane", organizationId=organization_id)
    second = await caller.customer(firstName="Joe", organization="EXAMPLE CORP")
    await caller.customer(firstName="Stranger")

    answer = await caller.client.get(f"/v2/organizations/{organization_id}/customers?limit=1")
    page = answer.json()

    assert page["page"] == {"size": 1, "totalElements": 2, "totalPages": 2, "number": 1}
    assert page["_embedded"]["customers"] == [await caller.get(second)]
    follow = (await caller.client.get(page["_links"]["next"]["href"])).json()
    assert [item["id"] for item in follow["_embedded"]["customers"]] == [first]
    default = (await caller.client.get(f"/v2/organizations/{organization_id}/customers")).json()
    assert default["page"]["size"] == 50


async def talk(caller: Caller, mailbox: Mailbox, customer_id: int, status: str = "active") -> int:
    answer = await caller.client.post(
        "/v2/conversations",
        json={
            "subject": "Help",
            "type": "email",
            "mailboxId": mailbox.id,
            "status": status,
            "customer": {"id": customer_id},
            "threads": [{"type": "customer", "customer": {"id": customer_id}, "text": "Help"}],
        },
    )
    assert answer.status_code == 201, answer.text
    made_: int = answer.json()["id"]
    return made_


async def test_conversations_of_members_are_listed_in_every_status(caller: Caller) -> None:
    mailbox = await caller.desk.make.mailbox(caller.account)
    organization_id = await made(caller)
    member = await caller.customer(firstName="Jane", organizationId=organization_id)
    stranger = await caller.customer(firstName="Joe")
    ids = [await talk(caller, mailbox, member, status) for status in ("active", "closed", "pending", "active")]
    spam = [{"op": "replace", "path": "/status", "value": "spam"}]
    assert (await caller.client.patch(f"/v2/conversations/{ids[-1]}", json=spam)).status_code == 204
    await talk(caller, mailbox, stranger)

    answer = await caller.client.get(f"/v2/organizations/{organization_id}/conversations")
    page = answer.json()

    assert page["page"] == {"size": 50, "totalElements": 4, "totalPages": 1, "number": 1}
    assert [item["id"] for item in page["_embedded"]["conversations"]] == ids[::-1]
    listed = (await caller.client.get("/v2/conversations?status=all&number=1")).json()["_embedded"]["conversations"]
    assert {key for key in page["_embedded"]["conversations"][-1] if key != "customerWaitingSince"} == {
        key for key in listed[0] if key != "customerWaitingSince"
    }


async def test_a_user_counts_and_lists_the_conversations_of_their_mailboxes_alone(caller: Caller) -> None:
    una = caller.account.user
    seen = await caller.desk.make.mailbox(caller.account, "Seen", users=[una])
    hidden = await caller.desk.make.mailbox(caller.account, "Hidden")
    busy, quiet = await made(caller, name="Busy"), await made(caller, name="Quiet")
    of_busy = await caller.customer(firstName="Jane", organizationId=busy)
    of_quiet = await caller.customer(firstName="Joe", organizationId=quiet)
    for _ in range(3):
        await talk(caller, hidden, of_busy)
    await talk(caller, seen, of_quiet)
    client = await caller.desk.client(una)

    assert (await shown(caller, busy))["conversationCount"] == 3
    assert (await client.get(f"/v2/organizations/{busy}?includeCounts=true")).json()["conversationCount"] == 0
    assert (await client.get(f"/v2/organizations/{busy}?includeCounts=true")).json()["customerCount"] == 1
    assert (await client.get(f"/v2/organizations/{busy}/conversations")).json()["page"]["totalElements"] == 0
    assert (await client.get(f"/v2/organizations/{quiet}/conversations")).json()["page"]["totalElements"] == 1
    assert await names(caller, "?sort=conversationCount") == ["Busy", "Quiet"]
    assert await names(caller, "?sort=conversationCount", client) == ["Quiet", "Busy"]
    assert await names(caller, "?sort=lastInteractionAt", client) == ["Quiet", "Busy"]
    counts = (await client.get("/v2/organizations?sort=name,asc")).json()["_embedded"]["organizations"]
    assert [item["conversationCount"] for item in counts] == [0, 1]


async def test_lists_are_ordered_as_asked(caller: Caller) -> None:
    mailbox = await caller.desk.make.mailbox(caller.account)
    ids = {name: await made(caller, name=name) for name in ("beta", "Alpha", "gamma", "Delta")}
    people = {}
    for name, number in (("beta", 2), ("Alpha", 1), ("gamma", 1)):
        for _ in range(number):
            people[name] = await caller.customer(firstName="Jane", organizationId=ids[name])
    for name in ("Alpha", "Alpha", "beta"):
        await talk(caller, mailbox, people[name])

    assert await names(caller, "?sort=name") == ["gamma", "Delta", "beta", "Alpha"]
    assert await names(caller, "?sort=name,asc") == ["Alpha", "beta", "Delta", "gamma"]
    assert await names(caller, "?sort=customerCount") == ["beta", "gamma", "Alpha", "Delta"]
    assert await names(caller, "?sort=CUSTOMERCOUNT,ASC") == ["Delta", "Alpha", "gamma", "beta"]
    assert await names(caller, "?sort=conversationCount,desc") == ["Alpha", "beta", "Delta", "gamma"]
    assert await names(caller, "?sort=conversationCount%2Casc") == ["gamma", "Delta", "beta", "Alpha"]
    assert (await names(caller))[2:] == ["Delta", "gamma"]
    assert set((await names(caller))[:2]) == {"Alpha", "beta"}
    assert await names(caller, "?sort=") == await names(caller, "?sort=lastInteractionAt,desc")
    assert await names(caller, "?sort=lastInteractionAt,asc") == (await names(caller))[::-1]


@pytest.mark.parametrize("sort", ["id", "name,up", "name,asc,x", ",asc", "name;drop table organization", "name%00x"])
async def test_an_unknown_order_is_refused(caller: Caller, sort: str) -> None:
    answer = await caller.client.get("/v2/organizations", params={"sort": sort})

    assert_refused(answer, "sort", status=400)
    assert answer.json()["_embedded"]["errors"][0]["source"] == "QUERY"


async def test_pages_tell_their_exact_length(caller: Caller) -> None:
    empty = (await caller.client.get("/v2/organizations")).json()
    assert empty["_embedded"] == {"organizations": []}
    assert empty["page"] == {"size": 50, "totalElements": 0, "totalPages": 0, "number": 1}
    for number in range(5):
        await made(caller, name=f"Number {number}")

    address = "/v2/organizations?sort=customerCount&limit=2&page="
    pages = [(await caller.client.get(f"{address}{number}")).json() for number in (1, 2, 3, 4)]

    assert [len(page["_embedded"]["organizations"]) for page in pages] == [2, 2, 1, 0]
    assert {page["page"]["totalElements"] for page in pages} == {5}
    listed = [item["name"] for page in pages for item in page["_embedded"]["organizations"]]
    assert listed == [f"Number {number}" for number in (4, 3, 2, 1, 0)]
    assert pages[1]["_links"]["next"]["href"].endswith("?sort=customerCount&limit=2&page=3")


async def test_strings_that_break_others_are_stored_as_sent_or_refused(caller: Caller) -> None:
    texts = [json.loads(line) for line in NAUGHTY.read_text(encoding="utf-8").splitlines() if line.strip()]
    texts = [text if isinstance(text, str) else next(iter(text.values())) for text in texts]
    assert len(texts) > 100
    organization_id = await made(caller)
    path = f"/v2/organizations/{organization_id}"
    for index, text in enumerate(texts):
        body = {"name": f"{index} {text}"[:255], "description": text, "note": text, "phones": [text or "x"]}
        answer = await caller.client.put(path, json=body)
        assert answer.status_code in (204, 422), (text, answer.text)
        if answer.status_code == 204:
            after = await shown(caller, organization_id, "")
            assert after.get("note", "") == text.replace("\0", ""), text
            assert after.get("description", "") == text.replace("\0", ""), text
        for field in ("website", "domain", "location", "brandColor"):
            answer = await caller.client.put(path, json={"name": "x", field: text})
            assert answer.status_code in (204, 422), (field, text, answer.text)
        answer = await caller.client.get("/v2/organizations", params={"sort": text})
        assert answer.status_code in (200, 400), text
