"""E9 to E16 and the tolerated spellings where a rule, a null or a refusal hides behind a plain call."""

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


# ---------------------------------------------------------------- E9 to E12, X3 to X6


@pytest.mark.parametrize("body", [{}, {"tags": None}, {"tags": "vip"}, {"tags": [1]}, {"tags": [None]}])
@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_tags_that_are_not_said_are_not_cleared(office: Office, method: str, body: Any) -> None:
    started = await office.start(tags=["vip"])

    answer = await office.client.request(method, f"/v2/conversations/{started}/tags", json=body)

    assert answer.status_code == 422
    assert [tag["name"] for tag in (await office.conversation(started))["tags"]] == ["vip"]


async def test_tags_are_taken_off_by_name_or_all_at_once(office: Office) -> None:
    started = await office.start(tags=["a", "b", "c"])
    address = f"/v2/conversations/{started}/tags"

    named = await office.client.request("DELETE", address, json={"tags": [" A ", "nothing"]})
    left = [tag["name"] for tag in (await office.conversation(started))["tags"]]
    everything = await office.client.delete(address)

    assert (named.status_code, left, everything.status_code) == (204, ["b", "c"], 204)
    assert (await office.conversation(started))["tags"] == []


async def test_fields_are_set_as_a_whole_or_one_by_one(desk: Desk, office: Office) -> None:
    async with desk.connection() as connection:
        ids = {
            kind: await connection.fetchval(
                "insert into custom_field (account_id, mailbox_id, name, type, position)"
                " values ($1, $2, $3, $3, 1) returning id",
                *(office.account.id, office.mailbox.id, kind),
            )
            for kind in ("singleline", "multiline", "number", "date", "dropdown")
        }
        option = await connection.fetchval(
            "insert into custom_field_option (account_id, field_id, label, position)"
            " values ($1, $2, 'Premium', 1) returning id",
            *(office.account.id, ids["dropdown"]),
        )
    started = await office.start()
    address = f"/v2/conversations/{started}/fields"

    async def values() -> dict[str, tuple[str, str]]:
        found = (await office.conversation(started))["customFields"]
        return {item["name"]: (item["value"], item["text"]) for item in found}

    for dropdown in ("premium", option, str(option)):
        body = [
            {"id": ids["singleline"], "value": "x" * 255},
            {"id": ids["multiline"], "value": "a\nb"},
            {"id": ids["number"], "value": 1.5, "name": "ignored", "text": "ignored"},
            {"id": ids["date"], "value": "2024-02-29"},
            {"id": ids["dropdown"], "value": dropdown},
        ]
        assert (await office.client.put(address, json={"fields": body})).status_code == 204
        assert await values() == {
            "singleline": ("x" * 255, "x" * 255),
            "multiline": ("a\nb", "a\nb"),
            "number": ("1.5", "1.5"),
            "date": ("2024-02-29", "2024-02-29"),
            "dropdown": (str(option), "Premium"),
        }
    patch = {"fields": [{"id": ids["number"], "value": ""}]}
    assert (await office.client.patch(address, json=patch)).status_code == 204
    assert set(await values()) == {"singleline", "multiline", "date", "dropdown"}
    bad = {
        "singleline": "x" * 256, "multiline": "x" * 15_001, "number": "many", "date": "2023-02-29", "dropdown": "Gold",
    }  # fmt: skip
    wrong = await office.client.put(
        address, json={"fields": [{"id": ids[kind], "value": value} for kind, value in bad.items()]}
    )
    assert (wrong.status_code, set(refused(wrong))) == (422, {f"fields[{n}].value" for n in range(5)})
    assert (await office.client.put(address, json={"fields": [{"id": ids["date"], "value": None}]})).status_code == 204
    assert await values() == {}
    for body_without in ({}, {"fields": None}):
        assert (await office.client.put(address, json=body_without)).status_code == 422


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_a_snooze_needs_a_time_in_the_future_of_this_century(office: Office, method: str) -> None:
    started = await office.start()
    address = f"/v2/conversations/{started}/snooze"

    for body in ({}, {"snoozedUntil": None}, {"snoozedUntil": "soon"}, {"snoozedUntil": "2001-01-01T00:00:00Z"},
                 {"snoozedUntil": "2101-01-01T00:00:00Z"}):  # fmt: skip
        answer = await office.client.request(method, address, json=body)
        assert (answer.status_code, set(refused(answer))) == (422, {"snoozedUntil"}), body
    assert (
        await office.client.request(method, address, json={"snoozedUntil": "2099-01-01T00:00:00Z"})
    ).status_code == 204
    assert (await office.conversation(started))["snooze"]["unsnoozeOnCustomerReply"] is True


@pytest.mark.parametrize("is_woken", [True, False])
async def test_a_customers_reply_wakes_who_asked_for_it(office: Office, is_woken: bool) -> None:
    started = await office.start(status="closed")
    body = {"snoozedUntil": "2050-01-01T00:00:00Z", "unsnoozeOnCustomerReply": is_woken}
    await office.client.put(f"/v2/conversations/{started}/snooze", json=body)
    event = (await office.conversation(started))["nextEvent"]
    assert event == {
        "time": "2050-01-01T00:00:00Z",
        "eventType": "snooze",
        "userId": office.account.owner.id,
        "cancelOnCustomerReply": is_woken,
    }

    await office.add(started, "customer")

    found = await office.conversation(started)
    assert ("snooze" not in found, found["status"]) == (is_woken, "active")


# ---------------------------------------------------------------- E13 to E16, X19


async def test_a_file_with_a_virus_is_named_but_not_handed_out(desk: Desk, office: Office) -> None:
    started = await office.start(threads=[{"type": "customer", "text": "x", "attachments": [FILE]}])
    [attachment] = (await office.threads(started))[0]["_embedded"]["attachments"]
    async with desk.connection() as connection:
        await connection.execute("update attachment set state = 'virus' where id = $1", attachment["id"])
    address = attachment["_links"]["self"]["href"]

    assert (await office.get(address))["state"] == "virus"
    for part in ("/data", "/file"):
        answer = await office.client.get(address + part)
        assert (answer.status_code, answer.json()["message"]) == (403, "Access denied")


async def test_who_may_take_a_file_off(desk: Desk, office: Office) -> None:
    started = await office.start(threads=[{"type": "customer", "text": "x", "attachments": [FILE]}])
    user = Office(
        desk, office.account, office.mailbox,
        await desk.client(await desk.make.user(office.account, mailboxes=[office.mailbox])),
    )  # fmt: skip
    own = await user.add(started, "notes", attachments=[FILE])
    files = {
        thread["id"]: thread["_embedded"]["attachments"][0]["_links"]["self"]["href"]
        for thread in await office.threads(started)
    }

    foreign = next(address for thread, address in files.items() if thread != own)
    assert (await user.client.delete(foreign)).status_code == 403
    assert (await user.client.delete(files[own])).status_code == 204
    assert (await user.client.delete(files[own])).status_code == 404
    assert (await office.client.delete(foreign)).status_code == 204


async def test_another_conversations_file_is_not_found_here(office: Office) -> None:
    started, other = (
        await office.start(threads=[{"type": "note", "text": "x", "attachments": [FILE]}]),
        await office.start(),
    )
    [attachment] = (await office.threads(started))[0]["_embedded"]["attachments"]

    for part in ("", "/data", "/file"):
        assert (
            await office.client.get(f"/v2/conversations/{other}/attachments/{attachment['id']}{part}")
        ).status_code == 404
    answer = await office.client.post(
        f"/v2/conversations/{other}/notes", json={"text": "x", "attachments": [attachment["id"]]}
    )
    assert (answer.status_code, set(refused(answer))) == (422, {"attachments[0]"})


async def test_a_colleagues_draft_lends_no_file(desk: Desk, office: Office) -> None:
    """Attack 15: drafts show to their author alone, and so do their files."""
    started = await office.start()
    await office.add(started, "reply", draft=True, attachments=[FILE])
    [attachment] = (await office.threads(started))[0]["_embedded"]["attachments"]
    colleague = await desk.client(office.account.administrator)

    answer = await colleague.post(
        f"/v2/conversations/{started}/notes", json={"text": "x", "attachments": [attachment["id"]]}
    )

    assert (answer.status_code, set(refused(answer))) == (422, {"attachments[0]"})
    assert len(await office.threads(started)) == 2
    own = {"text": "x", "attachments": [attachment["id"], attachment["id"]]}
    assert (await office.client.post(f"/v2/conversations/{started}/notes", json=own)).status_code == 201
    assert len((await office.threads(started))[0]["_embedded"]["attachments"]) == 1


# ---------------------------------------------------------------- X1, X2, X9, X10, X20, X21


async def test_paths_may_end_in_slashes_and_blanks(office: Office) -> None:
    started = await office.start()

    for end in ("/", "//", "%20", "/%20"):
        assert (await office.client.get(f"/v2/conversations/{started}{end}")).status_code == 200
        assert (await office.client.get(f"/v2/conversations/{started}/threads{end}")).status_code == 200
        assert (await office.client.patch(f"/v2/conversations/{started}{end}", json=[])).status_code == 204


async def test_a_plain_object_changes_what_it_names(desk: Desk, office: Office) -> None:
    other = await desk.make.mailbox(office.account, name="Other")
    started = await office.start()

    answer = await office.client.patch(
        f"/v2/conversations/{started}",
        json={
            "subject": "New", "status": "pending", "assignTo": office.account.owner.id, "mailboxId": other.id,
            "tags": ["x"], "colour": "ignored",
        },
    )  # fmt: skip

    assert answer.status_code == 204
    found = await office.conversation(started)
    assert (found["subject"], found["status"], found["assignee"]["id"], found["mailboxId"]) == (
        "New", "pending", office.account.owner.id, other.id,
    )  # fmt: skip
    assert [tag["name"] for tag in found["tags"]] == ["x"]


@pytest.mark.parametrize("segment", ["0", "abc", "-1", "1.5", "9" * 30, "%00", "..%2f1"])
async def test_ids_that_are_none_are_not_found(office: Office, segment: str) -> None:
    assert (await office.client.get(f"/v2/conversations/{segment}")).status_code == 404
    assert (await office.client.get(f"/v2/conversations/1/threads/{segment}")).status_code == 404


async def test_v3_calls_the_platforms_own_persons_by_their_name(desk: Desk, office: Office) -> None:
    make = "insert into account_user (account_id, type, first_name) values ($1, 'system_user', 'Workflow') returning id"
    async with desk.connection() as connection:
        robot = await connection.fetchval(make, office.account.id)
    started = await office.start(threads=[{"type": "note", "text": "x"}])
    async with desk.connection() as connection:
        await connection.execute("update conversation set created_by_user_id = $2 where id = $1", started, robot)
        await connection.execute("update thread set created_by_user_id = $2 where conversation_id = $1", started, robot)

    for version, kind in (("v2", "user"), ("v3", "system_user")):
        found = await office.get(f"/{version}/conversations/{started}?embed=threads")
        listed = await office.get(f"/{version}/conversations/{started}/threads")
        people = [
            found["createdBy"],
            found["_embedded"]["threads"][0]["createdBy"],
            listed["_embedded"]["threads"][0]["createdBy"],
        ]
        assert [person["type"] for person in people] == [kind] * 3
    assert (await office.client.get(f"/v3/conversations/{started}x")).status_code == 404
