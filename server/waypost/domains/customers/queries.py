"""Reading customers: one, many by id, lists, and what hangs on one of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec.structs import replace

from waypost.domains.accounts import Scope
from waypost.domains.customers import search
from waypost.domains.customers.models import (
    Address,
    CursorPage,
    CursorPosition,
    Customer,
    CustomerBrief,
    CustomerFilters,
    CustomerOrder,
    CustomerSort,
    Entry,
    EntryKind,
    PropertyDefinition,
)
from waypost.domains.customers.store import hits, listing, merging, people
from waypost.domains.customers.store.listing import Searched
from waypost.domains.customers.store.properties import CUSTOMER_TABLES
from waypost.kit.db import Connection
from waypost.kit.errors import Moved, NotFound
from waypost.kit.paging import Page, PageRequest
from waypost.kit.search_query import SqlCondition, parse
from waypost.kit.tx import Tx


async def get(tx: Tx, scope: Scope, customer_id: int) -> Customer:
    """A customer. Raises Moved for one that was merged into another, NotFound for one deleted or not there."""
    found = await people.find(tx.connection, scope, customer_id)
    if found is None:
        raise NotFound
    standing, customer = found
    if standing.state == "merged":
        survivor = await current_id(tx, scope.account_id, customer_id)
        raise Moved(survivor) if survivor is not None else NotFound()
    if standing.state != "active":
        raise NotFound
    return customer


async def version(
    tx: Tx, scope: Scope, customer_id: int, *, hold: bool = False, for_deletion: bool = False
) -> int | None:
    """How often a customer has changed, None where there is none; with `hold` it stays so until the end of `tx`."""
    return await people.version(tx.connection, scope.account_id, customer_id, hold=hold, for_deletion=for_deletion)


async def current_id(tx: Tx, account_id: int, customer_id: int) -> int | None:
    """The id of a customer, or of the one that it was merged into; None when neither is there any more."""
    return await merging.current(tx.connection, account_id, customer_id)


async def load(tx: Tx, account_id: int, ids: list[int]) -> dict[int, Customer]:
    """Customers for the desk itself (webhooks); those deleted or merged are left out."""
    found = await people.load(tx.connection, account_id, ids) if ids else []
    return {customer.id: customer for customer in found}


async def find_by_email(tx: Tx, scope: Scope, email: str) -> Customer | None:
    """The customer with that address, whatever its case."""
    return await people.find_by_email(tx.connection, scope, email.strip())


async def load_people(connection: Connection, account_id: int, ids: Iterable[int]) -> dict[int, CustomerBrief]:
    """The persons behind ids, in one statement; deleted ones without a name. Unknown ids are left out."""
    wanted = set(ids)
    return await people.load_briefs(connection, account_id, wanted) if wanted else {}


async def list_customers(
    tx: Tx, scope: Scope, filters: CustomerFilters, order: CustomerOrder, request: PageRequest
) -> Page[Customer]:
    """One page with the exact total. Raises BadParameter for a query that cannot be read."""
    searched = _searched(filters, tx.now, is_ranked=order.by is CustomerSort.RELEVANCE)
    if not _is_visible(scope, filters):
        return Page([], 0, request)
    if searched is None:
        items, total = await listing.list_page(tx.connection, scope, filters, order, request, None)
        return Page(items, total, request)
    async with tx.dear_reads.bounded(tx.connection):
        items, total = await hits.list_page(tx.connection, scope, filters, order, request, searched, tx.dear_reads)
    return Page(items, total, request)


async def list_by_cursor(
    tx: Tx, scope: Scope, filters: CustomerFilters, after: CursorPosition | None, size: int
) -> CursorPage:
    """The customers made before `after` (or the newest), newest first, without a total (spec: 8.2)."""
    searched = _searched(filters, tx.now)
    if not _is_visible(scope, filters):
        return CursorPage([], None)
    if searched is None:
        found = await listing.list_after(tx.connection, scope, filters, after, size + 1, None)
    else:
        async with tx.dear_reads.bounded(tx.connection):
            found = await listing.list_after(tx.connection, scope, filters, after, size + 1, searched)
    items = found[:size]
    follows = len(found) > size
    return CursorPage(items, CursorPosition(items[-1].created_at, items[-1].id) if follows else None)


async def list_entries(tx: Tx, scope: Scope, customer_id: int, kind: EntryKind) -> list[Entry]:
    """One collection of a customer, oldest first."""
    return (await get(tx, scope, customer_id)).of_kind(kind)


async def get_entry(tx: Tx, scope: Scope, customer_id: int, kind: EntryKind, entry_id: int) -> Entry:
    """One entry of a customer."""
    for entry in await list_entries(tx, scope, customer_id, kind):
        if entry.id == entry_id:
            return entry
    raise NotFound


async def get_address(tx: Tx, scope: Scope, customer_id: int) -> Address:
    """A customer's address. Raises NotFound when there is none."""
    address = (await get(tx, scope, customer_id)).address
    if address is None:
        raise NotFound
    return address


async def list_property_definitions(tx: Tx, scope: Scope) -> list[PropertyDefinition]:
    """All properties that the account keeps about its customers."""
    return await CUSTOMER_TABLES.list_definitions(tx.connection, scope.account_id)


async def get_property_definition(tx: Tx, scope: Scope, slug: str) -> PropertyDefinition:
    """One of them. Raises NotFound."""
    definition = await CUSTOMER_TABLES.find_definition(tx.connection, scope.account_id, slug)
    if definition is None:
        raise NotFound
    return definition


def _is_visible(scope: Scope, filters: CustomerFilters) -> bool:
    """A mailbox that the caller cannot see contributes nothing."""
    mailbox_id = filters.mailbox_id
    return mailbox_id is None or scope.mailbox_ids is None or mailbox_id in scope.mailbox_ids


def _searched(filters: CustomerFilters, now: datetime, *, is_ranked: bool = False) -> Searched | None:
    if filters.query is None or not filters.query.strip():
        return None
    node = parse(filters.query)

    def condition(offset: int) -> SqlCondition:
        return search.compile(node, offset, now)

    def each(offset: int) -> SqlCondition:
        return search.compile(node, offset, now, "each")

    def here(offset: int) -> SqlCondition:
        return search.compile(node, offset, now, "here")

    def score(offset: int) -> SqlCondition:
        return search.score(node, offset, now)

    # Only hits of words differ in how good they are; without any the score is a constant, which orders nothing.
    has_words = is_ranked and score(0).sql != "0"
    condition(0)
    is_told = replace(filters, query=None) == CustomerFilters() and search.is_told(node)
    return Searched(condition, each, here if is_told else None, score if has_words else None)
