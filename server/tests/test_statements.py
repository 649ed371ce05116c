"""Every statement of the product is prepared against the real schema, so that a typo cannot ship."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from itertools import product
from types import ModuleType

import asyncpg
import pytest

import waypost
from waypost.domains.conversations import Filter, Sort, Status, listing, store
from waypost.domains.customers import OrganizationOrder, OrganizationSort
from waypost.domains.customers.organizations import listing as organization_listing
from waypost.domains.customers.store.properties import CUSTOMER_TABLES, ORGANIZATION_TABLES
from waypost.domains.docs import listing as docs_listing
from waypost.domains.docs import store_categories, store_collections, store_search
from waypost.kit.paging import PageRequest

STATEMENT = re.compile(r"\s*(select|insert|update|delete|with|merge)\s", re.IGNORECASE)
SENDERS = {"fetch", "fetchrow", "fetchval", "execute", "executemany", "prepare", "cursor"}
pytestmark = [pytest.mark.anyio, pytest.mark.database]


def modules() -> Iterator[str]:
    for module in pkgutil.walk_packages(waypost.__path__, "waypost."):
        if ".migrations" not in module.name and not module.name.endswith("__main__"):
            yield module.name


def statements() -> dict[str, str]:
    """Every statement, by where it stands: constants that hold SQL, and what is given to the driver in place."""
    found = {}
    for name in modules():
        module = importlib.import_module(name)
        constants = {
            attribute: value
            for attribute, value in vars(module).items()
            if isinstance(value, str) and attribute.lstrip("_").isupper() and STATEMENT.match(value)
        }
        # The beginnings that longer ones are made from are left to those.
        for attribute, value in constants.items():
            if not any(value in other and value != other for other in constants.values()):
                found[f"{name}.{attribute}"] = value
        for line, value in in_place(module):
            found[f"{name}:{line}"] = value
    return found


def in_place(module: ModuleType) -> Iterator[tuple[int, str]]:
    """(line, text) of statements that are written or put together where they are sent."""
    source = inspect.getsource(module)
    if "connection" not in source:
        return
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in SENDERS
            and node.args
        ):
            try:
                value = eval(compile(ast.Expression(node.args[0]), "<statement>", "eval"), vars(module))
            except NameError:
                continue
            if isinstance(value, str) and STATEMENT.match(value):
                yield node.lineno, value


async def test_every_statement_prepares(module_database_url: str) -> None:
    connection = await asyncpg.connect(module_database_url)
    refused = {}
    known = statements()
    for place, statement in known.items():
        try:
            await connection.prepare(statement)
        except asyncpg.PostgresError as error:
            refused[place] = str(error)
    await connection.close()
    assert not refused
    assert len(known) > 100


def list_shapes() -> Iterator[listing.Query]:
    filters = [
        Filter(statuses=(Status.ACTIVE,)),
        Filter(),
        Filter(statuses=(Status.ACTIVE, Status.PENDING), assignee_id=0),
        Filter(statuses=(Status.CLOSED,), assignee_id=5, is_assigned=True),
        Filter(drafts_only=True),
        Filter(tags=["a"], number=5, customer_id=7, organization_id=8),
    ]
    for wanted, mailboxes, sort, descending in product(filters, [None, [], [1, 2]], Sort, [True, False]):
        yield listing.Query(
            account_id=1,
            user_id=2,
            filter=wanted,
            mailbox_ids=mailboxes,
            sort=sort,
            descending=descending,
            page=PageRequest(1, 25),
        )


async def test_every_shape_of_list_prepares(module_database_url: str) -> None:
    connection = await asyncpg.connect(module_database_url)
    refused = {}
    for query in list_shapes():
        built = listing.build(query)
        try:
            await connection.prepare(store.page_sql(built))
        except asyncpg.PostgresError as error:
            refused[repr(query)] = str(error)
    await connection.close()
    assert not refused


async def test_every_shape_of_statement_of_the_knowledge_base_prepares(module_database_url: str) -> None:
    wanted = [
        make(is_public=is_public)
        for make in (
            store_search.find_sql,
            store_search.count_sql,
            store_search.everything_sql,
            store_search.similar_sql,
        )
        for is_public in (True, False)
    ]
    for descending in (True, False):
        wanted += [
            docs_listing.list_sql(parent, sort, descending=descending)
            for parent, sort in product(docs_listing._FROM, docs_listing._SORTS)
        ]
        wanted += [store_categories.list_sql(sort, descending=descending) for sort in store_categories._SORTS]
        wanted += [store_collections.list_sql(sort, descending=descending) for sort in store_collections._SORTS]
    wanted += [docs_listing.count_sql(parent) for parent in docs_listing._FROM]
    connection = await asyncpg.connect(module_database_url)
    for statement in wanted:
        await connection.prepare(statement)
    await connection.close()


async def test_every_shape_of_customer_and_organization_statement_prepares(module_database_url: str) -> None:
    tables = (CUSTOMER_TABLES, ORGANIZATION_TABLES)
    wanted = [statement for kind in tables for statement in kind.statements.values()]
    for by, descending, sees_all in product(OrganizationSort, [True, False], [True, False]):
        wanted.append(organization_listing.statement(OrganizationOrder(by, descending), sees_all=sees_all))
    connection = await asyncpg.connect(module_database_url)
    for statement in wanted:
        await connection.prepare(statement)
    await connection.close()
