"""Lists that a search narrows hold the same pages, however many hits there are and however they are found."""

from __future__ import annotations

import asyncio
from itertools import product

import msgspec
import pytest

from tests.domains import search_queries
from tests.domains.search_desk import SearchDesk, opened
from waypost.domains.accounts import Actor
from waypost.domains.conversations import Filter, Sort, Status, listing, reading, store
from waypost.kit.db import open_pool
from waypost.kit.dear_reads import DearReads
from waypost.kit.paging import PageRequest
from waypost.kit.tx import Transactions

FEW = listing.Bounds()
WALKED = listing.Bounds(most_sorted=1)
SORTED = listing.Bounds(most_sorted=1, walked=1, ranked=1000)
PARTLY_RANKED = listing.Bounds(most_sorted=1, walked=1, ranked=30)
QUERIES = ("*", "question", "re OR x OR refunds", "-tag:vip", "status:open OR x", "body:* NOT refund", "assigned:*")


@pytest.fixture(scope="module")
def account(module_database_url: str) -> tuple[int, int, list[int]]:
    def draft(desk: SearchDesk, author: int) -> None:
        customer = next(iter(desk.customers.values()))
        made = desk.conversation("question of a draft", customer, state="draft")
        desk.run("update conversation set created_by_user_id = $1 where id = $2", author, made.id)

    with opened(module_database_url) as desk:
        search_queries.fill(desk, conversations=120)
        author, other = desk.users.values()
        draft(desk, author)
        draft(desk, other)
        return desk.account_id, author, list(desk.mailboxes.values())


async def pages(
    transactions: Transactions, actor: Actor, wanted: Filter, sort: Sort, bounds: listing.Bounds, *, descending: bool
) -> list[int]:
    """The ids of all pages, thirty on each; the total is the same on each of them."""
    ids: list[int] = []
    number, total = 1, 1
    while len(ids) < total:
        async with transactions.read() as tx:
            query = await reading.prepare(tx, actor, wanted, PageRequest(number, 30), sort, descending, None, False)
            assert query is not None
            query = msgspec.structs.replace(query, bounds=bounds)
            page = await store.list_page(tx.connection, query, DearReads())
        if number > 1:
            assert page.total == total
        total = page.total
        if not page.items:
            break
        ids += [item.id for item in page.items]
        number += 1
    assert len(ids) == total
    return ids


@pytest.mark.parametrize("sort", list(Sort))
async def test_pages_are_the_same_however_they_are_found(
    module_database_url: str, account: tuple[int, int, list[int]], sort: Sort
) -> None:
    account_id, author, mailboxes = account
    everything = Actor(account_id=account_id, kind="user", user_id=author)
    narrow = msgspec.structs.replace(everything, mailbox_ids=frozenset(mailboxes[:1]))
    async with await open_pool(module_database_url) as pool:
        transactions = Transactions(pool)
        for turn, query in product((0, 1), QUERIES):
            descending = turn == 0
            # By turns with each direction: what an actor sees and where a list begins are found apart from each other.
            is_narrow = (turn + QUERIES.index(query)) % 2 == 1
            actor, statuses = (narrow, (Status.ACTIVE, Status.CLOSED)) if is_narrow else (everything, None)
            wanted = Filter(query=query, statuses=statuses)
            few = await pages(transactions, actor, wanted, sort, FEW, descending=descending)
            assert len(set(few)) == len(few)
            for bounds in (WALKED, SORTED):
                found = await pages(transactions, actor, wanted, sort, bounds, descending=descending)
                assert found == few, (query, bounds)


async def test_all_hits_are_listed_when_only_some_are_ranked(
    module_database_url: str, account: tuple[int, int, list[int]]
) -> None:
    actor = Actor(account_id=account[0], kind="user", user_id=account[1])
    async with await open_pool(module_database_url) as pool:
        transactions = Transactions(pool)
        wanted = Filter(query="question OR refund")
        few = await pages(transactions, actor, wanted, Sort.SCORE, FEW, descending=True)
        some = await pages(transactions, actor, wanted, Sort.SCORE, PARTLY_RANKED, descending=True)
    assert len(few) > 40
    assert set(some) == set(few)


async def test_an_authors_own_drafts_are_hits_and_no_others(
    module_database_url: str, account: tuple[int, int, list[int]]
) -> None:
    async with await open_pool(module_database_url) as pool:
        transactions = Transactions(pool)
        for author in (account[1], 0):
            actor = Actor(account_id=account[0], kind="user", user_id=author)
            wanted = Filter(query='"question of a draft"')
            found = await asyncio.gather(
                *(
                    pages(transactions, actor, wanted, Sort.CREATED_AT, b, descending=True)
                    for b in (FEW, WALKED, SORTED)
                )
            )
            assert [len(ids) for ids in found] == [1 if author else 0] * 3
