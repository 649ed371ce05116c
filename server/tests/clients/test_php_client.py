"""The official PHP client, word by word: what it sends, and what it makes of the answers.

It comes from no registry that is reached here, so its requests are written down literally. It is strictly typed: a
value of another type, a link that is no object with an address, or an id that is not above 0 ends the caller's program.
"""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.clients.ground import Ground, ground
from tests.desk import Desk
from waypost.domains import conversations
from waypost.domains.accounts import Dialect

pytestmark = pytest.mark.anyio

HEADERS = {
    "Content-Type": "application/json;charset=UTF-8",
    "User-Agent": "Help Scout PHP API Client/3.7.0 (PHP 8.2.0)",
}
#: Types of the properties that it fills, by entity; every one of them may be absent.
ENTITIES: dict[str, dict[str, type]] = {
    "conversation": {
        "id": int, "threads": int, "number": int, "type": str, "folderId": int, "status": str, "state": str,
        "subject": str, "preview": str, "mailboxId": int, "assignee": dict, "createdBy": dict, "createdAt": str,
        "closedAt": str, "userUpdatedAt": str, "closedBy": int, "customerWaitingSince": dict, "source": dict,
        "tags": list, "cc": list, "bcc": list, "primaryCustomer": dict, "customFields": list,
    },
    "thread": {
        "id": int, "type": str, "status": str, "state": str, "body": str, "action": dict, "source": dict,
        "createdBy": dict, "customer": dict, "assignedTo": dict, "savedReplyId": int, "to": list, "cc": list,
        "bcc": list, "createdAt": str, "openedAt": str,
    },
    "customer": {
        "id": int, "createdAt": str, "updatedAt": str, "firstName": str, "lastName": str, "gender": str,
        "jobTitle": str, "location": str, "organization": str, "photoType": str, "photoUrl": str, "background": str,
        "age": str,
    },
    "user": {
        "id": int, "createdAt": str, "updatedAt": str, "firstName": str, "lastName": str, "email": str, "role": str,
        "timezone": str, "photoUrl": str, "type": str, "mention": str, "initials": str,
    },
    "mailbox": {"id": int, "name": str, "slug": str, "email": str, "createdAt": str, "updatedAt": str},
    "tag": {"id": int, "name": str, "slug": str, "color": str, "ticketCount": int, "createdAt": str},
    "address": {"city": str, "lines": list, "state": str, "postalCode": str, "country": str},
    "entry": {"id": int, "value": str, "type": str},
    "webhook": {"id": int, "state": str, "events": list, "url": str, "secret": str},
    "attachment": {"id": int, "filename": str, "mimeType": str, "size": int, "data": str},
}  # fmt: skip
PERSONS = ("assignee", "createdBy", "primaryCustomer", "customer", "assignedTo")


def fill(entity: str, document: dict[str, Any]) -> dict[str, Any]:
    """What the client does with a resource: its links, its parts, then its properties, all of them typed."""
    for link in document.get("_links", {}).values():
        assert isinstance(link["href"], str)
    for embedded in document.get("_embedded", {}).values():
        assert isinstance(embedded, list | dict)
    for name, kind in ENTITIES[entity].items():
        if document.get(name) is not None:
            assert type(document[name]) is kind, (entity, name, document[name])
    for person in (document[name] for name in PERSONS if name in document):
        assert person["id"] > 0, "an id of 0 is refused"
        assert all(type(person[name]) is str for name in ("first", "last", "email") if name in person)
    return document


class Php:
    """The client's own calls, as far as they differ from each other on the wire."""

    def __init__(self, here: Ground, http: httpx.AsyncClient) -> None:
        self.here = here
        self.http = http

    async def get(self, entity: str, uri: str) -> dict[str, Any]:
        answer = await self.http.get(uri)
        assert answer.status_code == 200, answer.text
        return fill(entity, answer.json())

    async def list(self, entity: str, rel: str, uri: str) -> list[dict[str, Any]]:
        """A list with all its pages. One without a page of its own is a plain collection to the client."""
        document = (await self.http.get(uri)).json()
        items = [fill(entity, item) for item in document["_embedded"][rel]]
        if "page" in document:
            assert all(type(document["page"][key]) is int for key in ("number", "size", "totalElements", "totalPages"))
        if "next" in document["_links"]:
            items += await self.list(entity, rel, document["_links"]["next"]["href"])
        return items

    async def create(self, uri: str, body: Any) -> int:
        answer = await self.http.post(uri, content=json.dumps(body))
        assert answer.status_code == 201, answer.text
        return int(answer.headers["Resource-ID"])

    async def update(self, uri: str, body: Any) -> None:
        answer = await self.http.put(uri, content=json.dumps(body))
        assert answer.status_code == 204, answer.text

    async def patch(self, uri: str, **operation: Any) -> None:
        answer = await self.http.patch(uri, content=json.dumps(operation))
        assert answer.status_code == 204, answer.text


@pytest.fixture
async def here(module_desk: Desk) -> Ground:
    # A seed's application: the client is known by its name alone.
    return await ground(module_desk, Dialect.SEED)


@pytest.fixture
async def php(here: Ground) -> Php:
    sent = {"grant_type": "client_credentials", "client_id": here.app_id, "client_secret": here.secret}
    anonymous = await here.desk.client(None, **HEADERS)
    tokens = (await anonymous.post("/v2/oauth2/token", content=json.dumps(sent))).json()
    assert type(tokens["expires_in"]) is int
    return Php(here, await here.desk.client(tokens["access_token"], **HEADERS))


def thread(**more: Any) -> dict[str, Any]:
    """A thread as the client writes one that nobody has filled in further."""
    return {
        "id": None, "status": None, "state": None, "action": None, "text": None,
        "source": {"type": None, "via": None}, "assignedTo": None, "savedReplyId": None, "to": [], "cc": [], "bcc": [],
        **more,
    }  # fmt: skip


def attachment(name: str) -> dict[str, Any]:
    nothing = {"id": None, "width": None, "height": None, "size": None}
    return {**nothing, "fileName": name, "mimeType": "text/plain", "data": "aGVsbG8="}


def conversation(here: Ground, **more: Any) -> dict[str, Any]:
    """A conversation as the client writes one."""
    return {
        "id": None, "number": None, "threadCount": None, "autoReply": False, "type": "email", "assignTo": None,
        "folderId": None, "status": "active", "state": None, "subject": "Organic Granola", "preview": None,
        "mailboxId": here.support.id, "assignee": None, "createdAt": None, "closedAt": None, "closedBy": None,
        "userUpdatedAt": None, "cc": [], "bcc": [],
        "customer": {"firstName": "Jane", "email": "jane@example.com",
                     "emails": [{"id": None, "type": "work", "value": "jane@example.com"}]},
        "threads": [thread(type="customer", text="Hello", customer={"email": "jane@example.com"})],
        **more,
    }  # fmt: skip


async def test_a_conversation_with_everything_that_can_be_set(here: Ground, php: Php) -> None:
    customer = await php.create("/v2/customers", {"firstName": "Bob"})
    made = await php.create(
        "/v2/conversations",
        conversation(
            here,
            imported=True,
            createdAt="2017-04-21T14:39:56+00:00",
            closedAt="2017-04-21T15:00:00+00:00",
            status="closed",
            tags=["vip"],
            fields=[{"id": here.field_id, "name": "Plan", "value": "Premium", "text": None}],
            customer={"id": customer},
            createdBy={"id": customer, "type": "customer"},
            threads=[
                thread(
                    type="customer",
                    text="Hello",
                    customer={"id": customer},
                    createdAt="2017-04-21T14:39:56+00:00",
                    imported=True,
                    attachments=[attachment("a.txt")],
                ),
                thread(type="note", text="Internal", user=here.account.user.id, imported=True),
            ],
        ),
    )

    found = await php.get("conversation", f"/v2/conversations/{made}")
    assert (found["createdAt"], found["status"]) == ("2017-04-21T14:39:56Z", "closed")
    assert found["primaryCustomer"]["id"] == customer
    assert found["customFields"][0]["text"] == "Premium"
    threads = await php.list("thread", "threads", f"/v2/conversations/{made}/threads")
    assert [item["type"] for item in threads] == ["note", "customer"]
    [file] = threads[1]["_embedded"]["attachments"]
    assert fill("attachment", file)["filename"] == "a.txt"


async def test_everything_that_a_conversation_links_to_is_loaded(here: Ground, php: Php) -> None:
    made = await php.create("/v2/conversations", conversation(here))
    await php.patch(f"/v2/conversations/{made}", op="replace", path="/assignTo", value=here.team_id)
    await php.patch(f"/v2/conversations/{made}", op="replace", path="/status", value="closed")

    found = await php.get("conversation", f"/v2/conversations/{made}")

    links = {rel: link["href"] for rel, link in found["_links"].items()}
    for rel, entity in (
        ("mailbox", "mailbox"),
        ("primaryCustomer", "customer"),
        ("createdByCustomer", "customer"),
        ("assignee", "user"),
        ("closedBy", "user"),
    ):
        await php.get(entity, links[rel])
    assert await php.list("thread", "threads", links["threads"])
    by_user = await php.create("/v2/conversations", conversation(here, threads=[thread(type="note", text="Hello")]))
    links = (await php.get("conversation", f"/v2/conversations/{by_user}"))["_links"]
    await php.get("user", links["createdByUser"]["href"])


async def test_every_change_of_a_conversation(here: Ground, php: Php) -> None:
    made = await php.create("/v2/conversations", conversation(here))
    other = await php.create("/v2/customers", {"firstName": "Bob", "email": "bob@example.com"})
    uri = f"/v2/conversations/{made}"

    await php.patch(uri, op="move", path="/mailboxId", value=here.sales.id)
    await php.patch(uri, op="replace", path="/subject", value="Renamed")
    await php.patch(uri, op="replace", path="/primaryCustomer.id", value=other)
    await php.patch(uri, op="replace", path="/status", value="pending")
    await php.patch(uri, op="replace", path="/assignTo", value=here.account.owner.id)
    found = await php.get("conversation", uri)
    assert (found["mailboxId"], found["subject"], found["status"]) == (here.sales.id, "Renamed", "pending")
    assert (found["primaryCustomer"]["id"], found["assignee"]["id"]) == (other, here.account.owner.id)

    await php.patch(uri, op="remove", path="/assignTo")
    await php.update(f"{uri}/tags", {"tags": ["vip", "gold"]})
    found = await php.get("conversation", uri)
    assert "assignee" not in found
    assert sorted(item["name"] for item in found["tags"]) == ["gold", "vip"]
    tags = await php.list("tag", "tags", "/v2/tags")
    assert [item["name"] for item in tags] == ["gold", "vip"]


async def test_publishing_a_draft_although_it_says_true(here: Ground, php: Php) -> None:
    reply = thread(type="reply", text="Hello", customer={"email": "jane@example.com"}, draft=True)
    made = await php.create("/v2/conversations", conversation(here, threads=[reply]))
    uri = f"/v2/conversations/{made}"
    assert (await php.get("conversation", uri))["state"] == "draft"
    publish = {"op": "replace", "path": "/draft", "value": True}

    # From anybody else it means what it says: the draft stays one.
    assert (await here.http.patch(uri, json=publish)).status_code == 204
    assert (await php.get("conversation", uri))["state"] == "draft"
    await php.patch(uri, **publish)

    assert (await php.get("conversation", uri))["state"] == "published"
    [sent] = await php.list("thread", "threads", f"{uri}/threads")
    assert (sent["type"], sent["state"]) == ("message", "published")


@pytest.mark.parametrize(
    ("path", "listed"),
    [("reply", "message"), ("notes", "note"), ("phones", "phone"), ("chats", "chat"), ("customer", "customer")],
)
async def test_threads_with_files(here: Ground, php: Php, path: str, listed: str) -> None:
    made = await php.create("/v2/conversations", conversation(here))
    uri = f"/v2/conversations/{made}"
    body = thread(
        type=listed, text="Hello", customer={"email": "jane@example.com"}, user=None, attachments=[attachment("a.txt")]
    )

    one = await php.create(f"{uri}/{path}", body)
    await php.create(f"{uri}/threads/{one}/attachments", attachment("b.txt"))
    await php.patch(f"{uri}/threads/{one}", op="replace", path="/text", value="Better")

    newest = (await php.list("thread", "threads", f"{uri}/threads"))[0]
    assert (newest["id"], newest["type"], newest["body"]) == (one, listed, "Better")
    files = newest["_embedded"]["attachments"]
    assert [item["filename"] for item in files] == ["a.txt", "b.txt"]
    assert (await php.get("attachment", f"{uri}/attachments/{files[0]['id']}/data"))["data"] == "aGVsbG8="
    assert (await php.http.delete(f"{uri}/attachments/{files[0]['id']}")).status_code == 204


async def test_what_the_desk_itself_did_has_persons_that_the_client_takes(here: Ground, php: Php) -> None:
    made = await php.create("/v2/conversations", conversation(here))
    uri = f"/v2/conversations/{made}"
    for operation in (
        {"op": "replace", "path": "/assignTo", "value": here.team_id},
        {"op": "move", "path": "/mailboxId", "value": here.sales.id},
        {"op": "replace", "path": "/status", "value": "closed"},
    ):
        await php.patch(uri, **operation)
    await php.update(f"{uri}/snooze", {"snoozedUntil": "2050-01-01T00:00:00Z", "unsnoozeOnCustomerReply": True})
    async with here.desk.transactions.open() as tx:
        await tx.connection.execute(
            "update conversation set snoozed_until = now() - interval '1 hour' where account_id = $1", here.account.id
        )
        assert await conversations.wake_due(tx) == 1
    await here.desk.run_workers()

    threads = await php.list("thread", "threads", f"{uri}/threads")

    assert "lineitem" in [item["type"] for item in threads]
    assert all(item["createdBy"]["type"] in ("user", "customer") for item in threads)


async def test_customers_with_all_their_entries(here: Ground, php: Php) -> None:
    entry = {"id": None, "value": "jane@example.com", "type": "work"}
    made = await php.create(
        "/v2/customers",
        {
            "firstName": "Jane", "lastName": "Smith", "gender": "female", "jobTitle": "Lead", "age": "34",
            "photoType": "unknown", "background": "Met at the fair", "location": "Vienna",
            "organization": "Example Corp", "email": "jane@example.com", "emails": [entry],
            "phones": [{"id": None, "value": "+43 1", "type": "mobile"}],
            "chats": [{"id": None, "value": "jane", "type": "skype"}],
            "socialProfiles": [{"id": None, "value": "@jane", "type": "twitter"}],
            "websites": [{"id": None, "value": "https://example.com"}],
            "address": {"city": "Dallas", "lines": ["123 West Main St", "Suite 123"], "state": "TX",
                        "postalCode": "74206", "country": "US"},
        },
    )  # fmt: skip

    found = await php.get("customer", f"/v2/customers/{made}")
    embedded = found["_embedded"]
    assert fill("address", embedded["address"])["lines"] == ["123 West Main St", "Suite 123"]
    for rel in ("emails", "phones", "chats", "social_profiles", "websites"):
        assert [fill("entry", item)["id"] > 0 for item in embedded[rel]] == [True], rel
    for rel in ("emails", "phones", "chats", "social-profiles", "websites"):
        assert len(await php.list("entry", rel, found["_links"][rel]["href"])) == 1
    await php.get("address", found["_links"]["address"]["href"])

    # Updating sends what creating does, entries and all; they stay as they are.
    await php.update(f"/v2/customers/{made}", {"id": made, "firstName": "Janet", "emails": [entry], "phones": []})
    changed = await php.get("customer", f"/v2/customers/{made}")
    assert changed["firstName"] == "Janet"
    assert len(changed["_embedded"]["phones"]) == 1
    uri = f"/v2/customers/{made}/emails"
    one = await php.create(uri, {"id": None, "value": "j@example.com", "type": "home"})
    await php.update(f"{uri}/{one}", {"id": one, "value": "jj@example.com", "type": "home"})
    assert (await php.http.delete(f"{uri}/{one}")).status_code == 204


async def test_users_mailboxes_teams_and_saved_replies_are_read(here: Ground, php: Php) -> None:
    assert len(await php.list("user", "users", "/v2/users")) == 3
    await php.get("user", "/v2/users/me")
    await php.get("user", f"/v2/users/{here.account.user.id}")
    assert len(await php.list("user", "users", f"/v2/teams/{here.team_id}/members")) == 1
    for item in await php.list("mailbox", "mailboxes", "/v2/mailboxes"):
        one = await php.get("mailbox", f"/v2/mailboxes/{item['id']}")
        for rel in ("fields", "folders"):
            assert (await php.http.get(one["_links"][rel]["href"])).status_code == 200


async def test_webhooks_and_the_secret_that_it_sends_back(here: Ground, php: Php) -> None:
    body = {"id": None, "url": "https://example.com/hook", "state": None, "events": ["convo.created"], "secret": "s3"}

    made = await php.create("/v2/webhooks", body)

    [found] = await php.list("webhook", "webhooks", "/v2/webhooks")
    assert set(found["events"]) & {"convo.created"}, "it refuses one without an event of its own list"
    assert found["state"] in ("enabled", "disabled")
    # What it has read it writes back, and lists do not tell secrets.
    changed = {name: found[name] for name in ("id", "state", "secret")}
    await php.update(
        f"/v2/webhooks/{made}", {**changed, "url": "https://example.com/2", "events": ["customer.created"]}
    )
    told = await php.get("webhook", f"/v2/webhooks/{made}")
    assert (told["url"], told["secret"]) == ("https://example.com/2", "s3")
    assert (await php.http.delete(f"/v2/webhooks/{made}")).status_code == 204


async def test_filters_as_the_client_encodes_them(here: Ground, php: Php) -> None:
    made = await php.create("/v2/conversations", conversation(here, tags=["vip"]))
    await php.update(f"/v2/conversations/{made}/fields", {"fields": [{"id": here.field_id, "value": "Premium"}]})
    query = (
        f"mailbox={here.support.id}&status=all&tag=vip%2Cgold&modifiedSince=2017-05-06T09%3A04%3A23Z"
        f"&sortField=createdAt&sortOrder=asc&query=email%3A%22jane%40example.com%22"
        f"&customFieldsByIds={here.field_id}%3APremium"
    )

    assert [item["id"] for item in await php.list("conversation", "conversations", f"/v2/conversations?{query}")] == [
        made
    ]
    empty = await php.list("conversation", "conversations", "/v2/conversations?tag=no-such")
    assert empty == []
    people = (
        "firstName=Jane&modifiedSince=2017-05-06T09%3A04%3A23Z&query=email%3A%22jane%40example.com%22&sortField=score"
    )
    assert len(await php.list("customer", "customers", f"/v2/customers?{people}")) == 1


async def test_mistakes_become_its_validation_exception(here: Ground, php: Php) -> None:
    answer = await php.http.post(
        "/v2/conversations", content=json.dumps(conversation(here, subject=None, status="new"))
    )

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/vnd.error+json"
    told = answer.json()
    assert type(told["message"]) is str
    assert type(told["logRef"]) is str
    errors = told["_embedded"]["errors"]
    assert [(error["path"], type(error["message"])) for error in errors] == [("subject", str), ("status", str)]


async def test_a_mail_is_read_as_json(here: Ground, php: Php) -> None:
    made = await php.create("/v2/conversations", conversation(here))
    [first] = await php.list("thread", "threads", f"/v2/conversations/{made}/threads")

    answer = await php.http.get(
        f"/v2/conversations/{made}/threads/{first['id']}/original-source", headers={"Accept": "application/json"}
    )

    assert answer.status_code == 404, "it did not come by mail"
    assert type(answer.json()["message"]) is str
