"""Keeping the index of articles and the vocabulary of sites true, in the transaction of the change."""

from __future__ import annotations

import asyncpg

from waypost.domains.docs import words
from waypost.kit.db import Connection
from waypost.kit.tx import Tx

BATCH = 200

#: Titles are found by stems and by words as they are; which of the words matter most is worked out of the text's stems.
INDEX = """
with made as materialized (
  select setweight(to_tsvector($3::text::regconfig, $4) || to_tsvector('simple', $4), 'A') as title,
    to_tsvector($3::text::regconfig, $5) as body),
gist as (
  insert into docs_gist (account_id, number, title_words, main_words, vocabulary)
  select a.account_id, a.number, made.title, docs_main_words(made.title, made.body), $6
  from made, docs_article a where a.account_id = $1 and a.id = $2
  on conflict (account_id, number) do update set title_words = excluded.title_words,
    main_words = excluded.main_words, vocabulary = excluded.vocabulary)
insert into docs_entry (account_id, number, site_id, collection_id, status, is_public, popularity, language, all_words)
select a.account_id, a.number, a.site_id, a.collection_id, a.status, docs_is_public(a.account_id, a.number),
  docs_popularity(coalesce(v.total, 0)), $3, made.title || made.body || array_to_tsvector(array['@' || $1::bigint])
from made, docs_article a left join docs_views v on v.account_id = a.account_id and v.article_id = a.id
where a.account_id = $1 and a.id = $2
on conflict (account_id, number) do update set language = excluded.language, all_words = excluded.all_words
"""
_GISTS = "docs_gist g join docs_article a on a.account_id = g.account_id and a.number = g.number"
VOCABULARY = f"select g.vocabulary from {_GISTS} where a.account_id = $1 and a.id = $2"
LOST = f"""
with lost as (
  select word, count(*) as articles from {_GISTS}, unnest(g.vocabulary) as word
  where a.account_id = $1 and a.site_id = $2 and a.id = any($3::text[]) group by word)
update docs_word w set articles = w.articles - lost.articles
from lost where w.account_id = $1 and w.site_id = $2 and w.word = lost.word
"""
UNUSED = "delete from docs_word where account_id = $1 and site_id = $2 and articles <= 0"
REMOVE_WORDS = """
update docs_word set articles = articles - 1 where account_id = $1 and site_id = $2 and word = any($3::text[])
"""
ADD_WORDS = """
insert into docs_word (account_id, site_id, word, articles) select $1, $2, word, 1 from unnest($3::text[]) as word
on conflict (account_id, site_id, word) do update set articles = docs_word.articles + 1
returning case when articles = 1 then word end as word
"""
ADD_SPELLINGS = """
insert into docs_spelling (account_id, site_id, word, traces)
select $1, $2, new.word, string_to_array(new.traces, ' ') from unnest($3::text[], $4::text[]) as new (word, traces)
on conflict do nothing
"""
BLANK = """
update docs_gist g set vocabulary = '{}' from docs_article a
where a.account_id = $1 and a.id = any($2::text[]) and g.account_id = a.account_id and g.number = a.number
"""
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
        rows = await connection.fetch(ADD_WORDS, account_id, site_id, new)
        first = [row["word"] for row in rows if row["word"] is not None]
        if first:
            traces = [" ".join(words.kept_traces_of(word)) for word in first]
            await connection.execute(ADD_SPELLINGS, account_id, site_id, first, traces)


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
