-- A new name is found at once where few customers have it. Many would keep the change waiting for minutes: they are left
-- to a job (customers.organizations.search_upkeep, which knows this number).
create or replace function organization_search_on_change() returns trigger language plpgsql as $$
declare
  members bigint[] := array(
    select k.id from customer k where k.account_id = new.account_id and k.organization_id = new.id
    order by k.id limit 201);
begin
  if cardinality(members) <= 200 then
    perform customer_search_refresh(new.account_id, members);
  end if;
  return null;
end $$;
