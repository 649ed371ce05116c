-- How a mailbox is connected to the world of mail. Servers are sealed as a whole, passwords and tokens with them.
-- A mailbox without a row has the defaults of every column.
create table mail_channel (
  account_id           bigint not null,
  mailbox_id           bigint not null,
  is_paused            boolean not null default false,
  incoming_sealed      bytea,
  outgoing_sealed      bytea,
  inbound_key_sealed   bytea,
  from_kind            text not null default 'user' check (from_kind in ('user', 'mailbox', 'custom')),
  from_name            text not null default '',
  has_reply_addresses  boolean not null default false,
  signature            text not null default '',
  is_auto_reply_on     boolean not null default false,
  auto_reply_subject   text not null default '',
  auto_reply_body      text not null default '',
  undo_seconds         integer not null default 0 check (undo_seconds between 0 and 120),
  are_ratings_on       boolean not null default false,
  dkim_domain          text,
  dkim_selector        text,
  dkim_key_sealed      bytea,
  trusted_authority    text,
  updated_at           timestamptz not null default now(),
  primary key (account_id, mailbox_id),
  foreign key (account_id, mailbox_id) references mailbox (account_id, id) on delete cascade
);

-- Further addresses that reach a mailbox; an address reaches one mailbox of an account.
create table mailbox_alias (
  account_id  bigint not null,
  mailbox_id  bigint not null,
  email       text not null,
  created_at  timestamptz not null default now(),
  primary key (account_id, mailbox_id, email),
  foreign key (account_id, mailbox_id) references mailbox (account_id, id) on delete cascade
);
create unique index mailbox_alias_email on mailbox_alias (account_id, lower(email));

-- A reply waits out its undo time, may be called back in it, and may come back later from a server on the way.
alter table sent_mail drop constraint sent_mail_state_check;
alter table sent_mail add constraint sent_mail_state_check check (state in ('queued', 'sent', 'failed', 'bounced', 'undone'));
alter table sent_mail
  add column due_at timestamptz,
  add column bounced_at timestamptz,
  add column bounce_detail text;
