"""What finds a message's conversation goes by indexes, also where its plan was made while every table was empty."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from waypost.domains.mail import store_finding, store_imported
from waypost.kit.db import connect, plan_for_good

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SEARCH = msgspec.structs.astuple(
    store_finding.Search(
        account_id=1,
        mailbox_id=1,
        message_ids=["<a@example.org>", "<b@example.org>"],
        signed_conversations=[7],
        signed_threads=[8],
        sender="ada@example.org",
        recipients=["support@acme.test"],
        roots=["<a@example.org>"],
        subject_keys=["where is it?"],
        since=NOW - timedelta(days=60),
        until=NOW + timedelta(days=60),
        people=["ada@example.org"],
        own_id="<c@example.org>",
    )
)
CLAIM = msgspec.structs.astuple(store_finding.Claim("digest", "<c@example.org>", "identity", "key", NOW))


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", []):
        yield from nodes(below)


@pytest.mark.parametrize(
    ("statement", "arguments"),
    [
        (store_finding.FIND, SEARCH),
        (store_finding.CLAIM_AND_FIND, (*SEARCH, *CLAIM)),
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
