"""Attack 48: operations of every kind on every path, with values of every type: refused in order, nothing half done."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.desk import Desk
from tests.security.company import Company, build, snapshot
from waypost.edges.inbox_v2.body import Unparsable
from waypost.edges.inbox_v2.wire import operations
from waypost.kit.errors import Invalid

pytestmark = pytest.mark.anyio

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
OPERATION = st.fixed_dictionaries(
    {},
    optional={
        "op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test", "REPLACE", ""]) | VALUES,
        "path": st.sampled_from(["/subject", "/accountId", "/id", "/../x", "", "/", "subject", "/__proto__"]) | VALUES,
        "from": st.text(max_size=10),
        "value": VALUES,
    },
)
REFUSED = [
    {"op": op, "path": path, "value": value}
    for op in ("add", "replace", "remove", "move", "copy", "test")
    for path, value in {
        "/id": 1,
        "/number": 1,
        "/accountId": 1,
        "/createdAt": "2001-01-01T00:00:00Z",
        "/state": "deleted",
        "/closedBy": 1,
        "/createdBy/id": 1,
        "/mailboxId/../accountId": 1,
        "/threads/0": {},
        "/_links": {},
        "": {},
        "/": {},
        "/subject/0": "x",
    }.items()
]
WRONG_VALUES = [
    {"op": "replace", "path": path, "value": value}
    for path, values in {
        "/subject": [None, 1, True, [], {}, "", "   "],
        "/status": [None, 1, "shut", [], {}, "ACTIVE"],
        "/assignTo": [-1, 1.5, True, "x", [], {}, 2**70],
        "/mailboxId": [None, 0, -1, True, "x", [], {}, 2**70],
        "/draft": [None, "false", 0, []],
        "/primaryCustomer.id": [None, 0, "x", {}],
    }.items()
    for value in values
]


@given(st.one_of(OPERATION, st.lists(OPERATION | VALUES, max_size=4), VALUES))
@settings(max_examples=300, derandomize=True, deadline=None, database=None)
def test_reading_operations_refuses_or_understands(body: Any) -> None:
    try:
        read = operations.read(body)
    except (Invalid, Unparsable):
        return
    for operation in read:
        assert operation.op in operations.OPERATORS
        assert operation.path


@pytest.fixture(scope="module")
async def company(module_desk: Desk) -> Company:
    return await build(module_desk)


@pytest.mark.parametrize(
    "operation", [*REFUSED, *WRONG_VALUES], ids=lambda item: f"{item['op']} {item['path']} {item['value']}"
)
async def test_private_paths_and_wrong_values_are_refused(
    module_desk: Desk, company: Company, operation: dict[str, Any]
) -> None:
    client = await module_desk.client(company.account.owner)
    path = f"/v2/conversations/{company.ids['conversation_id']}"
    before = await snapshot(module_desk, company.account.id)

    answer = await client.patch(path, json=[{"op": "replace", "path": "/subject", "value": "Changed"}, operation])

    assert answer.status_code == 422, answer.text
    assert all(error["path"].startswith("[1].") for error in answer.json()["_embedded"]["errors"])
    assert await snapshot(module_desk, company.account.id) == before


async def test_a_thousand_operations_are_too_many(module_desk: Desk, company: Company) -> None:
    client = await module_desk.client(company.account.owner)
    path = f"/v2/conversations/{company.ids['conversation_id']}"

    answer = await client.patch(path, json=[{"op": "replace", "path": "/subject", "value": "x"}] * 1000)

    assert answer.status_code == 422
