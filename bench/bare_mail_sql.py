"""The statements of `bench.bare_mail`: the rows that a message leaves, without any rule."""

CLAIM = """
insert into received_mail
  (account_id, mailbox_id, content_digest, message_id, identity, storage_key, received_at, outcome)
values ($1, $2, $3, $4, $5, $6, $7, 'pending') on conflict do nothing returning id
"""
FIND = """
select t.conversation_id from unnest($2::text[]) as w (id)
join thread t on t.account_id = $1 and t.message_id = w.id limit 1
"""
KNOWN_CUSTOMER = """
select customer_id from customer_entry where account_id = $1 and kind = 'email' and lower(value) = lower($2)
"""
CUSTOMER = """
with taken as (
  insert into customer_entry (account_id, customer_id, kind, type, value)
  values ($1, nextval(pg_get_serial_sequence('customer', 'id')), 'email', 'work', $3)
  on conflict do nothing returning customer_id
), made as (
  insert into customer (account_id, id, first_name, email, created_at, updated_at)
  select $1, customer_id, $2, $3, $4, $4 from taken returning id
)
select id from made
union all
select customer_id from customer_entry where account_id = $1 and kind = 'email' and lower(value) = lower($3)
limit 1
"""
CONVERSATION = """
with counted as (
  update account_counter set conversation_number = conversation_number + 1 where account_id = $1
  returning conversation_number
)
insert into conversation (
  account_id, number, mailbox_id, type, status, state, subject, primary_customer_id, created_by_customer_id,
  source_type, source_via, created_at, modified_at, user_updated_at, latest_reply_from, preview, thread_count)
select $1, conversation_number, $2, 'email', 'active', 'published', $3, $4, $4, 'email', 'customer', $5, $5, $5,
       'customer', $6, 0
from counted returning id
"""
THREAD = """
insert into thread (
  account_id, conversation_id, type, status, state, body, body_text, source_type, source_via, customer_id,
  created_by_customer_id, created_at, message_id, source_file)
values ($1, $2, 'customer', 'nochange', 'published', $3, $4, 'email', 'customer', $5, $5, $6, $7, $8) returning id
"""
ATTACHMENT = """
insert into attachment (account_id, conversation_id, thread_id, file_name, mime_type, size, storage_key, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)
"""
ADD_THREAD = """
update conversation set thread_count = thread_count + 1, modified_at = $3, attachment_count = attachment_count + $4
where account_id = $1 and id = $2
"""
SETTLE = """
update received_mail set outcome = 'thread', conversation_id = $3, thread_id = $4 where account_id = $1 and id = $2
"""
EVENT = """
insert into event (account_id, type, at, actor_kind, subject_kind, subject_id, data)
values ($1, $2, $3, 'system', 'conversation', $4, $5)
"""
