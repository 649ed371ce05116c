-- What searches read of every hit of an article, in short rows: whether a visitor may see it, how popular it is, and the
-- index of its words, which are long and so lie elsewhere.
create table docs_entry (
  account_id     bigint not null,
  number         bigint not null,
  site_id        text collate "C" not null,
  collection_id  text collate "C" not null,
  status         text not null,
  -- Whether visitors may see it: kept by the triggers below.
  is_public      boolean not null,
  popularity     smallint not null,
  -- In which language the words were stemmed.
  language       text not null,
  all_words      tsvector not null,
  primary key (account_id, number),
  foreign key (account_id, number) references docs_article (account_id, number) on delete cascade
  -- Room for another popularity beside the row, so that a view need not touch the indexes.
) with (fillfactor = 85);

-- What an article is about, for the order of hits.
create table docs_gist (
  account_id   bigint not null,
  number       bigint not null,
  -- Name and keywords; these and what the text says again and again.
  title_words  tsvector not null,
  main_words   tsvector not null,
  -- The distinct words of a published article, as docs_word counts them.
  vocabulary   text[] not null,
  primary key (account_id, number),
  foreign key (account_id, number) references docs_article (account_id, number) on delete cascade
);

-- Four steps for each doubling of the views: it changes seldom, and orders hits that are equally good.
create function docs_popularity(views bigint) returns smallint language sql immutable parallel safe
  return floor(4 * ln(1 + views::float8) / ln(2::float8))::smallint;

-- What visitors may see: published, in a public collection, and in a public category of it.
create function docs_is_public(of_account bigint, of_number bigint) returns boolean language sql stable as $$
  select exists (
    select from docs_article a
    join docs_collection c on c.account_id = a.account_id and c.id = a.collection_id
    join docs_article_category m on m.account_id = a.account_id and m.article_id = a.id
    join docs_category g on g.account_id = m.account_id and g.id = m.category_id
    where a.account_id = of_account and a.number = of_number
      and a.status = 'published' and c.visibility = 'public' and g.visibility = 'public')
$$;

-- The title's words, and those that the text says most often, the oftener the heavier. Of short texts, two times count.
create function docs_main_words(title tsvector, body tsvector) returns tsvector language sql immutable parallel safe as $$
  select title || coalesce(string_agg(
    format('''%s'':1%s', lexeme, case when times >= 8 then 'B' when times >= 4 then 'C' else 'D' end), ' ')::tsvector,
    ''::tsvector)
  from (
    select lexeme, cardinality(positions) as times from unnest(body)
    where lexeme not like '@%' and cardinality(positions) >= case when length(body) < 150 then 2 else 3 end
    order by 2 desc, 1 limit 40) most
$$;

insert into docs_gist (account_id, number, title_words, main_words, vocabulary)
select account_id, number, title_words, docs_main_words(title_words, ts_filter(all_words, '{d}')), vocabulary
from docs_article;
insert into docs_entry (account_id, number, site_id, collection_id, status, is_public, popularity, language, all_words)
select a.account_id, a.number, a.site_id, a.collection_id, a.status, docs_is_public(a.account_id, a.number),
  docs_popularity(coalesce(v.total, 0)), s.language, a.all_words
from docs_article a
join docs_site s on s.account_id = a.account_id and s.id = a.site_id
left join docs_views v on v.account_id = a.account_id and v.article_id = a.id;

-- Without lists of what is still to be entered, which each search would have to read.
create index docs_entry_all_words on docs_entry using gin (all_words) with (fastupdate = off);
create index docs_gist_title_words on docs_gist using gin (title_words) with (fastupdate = off);
create index docs_gist_main_words on docs_gist using gin (main_words) with (fastupdate = off);
create index docs_entry_site on docs_entry (account_id, site_id, language, number);
drop index docs_article_all_words;
alter table docs_article drop column title_words, drop column all_words, drop column vocabulary;

create function docs_entry_of_article() returns trigger language plpgsql as $$
begin
  update docs_entry set site_id = new.site_id, collection_id = new.collection_id, status = new.status,
    is_public = docs_is_public(new.account_id, new.number)
  where account_id = new.account_id and number = new.number;
  return null;
end $$;
create trigger docs_entry_of_article after update of site_id, collection_id, status on docs_article
  for each row when ((old.site_id, old.collection_id, old.status)
    is distinct from (new.site_id, new.collection_id, new.status))
  execute function docs_entry_of_article();

create function docs_entry_of_membership() returns trigger language plpgsql as $$
declare changed docs_article_category := case when tg_op = 'DELETE' then old else new end;
begin
  update docs_entry e set is_public = not e.is_public from docs_article a
  where a.account_id = changed.account_id and a.id = changed.article_id
    and e.account_id = a.account_id and e.number = a.number
    and e.is_public <> docs_is_public(a.account_id, a.number);
  return null;
end $$;
create trigger docs_entry_of_membership after insert or delete on docs_article_category
  for each row execute function docs_entry_of_membership();

create function docs_entry_of_category() returns trigger language plpgsql as $$
begin
  update docs_entry e set is_public = not e.is_public from docs_article_category m, docs_article a
  where m.account_id = new.account_id and m.category_id = new.id
    and a.account_id = m.account_id and a.id = m.article_id
    and e.account_id = a.account_id and e.number = a.number
    and e.is_public <> docs_is_public(a.account_id, a.number);
  return null;
end $$;
create trigger docs_entry_of_category after update of visibility on docs_category
  for each row when (old.visibility <> new.visibility) execute function docs_entry_of_category();

create function docs_entry_of_collection() returns trigger language plpgsql as $$
begin
  update docs_entry e set is_public = not e.is_public
  where e.account_id = new.account_id and e.site_id = new.site_id and e.collection_id = new.id
    and e.is_public <> docs_is_public(e.account_id, e.number);
  return null;
end $$;
create trigger docs_entry_of_collection after update of visibility on docs_collection
  for each row when (old.visibility <> new.visibility) execute function docs_entry_of_collection();

-- The counts of words change with each article, what is left of a word without a letter never does.
create table docs_spelling (
  account_id  bigint not null,
  site_id     text collate "C" not null,
  word        text collate "C" not null,
  traces      text[] not null,
  primary key (account_id, site_id, word)
);
insert into docs_spelling (account_id, site_id, word, traces) select account_id, site_id, word, traces from docs_word;
create table docs_counted (
  account_id  bigint not null,
  site_id     text collate "C" not null,
  word        text collate "C" not null,
  articles    integer not null
) with (fillfactor = 70);
insert into docs_counted select account_id, site_id, word, articles from docs_word;
drop table docs_word;
alter table docs_counted rename to docs_word;
alter table docs_word add primary key (account_id, site_id, word),
  add foreign key (account_id, site_id) references docs_site (account_id, id) on delete cascade;
alter table docs_spelling
  add foreign key (account_id, site_id, word) references docs_word (account_id, site_id, word) on delete cascade;
create index docs_spelling_traces on docs_spelling using gin (traces) with (fastupdate = off);

-- Languages in which articles of the site may still be found, while they are entered anew in its own.
alter table docs_site add column former_languages text[] not null default '{}';
