"""Attack 15, 17 and 47: nobody reaches another company's things, nor a mailbox that is not theirs, by any route.

The matrix is made from the route table, so a new route is in it by itself. Fill a new placeholder in `company.build`,
and give a call that needs a body of its own an entry in `company.OTHER_BODIES`.
"""

from __future__ import annotations

import pytest

from tests.desk import Desk
from tests.security.company import MARK, Company, body_of, build, snapshot, values_for
from tests.security.routes import DEVELOPMENT, Call, calls

pytestmark = pytest.mark.anyio

BY_ID = [call for call in calls() if call.parameters]
LISTS = [call for call in calls() if not call.parameters and call.method == "GET" and call.path not in DEVELOPMENT]
#: What everybody in an account may see, whatever their mailboxes: people, tags, customers, definitions.
SHARED = (
    "/v2/customers",
    "/v3/customers",
    "/v2/customer-properties",
    "/v2/organizations",
    "/v2/users",
    "/v2/teams",
    "/v2/tags",
    "/v3/system-users",
)


@pytest.fixture(scope="module")
async def company(module_desk: Desk) -> Company:
    return await build(module_desk)


async def ask(desk: Desk, call: Call, company: Company, who: object) -> tuple[int, str]:
    client = await desk.client(who)  # type: ignore[arg-type]
    path = call.filled(values_for(company, call.path))
    body = None if call.method in ("GET", "DELETE") else body_of(call.method, call.path)
    answer = await client.request(call.method, path, json=body)
    return answer.status_code, answer.text


@pytest.mark.parametrize("call", BY_ID, ids=lambda call: call.name)
async def test_another_companys_ids_do_not_exist(module_desk: Desk, company: Company, call: Call) -> None:
    stranger = await module_desk.make.account("Strangers")
    before = await snapshot(module_desk, company.account.id)

    status, text = await ask(module_desk, call, company, stranger.owner)

    assert status == 404, text
    assert MARK not in text
    assert await snapshot(module_desk, company.account.id) == before


@pytest.mark.parametrize("call", LISTS, ids=lambda call: call.name)
async def test_lists_hold_nothing_of_another_company(module_desk: Desk, company: Company, call: Call) -> None:
    stranger = await module_desk.make.account("Strangers")
    client = await module_desk.client(stranger.owner)

    for query in (
        "",
        f"?query={MARK}&status=all",
        f"?mailbox={company.mailbox.id}&status=all",
        f"?email={MARK}@example.com",
    ):
        answer = await client.get(call.path + query)
        assert answer.status_code == 200, answer.text
        assert MARK not in answer.text.replace(f"query={MARK}", "").replace(f"email={MARK}", "").replace(
            f"%40{MARK}", ""
        )


@pytest.mark.parametrize(
    "call", [call for call in BY_ID if not call.path.startswith(SHARED)], ids=lambda call: call.name
)
async def test_a_mailbox_out_of_reach_does_not_exist(module_desk: Desk, company: Company, call: Call) -> None:
    before = await snapshot(module_desk, company.account.id)
    await module_desk.make.token(company.account.user)
    before = await snapshot(module_desk, company.account.id)

    status, text = await ask(module_desk, call, company, company.account.user)

    assert status == 404, text
    assert MARK not in text
    assert await snapshot(module_desk, company.account.id) == before


async def test_conversations_out_of_reach_are_in_no_list(module_desk: Desk, company: Company) -> None:
    client = await module_desk.client(company.account.user)

    for path in (
        "/v2/conversations?status=all",
        f"/v2/conversations?status=all&query={MARK}",
        f"/v2/conversations?status=all&mailbox={company.mailbox.id}",
        f"/v2/conversations?status=all&number=1&tag={MARK}",
        f"/v2/customers/{company.ids['customer_id']}/conversations",
        f"/v2/organizations/{company.ids['organization_id']}/conversations",
        "/v2/mailboxes",
    ):
        listed = (await client.get(path)).json()
        assert listed["page"]["totalElements"] == 0, path
        assert not any(listed["_embedded"].values()), path


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "move", "path": "/mailboxId", "value": "mailbox_id"},
        {"op": "replace", "path": "/primaryCustomer.id", "value": "customer_id"},
        {"op": "replace", "path": "/assignTo", "value": "user_id"},
        {"op": "move", "path": "/folderId", "value": "folder_id"},
    ],
    ids=lambda operation: operation["path"],
)
async def test_own_conversations_cannot_be_tied_to_foreign_things(
    module_desk: Desk, company: Company, operation: dict[str, str]
) -> None:
    stranger = await module_desk.make.account("Strangers")
    mailbox = await module_desk.make.mailbox(stranger)
    client = await module_desk.client(stranger.owner)
    async with module_desk.connection() as connection:
        folder_id = await connection.fetchval("select min(id) from folder where account_id = $1", company.account.id)
    ids = {**company.ids, "folder_id": folder_id}
    answer = await client.post(
        "/v2/conversations",
        json={
            "subject": "Own",
            "type": "email",
            "mailboxId": mailbox.id,
            "status": "active",
            "customer": {"email": "own@example.com"},
            "threads": [{"type": "customer", "text": "Own"}],
        },
    )
    path = f"/v2/conversations/{answer.json()['id']}"

    refused = await client.patch(path, json=[{**operation, "value": ids[operation["value"]]}])

    assert refused.status_code in (403, 422), refused.text
    assert MARK not in refused.text


async def test_conversations_cannot_begin_with_foreign_things(module_desk: Desk, company: Company) -> None:
    stranger = await module_desk.make.account("Strangers")
    mailbox = await module_desk.make.mailbox(stranger)
    client = await module_desk.client(stranger.owner)
    own = {
        "subject": "Own",
        "type": "email",
        "mailboxId": mailbox.id,
        "status": "active",
        "customer": {"email": "own@example.com"},
        "threads": [{"type": "note", "text": "Own"}],
    }
    for change in (
        {"mailboxId": company.mailbox.id},
        {"customer": {"id": company.ids["customer_id"]}},
        {"assignTo": company.account.user.id},
        {"user": company.account.user.id},
        {"threads": [{"type": "note", "text": "x", "user": company.account.user.id}]},
        {"threads": [{"type": "customer", "text": "x", "customer": {"id": company.ids["customer_id"]}}]},
    ):
        answer = await client.post("/v2/conversations", json={**own, **change})
        assert answer.status_code in (403, 422), (change, answer.text)


async def test_keys_that_belong_to_the_platform_are_ignored(module_desk: Desk, company: Company) -> None:
    stranger = await module_desk.make.account("Strangers")
    mailbox = await module_desk.make.mailbox(stranger)
    client = await module_desk.client(stranger.owner)
    answer = await client.post(
        "/v2/conversations",
        json={
            "id": 1,
            "accountId": company.account.id,
            "account_id": company.account.id,
            "number": 777,
            "createdBy": {"id": company.account.owner.id},
            "state": "deleted",
            "closedBy": company.account.owner.id,
            "role": "owner",
            "subject": "Own",
            "type": "email",
            "mailboxId": mailbox.id,
            "status": "active",
            "customer": {"email": "own@example.com", "accountId": company.account.id},
            "threads": [{"type": "customer", "text": "Own", "state": "hidden", "id": company.ids["thread_id"]}],
        },
    )

    made = answer.json()
    found = (await client.get(f"/v2/conversations/{made['id']}")).json()

    assert (made["number"], found["state"], found["createdBy"]["type"]) == (1, "published", "customer")
    assert "closedBy" not in found
