"""How much the statements of readers read, when the database knows nothing about what they read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.desk import Desk
from tests.edges.docs_v1.shelf import build
from waypost.domains.docs import store_reading

pytestmark = [pytest.mark.anyio, pytest.mark.database]
ARTICLES, CATEGORIES = 300, 10
FILL = """
with made as (
  insert into docs_article (account_id, id, site_id, collection_id, number, slug, status, name, source, text, plain,
    created_at, updated_at)
  select $1, lpad(to_hex(n), 24, '0'), $2, $3, 1000 + n, 'a', 'published', 'Article ' || n, 'Text', 'Text', 'Text',
    now(), now()
  from generate_series(1, $5::int) n returning id, number)
insert into docs_article_category (account_id, category_id, article_id, position)
select $1, ($4::text[])[1 + number % cardinality($4::text[])], id, number from made
"""


async def test_an_article_costs_a_few_look_ups_by_key_before_anything_is_known_of_the_tables(desk: Desk) -> None:
    shelf = await build(desk)
    shelf_id = shelf.collection["id"]
    made = [
        await shelf.post("/v1/categories", {"collectionId": shelf_id, "name": f"C{number}"}, "category")
        for number in range(CATEGORIES)
    ]
    audience = (shelf.account.id, shelf.site["id"], False)
    category = made[1]["id"]
    in_category = ARTICLES // CATEGORIES
    cases: list[tuple[str, tuple[Any, ...], int]] = [
        (store_reading.COLLECTIONS, (), ARTICLES),
        (store_reading.CATEGORIES, (shelf_id,), ARTICLES),
        (store_reading.CATEGORY, (made[1]["number"],), in_category),
        (store_reading.CATEGORIES_OF_ARTICLE, (f"{1:024x}",), in_category),
        (store_reading.POPULAR, (5,), ARTICLES),
        (store_reading.articles_sql("popularity"), (category, 50, 0), in_category),
        (store_reading.neighbours_sql("name"), (category, f"{1:024x}"), in_category),
    ]
    async with desk.connection() as connection:
        ids = [one["id"] for one in made]
        await connection.execute(FILL, *audience[:2], shelf_id, ids, ARTICLES)
        for statement, values, articles in cases:
            explained = await connection.fetchval(
                f"explain (analyze, buffers, format json) {statement}", *audience, *values
            )
            plan = json.loads(explained)[0]["Plan"]
            pages = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
            assert pages < 100 + 25 * articles, (statement, pages, explained)
