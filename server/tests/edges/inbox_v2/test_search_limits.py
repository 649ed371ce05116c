"""A search that costs too much ends with a clear answer and keeps nobody else waiting (spec: 5.3, 12.1)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import httpx
import pytest

from tests.desk import Desk

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def halted(desk: Desk, table: str) -> AsyncIterator[None]:
    """Nobody can read the table: whoever tries takes as long as he may."""
    connection = await asyncpg.connect(desk.dsn)
    try:
        async with connection.transaction():
            await connection.execute(f"lock table {table} in access exclusive mode")
            yield
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("path", "table"), [("conversations", "conversation_search"), ("customers", "customer_search")]
)
async def test_a_search_that_takes_too_long_is_ended_and_says_so(desk: Desk, path: str, table: str) -> None:
    account = await desk.make.account()
    client = await desk.client(account.owner)
    desk.transactions.dear_reads.limit_s = 0.1
    async with halted(desk, table):
        ended = await client.get(f"/v2/{path}", params={"query": "refund"})
        other = await client.get(f"/v2/{path}")
    assert ended.status_code == 400
    assert ended.headers["Content-Type"] == "application/vnd.error+json"
    assert "Retry-After" not in ended.headers
    (error,) = ended.json()["_embedded"]["errors"]
    assert (error["path"], error["source"]) == ("query", "QUERY")
    assert error["message"].startswith("the search takes longer than 0.1 s; narrow it")
    assert other.status_code == 200, "lists without a search go on"
    assert (await client.get(f"/v2/{path}", params={"query": "refund"})).status_code == 200


async def test_the_cursor_list_of_customers_is_bounded_too(desk: Desk) -> None:
    account = await desk.make.account()
    client = await desk.client(account.owner)
    desk.transactions.dear_reads.limit_s = 0.1
    async with halted(desk, "customer_search"):
        ended = await client.get("/v3/customers", params={"query": "refund"})
    assert ended.status_code == 400


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("a" * 2**20, "longer than 4096 characters"),
        ("(" * 1000 + "a" + ")" * 1000, "more than 20 parentheses in each other"),
        ("a " * 1500, "more than 100 clauses"),
        ("tag:(" + "a OR " * 700 + "b)", "more than 100 clauses"),
    ],
)
async def test_a_query_that_asks_too_much_is_refused_unread(desk: Desk, query: str, message: str) -> None:
    client = await desk.client((await desk.make.account()).owner)
    try:
        refused = await client.get("/v2/conversations", params={"query": query})
    except (httpx.RemoteProtocolError, httpx.InvalidURL):
        return  # Neither the server nor the client takes a request line of a megabyte.
    assert refused.status_code in (400, 414, 431)
    if refused.status_code == 400 and refused.headers["Content-Type"] == "application/vnd.error+json":
        (error,) = refused.json()["_embedded"]["errors"]
        assert (error["path"], error["source"]) == ("query", "QUERY")
        assert message in error["message"]
