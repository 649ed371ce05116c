"""Attacks 16, 17, 34, 47 and 51 on what people in a mailbox work with: saved replies, fields, routing, availability."""

from __future__ import annotations

from typing import Any

import pytest

from tests.desk import Desk, desk_with
from tests.security.company import MARK, Company, build, snapshot

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def company(module_desk: Desk) -> Company:
    return await build(module_desk)


async def test_a_colleague_without_the_mailbox_finds_no_saved_reply(module_desk: Desk, company: Company) -> None:
    client = await module_desk.client(company.account.user)

    for query in ("", f"?query={MARK}", "?query=%25", "?includeChatReplies=true"):
        listed = (await client.get(f"/v2/saved-replies{query}")).json()
        assert listed["page"]["totalElements"] == 0, query
        assert listed["_embedded"] == {"savedReplies": []}, query
    assert (await client.get(f"/v2/saved-replies?mailboxId={company.mailbox.id}")).status_code == 403


async def test_own_settings_cannot_name_foreign_things(module_desk: Desk, company: Company) -> None:
    stranger = await module_desk.make.account("Strangers")
    mailbox = await module_desk.make.mailbox(stranger)
    client = await module_desk.client(stranger.owner)
    path, ids = f"/v2/mailboxes/{mailbox.id}", company.ids
    options = [{"id": ids["option_id"], "label": "x"}]
    field = (
        await client.post(f"{path}/fields", json={"name": "x", "type": "dropdown", "options": [{"label": "y"}]})
    ).json()
    routing = {"state": "enabled", "assignmentLimit": 1, "assignmentMethod": "balanced"}
    chat = {"mailboxStatuses": {str(company.mailbox.id): "assign"}}
    before = await snapshot(module_desk, company.account.id)

    answers = [
        await client.post("/v2/saved-replies", json={"mailboxId": company.mailbox.id, "name": "x", "text": "x"}),
        await client.put(f"{path}/routing", json={**routing, "userIds": [company.account.owner.id]}),
        await client.post(f"{path}/fields", json={"name": "x", "type": "dropdown", "options": options}),
        await client.put(f"{path}/fields/{field['id']}", json={"options": options}),
        await client.put(f"/v2/users/{stranger.owner.id}/status", json={"status": "away", "chat": chat}),
    ]

    assert [answer.status_code for answer in answers] == [422] * 5
    assert not any(MARK in answer.text for answer in answers)
    assert await snapshot(module_desk, company.account.id) == before


async def test_keys_that_belong_to_the_platform_are_ignored(module_desk: Desk, company: Company) -> None:
    stranger = await module_desk.make.account("Strangers")
    mailbox = await module_desk.make.mailbox(stranger)
    client = await module_desk.client(stranger.owner)
    path = f"/v2/mailboxes/{mailbox.id}"
    taken: dict[str, Any] = {
        "id": company.ids["saved_reply_id"],
        "accountId": company.account.id,
        "account_id": company.account.id,
        "mailboxId": company.mailbox.id,
        "deletedAt": None,
        "preview": "forged",
    }
    before = await snapshot(module_desk, company.account.id)

    reply = (await client.post(f"{path}/saved-replies", json={**taken, "name": "Own", "text": "Own"})).json()
    await client.put(f"{path}/saved-replies/{reply['id']}", json={**taken, "name": "Still own"})
    field = (await client.post(f"{path}/fields", json={**taken, "name": "Own", "type": "number"})).json()
    forged = {"performedBy": 1, "source": "presence_detection", "updatedAt": "2001-01-01T00:00:00Z", "userId": 1}
    own = f"/v2/users/{stranger.owner.id}/status"
    assert (await client.put(own, json={**taken, **forged, "status": "away"})).status_code == 204
    rotation = [{"userId": stranger.owner.id, "conversationsCount": 0, "eligible": True}]
    routing = {"state": "disabled", "assignmentLimit": 1, "assignmentMethod": "balanced", "userIds": []}
    await client.put(f"{path}/routing", json={**taken, **routing, "rotation": rotation})

    assert await snapshot(module_desk, company.account.id) == before
    found = (await client.get(f"/v2/saved-replies/{reply['id']}")).json()
    assert (found["mailboxId"], found["name"]) == (mailbox.id, "Still own")
    assert (await client.get(f"{path}/saved-replies")).json()[0]["preview"] == "Own"
    assert (await client.get(f"{path}/fields/{field['id']}")).status_code == 200
    status = (await client.get(own)).json()
    assert (status["userId"], status["email"]["performedBy"]) == (stranger.owner.id, stranger.owner.id)
    assert status["email"]["source"] == "api"
    assert not status["email"]["updatedAt"].startswith("2001")
    assert (await client.get(f"{path}/routing")).json()["userIds"] == []


@pytest.mark.parametrize("text", ["1 or 1=1", "1;drop table saved_reply", "%00", "-1", "1.0", "99999999999999999999"])
async def test_ids_that_are_no_numbers_are_not_found(module_desk: Desk, company: Company, text: str) -> None:
    client = await module_desk.client(company.account.owner)
    mailbox = f"/v2/mailboxes/{company.mailbox.id}"

    for path in ("/v2/saved-replies/{}", f"{mailbox}/saved_replies/{{}}", f"{mailbox}/fields/{{}}",
                 "/v2/mailboxes/{}/routing", "/v2/users/{}/status"):  # fmt: skip
        assert (await client.get(path.format(text))).status_code == 404, path
    for name in ("mailboxId", "page", "limit"):
        answer = await client.get("/v2/saved-replies", params={name: "1 or 1=1"})
        assert answer.status_code == 400


@desk_with(rate_limit_per_minute=4)
async def test_every_spelling_counts_into_the_same_limit(desk: Desk) -> None:
    account = await desk.make.account()
    mailbox = await desk.make.mailbox(account)
    client = await desk.client(account.owner)
    path = f"/v2/mailboxes/{mailbox.id}"

    answers = [
        await client.get(path + end)
        for end in ("/saved-replies", "/saved_replies", "/saved-replies/", "/saved_replies%20", "/saved-replies")
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429]
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["3", "2", "1", "0", "0"]
