"""Lists of customers that a search narrows: few hits are found at once, then sorted; many are counted by the index of
the search documents, and the page is found by walking the list.
"""

from __future__ import annotations

import msgspec

from waypost.domains.accounts import Scope
from waypost.domains.customers.models import Customer, CustomerFilters, CustomerOrder
from waypost.domains.customers.store import listing
from waypost.domains.customers.store.listing import KEYS, Searched, Selection
from waypost.domains.customers.store.people import COLUMNS, JOINS, customer_of
from waypost.kit.db import Connection
from waypost.kit.dear_reads import DearReads
from waypost.kit.paging import PageRequest


class Bounds(msgspec.Struct, frozen=True):
    """How much a search may look at for one page."""

    #: So many hits are found and sorted at once; of more, the page is found by walking the list.
    most_sorted: int = 5_000
    #: So many customers of the list are looked at for a page.
    walked: int = 3_000


BOUNDS = Bounds()
_DOCUMENTS = "(select s.customer_id as id, s.account_id, s.document from customer_search s) customer"


async def list_page(
    connection: Connection,
    scope: Scope,
    filters: CustomerFilters,
    order: CustomerOrder,
    request: PageRequest,
    searched: Searched,
    dear_reads: DearReads,
    bounds: Bounds = BOUNDS,
) -> tuple[list[Customer], int]:
    """One page of the hits, and how many there are."""
    if searched.here is None:
        return await listing.list_page(connection, scope, filters, order, request, searched, dear_reads)
    selection, count = _count(scope, searched)
    key = (count, *map(repr, selection.arguments))
    total = dear_reads.known_total(key)
    if total is None:
        few = Selection(scope, CustomerFilters(), None)
        rows = await connection.fetch(_few(few, scope, order, request, searched, bounds), *few.arguments)
        if rows[0]["found"] <= bounds.most_sorted:
            return [customer_of(row) for row in rows if row["id"] is not None], rows[0]["total"]
        total = await dear_reads.total(key, lambda: connection.fetchval(count, *selection.arguments))
    if searched.score is None and request.offset + request.size <= bounds.walked:
        walk = Selection(scope, CustomerFilters(), None)
        rows = await connection.fetch(_walk(walk, scope, order, request, searched, bounds), *walk.arguments)
        if len(rows) == request.size:
            return [customer_of(row) for row in rows], total
    return await listing.page(connection, scope, filters, order, request, searched), total


def _few(
    selection: Selection, scope: Scope, order: CustomerOrder, request: PageRequest, searched: Searched, bounds: Bounds
) -> str:
    assert searched.here is not None
    direction = "desc" if order.descending else "asc"
    key = selection.put(searched.score) if searched.score else KEYS[order.by]
    return f"""
    with found as materialized (
      select customer.id from {_DOCUMENTS} where customer.account_id = $1 and {selection.put(searched.here)}
      limit {selection.bind(bounds.most_sorted + 1)}),
    hits as materialized (
      select f.id, r.place from found f cross join lateral (
        select {key} as place from customer where {selection.where} and customer.id = f.id offset 0) r),
    page as materialized (
      select id, place from hits order by place {direction}, id {direction}
      limit {selection.bind(request.size)} offset {selection.bind(request.offset)})
    select (select count(*) from found) as found, (select count(*) from hits) as total, listed.* from (select 1) one
    left join (
      select {COLUMNS.format(mailboxes=selection.bind(scope.mailbox_ids))}, page.place
      from page join customer on customer.account_id = $1 and customer.id = page.id {JOINS}) listed on true
    order by listed.place {direction}, listed.id {direction}
    """


def _count(scope: Scope, searched: Searched) -> tuple[Selection, str]:
    """Hits among all documents, less the few of customers that are deleted or merged."""
    assert searched.here is not None
    selection = Selection(scope, CustomerFilters(), None)
    return selection, (
        f"select (select count(*) from {_DOCUMENTS} where customer.account_id = $1 and {selection.put(searched.here)}) "
        "- (select count(*) from customer where customer.account_id = $1 and customer.state <> 'active' "
        f"and {selection.put(searched.each)})"
    )


def _walk(
    selection: Selection, scope: Scope, order: CustomerOrder, request: PageRequest, searched: Searched, bounds: Bounds
) -> str:
    direction = "desc" if order.descending else "asc"
    key = KEYS[order.by]
    return f"""
    with page as materialized (
      select w.id, w.place from (
        select customer.id, {key} as place from customer where {selection.where}
        order by {key} {direction}, customer.id {direction} limit {selection.bind(bounds.walked)}) w
      where exists (select from customer where customer.account_id = $1 and customer.id = w.id
                    and {selection.put(searched.each)} offset 0)
      order by w.place {direction}, w.id {direction}
      limit {selection.bind(request.size)} offset {selection.bind(request.offset)})
    select {COLUMNS.format(mailboxes=selection.bind(scope.mailbox_ids))}
    from page join customer on customer.account_id = $1 and customer.id = page.id {JOINS}
    order by page.place {direction}, page.id {direction}
    """
