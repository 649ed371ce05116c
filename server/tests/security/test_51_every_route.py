"""Attack 51 and 48 over the route table: other spellings of a path, other methods, headers that name another method,
and operations that contradict each other."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.desk import Desk
from tests.edges.inbox_v2.examples import prepared
from tests.security.company import Company, build, snapshot, values_for
from tests.security.routes import calls

pytestmark = pytest.mark.anyio

READS = [call for call in calls() if call.method == "GET"]
OVERRIDES = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")


@pytest.fixture(scope="module")
async def company(module_desk: Desk) -> Company:
    return await build(module_desk)


@pytest.fixture
async def client(module_desk: Desk, company: Company) -> httpx.AsyncClient:
    return await module_desk.client(company.account.owner)


async def test_head_is_get_without_its_body_on_every_route(client: httpx.AsyncClient, company: Company) -> None:
    for call in READS:
        path = call.filled(values_for(company, call.path))
        got, head = await client.get(path), await client.head(path)
        assert (head.status_code, head.content) == (got.status_code, b""), path
        assert head.headers["content-type"] == got.headers["content-type"], path


async def test_options_is_answered_without_a_token_on_every_route_and_changes_nothing(
    module_desk: Desk, company: Company
) -> None:
    anonymous = await module_desk.client()
    before = await snapshot(module_desk, company.account.id)
    for path in (call.filled(values_for(company, call.path)) for call in calls()):
        answer = await anonymous.options(path, headers={"Origin": "https://app.example"})
        assert (answer.status_code, answer.content) == (204, b""), path
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers
    assert await snapshot(module_desk, company.account.id) == before


async def test_slashes_and_blanks_at_the_end_lead_to_the_same_route(
    client: httpx.AsyncClient, company: Company
) -> None:
    for call in READS:
        path = call.filled(values_for(company, call.path))
        status = (await client.get(path)).status_code
        for end in ("/", "//", "%20", "/%20", "%20/", "%09"):
            assert (await client.get(path + end)).status_code == status, path + end


async def test_no_header_or_parameter_makes_another_method_of_it(
    module_desk: Desk, client: httpx.AsyncClient, company: Company
) -> None:
    before = await snapshot(module_desk, company.account.id)
    for call in READS:
        path = call.filled(values_for(company, call.path))
        plain = await client.get(path)
        for method in ("DELETE", "PATCH"):
            given = dict.fromkeys(OVERRIDES, method)
            answer = await client.get(path, params={"_method": method}, headers=given)
            assert answer.status_code == plain.status_code, path
    assert await snapshot(module_desk, company.account.id) == before


TEXT, NOBODY = {"op": "replace", "path": "/subject", "value": "New"}, {"op": "remove", "path": "/assignTo"}
CONTRADICTIONS: list[list[dict[str, Any]]] = [
    [TEXT, {"op": "remove", "path": "/subject"}],
    [{"op": "remove", "path": "/subject"}, TEXT],
    [TEXT, {"op": "test", "path": "/subject", "value": "New"}],
    [TEXT, {"op": "copy", "from": "/subject", "path": "/status"}],
    [TEXT, {"op": "replace", "path": "/SUBJECT", "value": "x"}],
    [TEXT, {"op": "REPLACE", "path": "/subject", "value": "x"}],
    [TEXT, {"op": "replace", "path": "/nothing", "value": "x"}],
    [TEXT, {"op": "replace", "path": "/subject/", "value": "x"}],
    [TEXT, {"op": "replace", "path": "//subject", "value": "x"}],
    [TEXT, {"op": "replace", "path": "/subject~1", "value": "x"}],
    [TEXT, {"op": "replace", "path": "/firstName", "value": "x"}, {"op": "remove", "path": "/id"}],
    [TEXT, {"op": "replace", "path": "/assignTo", "value": 2**62}],
    [TEXT, {"op": "replace", "path": "/text", "value": "x"}, {"op": "remove", "path": "/text"}],
    [{"op": "replace", "path": "/hidden", "value": True}, {"op": "remove", "path": "/hidden"}],
    [{"op": "replace", "path": "/firstName", "value": "New"}, {"op": "remove", "path": "/emails/999999999"}],
]
PATCHES = [call for call in calls() if call.method == "PATCH"]


@pytest.mark.parametrize("call", PATCHES, ids=lambda call: call.name)
async def test_operations_that_contradict_each_other_change_nothing(
    module_desk: Desk, client: httpx.AsyncClient, company: Company, call: Any
) -> None:
    values, _ = await prepared(client, company, call)
    before = await snapshot(module_desk, company.account.id)
    for operations in CONTRADICTIONS:
        answer = await client.patch(call.filled(values), json=operations)
        assert answer.status_code in (400, 404, 409, 422), (operations, answer.status_code, answer.text)
        assert await snapshot(module_desk, company.account.id) == before, operations


async def test_of_two_values_for_a_path_the_last_one_counts(client: httpx.AsyncClient, company: Company) -> None:
    path = f"/v2/conversations/{company.ids['conversation_id']}"
    twice = [
        TEXT,
        {**TEXT, "value": "Newer"},
        {"op": "replace", "path": "/assignTo", "value": company.account.owner.id},
    ]

    assert (await client.patch(path, json=[*twice, NOBODY])).status_code == 204
    found = (await client.get(path)).json()
    assert found["subject"] == "Newer"
    assert "assignee" not in found or not found["assignee"]
