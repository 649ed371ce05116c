"""A database that was filled before organizations were counted comes to the same numbers as one that was not."""

from __future__ import annotations

import shutil
from pathlib import Path

import asyncpg
import pytest

from tests.domains.customers.organizations.firms import COUNTED, KEPT
from waypost.kit import migrations

pytestmark = pytest.mark.anyio
STEP = next(name for name in migrations.steps() if name.endswith("_organizations"))
FILL = """
insert into account (name) values ('acme'), ('rival');
insert into mailbox (account_id, name, slug, email)
  select a.id, n, n, n || '@a.example' from account a, unnest(array['one', 'two']) n;
insert into organization (account_id, name, domains)
  select a.id, 'Firm ' || n, case n when 1 then array['Firm.example', 'firm.example', 'f.example'] else '{}' end
  from account a, generate_series(1, 3) n;
insert into customer (account_id, first_name, email, organization_id, state)
  select a.id, 'P' || n, 'p' || n || '@a.example',
         (select o.id from organization o where o.account_id = a.id order by o.id offset n % 4 limit 1),
         case when n = 9 then 'merged' else 'active' end
  from account a, generate_series(1, 20) n;
insert into conversation (account_id, number, mailbox_id, type, status, state, subject, primary_customer_id,
                          source_type, source_via, created_at, modified_at, user_updated_at)
  select k.account_id, row_number() over (partition by k.account_id), m.id, 'email', 'active',
         case k.id % 5 when 0 then 'deleted' when 1 then 'draft' else 'published' end, 'Help', k.id, 'api', 'user',
         now(), now() - k.id * interval '1 hour', now()
  from customer k join mailbox m on m.account_id = k.account_id where (k.id + m.id) % 3 <> 0;
"""


async def test_what_is_there_already_gets_its_numbers(empty_database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "before"
    folder.mkdir()
    for name in migrations.steps():
        if name < STEP:
            for path in migrations.STEPS.glob(f"{name}.*"):
                shutil.copy(path, folder)
    await migrations.upgrade(empty_database_url, folder)
    connection = await asyncpg.connect(empty_database_url)
    await connection.execute(FILL)

    assert STEP in await migrations.upgrade(empty_database_url)

    kept, counted = await connection.fetch(KEPT), await connection.fetch(COUNTED)
    assert [tuple(row.values()) for row in kept] == [tuple(row.values()) for row in counted]
    assert len({row["conversations"] for row in kept}) > 2
    totals = await connection.fetch("select n from organization_total")
    assert [row["n"] for row in totals] == [3, 3]
    domains = await connection.fetch("select domain from organization_domain order by account_id, domain")
    assert [row["domain"] for row in domains] == ["f.example", "firm.example"] * 2
    await connection.execute("insert into organization (account_id, name) select id, 'Late' from account")
    assert await connection.fetchval("select sum(n) from organization_total_delta") == 2
    await connection.close()
