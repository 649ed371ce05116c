-- The knowledge base (docs/decisions/0026-knowledge-base.md). Ids are 24 hex digits on the wire and here; numbers come from one sequence
-- for each account, shared by collections, categories and articles.

-- Also the row that every change of an account's knowledge base locks first: one writer at a time, no deadlocks.
create table docs_counter (
  account_id  bigint primary key references account (id),
  number      bigint not null default 0
);

-- What a user may do beyond reading. Owners and administrators may do all without a row.
create table docs_right (
  account_id  bigint not null,
  user_id     bigint not null,
  level       text not null check (level in ('edit', 'manage')),
  primary key (account_id, user_id),
  foreign key (account_id, user_id) references account_user (account_id, id) on delete cascade
);

create table docs_site (
  account_id        bigint not null references account (id),
  id                text collate "C" not null,
  status            text not null default 'active' check (status in ('active', 'inactive')),
  sub_domain        text not null,
  cname             text,
  has_public_site   boolean not null default true,
  has_contact_form  boolean not null default false,
  -- As it was sent: a number, or another string that means nothing here.
  mailbox           text,
  language          text not null default 'english',
  -- What only pages show: titles, colours, addresses of pictures.
  look              jsonb not null default '{}',
  created_by        bigint,
  updated_by        bigint,
  created_at        timestamptz not null,
  updated_at        timestamptz not null,
  primary key (account_id, id)
);
create unique index docs_site_sub_domain on docs_site (lower(sub_domain));
create unique index docs_site_cname on docs_site (lower(cname)) where cname is not null;

create table docs_restriction (
  account_id     bigint not null,
  site_id        text collate "C" not null,
  is_enabled     boolean not null,
  sign_in_url    text not null default '',
  secret_sealed  bytea,
  primary key (account_id, site_id),
  foreign key (account_id, site_id) references docs_site (account_id, id) on delete cascade
);

create table docs_collection (
  account_id   bigint not null,
  id           text collate "C" not null,
  site_id      text collate "C" not null,
  number       bigint not null,
  slug         text not null,
  visibility   text not null default 'public' check (visibility in ('public', 'private')),
  position     integer not null,
  name         text not null,
  description  text,
  created_by   bigint,
  updated_by   bigint,
  created_at   timestamptz not null,
  updated_at   timestamptz not null,
  primary key (account_id, id),
  foreign key (account_id, site_id) references docs_site (account_id, id) on delete cascade
);
create unique index docs_collection_number on docs_collection (account_id, number);
create unique index docs_collection_name on docs_collection (account_id, site_id, lower(name));

create table docs_category (
  account_id        bigint not null,
  id                text collate "C" not null,
  collection_id     text collate "C" not null,
  number            bigint not null,
  slug              text not null,
  visibility        text not null default 'public' check (visibility in ('public', 'private')),
  position          integer not null,
  default_sort      text not null default 'popularity'
                      check (default_sort in ('popularity', 'name', 'custom', 'updatedAt', 'number')),
  name              text not null,
  description       text,
  is_uncategorized  boolean not null default false,
  created_by        bigint,
  updated_by        bigint,
  created_at        timestamptz not null,
  updated_at        timestamptz not null,
  primary key (account_id, id),
  foreign key (account_id, collection_id) references docs_collection (account_id, id) on delete cascade
);
create unique index docs_category_number on docs_category (account_id, number);
create unique index docs_category_name on docs_category (account_id, collection_id, lower(name));
create unique index docs_category_uncategorized on docs_category (account_id, collection_id) where is_uncategorized;

create table docs_article (
  account_id         bigint not null,
  id                 text collate "C" not null,
  site_id            text collate "C" not null,
  collection_id      text collate "C" not null,
  number             bigint not null,
  slug               text not null,
  status             text not null default 'notpublished' check (status in ('published', 'notpublished')),
  name               text not null,
  -- As it was sent, made safe, and read as plain text.
  source             text not null,
  text               text not null,
  plain              text not null,
  preview            text not null default '',
  draft              text,
  keywords           text[] not null default '{}',
  code               text,
  change_origin      text not null default 'api' check (change_origin in ('api', 'web', 'import')),
  -- Names and keywords apart: they are short, and rank without reading the long texts.
  title_words        tsvector not null default '',
  all_words          tsvector not null default '',
  -- The distinct words of a published article, as docs_word counts them.
  vocabulary         text[] not null default '{}',
  created_by         bigint,
  updated_by         bigint,
  created_at         timestamptz not null,
  updated_at         timestamptz not null,
  last_published_at  timestamptz,
  primary key (account_id, id),
  foreign key (account_id, site_id) references docs_site (account_id, id) on delete cascade,
  foreign key (account_id, collection_id) references docs_collection (account_id, id) on delete cascade
);
create unique index docs_article_number on docs_article (account_id, number);
create unique index docs_article_name on docs_article (account_id, collection_id, lower(name));
create index docs_article_site on docs_article (account_id, site_id, status);
create index docs_article_all_words on docs_article using gin (all_words);

create table docs_article_category (
  account_id   bigint not null,
  category_id  text collate "C" not null,
  article_id   text collate "C" not null,
  position     integer not null,
  primary key (account_id, category_id, article_id),
  foreign key (account_id, category_id) references docs_category (account_id, id) on delete cascade,
  foreign key (account_id, article_id) references docs_article (account_id, id) on delete cascade
);
create index docs_article_category_article on docs_article_category (account_id, article_id);

create table docs_related (
  account_id  bigint not null,
  article_id  text collate "C" not null,
  related_id  text collate "C" not null,
  position    integer not null,
  primary key (account_id, article_id, related_id),
  foreign key (account_id, article_id) references docs_article (account_id, id) on delete cascade,
  foreign key (account_id, related_id) references docs_article (account_id, id) on delete cascade
);
create index docs_related_related on docs_related (account_id, related_id);

create table docs_revision (
  account_id  bigint not null,
  id          text collate "C" not null,
  article_id  text collate "C" not null,
  -- Counts up: several may be written in one second.
  ordinal     bigint generated by default as identity,
  text        text not null,
  created_by  bigint,
  created_at  timestamptz not null,
  primary key (account_id, id),
  foreign key (account_id, article_id) references docs_article (account_id, id) on delete cascade
);
create index docs_revision_article on docs_revision (account_id, article_id, ordinal desc);

create table docs_redirect (
  account_id   bigint not null,
  id           text collate "C" not null,
  site_id      text collate "C" not null,
  url_mapping  text not null,
  type         text not null check (type in ('article', 'category', 'collection', 'custom')),
  document_id  text collate "C",
  anchor       text,
  -- Where it leads as it was given; of documents only while the document is not found.
  target       text not null,
  created_by   bigint,
  updated_by   bigint,
  created_at   timestamptz not null,
  updated_at   timestamptz not null,
  primary key (account_id, id),
  foreign key (account_id, site_id) references docs_site (account_id, id) on delete cascade
);
create unique index docs_redirect_mapping on docs_redirect (account_id, site_id, md5(url_mapping));
create index docs_redirect_document on docs_redirect (account_id, document_id) where document_id is not null;

create table docs_asset (
  account_id   bigint not null,
  id           text collate "C" not null,
  site_id      text collate "C" not null,
  article_id   text collate "C",
  kind         text not null check (kind in ('image', 'attachment', 'logo', 'favicon', 'touchicon')),
  file_name    text not null,
  mime_type    text not null,
  size         bigint not null,
  width        integer,
  height       integer,
  storage_key  text not null,
  created_by   bigint,
  created_at   timestamptz not null,
  primary key (account_id, id),
  foreign key (account_id, site_id) references docs_site (account_id, id) on delete cascade
);
-- An asset is asked for by its id alone: whoever reads an article names no account.
create unique index docs_asset_id on docs_asset (id);

-- Apart from the articles, whose rows are in the index of words: a view must not write that anew.
create table docs_views (
  account_id  bigint not null,
  site_id     text collate "C" not null,
  article_id  text collate "C" not null,
  total       bigint not null default 0,
  primary key (account_id, article_id),
  foreign key (account_id, article_id) references docs_article (account_id, id) on delete cascade
);
create index docs_views_most on docs_views (account_id, site_id, total desc);

-- What reports read, for each day in UTC.
create table docs_views_day (
  account_id  bigint not null,
  site_id     text collate "C" not null,
  day         date not null,
  article_id  text collate "C" not null,
  views       bigint not null,
  primary key (account_id, site_id, day, article_id),
  foreign key (account_id, article_id) references docs_article (account_id, id) on delete cascade
);
create table docs_votes_day (
  account_id  bigint not null,
  site_id     text collate "C" not null,
  day         date not null,
  article_id  text collate "C" not null,
  helpful     bigint not null default 0,
  unhelpful   bigint not null default 0,
  primary key (account_id, site_id, day, article_id),
  foreign key (account_id, article_id) references docs_article (account_id, id) on delete cascade
);
create table docs_searches_day (
  account_id  bigint not null,
  site_id     text collate "C" not null,
  day         date not null,
  query       text not null,
  searches    bigint not null default 0,
  -- How many of them found nothing.
  failed      bigint not null default 0,
  primary key (account_id, site_id, day, query),
  foreign key (account_id, site_id) references docs_site (account_id, id) on delete cascade
);

-- The words of a site's published articles, with what is left of them when one letter is taken out: how words that are
-- nearly right are found.
create table docs_word (
  account_id  bigint not null,
  site_id     text collate "C" not null,
  word        text collate "C" not null,
  articles    integer not null,
  traces      text[] not null,
  primary key (account_id, site_id, word),
  foreign key (account_id, site_id) references docs_site (account_id, id) on delete cascade
);
create index docs_word_traces on docs_word using gin (traces);
