"""Lists of organizations, ordered by what is kept of them; nothing is counted, and nothing is looked up row by row.

Where the caller sees every mailbox, a page is a range scan of the index that holds the order, merged with the few
organizations that have changed since the last folding. A user of some mailboxes sees other numbers than those. The
default order is then merged from one range scan for each mailbox; the other orders by such numbers are made from the
rows of these mailboxes, by one hash over all organizations in one statement.
"""

from __future__ import annotations

from waypost.domains.accounts import Scope
from waypost.domains.customers.organizations.models import Organization, OrganizationOrder, OrganizationSort
from waypost.domains.customers.organizations.store import COLUMNS, organization_of
from waypost.kit.db import Connection
from waypost.kit.paging import PageRequest

_TOTAL = """
select (coalesce((select n from organization_total where account_id = $1), 0)
     + coalesce((select sum(n) from organization_total_delta where account_id = $1), 0))::bigint
"""
_FRESH = """
select d.organization_id as id, sum(d.customers)::bigint as customers, sum(d.conversations)::bigint as conversations,
       max(d.interacted_at) as interacted_at
from organization_tally_delta d where d.account_id = $1 group by d.organization_id
"""
# The ids of a page and what they are ordered by. $1 account, $2 visible mailboxes, $3 size, $4 offset.
_PAGES = {
    "by name": """
select o.id, lower(o.name) as place from organization o
where o.account_id = $1 and o.deleted_at is null
order by lower(o.name) {direction}, o.id {direction} limit $3 offset $4
""",
    "by kept": """
select ranked.id, ranked.place from (
  (select t.organization_id as id, t.{key} as place from organization_tally t
    where t.account_id = $1 and t.mailbox_id = 0 and t.organization_id not in (select f.id from fresh f)
    order by t.{key} {direction}, t.organization_id {direction} limit $3::bigint + $4::bigint)
  union all
  select f.id, {sum} from fresh f
  join organization_tally t on t.account_id = $1 and t.organization_id = f.id and t.mailbox_id = 0
) ranked
order by ranked.place {direction}, ranked.id {direction} limit $3 offset $4
""",
    # Whatever is among the first of all is among the first of one of the mailboxes, so no more is read of each. Those
    # without an interaction follow; twice as many are read, as half of them may be above already.
    "last by visible": """
select part.id, max(part.place) as place from (
  select seen.id, seen.place from unnest($2::bigint[]) mailbox (id) cross join lateral (
    select t.organization_id as id, t.interacted_at as place from organization_tally t
    where t.account_id = $1 and t.mailbox_id = mailbox.id
    order by t.interacted_at desc, t.organization_id desc limit $3::bigint + $4::bigint) seen
  union all
  select d.organization_id, coalesce(d.interacted_at, '-infinity') from organization_tally_delta d
  join organization o on o.account_id = $1 and o.id = d.organization_id and o.deleted_at is null
  where d.account_id = $1 and d.mailbox_id = any ($2::bigint[])
  union all
  (select o.id, '-infinity'::timestamptz from organization o where o.account_id = $1 and o.deleted_at is null
   order by o.id desc limit 2 * ($3::bigint + $4::bigint))
) part
group by part.id order by place desc, part.id desc limit $3 offset $4
""",
    "by visible": """
select t.organization_id as id, coalesce(visible.{key}, {nothing}) as place
from organization_tally t
left join (
  select part.organization_id, sum(part.conversations)::bigint as conversations,
         max(part.interacted_at) as interacted_at
  from (select t.organization_id, t.conversations, t.interacted_at from organization_tally t
         where t.account_id = $1 and t.mailbox_id = any ($2::bigint[])
        union all
        select d.organization_id, d.conversations, d.interacted_at from organization_tally_delta d
         where d.account_id = $1 and d.mailbox_id = any ($2::bigint[])) part
  group by part.organization_id
) visible on visible.organization_id = t.organization_id
where t.account_id = $1 and t.mailbox_id = 0
order by place {direction}, t.organization_id {direction} limit $3 offset $4
""",
}
_SUMS = {
    OrganizationSort.CUSTOMER_COUNT: "t.customers + f.customers",
    OrganizationSort.CONVERSATION_COUNT: "t.conversations + f.conversations",
    OrganizationSort.LAST_INTERACTION: "greatest(t.interacted_at, f.interacted_at)",
}
_NOTHING = {
    OrganizationSort.CONVERSATION_COUNT: "0",
    OrganizationSort.LAST_INTERACTION: "'-infinity'::timestamptz",
}


async def list_page(
    connection: Connection, scope: Scope, order: OrganizationOrder, request: PageRequest
) -> tuple[list[Organization], int]:
    """One page and the exact number of organizations."""
    total: int = await connection.fetchval(_TOTAL, scope.account_id)
    if total <= request.offset:
        return [], total
    sql = statement(order, sees_all=scope.mailbox_ids is None)
    rows = await connection.fetch(sql, scope.account_id, scope.mailbox_ids, request.size, request.offset)
    return [organization_of(row) for row in rows], total


def statement(order: OrganizationOrder, *, sees_all: bool) -> str:
    """The SQL of a page: $1 account, $2 visible mailboxes, $3 size, $4 offset."""
    direction = "desc" if order.descending else "asc"
    by, fresh = order.by, ""
    if by is OrganizationSort.NAME:
        page = _PAGES["by name"].format(direction=direction)
    elif sees_all or by is OrganizationSort.CUSTOMER_COUNT:
        page = _PAGES["by kept"].format(key=by.value, sum=_SUMS[by], direction=direction)
        fresh = f"fresh as materialized ({_FRESH}), "
    elif by is OrganizationSort.LAST_INTERACTION and order.descending:
        page = _PAGES["last by visible"]
    else:
        page = _PAGES["by visible"].format(key=by.value, nothing=_NOTHING[by], direction=direction)
    return f"""
    with {fresh}page as materialized ({page})
    select {COLUMNS} from page join organization o on o.account_id = $1 and o.id = page.id
    order by page.place {direction}, page.id {direction}
    """
