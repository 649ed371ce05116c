"""Every statement of the product is prepared against the real schema, so that a typo cannot ship."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from itertools import product

import asyncpg
import pytest

import waypost
from waypost.domains.conversations import Filter, Sort, Status, listing, store
from waypost.kit.paging import PageRequest

STATEMENT = re.compile(r"\s*(select|insert|update|delete|with|merge)\s", re.IGNORECASE)
pytestmark = [pytest.mark.anyio, pytest.mark.database]


def modules() -> Iterator[str]:
    for module in pkgutil.walk_packages(waypost.__path__, "waypost."):
        if ".migrations" not in module.name and not module.name.endswith("__main__"):
            yield module.name


def statements() -> dict[str, str]:
    """Constants that hold SQL, by where they stand; the beginnings that longer ones are made from are left to those."""
    found = {}
    for name in modules():
        constants = {
            attribute: value
            for attribute, value in vars(importlib.import_module(name)).items()
            if isinstance(value, str) and attribute.lstrip("_").isupper() and STATEMENT.match(value)
        }
        for attribute, value in constants.items():
            if not any(value in other and value != other for other in constants.values()):
                found[f"{name}.{attribute}"] = value
    return found


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
