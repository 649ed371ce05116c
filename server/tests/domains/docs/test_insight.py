"""What is counted of readers: votes, each browser once, and searches."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.desk import Desk
from tests.edges.docs_v1.shelf import Shelf, build
from waypost.domains.docs import insight

pytestmark = [pytest.mark.anyio, pytest.mark.database]
VOTER, OTHER = b"v" * 16, b"o" * 16


@pytest.fixture
async def shelf(module_desk: Desk) -> Shelf:
    return await build(module_desk)


async def vote(shelf: Shelf, article_id: str, opinion: Any, voter: bytes) -> bool:
    async with shelf.desk.transactions.open() as tx:
        return await insight.vote(tx, shelf.account.id, article_id, opinion, voter)


async def counted(shelf: Shelf, article_id: str) -> tuple[int, int]:
    async with shelf.desk.connection() as connection:
        row = await connection.fetchrow(
            """select coalesce(sum(helpful), 0)::int as helpful, coalesce(sum(unhelpful), 0)::int as unhelpful
               from docs_votes_day where account_id = $1 and article_id = $2""",
            shelf.account.id,
            article_id,
        )
    assert row is not None
    return row["helpful"], row["unhelpful"]


async def test_a_voter_counts_once_and_may_think_again(shelf: Shelf) -> None:
    article = await shelf.article("Refunds", status="published")
    for _ in range(3):
        assert await vote(shelf, article["id"], "helpful", VOTER)
    assert await counted(shelf, article["id"]) == (1, 0)
    await vote(shelf, article["id"], "unhelpful", VOTER)
    assert await counted(shelf, article["id"]) == (0, 1)
    await vote(shelf, article["id"], "unhelpful", OTHER)
    assert await counted(shelf, article["id"]) == (0, 2)


async def test_votes_of_one_voter_at_the_same_time_count_once(shelf: Shelf) -> None:
    article = await shelf.article("Refunds", status="published")
    await asyncio.gather(*(vote(shelf, article["id"], "helpful", VOTER) for _ in range(8)))
    assert await counted(shelf, article["id"]) == (1, 0)


async def test_a_changed_opinion_leaves_the_day_of_the_first_one(shelf: Shelf) -> None:
    article = await shelf.article("Refunds", status="published")
    await vote(shelf, article["id"], "helpful", VOTER)
    async with shelf.desk.connection() as connection:
        for table in ("docs_vote", "docs_votes_day"):
            await connection.execute(f"update {table} set day = day - 3 where account_id = $1", shelf.account.id)
    await vote(shelf, article["id"], "unhelpful", VOTER)

    async with shelf.desk.connection() as connection:
        rows = await connection.fetch(
            "select helpful, unhelpful from docs_votes_day where account_id = $1 order by day", shelf.account.id
        )
    assert [tuple(row) for row in rows] == [(0, 0), (0, 1)]


async def test_what_is_gone_or_somebody_elses_takes_no_vote(shelf: Shelf) -> None:
    stranger = await build(shelf.desk, "Strangers")
    article = await stranger.article("Refunds", status="published")
    assert not await vote(shelf, article["id"], "helpful", VOTER)
    assert not await vote(shelf, "5f0000000000000000000001", "helpful", VOTER)
    assert await counted(stranger, article["id"]) == (0, 0)


async def test_voters_are_forgotten_after_a_year_and_their_votes_are_not(shelf: Shelf) -> None:
    article = await shelf.article("Refunds", status="published")
    await vote(shelf, article["id"], "helpful", VOTER)
    await vote(shelf, article["id"], "helpful", OTHER)
    async with shelf.desk.connection() as connection:
        await connection.execute(
            "update docs_vote set day = day - $3::interval where account_id = $1 and voter = $2",
            shelf.account.id,
            OTHER,
            timedelta(days=366),
        )
    async with shelf.desk.transactions.open() as tx:
        assert await insight.forget_voters(tx) == 1
    async with shelf.desk.transactions.open() as tx:
        assert await insight.forget_voters(tx) == 0
    assert await counted(shelf, article["id"]) == (2, 0)


async def test_searches_are_counted_by_their_words_and_failed_ones_apart(shelf: Shelf) -> None:
    async with shelf.desk.transactions.open() as tx:
        for query, results in (("Refund  Policy", 2), ("refund policy", 1), ("zebra", 0), ("???", 0)):
            await insight.note_search(tx, shelf.account.id, shelf.site["id"], query, results)
    async with shelf.desk.connection() as connection:
        rows = await connection.fetch(
            "select query, searches, failed from docs_searches_day where account_id = $1 order by query",
            shelf.account.id,
        )
    assert [tuple(row) for row in rows] == [("refund policy", 2, 0), ("zebra", 1, 1)]
