"""E17 to E27: threads, drafts, schedules, files, and what a thread does to its conversation."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from tests.desk import Desk
from tests.make import AccountMade
from waypost.domains.mailboxes import Mailbox

pytestmark = pytest.mark.anyio

THREAD_KEYS = {
    "id", "type", "status", "state", "action", "body", "source", "customer", "createdBy", "savedReplyId", "to", "cc",
    "bcc", "createdAt", "_embedded", "_links",
}  # fmt: skip


class Talk:
    """A conversation that a customer began, and the owner's client."""

    def __init__(self, account: AccountMade, mailbox: Mailbox, client: httpx.AsyncClient, conversation_id: int) -> None:
        self.account = account
        self.mailbox = mailbox
        self.client = client
        self.id = conversation_id
        self.path = f"/v2/conversations/{conversation_id}"

    async def post(self, kind: str, **body: Any) -> httpx.Response:
        return await self.client.post(f"{self.path}/{kind}", json=body)

    async def add(self, kind: str, **body: Any) -> int:
        answer = await self.post(kind, **body)
        assert answer.status_code == 201, answer.text
        return int(answer.headers["resource-id"])

    async def threads(self) -> list[dict[str, Any]]:
        listed = (await self.client.get(f"{self.path}/threads")).json()
        return list(listed["_embedded"]["threads"])

    async def get(self) -> dict[str, Any]:
        return dict((await self.client.get(self.path)).json())


@pytest.fixture
def desk(module_desk: Desk) -> Desk:
    """One desk for the module: every test works in an account of its own."""
    return module_desk


@pytest.fixture
async def talk(desk: Desk) -> Talk:
    account = await desk.make.account()
    mailbox = await desk.make.mailbox(account)
    client = await desk.client(account.owner)
    answer = await client.post(
        "/v2/conversations",
        json={
            "subject": "Need help with billing",
            "customer": {"email": "customer@example.com", "firstName": "Jane", "lastName": "Smith"},
            "mailboxId": mailbox.id,
            "type": "email",
            "status": "active",
            "threads": [{"type": "customer", "customer": {"email": "customer@example.com"}, "text": "First"}],
        },
    )
    return Talk(account, mailbox, client, answer.json()["id"])


async def test_the_seeds_reply_needs_no_customer(desk: Desk, talk: Talk) -> None:
    file = {"fileName": "invoice.pdf", "mimeType": "application/pdf", "data": base64.b64encode(b"%PDF-1.4").decode()}

    answer = await talk.post(
        "reply", type="reply", text="I've resolved the billing issue.", draft=False, status="active", attachments=[file]
    )

    assert answer.status_code == 201
    made = answer.json()
    address = f"{desk.base_url}{talk.path}/threads/{made['id']}"
    assert answer.headers["resource-id"] == str(made["id"])
    assert answer.headers["location"] == address
    assert (made["type"], made["state"], made["_links"]) == ("message", "published", {"self": {"href": address}})
    [reply, _] = await talk.threads()
    assert set(reply) >= THREAD_KEYS
    assert (reply["type"], reply["status"], reply["to"]) == ("message", "nochange", ["customer@example.com"])
    assert reply["createdBy"]["id"] == talk.account.owner.id
    assert reply["customer"]["email"] == "customer@example.com"
    assert [item["filename"] for item in reply["_embedded"]["attachments"]] == ["invoice.pdf"]
    assert (await talk.client.get(address)).json() == reply


@pytest.mark.parametrize(
    ("path", "kind", "by"),
    [
        ("reply", "message", "user"),
        ("notes", "note", "user"),
        ("phones", "phone", "user"),
        ("chats", "chat", "user"),
        ("customer", "customer", "customer"),
        ("threads/reply", "message", "user"),
        ("threads/note", "note", "user"),
    ],
)
async def test_each_path_makes_its_kind(talk: Talk, path: str, kind: str, by: str) -> None:
    await talk.add(path, text="Hello")

    newest = (await talk.threads())[0]

    assert (newest["type"], newest["createdBy"]["type"]) == (kind, by)
    assert (await talk.get())["threads"] == 2


@pytest.mark.parametrize(("kind", "listed"), [("note", "note"), ("phone", "phone"), ("customer", "customer")])
async def test_reply_dispatches_by_type(talk: Talk, kind: str, listed: str) -> None:
    await talk.add("reply", type=kind, text="Hello")

    assert (await talk.threads())[0]["type"] == listed


async def test_a_customer_may_be_named_by_address(talk: Talk) -> None:
    await talk.add("customer", text="Me too", customer={"email": "Other@Example.com", "firstName": "Olga"})

    newest = (await talk.threads())[0]

    assert (newest["createdBy"]["first"], newest["createdBy"]["email"]) == ("Olga", "Other@Example.com")
    assert (await talk.get())["primaryCustomer"]["email"] == "customer@example.com"


async def test_what_threads_do_to_status_and_waiting(talk: Talk) -> None:
    assert (await talk.get())["customerWaitingSince"]["latestReplyFrom"] == "customer"
    await talk.add("reply", text="Done", status="closed")
    closed = await talk.get()
    assert (closed["status"], closed["closedBy"]) == ("closed", talk.account.owner.id)
    assert closed["customerWaitingSince"] == {"friendly": "", "latestReplyFrom": "user"}
    await talk.add("notes", text="Nothing changes")
    assert (await talk.get())["status"] == "closed"
    await talk.add("customer", text="Not done")
    reopened = await talk.get()
    assert reopened["status"] == "active"
    assert "closedBy" not in reopened
    assert "time" in reopened["customerWaitingSince"]


async def test_reply_can_assign(talk: Talk) -> None:
    await talk.add("reply", text="Yours", assignTo=talk.account.administrator.id)

    assert (await talk.get())["assignee"]["id"] == talk.account.administrator.id


async def test_drafts_are_seen_by_their_author_alone(desk: Desk, talk: Talk) -> None:
    await talk.add("reply", text="Not yet", draft=True)
    other = await desk.client(talk.account.administrator)

    assert [thread["state"] for thread in await talk.threads()] == ["draft", "published"]
    listed = (await other.get(f"{talk.path}/threads")).json()["_embedded"]["threads"]
    assert [thread["state"] for thread in listed] == ["published"]
    assert (await talk.get())["threads"] == 1


async def test_cc_and_bcc_follow_the_conversation(talk: Talk) -> None:
    await talk.add("reply", text="1", cc=["a@example.com", {"email": "b@example.com"}], bcc=["c@example.com"])
    await talk.add("reply", text="2")
    await talk.add("reply", text="3", cc=[])

    third, second, first, _ = await talk.threads()

    assert (first["cc"], first["bcc"]) == (["a@example.com", "b@example.com"], ["c@example.com"])
    assert (second["cc"], second["bcc"]) == (first["cc"], first["bcc"])
    assert (third["cc"], third["bcc"]) == ([], ["c@example.com"])


async def test_bad_threads_name_their_fields(talk: Talk) -> None:
    answer = await talk.post("reply", text="", status="shut", cc=["nobody"], user="x")

    assert answer.status_code == 422
    paths = {error["path"] for error in answer.json()["_embedded"]["errors"]}
    assert {"text", "status", "user"} <= paths
    answer = await talk.post("reply", text="x", user=999999, assignTo=999999)
    assert {error["path"] for error in answer.json()["_embedded"]["errors"]} == {"user", "assignTo"}
    answer = await talk.post("reply", text="x", cc=["nobody"])
    assert [error["path"] for error in answer.json()["_embedded"]["errors"]] == ["cc[0]"]


async def test_the_hundred_and_first_thread_is_refused(talk: Talk, desk: Desk) -> None:
    async with desk.connection() as connection:
        await connection.execute("update conversation set api_thread_count = 99 where id = $1", talk.id)
    await talk.add("notes", text="The hundredth")

    answer = await talk.post("notes", text="One more")

    assert answer.status_code == 412
    assert answer.json()["message"] == "Conversation has reached the maximum number of threads"


async def test_html_comes_back_sanitised_and_once_escaped(talk: Talk) -> None:
    await talk.add("notes", text='<p onclick="x()">1 &lt; 2</p><script>alert(1)</script>')
    await talk.add("notes", text="a < b\nc & d")

    plain, rich = (thread["body"] for thread in (await talk.threads())[:2])

    assert rich == "<p>1 &lt; 2</p>"
    assert plain == "a &lt; b<br>c &amp; d"


async def test_editing_and_hiding(desk: Desk, talk: Talk) -> None:
    thread_id = (await talk.threads())[0]["id"]
    address = f"{talk.path}/threads/{thread_id}"
    edit = {"op": "replace", "path": "/text", "value": "Better"}

    assert (await talk.client.patch(address, json=edit)).status_code == 204
    assert (await talk.client.patch(address, json=[{**edit, "path": "/hidden", "value": True}])).status_code == 204
    found = (await talk.client.get(address)).json()
    assert (found["body"], found["state"]) == ("Better", "hidden")
    user = await desk.make.user(talk.account, mailboxes=[talk.mailbox])
    assert (await (await desk.client(user)).patch(address, json=edit)).status_code == 403
    assert (await talk.client.patch(address, json={**edit, "path": "/customer"})).status_code == 422
    assert (await talk.client.delete(address)).status_code == 405


async def test_schedules(talk: Talk) -> None:
    draft = await talk.add("reply", text="Later", draft=True)
    address = f"{talk.path}/threads/{draft}/schedule"
    plan = {"scheduledFor": "2050-01-16T08:00:00Z", "unscheduleOnCustomerReply": True}

    assert (await talk.client.put(address, json=plan)).status_code == 204
    thread = (await talk.threads())[0]
    assert thread["scheduled"] == {
        **plan,
        "scheduledBy": talk.account.owner.id,
        "sendAsId": talk.account.owner.id,
        "createdAt": thread["scheduled"]["createdAt"],
    }
    assert (await talk.get())["nextEvent"]["eventType"] == "scheduled"
    await talk.add("customer", text="Wait")
    assert "scheduled" not in (await talk.client.get(f"{talk.path}/threads/{draft}")).json()
    assert (await talk.client.put(address, json=plan)).status_code == 204
    assert (await talk.client.delete(address)).status_code == 204
    published = (await talk.threads())[-1]["id"]
    refused = await talk.client.put(f"{talk.path}/threads/{published}/schedule", json=plan)
    assert refused.status_code == 422


async def test_a_scheduled_draft_is_sent_at_once_when_asked(talk: Talk) -> None:
    draft = await talk.add("reply", text="Later", draft=True)
    address = f"{talk.path}/threads/{draft}/schedule"
    now = {"op": "replace", "path": "/state", "value": "published"}
    plan = {"scheduledFor": "2050-01-16T08:00:00Z", "unscheduleOnCustomerReply": False}
    assert (await talk.client.patch(address, json=now)).status_code == 422, "it has no time yet"
    await talk.client.put(address, json=plan)
    for wrong, path in (
        ({**now, "path": "/text"}, "path"),
        ({**now, "op": "remove"}, "op"),
        ({**now, "value": 1}, "value"),
    ):
        refused = await talk.client.patch(address, json=wrong)
        assert [error["path"] for error in refused.json()["_embedded"]["errors"]] == [path]
        assert refused.status_code == 422

    assert (await talk.client.patch(address, json=now)).status_code == 204

    thread = (await talk.threads())[0]
    assert (thread["id"], thread["type"], thread["state"]) == (draft, "message", "published")
    assert "scheduled" not in thread
    assert "nextEvent" not in await talk.get()
    assert (await talk.client.patch(address, json=[now])).status_code == 204, "sent already"
    assert len([item for item in await talk.threads() if item["id"] == draft]) == 1
    assert (await talk.client.patch(f"{talk.path}/threads/999999/schedule", json=now)).status_code == 404


async def test_an_uploaded_file_can_be_used_again(talk: Talk) -> None:
    first = (await talk.threads())[0]["id"]
    body = {"filename": "a.txt", "mimeType": "text/plain", "data": base64.b64encode(b"hello").decode()}
    answer = await talk.client.post(f"{talk.path}/threads/{first}/attachments", json=body)
    assert answer.status_code == 201
    attachment_id = answer.json()["id"]
    assert answer.headers["location"].endswith(f"/attachments/{attachment_id}")

    await talk.add("reply", text="See attached", attachments=[attachment_id])

    [attachment] = (await talk.threads())[0]["_embedded"]["attachments"]
    assert attachment["id"] != attachment_id
    assert (await talk.client.get(attachment["_links"]["self"]["href"] + "/file")).content == b"hello"


async def test_files_over_ten_megabytes_are_refused(talk: Talk) -> None:
    data = base64.b64encode(bytes(10 * 1024 * 1024 + 1)).decode()
    first = (await talk.threads())[0]["id"]

    body = {"fileName": "a", "mimeType": "a/b", "data": data}
    answer = await talk.client.post(f"{talk.path}/threads/{first}/attachments", json=body)

    assert answer.status_code == 413


async def test_threads_made_by_no_mail_have_no_source(talk: Talk) -> None:
    first = (await talk.threads())[0]["id"]

    assert (await talk.client.get(f"{talk.path}/threads/{first}/original-source")).status_code == 404


@pytest.mark.parametrize("path", ["threads", "reply", "notes", "threads/1", "threads/1/original-source"])
async def test_unknown_conversations_are_not_found(talk: Talk, path: str) -> None:
    method = "POST" if path in ("reply", "notes") else "GET"

    answer = await talk.client.request(method, f"/v2/conversations/999999/{path}", json={"text": "x"})

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/vnd.error+json"
