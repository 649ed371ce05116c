-- What was answered to requests that bear an Idempotency-Key, written in the transaction of their work. Keys and
-- requests are kept as digests; location is the path of what was made, by which an answer is emptied when that goes.
create table idempotent_answer (
  account_id      bigint not null references account (id),
  application_id  bigint not null,  -- 0: none
  user_id         bigint not null,
  key_digest      bytea not null,
  request_digest  bytea not null,
  status          smallint not null,
  headers         jsonb not null,
  body            bytea not null,
  location        text not null default '',
  kept_at         timestamptz not null,
  primary key (account_id, application_id, user_id, key_digest)
);
create index idempotent_answer_kept on idempotent_answer (kept_at);
create index idempotent_answer_location on idempotent_answer (account_id, location text_pattern_ops);
