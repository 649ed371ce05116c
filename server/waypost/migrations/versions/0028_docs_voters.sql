-- Who has voted on an article, so that each browser counts once and may think again. `voter` is a keyed digest of a
-- random cookie and the article: it says nothing about a person, and nothing about what else they have voted on.
create table docs_vote (
  account_id  bigint not null,
  article_id  text collate "C" not null,
  voter       bytea not null,
  is_helpful  boolean not null,
  day         date not null,
  primary key (account_id, article_id, voter),
  foreign key (account_id, article_id) references docs_article (account_id, id) on delete cascade
);
create index docs_vote_day on docs_vote (day);
