"""Keeping the index of articles and the vocabulary of sites true, in the transaction of the change."""

from __future__ import annotations

import asyncpg

from waypost.domains.docs import words
from waypost.kit.db import Connection
from waypost.kit.tx import Tx

BATCH = 200

INDEX = """
update docs_article a set
  title_words = made.title,
  all_words = made.title || to_tsvector($3::text::regconfig, $5) || array_to_tsvector(array['@' || $1::bigint]),
  vocabulary = $6
from (select setweight(to_tsvector($3::text::regconfig, $4) || to_tsvector('simple', $4), 'A') as title) made
where a.account_id = $1 and a.id = $2
"""
VOCABULARY = "select vocabulary from docs_article where account_id = $1 and id = $2"
LOST = """
with lost as (
  select word, count(*) as articles from docs_article a, unnest(a.vocabulary) as word
  where a.account_id = $1 and a.site_id = $2 and a.id = any($3::text[]) group by word)
update docs_word w set articles = w.articles - lost.articles
from lost where w.account_id = $1 and w.site_id = $2 and w.word = lost.word
"""
UNUSED = "delete from docs_word where account_id = $1 and site_id = $2 and articles <= 0"
REMOVE_WORDS = """
update docs_word set articles = articles - 1 where account_id = $1 and site_id = $2 and word = any($3::text[])
"""
ADD_WORDS = """
insert into docs_word (account_id, site_id, word, articles, traces)
select $1, $2, new.word, 1, string_to_array(new.traces, ' ') from unnest($3::text[], $4::text[]) as new (word, traces)
on conflict (account_id, site_id, word) do update set articles = docs_word.articles + 1
"""
BLANK = "update docs_article set vocabulary = '{}' where account_id = $1 and id = any($2::text[])"
NEXT = """
select id, name, keywords, plain, status from docs_article
where account_id = $1 and site_id = $2 and id > $3 order by id limit $4
"""


async def index(
    connection: Connection,
    account_id: int,
    site_id: str,
    article_id: str,
    content: tuple[str, list[str], str],
    language: str,
    *,
    is_published: bool,
) -> None:
    """Make the index of one article anew; `content` is name, keywords and plain text."""
    name, keywords, plain = content
    title, body = words.words_of(" ".join([name, *keywords])), words.words_of(plain)
    # What nobody can find must not show as a word that others mean.
    vocabulary = words.vocabulary_of([*title, *body]) if is_published else []
    before = set(await connection.fetchval(VOCABULARY, account_id, article_id) or ())
    await connection.execute(
        INDEX, account_id, article_id, language, words.document_of(title), words.document_of(body), vocabulary
    )
    new, gone = sorted(set(vocabulary) - before), sorted(before - set(vocabulary))
    if gone:
        await connection.execute(REMOVE_WORDS, account_id, site_id, gone)
        await connection.execute(UNUSED, account_id, site_id)
    if new:
        await connection.execute(
            ADD_WORDS, account_id, site_id, new, [" ".join(words.kept_traces_of(word)) for word in new]
        )


async def forget(tx: Tx, account_id: int, site_id: str, article_ids: list[str]) -> None:
    """Take the words of articles that are about to go, or to move to another site, out of the site's vocabulary."""
    if not article_ids:
        return
    await tx.connection.execute(LOST, account_id, site_id, article_ids)
    await tx.connection.execute(UNUSED, account_id, site_id)
    await tx.connection.execute(BLANK, account_id, article_ids)


async def index_site(tx: Tx, account_id: int, site_id: str, language: str) -> None:
    """Make the index of all articles of a site anew, for another language."""
    beyond = ""
    while rows := await tx.connection.fetch(NEXT, account_id, site_id, beyond, BATCH):
        for row in rows:
            await _index_row(tx.connection, account_id, site_id, row, language)
        beyond = rows[-1]["id"]


async def _index_row(connection: Connection, account_id: int, site_id: str, row: asyncpg.Record, language: str) -> None:
    content = (row["name"], list(row["keywords"]), row["plain"])
    is_published = row["status"] == "published"
    await index(connection, account_id, site_id, row["id"], content, language, is_published=is_published)
