"""Random queries find in PostgreSQL what the plain Python model finds. `search_fuzz.py` runs many more of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, seed, settings

from tests.domains import search_queries as queries
from tests.domains.search_desk import SearchDesk, opened

EXAMPLES = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def desk(module_database_url: str) -> Iterator[SearchDesk]:
    with opened(module_database_url) as desk:
        queries.fill(desk)
        yield desk


@seed(12)
@EXAMPLES
@given(query=queries.conversation_queries)
def test_conversations(desk: SearchDesk, query: str) -> None:
    queries.check_conversations(desk, query)


@seed(12)
@EXAMPLES
@given(query=queries.customer_queries)
def test_customers(desk: SearchDesk, query: str) -> None:
    queries.check_customers(desk, query)


@seed(12)
@EXAMPLES
@given(query=queries.noise)
def test_noise_is_found_refused_or_matches_nothing_but_never_fails(desk: SearchDesk, query: str) -> None:
    queries.check_noise(desk, query)
