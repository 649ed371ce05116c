"""POST /v2/customers/{id}/merge, and what reading a merged customer answers (spec: 8.4)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.desk import Desk
from tests.edges.inbox_v2.office import Office, open_office, refused
from waypost.domains import conversations, customers
from waypost.domains.accounts import Actor
from waypost.domains.conversations import Grade
from waypost.domains.customers.service import merging
from waypost.kit.errors import Forbidden

pytestmark = pytest.mark.anyio


@pytest.fixture
def desk(module_desk: Desk) -> Desk:
    """One desk for the module: every test works in an account of its own."""
    return module_desk


@pytest.fixture
async def office(desk: Desk) -> Office:
    return await open_office(desk)


async def customer(office: Office, **body: Any) -> int:
    answer = await office.client.post("/v2/customers", json=body)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


async def merge(office: Office, into: int, *others: int) -> None:
    answer = await office.client.post(f"/v2/customers/{into}/merge", json={"customerIds": list(others)})
    assert (answer.status_code, answer.content) == (204, b"")


async def test_the_survivors_word_stands_and_gaps_are_filled(office: Office) -> None:
    for slug in ("plan", "seats", "region"):
        definition = {"type": "text", "slug": slug, "name": slug}
        assert (await office.client.post("/v2/customer-properties", json=definition)).status_code == 201
    survivor = await customer(
        office, firstName="Jane", jobTitle="Lead", properties=[{"slug": "plan", "value": "gold"}], age="34"
    )
    second = await customer(
        office,
        firstName="Janet",
        lastName="Smith",
        jobTitle="Boss",
        gender="female",
        organization="Acme",
        properties=[{"slug": "plan", "value": "lead"}, {"slug": "seats", "value": "5"}],
    )
    third = await customer(
        office,
        lastName="Miller",
        organization="Other",
        background="Met at the fair",
        photoUrl="https://example.com/a.png",
        photoType="twitter",
        properties=[{"slug": "seats", "value": "9"}, {"slug": "region", "value": "EU"}],
        address={"lines": ["Main street 1"], "city": "Vienna", "state": "", "postalCode": "1010", "country": "AT"},
    )

    await merge(office, survivor, second, third)

    found = await office.get(f"/v2/customers/{survivor}")
    assert {key: found[key] for key in ("firstName", "lastName", "jobTitle", "gender", "organization", "age")} == {
        "firstName": "Jane",
        "lastName": "Smith",
        "jobTitle": "Lead",
        "gender": "Female",
        "organization": "Acme",
        "age": "34",
    }
    assert (found["background"], found["photoUrl"], found["photoType"]) == (
        "Met at the fair",
        "https://example.com/a.png",
        "twitter",
    )
    assert {item["slug"]: item["value"] for item in found["_embedded"]["properties"]} == {
        "plan": "gold",
        "seats": "5",
        "region": "EU",
    }
    assert found["_embedded"]["address"]["city"] == "Vienna"


async def test_entries_are_added_each_once_and_the_own_address_stays_first(office: Office) -> None:
    older = await customer(
        office,
        firstName="Old",
        emails=[{"type": "home", "value": "old@example.com"}],
        phones=[{"type": "work", "value": "+43 1 555"}, {"type": "home", "value": "+43 2"}],
        websites=[{"value": "https://example.com"}],
    )
    survivor = await customer(
        office,
        firstName="New",
        emails=[{"type": "work", "value": "new@example.com"}],
        phones=[{"type": "work", "value": "+43 1555"}],
        websites=[{"value": "HTTPS://example.com"}],
    )

    await merge(office, survivor, older)

    embedded = (await office.get(f"/v2/customers/{survivor}"))["_embedded"]
    assert [entry["value"] for entry in embedded["emails"]] == ["new@example.com", "old@example.com"]
    assert [entry["value"] for entry in embedded["phones"]] == ["+43 1555", "+43 2"]
    assert len(embedded["websites"]) == 1
    found = await office.get("/v2/customers?email=old@example.com")
    assert [item["id"] for item in found["_embedded"]["customers"]] == [survivor]
    conversation = await office.start(customer={"id": survivor})
    assert (await office.conversation(conversation))["primaryCustomer"]["email"] == "new@example.com"


async def test_conversations_threads_and_counts_follow(desk: Desk, office: Office) -> None:
    first = await office.start(customer={"email": "a@example.com", "firstName": "Ann"})
    second = await office.start(customer={"email": "b@example.com", "firstName": "Bob"})
    # A message of the one in a conversation of somebody else.
    third = await office.start(customer={"email": "c@example.com"})
    await office.add(third, "customer", customer={"email": "b@example.com"})
    ann = (await office.conversation(first))["primaryCustomer"]["id"]
    bob = (await office.conversation(second))["primaryCustomer"]["id"]

    await merge(office, ann, bob)

    moved = await office.conversation(second)
    assert (moved["primaryCustomer"]["id"], moved["createdBy"]["id"]) == (ann, ann)
    assert moved["_links"]["primaryCustomer"]["href"].endswith(f"/v2/customers/{ann}")
    for key in (second, third):
        newest = (await office.threads(key))[0]
        assert (newest["customer"]["id"], newest["createdBy"]["id"]) == (ann, ann)
    assert (await office.get(f"/v2/customers/{ann}"))["conversationCount"] == 2
    listed = await office.get(f"/v2/customers/{ann}/conversations")
    assert {item["id"] for item in listed["_embedded"]["conversations"]} == {first, second}
    assert (await office.get("/v2/customers"))["page"]["totalElements"] == 2


async def test_search_finds_the_survivor_by_all_that_is_known(office: Office) -> None:
    first = await office.start(customer={"email": "a@example.com", "firstName": "Ann"})
    second = await office.start(customer={"email": "b@example.org", "firstName": "Bob"})
    ann = (await office.conversation(first))["primaryCustomer"]["id"]
    bob = (await office.conversation(second))["primaryCustomer"]["id"]

    await merge(office, ann, bob)

    both = sorted([first, second])
    for query in ('email:"b@example.org"', 'email:"a@example.com"', "ann", f"customerIds:{ann}", "email:*example.org"):
        assert sorted(await office.listed(f"query=({query})")) == both, query
    for query in ("bob", f"customerIds:{bob}"):
        assert await office.listed(f"query=({query})") == [], query
    for query, found in (("email:b@example.org", [ann]), ("firstName:Bob", []), ("firstName:Ann", [ann])):
        listed = (await office.get(f"/v2/customers?query=({query})"))["_embedded"]["customers"]
        assert [item["id"] for item in listed] == found, query


async def test_merged_ones_answer_with_the_survivors_address(desk: Desk, office: Office) -> None:
    survivor, other = await customer(office, firstName="A"), await customer(office, firstName="B")
    entry = {"lines": ["x"], "city": "x", "state": "x", "postalCode": "1", "country": "AT"}
    await office.client.put(f"/v2/customers/{survivor}/address", json=entry)
    await merge(office, survivor, other)

    for part in ("", "/emails", "/phones", "/chats", "/social-profiles", "/websites", "/address", "/conversations"):
        answer = await office.client.get(f"/v2/customers/{other}{part}")
        assert answer.status_code == 301, part
        assert answer.headers["location"] == f"{desk.base_url}/v2/customers/{survivor}{part}"
        assert (await office.client.get(answer.headers["location"])).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "", {"firstName": "x"}),
        ("PATCH", "", [{"op": "replace", "path": "/firstName", "value": "x"}]),
        ("DELETE", "", None),
        ("POST", "/emails", {"type": "work", "value": "x@example.com"}),
        ("PUT", "/address", {"lines": [], "city": "", "state": "", "postalCode": "", "country": "AT"}),
        ("PATCH", "/properties", []),
        ("POST", "/merge", {"customerIds": [1]}),
    ],
)
async def test_merged_ones_cannot_be_written(office: Office, method: str, path: str, body: Any) -> None:
    survivor, other = await customer(office, firstName="A"), await customer(office, firstName="B")
    await merge(office, survivor, other)

    answer = await office.client.request(method, f"/v2/customers/{other}{path}", json=body)

    assert answer.status_code == 404


async def test_nothing_new_is_tied_to_a_merged_one(office: Office) -> None:
    survivor, other = await customer(office, firstName="A"), await customer(office, firstName="B")
    await merge(office, survivor, other)

    answer = await office.client.post(
        "/v2/conversations",
        json={
            "subject": "x", "type": "phone", "mailboxId": office.mailbox.id, "status": "active",
            "customer": {"id": other}, "threads": [{"type": "phone", "text": "x"}],
        },
    )  # fmt: skip

    assert (answer.status_code, set(refused(answer))) == (422, {"customer.id"})


async def test_chains_lead_to_the_last_survivor_while_it_is_there(desk: Desk, office: Office) -> None:
    a, b, c = [await customer(office, firstName=name) for name in "abc"]
    await merge(office, b, c)
    await merge(office, a, b)

    for gone in (b, c):
        answer = await office.client.get(f"/v2/customers/{gone}")
        assert answer.headers["location"] == f"{desk.base_url}/v2/customers/{a}"
    assert (await office.client.delete(f"/v2/customers/{a}")).status_code == 204
    assert (await office.client.get(f"/v2/customers/{c}")).status_code == 404
    async with desk.connection() as connection:
        names = await connection.fetch("select first_name from customer where id = any ($1::bigint[])", [a, b, c])
    assert {row["first_name"] for row in names} == {""}


async def test_the_log_says_what_happened(office: Office) -> None:
    survivor = await customer(office, firstName="A")
    other = await customer(office, lastName="B", emails=[{"type": "work", "value": "b@example.com"}])

    await merge(office, survivor, other)

    facts = await office.facts("customer.updated", "customer.merged")
    assert [(fact["type"], fact["subject_id"], fact["data"]) for fact in facts] == [
        ("customer.updated", survivor, {"fields": ["last_name", "emails"]}),
        ("customer.merged", survivor, {"merged_customer_ids": [other]}),
    ]
    assert {fact["actor_id"] for fact in facts} == {office.account.owner.id}


async def test_repeating_a_merge_changes_nothing(office: Office) -> None:
    survivor, other = await customer(office, firstName="A"), await customer(office, firstName="B")
    await merge(office, survivor, other, other)
    before = await office.get(f"/v2/customers/{survivor}")

    await merge(office, survivor, other)

    assert await office.get(f"/v2/customers/{survivor}") == before
    assert len(await office.facts("customer.merged")) == 1


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({}, {"customerIds"}),
        ({"customerIds": []}, {"customerIds"}),
        ({"customerIds": list(range(1, 52))}, {"customerIds"}),
        ({"customerIds": [0, "x", None, 2**63]}, {f"customerIds[{index}]" for index in range(4)}),
        ({"customerIds": [999999]}, {"customerIds[0]"}),
        ({"customerId": 999999}, {"customerId[0]"}),
    ],
)
async def test_bad_bodies_name_what_is_wrong(office: Office, body: Any, paths: set[str]) -> None:
    survivor = await customer(office, firstName="A")

    answer = await office.client.post(f"/v2/customers/{survivor}/merge", json=body)

    assert answer.status_code == 422
    assert set(refused(answer)) == paths


async def test_another_companys_customers_do_not_exist(desk: Desk, office: Office) -> None:
    """Attack 17."""
    stranger = await open_office(desk)
    own, foreign = await customer(office, firstName="A"), await customer(stranger, firstName="B")

    answer = await office.client.post(f"/v2/customers/{own}/merge", json={"customerIds": [own, foreign]})

    assert (answer.status_code, refused(answer)) == (
        422,
        {"customerIds[0]": "cannot be merged into itself", "customerIds[1]": "customer does not exist"},
    )
    assert (await stranger.get(f"/v2/customers/{foreign}"))["firstName"] == "B"


async def test_more_entries_than_one_may_have_are_refused(office: Office) -> None:
    ids = [
        await customer(
            office, firstName=name, websites=[{"value": f"https://{name}{n}.example.com"} for n in range(60)]
        )
        for name in "ab"
    ]

    answer = await office.client.post(f"/v2/customers/{ids[0]}/merge", json={"customerIds": [ids[1]]})

    assert (answer.status_code, set(refused(answer))) == (422, {"customerIds"})
    assert len((await office.get(f"/v2/customers/{ids[1]}"))["_embedded"]["websites"]) == 60


async def merged_in_the_end(office: Office, into: int, other: int) -> int:
    """The status of a merge. Where the database had to end it in favour of another call, it is told to try again."""
    while True:
        answer = await office.client.post(f"/v2/customers/{into}/merge", json={"customerIds": [other]})
        if answer.status_code != 503:
            return answer.status_code
        assert answer.headers["retry-after"] == "1"


async def test_opposite_merges_and_conversations_at_once_lose_nothing(desk: Desk, office: Office) -> None:
    for number in range(3):
        emails = [f"{name}{number}@example.com" for name in "ab"]
        started = [await office.start(customer={"email": email}) for email in emails]
        ids = [(await office.conversation(key))["primaryCustomer"]["id"] for key in started]
        calls = [merged_in_the_end(office, into, other) for into, other in (ids, ids[::-1])]
        begun = [office.start(customer={"email": email}) for email in emails * 2]
        answers, made = await asyncio.gather(asyncio.gather(*calls), asyncio.gather(*begun))

        assert sorted(answers) == [204, 404]
        await desk.run_workers()
        people = {(await office.conversation(key))["primaryCustomer"]["id"] for key in [*started, *made]}
        assert len(people) == 1
        assert (await office.get(f"/v2/customers/{people.pop()}"))["conversationCount"] == 6


async def test_large_customers_follow_in_the_background(desk: Desk, office: Office) -> None:
    first = await office.start(customer={"email": "a@example.com", "firstName": "Ann"})
    others = [await office.start(customer={"email": "b@example.org", "firstName": "Bob"}) for _ in range(3)]
    ann = (await office.conversation(first))["primaryCustomer"]["id"]
    bob = (await office.conversation(others[0]))["primaryCustomer"]["id"]
    async with desk.connection() as connection:
        await connection.execute(
            "insert into conversation (account_id, number, mailbox_id, type, status, subject, primary_customer_id,"
            " created_by_customer_id, source_type, source_via, created_at, modified_at, user_updated_at)"
            " select $1, 1000 + n, $2, 'email', 'closed', 'Bulk', $3, $3, 'api', 'customer', now(), now(), now()"
            " from generate_series(1, $4) n",
            *(office.account.id, office.mailbox.id, bob, merging.MOST_AT_ONCE),
        )

    await merge(office, ann, bob)

    assert (await office.client.get(f"/v2/customers/{bob}")).status_code == 301
    assert (await office.conversation(others[0]))["primaryCustomer"]["id"] == bob
    await desk.run_workers()
    assert (await office.conversation(others[0]))["primaryCustomer"]["id"] == ann
    assert (await office.get(f"/v2/customers/{ann}"))["conversationCount"] == 4 + merging.MOST_AT_ONCE
    found = await office.get('/v2/conversations?status=all&query=(email:"b@example.org")&limit=1')
    assert found["page"]["totalElements"] == 4 + merging.MOST_AT_ONCE


async def test_deleting_takes_along_what_a_merge_has_not_moved_yet(desk: Desk, office: Office) -> None:
    other = await office.start(customer={"email": "b@example.org"})
    bob = (await office.conversation(other))["primaryCustomer"]["id"]
    ann = await customer(office, firstName="Ann")
    async with desk.connection() as connection:
        await connection.execute("update customer set state = 'merged', merged_into_id = $2 where id = $1", bob, ann)

    assert (await office.client.delete(f"/v2/customers/{ann}")).status_code == 204
    assert (await office.client.get(f"/v2/conversations/{other}")).status_code == 404


async def test_the_newest_of_two_ratings_of_a_thread_stays(desk: Desk, office: Office) -> None:
    first = await office.start(customer={"email": "a@example.com"})
    ann = (await office.conversation(first))["primaryCustomer"]["id"]
    reply = await office.add(first, "reply", customer={"email": "b@example.com"})
    bob = (await office.threads(first))[0]["customer"]["id"]
    for rater, grade in ((ann, Grade.NOT_GOOD), (bob, Grade.GREAT)):
        async with desk.transactions.open() as tx:
            await conversations.rate(tx, Actor.for_customer(office.account.id, rater), reply, grade)

    await merge(office, ann, bob)

    assert (await office.threads(first))[0]["rating"] == {"customerId": ann, "rating": "great", "comments": ""}
    async with desk.transactions.open() as tx:
        # The page that asks for a rating knows the customer by the id of then.
        changed = await conversations.rate(tx, Actor.for_customer(office.account.id, bob), reply, Grade.OKAY)
    assert (changed.customer.id, changed.grade) == (ann, Grade.OKAY)


async def test_customers_merge_nobody(desk: Desk, office: Office) -> None:
    a, b = await customer(office, firstName="A"), await customer(office, firstName="B")
    with pytest.raises(Forbidden):
        async with desk.transactions.open() as tx:
            await customers.merge(tx, Actor.for_customer(office.account.id, a), a, [b])
