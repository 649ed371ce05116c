-- How often a thing has changed, counted by the database, so that a caller can say: only if it is still as I read it
-- (If-Match). Everything that changes a conversation or a customer moves its row, whatever part of it is meant.
alter table conversation add column version bigint not null default 1;
alter table thread add column version bigint not null default 1;
alter table customer add column version bigint not null default 1;
alter table organization add column version bigint not null default 1;
alter table tag add column version bigint not null default 1;
alter table saved_reply add column version bigint not null default 1;

create function count_version() returns trigger language plpgsql as $$
begin
  new.version := old.version + 1;
  return new;
end $$;
create trigger conversation_version before update on conversation for each row execute function count_version();
create trigger customer_version before update on customer for each row execute function count_version();
create trigger organization_version before update on organization for each row execute function count_version();
create trigger tag_version before update on tag for each row execute function count_version();
create trigger saved_reply_version before update on saved_reply for each row execute function count_version();
-- Not when mail gives it a Message-ID, which callers never see.
create trigger thread_version before update of
  conversation_id, type, status, state, action_type, action_text, action_entities, body, customer_id,
  created_by_customer_id, created_by_user_id, assignee_id, to_emails, cc, bcc, created_at, opened_at,
  linked_conversation_id, scheduled_by_user_id, scheduled_for, send_as_user_id, unschedule_on_customer_reply, version
  on thread for each row execute function count_version();

-- A thread shows its files. One that was written in this very transaction needs no other version.
create function attachment_version() returns trigger language plpgsql as $$
declare
  changed attachment;
begin
  if tg_op = 'DELETE' then changed := old; else changed := new; end if;
  update thread set version = version where account_id = changed.account_id and id = changed.thread_id
    and xmin <> pg_current_xact_id()::xid;
  return null;
end $$;
create trigger attachment_version after insert or update or delete on attachment
  for each row execute function attachment_version();
