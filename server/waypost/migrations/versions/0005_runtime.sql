-- Facts that a reader of the log failed on again and again. The reader has gone on without them; `waypost doctor` shows
-- them, and `waypost queue retry` gives them to the reader once more.
create table event_dead_letter (
  reader      text not null,
  account_id  bigint not null,
  event_id    bigint not null,
  error       text not null,
  failed_at   timestamptz not null default now(),
  primary key (reader, account_id, event_id),
  foreign key (account_id, event_id) references event (account_id, id) on delete cascade
);

-- When recurring work last began; whichever worker moves the time forward does the work.
create table schedule (
  name         text primary key,
  last_run_at  timestamptz not null
);

-- PgQueuer notifies from within each transaction that enqueues, and PostgreSQL lets only one transaction with a
-- notification commit at a time. Hints are sent after the commit instead (waypost.kit.wakeups).
drop trigger tg_pgqueuer_changed on pgqueuer;
drop function fn_pgqueuer_changed();

-- The audit trail's filters. Its entries are numbered per account without gaps, so no count is needed without a filter.
create index audit_entry_type on audit_entry (account_id, type, id);
create index audit_entry_actor on audit_entry (account_id, actor_kind, actor_id, id);
create index audit_entry_at on audit_entry (account_id, at);
