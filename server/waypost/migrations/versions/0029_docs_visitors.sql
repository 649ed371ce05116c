-- Visitors of help centers who have shown that they may see more (docs/decisions/0033-visitors-of-help-centers.md).

-- For a site's private collections, or for the whole site where it is restricted and names no place to sign in.
alter table docs_restriction add column password_hash text;

-- A browser that was let in. Keys are digests of random tokens, which the browser alone holds.
create table docs_visit (
  account_id      bigint not null,
  digest          bytea not null,
  site_id         text collate "C" not null,
  kind            text not null check (kind in ('user', 'callback', 'password')),
  -- A user's visit hangs on their session at the desk: it ends with that one, whatever ends it.
  session_digest  bytea references session (digest) on delete cascade,
  email           text not null default '',
  created_at      timestamptz not null,
  expires_at      timestamptz not null,
  primary key (account_id, digest),
  foreign key (account_id, site_id) references docs_site (account_id, id) on delete cascade,
  check ((kind = 'user') = (session_digest is not null))
);
create index docs_visit_site on docs_visit (account_id, site_id, kind);
create index docs_visit_session on docs_visit (session_digest) where session_digest is not null;
create index docs_visit_expiry on docs_visit (expires_at);

-- Tokens that have let somebody in; kept until they would have expired anyway, so that none counts twice.
create table docs_spent_token (
  account_id  bigint not null,
  site_id     text collate "C" not null,
  digest      bytea not null,
  expires_at  timestamptz not null,
  primary key (account_id, site_id, digest),
  foreign key (account_id, site_id) references docs_site (account_id, id) on delete cascade
);
create index docs_spent_token_expiry on docs_spent_token (expires_at);
