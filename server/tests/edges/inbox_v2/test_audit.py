from __future__ import annotations

import csv
import io

import pytest

from tests.desk import Desk
from tests.kit.log_help import Noted, Origin
from tests.make import AccountMade


@pytest.fixture
async def account(desk: Desk) -> AccountMade:
    made = await desk.make.account()
    async with desk.transactions.open() as tx:
        for text in ("plain", "=1+1", "=cmd|' /C calc'!A0"):
            tx.emit(Origin(made.id, origin_id=made.owner.id), Noted(subject_id=5, text=text))
    await desk.run_workers()
    return made


async def test_owner_and_administrator_read_the_trail(desk: Desk, account: AccountMade) -> None:
    for person in (account.owner, account.administrator):
        answer = await (await desk.client(person)).get("/v2/audit", params={"limit": 2})
        assert answer.status_code == 200, answer.text
        document = answer.json()
        assert document["page"] == {"size": 2, "totalElements": 3, "totalPages": 2, "number": 1}
        first = document["_embedded"]["entries"][0]
        assert first["actor"] == {"type": "user", "id": account.owner.id}
        assert first["subject"] == {"type": "conversation", "id": 5}
        assert first["id"] == 3
        assert len(bytes.fromhex(first["digest"])) == 32


async def test_a_plain_user_is_refused(desk: Desk, account: AccountMade) -> None:
    client = await desk.client(account.user)
    assert (await client.get("/v2/audit")).status_code == 403
    assert (await client.get("/v2/audit", headers={"Accept": "text/csv"})).status_code == 403


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("type=test.noted", 3),
        ("type=other,test.noted", 3),
        ("type=other", 0),
        ("subject=conversation:5", 3),
        ("subject=conversation", 3),
        ("subject=6", 0),
        ("actor=customer", 0),
        ("since=2199-01-01T00:00:00Z", 0),
        ("since=2020-01-01T00:00:00Z", 3),
    ],
)
async def test_filters(desk: Desk, account: AccountMade, query: str, count: int) -> None:
    answer = await (await desk.client(account.owner)).get(f"/v2/audit?{query}")
    assert answer.json()["page"]["totalElements"] == count


@pytest.mark.parametrize(
    "query", ["actor=user:x", "subject=a:1:2", "since=yesterday", "format=pdf", "actor=user:99999999999999999999"]
)
async def test_what_cannot_be_read_is_named(desk: Desk, account: AccountMade, query: str) -> None:
    answer = await (await desk.client(account.owner)).get(f"/v2/audit?{query}")
    assert answer.status_code == 400
    assert answer.json()["_embedded"]["errors"][0]["path"] == query.partition("=")[0]


@pytest.mark.parametrize(("path", "accept"), [("/v2/audit", "text/csv"), ("/v2/audit?format=csv", "*/*")])
async def test_csv_runs_nothing(desk: Desk, account: AccountMade, path: str, accept: str) -> None:
    answer = await (await desk.client(account.owner)).get(path, headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert [row["id"] for row in rows] == ["3", "2", "1"]
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())
