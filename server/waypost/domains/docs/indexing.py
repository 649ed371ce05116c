"""Keeping the index of articles and the vocabulary of sites true, in the transaction of the change; for another
language of a site, after it."""

from __future__ import annotations

from waypost.domains.docs import rights, words
from waypost.kit.db import Connection
from waypost.kit.jobs import enqueue
from waypost.kit.tx import Transactions, Tx

LANGUAGE_JOB = "docs.index_language"
#: How many articles are indexed in one transaction.
BATCH = 50

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
#: Articles of a site that are still indexed in another language than its own.
LEFT = """
select a.id, a.name, a.keywords, a.plain, a.status, s.language
from docs_site s
join docs_entry e on e.account_id = s.account_id and e.site_id = s.id
join docs_article a on a.account_id = e.account_id and a.number = e.number
where s.account_id = $1 and s.id = $2 and e.language <> s.language order by e.number limit $3
"""
KEEP_LANGUAGE = """
update docs_site set former_languages = array(select distinct l from unnest(former_languages || $3::text) l order by 1)
where account_id = $1 and id = $2
"""
FORGET_LANGUAGES = "update docs_site set former_languages = '{}' where account_id = $1 and id = $2"


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


async def change_language(tx: Tx, account_id: int, site_id: str, former: str) -> None:
    """Have a site's articles indexed in its new language; until that is done they are found in the former as well."""
    await tx.connection.execute(KEEP_LANGUAGE, account_id, site_id, former)
    await enqueue(tx, LANGUAGE_JOB, {"account_id": account_id, "site_id": site_id})


async def index_in_new_language(transactions: Transactions, account_id: int, site_id: str) -> None:
    """Do that, some articles at a time, so that writers need not wait long. Begun anew it goes on where it was."""
    while await _index_some(transactions, account_id, site_id):
        pass


async def _index_some(transactions: Transactions, account_id: int, site_id: str) -> bool:
    """Whether there may be more. The language is read each time: it may have been changed again meanwhile."""
    async with transactions.open() as tx:
        await rights.begin(tx, account_id)
        rows = await tx.connection.fetch(LEFT, account_id, site_id, BATCH)
        for row in rows:
            content = (row["name"], list(row["keywords"]), row["plain"])
            is_published = row["status"] == "published"
            await index(
                tx.connection, account_id, site_id, row["id"], content, row["language"], is_published=is_published
            )
        if not rows:
            await tx.connection.execute(FORGET_LANGUAGES, account_id, site_id)
        return bool(rows)
