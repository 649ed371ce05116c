"""E3 to E12: lists, single reads, creating and changing conversations, by the shapes of the specification."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest

from tests.desk import Desk
from tests.make import AccountMade
from waypost.domains.mailboxes import Mailbox

pytestmark = pytest.mark.anyio

RATE_HEADERS = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


class Office:
    """An account with a mailbox and the owner's client."""

    def __init__(self, account: AccountMade, mailbox: Mailbox, client: httpx.AsyncClient) -> None:
        self.account = account
        self.mailbox = mailbox
        self.client = client

    def body(self, **changes: Any) -> dict[str, Any]:
        """A complete conversation, as the seed writes one."""
        return {
            "subject": "Need help with billing",
            "customer": {"email": "customer@example.com", "firstName": "Jane", "lastName": "Smith"},
            "mailboxId": self.mailbox.id,
            "type": "email",
            "status": "active",
            "threads": [
                {"type": "customer", "customer": {"email": "customer@example.com"}, "text": "I have a question."}
            ],
            "tags": ["billing", "priority"],
            **changes,
        }

    async def create(self, **changes: Any) -> int:
        answer = await self.client.post("/v2/conversations", json=self.body(**changes))
        assert answer.status_code == 201, answer.text
        return int(answer.headers["resource-id"])

    async def get(self, conversation_id: int, **query: str) -> dict[str, Any]:
        answer = await self.client.get(f"/v2/conversations/{conversation_id}", params=query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


@pytest.fixture
def desk(module_desk: Desk) -> Desk:
    """One desk for the module: every test works in an account of its own."""
    return module_desk


@pytest.fixture
async def office(desk: Desk) -> Office:
    account = await desk.make.account()
    mailbox = await desk.make.mailbox(account)
    return Office(account, mailbox, await desk.client(account.owner))


async def test_create_answers_with_all_three_carriers_of_the_id(desk: Desk, office: Office) -> None:
    answer = await office.client.post("/v2/conversations", json=office.body())

    assert answer.status_code == 201
    made = answer.json()
    address = f"{desk.base_url}/v2/conversations/{made['id']}"
    assert answer.headers["resource-id"] == str(made["id"])
    assert answer.headers["location"] == address
    assert answer.headers["web-location"] == f"{desk.base_url}/conversation/{made['id']}/{made['number']}"
    assert answer.headers["content-type"] == "application/hal+json"
    assert {key: made[key] for key in ("subject", "status", "_links")} == {
        "subject": "Need help with billing",
        "status": "active",
        "_links": {"self": {"href": address}},
    }
    assert made["createdAt"].endswith("Z")
    assert len(made["createdAt"]) == 20


async def test_a_conversation_has_every_key_of_the_object(desk: Desk, office: Office) -> None:
    conversation_id = await office.create()

    found = await office.get(conversation_id)

    customer_id = found["primaryCustomer"]["id"]
    base = f"{desk.base_url}/v2"
    assert found["_links"] == {
        "self": {"href": f"{base}/conversations/{conversation_id}"},
        "mailbox": {"href": f"{base}/mailboxes/{office.mailbox.id}"},
        "primaryCustomer": {"href": f"{base}/customers/{customer_id}"},
        "createdByCustomer": {"href": f"{base}/customers/{customer_id}"},
        "threads": {"href": f"{base}/conversations/{conversation_id}/threads/"},
        "web": {"href": f"{desk.base_url}/conversation/{conversation_id}/{found['number']}"},
    }
    jane = {
        "id": customer_id,
        "type": "customer",
        "first": "Jane",
        "last": "Smith",
        "email": "customer@example.com",
        "photoUrl": "",
    }
    assert found["primaryCustomer"] == found["createdBy"] == jane
    assert [tag["tag"] for tag in found["tags"]] == [tag["name"] for tag in found["tags"]] == ["billing", "priority"]
    assert found["customerWaitingSince"]["latestReplyFrom"] == "customer"
    assert found["customerWaitingSince"]["time"] == found["createdAt"]
    assert found["source"] == {"type": "api", "via": "customer"}
    assert found["_embedded"] == {"threads": []}
    assert found["threads"] == 1
    assert found["number"] == 1
    assert found["folderId"] > 0
    for absent in ("assignee", "closedBy", "closedByUser", "closedAt", "snooze", "nextEvent"):
        assert absent not in found
    assert (found["cc"], found["bcc"], found["customFields"]) == ([], [], [])
    assert (found["state"], found["type"], found["preview"]) == ("published", "email", "I have a question.")
    assert found["userUpdatedAt"] == found["modifiedAt"] == found["createdAt"]


async def test_every_link_of_a_conversation_answers(desk: Desk, office: Office) -> None:
    conversation_id = await office.create(assignTo=office.account.administrator.id)
    await office.client.patch(
        f"/v2/conversations/{conversation_id}", json={"op": "replace", "path": "/status", "value": "closed"}
    )
    found = await office.get(conversation_id)

    followed = {"mailbox", "primaryCustomer", "createdByCustomer", "threads", "assignee", "closedBy", "self"}
    assert followed <= set(found["_links"])
    for rel in followed:
        answer = await office.client.get(found["_links"][rel]["href"])
        assert answer.status_code == 200, rel


async def test_list_has_pages_and_links(desk: Desk, office: Office) -> None:
    for number in range(7):
        await office.create(subject=f"Question {number}")

    answer = await office.client.get("/v2/conversations", params={"limit": "3", "page": "2", "status": "active"})

    listed = answer.json()
    assert listed["page"] == {"size": 3, "totalElements": 7, "totalPages": 3, "number": 2}
    stem = f"{desk.base_url}/v2/conversations?limit=3&status=active"
    assert listed["_links"] == {
        "self": {"href": f"{stem}&page=2"},
        "first": {"href": f"{stem}&page=1"},
        "previous": {"href": f"{stem}&page=1"},
        "prev": {"href": f"{stem}&page=1"},
        "next": {"href": f"{stem}&page=3"},
        "last": {"href": f"{stem}&page=3"},
        "page": {"href": f"{stem}{{&page}}", "templated": True},
    }
    assert len(listed["_embedded"]["conversations"]) == 3


async def test_a_page_beyond_the_last_is_empty(office: Office) -> None:
    await office.create()

    listed = (await office.client.get("/v2/conversations?page=99")).json()

    assert listed["_embedded"] == {"conversations": []}
    assert listed["page"] == {"size": 25, "totalElements": 1, "totalPages": 1, "number": 99}


async def test_an_empty_list_still_has_its_array(office: Office) -> None:
    listed = (await office.client.get("/v2/conversations")).json()

    assert listed["_embedded"] == {"conversations": []}
    assert listed["page"] == {"size": 25, "totalElements": 0, "totalPages": 0, "number": 1}
    assert listed["_links"]["last"]["href"].endswith("?page=1")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["active"]),
        ({"status": "all"}, ["active", "closed", "pending", "spam"]),
        ({"status": "closed"}, ["closed"]),
        ({"status": "open"}, ["active", "pending"]),
        ({"status": "pending,closed"}, ["closed", "pending"]),
        ({"status": "all", "tag": "ONLY-CLOSED"}, ["closed"]),
        ({"status": "all", "tag": "only-closed,nothing"}, ["closed"]),
        ({"status": "all", "tag": "nothing"}, []),
        ({"status": "all", "number": "1"}, ["active"]),
        ({"status": "all", "modifiedSince": "2001-01-01T00:00:00Z"}, ["active", "closed", "pending", "spam"]),
        ({"status": "all", "modifiedSince": "2099-01-01T00:00:00Z"}, []),
        ({"status": "all", "mailbox": "999999"}, []),
    ],
)
async def test_filters(office: Office, query: dict[str, str], expected: list[str]) -> None:
    for status in ("active", "closed", "pending"):
        tags = ["only-closed"] if status == "closed" else []
        await office.create(subject=status, status=status, tags=tags)
    spam = await office.create(subject="spam", tags=[])
    await office.client.patch(f"/v2/conversations/{spam}", json={"op": "replace", "path": "/status", "value": "spam"})

    listed = (await office.client.get("/v2/conversations", params=query)).json()

    assert sorted(item["status"] for item in listed["_embedded"]["conversations"]) == expected
    assert listed["page"]["totalElements"] == len(expected)


@pytest.mark.parametrize(
    "field",
    [
        "createdAt",
        "customerEmail",
        "customerName",
        "mailboxid",
        "mailboxId",
        "modifiedAt",
        "number",
        "score",
        "status",
        "subject",
        "waitingSince",
    ],
)
@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_every_sort_pages_through_everything_once(office: Office, field: str, order: str) -> None:
    for index, status in enumerate(("active", "closed", "pending", "active")):
        customer = {"email": f"{'dbca'[index]}@example.com", "firstName": "acbd"[index]}
        await office.create(
            subject="cabd"[index], status=status, customer=customer, threads=[{"type": "customer", "text": "x"}]
        )
    seen = []
    for page in ("1", "2", "3"):
        query = {"status": "all", "sortField": field, "sortOrder": order, "limit": "2", "page": page}
        listed = (await office.client.get("/v2/conversations", params=query)).json()
        seen += [item["id"] for item in listed["_embedded"]["conversations"]]

    assert len(seen) == len(set(seen)) == 4


async def test_sort_by_subject(office: Office) -> None:
    for subject in ("b", "C", "a"):
        await office.create(subject=subject)

    query = {"sortField": "subject", "sortOrder": "asc"}
    listed = (await office.client.get("/v2/conversations", params=query)).json()

    assert [item["subject"] for item in listed["_embedded"]["conversations"]] == ["a", "b", "C"]


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ({"page": "-1"}, "page"),
        ({"limit": "0"}, "limit"),
        ({"status": "shut"}, "status"),
        ({"sortField": "colour"}, "sortField"),
        ({"modifiedSince": "yesterday"}, "modifiedSince"),
        ({"mailbox": "x"}, "mailbox"),
        ({"customFieldsByIds": "blue"}, "customFieldsByIds"),
    ],
)
async def test_bad_query_parameters_are_named(office: Office, query: dict[str, str], path: str) -> None:
    answer = await office.client.get("/v2/conversations", params=query)

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/vnd.error+json"
    [error] = answer.json()["_embedded"]["errors"]
    assert (error["path"], error["source"]) == (path, "QUERY")


async def test_missing_subject_is_a_validation_error_in_both_dialects(office: Office) -> None:
    body = office.body()
    del body["subject"]

    by_seed = await office.client.post("/v2/conversations", json=body)
    agent = {"User-Agent": "Help Scout PHP API Client/3.0"}
    by_platform = await office.client.post("/v2/conversations", json=body, headers=agent)

    assert (by_seed.status_code, by_platform.status_code) == (422, 400)
    for answer in (by_seed, by_platform):
        assert answer.headers["content-type"] == "application/vnd.error+json"
        document = answer.json()
        assert document["message"] == "Validation failed"
        [error] = document["_embedded"]["errors"]
        assert (error["path"], error["message"], error["source"]) == ("subject", "may not be empty", "JSON")
        assert document["logRef"] == answer.headers["correlation-id"].removesuffix("#0")


async def test_all_bad_fields_are_named_at_once(office: Office) -> None:
    body = office.body(
        type="letter", status="shut", mailboxId="x", threads=[{"type": "x", "text": ""}, {"type": "note"}]
    )
    del body["subject"]

    answer = await office.client.post("/v2/conversations", json=body)

    assert answer.status_code == 422
    paths = {error["path"] for error in answer.json()["_embedded"]["errors"]}
    assert paths == {
        "subject",
        "type",
        "mailboxId",
        "status",
        "threads[0].type",
        "threads[0].text",
        "threads[1].text",
    }


async def test_nulls_and_unknown_keys_are_accepted(office: Office) -> None:
    body = office.body(
        assignTo=None, autoReply=None, imported=None, createdAt=None, closedAt=None, fields=None, user=None, id=None,
        number=None, threadCount=0, folderId=None, state=None, preview=None, assignee=None, cc=None, bcc=None,
    )  # fmt: skip
    body["threads"][0] |= {"id": None, "action": None, "savedReplyId": None, "to": [], "state": None, "cc": None}

    answer = await office.client.post("/v2/conversations", json=body)

    assert answer.status_code == 201, answer.text


async def test_more_than_a_hundred_threads_are_refused(office: Office) -> None:
    threads = [{"type": "note", "text": "x"}] * 101

    answer = await office.client.post("/v2/conversations", json=office.body(threads=threads))

    assert answer.status_code == 412


async def test_imported_conversations_keep_their_times(office: Office) -> None:
    conversation_id = await office.create(
        imported=True, status="closed", createdAt="2020-02-03T04:05:06Z", closedAt="2020-03-03T04:05:06Z"
    )

    found = await office.get(conversation_id)

    assert (found["createdAt"], found["closedAt"]) == ("2020-02-03T04:05:06Z", "2020-03-03T04:05:06Z")


@pytest.mark.parametrize(
    "operations",
    [
        [
            {"op": "replace", "path": "/subject", "value": "Updated subject"},
            {"op": "replace", "path": "/status", "value": "closed"},
        ],
        {"subject": "Updated subject", "status": "closed"},
    ],
)
async def test_patch_takes_arrays_and_plain_objects(office: Office, operations: Any) -> None:
    conversation_id = await office.create()

    answer = await office.client.patch(f"/v2/conversations/{conversation_id}", json=operations)

    assert (answer.status_code, answer.content) == (204, b"")
    assert "content-type" not in answer.headers
    found = await office.get(conversation_id)
    assert (found["subject"], found["status"]) == ("Updated subject", "closed")
    assert found["closedBy"] == found["closedByUser"]["id"] == office.account.owner.id
    assert "closedAt" in found


async def test_patch_takes_one_operation_and_the_patch_media_type(office: Office) -> None:
    conversation_id = await office.create()
    headers = {"Content-Type": "application/json-patch+json"}
    body = json.dumps({"op": "replace", "path": "/assignTo", "value": office.account.administrator.id})

    answer = await office.client.patch(f"/v2/conversations/{conversation_id}", content=body, headers=headers)

    assert answer.status_code == 204
    assert (await office.get(conversation_id))["assignee"]["id"] == office.account.administrator.id
    await office.client.patch(f"/v2/conversations/{conversation_id}", json=[{"op": "remove", "path": "/assignTo"}])
    assert "assignee" not in await office.get(conversation_id)


async def test_patch_is_all_or_nothing_and_names_the_operation(office: Office) -> None:
    conversation_id = await office.create()
    operations = [
        {"op": "replace", "path": "/subject", "value": "Never seen"},
        {"op": "replace", "path": "/assignTo", "value": 999999},
    ]

    answer = await office.client.patch(f"/v2/conversations/{conversation_id}", json=operations)

    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["_embedded"]["errors"]] == ["[1].value"]
    assert (await office.get(conversation_id))["subject"] == "Need help with billing"


async def test_moving_drops_values_of_fields_that_the_other_mailbox_lacks(desk: Desk, office: Office) -> None:
    other = await desk.make.mailbox(office.account, name="Sales")
    conversation_id = await office.create()

    for op in ("move", "replace"):
        target = other.id if op == "move" else office.mailbox.id
        operation = {"op": op, "path": "/mailboxId", "value": target}
        answer = await office.client.patch(f"/v2/conversations/{conversation_id}", json=[operation])
        assert answer.status_code == 204
        assert (await office.get(conversation_id))["mailboxId"] == target


async def test_tags_are_set_as_a_whole_and_cleared(office: Office) -> None:
    conversation_id = await office.create()
    address = f"/v2/conversations/{conversation_id}/tags"

    assert (await office.client.put(address, json={"tags": [" VIP ", "pro", "vip"]})).status_code == 204
    assert [tag["name"] for tag in (await office.get(conversation_id))["tags"]] == ["pro", "vip"]
    assert (await office.client.put(address, json={"tags": []})).status_code == 204
    assert (await office.get(conversation_id))["tags"] == []


async def test_snooze_and_wake(office: Office) -> None:
    conversation_id = await office.create()
    address = f"/v2/conversations/{conversation_id}/snooze"
    body = {"snoozedUntil": "2050-06-03T12:00:00Z", "unsnoozeOnCustomerReply": True}

    assert (await office.client.put(address, json=body)).status_code == 204
    found = await office.get(conversation_id)
    assert found["snooze"] == {**body, "snoozedBy": office.account.owner.id}
    assert found["nextEvent"]["eventType"] == "snooze"
    assert (await office.client.delete(address)).status_code == 204
    assert (await office.client.delete(address)).status_code == 204
    assert "snooze" not in await office.get(conversation_id)
    past = {"snoozedUntil": "2001-06-03T12:00:00Z", "unsnoozeOnCustomerReply": True}
    assert (await office.client.put(address, json=past)).status_code == 422


async def test_deleted_conversations_are_gone(office: Office) -> None:
    conversation_id = await office.create()
    address = f"/v2/conversations/{conversation_id}"

    assert (await office.client.delete(address)).status_code == 204
    assert (await office.client.delete(address)).status_code == 404
    assert (await office.client.get(address)).status_code == 404
    assert (await office.client.get("/v2/conversations?status=all")).json()["page"]["totalElements"] == 0


async def test_attachments_come_back_as_they_were_sent(desk: Desk, office: Office) -> None:
    data = base64.b64encode(bytes(range(256))).decode()
    file = {"fileName": "../../etc/naïve.bin", "mimeType": "application/x-thing", "data": data}
    thread = {"type": "customer", "text": "with file", "attachments": [file]}
    conversation_id = await office.create(threads=[thread])
    found = await office.get(conversation_id, embed="threads")

    [attachment] = found["_embedded"]["threads"][0]["_embedded"]["attachments"]

    assert (attachment["size"], attachment["state"], attachment["mimeType"]) == (256, "valid", "application/x-thing")
    assert "/" not in attachment["filename"]
    as_data = await office.client.get(attachment["_links"]["data"]["href"])
    as_file = await office.client.get(attachment["_links"]["self"]["href"] + "/file")
    assert as_data.json()["data"] == data
    assert as_file.content == bytes(range(256))
    assert as_file.headers["content-disposition"].startswith("attachment; ")
    assert as_file.headers["x-content-type-options"] == "nosniff"
    assert (await office.client.delete(attachment["_links"]["self"]["href"])).status_code == 204
    assert (await office.client.get(attachment["_links"]["self"]["href"])).status_code == 404


async def test_base64_that_is_none_is_refused(office: Office) -> None:
    file = {"fileName": "a", "mimeType": "text/plain", "data": "%%%"}

    answer = await office.client.post(
        "/v2/conversations", json=office.body(threads=[{"type": "customer", "text": "x", "attachments": [file]}])
    )

    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["_embedded"]["errors"]] == ["threads[0].attachments[0].data"]


async def test_every_answer_has_the_rate_headers(office: Office) -> None:
    conversation_id = await office.create()
    answers = [
        await office.client.get("/v2/conversations"),
        await office.client.get("/v2/conversations/999999"),
        await office.client.get("/v2/nothing"),
        await office.client.patch(f"/v2/conversations/{conversation_id}", json=[]),
        await office.client.post("/v2/conversations", content="{"),
    ]
    assert [answer.status_code for answer in answers] == [200, 404, 404, 204, 400]
    for answer in answers:
        for header in RATE_HEADERS:
            assert answer.headers[header].isdigit()


async def test_bodies_that_are_no_json(office: Office) -> None:
    answer = await office.client.post("/v2/conversations", content=b"{not json")
    assert (answer.status_code, answer.json()["message"]) == (400, "Error parsing request body into JSON")
    answer = await office.client.post("/v2/conversations", content=b"[" * 100_000)
    assert answer.status_code == 400
    answer = await office.client.post("/v2/conversations", content=b"<a/>", headers={"Content-Type": "text/xml"})
    assert answer.status_code == 415
    answer = await office.client.put("/v2/conversations/1/tags", content=b" " * (1024 * 1024 + 1))
    assert answer.status_code == 413
