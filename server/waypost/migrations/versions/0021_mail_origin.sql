-- What came with a received message beside its text, a row for each thread. `unanswerable` says why no program may
-- answer it, and is empty where one may; `detail` holds what people are shown.
create table thread_origin (
  account_id    bigint not null,
  thread_id     bigint not null,
  unanswerable  text not null,
  detail        jsonb not null,
  primary key (account_id, thread_id),
  foreign key (account_id, thread_id) references thread (account_id, id) on delete cascade
);

-- A conversation is answered automatically once.
create table automatic_answer (
  account_id       bigint not null,
  conversation_id  bigint not null,
  answered_at      timestamptz not null,
  primary key (account_id, conversation_id),
  foreign key (account_id, conversation_id) references conversation (account_id, id) on delete cascade
);

-- How many automatic answers an address has got, and a mailbox has given, since a moment; forgotten when that is old.
create table answer_budget (
  account_id  bigint not null references account (id),
  name        text not null,
  since       timestamptz not null,
  taken       integer not null,
  primary key (account_id, name)
);
create index answer_budget_since on answer_budget (account_id, since);
