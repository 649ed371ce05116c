-- Few addresses bounce: the index holds those alone.
create index customer_entry_bounced on customer_entry (account_id, customer_id) where bounced_at is not null;
