"""Attack 8: names in a query that mean something to the language behind it (`?__proto__[x]=1`), or too many of them."""

from __future__ import annotations

import pytest

from tests.desk import Desk
from tests.edges.docs_site.center import Center, open_center, path_of

pytestmark = pytest.mark.anyio

QUERIES = [
    "__proto__[x]=1", "__proto__.x=1", "constructor[prototype][x]=1", "constructor.prototype.x=1", "__class__=1",
    "page[__proto__]=1", "sort[__proto__][x]=1", "query[__proto__]=x", "page=1&page=2&page[]=3", "page=__proto__",
    "sort=__proto__", "sort=constructor", "sort=__class__", "page=-1", "page=99999999999999999999", "page=0x10",
    "page=%00",
    "a=1&" * 500, "[]=1", "=1", "&&&", "%", "%ff%fe=%ff", "a[" * 200 + "b=1",
]  # fmt: skip


@pytest.fixture(scope="module")
async def filled(module_desk: Desk) -> Center:
    center = await open_center(module_desk)
    for name in ("Refunds", "Returns"):
        await center.article(name, status="published", categories=[center.category["id"]])
    return center


@pytest.mark.parametrize("query", QUERIES)
async def test_odd_queries_change_nothing_and_break_nothing(filled: Center, query: str) -> None:
    article = (await filled.get(f"/v1/collections/{filled.collection['id']}/articles"))["articles"]["items"][0]
    for path in (
        "/",
        *map(path_of, (filled.collection, filled.category, article)),
        "/nowhere",
        "/search",
        "/favicon.ico",
    ):
        plain = await filled.visitor.get(path)
        odd = await filled.visitor.get(f"{path}?{query}")
        assert odd.status_code < 500, (path, query)
        if path != "/search":
            assert odd.status_code == plain.status_code, (path, query)
    assert (await filled.visitor.get("/")).status_code == 200


async def test_the_pages_own_script_takes_nothing_from_the_address(filled: Center) -> None:
    for path in ("/?__proto__[x]=1", f"{path_of(filled.category)}?sort=__proto__"):
        text = await filled.page(path)
        assert "__proto__" not in text
