-- What things were at the help center that they were taken in from, so that taking them in again changes them and makes
-- no second ones.
create table docs_origin (
  account_id  bigint not null references account (id),
  kind        text not null
                check (kind in ('site', 'collection', 'category', 'article', 'revision', 'redirect', 'file')),
  origin_id   text collate "C" not null,
  local_id    text collate "C" not null,
  -- A digest of what it was when it was taken in; empty until that was done as a whole.
  mark        text not null default '',
  -- How many of an article's views have been added here.
  views       bigint not null default 0,
  taken_at    timestamptz not null,
  primary key (account_id, kind, origin_id)
);
