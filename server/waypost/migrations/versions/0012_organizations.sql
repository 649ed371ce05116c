-- ---------------------------------------------------------------- the organizations themselves

-- One that is deleted stays, unseen, until its last customer has been unlinked; its name is free at once.
alter table organization add column deleted_at timestamptz;
drop index organization_name;
create unique index organization_name on organization (account_id, lower(name)) where deleted_at is null;
-- With the name itself in the index a scan need not visit the rows of the pages before.
create index organization_sort_name on organization (account_id, lower(name), id) include (name) where deleted_at is null;

-- Members, newest first.
drop index customer_organization;
create index customer_organization on customer (account_id, organization_id, created_at, id)
  where organization_id is not null;
-- Conversations of members, newest first, from the index alone; it counts a customer's visible ones as before.
drop index conversation_customer_mailbox;
create index conversation_customer_mailbox on conversation (account_id, primary_customer_id, mailbox_id)
  include (created_at, modified_at, id) where state = 'published';

-- ---------------------------------------------------------------- domains

-- What an address is looked up in. The organization's own column keeps the order in which they were given.
create table organization_domain (
  account_id       bigint not null,
  domain           text not null,
  organization_id  bigint not null,
  primary key (account_id, domain, organization_id),
  foreign key (account_id, organization_id) references organization (account_id, id) on delete cascade
);
create index organization_domain_organization on organization_domain (account_id, organization_id);

create function organization_domains_keep() returns trigger language plpgsql as $$
begin
  delete from organization_domain where account_id = new.account_id and organization_id = new.id;
  if new.deleted_at is null then
    insert into organization_domain
    select distinct new.account_id, lower(d), new.id from unnest(new.domains) d;
  end if;
  return null;
end $$;
create trigger organization_domains_on_create after insert on organization
  for each row when (new.domains <> '{}') execute function organization_domains_keep();
create trigger organization_domains_on_change after update of domains, deleted_at on organization
  for each row when ((old.domains, old.deleted_at) is distinct from (new.domains, new.deleted_at))
  execute function organization_domains_keep();

insert into organization_domain select distinct account_id, lower(d), id from organization, unnest(domains) d;

-- Finds whom to link when an organization gains a domain.
create index customer_entry_domain on customer_entry (account_id, lower(split_part(value, '@', 2)), customer_id)
  where kind = 'email';

-- ---------------------------------------------------------------- how many organizations

create table organization_total (
  account_id  bigint primary key,
  n           bigint not null
);
create table organization_total_delta (
  account_id  bigint not null,
  n           integer not null
);
create index organization_total_delta_account on organization_total_delta (account_id);

create function organization_total_change() returns trigger language plpgsql as $$
declare
  change integer := (case when tg_op <> 'DELETE' and new.deleted_at is null then 1 else 0 end)
                  - (case when tg_op <> 'INSERT' and old.deleted_at is null then 1 else 0 end);
begin
  if change <> 0 then
    insert into organization_total_delta values (coalesce(new.account_id, old.account_id), change);
  end if;
  return null;
end $$;
create trigger organization_total_change after insert or delete or update of deleted_at on organization
  for each row execute function organization_total_change();

insert into organization_total select account_id, count(*) from organization group by account_id;

-- ---------------------------------------------------------------- kept counts of each organization

-- mailbox_id 0 is the organization as a whole and always there; the others hold what stands in one mailbox, for users
-- who do not see all of them. A customer belongs to no mailbox, so only the whole counts customers.
create table organization_tally (
  account_id       bigint not null,
  organization_id  bigint not null,
  mailbox_id       bigint not null,
  customers        bigint not null default 0,
  conversations    bigint not null default 0,
  interacted_at    timestamptz not null default '-infinity',
  is_stale         boolean not null default false,  -- interacted_at may have to go back: it is looked up again
  primary key (account_id, organization_id, mailbox_id),
  foreign key (account_id, organization_id) references organization (account_id, id) on delete cascade
) with (fillfactor = 80);
create index organization_tally_customers on organization_tally (account_id, customers, organization_id)
  where mailbox_id = 0;
create index organization_tally_conversations on organization_tally
  (account_id, mailbox_id, conversations, organization_id);
create index organization_tally_interacted on organization_tally
  (account_id, mailbox_id, interacted_at, organization_id);
create index organization_tally_stale on organization_tally (account_id, organization_id, mailbox_id) where is_stale;

create table organization_tally_delta (
  account_id       bigint not null,
  organization_id  bigint not null,
  mailbox_id       bigint not null,
  customers        integer not null,
  conversations    integer not null,
  interacted_at    timestamptz,
  is_stale         boolean not null
);
create index organization_tally_delta_organization on organization_tally_delta (account_id, organization_id);

create function organization_tally_begin() returns trigger language plpgsql as $$
begin
  insert into organization_tally (account_id, organization_id, mailbox_id) values (new.account_id, new.id, 0);
  return null;
end $$;
create trigger organization_tally_begin after insert on organization
  for each row execute function organization_tally_begin();

-- A conversation that comes, goes, or is in another mailbox or another customer's now. The key share lock keeps the
-- customer with the organization that is read here until the transaction ends (see customer_organization_lock), else a
-- conversation could be counted where its customer was, and not where the customer is.
create function conversation_organization_change() returns trigger language plpgsql as $$
declare
  previous bigint;
  present bigint;
begin
  if tg_op <> 'INSERT' and old.state = 'published' then
    select organization_id into previous from customer
    where account_id = old.account_id and id = old.primary_customer_id for key share;
  end if;
  if tg_op <> 'DELETE' and new.state = 'published' then
    select organization_id into present from customer
    where account_id = new.account_id and id = new.primary_customer_id for key share;
  end if;
  if previous is not null then
    insert into organization_tally_delta values (old.account_id, previous, old.mailbox_id, 0, -1, null, true);
  end if;
  if present is not null then
    insert into organization_tally_delta
    values (new.account_id, present, new.mailbox_id, 0, 1, new.modified_at, false);
  end if;
  return null;
end $$;
create trigger conversation_organization_insert_delete after insert or delete on conversation
  for each row execute function conversation_organization_change();
create trigger conversation_organization_update after update of state, mailbox_id, primary_customer_id on conversation
  for each row when ((old.state, old.mailbox_id, old.primary_customer_id)
                     is distinct from (new.state, new.mailbox_id, new.primary_customer_id))
  execute function conversation_organization_change();

create function conversation_organization_touch() returns trigger language plpgsql as $$
declare
  present bigint;
begin
  select organization_id into present from customer
  where account_id = new.account_id and id = new.primary_customer_id;
  if present is not null then
    insert into organization_tally_delta
    values (new.account_id, present, new.mailbox_id, 0, 0, new.modified_at, false);
  end if;
  return null;
end $$;
create trigger conversation_organization_touch after update of modified_at on conversation
  for each row when (new.state = 'published' and new.modified_at > old.modified_at
                     and (old.state, old.mailbox_id, old.primary_customer_id)
                         is not distinct from (new.state, new.mailbox_id, new.primary_customer_id))
  execute function conversation_organization_touch();

-- The other side of that lock: waits for whoever is just giving this customer a conversation.
create function customer_organization_lock() returns trigger language plpgsql as $$
begin
  perform from customer where account_id = old.account_id and id = old.id for update;
  return new;
end $$;
create trigger customer_organization_lock before update of organization_id on customer
  for each row when (old.organization_id is distinct from new.organization_id)
  execute function customer_organization_lock();

create function customer_organization_change() returns trigger language plpgsql as $$
begin
  if tg_op <> 'INSERT' and old.organization_id is not null and old.state = 'active' then
    insert into organization_tally_delta values (old.account_id, old.organization_id, 0, -1, 0, null, false);
  end if;
  if tg_op <> 'DELETE' and new.organization_id is not null and new.state = 'active' then
    insert into organization_tally_delta values (new.account_id, new.organization_id, 0, 1, 0, null, false);
  end if;
  if tg_op = 'UPDATE' and old.organization_id is distinct from new.organization_id then
    insert into organization_tally_delta
    select new.account_id, side.organization_id, talks.mailbox_id, 0, side.sign * talks.n,
           case when side.sign > 0 then talks.modified_at end, side.sign < 0
    from (select c.mailbox_id, count(*)::integer as n, max(c.modified_at) as modified_at from conversation c
          where c.account_id = new.account_id and c.primary_customer_id = new.id and c.state = 'published'
          group by c.mailbox_id) talks
    cross join (values (old.organization_id, -1), (new.organization_id, 1)) side (organization_id, sign)
    where side.organization_id is not null;
  end if;
  return null;
end $$;
create trigger customer_organization_insert after insert on customer
  for each row when (new.organization_id is not null) execute function customer_organization_change();
create trigger customer_organization_delete after delete on customer
  for each row when (old.organization_id is not null) execute function customer_organization_change();
create trigger customer_organization_change after update of organization_id, state on customer
  for each row when ((old.organization_id, old.state) is distinct from (new.organization_id, new.state))
  execute function customer_organization_change();

-- Counts an account's organizations anew, for whoever loads rows with triggers off.
create function organization_tally_fill(account bigint) returns void language sql as $$
  delete from organization_tally_delta where account_id = account;
  delete from organization_tally where account_id = account;
  with talks as (
    select k.organization_id, c.mailbox_id, count(*) as n, max(c.modified_at) as modified_at
    from customer k join conversation c on c.account_id = k.account_id and c.primary_customer_id = k.id
    where k.account_id = account and k.organization_id is not null and c.state = 'published'
    group by k.organization_id, c.mailbox_id
  ), people as (
    select organization_id, count(*) as n from customer
    where account_id = account and organization_id is not null and state = 'active' group by organization_id
  ), wholes as (
    select organization_id, sum(n) as n, max(modified_at) as modified_at from talks group by organization_id
  )
  insert into organization_tally (account_id, organization_id, mailbox_id, customers, conversations, interacted_at)
  select account, o.id, 0, coalesce(people.n, 0), coalesce(wholes.n, 0), coalesce(wholes.modified_at, '-infinity')
  from organization o
  left join people on people.organization_id = o.id
  left join wholes on wholes.organization_id = o.id
  where o.account_id = account and o.deleted_at is null
  union all
  select account, organization_id, mailbox_id, 0, n, modified_at from talks;
$$;
select organization_tally_fill(id) from account;

-- ---------------------------------------------------------------- properties

create table organization_property (
  account_id  bigint not null references account (id),
  id          bigint generated by default as identity,
  slug        text not null,
  name        text not null,
  type        text not null check (type in ('number', 'text', 'url', 'date', 'dropdown')),
  created_at  timestamptz not null default now(),
  primary key (account_id, id)
);
create unique index organization_property_slug on organization_property (account_id, lower(slug));

create table organization_property_option (
  account_id   bigint not null,
  id           uuid not null,
  property_id  bigint not null,
  label        text not null,
  position     integer not null,
  primary key (account_id, id),
  foreign key (account_id, property_id) references organization_property (account_id, id) on delete cascade
);
create index organization_property_option_property on organization_property_option (account_id, property_id, position);

create table organization_property_value (
  account_id       bigint not null,
  organization_id  bigint not null,
  property_id      bigint not null,
  value            text not null,
  source           text not null default 'api',
  primary key (account_id, organization_id, property_id),
  foreign key (account_id, organization_id) references organization (account_id, id) on delete cascade,
  foreign key (account_id, property_id) references organization_property (account_id, id) on delete cascade
);
create index organization_property_value_property on organization_property_value (account_id, property_id);
