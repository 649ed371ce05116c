"""E4, E7 and E8 where a rule, a null or a refusal hides behind a plain call."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.desk import Desk
from tests.edges.inbox_v2.office import Office, open_office, refused

pytestmark = pytest.mark.anyio

FILE = {"fileName": "a.txt", "mimeType": "text/plain", "data": base64.b64encode(b"hello").decode()}


@pytest.fixture
def desk(module_desk: Desk) -> Desk:
    """One desk for the module: every test works in an account of its own."""
    return module_desk


@pytest.fixture
async def office(desk: Desk) -> Office:
    return await open_office(desk)


async def try_start(office: Office, **changes: Any) -> tuple[int, dict[str, str]]:
    body = {
        "subject": "Question",
        "customer": {"email": "jane@example.com"},
        "mailboxId": office.mailbox.id,
        "type": "email",
        "status": "active",
        "threads": [{"type": "customer", "text": "Hello"}],
        **changes,
    }
    answer = await office.client.post("/v2/conversations", json=body)
    return answer.status_code, refused(answer) if answer.status_code >= 400 else {}


# ---------------------------------------------------------------- E4


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        ({"status": "spam"}, {"status"}),
        ({"status": None}, {"status"}),
        ({"type": "letter"}, {"type"}),
        ({"subject": "x" * 999}, {"subject"}),
        ({"subject": " \t"}, {"subject"}),
        ({"threads": []}, {"threads"}),
        ({"threads": [{"type": "beaconchat", "text": "x"}]}, {"threads[0].type"}),
        ({"threads": [{"type": "note", "text": " "}]}, {"threads[0].text"}),
        ({"customer": {}}, {"customer.email"}),
        ({"customer": {"email": "nobody"}}, {"customer.email"}),
        ({"customer": {"id": 999_999}}, {"customer.id"}),
        ({"customer": {"email": "new@example.com", "firstName": "x" * 41}}, {"customer.firstName"}),
        ({"assignTo": 999_999}, {"assignTo"}),
        ({"user": 999_999}, {"user"}),
        ({"createdAt": "2999-01-01T00:00:00Z"}, {"createdAt"}),
        ({"createdAt": "yesterday"}, {"createdAt"}),
        ({"closedAt": "never", "imported": True, "status": "closed"}, {"closedAt"}),
        ({"threads": [{"type": "note", "text": "x", "createdAt": "2999-01-01T00:00:00Z"}]}, {"threads[0].createdAt"}),
        ({"threads": [{"type": "note", "text": "x", "createdAt": "?"}]}, {"threads[0].createdAt"}),
        ({"cc": ["nobody"]}, {"cc[0]"}),
        ({"fields": [{"id": 999_999, "value": "x"}]}, {"fields[0].id"}),
        ({"tags": ["x" * 61]}, {"tags[0]"}),
        ({"threads": [{"type": "note", "text": "x", "attachments": [999_999]}]}, {"threads[0].attachments[0]"}),
        ({"threads": [{"type": "note", "text": "x", "attachments": [{**FILE, "fileName": ""}]}]},
         {"threads[0].attachments[0].fileName"}),
    ],
)  # fmt: skip
async def test_what_cannot_begin_a_conversation_names_its_field(
    office: Office, changes: dict[str, Any], paths: set[str]
) -> None:
    status, errors = await try_start(office, **changes)

    assert (status, set(errors)) == (422, paths)
    assert await office.listed() == []


async def test_a_mailbox_out_of_reach_is_forbidden_and_an_unknown_one_refused(desk: Desk, office: Office) -> None:
    user = Office(desk, office.account, office.mailbox, await desk.client(office.account.user))

    assert await try_start(user) == (403, {})
    assert await try_start(office, mailboxId=999_999) == (422, {"mailboxId": "mailbox does not exist"})


async def test_open_is_active_and_a_phone_call_needs_no_address(office: Office) -> None:
    started = await office.start(
        status="open", type="phone", customer={"firstName": "Ann"}, threads=[{"type": "phone", "text": "Rang"}]
    )

    found = await office.conversation(started)
    assert (found["status"], found["type"], found["primaryCustomer"]["first"]) == ("active", "phone", "Ann")
    assert (await try_start(office, customer={"firstName": "Ann"}))[0] == 422


async def test_times_of_threads_count_without_an_import(office: Office) -> None:
    at = ["2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z"]
    started = await office.start(
        threads=[{"type": "customer", "text": str(n), "createdAt": time} for n, time in enumerate(at)]
    )

    assert [thread["createdAt"] for thread in await office.threads(started)] == at[::-1]
    assert (await office.conversation(started))["createdAt"] == at[0]


async def test_created_at_counts_without_an_import_and_closed_at_does_not(office: Office) -> None:
    times = {"createdAt": "2024-01-01T00:00:00.5+01:00", "closedAt": "2024-01-02T00:00:00Z"}
    plain = await office.conversation(await office.start(status="closed", **times))
    still_open = await office.conversation(await office.start(imported=True, **times))

    assert plain["createdAt"] == "2023-12-31T23:00:00Z"
    assert plain["closedAt"] != times["closedAt"]
    assert "closedAt" not in still_open
    assert "closedBy" not in still_open


async def test_imported_conversations_send_nothing(desk: Desk, office: Office) -> None:
    await office.start(imported=True, threads=[{"type": "reply", "text": "Old"}])
    await office.start(threads=[{"type": "reply", "text": "Old", "imported": True}])
    await office.start(threads=[{"type": "reply", "text": "Draft", "draft": True}])
    sent = await office.start(threads=[{"type": "reply", "text": "New"}])

    facts = await office.facts("convo.agent.reply.created")
    assert [fact["subject_id"] for fact in facts if fact["data"]["deliver"]] == [sent]


async def test_assign_to_null_is_nobody(office: Office) -> None:
    assert "assignee" not in await office.conversation(await office.start(assignTo=None))
    admin = office.account.administrator.id
    assert (await office.conversation(await office.start(assignTo=admin)))["assignee"]["id"] == admin


async def test_the_user_that_is_named_is_the_author(office: Office) -> None:
    admin = office.account.administrator.id
    started = await office.start(
        user=admin,
        threads=[{"type": "note", "text": "x"}, {"type": "note", "text": "y", "user": office.account.owner.id}],
    )

    found = await office.conversation(started)
    assert (found["createdBy"]["id"], found["source"]["via"]) == (admin, "user")
    assert "createdByUser" in found["_links"]
    assert [thread["createdBy"]["id"] for thread in await office.threads(started)] == [office.account.owner.id, admin]


async def test_copies_of_the_conversation_go_to_the_first_thread(office: Office) -> None:
    started = await office.start(
        cc=["cc@example.com"],
        bcc=["bcc@example.com"],
        threads=[
            {"type": "customer", "text": "1"},
            {"type": "reply", "text": "2", "cc": []},
            {"type": "reply", "text": "3"},
        ],
    )

    last, middle, first = await office.threads(started)
    assert (first["cc"], first["bcc"]) == (["cc@example.com"], ["bcc@example.com"])
    assert (middle["cc"], middle["bcc"]) == ([], ["bcc@example.com"])
    assert last["cc"] == ["cc@example.com"]


async def test_the_id_of_a_customer_wins_over_the_address(office: Office) -> None:
    jane = (await office.conversation(await office.start()))["primaryCustomer"]["id"]
    started = await office.start(
        customer={"id": jane, "email": "other@example.com", "first": "No"}, threads=[{"type": "customer", "text": "x"}]
    )
    assert (await office.conversation(started))["primaryCustomer"]["id"] == jane
    listed = (await office.get("/v2/customers?email=other@example.com"))["page"]["totalElements"]
    assert listed == 0


async def test_emails_of_a_customer_stand_in_for_the_address(office: Office) -> None:
    started = await office.start(customer={"emails": [{"value": "a@example.com"}], "first": "Ann", "last": "Bee"})

    person = (await office.conversation(started))["primaryCustomer"]
    assert (person["email"], person["first"], person["last"]) == ("a@example.com", "Ann", "Bee")


async def test_a_draft_reply_alone_makes_a_draft_conversation(desk: Desk, office: Office) -> None:
    started = await office.start(threads=[{"type": "reply", "text": "Not yet", "draft": True}])
    colleague = await desk.client(office.account.administrator)

    found = await office.conversation(started)
    assert (found["state"], found["threads"]) == ("draft", 0)
    assert await office.listed() == [started]
    assert (await colleague.get(f"/v2/conversations/{started}")).status_code == 404
    assert (await colleague.get("/v2/conversations?status=all")).json()["page"]["totalElements"] == 0
    draft = {"op": "replace", "path": "/draft", "value": False}
    assert (await office.client.patch(f"/v2/conversations/{started}", json=draft)).status_code == 204
    assert ((await office.conversation(started))["state"], (await office.threads(started))[0]["state"]) == (
        "published",
        "published",
    )
    assert [fact["data"]["deliver"] for fact in await office.facts("convo.agent.reply.created")] == [True]
    again = await office.client.patch(f"/v2/conversations/{started}", json={**draft, "value": True})
    assert (again.status_code, set(refused(again))) == (422, {"value"})


# ---------------------------------------------------------------- E7, E8


@pytest.mark.parametrize("value", [None, 0])
async def test_assigning_to_null_or_zero_is_unassigning(office: Office, value: int | None) -> None:
    started = await office.start(assignTo=office.account.owner.id)

    body = {"op": "replace", "path": "/assignTo", "value": value}
    assert (await office.client.patch(f"/v2/conversations/{started}", json=body)).status_code == 204
    assert "assignee" not in await office.conversation(started)
    assert [fact["data"]["assignee_id"] for fact in await office.facts("convo.assigned")] == [None]


@pytest.mark.parametrize("status", ["active", "pending", "spam", "open"])
async def test_any_other_status_forgets_who_closed(office: Office, status: str) -> None:
    started = await office.start(status="closed")
    assert (await office.conversation(started))["closedBy"] == office.account.owner.id

    await office.client.patch(
        f"/v2/conversations/{started}", json={"op": "replace", "path": "/status", "value": status}
    )

    found = await office.conversation(started)
    assert found["status"] == ("active" if status == "open" else status)
    assert not {"closedBy", "closedByUser", "closedAt"} & set(found)


@pytest.mark.parametrize("path", ["/primaryCustomer.id", "/primaryCustomer/id"])
async def test_the_customer_can_be_another(office: Office, path: str) -> None:
    started, other = await office.start(), await office.start(customer={"email": "olga@example.com"})
    olga = (await office.conversation(other))["primaryCustomer"]["id"]

    body = {"op": "replace", "path": path, "value": olga}
    assert (await office.client.patch(f"/v2/conversations/{started}", json=[body])).status_code == 204
    found = await office.conversation(started)
    assert found["primaryCustomer"]["id"] == olga
    assert found["createdBy"]["id"] != olga
    assert found["_links"]["createdByCustomer"]["href"] != found["_links"]["primaryCustomer"]["href"]


async def test_folders_are_named_but_not_filled(office: Office) -> None:
    started = await office.start()
    folder = (await office.conversation(started))["folderId"]
    for value, status in ((folder, 204), (999_999, 422)):
        answer = await office.client.patch(
            f"/v2/conversations/{started}", json={"op": "move", "path": "/folderId", "value": value}
        )
        assert answer.status_code == status


async def test_moving_to_a_mailbox_out_of_reach_is_forbidden(desk: Desk, office: Office) -> None:
    other = await desk.make.mailbox(office.account, name="Other")
    user = await desk.make.user(office.account, mailboxes=[office.mailbox])
    started, client = await office.start(), await desk.client(user)

    for value, status in ((other.id, 403), (999_999, 403)):
        body = {"op": "move", "path": "/mailboxId", "value": value}
        assert (await client.patch(f"/v2/conversations/{started}", json=body)).status_code == status
    unknown = await office.client.patch(
        f"/v2/conversations/{started}", json={"op": "move", "path": "/mailboxId", "value": 999_999}
    )
    assert unknown.status_code == 422
    assert (await client.delete(f"/v2/conversations/{started}")).status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "", {"op": "replace", "path": "/subject", "value": "x"}),
        ("DELETE", "", None),
        ("PUT", "/tags", {"tags": ["x"]}),
        ("PUT", "/fields", {"fields": []}),
        ("PUT", "/snooze", {"snoozedUntil": "2050-01-01T00:00:00Z"}),
        ("DELETE", "/snooze", None),
        ("POST", "/notes", {"text": "x"}),
        ("POST", "/reply", {"text": "x"}),
    ],
)
async def test_a_locked_conversation_answers_412(desk: Desk, office: Office, method: str, path: str, body: Any) -> None:
    started = await office.start()
    async with desk.connection() as connection:
        await connection.execute("update conversation set locked_at = now() where id = $1", started)

    answer = await office.client.request(method, f"/v2/conversations/{started}{path}", json=body)

    assert (answer.status_code, answer.json()["message"]) == (412, "Conversation is locked")
    assert (await office.client.get(f"/v2/conversations/{started}")).status_code == 200
