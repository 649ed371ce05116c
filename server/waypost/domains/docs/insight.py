"""What is counted for reports: views, votes and searches, for each day in UTC. Counting changes nothing else, so it
leaves no events; who looked, voted or searched is not kept."""

from __future__ import annotations

from typing import Literal

from waypost.domains.docs.words import words_of
from waypost.kit.tx import Tx

QUERY_LENGTH = 200

ADD_VIEWS = """
insert into docs_views (account_id, site_id, article_id, total)
select $1, a.site_id, a.id, $3::bigint from docs_article a where a.account_id = $1 and a.id = $2
on conflict (account_id, article_id) do update set total = docs_views.total + excluded.total
"""
ADD_VIEWS_OF_DAY = """
insert into docs_views_day as d (account_id, site_id, day, article_id, views)
select $1, a.site_id, $4::date, a.id, $3::bigint from docs_article a where a.account_id = $1 and a.id = $2
on conflict (account_id, site_id, day, article_id) do update set views = d.views + excluded.views
"""
VOTE = """
insert into docs_votes_day as d (account_id, site_id, day, article_id, helpful, unhelpful)
select $1, a.site_id, $3::date, a.id, $4::int, 1 - $4::int from docs_article a where a.account_id = $1 and a.id = $2
on conflict (account_id, site_id, day, article_id) do update set
  helpful = d.helpful + excluded.helpful, unhelpful = d.unhelpful + excluded.unhelpful
returning 1
"""
SEARCHED = """
insert into docs_searches_day as d (account_id, site_id, day, query, searches, failed)
select $1, s.id, $3::date, $4, 1, $5::int from docs_site s where s.account_id = $1 and s.id = $2
on conflict (account_id, site_id, day, query) do update set
  searches = d.searches + 1, failed = d.failed + excluded.failed
"""


async def note_view(tx: Tx, account_id: int, article_id: str, count: int = 1) -> None:
    """Count views of an article that visitors see. One that is gone by now is passed over."""
    await tx.connection.execute(ADD_VIEWS, account_id, article_id, count)
    await tx.connection.execute(ADD_VIEWS_OF_DAY, account_id, article_id, count, tx.now.date())


async def note_search(tx: Tx, account_id: int, site_id: str, query: str, results: int) -> None:
    """Count a search of a site, and that it failed if there were no results."""
    text = " ".join(words_of(query))[:QUERY_LENGTH].strip()
    if text:
        await tx.connection.execute(SEARCHED, account_id, site_id, tx.now.date(), text, int(results == 0))


async def vote(tx: Tx, account_id: int, article_id: str, opinion: Literal["helpful", "unhelpful"]) -> bool:
    """Count a reader's opinion of an article; False if it is not there."""
    is_helpful = int(opinion == "helpful")
    counted = await tx.connection.fetchval(VOTE, account_id, article_id, tx.now.date(), is_helpful)
    return counted is not None
