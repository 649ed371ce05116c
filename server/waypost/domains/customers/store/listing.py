"""Lists of customers: pages by number, pages by cursor, and exact totals.

A page's ids are found first, by a range scan of the index that holds the list's order; then the rows of just that page
are read, with everything that hangs on them, in the same statement. Pages deep in a list cost index entries, not rows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec

from waypost.domains.accounts import Scope
from waypost.domains.customers.models import (
    CursorPosition,
    Customer,
    CustomerFilters,
    CustomerOrder,
    CustomerSort,
)
from waypost.domains.customers.store.people import COLUMNS, JOINS, customer_of
from waypost.kit.db import Connection
from waypost.kit.dear_reads import DearReads
from waypost.kit.paging import PageRequest
from waypost.kit.search_query import SqlCondition
from waypost.kit.text import clean_text

#: Part of a search in SQL, its arguments numbered after as many as there are. Calls the customer's row `customer`.
Compiled: TypeAlias = Callable[[int], SqlCondition]


class Searched(msgspec.Struct, frozen=True):
    """What holds for the hits of a query, and how good a hit is where that orders the list."""

    condition: Compiled
    #: The same asked of each customer, and of the documents, if these alone tell who matches.
    each: Compiled
    here: Compiled | None = None
    score: Compiled | None = None


KEYS = {
    CustomerSort.CREATED: "customer.created_at",
    CustomerSort.UPDATED: "customer.updated_at",
    CustomerSort.FIRST_NAME: "lower(customer.first_name)",
    CustomerSort.LAST_NAME: "lower(customer.last_name)",
    CustomerSort.RELEVANCE: "customer.created_at",
}
_KEPT_TOTAL = """
select coalesce((select n from customer_tally where account_id = $1), 0)
     + coalesce((select sum(n) from customer_tally_delta where account_id = $1), 0)
"""
_KEPT_MEMBERS = """
select (coalesce((select customers from organization_tally
                   where account_id = $1 and organization_id = $2 and mailbox_id = 0), 0)
      + coalesce((select sum(customers) from organization_tally_delta
                   where account_id = $1 and organization_id = $2), 0))::bigint
"""


class Selection:
    """The conditions of a list and their arguments, $1 being the account."""

    def __init__(self, scope: Scope, filters: CustomerFilters, searched: Searched | None) -> None:
        self.arguments: list[Any] = [scope.account_id]
        self.clauses = ["customer.account_id = $1", "customer.state = 'active'"]
        self.is_everything = searched is None and filters == CustomerFilters()
        #: The list is that of an organization's members and nothing else, whose number is kept.
        self.members_of = filters.organization_id
        if searched is not None or filters != CustomerFilters(organization_id=filters.organization_id):
            self.members_of = None
        if searched is not None:
            self.clauses.append(f"({self.put(searched.condition)})")
        self._add_filters(filters)

    def bind(self, value: Any) -> str:
        """The placeholder of one more argument."""
        self.arguments.append(value)
        return f"${len(self.arguments)}"

    def put(self, compiled: Compiled) -> str:
        """The text of a part of a search, its arguments bound."""
        part = compiled(len(self.arguments))
        self.arguments.extend(part.arguments)
        return part.sql

    @property
    def where(self) -> str:
        """All conditions."""
        return " and ".join(self.clauses)

    def _add_filters(self, filters: CustomerFilters) -> None:
        if filters.organization_id is not None:
            self.clauses.append(f"customer.organization_id = {self.bind(filters.organization_id)}")
        if filters.first_name is not None:
            self.clauses.append(f"lower(customer.first_name) = lower({self.bind(clean_text(filters.first_name))})")
        if filters.last_name is not None:
            self.clauses.append(f"lower(customer.last_name) = lower({self.bind(clean_text(filters.last_name))})")
        if filters.created_since is not None:
            self.clauses.append(f"customer.created_at >= {self.bind(filters.created_since)}")
        if filters.updated_since is not None:
            self.clauses.append(f"customer.updated_at >= {self.bind(filters.updated_since)}")
        if filters.email is not None:
            self.clauses.append(
                "customer.id = (select entry.customer_id from customer_entry entry where entry.account_id = $1"
                f" and entry.kind = 'email' and lower(entry.value) = lower({self.bind(clean_text(filters.email))}))"
            )
        if filters.mailbox_id is not None:
            self.clauses.append(
                "exists (select 1 from conversation where conversation.account_id = $1"
                " and conversation.primary_customer_id = customer.id and conversation.state = 'published'"
                f" and conversation.mailbox_id = {self.bind(filters.mailbox_id)})"
            )


async def list_page(
    connection: Connection,
    scope: Scope,
    filters: CustomerFilters,
    order: CustomerOrder,
    request: PageRequest,
    searched: Searched | None,
    dear_reads: DearReads | None = None,
) -> tuple[list[Customer], int]:
    """One page and the exact number of customers in the whole list. Two statements.

    A total that was dear to count is taken from `dear_reads`.
    """
    selection = Selection(scope, filters, searched)
    if dear_reads is None:
        total = await _total(connection, selection)
    else:
        key = (selection.where, *map(repr, selection.arguments))
        total = await dear_reads.total(key, lambda: _total(connection, selection))
    if total <= request.offset:
        return [], total
    return await page(connection, scope, filters, order, request, searched), total


async def page(
    connection: Connection,
    scope: Scope,
    filters: CustomerFilters,
    order: CustomerOrder,
    request: PageRequest,
    searched: Searched | None,
) -> list[Customer]:
    """The customers of one page."""
    selection = Selection(scope, filters, searched)
    place = selection.put(searched.score) if searched and searched.score else KEYS[order.by]
    direction = "desc" if order.descending else "asc"
    paging = f"limit {selection.bind(request.size)} offset {selection.bind(request.offset)}"
    rows = await connection.fetch(page_sql(selection, scope, place, direction, paging), *selection.arguments)
    return [customer_of(row) for row in rows]


async def list_after(
    connection: Connection,
    scope: Scope,
    filters: CustomerFilters,
    after: CursorPosition | None,
    size: int,
    searched: Searched | None,
) -> list[Customer]:
    """The newest customers below a position, at most `size`."""
    selection = Selection(scope, filters, searched)
    if after is not None:
        position = f"({selection.bind(after.created_at)}, {selection.bind(after.id)})"
        selection.clauses.append(f"(customer.created_at, customer.id) < {position}")
    paging = f"limit {selection.bind(size)}"
    statement = page_sql(selection, scope, KEYS[CustomerSort.CREATED], "desc", paging)
    rows = await connection.fetch(statement, *selection.arguments)
    return [customer_of(row) for row in rows]


def page_sql(selection: Selection, scope: Scope, key: str, direction: str, paging: str) -> str:
    columns = COLUMNS.format(mailboxes=selection.bind(scope.mailbox_ids))
    return f"""
    with page as materialized (
      select customer.id, {key} as place from customer where {selection.where}
      order by {key} {direction}, customer.id {direction} {paging})
    select {columns} from page join customer on customer.account_id = $1 and customer.id = page.id {JOINS}
    order by page.place {direction}, page.id {direction}
    """


async def _total(connection: Connection, selection: Selection) -> int:
    statement = _KEPT_TOTAL
    if selection.members_of is not None:
        statement = _KEPT_MEMBERS
    elif not selection.is_everything:
        statement = f"select count(*) from customer where {selection.where}"
    total: int = await connection.fetchval(statement, *selection.arguments)
    return total
