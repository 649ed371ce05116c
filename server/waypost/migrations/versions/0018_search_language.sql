-- Stems: a search for `refund` finds refunds and refunded (docs/decisions/0021-stems-and-common-words.md).
-- Beside each word of a subject or a body whose stem differs from it stands its stem, at the same place:
--   x stem of a word in a body, y stem of a word in a subject. A word that is its own stem stands there once, as b or s.
-- The stem is that of the folded word, in the account's language.

-- ---------------------------------------------------------------- languages

-- One configuration for each language whose stemmer PostgreSQL has. No stop words: every word can be found.
do $$
declare
  language text;
begin
  for language in
    select replace(d.dictname, '_stem', '') from pg_ts_dict d join pg_namespace n on n.oid = d.dictnamespace
    where n.nspname = 'pg_catalog' and d.dictname like '%\_stem' order by 1
  loop
    execute format('create text search dictionary search_%s (template = pg_catalog.snowball, language = %L)', language, language);
    execute format('create text search configuration search_%s (copy = pg_catalog.simple)', language);
    execute format('alter text search configuration search_%1$s alter mapping for asciiword, word with search_%1$s', language);
  end loop;
end $$;

-- An account without a row has `english` documents only. While its documents are made anew, `before` names the languages
-- in which some of them still are: searches ask for the stems of all. `simple` means no stems.
create table search_language (
  account_id      bigint primary key references account (id),
  language        text not null,
  before          text[] not null default '{}',
  anew            boolean not null default false,  -- all documents are to be made anew, whatever they are like
  rebuilt_beyond  bigint not null default 0,       -- conversations up to this id are done
  settled_after   xid8                             -- transactions before this one may not know the language yet
);

create function search_language_of(account bigint) returns text language plpgsql stable as $$
begin
  return coalesce((select l.language from search_language l where l.account_id = account), 'english');
end $$;

create function search_stem(language text, word text) returns text
language plpgsql immutable strict parallel safe as $$
begin
  -- Codes and very long words have no other forms.
  if language = 'simple' or word ~ '[0-9]|[[:alpha:]]{50}' then
    return word;
  end if;
  return coalesce((ts_lexize(('search_' || language)::regdictionary, word))[1], word);
end $$;

-- The words of a text, and their stems where they differ. Text is the quickest way to tell and to mark them: an entry
-- of the stems that stands among the words too, at the same places, is no other form.
create function search_text(kind text, stems text, account bigint, language text, value text) returns tsvector
language plpgsql immutable strict parallel safe as $$
declare
  bare text := regexp_replace(' ' || search_fold(value) || ' ', '[^[:alnum:]]+', ' ', 'g');
  mark text := search_mark(kind, account);
  marked text := replace(bare, ' ', ' ' || mark);
  words text;
  stemmed text;
begin
  if length(marked) > 60 and marked ~ '[[:alnum:]]{61}' then
    marked := regexp_replace(marked, '([[:alnum:]]{60})[[:alnum:]]+', '\1', 'g');
  end if;
  words := to_tsvector('pg_catalog.simple', marked)::text;
  if language = 'simple' then
    return words::tsvector;
  end if;
  if bare ~ '[0-9]|[[:alpha:]]{50}' then
    bare := regexp_replace(bare, '\m[[:alpha:]]*([0-9]|[[:alpha:]]{50})[[:alnum:]]*', '0', 'g');
  end if;
  stemmed := ' ' || ts_delete(to_tsvector(('search_' || language)::regconfig, bare), '0')::text;
  stemmed := replace(stemmed, ' ''', ' ''' || mark);
  stemmed := array_to_string(
    array(select unnest(string_to_array(stemmed, ' ')) except select unnest(string_to_array(words, ' '))), ' ');
  return (words || ' ' || replace(stemmed, mark, search_mark(stems, account)))::tsvector;
end $$;

-- What is asked for words outside quotes: each as it is and in its other forms, several side by side. A stem that is
-- not its own stem is no word of its own family, so that as a word it is not asked for.
create function search_forms(kind text, stems text, account bigint, languages text[], value text) returns tsquery
language plpgsql immutable strict parallel safe cost 1000000000 as $$
declare
  mark text := search_mark(kind, account);
  marked text;
  word text;
  stem text;
  language text;
  forms text[];
  asked tsquery;
begin
  foreach marked in array string_to_array(search_asked_words(kind, account, value), ' ') loop
    forms := '{}';
    word := substr(marked, length(mark) + 1);
    if left(marked, length(mark)) <> mark or word = '' then
      forms := array[marked];
    else
      foreach language in array languages loop
        stem := search_stem(language, word);
        if language <> 'simple' then
          forms := forms || (search_mark(stems, account) || stem);
        end if;
        if search_stem(language, stem) = stem then
          forms := forms || (mark || stem);
        end if;
      end loop;
    end if;
    asked := coalesce(asked <-> to_tsquery('pg_catalog.simple', array_to_string(array(select distinct unnest(forms)), ' | ')),
                      to_tsquery('pg_catalog.simple', array_to_string(array(select distinct unnest(forms)), ' | ')));
  end loop;
  return asked;
end $$;

-- ---------------------------------------------------------------- documents

-- What decides whether a hit is listed and where stands beside its document, so that hits are counted and the newest
-- found without a look at the conversations. Null until the document is made anew.
alter table conversation_search
  add column language    text not null default 'simple',
  add column state       text,
  add column status      text,
  add column mailbox_id  bigint,
  add column assignee_id bigint,
  add column created_at  timestamptz;
alter table conversation_search alter column language drop default;
-- PostgreSQL moves a document out of its row only where a row is longer than 2 kB. Blanks, which are packed into some
-- twenty bytes, make every row so long: thrice as many rows lie in a page, and hits are counted thrice as fast.
alter table conversation_search add column padding text not null default repeat(' ', 2100);
alter table customer_search add column padding text not null default repeat(' ', 2100);
alter table customer_search alter document set storage external;
alter table customer_search set (toast_tuple_target = 160);
alter table conversation_search alter addresses set storage external;
alter table conversation_search set (fillfactor = 90);

drop function search_body(bigint, text);
create function search_body(account bigint, language text, texts text) returns tsvector
language plpgsql immutable strict parallel safe as $$
declare
  body tsvector := search_text('b', 'x', account, language, left(texts, 100000));
begin
  if pg_column_size(body) > 400000 then
    body := search_text('b', 'x', account, language, left(texts, 20000));
  end if;
  return body;
end $$;

drop function conversation_search_rebuild(bigint, bigint[], boolean);
drop function conversation_search_bodies(bigint, bigint);
drop function conversation_search_about(bigint, bigint);

create function conversation_search_bodies(account bigint, conversation bigint, language text) returns tsvector
language plpgsql stable cost 5000 as $$
begin
  return (
    select search_bodies(search_body(account, language, t.body_text) order by t.id) from thread t
    where t.account_id = account and t.conversation_id = conversation and search_shows(t.state, t.type));
end $$;

-- All of a document but the bodies.
create function conversation_search_about(
  account bigint, conversation bigint, language text,
  out about tsvector, out addresses text[], out state text, out status text, out mailbox_id bigint, out assignee_id bigint,
  out created_at timestamptz)
language plpgsql stable cost 5000 as $$
declare
  talk record;
  customer_name text;
  emails text[];
  names text[];
  slugs text[];
  met record;
begin
  select c.subject, c.number, c.primary_customer_id, c.cc || c.bcc as copies, c.state, c.status, c.mailbox_id,
         c.assignee_id, c.created_at into talk
  from conversation c where c.account_id = account and c.id = conversation;
  if not found then  -- it is being deleted
    return;
  end if;
  select k.first_name || ' ' || k.last_name into customer_name
  from customer k where k.account_id = account and k.id = talk.primary_customer_id;
  emails := array(
    select lower(e.value) from customer_entry e
    where e.account_id = account and e.customer_id = talk.primary_customer_id and e.kind = 'email' order by e.id limit 100);
  select coalesce(array_agg(left(g.name, 200) order by g.id), '{}'), coalesce(array_agg(g.slug), '{}') into names, slugs
  from conversation_tag t join tag g on g.account_id = t.account_id and g.id = t.tag_id
  where t.account_id = account and t.conversation_id = conversation;
  -- spec: 12.3 `replyUserIds`: those who wrote to the customer, not those who left a note
  select array_agg(t.customer_id) || array_agg(t.created_by_customer_id) as customers,
         array_agg(t.created_by_user_id) filter (where t.type in ('message', 'chat', 'beaconchat')) as users,
         string_to_array(string_agg(array_to_string(t.to_emails || t.cc || t.bcc, chr(10)), chr(10)), chr(10)) as places
  into met from thread t
  where t.account_id = account and t.conversation_id = conversation and search_shows(t.state, t.type);
  addresses := search_places(emails || talk.copies || met.places);
  about := setweight(search_text('s', 'y', account, language, left(talk.subject, 5000)), 'A')
    || setweight(search_vector('p', account, left(customer_name, 1000) || emails), 'B')
    || setweight(search_vector('g', account, names), 'B')
    || array_to_tsvector(
      array[search_value('n', account, talk.number::text)]
      || array(select distinct search_value('t', account, t) from unnest(names || slugs) t)
      || search_people(account, met.customers || talk.primary_customer_id, met.users, addresses));
  state := talk.state;
  status := talk.status;
  mailbox_id := talk.mailbox_id;
  assignee_id := talk.assignee_id;
  created_at := talk.created_at;
end $$;

create or replace function conversation_search_make(account bigint, conversation bigint) returns void language plpgsql as $$
declare
  spoken text := search_language_of(account);
begin
  insert into conversation_search (account_id, conversation_id, document, addresses, language,
                                   state, status, mailbox_id, assignee_id, created_at)
  select account, conversation, conversation_search_bodies(account, conversation, spoken) || a.about, a.addresses, spoken,
         a.state, a.status, a.mailbox_id, a.assignee_id, a.created_at
  from conversation_search_about(account, conversation, spoken) a where a.about is not null
  on conflict do nothing;
end $$;

-- As before, in the language that each document is in, or in `spoken` from now on.
create function conversation_search_rebuild(account bigint, conversations bigint[], bodies boolean, spoken text default null)
returns void language plpgsql as $$
declare
  one bigint;
  held tsvector;
  fresh record;
  tongue text;
begin
  foreach one in array conversations loop
    select s.document, coalesce(spoken, s.language) into held, tongue from conversation_search s
    where s.account_id = account and s.conversation_id = one for no key update;
    continue when not found;
    if bodies then
      held := conversation_search_bodies(account, one, tongue);
    end if;
    select a.* into fresh from conversation_search_about(account, one, tongue) a;
    continue when fresh.about is null;
    update conversation_search s set document = ts_filter(held, '{d}') || fresh.about, addresses = fresh.addresses,
      language = tongue, state = fresh.state, status = fresh.status, mailbox_id = fresh.mailbox_id,
      assignee_id = fresh.assignee_id, created_at = fresh.created_at
    where s.account_id = account and s.conversation_id = one;
  end loop;
end $$;

create or replace function customer_search_make(account bigint, customer bigint) returns void language plpgsql as $$
begin
  insert into customer_search (account_id, customer_id, document, first_name, last_name, addresses, phones)
  select r.account_id, r.customer_id, r.document, r.first_name, r.last_name, r.addresses, r.phones
  from customer_search_row(account, customer) r where r.account_id is not null
  on conflict do nothing;
end $$;

-- The document stays as it is, so this row is written in its place and no index entry is made.
create function conversation_search_on_place() returns trigger language plpgsql as $$
begin
  update conversation_search s set state = new.state, status = new.status, mailbox_id = new.mailbox_id,
    assignee_id = new.assignee_id, created_at = new.created_at
  where s.account_id = new.account_id and s.conversation_id = new.id;
  return null;
end $$;
create trigger conversation_search_on_place
  after update of state, status, mailbox_id, assignee_id, created_at on conversation for each row
  when ((old.state, old.status, old.mailbox_id, old.assignee_id, old.created_at)
        is distinct from (new.state, new.status, new.mailbox_id, new.assignee_id, new.created_at))
  execute function conversation_search_on_place();

create or replace function thread_search_on_create() returns trigger language plpgsql as $$
begin
  with fresh as (
    select n.account_id, n.conversation_id,
           search_bodies(search_body(n.account_id, s.language, n.body_text) order by n.id) as body,
           array_agg(n.customer_id) || array_agg(n.created_by_customer_id) as customers,
           array_agg(n.created_by_user_id) filter (where n.type in ('message', 'chat', 'beaconchat')) as users,
           search_places(string_to_array(
             string_agg(array_to_string(n.to_emails || n.cc || n.bcc, chr(10)), chr(10)), chr(10))) as places
    from added n
    join conversation_search s on s.account_id = n.account_id and s.conversation_id = n.conversation_id
    where search_shows(n.state, n.type)
    group by n.account_id, n.conversation_id
  )
  update conversation_search s set
    document = search_with(
      search_with(s.document, f.body),
      array_to_tsvector(search_people(f.account_id, f.customers, f.users, f.places))),
    addresses = s.addresses || array(
      select p from unnest(f.places) p where p <> all (s.addresses) and cardinality(s.addresses) < 2000)
  from fresh f where s.account_id = f.account_id and s.conversation_id = f.conversation_id;
  return null;
end $$;

-- ---------------------------------------------------------------- what is there already

-- The worker makes the documents anew, some at a time; until then searches ask for words as they were written, too.
insert into search_language (account_id, language, before)
select a.id, 'english', '{simple}' from account a
where exists (select from conversation_search s where s.account_id = a.id);
-- Hits of a search are counted among all documents, less those of the few customers that are deleted or merged.
create index customer_inactive on customer (account_id, id) where state <> 'active';
