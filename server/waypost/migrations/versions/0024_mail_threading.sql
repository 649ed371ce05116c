-- `root_id` is the oldest message that a received one refers to: answers may arrive before what they answer, and several
-- answers to a message that never came belong together. `is_stranger` says that the sender took no part in the
-- conversation: what he wrote makes nobody a participant.
alter table thread_origin
  add column root_id text,
  add column is_stranger boolean not null default false;
create index thread_origin_root on thread_origin (account_id, left(root_id, 500)) where root_id is not null;

-- Mail to this address came back for good, and with which words; forgotten as soon as mail comes from it.
alter table customer_entry
  add column bounced_at timestamptz,
  add column bounce_reason text;
