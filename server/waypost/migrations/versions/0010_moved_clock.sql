-- How far the desk's clock is ahead of the machine's, in development; no row when it is not.
create table moved_clock (
  only_row  boolean primary key default true check (only_row),
  ahead     interval not null
);
