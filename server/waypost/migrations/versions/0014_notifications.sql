-- What users want to be told of by mail. A row only where somebody has chosen; domains/notifications has the rest.
create table notification_choice (
  account_id  bigint not null,
  user_id     bigint not null,
  occasion    text not null,
  is_wanted   boolean not null,
  primary key (account_id, user_id, occasion),
  foreign key (account_id, user_id) references account_user (account_id, id) on delete cascade
);
