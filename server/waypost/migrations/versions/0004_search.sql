-- Full text: one document (a tsvector under a GIN index) for each conversation and each customer, kept by triggers in the
-- transaction of the change. docs/decisions/0006-search-documents.md says why one a conversation and not one a thread.
--
-- A lexeme begins with a letter for its kind and the account's number, as in b7xrefund: the word `refund` in a body of
-- account 7. So one account's words never stand in another's posting lists: nothing leaks, and no time is lost on them.
--   conversations: s subject, b body, p customer's name and addresses, g tag's name, n number (words);
--                  t tag's name or slug, e address, r address backwards, k customer's id, u id of a user who replied (whole)
--   customers:     f first name, l last name, m address, o organization, j job title, w location (words);
--                  e address, d domain, h phone's digits, q three signs in a row of an address (whole)
-- Words are compared without case and accents. No stemming: a word matches itself (spec: 12.2), in every language.

-- ---------------------------------------------------------------- words

-- spec: 12.2 `text`. Letters that no normal form takes apart are replaced one by one.
create function search_fold(value text) returns text language plpgsql immutable strict parallel safe as $$
begin
  if octet_length(value) = length(value) then
    return lower(value);
  end if;
  value := regexp_replace(lower(normalize(value, NFKD)), '[\u0300-\u036f]', '', 'g');
  if value ~ '[ßæœøłđðþıħς]' then
    value := translate(value, 'øłđðıħς', 'olddihσ');
    value := replace(replace(replace(replace(value, 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th');
  end if;
  if value ~ '[\u1100-\u11ff\u3099\u309a]' then  -- Hangul and kana belong together again
    value := normalize(value, NFC);
  end if;
  -- In scripts written without blanks every sign is a word, and a search for several signs is one for a phrase.
  if value ~ '[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]' then
    value := regexp_replace(
      value, '([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff])', ' \1 ', 'g');
  end if;
  return value;
end $$;

-- The words of a text, each behind the mark, with blanks between. The bare mark at the end keeps phrases from reaching
-- into the next text. Words longer than 60 letters are codes: cut, as they would swell the index.
create function search_words(mark text, value text) returns text language plpgsql immutable strict parallel safe as $$
declare
  words text := regexp_replace(' ' || search_fold(value) || ' ', '[^[:alnum:]]+', ' ' || mark, 'g');
begin
  if length(words) > 60 and words ~ '[[:alnum:]]{61}' then
    words := regexp_replace(words, '([[:alnum:]]{60})[[:alnum:]]+', '\1', 'g');
  end if;
  return words;
end $$;

create function search_mark(kind text, account bigint) returns text
  language sql immutable strict parallel safe return kind || account::text || 'x';

-- A value that is compared as a whole, as lexeme. Longer ones are compared by their first 100 letters.
create function search_value(kind text, account bigint, value text) returns text
  language sql immutable strict parallel safe return kind || account::text || 'x' || left(lower(value), 100);

create function search_vector(kind text, account bigint, texts text[]) returns tsvector
language plpgsql immutable strict parallel safe as $$
declare
  mark text := search_mark(kind, account);
  part text;
  words text := '';
begin
  foreach part in array texts loop
    words := words || coalesce(search_words(mark, part), '');
  end loop;
  return to_tsvector('pg_catalog.simple', words);
end $$;

-- ---------------------------------------------------------------- questions

-- How dear some of these are said to be makes PostgreSQL plan each question for the words that it asks: a plan that is
-- to serve any words has to call them, so it never looks cheaper. Common and rare words need quite different plans.

-- A text without a word asks for a lexeme that no document holds.
create function search_asked_words(kind text, account bigint, value text) returns text
language plpgsql immutable strict parallel safe cost 1000000000 as $$
declare
  mark text := search_mark(kind, account);
  words text := search_words(mark, value);
begin
  words := btrim(left(words, length(words) - length(mark)));
  return case when words = '' then search_mark('z', account) else words end;
end $$;

create function search_phrase(kind text, account bigint, value text) returns tsquery
  language sql immutable strict parallel safe
  return phraseto_tsquery('pg_catalog.simple', search_asked_words(kind, account, value));

create function search_every_word(kind text, account bigint, value text) returns tsquery
  language sql immutable strict parallel safe
  return plainto_tsquery('pg_catalog.simple', search_asked_words(kind, account, value));

-- As search_phrase, but the last word need only begin so.
create function search_beginning(kind text, account bigint, value text) returns tsquery
  language sql immutable strict parallel safe
  return to_tsquery('pg_catalog.simple', replace(search_asked_words(kind, account, value), ' ', ' <-> ') || ':*');

create function search_lexeme(lexeme text) returns tsquery
language plpgsql immutable strict parallel safe cost 1000000000 as $$
begin
  return '''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || '''';
end $$;

create function search_whole(kind text, account bigint, value text) returns tsquery
  language sql immutable strict parallel safe return search_lexeme(search_value(kind, account, value));

create function search_whole_beginning(kind text, account bigint, value text) returns tsquery
  language sql immutable strict parallel safe
  return (search_lexeme(search_value(kind, account, value))::text || ':*')::tsquery;

-- Three signs in a row, by which a part of an address is found. Blanks mark both ends.
create function search_trigrams(value text) returns text[] language plpgsql immutable strict parallel safe as $$
begin
  value := lower(value);
  return array(select distinct substr(value, place, 3) from generate_series(1, length(value) - 2) place);
end $$;

-- Documents that may hold the value somewhere in an address; which do is to be checked.
create function search_containing(kind text, account bigint, value text) returns tsquery
language plpgsql immutable strict parallel safe cost 1000000000 as $$
begin
  if length(value) < 3 then
    return search_whole_beginning(kind, account, value);
  end if;
  return (select string_agg(search_whole(kind, account, t)::text, ' & ') from unnest(search_trigrams(left(value, 60))) t);
end $$;

-- ---------------------------------------------------------------- conversations

create table conversation_search (
  account_id       bigint not null,
  conversation_id  bigint not null,
  document         tsvector not null,  -- words of bodies have weight D, others A or B, whole values none
  addresses        text[] not null,    -- wildcards are checked against these
  primary key (account_id, conversation_id),
  foreign key (account_id, conversation_id) references conversation (account_id, id) on delete cascade
);
-- Large documents lie beside the rows, which are read by the thousand to count hits, and are not packed.
alter table conversation_search alter document set storage external;
alter table conversation_search set (toast_tuple_target = 160);

-- What a thread adds. The bounds keep a document far below the 1 MB that a tsvector may have, whatever was written.
create function search_body(account bigint, texts text) returns tsvector
language plpgsql immutable strict parallel safe as $$
declare
  body tsvector := to_tsvector('pg_catalog.simple', search_words(search_mark('b', account), left(texts, 100000)));
begin
  if pg_column_size(body) > 400000 then
    body := to_tsvector('pg_catalog.simple', search_words(search_mark('b', account), left(texts, 20000)));
  end if;
  return body;
end $$;

create function search_with(document tsvector, added tsvector) returns tsvector
  language sql immutable strict parallel safe
  return case when pg_column_size(document) + pg_column_size(added) < 500000 then document || added else document end;

create aggregate search_bodies(tsvector) (sfunc = search_with, stype = tsvector, initcond = '');

-- Threads whose text can be found (spec: 12.3 `body`).
create function search_shows(thread_state text, thread_type text) returns boolean
  language sql immutable parallel safe return thread_state = 'published' and thread_type <> 'lineitem';

-- The people in some threads or a whole conversation, as lexemes.
create function search_people(account bigint, customers bigint[], users bigint[], places text[]) returns text[]
language plpgsql immutable parallel safe as $$
begin
  return array(
    select distinct search_value('k', account, k::text) from unnest(customers) k where k is not null limit 1000)
    || array(select distinct search_value('u', account, u::text) from unnest(users) u where u is not null limit 1000)
    || array(select search_value('e', account, p) from unnest(places) p)
    || array(select search_value('r', account, reverse(p)) from unnest(places) p);
end $$;

create function search_places(places text[]) returns text[] language plpgsql immutable parallel safe as $$
begin
  return array(select distinct left(lower(p), 100) from unnest(places) p where p <> '' limit 2000);
end $$;

-- All of a document but the bodies.
create function conversation_search_about(account bigint, conversation bigint, out about tsvector, out addresses text[])
language plpgsql stable cost 5000 as $$
declare
  talk record;
  customer_name text;
  emails text[];
  names text[];
  slugs text[];
  met record;
begin
  select c.subject, c.number, c.primary_customer_id, c.cc || c.bcc as copies into talk
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
  about := setweight(search_vector('s', account, array[left(talk.subject, 5000)]), 'A')
    || setweight(search_vector('p', account, left(customer_name, 1000) || emails), 'B')
    || setweight(search_vector('g', account, names), 'B')
    || array_to_tsvector(
      array[search_value('n', account, talk.number::text)]
      || array(select distinct search_value('t', account, t) from unnest(names || slugs) t)
      || search_people(account, met.customers || talk.primary_customer_id, met.users, addresses));
end $$;

create function conversation_search_bodies(account bigint, conversation bigint) returns tsvector
language plpgsql stable cost 5000 as $$
begin
  return (
    select search_bodies(search_body(account, t.body_text) order by t.id) from thread t
    where t.account_id = account and t.conversation_id = conversation and search_shows(t.state, t.type));
end $$;

create function conversation_search_make(account bigint, conversation bigint) returns void language plpgsql as $$
begin
  insert into conversation_search (account_id, conversation_id, document, addresses)
  select account, conversation, conversation_search_bodies(account, conversation) || a.about, a.addresses
  from conversation_search_about(account, conversation) a
  on conflict do nothing;
end $$;

-- Makes the documents of conversations that have none, in the order of their ids from after `beyond`, `most` at a time.
-- Returns the last id, null when none is left.
create function search_fill_conversations(account bigint, beyond bigint, most integer) returns bigint
language plpgsql as $$
declare
  missing bigint;
  last bigint;
begin
  for missing in
    select c.id from conversation c
    where c.account_id = account and c.id > beyond and not exists (
      select from conversation_search s where s.account_id = account and s.conversation_id = c.id)
    order by c.id limit most
  loop
    perform conversation_search_make(account, missing);
    last := missing;
  end loop;
  return last;
end $$;

-- Each row is locked before anything is read, so that what others add meanwhile is seen or comes after. Without
-- `bodies` their words are taken over from the document as it is. One by one, as statements about one row need not be
-- planned anew each time.
create function conversation_search_refresh(account bigint, conversations bigint[], bodies boolean) returns void
language plpgsql as $$
declare
  one bigint;
  held tsvector;
  fresh record;
begin
  foreach one in array conversations loop
    select s.document into held from conversation_search s
    where s.account_id = account and s.conversation_id = one for no key update;
    continue when not found;
    if bodies then
      held := conversation_search_bodies(account, one);
    end if;
    select a.about, a.addresses into fresh from conversation_search_about(account, one) a;
    continue when fresh.about is null;
    update conversation_search s set document = ts_filter(held, '{d}') || fresh.about, addresses = fresh.addresses
    where s.account_id = account and s.conversation_id = one;
  end loop;
end $$;

-- A new conversation gets its document at the end of the transaction, when its threads and tags are there: once, not
-- thrice. Until then the triggers below find no row to change.
create function conversation_search_on_create() returns trigger language plpgsql as $$
begin
  perform conversation_search_make(new.account_id, new.id);
  return null;
end $$;
create constraint trigger conversation_search_on_create after insert on conversation
  deferrable initially deferred for each row execute function conversation_search_on_create();

create function conversation_search_on_change() returns trigger language plpgsql as $$
begin
  perform conversation_search_refresh(new.account_id, array[new.id], false);
  return null;
end $$;
create trigger conversation_search_on_change
  after update of subject, number, primary_customer_id, cc, bcc on conversation for each row
  when ((old.subject, old.number, old.primary_customer_id, old.cc, old.bcc)
        is distinct from (new.subject, new.number, new.primary_customer_id, new.cc, new.bcc))
  execute function conversation_search_on_change();

create function thread_search_on_create() returns trigger language plpgsql as $$
begin
  with fresh as (
    select n.account_id, n.conversation_id,
           search_bodies(search_body(n.account_id, n.body_text) order by n.id) as body,
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
create trigger thread_search_on_create after insert on thread referencing new table as added
  for each statement execute function thread_search_on_create();

create function thread_search_on_change() returns trigger language plpgsql as $$
declare
  part record;
begin
  for part in
    select x.account_id, array_agg(distinct x.conversation_id order by x.conversation_id) as conversations from (
      select o.account_id, unnest(array[o.conversation_id, n.conversation_id]) as conversation_id
      from before o join after n on n.account_id = o.account_id and n.id = o.id
      where (o.body_text, o.state, o.type, o.conversation_id, o.customer_id, o.created_by_customer_id, o.created_by_user_id,
             o.to_emails, o.cc, o.bcc)
        is distinct from (n.body_text, n.state, n.type, n.conversation_id, n.customer_id, n.created_by_customer_id,
             n.created_by_user_id, n.to_emails, n.cc, n.bcc)
    ) x group by x.account_id
  loop
    perform conversation_search_refresh(part.account_id, part.conversations, true);
  end loop;
  return null;
end $$;
create trigger thread_search_on_change after update on thread referencing old table as before new table as after
  for each statement execute function thread_search_on_change();

create function thread_search_on_delete() returns trigger language plpgsql as $$
declare
  part record;
begin
  for part in select account_id, array_agg(distinct conversation_id order by conversation_id) as conversations from gone group by account_id loop
    perform conversation_search_refresh(part.account_id, part.conversations, true);
  end loop;
  return null;
end $$;
create trigger thread_search_on_delete after delete on thread referencing old table as gone
  for each statement execute function thread_search_on_delete();

create function tagging_search_on_change() returns trigger language plpgsql as $$
declare
  part record;
begin
  for part in select account_id, array_agg(distinct conversation_id order by conversation_id) as conversations from changed group by account_id loop
    perform conversation_search_refresh(part.account_id, part.conversations, false);
  end loop;
  return null;
end $$;
create trigger tagging_search_on_create after insert on conversation_tag referencing new table as changed
  for each statement execute function tagging_search_on_change();
create trigger tagging_search_on_change after update on conversation_tag referencing new table as changed
  for each statement execute function tagging_search_on_change();
create trigger tagging_search_on_delete after delete on conversation_tag referencing old table as changed
  for each statement execute function tagging_search_on_change();

create function tag_search_on_change() returns trigger language plpgsql as $$
begin
  perform conversation_search_refresh(new.account_id, array(
    select t.conversation_id from conversation_tag t where t.account_id = new.account_id and t.tag_id = new.id order by 1), false);
  return null;
end $$;
create trigger tag_search_on_change after update of name, slug on tag for each row
  when ((old.name, old.slug) is distinct from (new.name, new.slug)) execute function tag_search_on_change();

-- ---------------------------------------------------------------- customers

create table customer_search (
  account_id   bigint not null,
  customer_id  bigint not null,
  document     tsvector not null,
  first_name   text[] not null,  -- words, folded; wildcards are checked against these ...
  last_name    text[] not null,
  addresses    text[] not null,  -- ... and these
  phones       text[] not null,  -- digits only
  primary key (account_id, customer_id),
  foreign key (account_id, customer_id) references customer (account_id, id) on delete cascade
);

create function customer_search_row(account bigint, customer bigint) returns customer_search
language plpgsql stable cost 5000 as $$
declare
  made customer_search;
  person record;
  emails text[];
  phones text[];
begin
  select k.first_name, k.last_name, k.job_title, k.location, o.name as organization into person
  from customer k left join organization o on o.account_id = k.account_id and o.id = k.organization_id
  where k.account_id = account and k.id = customer;
  if not found then  -- it is being deleted
    return made;
  end if;
  select array_agg(lower(left(e.value, 100)) order by e.id) filter (where e.kind = 'email'),
         array_agg(regexp_replace(left(e.value, 100), '[^0-9]', '', 'g') order by e.id) filter (where e.kind = 'phone')
  into emails, phones
  from (select * from customer_entry e where e.account_id = account and e.customer_id = customer order by e.id limit 200) e;
  emails := coalesce(emails, '{}');
  phones := coalesce(phones, '{}');
  made.account_id := account;
  made.customer_id := customer;
  made.first_name := string_to_array(btrim(search_words('', left(person.first_name, 1000))), ' ');
  made.last_name := string_to_array(btrim(search_words('', left(person.last_name, 1000))), ' ');
  made.addresses := emails;
  made.phones := phones;
  made.document := setweight(search_vector('f', account, array[left(person.first_name, 1000)]), 'A')
    || setweight(search_vector('l', account, array[left(person.last_name, 1000)]), 'A')
    || setweight(search_vector('m', account, emails), 'B')
    || search_vector('o', account, array[left(person.organization, 1000)])
    || search_vector('j', account, array[left(person.job_title, 1000)])
    || search_vector('w', account, array[left(person.location, 1000)])
    || array_to_tsvector(
      array(select distinct search_value('e', account, e) from unnest(emails) e)
      || array(select distinct search_value('d', account, split_part(e, '@', 2)) from unnest(emails) e)
      || array(select distinct search_value('h', account, p) from unnest(phones) p)
      || array(select distinct search_value('q', account, q)
               from unnest(emails) e, unnest(search_trigrams(' ' || e || '  ')) q));
  return made;
end $$;

create function customer_search_make(account bigint, customer bigint) returns void language plpgsql as $$
begin
  insert into customer_search select r.* from customer_search_row(account, customer) r on conflict do nothing;
end $$;

create function search_fill_customers(account bigint, beyond bigint, most integer) returns bigint
language plpgsql as $$
declare
  missing bigint;
  last bigint;
begin
  for missing in
    select k.id from customer k
    where k.account_id = account and k.id > beyond and not exists (
      select from customer_search s where s.account_id = account and s.customer_id = k.id)
    order by k.id limit most
  loop
    perform customer_search_make(account, missing);
    last := missing;
  end loop;
  return last;
end $$;

create function customer_search_refresh(account bigint, customers bigint[]) returns void language plpgsql as $$
declare
  one bigint;
  r customer_search;
begin
  foreach one in array customers loop
    perform from customer_search s where s.account_id = account and s.customer_id = one for no key update;
    continue when not found;
    r := customer_search_row(account, one);
    update customer_search s set document = r.document, first_name = r.first_name, last_name = r.last_name,
      addresses = r.addresses, phones = r.phones
    where s.account_id = account and s.customer_id = one and r.document is not null;
  end loop;
end $$;

-- A conversation is found by its customer's name and addresses too.
create function customer_search_refresh_conversations(account bigint, customer bigint) returns void
language plpgsql as $$
declare
  conversations bigint[] := array(
    select c.id from conversation c where c.account_id = account and c.primary_customer_id = customer order by c.id);
begin
  if conversations <> '{}' then
    perform conversation_search_refresh(account, conversations, false);
  end if;
end $$;

create function customer_search_on_create() returns trigger language plpgsql as $$
begin
  perform customer_search_make(new.account_id, new.id);
  return null;
end $$;
create constraint trigger customer_search_on_create after insert on customer
  deferrable initially deferred for each row execute function customer_search_on_create();

create function customer_search_on_change() returns trigger language plpgsql as $$
begin
  perform customer_search_refresh(new.account_id, array[new.id]);
  if (old.first_name, old.last_name) is distinct from (new.first_name, new.last_name) then
    perform customer_search_refresh_conversations(new.account_id, new.id);
  end if;
  return null;
end $$;
create trigger customer_search_on_change
  after update of first_name, last_name, job_title, location, organization_id on customer for each row
  when ((old.first_name, old.last_name, old.job_title, old.location, old.organization_id)
        is distinct from (new.first_name, new.last_name, new.job_title, new.location, new.organization_id))
  execute function customer_search_on_change();

-- Addresses and phones of customers; each function sees the rows of one statement as `changed`.
create function customer_entry_search_on_change() returns trigger language plpgsql as $$
declare
  part record;
  customer bigint;
begin
  for part in
    select account_id, array_agg(distinct customer_id order by customer_id) as customers,
           array_agg(distinct customer_id order by customer_id) filter (where kind = 'email') as addressed
    from changed where kind in ('email', 'phone') group by account_id
  loop
    perform customer_search_refresh(part.account_id, part.customers);
    foreach customer in array coalesce(part.addressed, '{}') loop
      perform customer_search_refresh_conversations(part.account_id, customer);
    end loop;
  end loop;
  return null;
end $$;
create trigger customer_entry_search_on_create after insert on customer_entry referencing new table as changed
  for each statement execute function customer_entry_search_on_change();
create trigger customer_entry_search_on_change after update on customer_entry referencing new table as changed
  for each statement execute function customer_entry_search_on_change();
create trigger customer_entry_search_on_move after update on customer_entry referencing old table as changed
  for each statement execute function customer_entry_search_on_change();
create trigger customer_entry_search_on_delete after delete on customer_entry referencing old table as changed
  for each statement execute function customer_entry_search_on_change();

create function organization_search_on_change() returns trigger language plpgsql as $$
begin
  perform customer_search_refresh(new.account_id, array(
    select k.id from customer k where k.account_id = new.account_id and k.organization_id = new.id order by k.id));
  return null;
end $$;
create trigger organization_search_on_change after update of name on organization for each row
  when (old.name is distinct from new.name) execute function organization_search_on_change();

-- ---------------------------------------------------------------- what is there already

select search_fill_customers(id, 0, null), search_fill_conversations(id, 0, null) from account;

-- The list of new entries is searched row by row until it is merged, and merging halts one writer: so it stays short.
create index conversation_search_document on conversation_search using gin (document) with (gin_pending_list_limit = 1024);
create index customer_search_document on customer_search using gin (document) with (gin_pending_list_limit = 1024);
-- Hits are joined with this to see which are listed, without visiting their rows.
create index conversation_hit on conversation (account_id, id)
  include (created_at, modified_at, status, mailbox_id, assignee_id) where state = 'published';
-- The more words have known frequencies, the better the guess how many rows a question finds, and so the plan.
alter table conversation_search alter document set statistics 500;
alter table customer_search alter document set statistics 500;
