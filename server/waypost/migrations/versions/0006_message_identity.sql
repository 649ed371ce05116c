-- A Message-ID alone does not name a message: some senders use one again. The same id from the same sender at the same
-- time is the same message, by whatever way it came; anything else is kept.
alter table received_mail add column identity text not null default '';
update received_mail set identity = content_digest;
alter table received_mail alter column identity drop default;
drop index received_mail_message_id;
create unique index received_mail_message_id on received_mail (account_id, mailbox_id, left(message_id, 500), identity);
