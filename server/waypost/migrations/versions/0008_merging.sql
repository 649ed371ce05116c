-- Threads of a merged conversation stand in the survivor; answers by mail still find them from the mailbox in which they
-- began, so each remembers its first conversation.
alter table thread add column merged_from_id bigint;
create index conversation_merged_into on conversation (account_id, merged_into_id) where merged_into_id is not null;
create index conversation_merged_subject on conversation (account_id, subject_key) where state = 'merged';

-- What a merge of customers looks for. Nearly all conversations are of the customer who began them.
create index customer_merged_into on customer (account_id, merged_into_id) where merged_into_id is not null;
create index thread_of_customer on thread (account_id, customer_id) where customer_id is not null;
create index conversation_begun_by on conversation (account_id, created_by_customer_id)
  where created_by_customer_id <> primary_customer_id;

-- Changes of thousands of conversations at once are made batch by batch, and so are their search documents: whoever does
-- that sets waypost.search_upkeep to 'by batch' for the transaction and calls conversation_search_rebuild itself.
alter function conversation_search_refresh(bigint, bigint[], boolean) rename to conversation_search_rebuild;
create function conversation_search_refresh(account bigint, conversations bigint[], bodies boolean) returns void
language plpgsql as $$
begin
  if coalesce(current_setting('waypost.search_upkeep', true), '') <> 'by batch' then
    perform conversation_search_rebuild(account, conversations, bodies);
  end if;
end $$;
