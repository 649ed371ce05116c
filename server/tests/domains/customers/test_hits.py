"""Pages of searches are the same, however many hits there are and however they are found."""

from __future__ import annotations

import pytest

from tests.domains.customers.bench import Bench
from waypost.domains import customers
from waypost.domains.customers import CustomerFilters, CustomerOrder, CustomerSort, queries
from waypost.domains.customers.store import hits
from waypost.kit.dear_reads import DearReads
from waypost.kit.paging import PageRequest

FEW = hits.BOUNDS
WALKED = hits.Bounds(most_sorted=1)
SORTED = hits.Bounds(most_sorted=1, walked=1)


async def pages(bench: Bench, query: str, sort: CustomerSort, bounds: hits.Bounds, *, descending: bool) -> list[int]:
    filters = CustomerFilters(query=query)
    ids: list[int] = []
    async with bench.transactions.read() as tx:
        searched = queries._searched(filters, tx.now, is_ranked=sort is CustomerSort.RELEVANCE)
        assert searched is not None
        for number in range(1, 9):
            items, total = await hits.list_page(
                *(tx.connection, bench.scope, filters, CustomerOrder(sort, descending=descending)),
                *(PageRequest(number, 3), searched, DearReads(), bounds),
            )
            ids += [item.id for item in items]
            if not items:
                break
    assert total == len(ids)
    return ids


@pytest.mark.parametrize("sort", list(CustomerSort))
async def test_pages_are_the_same_however_they_are_found(bench: Bench, sort: CustomerSort) -> None:
    made = [
        await bench.customer(
            f"{number}@{('a', 'b')[number % 2]}.example", first_name="Same", last_name=f"L{number % 3}"
        )
        for number in range(14)
    ]
    async with bench.transactions.open() as tx:
        await customers.delete(tx, bench.actor, made[3].id)
    for query, number in (("same", 13), ("emailDomain:a.example", 7), ("same -lastName:L1", 8), ("id:[1 TO *]", 13)):
        for descending in (True, False):
            few = await pages(bench, query, sort, FEW, descending=descending)
            assert len(few) == number, query
            assert await pages(bench, query, sort, WALKED, descending=descending) == few
            assert await pages(bench, query, sort, SORTED, descending=descending) == few
