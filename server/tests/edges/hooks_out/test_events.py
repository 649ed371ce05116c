"""Every event that the product has facts for, as receivers of both profiles get it (spec: webhooks 6, 10)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.desk import Desk
from tests.hooks import converse, settle, subscribe
from tests.make import AccountMade
from tests.receiver import Receiver, receiving
from waypost.domains import conversations
from waypost.domains.accounts import Actor
from waypost.domains.conversations import (
    ConversationType,
    CustomerReference,
    Grade,
    NewConversation,
    NewThread,
    Status,
    ThreadType,
)
from waypost.domains.mailboxes import Mailbox
from waypost.domains.webhooks import SPELLINGS

pytestmark = pytest.mark.anyio

ALL = list(SPELLINGS)
#: One spelling of each.
SEED_NAMES = [name for name in ALL if name == SPELLINGS[name].name and name != "convo.tags"]


class Scene:
    """A company with a mailbox and receivers of either profile that take everything."""

    def __init__(self, desk: Desk, account: AccountMade, mailbox: Mailbox, client: httpx.AsyncClient) -> None:
        self.desk, self.account, self.mailbox, self.client = desk, account, mailbox, client

    async def take_spam(self) -> None:
        wanted = NewConversation(
            subject="Win",
            type=ConversationType.EMAIL,
            mailbox_id=self.mailbox.id,
            customer=CustomerReference(email="win@example.com"),
            status=Status.SPAM,
            threads=[NewThread(type=ThreadType.CUSTOMER, body="Win!", source_type="email")],
            source_type="email",
        )
        async with self.desk.transactions.open() as tx:
            await conversations.create(tx, self.desk.parts.files, Actor.system(self.account.id), wanted)

    async def settle(self) -> None:
        await settle(self.desk)

    async def do(self, method: str, path: str, body: Any = None) -> httpx.Response:
        answer = await self.client.request(method, path, json=body)
        assert answer.status_code in (200, 201, 204), answer.text
        return answer


@pytest.fixture
async def scene(desk: Desk) -> Scene:
    account = await desk.make.account()
    mailbox = await desk.make.mailbox(account)
    return Scene(desk, account, mailbox, await desk.client(account.owner))


@pytest.fixture
async def seed(scene: Scene) -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        await subscribe(scene.client, receiver.url, *SEED_NAMES)
        yield receiver


@pytest.fixture
async def platform(scene: Scene) -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        names = [name for name in ALL if name not in ("convo.tags.added", "convo.tags.removed")]
        await subscribe(scene.client, receiver.url, *names, profile="platform")
        yield receiver


def of(receiver: Receiver, event: str) -> Any:
    """The one body of an event."""
    found = [request for request in receiver.requests if request.event == event]
    assert len(found) == 1, (event, receiver.events)
    return found[0].json


async def test_a_conversation_begins(scene: Scene, seed: Receiver, platform: Receiver) -> None:
    conversation_id = await converse(scene.client, scene.mailbox.id, tags=["billing"], assignTo=scene.account.user.id)
    await scene.settle()

    # Different things may arrive in any order.
    assert sorted(seed.events) == ["convo.created", "customer.created", "tag.created"]
    envelope = of(seed, "convo.created")
    assert {"timestamp", "webhook", "eventType", "data"} <= set(envelope)
    assert envelope["eventType"] == "convo.created"
    assert envelope["webhook"]["url"] == seed.url
    assert envelope["timestamp"].endswith("Z")
    assert envelope["id"].startswith("evt_")
    data = envelope["data"]
    shown = (await scene.client.get(f"/v2/conversations/{conversation_id}?embed=threads")).json()
    assert data == {
        "id": conversation_id,
        "number": 1,
        "type": "email",
        "status": "active",
        "subject": "Need help with billing",
        "mailboxId": scene.mailbox.id,
        "customer": {
            "id": shown["primaryCustomer"]["id"],
            "firstName": "Jane",
            "lastName": "Smith",
            "email": "jane@example.com",
        },
        "assignee": {
            "id": scene.account.user.id,
            "firstName": "Una",
            "lastName": "User",
            "email": scene.account.user.email,
        },
        "createdAt": shown["createdAt"],
        "tags": ["billing"],
        "preview": shown["preview"],
    }
    whole = of(platform, "convo.created")
    # The platform's receivers get the resource as the API shows it; what depends on when and by whom it is asked stays.
    for key in ("folderId", "customerWaitingSince"):
        assert key in whole
        del whole[key], shown[key]
    for thread in (*whole["_embedded"]["threads"], *shown["_embedded"]["threads"]):
        assert thread["_links"].pop("self")["href"].endswith(f"/threads/{thread['id']}")
        del thread["_links"]
    assert whole == shown
    customer = of(platform, "customer.created")
    assert {"id", "firstName", "_embedded", "_links", "createdAt"} <= set(customer)
    assert customer["_embedded"]["emails"][0]["value"] == "jane@example.com"


async def test_replies_and_what_they_bring_come_in_order(scene: Scene, seed: Receiver, platform: Receiver) -> None:
    conversation_id = await converse(scene.client, scene.mailbox.id)
    await scene.settle()
    seed.requests.clear()
    platform.requests.clear()
    await scene.do(
        "POST",
        f"/v2/conversations/{conversation_id}/reply",
        {
            "text": "All done",
            "customer": {"email": "jane@example.com"},
            "status": "closed",
            "assignTo": scene.account.administrator.id,
            "attachments": [{"fileName": "a.txt", "mimeType": "text/plain", "data": "aGVsbG8="}],
        },
    )
    await scene.settle()

    expected = ["convo.agent.reply.created", "convo.status", "convo.assigned"]
    assert seed.events == platform.events == expected
    sequences = [int(request.headers["x-helpscout-sequence"]) for request in seed.requests]
    assert sequences == sorted(set(sequences))
    owner = {"id": scene.account.owner.id, "firstName": "Olivia", "lastName": "Owner"}
    reply = of(seed, "convo.agent.reply.created")["data"]
    assert (reply["conversationId"], reply["thread"]["type"]) == (conversation_id, "reply")
    assert reply["thread"]["body"] == "All done"
    assert reply["thread"]["createdBy"]["id"] == scene.account.owner.id
    assert reply["thread"]["attachments"][0]["filename"] == "a.txt"
    assert reply["thread"]["createdAt"].endswith("Z")
    assert of(seed, "convo.status")["data"] == {
        "id": conversation_id,
        "status": "closed",
        "previousStatus": "active",
        "closedBy": owner,
        "changedBy": owner,
        "number": 1,
    }
    assigned = of(seed, "convo.assigned")["data"]
    assert assigned["assignee"]["email"] == scene.account.administrator.email
    assert (assigned["assignedBy"], assigned["previousAssignee"]) == (owner, None)
    assert of(platform, "convo.status")["status"] == "closed"
    assert [item["type"] for item in of(platform, "convo.status")["_embedded"]["threads"]][-1] == "customer"


async def test_notes_customers_replies_moves_tags_fields_and_the_end(scene: Scene, seed: Receiver) -> None:
    conversation_id = await converse(scene.client, scene.mailbox.id, tags=["old", "kept"])
    other = await scene.desk.make.mailbox(scene.account, "Other")
    field = await scene.do("POST", f"/v2/mailboxes/{scene.mailbox.id}/fields", {"name": "Plan", "type": "singleline"})
    await scene.settle()
    seed.requests.clear()
    path = f"/v2/conversations/{conversation_id}"
    await scene.do("POST", f"{path}/notes", {"text": "Between us"})
    await scene.do("POST", f"{path}/customer", {"text": "Thanks!", "customer": {"email": "jane@example.com"}})
    await scene.do("PUT", f"{path}/tags", {"tags": ["kept", "new"]})
    await scene.do("PUT", f"{path}/fields", {"fields": [{"id": field.json()["id"], "value": "gold"}]})
    await scene.do("PATCH", path, [{"op": "move", "path": "/mailboxId", "value": other.id}])
    await scene.do("PATCH", path, [{"op": "replace", "path": "/assignTo", "value": scene.account.user.id}])
    await scene.do("PATCH", path, [{"op": "remove", "path": "/assignTo"}])
    await scene.do("DELETE", path)
    await scene.settle()

    assert [event for event in seed.events if event != "tag.created"] == [
        "convo.note.created", "convo.customer.reply.created", "convo.tags.added", "convo.tags.removed",
        "convo.custom-fields", "convo.moved", "convo.assigned", "convo.assigned", "convo.deleted",
    ]  # fmt: skip
    assert of(seed, "convo.note.created")["data"]["thread"]["type"] == "note"
    reply = of(seed, "convo.customer.reply.created")["data"]
    assert reply["thread"]["customer"]["firstName"] == "Jane"
    assert "email" not in reply["thread"]["customer"]
    added, removed = of(seed, "convo.tags.added")["data"], of(seed, "convo.tags.removed")["data"]
    assert (added["tags"], removed["tags"], added["id"]) == (["new"], ["old"], conversation_id)
    assert "allTags" in added
    fields = of(seed, "convo.custom-fields")["data"]
    assert fields["changed"] == [field.json()["id"]]
    moved = of(seed, "convo.moved")["data"]
    assert (moved["mailboxId"], moved["previousMailboxId"]) == (other.id, scene.mailbox.id)
    first, second = [request.json["data"] for request in seed.requests if request.event == "convo.assigned"]
    assert (first["assignee"]["firstName"], second["assignee"]) == ("Una", None)
    assert second["previousAssignee"]["firstName"] == "Una"
    gone = of(seed, "convo.deleted")["data"]
    assert (gone["id"], gone["deletedBy"]["firstName"]) == (conversation_id, "Olivia")


async def test_the_platform_gets_one_event_for_a_change_of_tags(scene: Scene, platform: Receiver) -> None:
    conversation_id = await converse(scene.client, scene.mailbox.id, tags=["old"])
    await scene.do("PUT", f"/v2/conversations/{conversation_id}/tags", {"tags": ["new"]})
    await scene.do("DELETE", f"/v2/conversations/{conversation_id}")
    await scene.settle()
    assert of(platform, "convo.tags")["id"] == conversation_id
    assert of(platform, "convo.deleted") == {"id": conversation_id}


async def test_merging(scene: Scene, seed: Receiver) -> None:
    first, second = [await converse(scene.client, scene.mailbox.id) for _ in range(2)]
    await scene.settle()
    seed.requests.clear()
    await scene.do("POST", f"/v2/conversations/{first}/merge", {"conversationIds": [second]})
    await scene.settle()
    merged = of(seed, "convo.merged")["data"]
    assert (merged["id"], merged["mergedConversationIds"]) == (first, [second])
    assert merged["mergedBy"]["firstName"] == "Olivia"


async def test_drafts_and_imports_are_not_told(scene: Scene, seed: Receiver) -> None:
    await converse(scene.client, scene.mailbox.id, imported=True)
    draft = {"type": "reply", "text": "Not yet", "draft": True}
    draft_id = await converse(scene.client, scene.mailbox.id, threads=[draft])
    conversation_id = await converse(scene.client, scene.mailbox.id)
    path = f"/v2/conversations/{conversation_id}"
    await scene.do("POST", f"{path}/reply", {"text": "Later", "draft": True, "customer": {"email": "jane@example.com"}})
    await scene.do("PUT", f"/v2/conversations/{draft_id}/tags", {"tags": ["quiet"]})
    await scene.settle()
    assert [event for event in seed.events if event.startswith("convo.")] == ["convo.created"]
    assert of(seed, "convo.created")["data"]["id"] == conversation_id
    seed.requests.clear()

    await scene.do("PATCH", f"/v2/conversations/{draft_id}", [{"op": "replace", "path": "/draft", "value": False}])
    await scene.settle()
    assert seed.events == ["convo.created"]
    assert of(seed, "convo.created")["data"]["id"] == draft_id


async def test_spam_is_told_to_those_who_ask_for_it(scene: Scene, seed: Receiver) -> None:
    async with receiving() as asking:
        await subscribe(scene.client, asking.url, "convo.created", includeSpam=True)
        await scene.take_spam()
        await scene.settle()
        assert asking.events == ["convo.created"]
        assert asking.requests[0].json["data"]["status"] == "spam"
    assert "convo.created" not in seed.events


async def test_a_customers_life(desk: Desk, scene: Scene, seed: Receiver, platform: Receiver) -> None:
    made = (
        await scene.do(
            "POST",
            "/v2/customers",
            {
                "firstName": "Jane",
                "lastName": "Smith",
                "organization": "Example Corp",
                "jobTitle": "Manager",
                "emails": [{"type": "work", "value": "jane@example.com"}],
            },
        )
    ).json()
    await scene.settle()
    created = of(seed, "customer.created")["data"]
    assert created["emails"][0]["value"] == "jane@example.com"
    assert created["emails"][0]["type"] == "work"
    assert isinstance(created["emails"][0]["id"], int)
    assert (created["organization"], created["jobTitle"]) == ("Example Corp", "Manager")
    assert created["createdAt"].endswith("Z")
    assert of(seed, "organization.created")["data"]["id"] > 0
    await scene.do("DELETE", f"/v2/customers/{made['id']}")
    await scene.settle()
    assert of(seed, "customer.deleted")["data"] == {"id": made["id"]}
    assert of(platform, "customer.deleted") == {"id": made["id"]}


async def test_ratings_tags_organizations_and_who_is_there(scene: Scene, seed: Receiver, platform: Receiver) -> None:
    conversation_id = await converse(scene.client, scene.mailbox.id, tags=["old"])
    path = f"/v2/conversations/{conversation_id}"
    reply = {"text": "Done", "customer": {"email": "jane@example.com"}}
    thread_id = (await scene.do("POST", f"{path}/reply", reply)).json()["id"]
    found = (await scene.client.get(path)).json()
    customer_id, tag_id = found["primaryCustomer"]["id"], found["tags"][0]["id"]
    await scene.settle()
    for receiver in (seed, platform):
        receiver.requests.clear()
    async with scene.desk.transactions.open() as tx:
        by = Actor.for_customer(scene.account.id, customer_id)
        rating = await conversations.rate(tx, by, thread_id, Grade.NOT_GOOD, "Slow")
    await scene.do("PUT", f"/v2/tags/{tag_id}", {"name": "renamed", "color": "#ff0000"})
    organization = await scene.do("POST", "/v2/organizations", {"name": "Example Corp", "domains": ["example.com"]})
    where = organization.headers["location"].removeprefix(scene.desk.base_url)
    await scene.settle()
    assert of(seed, "satisfaction.ratings.received")["data"] == {
        "conversationId": conversation_id,
        "rating": {
            "id": rating.id,
            "rating": "bad",
            "ratingCustomerId": customer_id,
            "ratingUserId": scene.account.owner.id,
            "comments": "Slow",
            "createdAt": of(seed, "satisfaction.ratings.received")["timestamp"],
        },
        "threadId": thread_id,
    }
    # Subscribed to in both spellings, an event is sent once, in the first of them.
    rated = of(platform, "satisfaction.ratings.received")
    shown = {key: rated[key] for key in ("id", "rating", "comments", "threadId", "conversationNumber")}
    assert shown == {
        "id": rating.id,
        "rating": "not_good",
        "comments": "Slow",
        "threadId": thread_id,
        "conversationNumber": 1,
    }
    assert of(seed, "tag.updated")["data"] == {
        "id": tag_id,
        "name": "renamed",
        "slug": of(seed, "tag.updated")["data"]["slug"],
        "color": "#ff0000",
    }
    assert {"id", "slug", "name", "color", "ticketCount", "createdAt"} <= set(of(platform, "tag.updated"))
    assert of(seed, "organization.created")["data"]["name"] == "Example Corp"
    await scene.do("DELETE", f"/v2/tags/{tag_id}")
    await scene.do("DELETE", where)
    await scene.settle()
    assert of(seed, "tag.deleted")["data"] == {"id": tag_id}
    assert of(platform, "tag.deleted") == {"id": tag_id}
    assert of(seed, "organization.deleted")["data"] == {"id": int(where.rpartition("/")[2])}


async def test_names_are_sent_as_they_were_given(scene: Scene) -> None:
    async with receiving() as receiver:
        await subscribe(scene.client, receiver.url, "convo.tags", "convo.tags.added")
        conversation_id = await converse(scene.client, scene.mailbox.id)
        await scene.do("PUT", f"/v2/conversations/{conversation_id}/tags", {"tags": ["new"]})
        await scene.settle()
        assert receiver.events == ["convo.tags"]
        assert receiver.requests[0].json["eventType"] == "convo.tags"
        assert receiver.requests[0].json["data"]["added"] == ["new"]


async def test_mailboxes_and_rights_limit_what_is_sent(desk: Desk, scene: Scene) -> None:
    seen = await desk.make.mailbox(scene.account, "Seen", users=[scene.account.user])
    user = await desk.client(scene.account.user)
    async with receiving() as limited, receiving() as of_user:
        await subscribe(scene.client, limited.url, "convo.created", "customer.created", mailboxIds=[seen.id])
        await subscribe(user, of_user.url, "convo.created", "customer.created")
        hidden_id = await converse(scene.client, scene.mailbox.id)
        seen_id = await converse(scene.client, seen.id)
        await scene.settle()
        for receiver in (limited, of_user):
            assert sorted(receiver.events) == ["convo.created", "customer.created"]
            assert of(receiver, "convo.created")["data"]["id"] == seen_id != hidden_id


async def test_a_notification_says_only_where_to_look(scene: Scene) -> None:
    async with receiving() as bare, receiving() as wrapped:
        await subscribe(scene.client, bare.url, "convo.created", notification=True, profile="platform")
        await subscribe(scene.client, wrapped.url, "convo.created", notification=True)
        conversation_id = await converse(scene.client, scene.mailbox.id)
        await scene.settle()
        where = f"{scene.desk.base_url}/v2/conversations/{conversation_id}"
        assert bare.requests[0].json == {"id": conversation_id, "_links": {"self": {"href": where}}}
        assert wrapped.requests[0].json["data"] == bare.requests[0].json


async def test_long_texts_are_cut_and_marked(scene: Scene, platform: Receiver, seed: Receiver) -> None:
    long = {"type": "note", "text": "<p>" + "x" * 900_000 + "</p>"}
    conversation_id = await converse(scene.client, scene.mailbox.id, threads=[long, long])
    await scene.settle()
    body = next(request for request in platform.requests if request.event == "convo.created")
    assert len(body.body) <= 1024 * 1024
    assert all(thread["truncated"] for thread in body.json["_embedded"]["threads"])
    assert body.json["_links"]["threads"]["href"].endswith(f"/v2/conversations/{conversation_id}/threads/")


async def test_another_accounts_events_do_not_reach_anybody(desk: Desk, scene: Scene, seed: Receiver) -> None:
    stranger = await desk.make.account("Strangers")
    mailbox = await desk.make.mailbox(stranger)
    await converse(await desk.client(stranger.owner), mailbox.id)
    await scene.settle()
    assert seed.requests == []


async def test_the_header_of_a_request(scene: Scene, seed: Receiver, platform: Receiver) -> None:
    await converse(scene.client, scene.mailbox.id)
    await scene.settle()
    for receiver in (seed, platform):
        request = next(request for request in receiver.requests if request.event == "convo.created")
        headers = request.headers
        assert request.method == "POST"
        assert headers["content-type"] == "application/json; charset=utf-8"
        assert headers["user-agent"].startswith("Waypost/")
        assert headers["x-helpscout-attempt"] == "1"
        assert headers["x-helpscout-delivery"] == headers["webhook-id"]
        assert headers["x-helpscout-delivery"].startswith("evt_")
        assert len(headers["x-helpscout-delivery"]) == 30
        assert headers["x-helpscout-webhook-id"].isdigit()
        assert headers["webhook-signature"].startswith("v1,")
        assert headers["x-helpscout-signature-256"].startswith("sha256=")
        assert "x-helpscout-redelivery" not in headers
    assert seed.requests[-1].headers["x-helpscout-signature"].startswith("sha1=")
    assert not platform.requests[-1].headers["x-helpscout-signature"].startswith("sha1=")
    # One event has one id, whoever is told of it.
    ids = [{request.headers["webhook-id"] for request in receiver.requests} for receiver in (seed, platform)]
    assert ids[0] == ids[1]
