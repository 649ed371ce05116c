"""SQL of the search for articles. Each statement takes what `SearchScope.values` gives as its first parameters."""

from __future__ import annotations

#: $1 account, $2 site, $3 collection, $4 status, $5 visibility, $6 only what visitors may see.
_WHERE = """
from docs_article a
join docs_collection c on c.account_id = a.account_id and c.id = a.collection_id
where a.account_id = $1
  and ($2::text is null or a.site_id = $2)
  and ($3::text is null or a.collection_id = $3)
  and ($4::text is null or a.status = $4)
  and ($5::text is null or c.visibility = $5)
  and (not $6 or (a.status = 'published' and c.visibility = 'public' and exists (
    select 1 from docs_article_category m
    join docs_category g on g.account_id = m.account_id and g.id = m.category_id
    where m.account_id = a.account_id and m.article_id = a.id and g.visibility = 'public')))
"""
#: The account's own mark stands in every index entry, so that other accounts' articles are not even looked at.
_FOUND = f"{_WHERE} and a.all_words @@ ('''@' || $1::bigint || ''' & (' || $7::text || ')')::tsquery"
_ITEM = """a.id, a.site_id, a.collection_id, a.number, a.slug, a.name, a.preview, a.status, c.visibility,
  array(select m.category_id from docs_article_category m
        join docs_category g on g.account_id = m.account_id and g.id = m.category_id
        where m.account_id = a.account_id and m.article_id = a.id and not g.is_uncategorized
        order by g.position, g.number) as categories"""

#: A query as PostgreSQL has it, in one language: all words, the last one also as the beginning of a word, and phrases.
#: Words that say nothing (the, and) count for titles alone, and only where there are no others.
QUERY = """
select
  coalesce(string_agg('(' || part || ')', ' & ') filter (where telling), string_agg('(' || part || ')', ' & '), '')
from (
  select q.place,
    numnode(plainto_tsquery($1::text::regconfig, q.word)) > 0 as telling,
    concat_ws(' | ', nullif(plainto_tsquery($1::text::regconfig, q.word)::text, ''),
      plainto_tsquery('simple', q.word)::text,
      case when q.is_last then '''' || q.word || ''':*' end) as part
  from unnest($2::text[], $3::bool[]) with ordinality as q (word, is_last, place)
  union all
  select 1000000 + p.place, true, nullif(phraseto_tsquery($1::text::regconfig, p.phrase)::text, '')
  from unnest($4::text[]) with ordinality as p (phrase, place)
) parts where part is not null
"""
COUNT = f"select count(*) {_FOUND}"
#: Few enough to be ranked by all that they say.
BY_RANK = f"""
select {_ITEM} from (
  select a.id as found_id, ts_rank('{{0.1, 0.1, 0.1, 1.0}}', a.title_words, $7::text::tsquery) as title_rank,
    ts_rank('{{0.25, 0.25, 0.25, 1.0}}', a.all_words, $7::text::tsquery) as rank
  {_FOUND}) found
join docs_article a on a.account_id = $1 and a.id = found.found_id
join docs_collection c on c.account_id = a.account_id and c.id = a.collection_id
left join docs_views v on v.account_id = a.account_id and v.article_id = a.id
order by found.title_rank + found.rank desc, coalesce(v.total, 0) desc, a.number limit $8 offset $9
"""
#: For words that are nearly everywhere, titles decide alone: ranking by long texts reads all of them.
BY_TITLE = f"""
select {_ITEM} from (
  select a.id as found_id, ts_rank('{{0.1, 0.1, 0.1, 1.0}}', a.title_words, $7::text::tsquery) as rank,
    coalesce(v.total, 0) as views, a.number as found_number
  {
    _FOUND.replace(
        "where a.account_id = $1",
        "left join docs_views v on v.account_id = a.account_id and v.article_id = a.id where a.account_id = $1",
        1,
    )
}
  order by 2 desc, 3 desc, 4 limit $8 offset $9) found
join docs_article a on a.account_id = $1 and a.id = found.found_id
join docs_collection c on c.account_id = a.account_id and c.id = a.collection_id
order by found.rank desc, found.views desc, found.found_number
"""
EVERYTHING = f"""
select {_ITEM} {
    _WHERE.replace(
        "where a.account_id = $1",
        "left join docs_views v on v.account_id = a.account_id and v.article_id = a.id where a.account_id = $1",
        1,
    )
}
order by coalesce(v.total, 0) desc, a.number limit $7 offset $8
"""
COUNT_EVERYTHING = f"select count(*) {_WHERE}"
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
SIMILAR = f"""
select {_ITEM} from (
  select a.id as found_id,
    ts_rank('{{0.1, 0.1, 0.2, 1.0}}', a.all_words, $7::text::tsquery, 1) as rank
  {_FOUND} and a.id <> $8
  order by 2 desc, a.number limit $9) found
join docs_article a on a.account_id = $1 and a.id = found.found_id
join docs_collection c on c.account_id = a.account_id and c.id = a.collection_id
order by found.rank desc, a.number
"""
LANGUAGES = """
select distinct language from docs_site where account_id = $1 and ($2::text is null or id = $2) order by language
"""
