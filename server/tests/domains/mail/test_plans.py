"""What finds a message's conversation goes by indexes, also where its plan was made while every table was empty."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from waypost.domains.mail import store_finding, store_imported
from waypost.kit.db import connect, plan_for_good

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SEARCH = (
    1, 1, ["<a@example.org>", "<b@example.org>"], [7], [8], "ada@example.org", ["support@acme.test"],
    ["<a@example.org>"], ["where is it?"], NOW - timedelta(days=60), NOW + timedelta(days=60), ["ada@example.org"],
)  # fmt: skip


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", []):
        yield from nodes(below)


@pytest.mark.parametrize(
    ("statement", "arguments"),
    [
        (store_finding.FIND, SEARCH),
        (store_finding.CLAIM_AND_FIND, (*SEARCH, "digest", "<c@example.org>", "identity", "key", NOW)),
        (store_imported.KNOWN_DIGESTS, (1, 1, ["digest"])),
        (store_imported.IS_KNOWN, (1, 1, "<a@example.org>", "identity")),
    ],
)
async def test_no_table_is_read_whole(database_url: str, statement: str, arguments: tuple[Any, ...]) -> None:
    async with connect(database_url) as connection, connection.transaction():
        await plan_for_good(connection)
        plan = (await (await connection.prepare(statement)).explain(*arguments))[0]["Plan"]
    assert [node["Relation Name"] for node in nodes(plan) if node["Node Type"] == "Seq Scan"] == []


async def test_it_lasts_as_long_as_the_transaction(database_url: str) -> None:
    async with connect(database_url) as connection:
        before = await connection.fetchval("show plan_cache_mode")
        async with connection.transaction():
            await plan_for_good(connection)
            assert await connection.fetchval("show plan_cache_mode") == "force_generic_plan"
        assert await connection.fetchval("show plan_cache_mode") == before
        assert await connection.fetchval("show enable_seqscan") == "on"
