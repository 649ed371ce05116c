-- `since` is a question to what lay in a folder when it was first seen, not to what was put there later with its old
-- date. Folders that were read to their end have that behind them.
alter table mail_folder add column since_below bigint not null default 1;
update mail_folder set since_below = case when succeeded_at is null then 4294967296 else next_uid end;
