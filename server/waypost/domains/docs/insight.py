"""What is counted for reports: views, votes and searches, for each day in UTC. Counting changes nothing else, so it
leaves no events; who looked, voted or searched is not kept. Of voters a digest is, by which each counts once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Literal

from waypost.domains.docs.words import words_of
from waypost.kit.tx import Tx

Opinion = Literal["helpful", "unhelpful"]

QUERY_LENGTH = 200
#: As long as browsers keep the cookie that a voter is told by.
VOTERS_KEPT = timedelta(days=365)
FORGOTTEN_AT_ONCE = 1000

ADD_VIEWS = """
insert into docs_views (account_id, site_id, article_id, total)
select $1, a.site_id, a.id, $3::bigint from docs_article a where a.account_id = $1 and a.id = $2
on conflict (account_id, article_id) do update set total = docs_views.total + excluded.total
returning total
"""
#: A row that somebody else is changing is passed over: readers never wait for writers, and the next view does it.
SET_POPULARITY = """
update docs_entry set popularity = docs_popularity($3::bigint) where (account_id, number) in (
  select e.account_id, e.number from docs_article a
  join docs_entry e on e.account_id = a.account_id and e.number = a.number
  where a.account_id = $1 and a.id = $2 and e.popularity <> docs_popularity($3::bigint) for update of e skip locked)
"""
ADD_VIEWS_OF_DAY = """
insert into docs_views_day as d (account_id, site_id, day, article_id, views)
select $1, a.site_id, $4::date, a.id, $3::bigint from docs_article a where a.account_id = $1 and a.id = $2
on conflict (account_id, site_id, day, article_id) do update set views = d.views + excluded.views
"""
VOTE = """
insert into docs_vote (account_id, article_id, voter, is_helpful, day)
select $1, a.id, $3, $4, $5::date from docs_article a where a.account_id = $1 and a.id = $2
on conflict do nothing
returning 1
"""
VOTED = """
select is_helpful, day from docs_vote where account_id = $1 and article_id = $2 and voter = $3 for update
"""
VOTE_AGAIN = """
update docs_vote set is_helpful = $4, day = $5::date where account_id = $1 and article_id = $2 and voter = $3
"""
COUNT_VOTE = """
insert into docs_votes_day as d (account_id, site_id, day, article_id, helpful, unhelpful)
select $1, a.site_id, $3::date, a.id, $4::int, $5::int from docs_article a where a.account_id = $1 and a.id = $2
on conflict (account_id, site_id, day, article_id) do update set
  helpful = d.helpful + excluded.helpful, unhelpful = d.unhelpful + excluded.unhelpful
"""
FORGET_VOTERS = """
delete from docs_vote
where ctid = any (array(select ctid from docs_vote where day < $1::date limit $2 for update skip locked))
"""
SEARCHED = """
insert into docs_searches_day as d (account_id, site_id, day, query, searches, failed)
select $1, s.id, $3::date, $4, 1, $5::int from docs_site s where s.account_id = $1 and s.id = $2
on conflict (account_id, site_id, day, query) do update set
  searches = d.searches + 1, failed = d.failed + excluded.failed
"""


async def note_view(tx: Tx, account_id: int, article_id: str, count: int = 1) -> None:
    """Count views of an article that visitors see. One that is gone by now is passed over."""
    total = await tx.connection.fetchval(ADD_VIEWS, account_id, article_id, count)
    if total is None:
        return
    await tx.connection.execute(SET_POPULARITY, account_id, article_id, total)
    await tx.connection.execute(ADD_VIEWS_OF_DAY, account_id, article_id, count, tx.now.date())


async def note_views(tx: Tx, account_id: int, views: Mapping[str, int]) -> None:
    """The same for several articles, by their ids: always in one order, so that two writers never wait in a ring."""
    for article_id in sorted(views):
        await note_view(tx, account_id, article_id, views[article_id])


async def note_search(tx: Tx, account_id: int, site_id: str, query: str, results: int) -> None:
    """Count a search of a site, and that it failed if there were no results."""
    text = " ".join(words_of(query))[:QUERY_LENGTH].strip()
    if text:
        await tx.connection.execute(SEARCHED, account_id, site_id, tx.now.date(), text, int(results == 0))


async def vote(tx: Tx, account_id: int, article_id: str, opinion: Opinion, voter: bytes) -> bool:
    """Count a reader's opinion of an article; False if it is not there.

    The same `voter` counts once: an opinion that has changed counts instead of the one before.
    """
    is_helpful, today = opinion == "helpful", tx.now.date()
    its_vote = (account_id, article_id, voter)
    if await tx.connection.fetchval(VOTE, *its_vote, is_helpful, today) is None:
        before = await tx.connection.fetchrow(VOTED, *its_vote)
        if before is None:
            return False
        if before["is_helpful"] == is_helpful:
            return True
        await tx.connection.execute(VOTE_AGAIN, *its_vote, is_helpful, today)
        await _count(tx, account_id, article_id, before["day"], before["is_helpful"], -1)
    await _count(tx, account_id, article_id, today, is_helpful, 1)
    return True


async def forget_voters(tx: Tx) -> int:
    """Forget a batch of those who voted so long ago that their browsers have forgotten it too; how many."""
    status: str = await tx.connection.execute(FORGET_VOTERS, tx.now.date() - VOTERS_KEPT, FORGOTTEN_AT_ONCE)
    return int(status.rpartition(" ")[2])


async def _count(tx: Tx, account_id: int, article_id: str, day: date, is_helpful: bool, by: int) -> None:
    helpful, unhelpful = (by, 0) if is_helpful else (0, by)
    await tx.connection.execute(COUNT_VOTE, account_id, article_id, day, helpful, unhelpful)
