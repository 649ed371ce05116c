"""SQL of the search for articles. Statements on a scope begin with the parameters that `SearchScope.values` gives."""

from __future__ import annotations

from typing import TypeAlias

import asyncpg

Row: TypeAlias = asyncpg.Record

#: $1 account, $2 site, $3 collection, $4 status, $5 visibility.
_WHERE = """e.account_id = $1
  and ($2::text is null or e.site_id = $2)
  and ($3::text is null or e.collection_id = $3)
  and ($4::text is null or e.status = $4)
  and ($5::text is null or e.collection_id in (
    select c.id from docs_collection c where c.account_id = $1 and c.visibility = $5))"""
#: What visitors may see (spec: 11.4).
_PUBLIC = " and e.is_public"
#: The account's own mark stands in every index entry, so that other accounts' articles are not even looked at.
_MATCHES = " and e.all_words @@ ('''@' || $1::bigint || ''' & (' || $6::text || ')')::tsquery"
_ITEM = """a.id, a.site_id, a.collection_id, a.number, a.slug, a.name, a.preview, a.status, c.visibility,
  array(select m.category_id from docs_article_category m
        join docs_category g on g.account_id = m.account_id and g.id = m.category_id
        where m.account_id = a.account_id and m.article_id = a.id and not g.is_uncategorized
        order by g.position, g.number) as categories"""
#: The articles of the rows of `page`. Whether visitors may see them is looked up once more, whatever the index says.
_ITEMS = """
join docs_article a on a.account_id = $1 and a.number = page.number
join docs_collection c on c.account_id = a.account_id and c.id = a.collection_id"""
_PUBLIC_ITEMS = """
where a.status = 'published' and c.visibility = 'public' and exists (
  select from docs_article_category m
  join docs_category g on g.account_id = m.account_id and g.id = m.category_id
  where m.account_id = a.account_id and m.article_id = a.id and g.visibility = 'public')"""

#: For each language of the sites, each word with what the index may hold of it. Texts are indexed by stems, of which a
#: beginning may be none: the stems of the commonest words that begin as the last one does are asked for as well.
QUERY = """
with language as (
  select l.name, array_agg(distinct s.id) as sites
  from docs_site s, unnest(array[s.language] || s.former_languages) as l (name)
  where s.account_id = $1 and ($2::text is null or s.id = $2) group by l.name)
select l.name as language, q.place, q.word, q.word is not distinct from $4 as is_last,
  plainto_tsquery(l.name::regconfig, q.word)::text as stems, plainto_tsquery('simple', q.word)::text as plain,
  case when q.word = $4 and length(q.word) > 2 then array(
    select plainto_tsquery(l.name::regconfig, w.word)::text from (
      select w.word from unnest(l.sites) s (id)
      join docs_word w on w.account_id = $1 and w.site_id = s.id and w.word > $4 and w.word < $4 || chr(1114111)
      order by w.articles desc, w.word limit 20) w) else '{}' end as begun
from language l, unnest($3::text[]) with ordinality as q (word, place)
union all
select l.name, 1000000 + p.place, p.phrase, false, phraseto_tsquery(l.name::regconfig, p.phrase)::text, '', '{}'
from language l, unnest($5::text[]) with ordinality as p (phrase, place)
order by 1, 2
"""

#: The title's share of a rank: the words that it has of the query, the fewer others the better; whether it says all of
#: them, and whether in a row. $6 every word, $7 any of the words, $8 the words in a row.
_TITLE_RANK = """4 * ts_rank('{0, 0, 0, 1}', g.title_words, $7::text::tsquery, 1)
    + case when g.title_words @@ $6::text::tsquery then 1 else 0 end
    + case when $8::text <> '' and g.title_words @@ $8::text::tsquery then 1 else 0 end"""
_MAIN_RANK = "ts_rank('{0.1, 0.25, 0.5, 0}', g.main_words, $7::text::tsquery)"
_WHOLE_RANK = """ts_rank('{0.1, 0.1, 0.1, 1}', e.all_words, $6::text::tsquery)
    + ts_rank('{0.1, 0.1, 0.1, 1}', e.all_words, $7::text::tsquery)"""

#: Put so that numbers are kept to compare with, not words, which the database would choose.
_IS_HIT = "(select total from counted) > $9 and (g.number in (select hit.number from hit)) is true"


def find_sql(*, is_public: bool) -> str:
    """A page of hits, and their number beside each. $6 every word, $7 any of the words, $8 the words in a row, $9 how
    many are ranked by all that they say, $10 limit, $11 offset.

    To rank by a whole text means to read it. Of more hits than that come those first whose titles say one of the words,
    then those that say one often, then all others by their popularity; the later ones are not looked for in vain.
    """
    return f"""
with hit as materialized (
  select e.number, e.popularity from docs_entry e where {_WHERE} {_PUBLIC if is_public else ""} {_MATCHES}),
counted as materialized (select count(*) as total from hit),
titled as materialized (
  select g.number, {_TITLE_RANK} + {_MAIN_RANK} as rank from docs_gist g
  where g.account_id = $1 and g.title_words @@ $7::text::tsquery and {_IS_HIT}),
page as (
  (select hit.number, hit.popularity, 2 as tier, {_TITLE_RANK} + {_MAIN_RANK} + {_WHOLE_RANK} as rank
   from hit join docs_entry e on e.account_id = $1 and e.number = hit.number
   join docs_gist g on g.account_id = $1 and g.number = hit.number
   where (select total from counted) <= $9
   order by rank desc, popularity desc, number limit $10::bigint + $11)
  union all
  (select hit.number, hit.popularity, 2, titled.rank from titled join hit on hit.number = titled.number
   order by 4 desc, 2 desc, 1 limit $10::bigint + $11)
  union all
  (select hit.number, hit.popularity, 1, often.rank
   from (select g.number, {_MAIN_RANK} as rank from docs_gist g
     where g.account_id = $1 and g.main_words @@ $7::text::tsquery and {_IS_HIT}
       and not (g.title_words @@ $7::text::tsquery) offset 0) often
   join hit on hit.number = often.number
   order by 4 desc, 2 desc, 1 limit $10::bigint + $11)
  union all
  (select hit.number, hit.popularity, 0, 0 from hit
   where (select total from counted) > $9 and (hit.number in (
     select g.number from docs_gist g where g.account_id = $1 and g.main_words @@ $7::text::tsquery)) is not true
   order by 2 desc, 1 limit $10::bigint + $11)
  limit $10 offset $11)
select (select total from counted) as total, {_ITEM}
from page {_ITEMS}
{_PUBLIC_ITEMS if is_public else ""}
order by page.tier desc, page.rank desc, page.popularity desc, page.number
"""


def count_sql(*, is_public: bool, is_everything: bool = False) -> str:
    """How many hits there are; $6 query, unless everything is meant."""
    matches = "" if is_everything else _MATCHES
    return f"select count(*) from docs_entry e where {_WHERE} {_PUBLIC if is_public else ''} {matches}"


def everything_sql(*, is_public: bool) -> str:
    """A page of all articles, the most viewed first; $6 limit, $7 offset."""
    return f"""
with page as (
  select e.number, coalesce(v.total, 0) as views from docs_entry e
  join docs_article n on n.account_id = e.account_id and n.number = e.number
  left join docs_views v on v.account_id = n.account_id and v.article_id = n.id
  where {_WHERE} {_PUBLIC if is_public else ""}
  order by 2 desc, 1 limit $6 offset $7)
select {_ITEM} from page {_ITEMS}
{_PUBLIC_ITEMS if is_public else ""}
order by page.views desc, page.number
"""


def similar_sql(*, is_public: bool) -> str:
    """Articles of which some of the words of $6 are main words, without the one numbered $7; $8 limit."""
    return f"""
with page as (
  select e.number, ts_rank('{{0.1, 0.25, 0.5, 1}}', g.main_words, $6::text::tsquery, 1) as rank, e.popularity
  from docs_gist g join docs_entry e on e.account_id = g.account_id and e.number = g.number
  where {_WHERE} {_PUBLIC if is_public else ""}
    and g.account_id = $1 and g.main_words @@ $6::text::tsquery and g.number <> $7
  order by 2 desc, 3 desc, 1 limit $8)
select {_ITEM} from page {_ITEMS}
{_PUBLIC_ITEMS if is_public else ""}
order by page.rank desc, page.popularity desc, page.number
"""


#: Of words that may be mistaken: which of them are known, and whether known ones begin so.
KNOWN = """
select q.word, coalesce(bool_or(w.word = q.word), false) as is_known, count(w.word) > 0 as is_begun
from unnest($3::text[]) q (word)
left join lateral (
  select w.word from docs_site s
  join docs_word w on w.account_id = s.account_id and w.site_id = s.id and w.word >= q.word
    and w.word < q.word || chr(1114111)
  where s.account_id = $1 and ($2::text is null or s.id = $2)
  order by w.word limit 1) w on true
group by q.word
"""
#: For each of several words, those that have a trace in common with it. $3 words, $4 traces of each, with blanks.
NEAR = """
select q.word as typed, near.word, near.articles
from unnest($3::text[], $4::text[]) q (word, traces)
cross join lateral (
  select t.word, sum(w.articles) as articles
  from docs_spelling t
  join docs_word w on w.account_id = t.account_id and w.site_id = t.site_id and w.word = t.word
  where t.account_id = $1 and ($2::text is null or t.site_id = $2) and t.traces && string_to_array(q.traces, ' ')
  group by t.word order by 2 desc limit 50) near
"""
SIMILAR_WORDS = """
select g.number, array(
  select stat.lexeme from unnest(g.main_words) as stat
  where length(stat.lexeme) > 3 and stat.lexeme !~ '[0-9]'
  order by ('A' = any(stat.weights)) desc, ('B' = any(stat.weights)) desc, ('C' = any(stat.weights)) desc,
    stat.lexeme limit $3) as words
from docs_article a join docs_gist g on g.account_id = a.account_id and g.number = a.number
where a.account_id = $1 and a.id = $2
"""
