"""Workflows on the wire: E102 to E104 (spec: 11.12) and what manages them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.office import NOTE, Office, errors_of
from waypost.domains import mailboxes
from waypost.domains.accounts import Dialect
from waypost.domains.mailboxes import FieldType

pytestmark = pytest.mark.anyio

REFUND = {"any": [{"field": "subject", "operator": "contains", "value": "refund"}]}

# ---------------------------------------------------------------- E102


async def test_a_list_shows_the_keys_of_the_platform(office: Office) -> None:
    made = await office.workflow()

    page = (await (await office.client()).get("/v2/workflows")).json()

    (item,) = page["_embedded"]["workflows"]
    assert set(item) == {"id", "mailboxId", "type", "status", "order", "name", "createdAt", "modifiedAt", "_links"}
    assert (item["id"], item["mailboxId"], item["type"]) == (made["id"], office.support.id, "manual")
    assert (item["status"], item["order"], item["name"]) == ("active", 1, "Escalate")
    assert item["_links"]["self"]["href"].endswith(f"/v2/workflows/{made['id']}")
    assert page["page"] == {"size": 50, "totalElements": 1, "totalPages": 1, "number": 1}


async def test_an_empty_list_is_an_empty_array(office: Office) -> None:
    page = (await (await office.client()).get("/v2/workflows")).json()

    assert page["_embedded"] == {"workflows": []}
    assert page["page"]["totalPages"] == 0


async def test_lists_narrow_by_mailbox_and_type_and_come_in_order(office: Office) -> None:
    first = await office.workflow(name="One")
    second = await office.workflow(name="Two", type="automatic", conditions=[REFUND])
    other = await office.workflow(name="Three", mailboxId=office.sales.id)
    client = await office.client()

    async def ids(query: str) -> list[int]:
        found = (await client.get(f"/v2/workflows?{query}")).json()
        return [item["id"] for item in found["_embedded"]["workflows"]]

    assert await ids("") == [first["id"], second["id"], other["id"]]
    assert await ids(f"mailboxId={office.support.id}") == [first["id"], second["id"]]
    assert await ids(f"mailbox={office.sales.id}") == [other["id"]]
    assert await ids("type=automatic") == [second["id"]]
    assert await ids("type=AUTOMATIC&mailboxId=") == [second["id"]]
    assert await ids("mailboxId=999999999") == []
    assert await ids("limit=1&page=2") == [second["id"]]


@pytest.mark.parametrize(
    ("query", "path"),
    [("type=both", "type"), ("mailboxId=x", "mailboxId"), ("page=-1", "page"), ("limit=0", "limit")],
)
async def test_bad_parameters_are_named(office: Office, query: str, path: str) -> None:
    answer = await (await office.client()).get(f"/v2/workflows?{query}")

    assert answer.status_code == 400
    assert set(errors_of(answer)) == {path}


async def test_users_see_the_workflows_of_their_mailboxes(office: Office) -> None:
    seen = await office.workflow()
    hidden = await office.workflow(mailboxId=office.sales.id)
    client = await office.client(office.user)

    found = (await client.get("/v2/workflows")).json()

    assert [item["id"] for item in found["_embedded"]["workflows"]] == [seen["id"]]
    assert (await client.get(f"/v2/workflows/{seen['id']}")).status_code == 200
    assert (await client.get(f"/v2/workflows/{hidden['id']}")).status_code == 404
    assert (await client.get(f"/v2/workflows?mailboxId={office.sales.id}")).json()["page"]["totalElements"] == 0


# ---------------------------------------------------------------- E103


@pytest.mark.parametrize(
    "body",
    [
        {"op": "replace", "path": "/status", "value": "inactive"},
        [{"op": "replace", "path": "/status", "value": "inactive"}],
        [
            {"op": "replace", "path": "/status", "value": "inactive"},
            {"op": "replace", "path": "/status", "value": "active"},
            {"op": "replace", "path": "/status", "value": "inactive"},
        ],
        {"op": "inactive", "path": "/replace", "value": "/status"},
        [{"op": "inactive", "path": "/replace", "value": "/status"}],
    ],
    ids=["object", "array", "several", "the PHP client's permutation", "permuted in an array"],
)
async def test_patching_switches_off(office: Office, body: Any) -> None:
    made = await office.workflow()
    client = await office.client()

    answer = await client.patch(f"/v2/workflows/{made['id']}", json=body)

    assert (answer.status_code, answer.content) == (204, b"")
    assert "content-type" not in answer.headers
    assert (await client.get(f"/v2/workflows/{made['id']}")).json()["status"] == "inactive"


async def test_a_json_patch_type_is_read_too(office: Office) -> None:
    made = await office.workflow()
    client = await office.client()

    answer = await client.patch(
        f"/v2/workflows/{made['id']}",
        content=b'{"op":"replace","path":"/status","value":"inactive"}',
        headers={"Content-Type": "application/json-patch+json"},
    )

    assert answer.status_code == 204
    assert (await client.patch(f"/v2/workflows/{made['id']}", json=[])).status_code == 204


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({"op": "remove", "path": "/status", "value": "active"}, {"op"}),
        ({"op": "replace", "path": "/name", "value": "x"}, {"path"}),
        ({"op": "replace", "path": "/status", "value": "invalid"}, {"value"}),
        ({"op": "replace", "path": "/status", "value": None}, {"value"}),
        ([{"op": "replace", "path": "/status", "value": 1}], {"[0].value"}),
        ([{"op": "replace", "path": "/status", "value": "active"}, {"op": "test", "path": ""}], {"[1].op", "[1].path"}),
        ([7], {"[0]"}),
        ({"status": "active"}, {"op", "path"}),
    ],
)
async def test_other_patches_are_refused_with_their_place(office: Office, body: Any, paths: set[str]) -> None:
    made = await office.workflow()
    client = await office.client()

    answer = await client.patch(f"/v2/workflows/{made['id']}", json=body)

    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/vnd.error+json"
    assert set(errors_of(answer)) == paths


async def test_the_platforms_clients_get_400(office: Office) -> None:
    made = await office.workflow()
    token = await office.desk.make.token(office.account.owner, Dialect.PLATFORM)
    client = await office.desk.client(token)

    answer = await client.patch(f"/v2/workflows/{made['id']}", json={"op": "replace", "path": "/status", "value": "x"})

    assert answer.status_code == 400
    assert answer.json()["message"] == "Validation failed"


async def test_what_names_something_that_is_gone_cannot_be_activated(office: Office) -> None:
    async with office.desk.transactions.open() as tx:
        field = await mailboxes.create_field(
            tx, office.account.owner.actor, office.support.id, "Plan", FieldType.SINGLELINE
        )
    made = await office.workflow(actions=[{"type": "setField", "fieldId": field.id, "value": "gold"}])
    async with office.desk.connection() as connection:
        await connection.execute("delete from custom_field where id = $1", field.id)
    client = await office.client()
    path = f"/v2/workflows/{made['id']}"
    await client.patch(path, json={"op": "replace", "path": "/status", "value": "inactive"})

    answer = await client.patch(path, json={"op": "replace", "path": "/status", "value": "active"})

    assert answer.status_code == 422
    assert "custom field does not exist" in errors_of(answer)["value"]


# ---------------------------------------------------------------- E104


@pytest.mark.parametrize("key", ["conversationIds", "conversation_ids"])
async def test_a_run_is_accepted_and_done_in_the_background(office: Office, key: str) -> None:
    made = await office.workflow()
    conversation_id = await office.conversation()
    client = await office.client(office.user)

    answer = await client.post(f"/v2/workflows/{made['id']}/run", json={key: [conversation_id]})

    assert (answer.status_code, answer.content) == (204, b"")
    (run,) = await office.runs(made["id"])
    assert run["outcome"] == "done"
    assert run["trigger"] == "manual"
    assert run["startedBy"] == office.user.id
    assert run["requestId"] == answer.headers["Request-ID"]
    assert run["conversationId"] == conversation_id
    assert [done["type"] for done in run["actions"]] == ["addNote"]


async def test_a_conversation_named_twice_is_run_once(office: Office) -> None:
    made = await office.workflow()
    conversation_id = await office.conversation()
    client = await office.client()

    answer = await client.post(
        f"/v2/workflows/{made['id']}/run", json={"conversationIds": [conversation_id, conversation_id]}
    )

    assert answer.status_code == 204
    assert len(await office.runs(made["id"])) == 1


async def test_bad_runs_are_refused_with_every_mistake(office: Office) -> None:
    made = await office.workflow(status="inactive", type="automatic", conditions=[REFUND])
    here, there = await office.conversation(), await office.conversation(office.sales)
    client = await office.client()
    path = f"/v2/workflows/{made['id']}/run"

    mixed = await client.post(path, json={"conversationIds": [here, there, 999_999_999]})
    none = await client.post(path, json={"conversationIds": []})
    missing = await client.post(path, json={})
    many = await client.post(path, json={"conversationIds": list(range(1, 52))})
    wrong = await client.post(path, json={"conversationIds": ["x", 0, here]})

    assert mixed.status_code == 422
    assert set(errors_of(mixed)) == {"conversationIds[1]", "conversationIds[2]", "workflowId"}
    assert errors_of(none)["conversationIds"] == "may not be empty"
    assert errors_of(missing)["conversationIds"] == "may not be empty"
    assert errors_of(many)["conversationIds"] == "size must be between 1 and 50"
    assert set(errors_of(wrong)) == {"conversationIds[0]", "conversationIds[1]"}
    assert await office.runs(made["id"]) == []


async def test_only_manual_and_active_ones_run(office: Office) -> None:
    automatic = await office.workflow(type="automatic", conditions=[REFUND])
    inactive = await office.workflow(status="inactive")
    conversation_id = await office.conversation()
    client = await office.client()

    for made, message in ((automatic, "only manual workflows can be run"), (inactive, "the workflow is inactive")):
        answer = await client.post(f"/v2/workflows/{made['id']}/run", json={"conversationIds": [conversation_id]})
        assert answer.status_code == 422
        assert errors_of(answer) == {"workflowId": message}


# ---------------------------------------------------------------- managing


async def test_what_is_made_can_be_read_and_sent_back(office: Office) -> None:
    body = {
        "mailboxId": office.support.id,
        "type": "automatic",
        "name": "  Refunds ",
        "conditions": [
            REFUND,
            {"any": [{"field": "waitingSince", "operator": "longerAgoThan", "value": {"amount": 2, "unit": "days"}}]},
        ],
        "actions": [
            {"type": "assign", "assignTo": None},
            {"type": "addTags", "tags": ["money"]},
            {"type": "notify", "to": [office.user.id], "text": "Look at {{conversation.subject}}"},
        ],
    }
    client = await office.client()

    answer = await client.post("/v2/workflows", json=body)

    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Resource-ID"] == str(made["id"])
    assert answer.headers["Location"].endswith(f"/v2/workflows/{made['id']}")
    assert (made["name"], made["status"], made["problems"]) == ("Refunds", "inactive", [])
    assert (made["conditions"], made["actions"]) == (body["conditions"], body["actions"])
    found = (await client.get(f"/v2/workflows/{made['id']}")).json()
    assert found == made
    assert (await client.put(f"/v2/workflows/{made['id']}", json=found)).status_code == 204


async def test_replacing_keeps_what_is_left_out(office: Office) -> None:
    made = await office.workflow(conditions=[REFUND])
    client = await office.client()
    path = f"/v2/workflows/{made['id']}"

    answer = await client.put(path, json={"name": "Renamed", "actions": [{"type": "changeStatus", "status": "closed"}]})

    after = (await client.get(path)).json()
    assert answer.status_code == 204
    assert (after["name"], after["status"], after["conditions"]) == ("Renamed", "active", [REFUND])
    assert after["actions"] == [{"type": "changeStatus", "status": "closed"}]


async def test_deleted_workflows_are_gone_and_their_history_stays(office: Office) -> None:
    made = await office.workflow()
    conversation_id = await office.conversation()
    client = await office.client()
    await client.post(f"/v2/workflows/{made['id']}/run", json={"conversationIds": [conversation_id]})
    await office.runs(made["id"])

    assert (await client.delete(f"/v2/workflows/{made['id']}")).status_code == 204
    assert (await client.delete(f"/v2/workflows/{made['id']}")).status_code == 404
    assert (await client.get(f"/v2/workflows/{made['id']}")).status_code == 404
    assert (await client.get("/v2/workflows")).json()["page"]["totalElements"] == 0
    told = (await client.get(f"/v2/conversations/{conversation_id}/workflow-runs")).json()
    assert [run["workflowName"] for run in told["_embedded"]["runs"]] == ["Escalate"]


async def test_the_order_is_the_whole_mailboxs(office: Office) -> None:
    first, second = (await office.workflow(name="One"))["id"], (await office.workflow(name="Two"))["id"]
    foreign = (await office.workflow(mailboxId=office.sales.id))["id"]
    client = await office.client()
    path = f"/v2/mailboxes/{office.support.id}/workflows/order"

    async def order() -> list[int]:
        found = (await client.get(f"/v2/workflows?mailboxId={office.support.id}")).json()
        return [item["id"] for item in found["_embedded"]["workflows"]]

    assert (await client.put(path, json={"workflowIds": [second, first]})).status_code == 204
    assert await order() == [second, first]
    partial = await client.put(path, json={"workflowIds": [first]})
    assert set(errors_of(partial)) == {"workflowIds"}
    mixed = await client.put(path, json={"workflowIds": [first, foreign]})
    assert set(errors_of(mixed)) == {"workflowIds[1]"}
    twice = await client.put(path, json={"workflowIds": [first, second, first]})
    assert twice.status_code == 422
    assert await order() == [second, first]


async def test_users_run_but_do_not_manage(office: Office) -> None:
    made = await office.workflow()
    client = await office.client(office.user)
    path = f"/v2/workflows/{made['id']}"
    body = {"mailboxId": office.support.id, "type": "manual", "name": "Own", "actions": [NOTE]}

    answers = [
        await client.post("/v2/workflows", json=body),
        await client.post("/v2/workflows/dry-run", json=body),
        await client.post("/v2/workflows", json={**body, "mailboxId": office.sales.id}),
        await client.put(path, json=body),
        await client.patch(path, json={"op": "replace", "path": "/status", "value": "inactive"}),
        await client.delete(path),
        await client.put(f"/v2/mailboxes/{office.support.id}/workflows/order", json={"workflowIds": [made["id"]]}),
        await client.post(f"{path}/dry-run"),
    ]

    assert [answer.status_code for answer in answers] == [403] * len(answers)
    assert (await client.get(f"{path}/runs")).status_code == 200
    assert (await client.get(path)).json()["status"] == "active"


async def test_keys_that_belong_to_the_platform_are_ignored(office: Office) -> None:
    other = await office.desk.make.account("Others")

    made = await office.workflow(
        id=1,
        accountId=other.id,
        account_id=other.id,
        order=99,
        createdAt="2001-01-01T00:00:00Z",
        problems=[{"path": "x"}],
    )

    assert (made["order"], made["problems"]) == (1, [])
    assert not made["createdAt"].startswith("2001")
    async with office.desk.connection() as connection:
        owner = await connection.fetchval("select account_id from workflow where id = $1", made["id"])
    assert owner == office.account.id


async def test_the_history_shows_conversations_that_are_in_reach_only(office: Office) -> None:
    made = await office.workflow(actions=[{"type": "move", "mailboxId": office.sales.id}])
    conversation_id = await office.conversation()
    client = await office.client(office.user)
    await client.post(f"/v2/workflows/{made['id']}/run", json={"conversationIds": [conversation_id]})
    await office.desk.run_workers()

    seen = (await client.get(f"/v2/workflows/{made['id']}/runs")).json()

    assert seen["page"]["totalElements"] == 0
    assert len(await office.runs(made["id"])) == 1
    assert (await client.get(f"/v2/conversations/{conversation_id}/workflow-runs")).status_code == 404
