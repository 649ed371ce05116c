-- What is known of a mail on its way out. `begun_at` is set when a worker takes it up and taken back when the server has
-- taken it for nobody: as long as it is null, the reply can be called back. `handed_over_at` is set right before the dot
-- that ends the message, and taken back by the server's answer: where it stands after a crash, the server may have the
-- message. `remaining` are the recipients still to be reached (null: all of them), `refused` what servers have said of
-- others. `auto` mails answer the customer's thread that they name.
alter table sent_mail
  add column kind text not null default 'reply' check (kind in ('reply', 'forward', 'auto')),
  add column begun_at timestamptz,
  add column handed_over_at timestamptz,
  add column repeats integer not null default 0,
  add column remaining text[],
  add column refused text[] not null default '{}';

-- A mailbox's server stands in mail_channel; nothing has ever set this one.
alter table mailbox drop column smtp_url;
