"""How the kept numbers of organizations are brought together (see decision 0018).

Triggers write what changes into `organization_tally_delta`, so that no two writers wait for each other over a number.
The worker folds these rows into `organization_tally`: each into the row of its mailbox and into that of the whole.
"""

from __future__ import annotations

from waypost.kit.tally import ROWS_A_TRANSACTION
from waypost.kit.tx import Transactions

_FOLD = """
with taken as (
  delete from organization_tally_delta
  where ctid = any (array(select ctid from organization_tally_delta limit $1 for update skip locked))
  returning *
), sums as (
  select taken.account_id, taken.organization_id, place.mailbox_id, sum(taken.customers) as customers,
         sum(taken.conversations) as conversations, max(taken.interacted_at) as interacted_at,
         bool_or(taken.is_stale) as is_stale
  from taken cross join lateral (select taken.mailbox_id union select 0) place (mailbox_id)
  group by taken.account_id, taken.organization_id, place.mailbox_id
), kept as (
  select o.account_id, o.id from organization o
  where (o.account_id, o.id) in (select account_id, organization_id from sums) and o.deleted_at is null
  order by o.account_id, o.id for key share
), folded as (
  insert into organization_tally as t
    (account_id, organization_id, mailbox_id, customers, conversations, interacted_at, is_stale)
  select sums.account_id, sums.organization_id, sums.mailbox_id, sums.customers, sums.conversations,
         coalesce(sums.interacted_at, '-infinity'), sums.is_stale
  from sums join kept on kept.account_id = sums.account_id and kept.id = sums.organization_id
  order by sums.account_id, sums.organization_id, sums.mailbox_id
  on conflict (account_id, organization_id, mailbox_id) do update set
    customers = t.customers + excluded.customers, conversations = t.conversations + excluded.conversations,
    interacted_at = greatest(t.interacted_at, excluded.interacted_at), is_stale = t.is_stale or excluded.is_stale
)
select count(*) from taken
"""
_STALE = """
select account_id, organization_id, mailbox_id from organization_tally where is_stale
order by account_id, organization_id, mailbox_id limit $1 for update skip locked
"""
# A statement of its own after the locks, so that it sees whatever has been folded before.
_LOOK_UP = """
update organization_tally t set is_stale = false, interacted_at = coalesce((
  select max(c.modified_at) from customer k
  join conversation c on c.account_id = k.account_id and c.primary_customer_id = k.id and c.state = 'published'
                     and (t.mailbox_id = 0 or c.mailbox_id = t.mailbox_id)
  where k.account_id = t.account_id and k.organization_id = t.organization_id), '-infinity')
where (t.account_id, t.organization_id, t.mailbox_id) in (
  select * from unnest($1::bigint[], $2::bigint[], $3::bigint[]))
"""
_STALE_A_TRANSACTION = 50


async def fold(transactions: Transactions, limit: int = ROWS_A_TRANSACTION) -> int:
    """Fold what there is, at most `limit` rows a transaction, then look up again what went back; the rows folded."""
    total = 0
    while True:
        async with transactions.open() as tx:
            count: int = await tx.connection.fetchval(_FOLD, limit)
        total += count
        if count < limit:
            break
    while await _look_up(transactions):
        pass
    return total


async def _look_up(transactions: Transactions) -> int:
    """Find the last interaction of some organizations that lost a conversation; how many they were."""
    async with transactions.open() as tx:
        rows = await tx.connection.fetch(_STALE, _STALE_A_TRANSACTION)
        if rows:
            await tx.connection.execute(_LOOK_UP, *(list(column) for column in zip(*rows, strict=True)))
        return len(rows)
