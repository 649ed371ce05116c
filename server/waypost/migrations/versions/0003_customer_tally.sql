-- How many customers an account has, kept as conversations are: base + deltas is exact at every moment.
create table customer_tally (
  account_id  bigint primary key,
  n           bigint not null
);
create table customer_tally_delta (
  account_id  bigint not null,
  n           integer not null
);
create index customer_tally_delta_account on customer_tally_delta (account_id);

-- Once a statement, not once a row: a load of many customers leaves one delta.
create function customer_tally_insert() returns trigger language plpgsql as $$
begin
  insert into customer_tally_delta select account_id, count(*) from made where state = 'active' group by account_id;
  return null;
end $$;
create function customer_tally_delete() returns trigger language plpgsql as $$
begin
  insert into customer_tally_delta select account_id, -count(*) from gone where state = 'active' group by account_id;
  return null;
end $$;
create function customer_tally_state() returns trigger language plpgsql as $$
begin
  if new.state = 'active' then
    insert into customer_tally_delta values (new.account_id, 1);
  elsif old.state = 'active' then
    insert into customer_tally_delta values (old.account_id, -1);
  end if;
  return null;
end $$;
create trigger customer_tally_insert after insert on customer
  referencing new table as made for each statement execute function customer_tally_insert();
create trigger customer_tally_delete after delete on customer
  referencing old table as gone for each statement execute function customer_tally_delete();
create trigger customer_tally_state after update of state on customer
  for each row when (old.state is distinct from new.state) execute function customer_tally_state();

insert into customer_tally select account_id, count(*) from customer where state = 'active' group by account_id;

-- With the name itself in the index its scan need not visit the rows of the pages before.
drop index customer_first_name;
drop index customer_last_name;
create index customer_first_name on customer (account_id, lower(first_name), id) include (first_name) where state = 'active';
create index customer_last_name on customer (account_id, lower(last_name), id) include (last_name) where state = 'active';

-- The planner takes no statistics from partial indexes; without these a filter by name walks the whole list.
create statistics customer_lower_first_name on (lower(first_name)) from customer;
create statistics customer_lower_last_name on (lower(last_name)) from customer;
create statistics customer_entry_lower_value on (lower(value)) from customer_entry;

-- Counts a customer's visible conversations, and tells whether there is one in a mailbox, from the index alone.
create index conversation_customer_mailbox on conversation (account_id, primary_customer_id, mailbox_id)
  where state = 'published';
