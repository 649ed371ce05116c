"""Section 7A of the specification where a rule, a null or a refusal hides behind a plain call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.desk import Desk, desk_with
from tests.edges.inbox_v2.office import Office, open_office, refused
from waypost.domains import conversations

pytestmark = pytest.mark.anyio

KINDS = ["reply", "notes", "phones", "chats", "customer"]
MAIL = "Message-ID: <m@example.com>\nFrom: Jane <jane@example.com>\nTo: help@acme.test\nSubject: Lamp\n\nGrüße\n"


@pytest.fixture
async def office(module_desk: Desk) -> Office:
    return await open_office(module_desk)


# ---------------------------------------------------------------- E17, E18


async def test_threads_come_newest_first_in_pages_of_25(office: Office) -> None:
    started = await office.start(threads=[{"type": "note", "text": str(n)} for n in range(30)])

    pages = [await office.get(f"/v2/conversations/{started}/threads?page={page}") for page in (1, 2, 3)]

    assert pages[0]["page"] == {"size": 25, "totalElements": 30, "totalPages": 2, "number": 1}
    assert [thread["body"] for page in pages for thread in page["_embedded"]["threads"]] == [
        str(n) for n in range(29, -1, -1)
    ]
    assert (await office.get(f"/v3/conversations/{started}/threads?limit=2"))["page"]["size"] == 2
    answer = await office.client.get(f"/v2/conversations/{started}/threads?page=x&limit=0")
    assert (answer.status_code, set(refused(answer))) == (400, {"page", "limit"})


async def test_line_items_say_what_happened_and_hold_nothing_else(module_desk: Desk, office: Office) -> None:
    started = await office.start()
    await office.client.patch(
        f"/v2/conversations/{started}", json={"op": "replace", "path": "/status", "value": "closed"}
    )
    await module_desk.run_workers()

    [line] = [thread for thread in await office.threads(started) if thread["type"] == "lineitem"]

    assert line["action"] == {"type": "default", "text": "Marked as Closed", "associatedEntities": {}}
    assert (line["status"], line["to"], line["cc"], line["bcc"]) == ("closed", [], [], [])
    assert line["_embedded"] == {"attachments": []}
    assert not {"body", "scheduled", "rating", "openedAt", "linkedConversationId"} & set(line)
    assert (await office.conversation(started))["threads"] == 1
    for change in ({"path": "/text", "value": "x"}, {"path": "/hidden", "value": True}):
        answer = await office.client.patch(
            f"/v2/conversations/{started}/threads/{line['id']}", json={"op": "replace", **change}
        )
        assert (answer.status_code, set(refused(answer))) == (422, {"path"})


# ---------------------------------------------------------------- E19 to E23


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({"text": ""}, {"text"}),
        ({"text": None}, {"text"}),
        ({}, {"text"}),
        ({"text": " \n "}, {"text"}),
        ({"text": "<p> </p>"}, {"text"}),
        ({"text": "x", "customer": {"id": 999_999}}, {"customer.id"}),
        ({"text": "x", "customer": {}}, {"customer.email"}),
        ({"text": "x", "attachments": [{"fileName": "a", "mimeType": "a/b", "data": "%"}]}, {"attachments[0].data"}),
        ({"text": "x", "attachments": [{"fileName": "a"}]}, {"attachments[0].mimeType", "attachments[0].data"}),
        ({"text": "x", "attachments": [999_999]}, {"attachments[0]"}),
        ({"text": "x", "createdAt": "2999-01-01T00:00:00Z", "imported": True}, {"createdAt"}),
        ({"text": "x", "createdAt": "?", "imported": True}, {"createdAt"}),
        ({"text": "x", "status": "shut"}, {"status"}),
        ({"text": "x", "user": 999_999}, {"user"}),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
async def test_what_cannot_be_added_names_its_field(
    office: Office, kind: str, body: dict[str, Any], paths: set[str]
) -> None:
    started = await office.start()

    answer = await office.client.post(f"/v2/conversations/{started}/{kind}", json=body)

    assert (answer.status_code, set(refused(answer))) == (422, paths)
    assert len(await office.threads(started)) == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("status", ["active", "closed", "open", "pending", "spam", "all", None])
async def test_what_a_status_does(office: Office, kind: str, status: str | None) -> None:
    started = await office.start(status="pending")

    await office.add(started, kind, status=status)

    quiet = "active" if kind in ("reply", "customer") else "pending"
    expected = {"open": "active", "all": quiet, None: quiet}.get(status, status)
    assert (await office.conversation(started))["status"] == expected
    newest = (await office.threads(started))[0]
    assert newest["status"] == ("nochange" if expected == "pending" else expected)


@pytest.mark.parametrize("kind", KINDS)
async def test_times_count_for_imported_threads_alone(office: Office, kind: str) -> None:
    started = await office.start(imported=True, createdAt="2020-01-01T00:00:00Z")
    at = "2024-01-15T10:30:00Z"

    await office.add(started, kind, text="new", createdAt=at)
    await office.add(started, kind, text="old", createdAt=at, imported=True)

    newest, older, _ = await office.threads(started)
    assert (newest["body"], older["body"], older["createdAt"]) == ("new", "old", at)
    assert newest["createdAt"] != at


async def test_imported_replies_send_nothing(office: Office) -> None:
    started = await office.start(status="closed")
    await office.add(started, "reply", imported=True)
    await office.add(started, "reply", draft=True)

    assert [fact["data"]["deliver"] for fact in await office.facts("convo.agent.reply.created")] == [False]
    assert (await office.conversation(started))["status"] == "closed"


async def test_only_replies_can_be_drafts_or_assign(office: Office) -> None:
    started = await office.start()
    for kind in KINDS[1:]:
        await office.add(started, kind, draft=True, assignTo=office.account.owner.id)
    assert {thread["state"] for thread in await office.threads(started)} == {"published"}
    assert "assignee" not in await office.conversation(started)
    await office.add(started, "reply", assignTo=office.account.owner.id)
    await office.add(started, "reply", draft=True, assignTo=office.account.administrator.id)
    assert (await office.conversation(started))["assignee"]["id"] == office.account.owner.id
    await office.add(started, "reply", assignTo=None)
    assert "assignee" not in await office.conversation(started)


async def test_a_draft_moves_nothing_and_a_second_one_leaves_the_first(office: Office) -> None:
    started = await office.start(status="pending")
    before = await office.conversation(started)

    drafts = [await office.add(started, "reply", text=str(n), draft=True, status="closed") for n in range(2)]

    after = await office.conversation(started)
    for key in ("status", "threads", "preview", "customerWaitingSince", "userUpdatedAt", "cc"):
        assert after[key] == before[key], key
    assert {thread["id"] for thread in await office.threads(started) if thread["state"] == "draft"} == set(drafts)


async def test_user_updated_at_is_the_waiting_time_until_a_user_acts(office: Office) -> None:
    started = await office.start(createdAt="2024-01-15T10:30:00Z")
    found = await office.conversation(started)
    assert found["userUpdatedAt"] == found["customerWaitingSince"]["time"] == "2024-01-15T10:30:00Z"
    assert found["customerWaitingSince"]["friendly"].endswith("ago")

    await office.add(started, "notes")

    noted = await office.conversation(started)
    assert noted["userUpdatedAt"] > found["userUpdatedAt"]
    assert noted["customerWaitingSince"]["time"] == "2024-01-15T10:30:00Z"


async def test_a_customer_who_writes_again_still_waits_since_the_first_time(office: Office) -> None:
    started = await office.start(createdAt="2024-01-15T10:30:00Z")
    await office.add(started, "customer")
    assert (await office.conversation(started))["customerWaitingSince"]["time"] == "2024-01-15T10:30:00Z"
    await office.add(started, "reply")
    await office.add(started, "customer")
    assert (await office.conversation(started))["customerWaitingSince"]["time"] > "2024-01-15T10:30:00Z"


# ---------------------------------------------------------------- E24


async def test_a_hidden_thread_is_in_no_count_preview_or_search(office: Office) -> None:
    started = await office.start(threads=[{"type": "customer", "text": "apple"}])
    reply = await office.add(started, "reply", text="quince")
    address = f"/v2/conversations/{started}/threads/{reply}"

    for hidden, state, count, preview, found in (
        (True, "hidden", 1, "apple", []), (False, "published", 2, "quince", [started]),
    ):  # fmt: skip
        for _ in range(2):
            answer = await office.client.patch(address, json={"op": "replace", "path": "/hidden", "value": hidden})
            assert answer.status_code == 204
        talk = await office.conversation(started)
        assert (talk["threads"], talk["preview"]) == (count, preview)
        assert (await office.get(address))["state"] == state
        assert await office.listed("query=body:quince") == found
    assert len(await office.facts("convo.thread.hidden")) == 2


@pytest.mark.parametrize("kind", ["notes", "phones", "chats"])
async def test_only_messages_and_replies_can_be_hidden(office: Office, kind: str) -> None:
    started = await office.start()
    address = f"/v2/conversations/{started}/threads/{await office.add(started, kind)}"

    hide = await office.client.patch(address, json={"op": "replace", "path": "/hidden", "value": True})
    edit = await office.client.patch(address, json=[{"op": "replace", "path": "/text", "value": "<b>new</b>"}])

    assert (hide.status_code, set(refused(hide)), edit.status_code) == (422, {"path"}, 204)
    assert (await office.get(address))["body"] == "<b>new</b>"


async def test_drafts_cannot_be_hidden(office: Office) -> None:
    started = await office.start()
    draft = await office.add(started, "reply", draft=True)

    answer = await office.client.patch(
        f"/v2/conversations/{started}/threads/{draft}", json={"op": "replace", "path": "/hidden", "value": True}
    )

    assert answer.status_code == 422


@pytest.mark.parametrize("value", [None, "", "  ", 1, [], {}])
async def test_a_text_must_be_one(office: Office, value: Any) -> None:
    started = await office.start()
    thread = (await office.threads(started))[0]["id"]

    answer = await office.client.patch(
        f"/v2/conversations/{started}/threads/{thread}", json={"op": "replace", "path": "/text", "value": value}
    )

    assert (answer.status_code, set(refused(answer))) == (422, {"value"})


# ---------------------------------------------------------------- E25, X10


@pytest.mark.parametrize("end", ["original-source", "source"])
async def test_the_source_of_a_mail_comes_as_json_or_raw(office: Office, end: str) -> None:
    arrived = await office.mail(MAIL)
    address = f"/v2/conversations/{arrived.conversation_id}/threads/{arrived.thread_id}/{end}"
    raw = MAIL.replace("\n", "\r\n")

    for accept in (None, "*/*", "application/json", "application/hal+json"):
        answer = await office.client.get(address, headers={"Accept": accept} if accept else {})
        assert (answer.status_code, answer.json()) == (200, {"original": raw})
        assert answer.headers["content-type"] == "application/hal+json"
    answer = await office.client.get(address, headers={"Accept": "message/rfc822"})
    assert (answer.status_code, answer.content) == (200, raw.encode())
    assert answer.headers["content-type"] == "message/rfc822"
    assert answer.headers["vary"] == "Accept"


async def test_a_mail_that_moved_by_a_merge_keeps_its_source(office: Office) -> None:
    arrived, survivor = await office.mail(MAIL), await office.start()
    body = {"conversationIds": [arrived.conversation_id]}
    assert (await office.client.post(f"/v2/conversations/{survivor}/merge", json=body)).status_code == 204

    found = await office.get(f"/v2/conversations/{survivor}/threads/{arrived.thread_id}/original-source")

    assert found["original"].startswith("Message-ID: <m@example.com>")


# ---------------------------------------------------------------- E26, E27


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({}, {"scheduledFor", "unscheduleOnCustomerReply"}),
        ({"scheduledFor": "soon", "unscheduleOnCustomerReply": True}, {"scheduledFor"}),
        ({"scheduledFor": "2001-01-01T00:00:00Z", "unscheduleOnCustomerReply": True}, {"scheduledFor"}),
        ({"scheduledFor": "2101-01-01T00:00:00Z", "unscheduleOnCustomerReply": True}, {"scheduledFor"}),
        ({"scheduledFor": "2050-01-01T00:00:00Z", "unscheduleOnCustomerReply": "x"}, {"unscheduleOnCustomerReply"}),
    ],
)
async def test_bad_schedules_name_their_field(office: Office, body: dict[str, Any], paths: set[str]) -> None:
    started = await office.start()
    draft = await office.add(started, "reply", draft=True)

    answer = await office.client.put(f"/v2/conversations/{started}/threads/{draft}/schedule", json=body)

    assert (answer.status_code, set(refused(answer))) == (422, paths)


@pytest.mark.parametrize("is_called_off", [True, False])
async def test_a_customers_reply_calls_off_what_asked_for_it(office: Office, is_called_off: bool) -> None:
    started = await office.start()
    draft = await office.add(started, "reply", draft=True)
    plan = {"scheduledFor": "2050-01-01T00:00:00Z", "unscheduleOnCustomerReply": is_called_off}
    address = f"/v2/conversations/{started}/threads/{draft}"
    assert (await office.client.put(f"{address}/schedule", json=plan)).status_code == 204
    assert (await office.conversation(started))["nextEvent"] == {
        "time": "2050-01-01T00:00:00Z",
        "eventType": "scheduled",
        "userId": office.account.owner.id,
        "cancelOnCustomerReply": is_called_off,
    }

    await office.add(started, "customer")

    found = await office.get(address)
    assert (found["state"], "scheduled" in found) == ("draft", not is_called_off)
    assert (await office.client.delete(f"{address}/schedule")).status_code == 204
    assert (await office.client.delete(f"{address}/schedule")).status_code == 204


class MovedClock:
    """A clock that tests set forward."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


CLOCK = MovedClock()


@desk_with(clock=CLOCK)
async def test_a_scheduled_reply_leaves_when_its_time_has_come(desk: Desk) -> None:
    CLOCK.ahead = timedelta()
    office = await open_office(desk)
    started = await office.start(status="pending")
    draft = await office.add(started, "reply", text="Later", draft=True)
    soon = (CLOCK() + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    plan = {"scheduledFor": soon, "unscheduleOnCustomerReply": True, "sendAsCreator": True}
    await office.client.put(f"/v2/conversations/{started}/threads/{draft}/schedule", json=plan)

    async with desk.transactions.open() as tx:
        assert await conversations.send_due(tx) == 0
    CLOCK.ahead = timedelta(hours=2)
    async with desk.transactions.open() as tx:
        assert await conversations.send_due(tx) == 1

    sent = (await office.threads(started))[0]
    assert (sent["id"], sent["state"], sent["createdBy"]["id"]) == (draft, "published", office.account.owner.id)
    assert "scheduled" not in sent
    found = await office.conversation(started)
    assert (found["threads"], found["preview"], "nextEvent" in found) == (2, "Later", False)
    assert [fact["data"]["deliver"] for fact in await office.facts("convo.agent.reply.created")] == [True]


# ---------------------------------------------------------------- 7A.0


async def test_what_threads_link_to_answers(office: Office) -> None:
    started = await office.start(assignTo=office.account.administrator.id)
    await office.add(started, "reply")

    reply, question = await office.threads(started)

    assert {"createdByUser", "customer", "assignedTo", "self"} <= set(reply["_links"])
    assert {"createdByCustomer", "customer", "self"} <= set(question["_links"])
    for link in (*reply["_links"].values(), *question["_links"].values()):
        assert (await office.client.get(link["href"])).status_code == 200
    assert reply["assignedTo"]["id"] == office.account.administrator.id
    assert (reply["source"], question["source"]) == (
        {"type": "api", "via": "user"},
        {"type": "api", "via": "customer"},
    )
    assert (reply["action"], reply["savedReplyId"]) == ({"type": "default", "associatedEntities": {}}, 0)


async def test_opened_and_linked_threads_say_so(module_desk: Desk, office: Office) -> None:
    started = await office.start()
    reply = await office.add(started, "reply")
    async with module_desk.connection() as connection:
        await connection.execute(
            "update thread set opened_at = '2024-01-15T11:00:00Z', linked_conversation_id = 555 where id = $1", reply
        )

    found = (await office.threads(started))[0]

    assert (found["openedAt"], found["linkedConversationId"]) == ("2024-01-15T11:00:00Z", 555)
