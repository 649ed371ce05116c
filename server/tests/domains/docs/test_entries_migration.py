"""A database that was filled when the words of articles lay beside their texts finds them as one that was not."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from waypost.domains import docs
from waypost.domains.docs import SearchScope
from waypost.kit import migrations
from waypost.kit.db import open_pool
from waypost.kit.paging import PageRequest
from waypost.kit.tx import Transactions

pytestmark = pytest.mark.anyio
STEP = next(name for name in migrations.steps() if name.endswith("_docs_entries"))
FILL = """
insert into account (name) values ('acme');
insert into docs_site (account_id, id, sub_domain, language, created_at, updated_at)
  select id, 'site', 'help', 'english', now(), now() from account;
insert into docs_collection (account_id, id, site_id, number, slug, visibility, position, name, created_at, updated_at)
  select id, v, 'site', 900 + length(v), 'c', v, 1, v, now(), now() from account, unnest(array['public', 'private']) v;
insert into docs_category (account_id, id, collection_id, number, slug, position, name, created_at, updated_at)
  select account_id, 'in ' || id, id, 950 + length(id), 'c', 1, 'Basics', now(), now() from docs_collection;
insert into docs_article (account_id, id, site_id, collection_id, number, slug, status, name, source, text, plain,
    title_words, all_words, vocabulary, created_at, updated_at)
  select a.id, 'article ' || n, 'site', case when n % 4 = 0 then 'private' else 'public' end, n, 'a',
    case when n % 5 = 0 then 'notpublished' else 'published' end, 'Lantern ' || n, t, t, t,
    setweight(to_tsvector('english', 'Lantern ' || n) || to_tsvector('simple', 'Lantern ' || n), 'A'),
    setweight(to_tsvector('english', 'Lantern ' || n) || to_tsvector('simple', 'Lantern ' || n), 'A')
      || to_tsvector('english', t) || array_to_tsvector(array['@' || a.id]),
    case when n % 5 = 0 then '{}' else array['lantern', 'shelves'] end, now(), now()
  from account a, generate_series(1, 40) n,
    lateral (select repeat('shelves hold lamps, ', case when n = 7 then 9 else 1 end) as t) x;
insert into docs_article_category (account_id, category_id, article_id, position)
  select account_id, 'in ' || collection_id, id, 1 from docs_article;
insert into docs_views (account_id, site_id, article_id, total)
  select account_id, site_id, id, 5 from docs_article where number = 9;
insert into docs_word (account_id, site_id, word, articles, traces)
  select id, 'site', w, 32, array[w, replace(w, 'e', '')] from account, unnest(array['lantern', 'shelves']) w;
"""


async def test_articles_that_are_there_already_are_found(empty_database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "before"
    folder.mkdir()
    for name in migrations.steps():
        if name < STEP:
            for path in migrations.STEPS.glob(f"{name}.*"):
                shutil.copy(path, folder)
    await migrations.upgrade(empty_database_url, folder)
    connection = await asyncpg.connect(empty_database_url)
    await connection.execute(FILL)
    account_id = await connection.fetchval("select id from account")

    assert STEP in await migrations.upgrade(empty_database_url)

    everyone = SearchScope(account_id=account_id, site_id="site")
    visitor = SearchScope(account_id=account_id, site_id="site", is_public=True)
    async with await open_pool(empty_database_url, max_size=2) as pool:
        transactions = Transactions(pool, lambda: datetime(2026, 1, 1, tzinfo=UTC))
        async with transactions.read() as tx:
            lamps = await docs.search(tx, "lamp", everyone, PageRequest(1, 50))
            shown = await docs.search(tx, "lanterns", visitor, PageRequest(1, 50))
            corrected = await docs.search(tx, "lanter", visitor, PageRequest(1, 50))
            mistaken = await docs.search(tx, "lantrn", visitor, PageRequest(1, 50))
    assert lamps.total == 40
    # What the text says often comes first, then what was viewed.
    assert [hit.number for hit in lamps.items][:3] == [7, 9, 1]
    assert {hit.number for hit in shown.items} == {n for n in range(1, 41) if n % 4 and n % 5}
    assert (corrected.total, mistaken.total, mistaken.corrected) == (24, 24, "lantern")
    await connection.close()
