"""Every read of the Inbox API, compared with what it answered when somebody last agreed to it (spec/wire/inbox_v2).

A field that goes missing, changes its type or its spelling fails here. `make golden` writes the files anew.
"""

from __future__ import annotations

import re

import pytest

from tests import golden
from tests.desk import Desk
from tests.security.company import build, values_for
from tests.security.routes import DEVELOPMENT, Call, calls

pytestmark = pytest.mark.anyio

#: The trail differs from run to run; the clock is there in development only, and its test has its golden.
OWN_TESTS = DEVELOPMENT | {"/v2/audit"}
READS = [call for call in calls() if call.method == "GET"]

#: What shows more of an answer than a bare call.
QUERIES = {
    "/v2/conversations": "?status=all&embed=threads",
    "/v2/organizations/{organization_id}": "?includeCounts=true&includeProperties=true",
}


def file_name(call: Call) -> str:
    """`/v2/conversations/{conversation_id}/threads` as `inbox_v2/conversations.id.threads`; v3 keeps its number."""
    path = re.sub(r"\{[^}]*\}", "id", call.path.removeprefix("/v2/")).strip("/")
    return "inbox_v2/" + path.replace("/", ".")


async def test_every_read_answers_as_agreed(desk: Desk) -> None:
    company = await build(desk)
    client = await desk.client(company.account.owner)
    differing = []
    for call in READS:
        if call.path in OWN_TESTS:
            continue
        query = QUERIES.get(call.path, "")
        answer = await client.get(call.filled(values_for(company, call.path)) + query)
        try:
            golden.check(answer, file_name(call))
        except AssertionError as error:
            differing.append(f"{call.name}: {error}")
    assert not differing, "\n".join(differing)


@pytest.mark.parametrize(
    ("name", "method", "path", "body"),
    [
        ("errors.401", "GET", "/v2/users/me", None),
        ("errors.404", "GET", "/v2/conversations/999999", None),
        ("errors.405", "DELETE", "/v2/mailboxes", None),
        ("errors.unparsable", "POST", "/v2/conversations", "{"),
        ("errors.validation", "POST", "/v2/conversations", '{"type": "letter", "threads": [{"type": "x"}]}'),
        ("errors.query", "GET", "/v2/conversations?page=x&status=shut", None),
    ],
)
async def test_errors_look_as_agreed(desk: Desk, name: str, method: str, path: str, body: str | None) -> None:
    account = await desk.make.account()
    client = await desk.client(None if name == "errors.401" else account.owner)

    golden.check(await client.request(method, path, content=body), f"inbox_v2/{name}")
