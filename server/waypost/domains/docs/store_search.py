"""SQL of the search for articles. Statements on a scope begin with the parameters that `SearchScope.values` gives."""

from __future__ import annotations

#: How many articles that have words in common are compared word by word.
MOST_COMPARED = 100
#: $1 account, $2 site, $3 collection, $4 status, $5 visibility.
_WHERE = """
from docs_article a
join docs_collection c on c.account_id = a.account_id and c.id = a.collection_id
left join docs_views v on v.account_id = a.account_id and v.article_id = a.id
where a.account_id = $1
  and ($2::text is null or a.site_id = $2)
  and ($3::text is null or a.collection_id = $3)
  and ($4::text is null or a.status = $4)
  and ($5::text is null or c.visibility = $5)
"""
#: What visitors may see (spec: 11.4). Apart, so that the database may look up the categories of all hits at once.
_PUBLIC = """
  and a.status = 'published' and c.visibility = 'public' and exists (
    select 1 from docs_article_category m
    join docs_category g on g.account_id = m.account_id and g.id = m.category_id
    where m.account_id = a.account_id and m.article_id = a.id and g.visibility = 'public')
"""
#: The account's own mark stands in every index entry, so that other accounts' articles are not even looked at.
_MATCHES = " and a.all_words @@ ('''@' || $1::bigint || ''' & (' || $6::text || ')')::tsquery"
_ITEM = """a.id, a.site_id, a.collection_id, a.number, a.slug, a.name, a.preview, a.status, c.visibility,
  array(select m.category_id from docs_article_category m
        join docs_category g on g.account_id = m.account_id and g.id = m.category_id
        where m.account_id = a.account_id and m.article_id = a.id and not g.is_uncategorized
        order by g.position, g.number) as categories"""

#: A query as PostgreSQL has it, in one language: all words, the last one also as the beginning of a word, and phrases.
#: Words that say nothing (the, and) count for titles alone, and only where there are no others.
QUERY = """
select l.language, made.query from (
  select distinct language from docs_site where account_id = $1 and ($2::text is null or id = $2)) l
cross join lateral (
select
  coalesce(string_agg('(' || part || ')', ' & ') filter (where telling), string_agg('(' || part || ')', ' & '), '')
    as query
from (
  select q.place,
    numnode(plainto_tsquery(l.language::regconfig, q.word)) > 0 as telling,
    concat_ws(' | ', nullif(plainto_tsquery(l.language::regconfig, q.word)::text, ''),
      plainto_tsquery('simple', q.word)::text,
      case when q.is_last then '''' || q.word || ''':*' end,
      -- Texts are indexed by stems, of which a beginning may be none: the words that begin so are asked for as well.
      case when q.is_last and length(q.word) > 2 then (
        select string_agg(nullif(plainto_tsquery(l.language::regconfig, w.word)::text, ''), ' | ') from (
          select word from docs_word
          where account_id = $1 and ($2::text is null or site_id = $2)
            and word > q.word and word < q.word || chr(1114111)
          order by articles desc limit 20) w) end) as part
  from unnest($3::text[], $4::bool[]) with ordinality as q (word, is_last, place)
  union all
  select 1000000 + p.place, true, nullif(phraseto_tsquery(l.language::regconfig, p.phrase)::text, '')
  from unnest($5::text[]) with ordinality as p (phrase, place)
) parts where part is not null) made
order by l.language
"""


def find_sql(*, is_public: bool) -> str:
    """A page of hits, and their number beside each. $6 query, $7 how many are ranked by all that they say, $8 limit,
    $9 offset. For words that are nearly everywhere titles decide alone: ranking by long texts reads all of them."""
    return f"""
with found as materialized (
  select a.id, a.number, coalesce(v.total, 0) as views,
    ts_rank('{{0.1, 0.1, 0.1, 1.0}}', a.title_words, $6::text::tsquery) as title_rank
  {_WHERE} {_PUBLIC if is_public else ""} {_MATCHES}),
counted as (select count(*) as total from found),
page as (
  select f.id, f.number, f.views, counted.total,
    case when counted.total <= $7 then f.title_rank + (
      select ts_rank('{{0.25, 0.25, 0.25, 1.0}}', b.all_words, $6::text::tsquery)
      from docs_article b where b.account_id = $1 and b.id = f.id)
    else f.title_rank end as rank
  from found f, counted order by rank desc, f.views desc, f.number limit $8 offset $9)
select page.total, {_ITEM}
from page
join docs_article a on a.account_id = $1 and a.id = page.id
join docs_collection c on c.account_id = a.account_id and c.id = a.collection_id
order by page.rank desc, page.views desc, page.number
"""


def count_sql(*, is_public: bool, is_everything: bool = False) -> str:
    """How many hits there are; $6 query, unless everything is meant."""
    return f"select count(*) {_WHERE} {_PUBLIC if is_public else ''} {'' if is_everything else _MATCHES}"


def everything_sql(*, is_public: bool) -> str:
    """A page of all articles, the most viewed first; $6 limit, $7 offset."""
    public = _PUBLIC if is_public else ""
    return f"select {_ITEM} {_WHERE} {public} order by coalesce(v.total, 0) desc, a.number limit $6 offset $7"


def similar_sql(*, is_public: bool) -> str:
    """Articles that hold some of the words of $6, without the one of $7; $8 limit."""
    return f"""
select {_ITEM} from (
  select a.id as found_id, ts_rank('{{0.1, 0.1, 0.2, 1.0}}', a.title_words, $6::text::tsquery, 1) as rank, a.number
  {_WHERE} {_PUBLIC if is_public else ""} {_MATCHES} and a.id <> $7
  order by 2 desc, coalesce(v.total, 0) desc, a.number limit {MOST_COMPARED}) near
join docs_article a on a.account_id = $1 and a.id = near.found_id
join docs_collection c on c.account_id = a.account_id and c.id = a.collection_id
order by near.rank + ts_rank('{{0.1, 0.1, 0.2, 1.0}}', a.all_words, $6::text::tsquery, 1) desc, a.number limit $8
"""


KNOWN = """
select distinct word from docs_word
where account_id = $1 and ($2::text is null or site_id = $2) and word = any($3::text[])
"""
BEGINNINGS = """
select exists (
  select 1 from docs_word
  where account_id = $1 and ($2::text is null or site_id = $2) and word >= $3 and word < $3 || chr(1114111))
"""
NEAR = """
select word, sum(articles) as articles from docs_word
where account_id = $1 and ($2::text is null or site_id = $2) and traces && $3::text[]
group by word order by 2 desc limit 50
"""
HEADLINES = """
select id, ts_headline($2::text::regconfig, left(plain, 100000), $4::text::tsquery,
  'StartSel=' || chr(2) || ', StopSel=' || chr(3) || ', MaxFragments=2, MinWords=8, MaxWords=24') as text,
  ts_headline($2::text::regconfig, name, $4::text::tsquery,
  'StartSel=' || chr(2) || ', StopSel=' || chr(3) || ', HighlightAll=true') as name
from docs_article where account_id = $1 and id = any($3::text[])
"""
SIMILAR_WORDS = """
select word from (
  select stat.lexeme as word, cardinality(stat.positions) as times
  from docs_article a, unnest(a.all_words) as stat
  where a.account_id = $1 and a.id = $2 and stat.lexeme not like '@%' and length(stat.lexeme) > 3
    and stat.lexeme !~ '[0-9]'
  order by ('A' = any(stat.weights)) desc, 2 desc, 1 limit $3) most
"""
