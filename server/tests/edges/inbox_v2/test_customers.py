"""Customers over HTTP, as the specification words them (E28 to E34, X9)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.desk import Desk
from tests.edges.inbox_v2.customer_calls import FULL, Caller, assert_refused, caller_on, paths
from waypost.domains.accounts import Dialect


@pytest.fixture
async def caller(module_desk: Desk) -> Caller:
    return await caller_on(module_desk)


async def test_creating_with_the_body_of_the_seed(caller: Caller) -> None:
    await caller.client.post(
        "/v2/customer-properties", json={"type": "text", "slug": "account-type", "name": "Account type"}
    )
    seed = {
        "firstName": "Jane",
        "lastName": "Smith",
        "jobTitle": "Marketing Manager",
        "organization": "Example Corp",
        "emails": [{"type": "work", "value": "jane@example.com"}],
        "phones": [{"type": "work", "value": "+1-555-123-4567"}],
        "properties": [{"slug": "account-type", "value": "Premium"}],
    }
    answer = await caller.client.post("/v2/customers", json=seed)

    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/hal+json"
    body = answer.json()
    address = f"{caller.desk.base_url}/v2/customers/{body['id']}"
    assert answer.headers["resource-id"] == str(body["id"])
    assert answer.headers["location"] == address
    assert body["_links"]["self"] == {"href": address}
    assert (body["firstName"], body["lastName"]) == ("Jane", "Smith")
    assert [(entry["type"], entry["value"]) for entry in body["emails"]] == [("work", "jane@example.com")]
    assert isinstance(body["emails"][0]["id"], int)
    assert body["createdAt"].endswith("Z")
    assert len(body["createdAt"]) == len("2024-01-15T09:00:00Z")


async def test_a_customer_has_exactly_the_shape_of_the_specification(caller: Caller) -> None:
    options = [{"label": "Free"}, {"label": "Premium"}]
    await caller.client.post(
        "/v2/customer-properties",
        json={"type": "dropdown", "slug": "account-type", "name": "Account type", "options": options},
    )
    customer_id = await caller.customer(**FULL)
    body = await caller.get(customer_id)
    own = f"{caller.desk.base_url}/v2/customers/{customer_id}"
    parts = body.pop("_embedded")
    links = body.pop("_links")

    def bare(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{key: value for key, value in entry.items() if key != "id"} for entry in entries]

    assert bare(parts["emails"]) == [{"type": "work", "value": "jane@example.com"}]
    assert bare(parts["phones"]) == [{"type": "work", "value": "+1-555-123-4567"}]
    assert bare(parts["chats"]) == [{"type": "skype", "value": "jane.s"}]
    assert bare(parts["social_profiles"]) == [{"type": "twitter", "value": "@jane"}]
    assert bare(parts["websites"]) == [{"value": "https://example.com"}]
    assert bare([parts["address"]]) == [FULL["address"]]
    option_id = parts["properties"][0].pop("value")
    assert parts["properties"] == [
        {
            "type": "dropdown",
            "slug": "account-type",
            "name": "Account type",
            "text": "Premium",
            "source": {"name": "api"},
        }
    ]
    assert len(option_id) == 36
    assert set(parts) == {"emails", "phones", "chats", "social_profiles", "websites", "properties", "address"}
    organization_id = body.pop("organizationId")
    assert links == {
        "self": {"href": own},
        "address": {"href": f"{own}/address"},
        "chats": {"href": f"{own}/chats"},
        "emails": {"href": f"{own}/emails"},
        "phones": {"href": f"{own}/phones"},
        "social-profiles": {"href": f"{own}/social-profiles"},
        "websites": {"href": f"{own}/websites"},
        "organization": {"href": f"{caller.desk.base_url}/v2/organizations/{organization_id}"},
    }
    assert body.pop("emails") == parts["emails"]
    assert body.pop("phones") == parts["phones"]
    assert body.pop("createdAt") == body.pop("updatedAt")
    assert body == {
        "id": customer_id,
        "firstName": "Jane",
        "lastName": "Smith",
        "gender": "Female",
        "jobTitle": "Marketing Manager",
        "location": "Vienna",
        "organization": "Example Corp",
        "photoType": "gravatar",
        "photoUrl": "https://photos.example/c.png",
        "age": "34",
        "background": "Met at the fair",
        "draft": False,
        "conversationCount": 0,
    }


async def test_what_a_customer_does_not_have_is_left_out(caller: Caller) -> None:
    body = await caller.get(await caller.customer(firstName="Jane"))

    absent = {"jobTitle", "location", "organization", "organizationId", "photoType", "photoUrl", "age", "background"}
    assert not absent & set(body)
    assert "address" not in body["_embedded"]
    assert "organization" not in body["_links"]
    assert body["_embedded"]["emails"] == []
    assert None not in body.values()


async def test_nulls_and_unknown_keys_are_ignored(caller: Caller) -> None:
    customer_id = await caller.customer(
        firstName="Jane",
        lastName=None,
        emails=None,
        address=None,
        id=None,
        accountId=1,
        draft=True,
        createdAt="2001-01-01T00:00:00Z",
        conversationCount=99,
    )
    body = await caller.get(customer_id)

    assert (body["draft"], body["conversationCount"]) == (False, 0)
    assert body["createdAt"] > "2020"
    assert body["id"] == customer_id
    async with caller.desk.connection() as connection:
        owner = await connection.fetchval("select account_id from customer where id = $1", customer_id)
    assert owner == caller.account.id


async def test_lone_email_and_phone_become_work_entries(caller: Caller) -> None:
    body = await caller.get(await caller.customer(email="jane@example.com", phone="+43 1"))

    assert [(entry["type"], entry["value"]) for entry in body["emails"]] == [("work", "jane@example.com")]
    assert [(entry["type"], entry["value"]) for entry in body["phones"]] == [("work", "+43 1")]


async def test_an_email_sent_twice_in_two_ways_is_one(caller: Caller) -> None:
    sent = {"email": "JANE@example.com", "emails": [{"value": "jane@example.com", "type": "home"}]}
    body = await caller.get(await caller.customer(**sent))

    assert [entry["value"] for entry in body["emails"]] == ["jane@example.com"]


async def test_entries_get_default_types(caller: Caller) -> None:
    body = await caller.get(
        await caller.customer(
            emails=[{"value": "jane@example.com"}],
            phones=[{"value": "1"}],
            chats=[{"value": "x"}],
            social_profiles=[{"value": "@x"}, {"value": "y", "type": "forsquare"}],
        )
    )
    parts = body["_embedded"]

    assert [parts[name][0]["type"] for name in ("emails", "phones", "chats")] == ["work", "work", "other"]
    assert [entry["type"] for entry in parts["social_profiles"]] == ["other", "foursquare"]


async def test_all_bad_fields_are_named_at_once(caller: Caller) -> None:
    answer = await caller.client.post(
        "/v2/customers",
        json={
            "firstName": "   ",
            "lastName": "x" * 41,
            "photoUrl": "ftp://x",
            "photoType": "polaroid",
            "jobTitle": "x" * 61,
            "location": "x" * 61,
            "organization": "x" * 61,
            "background": "x" * 201,
            "age": "1000",
            "gender": "robot",
            "emails": [{"value": "jane@example.com", "type": "moon"}, {"value": "nobody"}, {"type": "work"}],
            "websites": [{"value": "x" * 256}],
            "address": {"country": "Austria"},
            "properties": [{"slug": "unknown", "value": "x"}],
        },
    )

    assert_refused(
        answer,
        "firstName",
        "lastName",
        "photoUrl",
        "photoType",
        "jobTitle",
        "location",
        "background",
        "age",
        "gender",
        "organization",
        "emails[0].type",
        "emails[1].value",
        "emails[2].value",
        "websites[0].value",
        "address.country",
        "properties[0].slug",
    )
    first = answer.json()["_embedded"]["errors"][0]
    assert first["message"] == "may not be empty"
    assert first["source"] == "JSON"
    assert first["_links"]["about"]["href"].endswith("#NotEmpty")
    assert await caller.listed() == []


async def test_wrong_types_are_named_at_once(caller: Caller) -> None:
    answer = await caller.client.post("/v2/customers", json={"firstName": 5, "emails": "x", "address": []})

    assert_refused(answer, "firstName", "emails", "address")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"null", b"[" * 5000])
async def test_a_body_that_is_no_object_is_a_bad_request(caller: Caller, body: bytes) -> None:
    answer = await caller.client.post("/v2/customers", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 400
    assert answer.json()["message"] == "Error parsing request body into JSON"


async def test_a_duplicate_address_is_a_conflict_that_names_it(caller: Caller) -> None:
    await caller.customer(email="jane@example.com")
    body = {"emails": [{"value": "new@example.com"}, {"value": "Jane@Example.com"}]}
    answer = await caller.client.post("/v2/customers", json=body)

    assert_refused(answer, "emails[1].value", status=409)
    assert answer.json()["_embedded"]["errors"][0]["message"] == "email already exists"


async def test_a_platform_client_gets_400_for_all_of_it(caller: Caller) -> None:
    token = await caller.desk.make.token(caller.account.owner, Dialect.PLATFORM)
    client = await caller.desk.client(token)
    await caller.customer(email="jane@example.com")

    assert_refused(await client.post("/v2/customers", json={"email": "jane@example.com"}), "email", status=400)
    assert_refused(await client.post("/v2/customers", json={"firstName": ""}), "firstName", "firstName", status=400)


async def test_parallel_creates_of_one_address_make_one_customer(caller: Caller) -> None:
    answers = await asyncio.gather(
        *(caller.client.post("/v2/customers", json={"email": "jane@example.com"}) for _ in range(12))
    )

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 11
    assert len(await caller.listed()) == 1


async def test_overwriting_clears_what_is_left_out_and_leaves_the_rest(caller: Caller) -> None:
    customer_id = await caller.customer(**{key: FULL[key] for key in FULL if key != "properties"})
    before = await caller.get(customer_id)
    answer = await caller.client.put(
        f"/v2/customers/{customer_id}", json={"firstName": "Joan", "emails": [{"value": "x@example.com"}], "age": None}
    )
    after = await caller.get(customer_id)

    assert answer.status_code == 204
    assert answer.content == b""
    assert "content-type" not in answer.headers
    assert (after["firstName"], after["lastName"], after["gender"]) == ("Joan", "", "Unknown")
    assert not {"jobTitle", "organization", "photoUrl", "age"} & set(after)
    assert after["_embedded"] == before["_embedded"]


async def test_overwriting_links_an_organization_by_id(caller: Caller) -> None:
    other = await caller.get(await caller.customer(firstName="A", organization="Example Corp"))
    customer_id = await caller.customer()
    await caller.client.put(
        f"/v2/customers/{customer_id}",
        json={"firstName": "Jane", "organizationId": other["organizationId"], "organization": "Ignored"},
    )

    assert (await caller.get(customer_id))["organization"] == "Example Corp"


async def test_unknown_foreign_and_malformed_ids_are_not_found(caller: Caller) -> None:
    rival = await caller.desk.make.account()
    client = await caller.desk.client(rival.owner)
    theirs = (await client.post("/v2/customers", json={"firstName": "Theirs"})).json()["id"]
    for wrong in (theirs, 0, -1, 999_999_999, "99999999999999999999", "abc", "1.5", "%00"):
        for method, body in (("GET", None), ("PUT", {"firstName": "x"}), ("PATCH", []), ("DELETE", None)):
            answer = await caller.client.request(method, f"/v2/customers/{wrong}", json=body)
            assert answer.status_code == 404, (wrong, method, answer.text)
    assert (await client.get(f"/v2/customers/{theirs}")).json()["firstName"] == "Theirs"


async def test_a_merged_customer_redirects_to_the_survivor(caller: Caller) -> None:
    survivor, merged = await caller.customer(firstName="S"), await caller.customer(firstName="M")
    async with caller.desk.connection() as connection:
        await connection.execute(
            "update customer set state = 'merged', merged_into_id = $1 where id = $2", survivor, merged
        )
    answer = await caller.client.get(f"/v2/customers/{merged}")

    assert answer.status_code == 301
    assert answer.headers["location"] == f"{caller.desk.base_url}/v2/customers/{survivor}"
    assert await caller.listed() == [survivor]


async def test_listing_pages_and_sorts(caller: Caller) -> None:
    ids = [await caller.customer(firstName=name, lastName=name[::-1]) for name in ("bob", "Ann", "cid")]
    answer = await caller.client.get("/v2/customers?limit=2&page=2&sortField=firstName&sortOrder=asc")
    body = answer.json()

    assert answer.headers["content-type"] == "application/hal+json"
    assert body["page"] == {"size": 2, "totalElements": 3, "totalPages": 2, "number": 2}
    assert [item["firstName"] for item in body["_embedded"]["customers"]] == ["cid"]
    assert set(body["_links"]) == {"self", "first", "last", "page", "previous", "prev"}
    assert await caller.listed() == ids[::-1]
    assert await caller.listed("?sortField=lastName&sortOrder=desc") == [ids[1], ids[2], ids[0]]
    assert await caller.listed("?sortField=score&sortOrder=asc") == ids
    assert (await caller.client.get("/v2/customers")).json()["page"]["size"] == 50


async def test_listed_customers_carry_everything_embedded(caller: Caller) -> None:
    customer_id = await caller.customer(**{key: FULL[key] for key in FULL if key != "properties"})
    listed = (await caller.client.get("/v2/customers")).json()["_embedded"]["customers"]

    assert listed == [await caller.get(customer_id)]


async def test_filters(caller: Caller) -> None:
    jane = await caller.customer(firstName="Jane", lastName="Smith", email="jane+news@example.com")
    john = await caller.customer(firstName="John", lastName="smith", email="john@example.com")
    mailbox = await caller.desk.make.mailbox(caller.account, users=[caller.account.user])
    closed = await caller.desk.make.mailbox(caller.account, "Closed")
    await caller.conversation(jane, mailbox.id)
    await caller.conversation(john, closed.id)

    assert await caller.listed("?firstName=jANE") == [jane]
    assert await caller.listed("?lastName=Smith") == [john, jane]
    assert await caller.listed("?firstName=Jane&lastName=Nobody") == []
    assert await caller.listed("?firstName=Jan") == []
    assert await caller.listed("?email=JOHN@example.com") == [john]
    assert await caller.listed("?email=jane%2Bnews@example.com") == [jane]
    assert await caller.listed("?email=jane+news@example.com") == [jane]
    assert await caller.listed(f"?mailbox={mailbox.id}") == [jane]
    assert await caller.listed(f"?mailbox={closed.id}") == [john]
    assert await caller.listed("?mailbox=99999999") == []
    assert await caller.listed("?modifiedSince=2099-01-01T00:00:00Z") == []
    assert len(await caller.listed("?modifiedSince=2020-01-01T00:00:00Z")) == 2
    user = await caller.desk.client(caller.account.user)
    seen = (await user.get(f"/v2/customers?mailbox={closed.id}")).json()
    assert seen["_embedded"]["customers"] == []
    assert seen["page"]["totalElements"] == 0


async def test_conversation_counts_are_those_that_the_caller_sees(caller: Caller) -> None:
    customer_id = await caller.customer()
    for mailbox in (
        await caller.desk.make.mailbox(caller.account, users=[caller.account.user]),
        await caller.desk.make.mailbox(caller.account, "Closed"),
    ):
        await caller.conversation(customer_id, mailbox.id)
    user = await caller.desk.client(caller.account.user)

    assert (await caller.get(customer_id))["conversationCount"] == 2
    assert (await user.get(f"/v2/customers/{customer_id}")).json()["conversationCount"] == 1


@pytest.mark.parametrize("wildcard", ["%", "_", "J%", "J_ne", "*", "\\"])
async def test_wildcards_match_only_themselves(caller: Caller, wildcard: str) -> None:
    await caller.customer(firstName="Jane", lastName="Smith", email="jane@example.com")
    itself = await caller.customer(firstName=wildcard, lastName=wildcard)
    client = caller.client

    for name in ("firstName", "lastName"):
        found = (await client.get("/v2/customers", params={name: wildcard})).json()["_embedded"]["customers"]
        assert [item["id"] for item in found] == [itself]
    assert (await client.get("/v2/customers", params={"email": wildcard})).json()["page"]["totalElements"] == 0


async def test_searching_with_the_query_of_the_seed(caller: Caller) -> None:
    jane = await caller.customer(firstName="Jane", email="jane@example.com")
    await caller.customer(firstName="John", email="john@example.com")
    for version in ("v2", "v3"):
        assert await caller.listed('?query=(email:"jane@example.com")', version) == [jane]
        assert await caller.listed("?query=%28NOT%20firstName%3AJohn%29&firstName=jane", version) == [jane]
        answer = await caller.client.get(f"/{version}/customers", params={"query": "a AND (b OR"})
        assert answer.status_code == 400
        assert paths(answer) == ["query"]
        assert answer.json()["_embedded"]["errors"][0]["source"] == "QUERY"
    page = (await caller.client.get("/v2/customers", params={"query": "jane", "sortField": "score"})).json()
    assert page["page"]["totalElements"] == 1
    assert "query=jane" in page["_links"]["self"]["href"]


async def test_bad_parameters_are_bad_requests(caller: Caller) -> None:
    answer = await caller.client.get("/v2/customers?mailbox=x&sortField=shoe&sortOrder=up&modifiedSince=now&page=-1")

    assert answer.status_code == 400
    assert sorted(paths(answer)) == ["mailbox", "modifiedSince", "page", "sortField", "sortOrder"]


async def test_cursor_pages_reach_every_customer_once(caller: Caller) -> None:
    ids = []
    for number in range(0, 120, 20):
        answers = await asyncio.gather(*(caller.customer(firstName=f"n{number + n}") for n in range(20)))
        ids += answers
    seen: list[int] = []
    address = "/v3/customers?createdSince=2020-01-01T00:00:00Z"
    for expected in (50, 50, 20):
        body = (await caller.client.get(address)).json()
        assert "page" not in body
        items = body["_embedded"]["customers"]
        assert len(items) == expected
        seen += [item["id"] for item in items]
        assert body["_links"]["first"]["href"].endswith("/v3/customers?createdSince=2020-01-01T00%3A00%3A00Z")
        address = body["_links"].get("next", {}).get("href", "")
    assert address == ""
    assert sorted(seen) == sorted(ids)
    assert len(set(seen)) == 120


@pytest.mark.parametrize("cursor", ["x", "MTIz", "....", "OTk5OTk5OTk5OTk5OTk5OTk5OTkuMQ", "MS4tMQ", "ä", "MS4y" * 30])
async def test_a_cursor_that_was_not_given_out_is_a_bad_request(caller: Caller, cursor: str) -> None:
    answer = await caller.client.get("/v3/customers", params={"cursor": cursor})

    assert answer.status_code == 400
    assert paths(answer) == ["cursor"]


async def test_deleting_leaves_nothing_to_be_found(caller: Caller) -> None:
    customer_id = await caller.customer(email="jane@example.com")
    answer = await caller.client.delete(f"/v2/customers/{customer_id}")

    assert (answer.status_code, answer.content) == (204, b"")
    assert (await caller.client.get(f"/v2/customers/{customer_id}")).status_code == 404
    assert (await caller.client.delete(f"/v2/customers/{customer_id}")).status_code == 404
    assert await caller.listed() == []
    assert await caller.customer(email="jane@example.com") != customer_id


async def test_deleting_in_the_background_is_accepted(caller: Caller) -> None:
    customer_id = await caller.customer()
    answer = await caller.client.delete(f"/v2/customers/{customer_id}?async=true")

    assert (answer.status_code, answer.content) == (202, b"")
    assert answer.headers["content-length"] == "0"


async def test_deleting_needs_a_view_of_all_conversations(caller: Caller) -> None:
    mailbox = await caller.desk.make.mailbox(caller.account)
    customer_id = await caller.customer()
    await caller.conversation(customer_id, mailbox.id)
    user = await caller.desk.client(caller.account.user)

    for query in ("", "?async=true"):
        answer = await user.delete(f"/v2/customers/{customer_id}{query}")
        assert answer.status_code == 403
        assert answer.json()["message"] == "Access denied"
    assert (await caller.get(customer_id))["conversationCount"] == 1
